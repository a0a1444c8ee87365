"""Releasing a licence from a page that has shown who holds it: its form sends that back, and what has changed is said."""

from __future__ import annotations

from flask import request

from access import current_actor
from admin_views.lists.rows import parse_id
from models import License, User
from services import licenses


def shown(row: License) -> str:
    """What the form says of a licence: `12:7`, held by person 7; `12:`, by nobody."""
    return f"{row.id}:{row.user_id or ''}"


def release(row: License) -> None:
    """Release the licence. Raises Refused as `licenses.release`, where the page showed another holder or none."""
    said = dict(text.partition(":")[::2] for text in request.form.getlist("held"))
    licenses.release(row, current_actor(), held_by=parse_id(User, said.get(str(row.id), "")))
