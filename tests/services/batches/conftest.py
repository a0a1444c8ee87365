"""Who acts in the tests of this room where nothing else is said, and how a batch goes its whole way."""

from __future__ import annotations

import pytest

from access import Actor
from models import Batch, BatchKind, BatchRow, RowOutcome, db
from services.batches import applying, choosing
from tests.conftest import Cast


@pytest.fixture
def alice(cast: Cast) -> Actor:
    return Actor.of(cast.alice, "192.0.2.7")


class Batches:
    """Batches as a page and the worker see them."""

    def chosen(self, kind: BatchKind, rows, by: Actor) -> Batch:
        """A batch of one company, of people or licences."""
        choose = choosing.of_people if type(rows[0]).__name__ == "User" else choosing.of_licenses
        together = choose(kind, [row.id for row in rows], by)
        return db.session.scalars(db.select(Batch).filter_by(together=together)).one()

    def prepared(self, kind: BatchKind, rows, by: Actor, **options) -> Batch:
        batch = self.chosen(kind, rows, by)
        choosing.settle(batch, options, by)
        applying.do_due()
        return self.again(batch)

    def done(self, kind: BatchKind, rows, by: Actor, **options) -> Batch:
        batch = self.prepared(kind, rows, by, **options)
        applying.confirm(batch, by)
        applying.do_due()
        return self.again(batch)

    def again(self, batch: Batch) -> Batch:
        db.session.rollback()
        return db.session.get_one(Batch, batch.id, populate_existing=True)

    def rows(self, batch: Batch) -> list[BatchRow]:
        found = db.select(BatchRow).filter_by(batch_id=batch.id).order_by(BatchRow.no)
        return list(db.session.scalars(found.execution_options(populate_existing=True)))

    def outcomes(self, batch: Batch) -> list[RowOutcome]:
        return [row.outcome for row in self.rows(batch)]


@pytest.fixture
def batches() -> Batches:
    return Batches()
