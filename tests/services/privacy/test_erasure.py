"""Erasing what is personal of somebody: nothing of it is left, nobody else loses a word, and everything still adds up."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from flask_babel import force_locale

from access import Actor
from models import (
    Assignment,
    Base,
    Dismissal,
    JournalEntry,
    JournalPersonal,
    KeptForm,
    License,
    LicenseStatus,
    Link,
    LinkPurpose,
    MailState,
    Operation,
    OutgoingMail,
    Role,
    User,
    db,
    utcnow,
)
from services import licenses
from services.buying import cart
from services.forms import kept_forms
from services.foundation import operations
from services.foundation.errors import Refused
from services.foundation.transaction import transaction
from services.links import tokens
from services.people import accounts, companies, deactivation, links, oneself
from services.people.deactivation import Seats
from services.privacy import erasure
from services.reports import dismissals
from tests.asked import entries, refused
from tests.factories import make_batch, make_licenses, make_order, make_request, make_user
from tests.together import lock_off, meet

# What nobody else in these tests has: it must be found nowhere afterwards.
FIRST, LAST, NOW_AT, ONCE_AT, FROM = (
    "Zénobie",
    "Quatrevingt",
    "zen@zq.example",
    "zenobie@zq.example",
    "203.0.113.77",
)
TRACES = (FIRST, LAST, "zq.example", FROM, "America/Whitehorse")


@pytest.fixture
def alice(cast):
    return Actor.of(cast.alice, "198.51.100.1")


def again(user):
    return db.session.get_one(User, user.id, populate_existing=True)


def gone(user, by, seats=Seats.KEEP):
    deactivation.deactivate(user, seats, by=by)
    return user


def erase(user, by):
    erasure.erase(user, user.email, by=by)
    return again(user)


def everything():
    """Every cell of the database as text."""
    db.session.rollback()
    return "\n".join(
        f"{name}.{column}: {value!r}"
        for name, table in Base.metadata.tables.items()
        for row in db.session.execute(sa.select(table)).mappings()
        for column, value in row.items()
    )


@pytest.fixture
def zenobie(cast, alice):
    """A person with a whole life: added, invited, renamed, moved to another address, with seats, mail, a cart and an order."""
    values = {"email": ONCE_AT, "first_name": FIRST, "last_name": LAST, "role": Role.ADMIN}
    user = accounts.create_person(values, company_id=cast.acme.id, by=alice)
    with transaction() as turn:
        token = tokens.mint(turn, LinkPurpose.INVITATION, again(user))
    links.accept(token, "a whole new password", address=FROM)
    own = Actor.of(user, FROM)
    oneself.change_profile(user, by=own, last_name=f"{LAST}-Roy", time_zone="America/Whitehorse")
    sam = Actor.of(cast.sam)
    values = {name: getattr(cast.acme, name) for name in companies.EDITABLE}
    companies.update_company(cast.acme, values | {"billing_email": ONCE_AT}, by=sam)
    companies.update_company(cast.acme, values | {"billing_email": "compta@acme.example"}, by=sam)
    accounts.update_person(again(user), {"email": NOW_AT}, by=sam)
    make_licenses(1, cast.alice, cast.pro)
    licenses.activate(licenses.assign(cast.pro, again(user), alice), Actor.of(again(user), FROM))
    cart.add(cast.acme.id, cast.eco, 2, own)
    make_order(again(user), cast.pro, 1, paid=True)
    accounts.send_sign_in_link(again(user), sam)
    kept_forms.keep(user.id, "/profile", [("last_name", LAST)])
    make_request(
        again(user), f"{FIRST} needs one", state="declined", answered_at=utcnow(), answer=f"No, {FIRST}"
    )
    dismissals.put_away(again(user), "unused", "3")
    make_batch(again(user), f"{FIRST} {LAST}", FROM)
    with transaction() as turn:
        tokens.mint(turn, LinkPurpose.SIGN_IN, again(user))
    return again(user)


def test_nothing_of_somebody_is_left_anywhere_once_they_are_erased(cast, alice, zenobie):
    before = everything()
    assert all(trace in before for trace in TRACES), "the test would not notice what is left"
    erase(gone(zenobie, alice), alice)
    after = everything()
    left = [line for line in after.splitlines() if any(trace in line for trace in TRACES)]
    assert left == []
    for model in (Link, KeptForm, Dismissal):
        assert db.session.scalars(sa.select(model).where(model.user_id == zenobie.id)).all() == []


def test_what_everybody_else_did_and_was_told_reads_the_same(cast, alice, zenobie):
    oneself.change_profile(cast.bob, by=Actor.of(cast.bob, "198.51.100.2"), last_name="Roy")
    with transaction() as turn:
        tokens.mint(turn, LinkPurpose.SIGN_IN, cast.bob)
    kept_forms.keep(cast.bob.id, "/profile", [("last_name", "Roy")])
    gone(zenobie, alice)

    def others():
        db.session.rollback()
        told = sa.select(JournalPersonal.__table__).join(JournalEntry.__table__)
        of_people = told.where(JournalEntry.subject_type == "user").order_by(JournalEntry.id)
        statements = [
            of_people.where(JournalEntry.actor_id != zenobie.id, JournalEntry.subject_id != zenobie.id),
            sa.select(User.__table__).where(User.id != zenobie.id),
            *(
                sa.select(model.__table__).where(model.user_id != zenobie.id)
                for model in (Link, KeptForm, OutgoingMail, Assignment)
            ),
        ]
        return [db.session.execute(statement).all() for statement in statements]

    before = others()
    assert all(before[:5]), "there is nothing of others to lose"
    erase(zenobie, alice)
    assert others() == before


def test_an_erased_person_is_called_so_in_the_readers_language_and_has_no_address(cast, alice):
    user = erase(gone(cast.bob, alice), alice)
    assert user.email == f"{user.id}@erased.invalid"
    with force_locale("fr_CA"):
        assert (user.name, str(user)) == ("Personne effacée", "Personne effacée")
    with force_locale("en_CA"):
        assert user.name == "Erased person"


def test_two_erased_people_of_a_company_do_not_get_into_each_others_way(cast, alice):
    addresses = {erase(gone(user, alice), alice).email for user in (cast.bob, cast.dave)}
    assert len(addresses) == 2


@pytest.mark.one_database
@pytest.mark.parametrize("address", ["1@erased.invalid", "anybody@ERASED.invalid"])
def test_nobody_can_be_given_the_address_of_the_erased(cast, alice, address):
    values = {"email": address, "first_name": "A", "last_name": "B"}
    assert refused("bad_address", accounts.create_person, values, company_id=cast.acme.id, by=alice)


def test_whoever_was_erased_never_comes_in_again_and_their_address_is_free_for_others(cast, alice):
    oneself.sign_in_recorded(cast.bob, by=Actor.of(cast.bob), via="password")
    session, address = cast.bob.fs_uniquifier, cast.bob.email
    with transaction() as turn:
        token = tokens.mint(turn, LinkPurpose.SIGN_IN, cast.bob)
    user = erase(gone(cast.bob, alice), alice)
    assert user.fs_uniquifier != session
    assert tokens.find(token) is None
    assert (user.active, user.password, user.confirmed_at, user.signed_in_at) == (False, None, None, None)
    assert refused("erased_person", deactivation.reactivate, user, by=alice)
    assert refused("erased_person", accounts.update_person, user, {"first_name": "Bob"}, by=alice)
    assert refused("inactive_person", accounts.invite, user, alice)
    assert refused("inactive_person", accounts.send_sign_in_link, user, alice)
    assert not again(user).active
    assert oneself.find_all(address) == []
    values = {"email": address, "first_name": "Bob", "last_name": "Tremblay"}
    anew = accounts.create_person(values, company_id=cast.acme.id, by=alice)
    assert anew.id != user.id


def test_the_database_itself_lets_no_erased_person_in(cast, alice):
    user = erase(gone(cast.bob, alice), alice)
    for change in ({"active": True}, {"password": "x"}, {"confirmed_at": dt.datetime.now(dt.UTC)}):
        with pytest.raises(sa.exc.IntegrityError):
            db.session.execute(sa.update(User).where(User.id == user.id).values(**change))
        db.session.rollback()


# --- Who, and what is asked first --------------------------------------------------------------------------------------


def test_only_who_was_deactivated_is_erased_and_never_oneself(cast, alice):
    assert refused("still_active", erasure.erase, cast.bob, cast.bob.email, by=alice)
    assert refused("yourself", erasure.erase, cast.alice, cast.alice.email, by=alice)
    assert (cast.bob.first_name, cast.alice.first_name) == ("Bob", "Alice")


def test_the_last_administrator_stays_because_they_cannot_be_deactivated(cast):
    sam = Actor.of(cast.sam)
    assert refused("last_administrator", deactivation.deactivate, cast.carol, Seats.KEEP, by=sam)
    assert refused("still_active", erasure.erase, cast.carol, cast.carol.email, by=sam)


def test_whoever_lost_their_own_access_meanwhile_erases_nobody(cast, alice):
    gone(cast.bob, alice)
    gone(cast.alice, Actor.of(cast.erin))
    assert refused("access_ended", erasure.erase, cast.bob, cast.bob.email, by=alice)


@pytest.mark.parametrize("typed", ["", "bob", "dave@acme.example", "bob@acme.example.", "\x00"])
def test_another_address_typed_erases_nobody(cast, alice, typed):
    gone(cast.bob, alice)
    assert refused("not_confirmed", erasure.erase, cast.bob, typed, by=alice)
    assert again(cast.bob).first_name == "Bob"
    assert entries("person_erased") == []


def test_the_address_is_recognised_as_people_type_it(cast, alice):
    erasure.erase(gone(cast.bob, alice), " BOB@Acme.example ", by=alice)
    assert again(cast.bob).erased_at is not None


def test_staff_are_erased_by_staff(cast):
    gil = make_user(None, "Gil")
    sam = Actor.of(cast.sam)
    assert erase(gone(gil, sam), sam).name != "Gil Tremblay"


def test_erasing_twice_is_no_error_and_is_written_down_once(cast, alice):
    user = erase(gone(cast.bob, alice), alice)
    at = user.erased_at
    erasure.erase(user, "whatever", by=alice)
    assert again(user).erased_at == at
    (entry,) = entries("person_erased")
    assert (entry.subject_id, entry.before, entry.after) == (user.id, {}, {})


# --- What it has to do with seats, mail and undo ------------------------------------------------------------------------


def test_the_seat_that_was_kept_for_them_is_free_again_and_one_in_dispute_stays(cast, alice):
    (held,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    (disputed,) = make_licenses(1, cast.alice, cast.eco, holder=cast.dave)
    disputed.status = LicenseStatus.SUSPENDED
    db.session.commit()
    for user in (cast.bob, cast.dave):
        erase(gone(user, alice), alice)
    assert db.session.get(License, held.id).user_id is None
    assert db.session.get(License, disputed.id).user_id == cast.dave.id
    (assignment,) = db.session.scalars(sa.select(Assignment).where(Assignment.license_id == held.id))
    assert (assignment.user_id, assignment.ended_at is not None) == (cast.bob.id, True)


def test_mail_that_waits_for_them_is_not_sent_and_what_was_sent_says_so_still(cast, alice):
    accounts.send_sign_in_link(cast.bob, Actor.of(cast.sam))
    accounts.send_sign_in_link(cast.dave, Actor.of(cast.sam))
    erase(gone(cast.bob, alice), alice)
    mails = {mail.user_id: mail for mail in db.session.scalars(sa.select(OutgoingMail))}
    assert (mails[cast.bob.id].state, mails[cast.bob.id].last_error) == (MailState.DROPPED, "person_erased")
    assert mails[cast.dave.id].state == MailState.QUEUED


def operation(verb):
    db.session.rollback()
    return db.session.scalars(sa.select(Operation).where(Operation.verb == verb)).first()


def test_undo_ends_for_what_was_of_somebody_who_was_erased_since(cast, alice):
    make_licenses(2, cast.alice, cast.pro)
    held = licenses.assign(cast.pro, cast.bob, alice)
    erase(gone(cast.bob, alice), alice)
    with force_locale("en_CA"), pytest.raises(Refused) as caught:
        operations.undo(operation("license_assigned"), alice)
    assert caught.value.code == "all_moved"
    assert "erased since" in caught.value.sentence
    assert db.session.get(License, held.id).user_id is None


def test_undo_gives_back_to_the_others_and_names_what_was_left(cast, alice):
    seats = make_licenses(2, cast.alice, cast.pro)
    for seat, user in zip(seats, (cast.bob, cast.dave), strict=True):
        licenses.assign_license(seat, user, alice)
    held_by = {seat.id: user.id for seat, user in zip(seats, (cast.bob, cast.dave), strict=True)}
    licenses.release_all(cast.acme.id, held_by, alice)
    erase(gone(cast.bob, alice), alice)
    left = operations.undo(operation("license_released"), alice)
    assert len(left) == 1
    holders = [db.session.get(License, seat.id).user_id for seat in seats]
    assert holders == [None, cast.dave.id]


def test_erasing_itself_is_not_offered_to_be_taken_back_and_cannot_be(cast, alice):
    make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    erase(gone(cast.bob, alice), alice)
    erased = operation("person_erased")
    assert erased.id not in operations.undoable(cast.acme.id, dt.datetime.now(dt.UTC))
    assert refused("not_undoable", operations.undo, erased, alice)


# --- Races ------------------------------------------------------------------------------------------------------------


def _race(cast, together, monkeypatch, other):
    """Alice erases Bob while Erin does `other`, both having seen that he is deactivated and nothing more."""
    alice, erin, bob_id, address = Actor.of(cast.alice), Actor.of(cast.erin), cast.bob.id, cast.bob.email
    gone(cast.bob, alice)
    meet(monkeypatch, erasure, "check_actor", 2)

    def act(number):
        user = db.session.get_one(User, bob_id)
        return other(user, address, erin) if number else erasure.erase(user, address, by=alice)

    outcomes = together(2, act)
    return again(cast.bob), [outcome.error for outcome in outcomes]


def _erase_too(user, address, by):
    erasure.erase(user, address, by=by)


def test_of_two_who_erase_somebody_at_once_one_does_it(cast, together, monkeypatch):
    bob, errors = _race(cast, together, monkeypatch, _erase_too)
    assert errors == [None, None]
    assert bob.erased_at is not None
    assert len(entries("person_erased")) == 1


def test_without_the_lock_both_would_write_it_down(cast, together, monkeypatch):
    lock_off(monkeypatch)
    monkeypatch.setattr(erasure, "people_lock", lambda _company_id: transaction())
    read = db.session.get_one

    def get_one(*arguments, with_for_update=False, **options):
        return read(*arguments, **options)

    monkeypatch.setattr(db.session, "get_one", get_one)
    _bob, errors = _race(cast, together, monkeypatch, _erase_too)
    assert errors != [None, None] or len(entries("person_erased")) == 2, "the race test would not notice"


def test_who_is_let_in_again_while_a_colleague_erases_them_is_either_one_or_the_other(
    cast, together, monkeypatch
):
    bob, errors = _race(
        cast, together, monkeypatch, lambda user, _address, by: deactivation.reactivate(user, by=by)
    )
    (error,) = [error for error in errors if error]
    assert isinstance(error, Refused)
    assert error.code == ("still_active" if bob.active else "erased_person")
    assert bob.active == (bob.erased_at is None)
