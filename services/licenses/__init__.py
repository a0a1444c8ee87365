"""Seats: given to a person and activated (`assignments`), taken back (`releases`), moved (`moves`), given up (`removals`), and asked for (`requests`).

`licenses.assign(plan, user, by)` gives a seat: the verbs, and the steps that another room needs, are handed out here.
May import: `seats`, `mail`, `catalogue`, `foundation`.
"""

from __future__ import annotations

# Importing `undoing` says how a licence goes back.
from services.licenses import undoing as _undoing
from services.licenses.assignments import activate, assign, assign_license, begin_use
from services.licenses.grace import follow as follow_grace
from services.licenses.moves import change_plan, pass_on, to_activate, transfer
from services.licenses.releases import Released, holdings, release, release_all, take_back
from services.licenses.removals import decide_renewal, remove
from services.licenses.requests import close_with_accounts
