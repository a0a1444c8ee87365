"""What acts on many at once cost, beside the least SQL of the same, in one run on both databases.

    python -m benchmarks many [--engines sqlite,postgresql] [--rounds 3]

The floor of applying is what the act itself writes, sent again by the driver alone: `executemany` of the same rows into a copy of the same
database, in one transaction. Where the desk hands PostgreSQL the columns of many rows, the floor has them one by one, as anybody's `executemany`. The floor of reading a file is openpyxl alone, and email-validator on each address. Printed are the
medians of some rounds, each on databases of its own, and their ratio.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import re
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import flask_migrate
import sqlalchemy as sa
from email_validator import validate_email
from openpyxl import load_workbook
from xlsxwriter import Workbook

from access import Actor
from benchmarks import again, copies, fill
from benchmarks.read import databases
from models import Batch, BatchKind, Company, License, Plan, Role, User, db, insert_rows, utcnow
from services.batches import applying, choosing
from services.foundation.transaction import transaction

ASSIGNED, IMPORTED = 5_000, 10_000
COMPANY = 1
# × the floor, and seconds.
GOALS = {"assign": 3, "preview": 5, "import": 3}
MOST_MEMORY = 300
# Seconds.
LONGEST, LONGEST_LOCKED = 10, 5


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engines", default="sqlite,postgresql")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    print("| what | database | ours | floor | × floor | goal |\n| --- | --- | --- | --- | --- | --- |")
    for engine in asked.engines.split(","):
        with databases.server(engine, None) as server:
            rounds = [_round(server) for _ in range(asked.rounds)]
            with ProcessPoolExecutor(1, get_context("spawn")) as alone:
                memory = alone.submit(_memory, server).result()
        for name, goal in GOALS.items():
            ours, floor = (statistics.median(one[name][place] for one in rounds) for place in (0, 1))
            print(f"| {name} | {engine} | {ours:.2f} s | {floor:.2f} s | {ours / floor:.1f} | ≤ {goal} |")
        locked = statistics.median(one["import"][2] for one in rounds)
        print(
            f"| import, the company locked | {engine} | {locked:.2f} s | | | < {LONGEST_LOCKED} s of < {LONGEST} |"
        )
        print(f"| memory of the process that imports | {engine} | {memory:.0f} MB | | | < {MOST_MEMORY} MB |")
    print(f"\n{ASSIGNED:,} people assigned, {IMPORTED:,} imported with a plan.")


def _round(server: sa.URL | None) -> dict[str, tuple[float, ...]]:
    """Seconds of ours, of the floor, and, of an import, for which the company was locked."""
    file = _file()
    with _database(server) as by:
        confirmed = _assigning(by)
        assign, sent = _applied(confirmed)
    with _database(server) as by:
        _assigning(by)
        assign_floor = again.sent_again(sent)
    with _database(server) as by:
        began = time.perf_counter()
        confirmed = _importing(by, file)
        preview = time.perf_counter() - began
        with _lock_watched() as taken:
            imported, sent = _applied(confirmed)
            locked = time.perf_counter() - taken[0]
    with _database(server) as by:
        _importing(by, file)
        import_floor = again.sent_again(sent)
    return {
        "assign": (assign, assign_floor),
        "preview": (preview, _read_alone(file)),
        "import": (imported, import_floor, locked),
    }


def _memory(server: sa.URL | None) -> float:
    """MB at most of a process that fills a database, prepares an import and applies it; nothing else has been there before."""
    with _database(server) as by:
        _importing(by, _file())
        applying.do_due()
    # What `getrusage` says counts the process that began this one, too.
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1000  # type: ignore[index]


# --- What is done -------------------------------------------------------------------------------------------------------


def _assigning(by: Actor) -> int:
    """A batch that gives everybody a licence, confirmed; its number."""
    plan = db.session.scalars(sa.select(Plan).order_by(Plan.id)).first()
    assert plan is not None
    person = {"company_id": COMPANY, "first_name": "N", "last_name": "N", "role": Role.MEMBER}
    people = [
        person | {"email": f"n{number}@example.com", "fs_uniquifier": f"n{number}"}
        for number in range(ASSIGNED)
    ]
    with transaction():
        insert_rows(User, people)
        _add_seats(plan, ASSIGNED)
    ids = list(
        db.session.scalars(sa.select(User.id).where(User.company_id == COMPANY, User.first_name == "N"))
    )
    together = choosing.of_people(BatchKind.ASSIGN, ids, by)
    return _confirmed(together, {"plan": plan.id}, by)


def _importing(by: Actor, file: bytes) -> int:
    """An import of people with a plan, confirmed; its number."""
    from services.imports import people  # noqa: PLC0415

    plan = db.session.scalars(sa.select(Plan).order_by(Plan.id)).first()
    assert plan is not None
    with transaction():
        _add_seats(plan, IMPORTED)
    company = db.session.get_one(Company, COMPANY)
    batch = people.begin(file, "people.xlsx", company, by)
    return _confirmed(batch.together, {"plan": plan.id}, by)


def _confirmed(together: str, options: dict[str, Any], by: Actor) -> int:
    batch = db.session.scalars(sa.select(Batch).where(Batch.together == together)).one()
    batch_id: int = batch.id
    choosing.settle(batch, options, by)
    applying.do_due()
    applying.confirm(db.session.get_one(Batch, batch_id), by)
    return batch_id


def _add_seats(plan: Plan, count: int) -> None:
    """Free licences of a year; a step. Who paid them is nobody's question here."""
    now = utcnow()
    example = db.session.scalars(sa.select(License).where(License.valid_until > now)).first()
    assert example is not None
    same = {
        name: getattr(example, name)
        for name in (
            "first_day",
            "last_day",
            "valid_from",
            "valid_until",
            "usable_until",
            "status",
            "renewal",
        )
    }
    seat = {"company_id": COMPANY, "plan_id": plan.id, "product": plan.product} | same
    insert_rows(License, [seat | {"key": uuid.uuid4().hex} for _ in range(count)])


# --- Measured ----------------------------------------------------------------------------------------------------------


def _applied(batch_id: int) -> tuple[float, again.Sent]:
    """Seconds of applying, and what it wrote."""
    gc.collect()
    with again.recording() as sent:
        began = time.perf_counter()
        applying.do_due()
        seconds = time.perf_counter() - began
    state = db.session.get_one(Batch, batch_id, populate_existing=True).state
    assert state == "done", state
    return seconds, sent


@contextlib.contextmanager
def _lock_watched() -> Iterator[list[float]]:
    """When whoever works in that company was locked out in here: on SQLite, where there is one lock of all, when the import began to
    write.
    """
    taken: list[float] = []
    begun = 0.0

    def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        nonlocal begun
        if statement == "BEGIN IMMEDIATE":
            begun = time.perf_counter()
        elif statement.startswith("INSERT INTO users") and begun:
            taken.append(begun)
        elif statement.startswith("UPDATE companies") and "lock_version" in statement:
            taken.append(time.perf_counter())

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield taken
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)


def _read_alone(file: bytes) -> float:
    gc.collect()
    began = time.perf_counter()
    for row in (
        load_workbook(io.BytesIO(file), read_only=True, data_only=True)
        .worksheets[0]
        .iter_rows(min_row=2, values_only=True)
    ):
        validate_email(str(row[2]), check_deliverability=False)
    return time.perf_counter() - began


def _file() -> bytes:
    held = io.BytesIO()
    with Workbook(held, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Prénom", "Nom", "Courriel"])
        for number in range(IMPORTED):
            sheet.write_row(number + 1, 0, ["Noémie", f"Côté-{number}", f"noemie.{number}@acme.example"])
    return held.getvalue()


@contextlib.contextmanager
def _database(server: sa.URL | None) -> Iterator[Actor]:
    """A new database with a customer in it, and whoever acts there; gone afterwards."""
    with (
        tempfile.TemporaryDirectory() as folder,
        _address(server, Path(folder)) as url,
        copies.desk(url),
    ):
        with contextlib.redirect_stdout(io.StringIO()):
            flask_migrate.upgrade()
        fill.fill(200)
        admin = db.session.scalars(sa.select(User).where(User.company_id == COMPANY)).first()
        assert admin is not None
        db.session.execute(sa.update(User).where(User.id == admin.id).values(role=Role.ADMIN))
        db.session.commit()
        yield Actor.of(admin, "192.0.2.1")


@contextlib.contextmanager
def _address(server: sa.URL | None, folder: Path) -> Iterator[str]:
    if server is None:
        yield f"sqlite:///{folder}/many.sqlite"
        return
    with copies.on_server(server) as own:
        yield own
