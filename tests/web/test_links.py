"""One-time links: a scanner that opens one spends nothing; the person's button works once."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import threading
from collections.abc import Callable

import pytest
import time_machine as clock
from flask import Flask

from access import Actor
from models import JournalEntry, Link, LinkPurpose, OutgoingMail, User, db, utcnow
from services.foundation.transaction import transaction
from services.links import tokens
from services.people import accounts, oneself
from tests import factories
from tests.client import Client, make_client
from tests.conftest import Cast
from tests.factories import PASSWORD
from tests.together import Outcome
from tests.web.pages import heading, is_signed_in, mint, sign_in_by_page, without_tokens

NEW = {"password": "a new and long one", "again": "a new and long one"}
DEAD = "Ce lien ne fonctionne plus"
Together = Callable[..., list[Outcome]]


def _license(cast: Cast) -> object:
    return factories.make_licenses(1, cast.alice, cast.pro, holder=cast.bob)[0]


def _mint(purpose: LinkPurpose, cast: Cast) -> str:
    """A link of Bob's."""
    return mint(purpose, cast.bob, _license(cast) if purpose == LinkPurpose.ACTIVATION else None)


def _scan(client: Client, path: str) -> None:
    """Open the link as mail scanners do: twice, each way, following nothing."""
    for _ in range(2):
        assert client.head(path).status_code == 200
        assert client.get(path).status_code == 200


# --- What a link does ------------------------------------------------------------------------------------------------


def test_a_scanner_that_opens_a_sign_in_link_does_not_use_it_up(
    client: Client, app: Flask, cast: Cast
) -> None:
    path = _mint(LinkPurpose.SIGN_IN, cast)
    scanner = make_client(app)
    _scan(scanner, path)
    assert not is_signed_in(scanner)
    assert client.post(path).location == "/portal/"
    assert is_signed_in(client)
    assert cast.bob.signed_in_at is not None
    entry = db.session.scalars(db.select(JournalEntry).filter_by(verb="signed_in")).one()
    assert (entry.actor_id, entry.after) == (cast.bob.id, {"via": "link"})
    again = make_client(app)
    assert heading(again.post(path)) == DEAD
    assert not is_signed_in(again)


def test_a_staff_members_link_leads_to_support(client: Client, cast: Cast) -> None:
    assert client.post(mint(LinkPurpose.SIGN_IN, cast.sam)).location == "/support/"


def test_a_scanner_that_opens_a_password_link_does_not_use_it_up(
    client: Client, app: Flask, cast: Cast
) -> None:
    path = _mint(LinkPurpose.PASSWORD, cast)
    elsewhere = make_client(app)
    sign_in_by_page(elsewhere, "bob@acme.example")
    _scan(make_client(app), path)
    assert client.post(path, data=NEW).location == "/sign-in"
    assert heading(make_client(app).post(path, data=NEW)) == DEAD
    assert not is_signed_in(elsewhere), "whoever knew the old password is still in"
    assert sign_in_by_page(make_client(app), "bob@acme.example", PASSWORD).status_code == 422
    assert sign_in_by_page(client, "bob@acme.example", NEW["password"]).status_code == 302


def test_a_new_password_makes_the_persons_other_links_useless_but_activations(
    client: Client, cast: Cast
) -> None:
    used, password, sign_in, activation = [
        _mint(purpose, cast)
        for purpose in (
            LinkPurpose.PASSWORD,
            LinkPurpose.PASSWORD,
            LinkPurpose.SIGN_IN,
            LinkPurpose.ACTIVATION,
        )
    ]
    somebody_elses = mint(LinkPurpose.SIGN_IN, cast.dave)
    client.post(used, data=NEW)
    assert [client.get(path).status_code for path in (password, sign_in)] == [404, 404]
    assert [client.get(path).status_code for path in (activation, somebody_elses)] == [200, 200]


@pytest.mark.parametrize(
    "typed",
    [
        {"password": "short", "again": "short"},
        {"password": "a new and long one", "again": "another long one"},
        {"password": "x" * 5000, "again": "x" * 5000},
        {},
    ],
)
def test_a_password_that_is_refused_leaves_the_link_usable(
    client: Client, cast: Cast, typed: dict[str, str]
) -> None:
    path = _mint(LinkPurpose.PASSWORD, cast)
    answer = client.post(path, data=typed)
    assert answer.status_code == 422
    # A password manager still knows whose it is.
    assert re.search(r'value="bob@acme.example"\s+autocomplete="username"', answer.text)
    assert oneself.authenticate("bob@acme.example", PASSWORD)
    assert client.post(path, data=NEW).location == "/sign-in"


def test_a_scanner_that_opens_an_activation_link_does_not_activate(
    client: Client, app: Flask, cast: Cast
) -> None:
    license = _license(cast)
    path = mint(LinkPurpose.ACTIVATION, cast.bob, license)
    _scan(make_client(app), path)
    assert "Activer ma licence" in client.get(path).text
    db.session.refresh(license)
    assert license.activated_at is None
    assert heading(client.post(path)) == "Votre licence est activée"
    db.session.refresh(license)
    assert license.activated_at is not None
    assert heading(client.post(path)) == DEAD
    assert not is_signed_in(client), "an activation lets nobody in"


def test_an_activation_link_is_dead_once_the_license_is_somebody_elses(client: Client, cast: Cast) -> None:
    license = _license(cast)
    path = mint(LinkPurpose.ACTIVATION, cast.bob, license)
    license.user_id = cast.dave.id
    db.session.commit()
    assert client.get(path).status_code == 404
    assert heading(client.post(path)) == DEAD
    db.session.refresh(license)
    assert license.activated_at is None


def test_a_license_that_cannot_be_activated_says_why_and_keeps_the_link(client: Client, cast: Cast) -> None:
    license = _license(cast)
    path = mint(LinkPurpose.ACTIVATION, cast.bob, license)
    license.valid_from = utcnow() - dt.timedelta(days=9)
    license.valid_until = license.usable_until = utcnow() - dt.timedelta(days=1)
    db.session.commit()
    assert client.post(path).status_code == 409
    assert db.session.scalars(db.select(Link)).one().used_at is None


def test_links_that_were_mailed_to_an_old_address_open_nothing_once_it_has_changed(
    client: Client, cast: Cast
) -> None:
    old = [_mint(purpose, cast) for purpose in (LinkPurpose.SIGN_IN, LinkPurpose.PASSWORD)]
    somebody_elses = mint(LinkPurpose.SIGN_IN, cast.dave)
    values = {name: getattr(cast.bob, name) for name in accounts.EDITABLE}
    accounts.update_person(cast.bob, values | {"last_name": "Roy"}, by=Actor.of(cast.sam))
    assert [client.get(path).status_code for path in old] == [200, 200]
    accounts.update_person(cast.bob, values | {"email": "robert@acme.example"}, by=Actor.of(cast.sam))
    for path in old:
        assert [client.get(path).status_code, client.post(path, data=NEW).status_code] == [404, 404]
    assert not is_signed_in(client)
    db.session.refresh(cast.bob)
    # None was set by the link, and that of the old address went with it.
    assert cast.bob.password is None
    assert client.get(somebody_elses).status_code == 200


# --- Which links are dead --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", LinkPurpose)
def test_links_that_open_nothing_cannot_be_told_apart(
    client: Client, cast: Cast, purpose: LinkPurpose
) -> None:
    license = _license(cast) if purpose == LinkPurpose.ACTIVATION else None
    used, expired = mint(purpose, cast.bob, license), mint(purpose, cast.bob, license)
    client.post(used, data=NEW)
    client.post("/sign-out")
    expires_at = db.session.scalar(db.select(Link.expires_at).order_by(Link.id.desc()).limit(1))
    deactivated = mint(LinkPurpose.SIGN_IN, cast.dave)
    cast.dave.active = False
    db.session.commit()
    with clock.travel(expires_at, tick=False):
        client.get("/sign-in")  # a page of today's, so that the flash of the sign-out is gone
        pages = set()
        for path in (used, expired, deactivated, "/l/unknown", "/l/" + "é" * 300):
            answers = client.get(path), client.post(path, data=NEW)
            assert [answer.status_code for answer in answers] == [404, 404]
            pages.add(tuple(re.sub(r"/l/[^\"?]*\??", "", without_tokens(answer.text)) for answer in answers))
    assert len(pages) == 1, sorted(pages)
    page, _after_post = pages.pop()
    assert '"/sign-in/link"' in page
    assert '"/forgot-password"' in page


@pytest.mark.parametrize(
    ("purpose", "lifetime"),
    [
        (LinkPurpose.SIGN_IN, dt.timedelta(minutes=30)),
        (LinkPurpose.PASSWORD, dt.timedelta(minutes=60)),
        (LinkPurpose.ACTIVATION, dt.timedelta(days=30)),
        (LinkPurpose.INVITATION, dt.timedelta(days=7)),
    ],
)
def test_a_link_lives_as_long_as_its_mail_says(
    client: Client, cast: Cast, purpose: LinkPurpose, lifetime: dt.timedelta
) -> None:
    start = utcnow()
    with clock.travel(start, tick=False):
        path = _mint(purpose, cast)
    with clock.travel(start + lifetime - dt.timedelta(seconds=1), tick=False):
        assert client.get(path).status_code == 200
    with clock.travel(start + lifetime, tick=False):
        assert client.get(path).status_code == 404


def test_only_a_hash_of_256_random_bits_is_kept(cast: Cast) -> None:
    path = _mint(LinkPurpose.SIGN_IN, cast)
    token = path.removeprefix("/l/")
    assert len(token) == 43  # 32 bytes in base64
    kept = db.session.execute(db.text("SELECT * FROM links")).one()
    assert hashlib.sha256(token.encode()).hexdigest() in kept
    assert token not in map(str, kept)


# --- Exactly once ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", LinkPurpose)
def test_of_eight_that_press_the_button_at_once_one_succeeds(
    app: Flask, cast: Cast, together: Together, purpose: LinkPurpose
) -> None:
    path = _mint(purpose, cast)
    browsers = [make_client(app) for _ in range(8)]
    headers = [{"X-CSRFToken": browser.csrf_token()} for browser in browsers]

    def press(number: int) -> str:
        answer = browsers[number].post(path, data=NEW, headers=headers[number], csrf=False)
        return answer.location or heading(answer)

    answers = [outcome.value for outcome in together(8, press)]
    success = {
        LinkPurpose.SIGN_IN: "/portal/",
        LinkPurpose.PASSWORD: "/sign-in",
        LinkPurpose.ACTIVATION: "Votre licence est activée",
        LinkPurpose.INVITATION: "/portal/",
        LinkPurpose.ADDRESS: "/sign-in",
    }[purpose]
    assert sorted(answers) == sorted([success] + 7 * [DEAD])
    verb = {
        LinkPurpose.SIGN_IN: "signed_in",
        LinkPurpose.PASSWORD: "password_set",
        LinkPurpose.ACTIVATION: "license_activated",
        LinkPurpose.INVITATION: "password_set",
        LinkPurpose.ADDRESS: "address_confirmed",
    }[purpose]
    db.session.rollback()
    assert len(db.session.scalars(db.select(JournalEntry).filter_by(verb=verb)).all()) == 1


def test_without_the_check_inside_the_update_several_would_succeed(
    app: Flask, cast: Cast, together: Together
) -> None:
    """The race is real: looking first and marking after lets several through."""
    token = _mint(LinkPurpose.SIGN_IN, cast).removeprefix("/l/")
    everybody_has_looked = threading.Barrier(8)

    def look_then_mark(_number: int) -> bool:
        found = tokens.find(token)
        everybody_has_looked.wait(30)
        if found is None:
            return False
        with transaction():
            db.session.get_one(Link, found.id).used_at = utcnow()
        return True

    assert sum(outcome.value for outcome in together(8, look_then_mark)) > 1


# --- Asking for one --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "template", "verb"),
    [
        ("/sign-in/link", "sign_in_link", "sign_in_link_requested"),
        ("/forgot-password", "password_link", "password_link_requested"),
    ],
)
def test_asking_for_a_link_queues_one_mail_without_a_token(
    client: Client, cast: Cast, path: str, template: str, verb: str
) -> None:
    answer = client.post(path, data={"email": " Alice@ACME.example"})
    assert heading(answer) == "Consultez vos courriels"
    mail = db.session.scalars(db.select(OutgoingMail)).one()
    assert (mail.template, mail.user_id, mail.context) == (template, cast.alice.id, {"user": cast.alice.id})
    assert not db.session.scalars(db.select(Link)).all(), "the worker mints the link when it sends"
    entry = db.session.scalars(db.select(JournalEntry)).one()
    assert (entry.verb, entry.actor_id, entry.company_id) == (verb, None, cast.acme.id)


# --- The page --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", LinkPurpose)
def test_a_link_takes_a_forms_token_to_use(client: Client, cast: Cast, purpose: LinkPurpose) -> None:
    path = _mint(purpose, cast)
    assert client.post(path, data=NEW, csrf=False).status_code == 400
    assert client.get(path).status_code == 200


def test_the_page_of_a_link_is_kept_nowhere_and_names_itself_to_nobody(client: Client, cast: Cast) -> None:
    for path in (_mint(LinkPurpose.SIGN_IN, cast), "/l/unknown"):
        headers = client.get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "strict-origin"


def test_a_link_works_over_https_with_the_referrer_that_its_page_sends(client: Client, cast: Cast) -> None:
    path = _mint(LinkPurpose.SIGN_IN, cast)
    token = re.search(
        r'name="csrf_token" value="([^"]+)"', client.get(path, base_url="https://localhost").text
    )
    assert token
    answer = client.post(
        path,
        base_url="https://localhost",
        data={"csrf_token": token[1]},
        headers={"Referer": "https://localhost/"},
        csrf=False,
    )
    assert answer.location == "/portal/"


def test_a_link_replaces_whoever_was_signed_in(client: Client, cast: Cast) -> None:
    sign_in_by_page(client, "carol@globex.example")
    client.post(_mint(LinkPurpose.SIGN_IN, cast))
    assert "bob@acme.example" in client.get("/profile").text


def test_a_link_is_spent_with_what_it_does_or_not_at_all(client: Client, app: Flask, cast: Cast) -> None:
    path = _mint(LinkPurpose.SIGN_IN, cast)
    # A fault in the middle of the verb: the journal's table is away.
    db.session.execute(db.text("ALTER TABLE journal_entries RENAME TO away"))
    db.session.commit()
    app.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        assert client.post(path).status_code == 500
    finally:
        db.session.rollback()
        db.session.execute(db.text("ALTER TABLE away RENAME TO journal_entries"))
        db.session.commit()
    assert client.post(path).location == "/portal/"
    assert db.session.scalar(db.select(User.signed_in_at).filter_by(id=cast.bob.id)) is not None
