"""Importing, from a file to a batch that is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from access import Actor
from models import Batch, BatchRow, BatchState, Company, Post, RowOutcome, User, db
from services.batches import applying
from services.imports import people
from services.people import companies
from services.search import following
from tests.conftest import Cast

Import = Callable[..., Batch]
TWO = "Prénom;Nom;Courriel\nZoé;Roy;zoe@acme.example\nLéa;Côté;lea@acme.example\n"


@pytest.fixture
def alice(cast: Cast) -> Actor:
    return Actor.of(cast.alice)


@pytest.fixture
def prepared(cast: Cast) -> Import:
    """`prepared("Prénom;…")`: the batch of a file of Acme's, prepared; `by` whom, with which `plan` and `post`."""

    def prepare(content: bytes | str, *, by: User | None = None, choice: Any = None, **options: Any) -> Batch:
        actor = Actor.of(by or cast.alice)
        content = content.encode() if isinstance(content, str) else content
        batch = people.begin(content, "embauches.csv", cast.acme, actor)
        look = people.look_at(batch)
        found = choice or people.Choice(
            look.table.encoding,
            look.table.separator,
            look.table.sheet,
            look.found.header.number if look.found.header else 0,
            look.found.columns,
        )
        people.proceed(batch, found, {"plan": None, "post": Post.HELD} | options, actor)
        applying.work_on([batch.id])
        if db.session.get_one(Batch, batch.id).state == BatchState.QUEUED:
            applying.do_due()
        return db.session.get_one(Batch, batch.id, populate_existing=True)

    return prepare


@pytest.fixture
def confirmed(prepared: Import, cast: Cast) -> Import:
    """As `prepared`, and done."""

    def confirm(content: bytes | str, *, by: User | None = None, **options: Any) -> Batch:
        batch = prepared(content, by=by, **options)
        assert batch.state == BatchState.READY, batch.problem
        applying.confirm(batch, Actor.of(by or cast.alice))
        applying.do_due()
        done = db.session.get_one(Batch, batch.id, populate_existing=True)
        assert done.state == BatchState.DONE, done.problem
        return done

    return confirm


def applied(batch: Batch, by: User) -> Batch:
    """The batch, confirmed and as the worker leaves it, whatever comes of it."""
    applying.confirm(batch, Actor.of(by))
    applying.do_due()
    db.session.rollback()
    return db.session.get_one(Batch, batch.id, populate_existing=True)


def rename(company_id: int, name: str, by: Actor) -> None:
    """Give a company another name, and let its people follow."""
    company = db.session.get_one(Company, company_id)
    values = {column: getattr(company, column) for column in companies.EDITABLE}
    companies.update_company(company, values | {"name": name}, by=by)
    following.follow_names()


def told(batch: Batch) -> dict[int, tuple[RowOutcome, str | None]]:
    """What came of each row, by its number in the file."""
    rows = sa.select(BatchRow.no, BatchRow.outcome, BatchRow.problem).where(BatchRow.batch_id == batch.id)
    return {no: (outcome, problem) for no, outcome, problem in db.session.execute(rows)}


def outcomes(batch: Batch) -> dict[int, str]:
    return {no: str(outcome) for no, (outcome, _problem) in told(batch).items()}


def people_of_acme(cast: Cast) -> set[str]:
    """The addresses of those who are active in Acme."""
    return set(db.session.scalars(sa.select(User.email).where(User.company_id == cast.acme.id, User.active)))
