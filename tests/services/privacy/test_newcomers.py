"""Whoever comes by a firm's link: no other firm reads or erases what they typed, and none of it stays for ever."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from access import Actor
from models import Base, JoinRequest, Language, LinkPurpose, OutgoingMail, User, db, utcnow
from services.foundation.transaction import transaction
from services.joining import firm_links
from services.links import tokens
from services.people import accounts, addresses, deactivation
from services.people.deactivation import Seats
from services.privacy import erasure, known
from tests.factories import make_firm_link

ZOE = {"email": "zoe@globex.example", "first_name": "Zoé", "last_name": "Quatrevingt"}


@pytest.fixture
def alice(cast):
    return Actor.of(cast.alice)


@pytest.fixture
def twin(cast, alice):
    """Acme has typed the address of somebody who comes to Globex."""
    values = {"email": ZOE["email"], "first_name": "X", "last_name": "Y"}
    return accounts.create_person(values, company_id=cast.acme.id, by=alice, invite=False)


def ask(link, **typed):
    db.session.rollback()
    firm_links.ask(str(tokens.grown(link)), ZOE | typed, Language.FR, by=Actor(address="192.0.2.7"))
    return tokens.grown(db.session.scalars(sa.select(JoinRequest)).one())


def everything():
    db.session.rollback()
    return [
        f"{name}.{column}: {value!r}"
        for name, table in Base.metadata.tables.items()
        for row in db.session.execute(sa.select(table)).mappings()
        for column, value in row.items()
    ]


def test_an_export_does_not_tell_who_asks_to_join_another_firm(cast, alice, twin):
    ask(make_firm_link(cast.carol))
    parts = known.put_together(db.session.get_one(User, twin.id), known.Form.JSON, by=alice)
    assert "Quatrevingt" not in str(known.as_json(twin.id, parts, utcnow()))


def test_an_erasure_takes_no_newcomer_from_another_firm(cast, alice, twin):
    token = ask(make_firm_link(cast.carol))
    user = db.session.get_one(User, twin.id)
    deactivation.deactivate(user, Seats.KEEP, by=alice)
    erasure.erase(user, user.email, by=alice)
    assert firm_links.join(token, address=None).company_id == cast.globex.id


def test_whoever_joined_and_moved_to_another_address_leaves_none_of_both(cast, alice):
    user = firm_links.join(ask(make_firm_link(cast.alice), email="zoe-once@acme.example"), address=None)
    addresses.ask(user, "zoe-now@acme.example", by=Actor.of(user))
    with transaction() as turn:
        user = db.session.get_one(User, user.id)
        token = tokens.mint(turn, LinkPurpose.ADDRESS, user, email="zoe-now@acme.example")
    user = addresses.confirm(token, address=None)
    deactivation.deactivate(user, Seats.KEEP, by=alice)
    erasure.erase(user, "zoe-now@acme.example", by=alice)
    assert [line for line in everything() if "zoe-" in line or "Quatrevingt" in line] == []


def test_whoever_never_answered_is_forgotten_in_the_mail_too(cast, time_machine):
    ask(make_firm_link(cast.alice), email="zoe-never@acme.example")
    time_machine.move_to(utcnow() + dt.timedelta(days=3), tick=False)
    firm_links.forget_unanswered()
    assert [line for line in everything() if "zoe-" in line] == []
    assert db.session.scalars(sa.select(OutgoingMail)).one() is not None
