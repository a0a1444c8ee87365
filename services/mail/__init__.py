"""Mail: one function for each kind of letter, the queue they wait in, their rendering, and whether each is still true.

Verbs call `letters` inside their turn; `flask worker` runs `outbox`.
May import: `smtp`, `catalogue`, `foundation`.
"""

from __future__ import annotations

# Importing it says what becomes of held mail when its act is taken back.
from services.mail import held as _held
