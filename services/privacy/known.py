"""What the desk knows of one person, put together from `personal.PARTS`: for a page to read, and for a file."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

import access
from access import Actor
from models import JournalVerb, User, db, utcnow
from services.foundation import journal, operations
from services.foundation.transaction import transaction
from services.privacy.personal import PARTS, Part
from services.text.formats import current_language

# Of each part on a page; the file has all.
SHOWN = 200


class Form(enum.StrEnum):
    """How it is handed out."""

    PAGE = "page"
    JSON = "json"


@dataclasses.dataclass(frozen=True)
class Told:
    """One part of what is known, in the reader's language.

    Attributes:
        labels: What each column is called, by its name.
        rows: The values by the names of the columns: codes as members of their enum.
        more: Whether there are more rows than these.
    """

    code: str
    title: str
    labels: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]
    more: bool


def put_together(user: User, form: Form, *, by: Actor) -> list[Told]:
    """What the desk knows of the person: parts of which there is nothing are left out. The journal says who asked for it."""
    user_id = user.id
    with transaction() as turn:
        user = db.session.get_one(User, user_id)
        journal.record(turn, JournalVerb.PERSON_EXPORTED, by=by, subject=user, after={"format": form})
    # Links and kept forms are shown to no customer; here each row is the person's own.
    with access.everything():
        told = [_told(part, user_id, SHOWN if form is Form.PAGE else None) for part in PARTS if part.title]
    return [part for part in told if part.rows]


def as_json(user_id: int, parts: Sequence[Told], made_at: dt.datetime) -> dict[str, Any]:
    """The same as a file holds it: codes as they are stored, days and instants in ISO 8601."""
    return {
        "person": user_id,
        "made_at": made_at.isoformat(),
        "language": current_language(),
        "parts": [
            {
                "code": part.code,
                "title": part.title,
                "columns": part.labels,
                "rows": [{name: operations.plain(value) for name, value in row.items()} for row in part.rows],
            }
            for part in parts
        ],
    }


def asked_form(text: str | None) -> Form:
    """What a button of the page asks for: the page, unless it is the file."""
    return Form.JSON if text == Form.JSON else Form.PAGE


def file_of(user_id: int, parts: Sequence[Told]) -> tuple[str, dict[str, str]]:
    """The file, and the headers that name it: by the number of the person, since a name would stay in a list of downloads."""
    made_at = utcnow()
    text = json.dumps(as_json(user_id, parts, made_at), ensure_ascii=False, indent=2)
    name = f"person-{user_id}-{made_at:%Y-%m-%d}.json"
    return text, {"Content-Disposition": f'attachment; filename="{name}"'}


def _told(part: Part, user_id: int, limit: int | None) -> Told:
    own = {name: column for name, column in part.columns.items() if column.label is not None}
    beside = part.beside()
    statement = sa.select(
        *(column.label(name) for name, (_words, column) in beside.items()),
        *(getattr(part.model, name).label(name) for name in own),
    ).select_from(part.model)
    for table, condition in part.joins:
        statement = statement.join(table, condition)
    newest_first = sa.inspect(part.model).primary_key[0].desc()
    statement = statement.where(part.whose(user_id)).order_by(newest_first)
    if limit is not None:
        statement = statement.limit(limit + 1)
    rows = [dict(row) for row in db.session.execute(statement).mappings()]
    for name, column in own.items():
        for row in rows:
            if column.kind is not None and row[name] in set(column.kind):
                row[name] = column.kind(row[name])
    labels = {name: str(words) for name, (words, _column) in beside.items()}
    labels |= {name: str(column.label) for name, column in own.items()}
    shown = rows[:limit]
    return Told(part.code, str(part.title), labels, shown, more=len(shown) < len(rows))
