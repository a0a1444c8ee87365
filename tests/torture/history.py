"""A company that lives at random: buying, giving, taking back, undoing, suspending, while the clock goes on.

Each act is a verb of the desk, with arguments that are often wrong, as people's are: whatever it refuses changes nothing. After each one the
machine remembers what every seat was at that second; `check` compares that with what the desk says of it later, and holds
the rows to what must always be true. A new verb about seats or money gets an act here.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from access import SYSTEM, Actor
from models import (
    License,
    LicenseState,
    Operation,
    Order,
    Plan,
    Renewal,
    SuspensionReason,
    User,
    db,
)
from services import licenses
from services.buying import cart, orders, quotes
from services.foundation import operations
from services.foundation.errors import Refused
from services.foundation.transaction import company_lock
from services.licenses import requests, suspensions
from services.payments import settlement
from services.payments.sessions import Charge, Session
from services.people import accounts, deactivation
from services.privacy import erasure
from services.seats import history
from tests.conftest import Cast
from tests.counts import wrong_counts
from tests.torture import invariants

Seen = dict[int, tuple[int | None, int, LicenseState]]
# How far the clock goes between two acts: mostly seconds, so that an undo is in time; now and then months.
STEPS = (*[1, 2, 5, 7, 30, 60] * 3, 400, 3_600, 86_400, 20 * 86_400)

# What a seat may have become by itself.
_OVER = {LicenseState.GRACE, LicenseState.EXPIRED}


class Life:
    """One company, its plans and people, and everything that was remembered of it."""

    def __init__(self, cast: Cast, clock: Any, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clock = clock
        self.company_id = cast.acme.id
        self.plans = [cast.eco.id, cast.pro.id, cast.avance.id]
        # Two plans of one product, so that people change from one to the other.
        cast.avance.product = cast.pro.product
        cast.vendor.grace_days = cast.vendor.granted_days = self.chance.choice([0, 7, 30])
        db.session.commit()
        self.by = [Actor.of(cast.alice), Actor.of(cast.erin), Actor.of(cast.sam), SYSTEM]
        self.now = dt.datetime(2026, 11, 24, 15, tzinfo=dt.UTC)
        self.past: list[tuple[dt.datetime, Seen]] = []
        self.told: list[str] = []

    def live(self, steps: int) -> None:
        acts: list[Callable[[], None]] = [
            self.buy,
            *[self.assign] * 4,
            *[self.assign_one] * 3,
            *[self.activate] * 3,
            *[self.release] * 3,
            self.release_many,
            *[self.change_plan] * 2,
            *[self.transfer] * 2,
            self.remove,
            self.decide_renewal,
            self.ask,
            *[self.undo] * 4,
            self.suspend,
            self.lift,
            self.lift,
            self.deactivate_or_wake,
            self.erase,
        ]
        self.buy()
        # What the first act of all is undone to.
        db.session.rollback()
        self.past.append((self.now, self.read()))
        for step in range(steps):
            self.now += dt.timedelta(seconds=self.chance.choice(STEPS))
            db.session.rollback()
            self.clock.move_to(self.now, tick=False)
            act = self.chance.choice(acts)
            try:
                act()
                self.told.append(act.__name__)
            except (Refused, LookupError, sa.exc.NoResultFound) as error:
                self.told.append(f"{act.__name__}: {error}")
            db.session.rollback()
            self.past.append((self.now, self.read()))
            if step % 5 == 0:
                assert wrong_counts() == [], self.told

    # --- Acts ---------------------------------------------------------------------------------------------------------

    def buy(self) -> None:
        by = self.chance.choice(self.by)
        for plan_id in self.chance.sample(self.plans, self.chance.randint(1, 2)):
            cart.add(self.company_id, self.one(plan_id), self.chance.randint(1, 4), by)
        with company_lock(self.company_id) as turn:
            fingerprint = quotes.quote(turn.company).fingerprint
        order = orders.place(self.company_id, fingerprint=fingerprint, accepted=True, language="fr", by=by)
        session = _paid(order, self.chance.random())
        with company_lock(self.company_id) as turn:
            settlement.apply(turn, db.session.get_one(Order, order.id), session)

    def assign(self) -> None:
        plan = self.one(self.chance.choice(self.plans))
        licenses.assign(plan, self.person(), self.chance.choice(self.by))

    def assign_one(self) -> None:
        licenses.assign_license(self.license(), self.person(), self.chance.choice(self.by))

    def activate(self) -> None:
        license = self.license(held=True)
        holder = db.session.get_one(User, license.user_id)
        licenses.activate(license, Actor.of(holder))

    def release(self) -> None:
        license = self.license(held=self.chance.random() < 0.9)
        held_by = license.user_id if self.chance.random() < 0.8 else self.person().id
        licenses.release(license, self.chance.choice(self.by), held_by=held_by)

    def release_many(self) -> None:
        found = [self.license(held=True) for _ in range(self.chance.randint(1, 5))]
        held_by = {license.id: license.user_id for license in found}
        licenses.release_all(self.company_id, held_by, self.chance.choice(self.by))

    def change_plan(self) -> None:
        license, plan = self.license(held=True), self.one(self.chance.choice(self.plans))
        licenses.change_plan(license, plan, self.chance.choice(self.by), held_by=license.user_id)

    def transfer(self) -> None:
        license = self.license(held=True)
        licenses.transfer(license, self.person(), self.chance.choice(self.by), held_by=license.user_id)

    def remove(self) -> None:
        found = {self.license() for _ in range(self.chance.randint(1, 3))}
        held_by = {license.id: license.user_id for license in found}
        licenses.remove(self.company_id, held_by, self.chance.choice(self.by))

    def decide_renewal(self) -> None:
        renewal = self.chance.choice(list(Renewal))
        licenses.decide_renewal(self.company_id, [self.license().id], renewal, self.chance.choice(self.by))

    def ask(self) -> None:
        person = self.person()
        requests.ask(person, "please", Actor.of(person))

    def undo(self) -> None:
        newest = sa.select(Operation).order_by(Operation.at.desc()).limit(3)
        chosen = self.chance.choice(db.session.scalars(newest).all())
        began = chosen.at
        # What was decided of a seat's renewal says nothing of who holds it.
        rows = [row for row in chosen.rows if row.table_name == "licenses" and "renewal" not in row.after]
        touched = [row.row_id for row in rows]
        left = operations.undo(chosen, self.chance.choice(self.by))
        if not left:
            # Each seat is again what it was before, unless it has ended since.
            before = next(seen for instant, seen in reversed(self.past) if instant < began)
            db.session.rollback()
            now = self.read()
            for key in touched:
                assert now[key] == before[key] or now[key][2] in _OVER, key

    def suspend(self) -> None:
        self.suspension(suspensions.suspend)

    def lift(self) -> None:
        for _ in range(3):
            self.suspension(suspensions.lift)

    def suspension(self, step: Any) -> None:
        key, reason = self.license().id, self.chance.choice(list(SuspensionReason))
        with company_lock(self.company_id) as turn:
            step(turn, db.session.get_one(License, key), reason, self.chance.choice(["", "du_1"]))

    def deactivate_or_wake(self) -> None:
        person = self.person()
        if person.active and self.chance.random() < 0.5:
            raise LookupError("is left alone")
        if person.active:
            seats = self.chance.choice(list(deactivation.Seats))
            deactivation.deactivate(person, seats, by=self.by[2], to=self.person())
        else:
            deactivation.reactivate(person, by=self.by[2])

    def erase(self) -> None:
        person = self.person()
        if person.erased_at is not None:
            raise LookupError("was erased before")
        erasure.erase(person, person.email, by=self.by[2])
        # Somebody else takes their place: the company does not run out of people.
        values = {
            "email": f"p{self.now.timestamp():.0f}@acme.example",
            "first_name": "New",
            "last_name": "Body",
        }
        accounts.create_person(values, company_id=self.company_id, by=self.by[2], invite=False)

    # --- Whom and what ------------------------------------------------------------------------------------------------

    def one(self, plan_id: int) -> Any:
        return db.session.get_one(Plan, plan_id)

    def person(self) -> User:
        found = sa.select(User).where(User.company_id == self.company_id).order_by(User.id)
        return self.chance.choice(db.session.scalars(found).all())

    def license(self, *, held: bool | None = None) -> License:
        found = sa.select(License).order_by(License.id)
        if held is not None:
            found = found.where(License.user_id.is_not(None) if held else License.user_id.is_(None))
        rows = db.session.scalars(found).all()
        if not rows:
            raise LookupError("no license of that kind")
        return self.chance.choice(rows)

    # --- What must be true --------------------------------------------------------------------------------------------

    def read(self) -> Seen:
        """What every seat is now, by its stored columns."""
        found = db.session.scalars(sa.select(License).filter_by(company_id=self.company_id))
        return {one.id: (one.user_id, one.plan_id, one.state(self.now)) for one in found}

    def check(self) -> None:
        db.session.rollback()
        invariants.check_money()
        invariants.check_states(self.now)
        invariants.check_seats(self.now)
        invariants.check_rows()
        for instant, seen in self.chance.sample(self.past, min(40, len(self.past))):
            was = history.as_of(self.company_id, instant)
            assert {key: (one.user_id, one.plan_id, one.state) for key, one in was.items()} == seen, instant
            db.session.rollback()


def _paid(order: Order, chance: float) -> Session:
    """What Stripe would say of a page on which the order was paid by card."""
    name = f"{order.id}_{chance}"
    return Session(
        id=f"cs_{name}",
        status="complete",
        payment_status="paid" if order.total else "no_payment_required",
        url="",
        reference=order.reference,
        amount=order.total,
        currency=order.currency,
        livemode=False,
        payment_intent_id=f"pi_{name}",
        payment_intent_status="succeeded",
        customer_id=None,
        charge=Charge(f"ch_{name}", "card", "visa", "4242"),
    )
