"""Seats: given to a person, activated, taken back (`assignments`), and counted (`seat_counts`).

`licenses.assign(plan, user, by)` gives a seat: the verbs, and the step that another room needs, are handed out here.
May import: `mail`, `catalogue`, `foundation`.
"""

from __future__ import annotations

from services.licenses.assignments import activate, assign, assign_license, begin_use, release
