"""Whatever is chosen, whatever happens meanwhile and wherever the worker dies: a batch is done whole or not at all, once, and put
back whole or names what has moved."""

from __future__ import annotations

import contextlib
import datetime as dt
import random

import pytest
import sqlalchemy as sa

from access import Actor
from models import (
    Assignment,
    BatchKind,
    BatchState,
    License,
    LicenseStatus,
    Operation,
    RowOutcome,
    User,
    db,
    utcnow,
)
from services import licenses
from services.batches import applying
from services.foundation import operations
from services.foundation.errors import Refused
from services.people import deactivation
from services.people.deactivation import Seats
from tests.factories import make_licenses, make_user
from tests.services.batches.seen import lease_runs_out

KINDS = [BatchKind.ASSIGN, BatchKind.CHANGE, BatchKind.RELEASE, BatchKind.TRANSFER, BatchKind.DEACTIVATE]
SEEDS = [27, 59, 1, 2, 3]


class Life:
    """A company of eight with random seats, and what became of them."""

    def __init__(self, cast, seed):
        self.cast, self.chance = cast, random.Random(seed)
        self.alice = Actor.of(cast.alice)
        cast.avance.product = cast.pro.product
        db.session.commit()
        self.people = [make_user(cast.acme, f"Person {n}", confirmed_at=utcnow()) for n in range(8)]
        for user in self.people[: self.chance.randint(0, 6)]:
            over = self.chance.random() < 0.3
            ends = {"starts": utcnow() - dt.timedelta(days=400), "ends": utcnow() - dt.timedelta(days=35)}
            plan = self.chance.choice([cast.pro, cast.avance])
            make_licenses(1, cast.alice, plan, holder=user, **(ends if over else {}))
        for plan in (cast.pro, cast.avance):
            make_licenses(self.chance.randint(1, 6), cast.alice, plan)
        if self.chance.random() < 0.5:
            deactivation.deactivate(self.chance.choice(self.people), Seats.KEEP, by=self.alice)

    def options(self, kind, chosen):
        newcomers = [user.id for user in self.people if user not in chosen][: len(chosen)]
        return {
            BatchKind.ASSIGN: {"plan": self.cast.pro.id},
            BatchKind.CHANGE: {"plan": self.cast.pro.id},
            BatchKind.RELEASE: {},
            BatchKind.TRANSFER: {"to": newcomers},
            BatchKind.DEACTIVATE: {"seats": self.chance.choice(["release", "keep"])},
        }[kind]

    def meddle(self):
        """Somebody else does something between the preview and the act."""
        held = list(db.session.scalars(sa.select(License).where(License.user_id.is_not(None))))
        act, user = self.chance.randrange(4), self.chance.choice(self.people)
        try:
            if act == 0 and held:
                seat = self.chance.choice(held)
                licenses.release(seat, self.alice, held_by=seat.user_id)
            elif act == 1:
                licenses.assign(self.cast.pro, user, self.alice)
            elif act == 2:
                deactivation.deactivate(user, Seats.RELEASE, by=self.alice)
            else:
                deactivation.reactivate(user, by=self.alice)
        except Refused:
            db.session.rollback()

    def seats(self):
        db.session.rollback()
        found = sa.select(License.id, License.user_id, License.activated_at, License.status)
        return {row[0]: tuple(row[1:]) for row in db.session.execute(found.order_by(License.id))}

    def accounts(self):
        db.session.rollback()
        return dict(db.session.execute(sa.select(User.id, User.active).order_by(User.id)).all())

    def check(self):
        """Holders and open assignments agree; nobody has two live licences of a product."""
        open_ones = dict(
            db.session.execute(
                sa.select(Assignment.license_id, Assignment.user_id).where(Assignment.ended_at.is_(None))
            ).all()
        )
        holders = {key: row[0] for key, row in self.seats().items() if row[0] is not None}
        assert open_ones == holders
        live = db.session.execute(
            sa.select(License.user_id, License.product, sa.func.count())
            .where(License.user_id.is_not(None), License.status == LicenseStatus.ACTIVE)
            .group_by(License.user_id, License.product)
        )
        assert all(count == 1 for _user, _product, count in live)


class Death:
    """The process ends right before its nth statement."""

    def __init__(self, after):
        self.left = after

    def __enter__(self):
        sa.event.listen(db.engine, "before_cursor_execute", self._count)

    def __exit__(self, *_):
        sa.event.remove(db.engine, "before_cursor_execute", self._count)

    def _count(self, *_arguments):
        self.left -= 1
        if self.left < 0:
            raise SystemExit


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_batch_is_whole_or_not_at_all_and_once_and_goes_back(cast, batches, kind, seed):
    life = Life(cast, f"{kind} {seed}")
    chosen = life.chance.sample(life.people, life.chance.randint(1, 4))
    try:
        batch = batches.prepared(kind, chosen, life.alice, **life.options(kind, chosen))
    except Refused:
        # Nobody is left to pass a licence on to.
        return
    assert batch.state == BatchState.READY
    meddled = life.chance.random() < 0.5
    if meddled:
        life.meddle()
    seats, accounts = life.seats(), life.accounts()
    applying.confirm(batch, life.alice)
    with Death(life.chance.randint(0, 40)):
        try:
            applying.do_due()
        except SystemExit:
            db.session.rollback()
    if batches.again(batch).state != BatchState.DONE:
        assert (life.seats(), life.accounts()) == (seats, accounts)
        lease_runs_out()
        applying.do_due()
    batch = batches.again(batch)
    assert batch.state == BatchState.DONE
    check_done(life, batches, batch, seats, accounts)
    if batch.operation_id is not None:
        check_undone(life, batch, seats, accounts)


def check_done(life, batches, batch, seats, accounts):
    """What was shown is done, for the rows that had not moved; nothing else is."""
    rows = batches.rows(batch)
    done = [row for row in rows if row.outcome == RowOutcome.READY]
    now, people = life.seats(), life.accounts()
    touched = {key for row in done for key in (row.license_id, row.other_id) if key is not None}
    if batch.kind == BatchKind.DEACTIVATE:
        gone = {row.user_id for row in done}
        assert {key for key in people if people[key] != accounts[key]} == gone
        touched |= {key for key, row in seats.items() if row[0] in gone}
    else:
        assert people == accounts
    assert {key for key in now if now[key] != seats[key]} <= touched
    for row in done:
        expected = {
            BatchKind.ASSIGN: (row.license_id, row.user_id),
            BatchKind.CHANGE: (row.other_id, row.user_id),
            BatchKind.RELEASE: (row.license_id, None),
            BatchKind.TRANSFER: (row.license_id, row.seen.get("to")),
        }.get(batch.kind)
        assert expected is None or now[expected[0]][0] == expected[1]
    assert bool(done) == (batch.operation_id is not None)
    life.check()


def check_undone(life, batch, seats, accounts):
    """All of it goes back when nothing has moved since; else what has is named, and the rest goes back."""
    operation = db.session.get_one(Operation, batch.operation_id)
    moved = life.chance.random() < 0.3
    if moved:
        life.meddle()
    if moved:
        with contextlib.suppress(Refused):
            operations.undo(operation, life.alice)
    else:
        assert operations.undo(operation, life.alice) == []
        assert (life.seats(), life.accounts()) == (seats, accounts)
    life.check()
