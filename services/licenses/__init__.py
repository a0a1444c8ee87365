"""Seats: given to a person, activated, taken back (`life`), and counted (`seats`).

`licenses.assign(plan, user, by)` gives a seat: the verbs, and the step that another room needs, are handed out here.
May import: `mail`, `catalogue`, `foundation`.
"""

from __future__ import annotations

from services.licenses.life import activate, assign, assign_license, begin_use, release
