"""Invitation links of a firm: who comes in by one, who does not, and what nobody is told."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
import time_machine as clock

from access import Actor, everything
from models import (
    Company,
    FirmLinkState,
    JoinRequest,
    Language,
    LinkPurpose,
    OutgoingMail,
    Role,
    db,
    utcnow,
)
from services.foundation.transaction import transaction
from services.joining import firm_links
from services.links import tokens
from services.links.tokens import DeadLinkError
from services.mail import outbox
from services.people import accounts, addresses, deactivation, oneself
from services.people.deactivation import Seats
from tests.asked import entries, refused
from tests.factories import make_firm_link, make_user
from tests.services.joining.newcomers import DAY, NADIA, ask, join, mails, people, today

# --- Coming in --------------------------------------------------------------------------------------------------------


def test_whoever_answers_at_an_address_of_the_domain_is_on_the_list_without_a_seat(cast, by):
    link = firm_links.make(cast.acme.id, " @ACME.example ", 2, today(cast), by=by)
    token = ask(link, Language.EN, email="Nadia@Acme.example")
    assert mails() == [("join_link", "nadia@acme.example")]
    assert "nadia@acme.example" not in people(cast), "nobody has shown yet that the address is theirs"
    nadia = join(token)
    assert (nadia.company_id, nadia.role, nadia.name) == (cast.acme.id, Role.MEMBER, "Nadia Roy")
    assert nadia.language == Language.EN
    assert nadia.active
    assert nadia.confirmed_at == nadia.signed_in_at
    assert nadia.covered_until is None
    assert (link.used, link.state()) == (1, FirmLinkState.OPEN)
    (joined,) = entries("person_joined")
    assert (joined.actor_id, joined.subject_id, joined.company_id) == (nadia.id, nadia.id, cast.acme.id)
    assert joined.related == {"firm_link": link.id}
    assert joined.personal.after == {"email": "nadia@acme.example", "first_name": "Nadia", "last_name": "Roy"}
    (made,) = entries("firm_link_made")
    assert made.after == {"domain": "acme.example", "places": 2, "last_day": today(cast).isoformat()}
    assert not db.session.scalars(sa.select(JoinRequest)).all(), "what was typed is kept once, in the list"


def test_the_mail_has_the_link_and_nothing_that_a_stranger_typed(cast, smtp):
    token = ask(make_firm_link(cast.alice), first_name="Gagnez", last_name="un voyage")
    outbox.send_due()
    (message,) = smtp.messages
    text = message.get_body(("plain",)).get_content()
    assert re.search(rf"/join/answer/{re.escape(token)}\r?$", text, re.MULTILINE)
    assert "voyage" not in message.as_string()
    assert "Acme" in message["Subject"]
    assert join(token).first_name == "Gagnez"


def test_a_mail_of_a_link_that_is_withdrawn_meanwhile_does_not_leave(cast, by, smtp):
    link = make_firm_link(cast.alice)
    ask(link)
    firm_links.withdraw(link, by=by)
    outbox.send_due()
    mail = db.session.scalars(sa.select(OutgoingMail)).one()
    assert (mail.state, mail.last_error, smtp.messages) == ("dropped", "link_gone", [])


def test_who_is_on_the_list_already_is_mailed_a_sign_in_link_and_takes_no_place(cast):
    link = make_firm_link(cast.alice)
    assert ask(link, email="BOB@acme.example") is None
    assert mails() == [("sign_in_link", "bob@acme.example")]
    assert link.used == 0
    assert (cast.bob.first_name, cast.bob.last_name) == ("Bob", "Tremblay")


def test_who_was_added_after_asking_is_signed_in_and_takes_no_place(cast, by):
    link = make_firm_link(cast.alice)
    first, second = ask(link), ask(link)
    added = accounts.create_person(NADIA, company_id=cast.acme.id, by=by)
    assert join(first).id == added.id
    assert join(second).id == added.id
    assert link.used == 0
    assert not entries("person_joined")


def test_who_was_deactivated_does_not_come_back_by_a_link(cast, by):
    link = make_firm_link(cast.alice)
    deactivation.deactivate(cast.bob, Seats.KEEP, by=by)
    assert ask(link, email="bob@acme.example") is None
    assert mails() == []
    # Nor whoever was deactivated between the mail and its answer.
    token = ask(link)
    nadia = accounts.create_person(NADIA, company_id=cast.acme.id, by=by)
    deactivation.deactivate(nadia, Seats.KEEP, by=by)
    assert firm_links.find_request(token) is None
    with pytest.raises(DeadLinkError):
        join(token)
    assert not nadia.active
    assert link.used == 0


def test_an_address_that_is_somebodys_elsewhere_is_mailed_as_any_other_and_stays_theirs(cast):
    link = make_firm_link(cast.alice, domain="globex.example")
    oneself.sign_in_recorded(cast.charlie, by=Actor.of(cast.charlie), via="password")
    unknown, known = ask(link, email="nobody@globex.example"), ask(link, email="charlie@globex.example")
    assert unknown
    assert mails() == [("join_link", "nobody@globex.example"), ("join_link", "charlie@globex.example")]
    assert refused("address_claimed", join, known)
    assert (link.used, people(cast) & {"charlie@globex.example"}) == (0, set())
    assert firm_links.find_request(known) is not None, "nothing was used up"


def test_who_gave_up_the_address_elsewhere_first_comes_in_by_the_same_mail(cast):
    link = make_firm_link(cast.alice, domain="globex.example")
    oneself.sign_in_recorded(cast.charlie, by=Actor.of(cast.charlie), via="password")
    token = ask(link, email="charlie@globex.example")
    addresses.ask(cast.charlie, "charles@globex.example", by=Actor.of(cast.carol))
    with transaction() as turn:
        moved = tokens.mint(turn, LinkPurpose.ADDRESS, cast.charlie, email="charles@globex.example")
    addresses.confirm(moved, address=None)
    assert join(token).company_id == cast.acme.id


def test_a_place_that_was_taken_is_not_had_again_by_shutting_who_came_out(cast, by):
    """Elsewhere a link for one let people in for ever, each after the one before had been removed."""
    link = make_firm_link(cast.alice, places=1)
    first, second = ask(link, email="nadia@acme.example"), ask(link, email="omar@acme.example")
    nadia = join(first)
    deactivation.deactivate(nadia, Seats.KEEP, by=by)
    for act in (lambda: join(second), lambda: ask(link, email="paul@acme.example")):
        with pytest.raises(DeadLinkError):
            act()
    assert (link.used, link.state()) == (1, FirmLinkState.FULL)


# --- Links that let nobody in ------------------------------------------------------------------------------------------


def test_a_withdrawn_link_lets_nobody_in_even_who_has_asked_already(cast, by):
    link = make_firm_link(cast.alice)
    token = ask(link)
    firm_links.withdraw(link, by=by)
    firm_links.withdraw(link, by=by)
    assert link.state() == FirmLinkState.WITHDRAWN
    assert len(entries("firm_link_withdrawn")) == 1
    for act in (lambda: ask(link), lambda: join(token)):
        with pytest.raises(DeadLinkError):
            act()


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "é" * 43, "a" * 10_000])
def test_a_guessed_token_finds_nothing(cast, token):
    make_firm_link(cast.alice)
    assert firm_links.find(token) is firm_links.find_request(token) is None
    with pytest.raises(DeadLinkError):
        ask(token)
    with pytest.raises(DeadLinkError):
        join(token)


def test_an_altered_token_is_another_one_and_a_link_is_no_mail(cast):
    link = make_firm_link(cast.alice)
    token = str(tokens.grown(link))
    mailed = ask(link)
    assert firm_links.find(token.swapcase()) is firm_links.find(token[:-1]) is None
    assert firm_links.find(mailed) is firm_links.find_request(token) is None
    assert tokens.find(mailed) is None


def test_a_copy_of_the_database_tells_no_token(cast, app, monkeypatch):
    link = make_firm_link(cast.alice)
    token = str(tokens.grown(link))
    assert token not in {link.seed, link.token_hash}
    assert firm_links.find(link.seed) is firm_links.find(link.token_hash) is None
    # Whoever has another secret makes another token of the seed; the link given out works on.
    monkeypatch.setitem(app.config, "SECRET_KEY", "another one, and long enough to be one")
    assert tokens.grown(link) is None
    assert firm_links.find(token) == link


def test_a_mail_is_answered_within_a_day_and_what_was_typed_is_forgotten_then(cast):
    link = make_firm_link(cast.alice)
    token, now = ask(link), utcnow()
    with clock.travel(now + DAY - dt.timedelta(minutes=1), tick=False):
        firm_links.forget_unanswered()
        assert firm_links.find_request(token) is not None
    with clock.travel(now + DAY + dt.timedelta(minutes=1), tick=False):
        assert firm_links.find_request(token) is None
        with pytest.raises(DeadLinkError):
            join(token)
        firm_links.forget_unanswered()
    assert not db.session.scalars(sa.select(JoinRequest)).all()


def test_the_desk_is_no_relay_and_its_refusal_tells_nobody_who_is_known(cast, monkeypatch):
    monkeypatch.setattr(firm_links, "MAX_UNANSWERED", 2)
    link = make_firm_link(cast.alice, places=9)
    first = ask(link, email="one@acme.example")
    ask(link, email="two@acme.example")
    for email in ("three@acme.example", "bob@acme.example"):
        assert refused("too_many", ask, link, email=email)
    # Who answers has shown that the mail was wanted.
    join(first)
    assert ask(link, email="three@acme.example")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"email": "nadia"}, "bad_address"),
        ({"email": ""}, "empty"),
        ({"first_name": " "}, "empty"),
        ({"last_name": "https://evil.example"}, "bad_name"),
        ({"first_name": "Na\u202edia"}, "bad_text"),
        ({"first_name": "N" * 101}, "too_long"),
    ],
)
def test_bad_input_is_refused_in_a_sentence_and_mails_nobody(cast, typed, code):
    assert refused(code, ask, make_firm_link(cast.alice), **typed)
    assert mails() == []


# --- Whose they are ---------------------------------------------------------------------------------------------------


def test_support_makes_and_withdraws_one_for_a_customer_and_the_journal_says_so(cast):
    sam = Actor.of(cast.sam)
    link = firm_links.make(cast.acme.id, "acme.example", 1, today(cast), by=sam)
    firm_links.withdraw(link, by=sam)
    for verb in ("firm_link_made", "firm_link_withdrawn"):
        (entry,) = entries(verb)
        assert (entry.company_id, entry.on_behalf_of_id) == (cast.acme.id, cast.acme.id)


def test_an_administrator_who_was_demoted_meanwhile_makes_none(cast, by):
    link = make_firm_link(cast.alice)
    cast.alice.role = Role.MEMBER
    db.session.commit()
    assert refused("access_ended", firm_links.make, cast.acme.id, "acme.example", 1, today(cast), by=by)
    assert refused("access_ended", firm_links.withdraw, link, by=by)


def test_the_same_address_may_be_asked_for_at_two_firms_and_is_of_the_one_answered_first(cast):
    with everything():
        other = make_firm_link(cast.carol, domain="acme.example")
        here, there = ask(make_firm_link(cast.alice)), ask(other)
        assert join(there).company_id == cast.globex.id
        assert refused("address_claimed", join, here)
        assert db.session.scalar(sa.select(sa.func.count(Company.id))) == 2


def test_a_person_of_another_firm_with_that_address_is_no_reason_to_let_nobody_in(cast):
    make_user(cast.globex, email="nadia@acme.example")
    assert join(ask(make_firm_link(cast.alice))).company_id == cast.acme.id
