"""What a page of each list costs among twenty thousand rows: how much of them the database touches, how many
statements are sent, how many bytes the page has. By tab, filter and order, near the front and far from it."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from admin_views import portal, support
from admin_views.base import DeskModelView
from admin_views.journal.listed import ToldRows
from admin_views.lists import keyset, rows
from models import Order, User, day_in, db, utcnow
from tests.admin_views.lists.crowd import make_crowd
from tests.client import Client, make_client, sign_in
from tests.conftest import Cast

# A page of fifty rows with what is joined to them takes a tenth of either; a table read to its end, many times as much.
MOST_STEPS, MOST_ROWS = 45_000, 5_000
# What is allowed more, and why.
KNOWN = {
    # SQLite seeks no row value in an index whose column is an expression, which "deactivated last" is: it walks there.
    ("portal", "users"),
    # No index holds the states of one company: a customer of 10,000 seats has them all looked through.
    ("portal", "licenses"),
    # What concerns a row is found in the table of subjects, whole, and then put in order.
    ("support", "journal"),
    ("portal", "activity"),
    # An index has each verb of a company, and a kind is several: one of which there is little has the company's journal looked through.
    ("portal", "journal"),
}
KNOWN_MOST = 160_000
MOST_STATEMENTS = 7
# The one box of every page is some three hundred bytes of it.
MOST_BYTES, MOST_COMPRESSED = 60_300, 8_100
# A row of these names a person, a company, a key of 25 random letters and two acts.
FULL, FULL_COMPRESSED = {("support", "licenses")}, 8_850
# Each row of these has a box, named after it, and says which of the acts on many take it: some 130 bytes.
CHOSEN_FROM, BOXES = {("portal", "users"), ("support", "people"), ("support", "licenses")}, 50 * 130
LISTS = [
    (site, view)
    for site, views in (("portal", portal.VIEWS), ("support", support.VIEWS))
    for view in views
    if issubclass(view, DeskModelView) and view.slug not in {"plans", "conditions", "tax-rates"}
]


@dataclasses.dataclass
class Sent:
    """A statement of a request, what was given with it, and how many steps SQLite made for it."""

    text: str
    values: Any
    steps: int = 0

    @property
    def is_page(self) -> bool:
        return "AS page" in self.text


@contextlib.contextmanager
def watched(app: Flask) -> Iterator[list[Sent]]:
    sent: list[Sent] = []

    def step() -> None:
        sent[-1].steps += 100

    def note(connection: Any, _cursor: Any, text: str, values: Any, *_: Any) -> None:
        sent.append(Sent(text, values))
        if connection.dialect.name == "sqlite":
            connection.connection.dbapi_connection.set_progress_handler(step, 100)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def touched(one: Sent) -> tuple[int, str]:
    """How many rows PostgreSQL looked at for a statement, and how."""
    with db.engine.connect() as connection:
        (told,) = connection.exec_driver_sql(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {one.text}", one.values
        ).scalars()
    plan = (told if isinstance(told, list) else json.loads(told))[0]["Plan"]

    def looked(node: dict[str, Any]) -> int:
        removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        own = (node["Actual Rows"] + removed) * node["Actual Loops"] if "Scan" in node["Node Type"] else 0
        return int(own) + sum(map(looked, node.get("Plans", ())))

    return looked(plan), json.dumps(plan, indent=1)


def questions(view: type[DeskModelView], values: dict[str, str], middle: Any) -> Iterator[str]:
    """Addresses of a list: as it opens, each tab, each choice of each filter, each order; the last also from a middle row on."""
    yield ""
    yield from (f"?tab={tab.name}" for tab in view.tabs[1:])
    for choice in view.filters:
        options = choice.choices() if choice.options is not None else [(values.get(choice.name, "1"), "")]
        yield from (f"?{choice.name}={value}" for value, _words in options)
    orders = [("", keyset.Order((), rows.primary_key(view.model), True))]
    for column in view.columns:
        if column.sort is not None:
            for sign in ("", "-"):
                order = keyset.Order(column.sort_columns, rows.primary_key(view.model), bool(sign))
                orders.append((f"sort={sign}{column.name}&", order))
    for asked, order in orders:
        yield f"?{asked}"
        if middle is not None and not (view.default_order and not asked):
            edge = keyset.encode(
                list(db.session.execute(sa.select(*order.all).where(order.key == middle)).one())
            )
            yield f"?{asked}after={edge}"
            yield f"?{asked}before={edge}"


def visitors(app: Flask, cast: Cast) -> dict[str, Client]:
    return {
        "portal": sign_in(make_client(app), cast.alice),
        "support": sign_in(make_client(app), cast.sam),
    }


def middle_of(site: str, view: type[DeskModelView], cast: Cast) -> Any:
    """A key in the middle of a list."""
    key = rows.primary_key(view.model)
    statement = (
        sa.select(key).order_by(key).offset(500 if view.model.__name__ != "License" else 9_000).limit(1)
    )
    if site == "portal":
        statement = statement.where(view.model.company_id == cast.acme.id)
    return db.session.scalar(statement)


def test_no_page_of_a_list_reads_more_than_it_shows_wherever_it_is(app: Flask, cast: Cast) -> None:
    make_crowd(cast)
    sqlite = db.engine.dialect.name == "sqlite"
    clients = visitors(app, cast)
    values = {
        "company": str(cast.acme.id),
        "person": str(db.session.scalar(sa.select(sa.func.max(User.id)))),
        "order": str(db.session.scalar(sa.select(sa.func.max(Order.id)))),
    }
    values["actor"] = values["person"]
    # The reader’s day: that of the hour in Greenwich may not have begun for them.
    values["since"] = values["until"] = day_in(cast.acme.zone, utcnow()).isoformat()
    slow = []
    for site, view in LISTS:
        for asked in questions(view, values, middle_of(site, view, cast)):
            address = f"/{site}/{view.slug}/{asked}"
            with watched(app) as sent:
                answer = clients[site].get(address)
            assert answer.status_code == 200, address
            pages = [one for one in sent if one.is_page]
            assert pages, address
            for one in pages:
                cost, plan = (one.steps, one.text) if sqlite else touched(one)
                most = MOST_ROWS if not sqlite else KNOWN_MOST if (site, view.slug) in KNOWN else MOST_STEPS
                if cost > most:
                    slow.append(f"{address}: {cost}\n{plan}")
    assert not slow, "\n\n".join(slow)


@pytest.mark.one_database
def test_a_page_of_fifty_rows_is_one_statement_of_the_list_and_light(app: Flask, cast: Cast) -> None:
    make_crowd(cast, 1_200)
    clients = visitors(app, cast)
    heavy = []
    for site, view in LISTS:
        address = f"/{site}/{view.slug}/"
        with watched(app) as first:
            clients[site].get(address)
        with watched(app) as again:
            answer = clients[site].get(address)
        assert len([one for one in again if one.is_page]) == 1, address
        size, compressed = len(answer.data), len(gzip.compress(answer.data, 6))
        most_compressed = FULL_COMPRESSED if (site, view.slug) in FULL else MOST_COMPRESSED
        # What can be taken back is asked where something was just done.
        most_bytes = MOST_BYTES + BOXES * ((site, view.slug) in CHOSEN_FROM)
        most = (MOST_STATEMENTS + view.undoes, most_bytes, most_compressed)
        if any(found > limit for found, limit in zip((len(first), size, compressed), most, strict=True)):
            heavy.append((address, len(first), len(again), size, compressed))
        # Who asks, what is in the cart, and the page; of the journal, its entries, what they name, and how many concern one
        # person or what of the last ten minutes can be taken back. The rest was kept.
        told = issubclass(view, ToldRows)
        most_again = 3 if not told else 6 if view.personal or view.undoes else 5
        asked = [one for one in again if not one.text.startswith(("BEGIN", "PRAGMA"))]
        assert len(asked) <= most_again, (address, [one.text for one in asked])
    assert not heavy
