"""What an import adds is made before its transaction begins: whatever happens in between, on either database, is seen."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
import sqlalchemy as sa

from access import Actor
from models import Batch, BatchState, License, Plan, User, db, utcnow
from services import licenses
from services.batches import applying
from services.foundation.transaction import company_lock, transaction
from services.people import accounts
from services.search import hits
from tests import factories
from tests.services.imports.conftest import TWO, applied, outcomes, people_of_acme, rename
from tests.together import run_together


@pytest.fixture
def before_the_turn(app, monkeypatch):
    """`before_the_turn(act)`: have somebody do `act` when the people are made and the transaction has not begun, once."""

    def arrange(act):
        of = applying.kinds.of

        def begin(batch, rows, by):
            step = of(batch.kind).begin(batch, rows, by)
            (outcome,) = run_together(app, 1, lambda _number: act())
            assert outcome.error is None, outcome.error
            monkeypatch.setattr(applying.kinds, "of", of)
            return step

        monkeypatch.setattr(applying.kinds, "of", lambda kind: dataclasses.replace(of(kind), begin=begin))

    return arrange


def _zoe():
    return db.session.scalars(sa.select(User).where(User.email == "zoe@acme.example")).one()


def test_whoever_is_made_while_their_company_is_renamed_is_found_by_its_new_name(
    cast, prepared, before_the_turn
):
    acme, alice = cast.acme.id, Actor.of(cast.alice)

    before_the_turn(lambda: rename(acme, "Zanzibar", alice))
    assert applied(prepared(TWO), cast.alice).state == BatchState.DONE
    assert _zoe().id in hits.people("zanzibar").ids


def test_whoever_is_added_by_others_meanwhile_is_there_once(cast, prepared, before_the_turn):
    acme, alice = cast.acme.id, Actor.of(cast.alice)
    values = {"email": "zoe@acme.example", "first_name": "Zoé", "last_name": "Autre"}
    batch = prepared(TWO)

    def act():
        with company_lock(acme) as turn:
            accounts.add_person(turn, values, acme, by=alice, invite=False)

    before_the_turn(act)
    assert applied(batch, cast.alice).state == BatchState.DONE
    assert outcomes(batch) == {2: "moved", 3: "ready"}
    assert _zoe().last_name == "Autre"


def test_whose_seat_is_given_meanwhile_is_not_added(cast, prepared, before_the_turn):
    (seat,) = factories.make_licenses(1, cast.alice, cast.avance)
    seat_id, bob, alice = seat.id, cast.bob.id, Actor.of(cast.alice)
    batch = prepared(TWO, plan=cast.avance.id)

    def act():
        plan = db.session.get_one(Plan, db.session.get_one(License, seat_id).plan_id)
        licenses.assign(plan, db.session.get_one(User, bob), alice)

    before_the_turn(act)
    assert applied(batch, cast.alice).state == BatchState.DONE
    assert outcomes(batch) == {2: "moved", 3: "ready"}
    assert "zoe@acme.example" not in people_of_acme(cast)


def test_whoever_gets_a_seat_whose_end_moves_meanwhile_is_covered_until_the_new_one(
    cast, prepared, before_the_turn
):
    (seat,) = factories.make_licenses(1, cast.alice, cast.avance)
    seat_id, end = seat.id, seat.usable_until + dt.timedelta(days=3)
    batch = prepared(TWO, plan=cast.avance.id)

    def act():
        with transaction():
            db.session.get_one(License, seat_id).usable_until = end

    before_the_turn(act)
    assert applied(batch, cast.alice).state == BatchState.DONE
    assert _zoe().covered_until == end
    assert db.session.get_one(License, seat_id).user_id == _zoe().id


def test_nobody_is_added_once_the_lease_has_run_out(cast, prepared, before_the_turn):
    batch, people = prepared(TWO), people_of_acme(cast)
    batch_id = batch.id

    def act():
        with transaction():
            db.session.get_one(Batch, batch_id).lease_until = utcnow()

    before_the_turn(act)
    assert applied(batch, cast.alice).state == BatchState.APPLYING
    assert people_of_acme(cast) == people
