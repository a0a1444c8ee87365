"""Two workers with the same base, prepared twice while it was of nobody: each customer comes in once, and the other is told."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from models import BatchState, Company, License, RowOutcome, db
from services.bases import applying
from services.batches import applying as batches
from tests.services.bases.conftest import again, told
from tests.services.bases.test_any_crash import NEXT
from tests.services.batches.racing import apply
from tests.together import lock_off, meet

# Without keys and people, by which a second copy would be known.
BASE = "Client;Courriel de facturation;Province;Forfait;Fin\n" + "".join(
    f"Client {number};b@c{number}.example;QC;Pro;{NEXT}\n" for number in range(3)
)


@pytest.mark.parametrize("locked", [True, False])
def test_a_base_that_two_bring_over_at_once_comes_in_once(cast, sam, prepared, together, monkeypatch, locked):
    two = [prepared(BASE), prepared(BASE)]
    for batch in two:
        batches.confirm(batch, sam)
    if not locked:
        lock_off(monkeypatch)
        monkeypatch.setattr(applying, "_let_nobody_else_open", lambda: None)
    # Without its lock SQLite sends one of them away before they meet: the other is not to wait for it.
    alone = not locked and db.engine.name == "sqlite"
    # Each has its own batch before either begins; else one of them would do both, in turn.
    meet(monkeypatch, applying, "_bring", 2, timeout=1 if alone else 20)
    meet(monkeypatch, applying, "_do", 2, timeout=1 if locked or alone else 20)
    ids = [batch.id for batch in two]
    together(2, lambda number: apply(ids[number]))
    two = [again(batch) for batch in two]
    opened = db.session.scalars(sa.select(Company.name).where(Company.name.like("Client %"))).all()
    rows = [row for batch in two for row in told(batch).values()]
    moved = [problem for outcome, problem in rows if outcome == RowOutcome.MOVED]
    went_well = (
        {batch.state for batch in two} == {BatchState.DONE}
        and sorted(opened) == [f"Client {number}" for number in range(3)]
        and db.session.scalar(sa.select(sa.func.count(License.id))) == 3
        and len(rows) - len(moved) == len(moved) == 3
        and all("became a customer" in str(problem) or "client" in str(problem) for problem in moved)
    )
    assert went_well is locked
