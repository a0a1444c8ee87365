"""Releasing licences from a page that has shown who holds them: its form sends that back, and what has changed is said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from flask import request
from flask_babel import gettext as _

from access import current_actor
from admin_views.lists.rows import parse_id
from models import License, User
from services import licenses


def shown(row: License) -> str:
    """What the form says of a licence: `12:7`, held by person 7; `12:`, by nobody."""
    return f"{row.id}:{row.user_id or ''}"


def release(rows: Sequence[License]) -> tuple[int, list[str]]:
    """Release the chosen licences, those of a company as one operation.

    Returns:
        How many were released, and a sentence for each that was not. One that is refused stops no other.
    """
    keys = {row.id: row.key for row in rows}
    count, refusals = 0, list[str]()
    for company_id, held_by in _seen(rows).items():
        released = licenses.release_all(company_id, held_by, current_actor())
        count += released.count
        refusals += [
            _("License %(key)s: %(sentence)s", key=keys[row_id], sentence=refused.sentence)
            for row_id, refused in released.refused.items()
        ]
    return count, refusals


def _seen(rows: Sequence[License]) -> dict[int, dict[int, int | None]]:
    """{company: {licence: holder}}, each with the holder that the page showed, if it showed any."""
    said = dict(text.partition(":")[::2] for text in request.form.getlist("held"))
    seen: dict[int, dict[int, int | None]] = defaultdict(dict)
    for row in rows:
        seen[row.company_id][row.id] = parse_id(User, said.get(str(row.id), ""))
    return seen
