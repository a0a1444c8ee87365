"""Accounts, companies and what people do about themselves: each rule of who may come in, from both sides."""

from __future__ import annotations

import pytest
from flask_security import hash_password

from access import Actor
from models import (
    Company,
    Link,
    LinkPurpose,
    OutgoingMail,
    Role,
    User,
    db,
)
from services.foundation.transaction import transaction
from services.links import tokens
from services.people import accounts, companies, deactivation, links, oneself
from services.people.deactivation import Seats
from tests.asked import entries, refused
from tests.factories import PASSWORD, make_user

NEW = {
    "email": "New@Acme.example",
    "first_name": "Nadia",
    "last_name": "Roy",
    "role": "member",
    "language": "fr",
    "time_zone": None,
}
PLACE = {
    "name": "Initech",
    "billing_email": "Comptes@Initech.example",
    "street": "1, rue A",
    "city": "Laval",
    "province": "QC",
    "postal_code": "H7A 1A1",
    "country": "CA",
    "language": "fr",
    "time_zone": "America/Toronto",
}


@pytest.fixture
def sam(cast):
    return Actor.of(cast.sam)


def mails(template):
    return db.session.scalars(db.select(OutgoingMail).filter_by(template=template)).all()


def update(user, by, **changes):
    values = {name: getattr(user, name) for name in accounts.EDITABLE} | changes
    return accounts.update_person(user, values, by=by)


# --- Accounts -------------------------------------------------------------------------------------------------------


def test_a_new_person_is_invited_once_and_written_down_without_their_name(cast, sam):
    user = accounts.create_person(NEW, company_id=cast.acme.id, by=sam)
    assert (user.email, user.company_id, user.role) == ("new@acme.example", cast.acme.id, Role.MEMBER)
    assert [(mail.user_id, mail.context["by"]) for mail in mails("invitation")] == [(user.id, cast.sam.id)]
    (entry,) = entries("person_added")
    assert entry.after == {"role": "member", "language": "fr"}
    assert [entry.subject_id for entry in entries("person_invited")] == [user.id]
    assert entry.personal.after["email"] == "new@acme.example"
    assert (entry.company_id, entry.on_behalf_of_id) == (cast.acme.id, cast.acme.id)


def test_nobody_is_invited_who_was_not_to_be_or_cannot_come_in(cast, sam):
    user = accounts.create_person(NEW, company_id=cast.acme.id, by=sam, invite=False)
    deactivation.deactivate(user, Seats.KEEP, by=sam)
    assert refused("inactive_person", accounts.invite, user, sam)
    assert mails("invitation") == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"email": ""}, "empty"),
        ({"first_name": " "}, "empty"),
        ({"last_name": ""}, "empty"),
        ({"email": "nobody"}, "bad_address"),
        ({"time_zone": "Mars"}, "unknown_time_zone"),
        ({"role": "support"}, "role_and_company"),
        ({"first_name": "a" * 101}, "too_long"),
        ({"email": "BOB@acme.example"}, "email_taken"),
    ],
)
def test_a_person_who_makes_no_sense_is_refused_and_nobody_is_added(cast, sam, change, code):
    before = db.session.scalar(db.select(db.func.count()).select_from(User))
    assert refused(code, accounts.create_person, NEW | change, company_id=cast.acme.id, by=sam)
    assert db.session.scalar(db.select(db.func.count()).select_from(User)) == before


def test_staff_have_no_company_and_everybody_else_has_one(cast, sam):
    assert refused("role_and_company", accounts.create_person, NEW, company_id=None, by=sam)
    assert accounts.create_person(NEW | {"role": "support"}, company_id=None, by=sam).is_staff
    assert refused("role_and_company", update, cast.bob, sam, role="support")
    with pytest.raises(LookupError):
        accounts.create_person(NEW | {"email": "c@acme.example"}, company_id=999, by=sam)


def test_an_address_may_be_kept_but_not_taken_from_somebody(cast, sam):
    assert update(cast.bob, sam, email="Bob@Acme.Example").email == "bob@acme.example"
    assert refused("email_taken", update, cast.bob, sam, email="dave@acme.example")
    assert update(cast.bob, sam, email="robert@acme.example").email == "robert@acme.example"


def test_nobody_takes_their_own_access_away(cast):
    assert refused("yourself", update, cast.alice, Actor.of(cast.alice), role=Role.MEMBER)
    assert refused("yourself", deactivation.deactivate, cast.alice, Seats.RELEASE, by=Actor.of(cast.alice))
    assert cast.alice.active
    assert update(cast.alice, Actor.of(cast.alice), last_name="Roy").last_name == "Roy"
    # Another administrator may, as one of the two stays.
    assert update(cast.alice, Actor.of(cast.erin), role=Role.MEMBER).role == Role.MEMBER
    assert refused("last_administrator", update, cast.erin, Actor.of(cast.sam), role=Role.MEMBER)


def test_whoever_is_deactivated_is_signed_out_and_whoever_is_renamed_is_not(cast, sam):
    session = cast.bob.fs_uniquifier
    assert update(cast.bob, sam, last_name="Roy").fs_uniquifier == session
    deactivation.deactivate(cast.bob, Seats.KEEP, by=sam)
    assert cast.bob.fs_uniquifier != session
    session = cast.bob.fs_uniquifier
    deactivation.reactivate(cast.bob, by=sam)
    assert cast.bob.fs_uniquifier == session


def minted(user):
    with transaction() as turn:
        return {purpose: tokens.mint(turn, purpose, user) for purpose in tokens.INTO_ACCOUNT}


@pytest.mark.parametrize(
    ("act", "open_after"),
    [
        (lambda bob, sam: update(bob, sam, last_name="Roy"), True),
        (lambda bob, sam: update(bob, sam, email="robert@acme.example"), False),
        (lambda bob, sam: deactivation.deactivate(bob, Seats.KEEP, by=sam), False),
    ],
    ids=["renamed", "moved", "deactivated"],
)
def test_links_into_an_account_end_with_its_address_and_with_its_access(cast, sam, act, open_after):
    of_bob, of_dave = minted(cast.bob), minted(cast.dave)
    act(cast.bob, sam)
    assert [tokens.find(token) is not None for token in of_bob.values()] == [open_after] * len(of_bob)
    unused = db.session.scalars(db.select(Link).filter_by(user_id=cast.bob.id, used_at=None)).all()
    assert bool(unused) == open_after
    assert all(tokens.find(token) for token in of_dave.values()), "somebody else's links"


def test_a_sign_in_link_goes_to_people_who_may_sign_in(cast, sam):
    accounts.send_sign_in_link(cast.bob, sam)
    assert [mail.user_id for mail in mails("sign_in_link")] == [cast.bob.id]
    assert [entry.subject_id for entry in entries("sign_in_link_sent")] == [cast.bob.id]
    deactivation.deactivate(cast.dave, Seats.KEEP, by=sam)
    assert refused("inactive_person", accounts.send_sign_in_link, cast.dave, sam)
    assert len(mails("sign_in_link")) == 1


# --- Companies ------------------------------------------------------------------------------------------------------


def test_a_customer_is_opened_with_its_first_administrator_or_without(cast, sam):
    alone = companies.create_company(PLACE, by=sam)
    assert (alone.currency, alone.billing_email, alone.users) == ("CAD", "comptes@initech.example", [])
    admin = {"email": "ada@initech.example", "first_name": "Ada", "last_name": "Roy"}
    company = companies.create_company(PLACE | {"language": "en"}, by=sam, administrator=admin)
    (ada,) = company.users
    assert (ada.role, ada.language, ada.active) == (Role.ADMIN, "en", True)
    assert [mail.user_id for mail in mails("invitation")] == [ada.id]
    added = entries("company_added")[1]
    assert (added.company_id, added.after["name"]) == (company.id, "Initech")
    assert added.personal.after["billing_email"] == "comptes@initech.example"
    assert added.operation == entries("person_added")[0].operation, "one click is one operation"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": ""}, "empty"),
        ({"billing_email": ""}, "empty"),
        ({"country": ""}, "empty"),
        ({"billing_email": "nobody"}, "bad_address"),
        ({"time_zone": "Mars"}, "unknown_time_zone"),
        ({"country": "ZZ", "province": ""}, "unknown_place"),
        ({"province": ""}, "unknown_place"),
        ({"province": "ZZ"}, "unknown_place"),
        ({"country": "FR"}, "unknown_place"),
        ({"name": "a" * 201}, "too_long"),
    ],
)
def test_a_customer_that_could_not_be_taxed_or_written_to_is_refused(cast, sam, change, code):
    assert refused(code, companies.create_company, PLACE | change, by=sam)
    assert refused(code, companies.update_company, cast.acme, PLACE | change, by=sam)
    assert db.session.scalar(db.select(Company).filter_by(name="Initech")) is None


def test_an_administrator_who_cannot_be_added_leaves_no_customer_behind(cast, sam):
    admin = {"email": "bob", "first_name": "Bob", "last_name": "Roy"}
    assert refused("bad_address", companies.create_company, PLACE, by=sam, administrator=admin)
    assert db.session.scalar(db.select(Company).filter_by(name="Initech")) is None


def test_a_customer_abroad_has_no_province(cast, sam):
    company = companies.create_company(PLACE | {"country": "FR", "province": ""}, by=sam)
    assert (company.place, company.address) == ("FR", "1, rue A\nLaval H7A 1A1")
    assert (cast.acme.place, cast.acme.address) == ("CA-QC", "123, rue Saint-Jean\nQuébec (QC) G1R 1R5")


# --- Oneself --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("length", "code"), [(9, "password_short"), (201, "password_long")])
def test_a_password_is_of_10_to_200_characters(cast, length, code):
    assert oneself.hashed("a" * 10)
    assert oneself.hashed("a" * 200)
    assert refused(code, oneself.hashed, "a" * length)
    assert refused(code, oneself.set_password, cast.bob, "a" * length, by=Actor.of(cast.bob))


def test_only_the_right_password_of_somebody_active_signs_in(cast):
    assert oneself.authenticate(" BOB@acme.example ", PASSWORD).id == cast.bob.id
    assert oneself.has_password(cast.bob, PASSWORD)
    for email, password in (
        ("bob@acme.example", "wrong password"),
        ("nobody@acme.example", PASSWORD),
        ("bob@acme.example", ""),
        ("bob@acme.example", "a" * 201),
        (make_user(cast.acme, active=False).email, PASSWORD),
        (make_user(cast.acme, password=None).email, PASSWORD),
    ):
        assert oneself.authenticate(email, password) is None
    assert not oneself.has_password(cast.bob, "wrong password")
    assert not oneself.has_password(cast.bob, "a" * 201)
    assert not oneself.has_password(make_user(cast.acme, password=None), PASSWORD)


def test_a_text_that_is_longer_than_any_password_is_not_even_hashed(cast):
    """Hashing is made to be slow: whoever sends megabytes must not keep the desk busy."""
    longest, longer = "a" * 200, "a" * 201
    for text, taken in ((longest, True), (longer, False)):
        cast.bob.password = hash_password(text)
        db.session.commit()
        assert oneself.has_password(cast.bob, text) == taken
        assert (oneself.authenticate(cast.bob.email, text) is not None) == taken


@pytest.mark.parametrize("typed", ["BOB@École.example", "bob@xn--cole-9oa.example", "bob@école.example "])
def test_somebody_whose_domain_has_accents_signs_in_however_they_type_it(cast, sam, typed):
    user = accounts.create_person(
        NEW | {"email": "Bob@École.example"}, company_id=cast.acme.id, by=sam, invite=False
    )
    oneself.set_password(user, PASSWORD, by=Actor.of(user))
    assert oneself.authenticate(typed, PASSWORD).id == user.id


def test_an_address_of_before_that_would_no_longer_be_taken_still_signs_in(cast):
    user = make_user(cast.acme, email="bob.@acme.example")
    assert oneself.authenticate("Bob.@acme.example", PASSWORD).id == user.id


def test_a_new_password_ends_sessions_and_links_and_is_not_written_down(cast):
    session, links_before = cast.bob.fs_uniquifier, minted(cast.bob)
    oneself.set_password(cast.bob, "a whole new one", by=Actor.of(cast.bob))
    assert oneself.has_password(cast.bob, "a whole new one")
    assert cast.bob.fs_uniquifier != session
    assert [tokens.find(token) for token in links_before.values()] == [None] * len(links_before)
    (entry,) = entries("password_set")
    assert (entry.before, entry.after, entry.company_id) == ({}, {}, cast.acme.id)


def test_signing_in_and_out_are_dated_and_written_down(cast):
    session = cast.bob.fs_uniquifier
    oneself.sign_in_recorded(cast.bob, by=Actor.of(cast.bob), via="password")
    assert cast.bob.signed_in_at is not None
    assert cast.bob.fs_uniquifier == session
    assert [entry.after for entry in entries("signed_in")] == [{"via": "password"}]
    oneself.sign_out(cast.bob, by=Actor.of(cast.bob))
    assert cast.bob.fs_uniquifier != session
    assert len(entries("signed_out")) == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"first_name": ""}, "bad_name"),
        ({"last_name": "  "}, "bad_name"),
        ({"first_name": "a" * 101}, "bad_name"),
        ({"language": "de"}, "unknown_language"),
        ({"time_zone": "Mars"}, "unknown_time_zone"),
    ],
)
def test_a_profile_that_makes_no_sense_is_refused(cast, given, code):
    assert refused(code, oneself.change_profile, cast.bob, by=Actor.of(cast.bob), **given)


@pytest.mark.parametrize("name", ["J", "a" * 100])
def test_the_shortest_and_the_longest_name_are_taken(cast, name):
    oneself.change_profile(cast.bob, by=Actor.of(cast.bob), first_name=name)
    assert cast.bob.first_name == name


def test_a_profile_changes_in_what_is_given_alone(cast):
    bob = Actor.of(cast.bob)
    oneself.change_profile(cast.bob, by=bob, first_name="  Jean   Paul ", time_zone="America/Vancouver")
    assert (cast.bob.first_name, cast.bob.last_name, cast.bob.language) == ("Jean Paul", "Tremblay", "fr")
    assert cast.bob.zone.key == "America/Vancouver"
    oneself.change_profile(cast.bob, by=bob, time_zone="", language="en")
    assert (cast.bob.time_zone, cast.bob.zone.key) == (None, cast.acme.time_zone)
    oneself.change_profile(cast.bob, by=bob, last_name="a" * 100)
    names, language, long = entries("profile_changed")
    assert (names.after, names.personal.after["first_name"]) == ({}, "Jean Paul")
    assert (language.before, language.after) == ({"language": "fr"}, {"language": "en"})
    assert long.personal.before == {"last_name": "Tremblay"}


# --- Links ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "template", "verb"),
    [
        (links.request_sign_in, "sign_in_link", "sign_in_link_requested"),
        (links.request_password, "password_link", "password_link_requested"),
    ],
)
def test_a_link_that_was_asked_for_goes_to_the_active_person_of_that_address_alone(cast, ask, template, verb):
    gone = make_user(cast.acme, "Gone", active=False)
    for email in ("nobody@acme.example", gone.email, ""):
        ask(email, by=Actor(address="192.0.2.1"))
    assert mails(template) == entries(verb) == []
    ask(" BOB@acme.example", by=Actor(address="192.0.2.1"))
    assert [mail.user_id for mail in mails(template)] == [cast.bob.id]
    (entry,) = entries(verb)
    assert (entry.subject_id, entry.actor_id, entry.company_id) == (cast.bob.id, None, cast.acme.id)


def test_a_password_of_the_greatest_length_is_taken_where_it_is_asked_for(cast):
    longest = "é" * 200
    oneself.set_password(cast.bob, longest, by=Actor.of(cast.bob))
    assert oneself.has_password(cast.bob, longest)
    assert oneself.authenticate(cast.bob.email, longest).id == cast.bob.id


def test_only_an_activation_link_activates(cast):
    with pytest.raises(tokens.DeadLinkError):
        links.activate("nobody's", address=None)
    for token in minted(cast.bob).values():
        with pytest.raises(tokens.DeadLinkError):
            links.activate(token, address=None)


def test_a_link_signs_in_once_and_for_its_own_purpose(cast):
    token = minted(cast.bob)
    with pytest.raises(tokens.DeadLinkError):
        links.sign_in(token[LinkPurpose.PASSWORD], address=None)
    assert links.sign_in(token[LinkPurpose.SIGN_IN], address="192.0.2.1").id == cast.bob.id
    assert [(entry.after, entry.actor_id) for entry in entries("signed_in")] == [
        ({"via": "link"}, cast.bob.id)
    ]
    with pytest.raises(tokens.DeadLinkError):
        links.sign_in(token[LinkPurpose.SIGN_IN], address=None)
    links.set_password(token[LinkPurpose.PASSWORD], "a whole new one", address=None)
    assert oneself.has_password(cast.bob, "a whole new one")
