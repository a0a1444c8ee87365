"""Many at once: rows are chosen (`choosing`), prepared and shown (`preparing`), confirmed and applied as a whole (`applying`).

`kinds` says what each kind of act does with its rows: `giving` and `taking` those of seats; a room above registers its own.
May import: `people` and what it may import.
"""

from __future__ import annotations

# Importing them says what each kind does.
from services.batches import giving as _giving
from services.batches import taking as _taking
