"""What the pages that ask before an act send back: of one licence that is released, and of many rows at once."""

from __future__ import annotations

import re

import sqlalchemy as sa

from models import License, db
from tests.client import Client


def to_release(key: int) -> dict[str, str]:
    """The fields of the form, as the page would make it now."""
    db.session.rollback()
    holder = db.session.scalar(sa.select(License.user_id).where(License.id == key))
    return {"rowid": str(key), "held_by": str(holder or "")}


def begin(client: Client, view: str, action: str, *ids: int, **more: str) -> str:
    """Choose rows of the list at `view`; returns the address of the page of what was chosen."""
    data = {"action": action, "rowid": [str(one) for one in ids]} | more
    answer = client.post(f"{view}action/", data=data)
    assert answer.status_code == 303, answer.status_code
    return str(answer.location).partition("?")[0]


def prepare(client: Client, page: str, **options: str) -> None:
    """Say how the rows are to be treated; mail is held where nothing else is said."""
    answer = client.post(page, data={"post": "held"} | options)
    assert answer.status_code == 303, answer.status_code


def shown_until(client: Client, page: str) -> str:
    """What the form says that confirms what is shown."""
    found = re.search(r'name="shown"\s+value="([^"]+)"', client.get(page).text)
    assert found, "nothing can be confirmed here"
    return found[1]


def confirm(client: Client, page: str) -> None:
    answer = client.post(f"{page}confirm", data={"shown": shown_until(client, page)})
    assert answer.status_code == 303, answer.status_code


def do_to_many(client: Client, view: str, action: str, *ids: int, **options: str) -> str:
    """All of it: choose, prepare, confirm; returns the address of the page, which says what was done."""
    page = begin(client, view, action, *ids)
    prepare(client, page, **options)
    confirm(client, page)
    return page
