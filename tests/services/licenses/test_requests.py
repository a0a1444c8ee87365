"""Asking for a licence: once however often, answered once however many answer, closed with whatever answers it."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from access import Actor
from models import JournalEntry, LicenseRequest, LicenseStatus, Operation, OutgoingMail, User, db, utcnow
from services import licenses
from services.foundation import operations
from services.licenses import requests
from services.people import deactivation
from services.people.deactivation import Seats
from tests.asked import refused
from tests.factories import make_company, make_licenses, make_request, make_user
from tests.together import lock_off, meet


@pytest.fixture
def bob(cast):
    return Actor.of(cast.bob)


def states():
    db.session.rollback()
    found = db.session.scalars(sa.select(LicenseRequest).order_by(LicenseRequest.id))
    return [str(asked.state) for asked in found]


def mails(kind=None):
    db.session.rollback()
    found = db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id))
    return [(mail.template, mail.user_id or mail.address) for mail in found if kind in {None, mail.template}]


def verbs():
    return list(db.session.scalars(sa.select(JournalEntry.verb).order_by(JournalEntry.id)))


# --- Asking -----------------------------------------------------------------------------------------------------------


def test_whoever_asks_reaches_every_administrator_once_and_nobody_else(cast, bob):
    make_user(cast.acme, "Gone", role="admin", active=False)
    requests.ask(cast.bob, "  Je signe les contrats.\r\nMerci!  ", bob)
    assert mails() == [("license_requested", cast.alice.id), ("license_requested", cast.erin.id)]
    asked = db.session.scalars(sa.select(LicenseRequest)).one()
    assert (asked.user_id, asked.word, asked.company_id) == (
        cast.bob.id,
        "Je signe les contrats.\nMerci!",
        cast.acme.id,
    )
    entry = db.session.scalars(sa.select(JournalEntry)).one()
    assert (entry.verb, entry.subject_type, entry.subject_id) == ("license_requested", "user", cast.bob.id)
    # The word is in the request alone: what is erased there is nowhere else.
    assert "contrats" not in str([entry.related, entry.before, entry.after, entry.personal])
    assert "contrats" not in str([mail.context for mail in db.session.scalars(sa.select(OutgoingMail))])


def test_asking_twice_is_once_and_the_second_word_takes_the_place_of_the_first(cast, bob):
    first = requests.ask(cast.bob, "Un.", bob).id
    assert requests.ask(cast.bob, "", bob).word == "Un."
    again = requests.ask(cast.bob, "Deux.", bob)
    assert (again.id, again.word) == (first, "Deux.")
    assert states() == ["open"]
    assert len(mails()) == 2
    assert verbs() == ["license_requested"]


def test_where_nobody_may_give_licences_support_is_told_and_no_customer_sees_that_mail(cast):
    company = make_company("Orphan")
    person = make_user(company, "Alone")
    requests.ask(person, "", Actor.of(person))
    assert mails() == [("license_requested", cast.vendor.support_email)]
    assert db.session.scalars(sa.select(OutgoingMail.company_id)).all() == [None]


def test_a_vendor_without_an_address_loses_no_request(cast):
    cast.vendor.support_email = ""
    db.session.commit()
    person = make_user(make_company("Orphan"), "Alone")
    requests.ask(person, "", Actor.of(person))
    assert mails() == []
    assert states() == ["open"]


@pytest.mark.parametrize("status", [LicenseStatus.ACTIVE, LicenseStatus.SUSPENDED])
def test_whoever_has_a_licence_has_nothing_to_ask_for(cast, bob, status):
    make_licenses(1, cast.alice, cast.pro, holder=cast.bob, status=status)
    assert refused("already_holds", requests.ask, cast.bob, "", bob)
    assert states() == []


def test_whose_licence_has_expired_may_ask(cast, bob):
    ago = utcnow() - dt.timedelta(days=400)
    make_licenses(1, cast.alice, cast.pro, holder=cast.bob, starts=ago)
    requests.ask(cast.bob, "", bob)
    assert states() == ["open"]


def test_whoever_was_deactivated_meanwhile_asks_for_nothing(cast, alice, bob):
    user = cast.bob
    deactivation.deactivate(user, Seats.KEEP, by=alice)
    assert refused("access_ended", requests.ask, user, "", bob)
    assert states() == []


def test_the_vendors_staff_ask_for_nothing(cast):
    with pytest.raises(LookupError):
        requests.ask(cast.sam, "", Actor.of(cast.sam))


@pytest.mark.parametrize(
    ("word", "code"),
    [("x" * 501, "too_long"), ("x" * 10_000, "too_long"), ("a\u202eb", "bad_text"), ("a\x00b", "bad_text")],
)
def test_a_word_that_cannot_be_stored_changes_nothing(cast, alice, bob, word, code):
    assert refused(code, requests.ask, cast.bob, word, bob)
    assert states() == []
    asked = requests.ask(cast.bob, "é" * 500, bob)
    assert refused(code, requests.decline, asked, word, alice)
    assert states() == ["open"]
    assert len(mails()) == 2


def test_nobody_mails_their_administrators_all_day(cast, bob, time_machine):
    time_machine.move_to("2026-03-02 12:00Z", tick=False)
    for _number in range(requests.MAX_A_DAY):
        requests.withdraw(requests.ask(cast.bob, "", bob), bob)
    assert refused("too_many", requests.ask, cast.bob, "", bob)
    time_machine.move_to("2026-03-03 12:00Z", tick=False)
    requests.ask(cast.bob, "", bob)
    assert states()[-1] == "open"


# --- Answering --------------------------------------------------------------------------------------------------------


def test_a_licence_answers_the_request_in_the_same_act(cast, alice, bob):
    asked = requests.ask(cast.bob, "", bob)
    make_licenses(1, cast.alice, cast.pro)
    licenses.assign(cast.pro, cast.bob, alice, asked=asked.id)
    db.session.rollback()
    row = db.session.get_one(LicenseRequest, asked.id)
    assert (row.state, row.answered_by_id) == ("given", cast.alice.id)
    assert mails()[2:] == [("license_assigned", cast.bob.id)]
    # A double click is one act.
    licenses.assign(cast.pro, cast.bob, alice, asked=asked.id)
    assert len(mails()) == 3


@pytest.mark.parametrize("way", ["license", "transfer", "staff"])
def test_a_licence_that_comes_another_way_answers_it_too(cast, alice, bob, way):
    requests.ask(cast.bob, "", bob)
    (license,) = make_licenses(1, cast.alice, cast.pro, holder=cast.dave if way == "transfer" else None)
    if way == "license":
        licenses.assign_license(license, cast.bob, alice)
    elif way == "transfer":
        licenses.transfer(license, cast.bob, alice, held_by=cast.dave.id)
    else:
        licenses.assign(cast.pro, cast.bob, Actor.of(cast.sam))
    assert states() == ["given"]


def test_an_undone_gift_leaves_the_request_open_as_it_was(cast, alice, bob):
    requests.ask(cast.bob, "", bob)
    make_licenses(1, cast.alice, cast.pro)
    licenses.assign(cast.pro, cast.bob, alice)
    given = db.session.scalars(sa.select(Operation).filter_by(verb="license_assigned")).one()
    assert operations.undo(given, alice) == []
    assert states() == ["open"]
    assert db.session.scalars(sa.select(LicenseRequest.answered_by_id)).all() == [None]
    licenses.assign(cast.pro, cast.bob, alice)
    assert states() == ["given"]


def test_a_gift_that_moved_since_keeps_the_request_answered(cast, alice, bob):
    requests.ask(cast.bob, "", bob)
    make_licenses(2, cast.alice, cast.pro)
    license = licenses.assign(cast.pro, cast.bob, alice)
    given = db.session.scalars(sa.select(Operation).filter_by(verb="license_assigned")).one()
    licenses.release(license, alice, held_by=cast.bob.id)
    licenses.assign(cast.pro, cast.bob, alice)
    assert refused("all_moved", operations.undo, given, alice)
    assert states() == ["given"]


def test_declining_tells_the_person_once_with_the_word(cast, alice, bob):
    asked = requests.ask(cast.bob, "", bob)
    requests.decline(asked, "En janvier.", alice)
    requests.decline(asked, "Jamais.", alice)
    db.session.rollback()
    row = db.session.get_one(LicenseRequest, asked.id)
    assert (row.state, row.answer, row.answered_by_id) == ("declined", "En janvier.", cast.alice.id)
    assert mails("request_declined") == [("request_declined", cast.bob.id)]
    assert verbs() == ["license_requested", "request_declined"]


def test_whoever_was_declined_may_ask_again(cast, alice, bob):
    requests.decline(requests.ask(cast.bob, "", bob), "", alice)
    requests.ask(cast.bob, "S’il vous plaît.", bob)
    assert states() == ["declined", "open"]


def test_what_a_colleague_has_answered_is_named_and_nothing_changes(cast, alice, bob):
    erin, asked = Actor.of(cast.erin), requests.ask(cast.bob, "", bob)
    make_licenses(1, cast.alice, cast.pro)
    requests.decline(asked, "", erin)
    with pytest.raises(requests.Refused) as declined:
        requests.decline(asked, "", alice)
    assert "Erin Tremblay" in declined.value.sentence
    assert refused("already_answered", licenses.assign, cast.pro, cast.bob, alice, asked=asked.id)
    assert refused("already_answered", requests.withdraw, asked, bob)
    assert states() == ["declined"]
    again = requests.ask(cast.bob, "", bob)
    licenses.assign(cast.pro, cast.bob, erin, asked=again.id)
    assert refused("already_answered", licenses.assign, cast.pro, cast.bob, alice, asked=again.id)
    assert refused("already_answered", requests.decline, again, "", alice)
    assert states() == ["declined", "given"]


def test_one_withdraws_ones_own_request_and_nobody_elses(cast, alice, bob):
    asked = requests.ask(cast.bob, "", bob)
    with pytest.raises(LookupError):
        requests.withdraw(asked, alice)
    requests.withdraw(asked, bob)
    requests.withdraw(asked, bob)
    assert states() == ["withdrawn"]
    assert verbs() == ["license_requested", "request_withdrawn"]
    assert refused("already_answered", requests.decline, asked, "", alice)


def test_a_request_ends_with_the_account_of_whoever_asked(cast, alice, bob):
    requests.ask(cast.bob, "", bob)
    deactivation.deactivate(cast.bob, Seats.KEEP, by=alice)
    assert states() == ["withdrawn"]
    deactivation.reactivate(cast.bob, by=alice)
    assert states() == ["withdrawn"]


# --- Races ------------------------------------------------------------------------------------------------------------


def _ten_clicks(cast, together, monkeypatch):
    """Whoever has seen that nothing is asked yet waits for the others."""
    meet(monkeypatch, requests, "_check_rate", 10)
    user_id, actor = cast.bob.id, Actor.of(cast.bob)
    outcomes = together(10, lambda _n: requests.ask(db.session.get_one(User, user_id), "", actor).id)
    return [outcome.error for outcome in outcomes if outcome.error]


def test_ten_clicks_at_once_are_one_request(cast, together, monkeypatch):
    assert _ten_clicks(cast, together, monkeypatch) == []
    assert states() == ["open"]
    assert len(mails()) == 2


def test_without_the_lock_ten_clicks_go_wrong(cast, together, monkeypatch):
    lock_off(monkeypatch)
    assert _ten_clicks(cast, together, monkeypatch), "the race test would not notice a missing lock"


def _given_and_declined(cast, together, monkeypatch):
    """Alice gives a licence while Erin declines; whoever has seen that nobody has answered waits for the other."""
    asked = make_request(cast.bob)
    make_licenses(1, cast.alice, cast.pro)
    meet(monkeypatch, requests, "check_open", 2)
    plan, user, request_id = type(cast.pro), cast.bob.id, asked.id
    plan_id, alice, erin = cast.pro.id, Actor.of(cast.alice), Actor.of(cast.erin)

    def answer(number):
        if number:
            return requests.decline(db.session.get_one(LicenseRequest, request_id), "", erin)
        return licenses.assign(
            db.session.get_one(plan, plan_id), db.session.get_one(User, user), alice, asked=request_id
        )

    together(2, answer)
    return sorted(kind for kind, _to in mails())


def test_a_request_that_two_answer_at_once_has_one_answer(cast, together, monkeypatch):
    told = _given_and_declined(cast, together, monkeypatch)
    assert told in (["license_assigned"], ["request_declined"])
    assert states() == ["given" if told == ["license_assigned"] else "declined"]


def _asked_and_shut_out(cast, together, monkeypatch):
    """Bob asks while Alice shuts his account: he has written it down, and waits a second before it is told."""
    meet(monkeypatch, requests.letters, "license_requested", 2)
    user_id, alice, bob = cast.bob.id, Actor.of(cast.alice), Actor.of(cast.bob)

    def act(number):
        user = db.session.get_one(User, user_id)
        if number:
            return requests.ask(user, "", bob)
        return deactivation.deactivate(user, Seats.KEEP, by=alice)

    errors = [outcome.error for outcome in together(2, act)]
    wrong = any(error is not None and not isinstance(error, requests.Refused) for error in errors)
    return wrong or "open" in states()


def test_no_request_outlives_the_account_that_was_shut_meanwhile(cast, together, monkeypatch):
    """Twice kept: by the company's lock, and on PostgreSQL by the row that a request points at."""
    assert not _asked_and_shut_out(cast, together, monkeypatch)
