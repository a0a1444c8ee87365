"""Bringing a base over, from its files to a batch that is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from access import SYSTEM, Actor
from models import Batch, BatchRow, BatchState, Company, Post, RowOutcome, db
from services.bases import base, deciding
from services.batches import applying
from tests.conftest import Cast

Bring = Callable[..., Batch]


@pytest.fixture
def sam(cast: Cast) -> Actor:
    return Actor.of(cast.sam)


@pytest.fixture
def prepared(cast: Cast) -> Bring:
    """`prepared("Client;…", …)`: the batch of one file or three, prepared."""

    def prepare(*files: str | bytes, by: Actor | None = None, **options: Any) -> Batch:
        named = [
            (f"fichier{number}.csv", file.encode() if isinstance(file, str) else file)
            for number, file in enumerate(files, 1)
        ]
        batch = base.begin(named, by or Actor.of(cast.sam))
        base.proceed(batch, base.chosen(batch), {"post": Post.NONE} | options, by or Actor.of(cast.sam))
        applying.work_on([batch.id], most=None)
        return again(batch)

    return prepare


@pytest.fixture
def brought(prepared: Bring, cast: Cast) -> Bring:
    """As `prepared`, and done."""

    def bring(*files: str | bytes, by: Actor | None = None, **options: Any) -> Batch:
        batch = prepared(*files, by=by, **options)
        assert batch.state == BatchState.READY, batch.problem
        applying.confirm(batch, by or Actor.of(cast.sam))
        applying.do_due()
        done = again(batch)
        assert done.state == BatchState.DONE, done.problem
        return done

    return bring


def again(batch: Batch) -> Batch:
    db.session.rollback()
    return db.session.get_one(Batch, batch.id, populate_existing=True)


def told(batch: Batch) -> dict[Any, tuple[RowOutcome, str | None]]:
    """What came of each row, by its number in its file; by (file, number) where there are several."""
    rows = sa.select(BatchRow.no, BatchRow.outcome, BatchRow.problem).where(BatchRow.batch_id == batch.id)
    several = len(batch.options["files"]) > 1
    found = {}
    for no, outcome, problem in db.session.execute(rows.order_by(BatchRow.no)):
        place, number = deciding.place_of(no)
        found[(place, number) if several else number] = (outcome, problem)
    return found


def outcomes(batch: Batch) -> dict[Any, str]:
    return {no: str(outcome) for no, (outcome, _problem) in told(batch).items()}


def problem(batch: Batch, no: Any) -> str:
    return told(batch)[no][1] or ""


def customer(name: str) -> Company:
    return db.session.scalars(sa.select(Company).where(Company.name == name)).one()


__all__ = ["SYSTEM", "Bring", "again", "customer", "outcomes", "problem", "told"]
