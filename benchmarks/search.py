"""How fast somebody is found among a million licences, 300,000 people and 10,000 companies.

    python -m benchmarks search [--database sqlite|postgresql] [--large 1000000] [--rounds 12] [--quote docs/performance.md]

Each kind of question is asked with several texts, drawn from the rows. The lists are asked in this process: their statements with what
Python does around them, without the page's HTML; the pages by HTTP, from a server, as a reader asks.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask, g
from flask_login import login_user

import access
from admin_views.search import groups
from admin_views.search.groups import Site
from app import create_app
from benchmarks import engines
from benchmarks.fill import STAFF
from benchmarks.read import stock, table
from benchmarks.read.client import Client
from benchmarks.read.servers import OURS, STOCK, serving
from models import Company, License, Order, Plan, User, db, plain
from services.search import words
from services.text.formats import money

# Milliseconds within which nineteen of twenty questions are answered: by the statements, with narrow filters, where nothing is found.
GOAL, NARROW_GOAL, NOTHING_GOAL, PAGE_GOAL = 50, 100, 20, 100
NOTHING = "nothing found"
DRAWN = random.Random(11)  # noqa: S311 - which rows are asked for guards nothing


# What is typed whatever the rows are.
ALWAYS = {
    "frequent names": [
        "marie",
        "tremblay",
        "gagnon",
        "jean",
        "pierre",
        "roy",
        "marie tremblay",
        "sylvie gagnon",
    ],
    "three letters, two, one": ["gag", "trem", "li", "ma", "be", "t", "r"],
    "a word of many companies": ["groupe", "services", "clinique", "notaires tremblay"],
}


@dataclasses.dataclass(frozen=True)
class Line:
    """What one kind of question took, in milliseconds: each of its texts, the median of the rounds."""

    kind: str
    where: str
    taken: list[float]
    goal: int

    def cells(self) -> tuple[str, ...]:
        middle, worst = statistics.median(self.taken), ordered(self.taken)
        met = "yes" if worst <= self.goal else "missed"
        return self.kind, self.where, f"{middle:.1f}", f"{worst:.1f}", f"≤ {self.goal}", met


def ordered(taken: list[float]) -> float:
    """The time within which nineteen of twenty are."""
    return sorted(taken)[max(0, round(0.95 * len(taken)) - 1)]


def main() -> None:
    """Read the arguments, measure, print."""
    made = engines.parser(__doc__)
    made.add_argument("--rounds", type=int, default=3, help="times that each text is asked for")
    made.add_argument("--texts", type=int, default=12, help="of each kind of question")
    asked = made.parse_args()
    engines.each(asked, lambda engine, url: _run(engine, url, asked))


def _run(engine: str, url: str, asked: argparse.Namespace) -> str:
    with tempfile.TemporaryDirectory() as instance:
        app = create_app({"DATABASE_URL": url, "INSTANCE": instance, "LOG_LEVEL": "ERROR"})
        lines = list(_in_process(app, asked))
        with app.app_context(), access.everything():
            texts = _texts(asked.texts)
            db.session.remove()
            db.engine.dispose()
    lines += [_together(lines, goal) for goal in (GOAL, NARROW_GOAL, NOTHING_GOAL)]
    with serving(OURS, url, 1) as server:
        lines += list(_by_http(Client(server), texts, asked.rounds))
    with serving(STOCK, url, 1) as server:
        lines.append(_stock(Client(server), texts))
    head = "| what is typed | where | median, ms | 19 of 20 within | goal | |\n| --- | --- | --- | --- | --- | --- |"
    rows = "\n".join(f"| {' | '.join(line.cells())} |" for line in lines)
    return f"\n{engine}: {table.machine(engine, f'{asked.large:,} licences')}\n\n{head}\n{rows}\n"


def _together(lines: list[Line], goal: int) -> Line:
    """All questions that have a goal in common."""
    taken = [one for line in lines if line.goal == goal for one in line.taken]
    return Line("all of these", f"{len(taken)} questions", taken, goal)


# --- What is typed ----------------------------------------------------------------------------------------------------


def _texts(count: int) -> dict[str, list[str]]:
    """Texts of each kind, drawn from the rows."""
    last = db.session.scalar(sa.select(sa.func.max(User.id))) or 1
    ids = DRAWN.sample(range(2, last), min(count * 3, last - 2))
    people = db.session.scalars(
        sa.select(User).where(User.id.in_(ids)).options(sa.orm.joinedload(User.company))
    ).all()
    licenses = db.session.scalars(sa.select(License).order_by(License.id).limit(count)).all()
    orders = db.session.scalars(sa.select(Order).order_by(Order.id).limit(count)).all()
    people = [one for one in people if one.company]

    def each(made: Callable[[Any], str], rows: Any = people) -> list[str]:
        return [made(row) for row in rows[:count]]

    return {
        **ALWAYS,
        "a whole address": each(lambda row: row.email),
        "a part of an address": each(lambda row: row.email[: row.email.index("@") + 3]),
        "a domain": each(lambda row: row.email.partition("@")[2]),
        NOTHING: [f"zqx{number} wvk" for number in range(count)],
        "first and last name": each(lambda row: row.name),
        "last and first name, no accents": each(lambda row: plain(f"{row.last_name} {row.first_name}")),
        "a name and a company": each(lambda row: f"{row.last_name} {row.company.name}"),
        "three beginnings": each(
            lambda row: f"{row.first_name[:3]} {row.last_name[:3]} {row.company.name[:4]}"
        ),
        "a key, its beginning": [
            *each(lambda row: row.key, licenses),
            *each(lambda row: row.key[:8], licenses),
        ],
        "an order's number, an amount": [
            *each(lambda row: row.reference, orders),
            *each(lambda row: money(row.total, row.currency, "fr"), orders),
        ],
        "a wrong letter": [
            *each(lambda row: _wrong(plain(row.last_name))),
            "bouchrad",
            "levesqe",
            "tremblya",
        ],
    }


def _wrong(word: str) -> str:
    middle = len(word) // 2
    return word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]


# --- In this process --------------------------------------------------------------------------------------------------


def _in_process(app: Flask, asked: argparse.Namespace) -> Iterator[Line]:
    with app.test_request_context(), access.everything():
        texts = _texts(asked.texts)
        staff = db.session.scalar(sa.select(User).where(User.email == STAFF))
        largest = db.session.scalar(sa.select(sa.func.max(Company.id))) or 1
        admins = {
            whose: db.session.scalar(sa.select(User).where(User.email == f"admin@c{company}.example"))
            for whose, company in (
                ("an ordinary company", max(1, largest // 2)),
                ("the large company", largest),
            )
        }
        plan = db.session.scalar(sa.select(sa.func.min(Plan.id)))
        db.session.expunge_all()
    asker = Asker(app, asked.rounds)
    for kind, typed in texts.items():
        goal = NOTHING_GOAL if kind == NOTHING else GOAL
        for slug, where in (
            ("people", "people"),
            ("licenses", "licences"),
            ("customers", "customers"),
            ("orders", "orders"),
        ):
            yield Line(kind, where, asker.lists(staff, f"support_{slug}", typed, {}), goal)
        narrow = {"plan": str(plan), "state": "suspended"}
        taken = asker.lists(staff, "support_licenses", typed, narrow)
        yield Line(kind, "licences, narrow filters", taken, NARROW_GOAL)
        yield Line(kind, "the box", asker.boxes(staff, typed), goal)
        for whose, admin in admins.items():
            for slug in ("users", "licenses"):
                taken = asker.lists(admin, f"portal_{slug}", typed, {})
                yield Line(kind, f"{slug} of {whose}", taken, goal)


@dataclasses.dataclass(frozen=True)
class Asker:
    """Asks lists and the box in this process."""

    app: Flask
    rounds: int

    def lists(
        self, reader: User | None, endpoint: str, texts: list[str], filters: dict[str, str]
    ) -> list[float]:
        """Milliseconds of each text in a list, its correction included."""
        views = (view for site in self.app.extensions["admin"] for view in site._views)
        view = next(view for view in views if view.endpoint == endpoint)
        paths = [f"{view.url}/?{urlencode({'q': text, **filters})}" for text in texts]
        return [self.median(reader, path, lambda: view.meant(view.listing())) for path in paths]

    def boxes(self, reader: User | None, texts: list[str]) -> list[float]:
        """Milliseconds of each text in the box of support."""
        site = Site("support", 5, is_staff=True)

        def ask(text: str) -> Callable[[], Any]:
            return lambda: groups.found(site, text) or words.corrected(text)

        return [self.median(reader, "/support/search/", ask(text)) for text in texts]

    def median(self, reader: User | None, path: str, does: Callable[[], Any]) -> float:
        """Milliseconds of it, by `reader`: the median, after one that is not counted."""
        taken = []
        for _round in range(self.rounds + 1):
            with self.app.test_request_context(path):
                g.scope = access.scope_of(reader)
                login_user(reader)
                began = time.perf_counter()
                does()
                taken.append((time.perf_counter() - began) * 1000)
                db.session.remove()
        return statistics.median(taken[1:])


def _stock(client: Client, texts: dict[str, list[str]]) -> Line:
    """Flask-Admin as it comes, over the same licences: each once, of one text of each kind."""
    few = [typed[0] for typed in texts.values()]
    taken = [client.ask(f"{stock.PATH}?{urlencode({'search': text})}")[0] * 1000 for text in few]
    return Line("one of each kind, Flask-Admin as it comes", "licences", taken, PAGE_GOAL)


# --- By HTTP ----------------------------------------------------------------------------------------------------------


def _by_http(client: Client, texts: dict[str, list[str]], rounds: int) -> Iterator[Line]:
    client.sign_in(STAFF)
    for words_of, path in (
        ("the box", "/support/search/"),
        ("licences", "/support/licenses/"),
        ("people", "/support/people/"),
    ):
        taken = []
        for typed in texts.values():
            for text in typed:
                address = f"{path}?{urlencode({'q': text})}"
                times = [client.ask(address)[0] * 1000 for _round in range(rounds + 1)]
                taken.append(statistics.median(times[1:]))
        yield Line("all of these, by HTTP", words_of, taken, PAGE_GOAL)
