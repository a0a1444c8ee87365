"""The pages of an invitation link: what whoever follows one reads, types and is told; and every link that lets nobody in."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
import time_machine as clock
from flask import Flask

from access import Actor
from models import FirmLink, JoinRequest, OutgoingMail, User, db, utcnow
from services.joining import firm_links
from services.links import tokens
from services.people import deactivation
from services.people.deactivation import Seats
from tests import factories
from tests.client import Client, make_client
from tests.conftest import Cast, MakeApp
from tests.web.pages import heading, is_signed_in, without_tokens
from web.limits import limiter

NADIA = {"email": "nadia@acme.example", "first_name": "Nadia", "last_name": "Roy"}
DEAD = "Cette invitation ne fonctionne plus"
DAY = dt.timedelta(days=1)


@pytest.fixture
def link(cast: Cast) -> FirmLink:
    return factories.make_firm_link(cast.alice)


def path_of(link: FirmLink) -> str:
    return f"/join/{tokens.grown(link)}"


def mailed() -> str:
    """The path of the last mail to somebody who is on no list."""
    db.session.rollback()
    newest = sa.select(JoinRequest).order_by(JoinRequest.id.desc()).limit(1)
    return f"/join/answer/{tokens.grown(db.session.scalars(newest).one())}"


def test_whoever_follows_it_sees_which_company_and_domain_then_answers_the_mail_and_is_in(
    client: Client, cast: Cast, link: FirmLink
) -> None:
    page = client.get(path_of(link))
    assert heading(page) == "Rejoindre Acme"
    assert "@acme.example" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert client.post(path_of(link), data=NADIA).status_code == 200
    assert not is_signed_in(client)
    answer = mailed()
    scanner = make_client(client.application)
    for _ in range(2):
        assert scanner.head(answer).status_code == scanner.get(answer).status_code == 200
    assert "Nadia Roy" in scanner.get(answer).text
    assert client.post(answer).location == "/portal/"
    home = client.get("/portal/", follow_redirects=True).text
    assert "Vous êtes dans la liste" in home.replace("\u00a0", " ")
    assert is_signed_in(client)
    # In the other tab.
    other = make_client(client.application)
    late = other.post(answer)
    assert (late.status_code, heading(late)) == (404, DEAD)
    assert not is_signed_in(other)


def test_the_pages_are_in_english_for_who_reads_english_and_so_is_the_person_from_then_on(
    client: Client, link: FirmLink
) -> None:
    english = {"headers": {"Accept-Language": "en"}}
    assert heading(client.get(path_of(link), **english)) == "Join Acme"
    client.post(path_of(link), data=NADIA, **english)
    assert heading(client.get(mailed(), **english)) == "Join Acme"
    client.post(mailed())
    assert db.session.scalars(sa.select(User).filter_by(email=NADIA["email"])).one().language == "en"


def test_the_answer_tells_nothing_of_who_is_known_here_or_elsewhere(
    client: Client, cast: Cast, app: Flask
) -> None:
    links = {
        domain: factories.make_firm_link(cast.alice, domain=domain)
        for domain in ("acme.example", "globex.example")
    }
    deactivation.deactivate(cast.dave, Seats.KEEP, by=Actor.of(cast.alice))
    pages = set()
    for email in (
        "nobody@acme.example",
        "bob@acme.example",
        "dave@acme.example",
        "charlie@globex.example",
        "nobody@globex.example",
    ):
        path = path_of(links[email.partition("@")[2]])
        answer = make_client(app).post(path, data=NADIA | {"email": email})
        assert answer.status_code == 200
        pages.add(without_tokens(answer.text).replace(email, "…").replace(path, "/join/…"))
    assert len(pages) == 1


def test_an_unknown_address_is_answered_no_sooner_than_a_known_one(
    client: Client, app: Flask, link: FirmLink
) -> None:
    app.config["LINK_ANSWER_SECONDS"] = 0.3
    for email in ("nobody@acme.example", "bob@acme.example"):
        began = utcnow()
        client.post(path_of(link), data=NADIA | {"email": email})
        assert utcnow() - began >= dt.timedelta(seconds=0.3)


def test_another_domain_is_refused_beside_its_field_and_what_was_typed_is_kept(
    client: Client, link: FirmLink
) -> None:
    page = client.post(path_of(link), data=NADIA | {"email": "nadia@globex.example"})
    assert page.status_code == 422
    assert "Ce lien est pour les adresses qui finissent par @" in page.text
    assert 'aria-invalid="true"' in page.text
    for typed in ("nadia@globex.example", "Nadia", "Roy"):
        assert f'value="{typed}"' in page.text
    assert not db.session.scalars(sa.select(OutgoingMail)).all()


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"email": "nadia"},
        {"email": "nadia@acme.example" * 20},
        {"email": "na\x00dia@acme.example"},
        {"email": "a@acme.example", "first_name": "\u202e", "last_name": "Roy"},
        {"email": "a@acme.example", "first_name": "x" * 10_000, "last_name": "Roy"},
        {"email": "a@acme.example", "first_name": "https://evil.example", "last_name": "Roy"},
    ],
)
def test_bad_input_is_a_sentence_and_mails_nobody(
    client: Client, link: FirmLink, typed: dict[str, str]
) -> None:
    assert client.post(path_of(link), data=typed).status_code in {400, 422}
    assert not db.session.scalars(sa.select(OutgoingMail)).all()


def _dead_paths(cast: Cast) -> dict[str, str]:
    """A path for each reason for which nobody comes in."""
    by, live = Actor.of(cast.alice), factories.make_firm_link(cast.alice)
    full = factories.make_firm_link(cast.alice, used=2)
    old = factories.make_firm_link(cast.alice, expires_at=utcnow() - DAY)
    gone = factories.make_firm_link(cast.alice)
    firm_links.withdraw(gone, by=by)
    paths = {
        "full": path_of(full),
        "past its date": path_of(old),
        "withdrawn": path_of(gone),
        "altered": path_of(live)[:-1],
        "guessed": "/join/" + "A" * 43,
        "not ASCII": "/join/" + "é" * 43,
        "too long": "/join/" + "a" * 5_000,
        "answer, guessed": "/join/answer/" + "A" * 43,
        "answer, a firm's link": path_of(live).replace("/join/", "/join/answer/"),
    }
    for name, end in {
        "full": {"used": 2},
        "past its date": {"expires_at": utcnow() - DAY},
        "withdrawn": {"withdrawn_at": utcnow()},
    }.items():
        link = factories.make_firm_link(cast.alice)
        firm_links.ask(path_of(link)[6:], NADIA, cast.alice.language, by=Actor())
        paths[f"answer, {name}"] = mailed()
        for column, value in end.items():
            setattr(link, column, value)
        db.session.commit()
    firm_links.ask(path_of(live)[6:], NADIA, cast.alice.language, by=Actor())
    paths["answer, late"] = mailed()
    db.session.scalars(sa.select(JoinRequest).order_by(JoinRequest.id.desc())).first().expires_at = utcnow()
    db.session.commit()
    firm_links.ask(path_of(live)[6:], NADIA | {"email": "x@acme.example"}, cast.alice.language, by=Actor())
    paths["answer, used"] = mailed()
    firm_links.join(paths["answer, used"].removeprefix("/join/answer/"), address=None)
    return paths


def test_every_link_that_lets_nobody_in_shows_the_same_helpful_page(client: Client, cast: Cast) -> None:
    before = None
    pages = {}
    for name, path in _dead_paths(cast).items():
        people = db.session.scalar(sa.select(sa.func.count(User.id)))
        before = people if before is None else before
        for method in ("GET", "POST"):
            answer = client.open(path, method=method, data=NADIA if method == "POST" else None)
            assert answer.status_code == 404, (name, method)
            pages[name, method] = without_tokens(answer.text).replace(path, "…")
    # The switch of the language leads back to a page that was read alone.
    for method in ("GET", "POST"):
        assert len({page for (_name, how), page in pages.items() if how == method}) == 1
    assert heading(client.get("/join/x")) == DEAD
    assert 'href="/sign-in/link"' in client.get("/join/x").text
    assert db.session.scalar(sa.select(sa.func.count(User.id))) == before


def test_a_page_that_was_open_for_too_long_is_shown_again_with_what_was_typed(
    client: Client, link: FirmLink
) -> None:
    again = client.post(path_of(link), data=NADIA, csrf=False)
    assert again.status_code == 400
    assert 'value="nadia@acme.example"' in again.text
    client.post(path_of(link), data=NADIA)
    again = client.post(mailed(), csrf=False)
    assert (again.status_code, heading(again)) == (400, "Rejoindre Acme")
    assert client.post(mailed()).location == "/portal/"


def test_an_address_that_is_claimed_elsewhere_reads_so_by_its_own_mail_alone(
    client: Client, cast: Cast
) -> None:
    link = factories.make_firm_link(cast.alice, domain="globex.example")
    cast.charlie.confirmed_at = utcnow()
    db.session.commit()
    client.post(path_of(link), data=NADIA | {"email": "charlie@globex.example"})
    refused = client.post(mailed())
    assert refused.status_code == 409
    assert "un autre compte" in refused.text
    assert not is_signed_in(client)


def test_who_is_signed_in_as_somebody_else_becomes_who_answers_the_mail(
    client: Client, cast: Cast, link: FirmLink
) -> None:
    client.sign_in(cast.carol)
    client.post(path_of(link), data=NADIA)
    client.post(mailed())
    assert "nadia@acme.example" in client.get("/profile").text


@pytest.mark.one_database
def test_asking_again_and_again_is_stopped_for_the_address_and_for_the_machine(
    make_app: MakeApp, app: Flask, link: FirmLink
) -> None:
    strict = make_app(
        app.config["SQLALCHEMY_DATABASE_URI"],
        RATELIMIT_ENABLED=True,
        LINK_LIMIT="2 per 5 minute",
        MACHINE_LINK_LIMIT="4 per 5 minute",
        LINK_ANSWER_SECONDS=0,
    )
    limiter.reset()
    path = path_of(link)
    try:
        with clock.travel(utcnow(), tick=False):
            statuses = [make_client(strict).post(path, data=NADIA).status_code for _ in range(3)]
            assert statuses == [200, 200, 429]
            for email in ("one@acme.example", "two@acme.example"):
                assert make_client(strict).post(path, data=NADIA | {"email": email}).status_code == 200
            other = NADIA | {"email": "other@acme.example"}
            stopped = make_client(strict).post(path, data=other)
            assert stopped.status_code == 429
            assert heading(stopped) == "Rejoindre Acme"
            assert 'value="other@acme.example"' in stopped.text
            assert stopped.headers["Retry-After"]
            assert make_client(strict).get(path).status_code == 200
    finally:
        limiter.enabled = False
