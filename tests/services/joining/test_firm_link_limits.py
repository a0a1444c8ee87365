"""The limits of a firm's invitation link: a domain, a number, a day, and the race for its last place."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
import time_machine as clock

from models import (
    FirmLink,
    FirmLinkState,
    db,
)
from services.joining import firm_links
from services.links.tokens import DeadLinkError
from tests.asked import entries, refused
from tests.factories import make_firm_link
from tests.services.joining.newcomers import DAY, ask, join, mails, people, today
from tests.together import lock_off, meet

# --- The domain -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "email",
    [
        "nadia@globex.example",
        "nadia@mail.acme.example",
        "nadia@notacme.example",
        "nadia@acme.example.evil.example",
        "nadia@acme.exampl\u0435",
        "acme.example@evil.example",
    ],
)
def test_a_link_forwarded_to_another_domain_lets_nobody_in(cast, email):
    assert refused("link_for_others", ask, make_firm_link(cast.alice), email=email)
    assert mails() == []


@pytest.mark.parametrize("typed", ["québec.example", "QUÉBEC.example", "xn--qubec-csa.example"])
@pytest.mark.parametrize("email", ["nadia@québec.example", "nadia@XN--QUBEC-CSA.example"])
def test_a_domain_with_accents_is_the_same_in_both_of_its_spellings(cast, by, typed, email):
    link = firm_links.make(cast.acme.id, typed, 1, today(cast), by=by)
    db.session.expire_all()
    assert link.domain == "québec.example"
    assert join(ask(link, email=email)).email == "nadia@québec.example"


@pytest.mark.parametrize(
    "domain",
    [
        "",
        " ",
        "@",
        "acme",
        "acme .example",
        "acme..example",
        "-acme.example",
        "[192.0.2.1]",
        "a" * 300,
        "a\0b.example",
    ],
)
def test_what_is_no_domain_is_refused_in_a_sentence(cast, by, domain):
    assert refused("bad_domain", firm_links.make, cast.acme.id, domain, 1, today(cast), by=by)
    assert not db.session.scalars(sa.select(FirmLink)).all()


@pytest.mark.parametrize("domain", ["gmail.com", "GMail.com", "hotmail.fr", "videotron.ca"])
def test_a_domain_of_which_everybody_can_have_an_address_is_refused(cast, by, domain):
    assert refused("public_domain", firm_links.make, cast.acme.id, domain, 1, today(cast), by=by)


# --- The number and the day -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("places", "fits"), [(None, False), (0, False), (1, True), (1000, True), (1001, False)]
)
def test_a_link_is_for_one_to_a_thousand_people(cast, by, places, fits):
    arguments = (cast.acme.id, "acme.example", places, today(cast))
    if fits:
        assert firm_links.make(*arguments, by=by).places == places
    else:
        assert refused("bad_number", firm_links.make, *arguments, by=by)


def test_a_link_ends_today_at_the_earliest_and_in_a_year_at_the_latest(cast, by):
    def make(last_day):
        return firm_links.make(cast.acme.id, "acme.example", 1, last_day, by=by)

    assert refused("past_day", make, today(cast) - DAY)
    assert refused("far_day", make, today(cast) + 367 * DAY)
    assert refused("far_day", make, dt.date.max)
    assert refused("empty", make, None)
    assert make(today(cast)).state() == make(today(cast) + 366 * DAY).state() == FirmLinkState.OPEN


def test_a_link_works_until_its_last_day_is_over_where_the_company_is(cast, by):
    link = firm_links.make(cast.acme.id, "acme.example", 9, today(cast), by=by)
    token = ask(link)
    with clock.travel(link.expires_at - dt.timedelta(seconds=1), tick=False):
        assert ask(link, email="last@acme.example")
    with clock.travel(link.expires_at, tick=False):
        assert link.state() == FirmLinkState.EXPIRED
        with pytest.raises(DeadLinkError):
            ask(link)
        with pytest.raises(DeadLinkError):
            join(token)


def test_nobody_comes_in_past_the_number(cast):
    link = make_firm_link(cast.alice, places=1)
    first, late = ask(link), ask(link, email="late@acme.example")
    join(first)
    assert link.state() == FirmLinkState.FULL
    for act in (lambda: ask(link, email="later@acme.example"), lambda: join(late)):
        with pytest.raises(DeadLinkError):
            act()
    assert "late@acme.example" not in people(cast)
    assert link.used == 1


def _race_for_the_last_place(cast, together, monkeypatch):
    """How many of four come in by a link for one, each with a mail of their own."""
    link = make_firm_link(cast.alice, places=1)
    asked = [ask(link, email=f"rival{number}@acme.example") for number in range(4)]
    meet(monkeypatch, firm_links, "_enter", 4)
    outcomes = together(4, lambda number: join(asked[number]).id)
    faults = [one.error for one in outcomes if one.error and not isinstance(one.error, DeadLinkError)]
    came_in = len([email for email in people(cast) if email.startswith("rival")])
    return came_in, faults


def test_of_four_who_take_the_last_place_at_once_one_comes_in(cast, together, monkeypatch):
    assert _race_for_the_last_place(cast, together, monkeypatch) == (1, [])


def test_without_the_lock_several_would_take_the_last_place_or_break(cast, together, monkeypatch):
    lock_off(monkeypatch)
    came_in, faults = _race_for_the_last_place(cast, together, monkeypatch)
    assert came_in > 1 or faults


def test_in_two_tabs_the_same_mail_is_answered_once(cast, together):
    link = make_firm_link(cast.alice)
    token = ask(link)
    outcomes = together(2, lambda _number: join(token).id)
    errors = [outcome.error for outcome in outcomes if outcome.error]
    assert [type(error) for error in errors] == [DeadLinkError]
    db.session.rollback()
    assert (link.used, len(entries("person_joined"))) == (1, 1)


def test_two_mails_of_one_person_answered_at_once_are_one_account_and_one_place(cast, together):
    link = make_firm_link(cast.alice)
    asked = [ask(link), ask(link)]
    outcomes = together(2, lambda number: join(asked[number]).id)
    assert outcomes[0].value == outcomes[1].value is not None
    db.session.rollback()
    assert link.used == 1


def test_a_withdrawal_and_an_answer_at_once_leave_nobody_in_after_it(cast, by, together):
    link = make_firm_link(cast.alice, places=9)
    asked = [ask(link, email=f"rival{number}@acme.example") for number in range(3)]
    link_id = link.id

    def act(number):
        if number == 3:
            return firm_links.withdraw(db.session.get_one(FirmLink, link_id), by=by)
        return join(asked[number]).id

    outcomes = together(4, act)
    assert all(one.error is None or isinstance(one.error, DeadLinkError) for one in outcomes)
    db.session.rollback()
    joined = entries("person_joined")
    assert link.used == len(joined)
    assert all(entry.at <= link.withdrawn_at for entry in joined)
