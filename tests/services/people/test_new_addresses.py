"""Another address: nobody loses an account to a typing error, nor keeps a stranger's address."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from access import Actor
from models import JournalEntry, LinkPurpose, OutgoingMail, User, db, utcnow
from services.foundation.errors import Refused
from services.foundation.transaction import transaction
from services.links import tokens
from services.links.tokens import DeadLinkError
from services.mail.still_true import NotWanted, check_wanted
from services.people import accounts, addresses, deactivation, links, oneself
from tests.factories import PASSWORD, make_user

NEW = "roberte@acme.example"


@pytest.fixture
def bob(cast):
    oneself.sign_in_recorded(cast.bob, by=Actor.of(cast.bob), via="password")
    return Actor.of(cast.bob)


def mailed(user, email=NEW):
    """The link in the mail to a new address."""
    with transaction() as turn:
        return tokens.mint(turn, LinkPurpose.ADDRESS, db.session.get_one(User, user.id), email=email)


def told():
    found = db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id))
    return [(mail.template, mail.user.email if mail.user else mail.address) for mail in found]


def test_until_the_new_address_has_answered_one_signs_in_as_before_and_is_told(cast, bob):
    addresses.ask(cast.bob, NEW, by=bob)
    assert told() == [("address_asked", "bob@acme.example"), ("address_confirmation", NEW)]
    assert oneself.authenticate("bob@acme.example", PASSWORD).id == cast.bob.id
    assert oneself.authenticate(NEW, PASSWORD) is None
    token, session = mailed(cast.bob), cast.bob.fs_uniquifier
    addresses.confirm(token, address=None)
    db.session.rollback()
    assert (cast.bob.email, cast.bob.new_email) == (NEW, None)
    assert oneself.authenticate(NEW, PASSWORD).id == cast.bob.id
    assert cast.bob.fs_uniquifier != session
    assert told()[2:] == [("address_moved", "bob@acme.example")]
    verbs = db.session.scalars(sa.select(JournalEntry.verb).order_by(JournalEntry.id)).all()
    assert verbs[-2:] == ["address_asked", "address_confirmed"]


def test_a_link_to_a_new_address_is_used_once_and_ends_what_was_mailed_to_the_one_of_before(cast, bob):
    addresses.ask(cast.bob, NEW, by=bob)
    with transaction() as turn:
        other = tokens.mint(turn, LinkPurpose.SIGN_IN, cast.bob)
    token = mailed(cast.bob)
    addresses.confirm(token, address=None)
    for dead, use in ((token, addresses.confirm), (other, links.sign_in)):
        with pytest.raises(DeadLinkError):
            use(dead, address=None)


def test_an_address_asked_for_by_mistake_opens_nothing_once_another_one_is_asked(cast, bob):
    addresses.ask(cast.bob, "stranger@acme.example", by=bob)
    wrong = mailed(cast.bob, "stranger@acme.example")
    first = db.session.scalars(sa.select(OutgoingMail).filter_by(template="address_confirmation")).one()
    addresses.ask(cast.bob, NEW, by=bob)
    with pytest.raises(DeadLinkError):
        addresses.confirm(wrong, address=None)
    # A mail that had not left yet does not leave, and one whose link is made in this very moment opens nothing.
    with pytest.raises(NotWanted):
        check_wanted(first)
    with pytest.raises(DeadLinkError):
        addresses.confirm(mailed(cast.bob, "stranger@acme.example"), address=None)
    addresses.withdraw(cast.bob, by=bob)
    addresses.withdraw(cast.bob, by=bob)
    with pytest.raises(DeadLinkError):
        addresses.confirm(mailed(cast.bob), address=None)
    assert db.session.get_one(User, cast.bob.id).email == "bob@acme.example"


def test_an_address_that_somebody_else_has_answered_at_meanwhile_stays_theirs(cast, bob):
    addresses.ask(cast.bob, NEW, by=bob)
    token = mailed(cast.bob)
    stranger = make_user(cast.globex, email=NEW)
    stranger.confirmed_at = utcnow()
    db.session.commit()
    with pytest.raises(Refused, match="address_claimed"):
        addresses.confirm(token, address=None)
    assert tokens.find(token) is not None
    colleague = make_user(cast.acme, email="another@acme.example")
    addresses.ask(cast.bob, "free@acme.example", by=bob)
    token = mailed(cast.bob, "free@acme.example")
    colleague.email = "free@acme.example"
    db.session.commit()
    with pytest.raises(Refused, match="email_taken"):
        addresses.confirm(token, address=None)


@pytest.mark.parametrize("why", ["email_taken", "same_address", "bad_address", "inactive_person"])
def test_a_new_address_that_cannot_be_is_refused_and_nobody_is_mailed(cast, bob, why):
    email = {"email_taken": "dave@acme.example", "same_address": "BOB@acme.example", "bad_address": "x@"}
    if why == "inactive_person":
        deactivation.deactivate(cast.bob, deactivation.Seats.KEEP, by=Actor.of(cast.alice))
    before = told()
    with pytest.raises(Refused, match=why):
        addresses.ask(cast.bob, email.get(why, NEW), by=bob)
    assert (told(), db.session.get_one(User, cast.bob.id).new_email) == (before, None)


def test_whether_another_company_knows_an_address_is_told_to_nobody(cast, bob):
    addresses.ask(cast.bob, "charlie@globex.example", by=bob)
    assert told()[-1] == ("address_confirmation", "charlie@globex.example")


def test_an_administrator_mends_at_once_what_nobody_has_answered_at(cast):
    person = make_user(cast.acme, email="typo@acme.example")
    values = {name: getattr(person, name) for name in accounts.EDITABLE} | {"email": NEW}
    accounts.update_person(person, values, by=Actor.of(cast.alice))
    assert (person.email, person.new_email) == (NEW, None)


def test_what_was_asked_for_ends_when_the_account_is_shut(cast, bob):
    addresses.ask(cast.bob, NEW, by=bob)
    token = mailed(cast.bob)
    deactivation.deactivate(cast.bob, deactivation.Seats.KEEP, by=Actor.of(cast.alice))
    deactivation.reactivate(cast.bob, by=Actor.of(cast.alice))
    with pytest.raises(DeadLinkError):
        addresses.confirm(token, address=None)


def test_after_three_days_the_address_of_before_is_kept(cast, bob, time_machine):
    time_machine.move_to(utcnow(), tick=False)
    addresses.ask(cast.bob, NEW, by=bob)
    token = mailed(cast.bob)
    time_machine.shift(dt.timedelta(days=3, seconds=1))
    with pytest.raises(DeadLinkError):
        addresses.confirm(token, address=None)
    assert not addresses.is_asked(cast.bob, utcnow())


def test_of_two_who_confirm_one_address_at_once_one_has_it(cast, together):
    twins = [make_user(company, email=f"{company.id}@x.example") for company in (cast.acme, cast.globex)]
    for twin in twins:
        oneself.sign_in_recorded(twin, by=Actor.of(twin), via="link")
        addresses.ask(twin, "both@x.example", by=Actor.of(twin))
    links_of = [mailed(twin, "both@x.example") for twin in twins]
    db.session.rollback()
    outcomes = together(2, lambda number: addresses.confirm(links_of[number], address=None))
    assert sorted(getattr(outcome.error, "code", "") for outcome in outcomes) == ["", "address_claimed"]


@pytest.mark.parametrize("what", ["password", "role"])
def test_an_address_that_a_thief_asked_for_dies_with_a_new_password_or_role(cast, bob, what):
    """Whoever found an open session would have the account for good."""
    addresses.ask(cast.bob, "thief@evil.example", by=bob)
    token = mailed(cast.bob, "thief@evil.example")
    if what == "password":
        oneself.set_password(cast.bob, "a whole new password", by=bob)
    else:
        accounts.update_person(cast.bob, {"role": "admin"}, by=Actor.of(cast.alice))
    with pytest.raises(DeadLinkError):
        addresses.confirm(token, address=None)
    assert not addresses.is_asked(cast.bob, utcnow())


def test_the_desk_mails_no_more_than_a_few_new_addresses_a_day(cast, bob):
    for number in range(addresses.MAX_A_DAY):
        addresses.ask(cast.bob, f"victim{number}@elsewhere.example", by=bob)
    with pytest.raises(Refused, match="too_many"):
        addresses.ask(cast.bob, "victim@elsewhere.example", by=bob)


def test_a_member_is_not_told_whose_address_a_deactivated_colleague_has(cast, bob):
    deactivation.deactivate(cast.dave, deactivation.Seats.KEEP, by=Actor.of(cast.alice))
    with pytest.raises(Refused, match="email_taken") as refused:
        addresses.ask(cast.bob, cast.dave.email, by=bob)
    assert "Dave" not in refused.value.sentence
