"""Many rows at once hold what few would, on either database."""

from __future__ import annotations

import contextlib

import pytest
import sqlalchemy as sa

from access import Actor
from models import BatchFile, BatchKind, BatchRow, RowOutcome, User, db, insert_rows, update_rows, utcnow
from services.batches import choosing
from services.foundation.transaction import transaction

DOCUMENTS = [
    {},
    {"a": None},
    {"a": 'é€😀"\\ {x} %s %', "b": [1, 2.5, True]},
    [],
    {"nested": {"x": "\t\n'"}},
    "text",
]
TEXTS = [None, "100% {0} %s \\ '\" \t\n é 😀", "  spaces  ", "", "null", "7"]


@contextlib.contextmanager
def _steps():
    """How many steps SQLite makes in here, in a list of one."""
    made = [0]

    def step():
        made[0] += 1_000

    def note(connection, *_more):
        connection.connection.dbapi_connection.set_progress_handler(step, 1_000)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield made
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)


def _batch_id(cast):
    choosing.of_people(BatchKind.RELEASE, [cast.bob.id], Actor.of(cast.alice))
    return db.session.scalar(sa.select(BatchRow.batch_id))


def _written(batch_id, cast, *, shared):
    """What is read of rows that were added, each with its own values or all with the same."""
    rows = [
        {
            "batch_id": batch_id,
            "company_id": cast.acme.id,
            "no": number,
            "raw": DOCUMENTS[2 if shared else number],
            "seen": {},
            "outcome": RowOutcome.READY if shared or number % 2 else RowOutcome.LEFT,
            "problem": TEXTS[1 if shared else number],
            "user_id": None if number % 2 else cast.bob.id,
        }
        for number in range(len(DOCUMENTS))
    ]
    with transaction():
        db.session.execute(sa.delete(BatchRow))
        insert_rows(BatchRow, rows)
    columns = (BatchRow.no, BatchRow.raw, BatchRow.seen, BatchRow.outcome, BatchRow.problem, BatchRow.user_id)
    return db.session.execute(sa.select(*columns).order_by(BatchRow.no)).all()


@pytest.mark.parametrize("shared", [True, False])
def test_many_rows_hold_what_few_would(cast, monkeypatch, shared):
    batch_id = _batch_id(cast)
    few = _written(batch_id, cast, shared=shared)
    monkeypatch.setattr("tables.many.MANY", 1)
    assert _written(batch_id, cast, shared=shared) == few
    assert few[0].problem == TEXTS[1 if shared else 0]


def test_rows_that_are_there_get_values_of_their_own_and_nothing_else_changes(cast):
    batch_id = _batch_id(cast)
    before = _written(batch_id, cast, shared=False)
    ids = list(db.session.scalars(sa.select(BatchRow.id).order_by(BatchRow.no)))
    with transaction():
        update_rows(BatchRow, [{"id": one, "seen": {"n": one}, "problem": None} for one in ids])
    after = db.session.execute(
        sa.select(BatchRow.id, BatchRow.seen, BatchRow.problem, BatchRow.raw).order_by(BatchRow.no)
    ).all()
    assert [tuple(row) for row in after] == [
        (one, {"n": one}, None, row.raw) for one, row in zip(ids, before, strict=True)
    ]


@pytest.mark.one_database("postgresql")
@pytest.mark.parametrize("name", ["x" * 500, "a\0b"])
def test_what_a_column_cannot_hold_is_refused_and_not_cut(cast, monkeypatch, name):
    monkeypatch.setattr("tables.many.MANY", 1)
    person = {"company_id": cast.acme.id, "last_name": "B", "role": "member", "created_at": utcnow()}
    people = [person | {"email": f"r{number}@x.example", "first_name": name} for number in range(2)]
    with pytest.raises(sa.exc.DataError), transaction():
        insert_rows(User, people)
    assert db.session.scalar(sa.select(User.id).where(User.email.like("r%@x.example"))) is None


def test_what_is_there_stays_as_it_is_where_that_is_no_error(cast, monkeypatch):
    monkeypatch.setattr("tables.many.MANY", 1)
    batch_id = _batch_id(cast)
    row = {
        "batch_id": batch_id,
        "company_id": cast.acme.id,
        "outcome": RowOutcome.LEFT,
        "seen": {},
        "raw": {},
    }
    with transaction():
        insert_rows(BatchRow, [row | {"no": number} for number in (1, 2)], ignore=True)
    found = db.session.execute(sa.select(BatchRow.no, BatchRow.outcome).order_by(BatchRow.no)).all()
    assert [tuple(one) for one in found] == [(1, RowOutcome.WAITING), (2, RowOutcome.LEFT)]


@pytest.mark.one_database("postgresql")
def test_bytes_are_refused_where_json_would_make_a_text_of_them(cast, monkeypatch):
    monkeypatch.setattr("tables.many.MANY", 1)
    row = {"batch_id": _batch_id(cast), "company_id": cast.acme.id}
    with pytest.raises(TypeError, match="holds bytes"), transaction():
        insert_rows(BatchFile, [row | {"place": place, "content": bytes([place])} for place in range(2)])


@pytest.mark.one_database
def test_many_are_changed_without_reading_the_whole_table_for_each_where_it_was_measured_nearly_empty(cast):
    """SQLite joins what it takes for small by reading it through."""
    batch_id = _batch_id(cast)
    row = {
        "batch_id": batch_id,
        "company_id": cast.acme.id,
        "raw": {},
        "seen": {},
        "outcome": RowOutcome.READY,
    }
    with transaction():
        db.session.execute(sa.text("ANALYZE"))
        insert_rows(BatchRow, [row | {"no": number} for number in range(1_000, 3_000)])
    ids = list(db.session.scalars(sa.select(BatchRow.id)))
    db.engine.dispose()
    with _steps() as steps, transaction():
        update_rows(BatchRow, [{"id": one, "problem": "x"} for one in ids])
    assert steps[0] < 100 * len(ids)
