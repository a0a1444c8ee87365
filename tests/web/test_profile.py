"""*Mon profil*: what a person changes of themselves."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask

from models import JournalEntry, Language, LinkPurpose, User, db, utcnow
from services.foundation.transaction import transaction
from services.links import tokens
from services.people import oneself
from tests.client import Client, make_client, sign_in
from tests.conftest import Cast
from tests.factories import PASSWORD
from tests.web.pages import heading, is_signed_in, sign_in_by_page

FIELDS = {"first_name": "Alice", "last_name": "Tremblay", "language": "fr", "time_zone": ""}


def shown(user: User) -> dict[str, str]:
    """What the form of the person's profile says that it showed."""
    db.session.rollback()
    return {"seen": oneself.PROFILE.version(user)}


NEW = {"current": PASSWORD, "password": "a new and long one", "again": "a new and long one"}


def test_a_person_changes_their_name_language_and_time_zone(client: Client, cast: Cast) -> None:
    sign_in(client, cast.alice)
    fields = {"first_name": " Élise ", "last_name": "Roy", "language": "en", "time_zone": "America/Vancouver"}
    answer = client.post("/profile", data=fields | shown(cast.alice), follow_redirects=True)
    assert heading(answer) == "My profile"
    assert "Your profile is saved." in answer.text
    assert (cast.alice.first_name, cast.alice.last_name) == ("Élise", "Roy")
    assert (cast.alice.language, cast.alice.zone.key) == (Language.EN, "America/Vancouver")
    client.post("/profile", data=fields | shown(cast.alice) | {"time_zone": ""})
    assert cast.alice.zone.key == cast.acme.time_zone


def test_names_go_to_the_part_of_the_journal_that_can_be_erased(client: Client, cast: Cast) -> None:
    sign_in(client, cast.alice)
    client.post("/profile", data=FIELDS | shown(cast.alice) | {"first_name": "Élise", "language": "en"})
    entry = db.session.scalars(db.select(JournalEntry)).one()
    assert (entry.before, entry.after) == ({"language": "fr"}, {"language": "en"})
    assert entry.personal.before == {"first_name": "Alice"}
    assert entry.personal.after == {"first_name": "Élise"}


def test_saving_without_a_change_leaves_no_trace(client: Client, cast: Cast) -> None:
    sign_in(client, cast.alice)
    assert client.post("/profile", data=FIELDS | shown(cast.alice)).status_code == 302
    assert not db.session.scalars(db.select(JournalEntry)).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"first_name": ""},
        {"first_name": "   "},
        {"last_name": "x" * 101},
        {"language": "de"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
    ],
)
def test_a_profile_that_makes_no_sense_is_not_saved(
    client: Client, cast: Cast, wrong: dict[str, str]
) -> None:
    sign_in(client, cast.alice)
    answer = client.post("/profile", data=FIELDS | shown(cast.alice) | {"last_name": "Roy"} | wrong)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert cast.alice.last_name == "Tremblay"


@pytest.mark.parametrize("seen", ["older", ""])
def test_a_name_that_support_has_corrected_meanwhile_is_not_saved_over(
    client: Client, cast: Cast, seen: str
) -> None:
    sign_in(client, cast.alice)
    before = shown(cast.alice) if seen else {}
    cast.alice.last_name = "Roy"
    db.session.commit()
    answer = client.post("/profile", data=FIELDS | before | {"first_name": "Élise"})
    assert "Quelqu’un d’autre" in answer.text
    assert 'value="Élise"' in answer.text
    db.session.refresh(cast.alice)
    assert (cast.alice.first_name, cast.alice.last_name) == ("Alice", "Roy")


def test_a_new_password_ends_every_other_session_and_keeps_this_one(
    client: Client, app: Flask, cast: Cast
) -> None:
    elsewhere = sign_in(make_client(app), cast.alice)
    sign_in(client, cast.alice)
    assert client.post("/profile/password", data=NEW).location == "/profile"
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert sign_in_by_page(make_client(app), "alice@acme.example", PASSWORD).status_code == 422
    assert sign_in_by_page(make_client(app), "alice@acme.example", NEW["password"]).status_code == 302


@pytest.mark.parametrize(
    "wrong",
    [
        {"current": "not mine at all"},
        {"current": ""},
        {"password": "short", "again": "short"},
        {"again": "something else"},
        {"password": "x" * 10_000, "again": "x" * 10_000},
    ],
)
def test_a_password_is_not_changed_unless_everything_is_right(
    client: Client, app: Flask, cast: Cast, wrong: dict[str, str]
) -> None:
    sign_in(client, cast.alice)
    answer = client.post("/profile/password", data=NEW | wrong)
    assert heading(answer) == "Mon profil"
    assert 'role="alert"' in answer.text
    assert sign_in_by_page(make_client(app), "alice@acme.example", PASSWORD).status_code == 302


def test_a_visitor_has_no_profile(client: Client, cast: Cast) -> None:
    assert client.post("/profile", data=FIELDS).location == "/sign-in"
    assert client.post("/profile/password", data=NEW).location == "/sign-in"


def test_nobody_changes_another_persons_profile_by_adding_fields(client: Client, cast: Cast) -> None:
    sign_in(client, cast.bob)
    client.post(
        "/profile",
        data=FIELDS
        | shown(cast.bob)
        | {
            "id": str(cast.alice.id),
            "email": "x@x.example",
            "role": "admin",
            "company_id": str(cast.globex.id),
        },
    )
    kept = {user.email: (user.role.value, user.company_id) for user in db.session.scalars(db.select(User))}
    assert kept["bob@acme.example"] == ("member", cast.acme.id)
    assert kept["alice@acme.example"] == ("admin", cast.acme.id)


def test_an_address_is_changed_from_ones_profile_by_whoever_knows_the_password(
    client: Client, cast: Cast
) -> None:
    sign_in(client, cast.bob)
    new = {"email": "roberte@acme.example", "proof": "wrong"}
    assert client.post("/profile/address", data=new).status_code == 422
    assert client.post("/profile/address", data=new | {"proof": PASSWORD}).location == "/profile"
    page = client.get("/profile").text
    assert "roberte@acme.example" in page
    with transaction() as turn:
        token = tokens.mint(turn, LinkPurpose.ADDRESS, cast.bob, email="roberte@acme.example")
    # From another browser, by whoever reads the mail: opening the page changes nothing, its button does, once.
    other = make_client(client.application)
    assert "roberte@acme.example" in other.get(f"/l/{token}").text
    assert db.session.get_one(User, cast.bob.id).email == "bob@acme.example"
    assert other.post(f"/l/{token}").location == "/sign-in"
    assert [other.post(f"/l/{token}").status_code, other.get(f"/l/{token}").status_code] == [404, 404]
    db.session.rollback()
    assert db.session.get_one(User, cast.bob.id).email == "roberte@acme.example"
    assert client.get("/profile").location.startswith("/sign-in")


def test_a_new_address_can_be_given_up_on_ones_profile(client: Client, cast: Cast) -> None:
    sign_in(client, cast.bob)
    client.post("/profile/address", data={"email": "roberte@acme.example", "proof": PASSWORD})
    assert "roberte@acme.example" in client.get("/profile").text
    assert client.post("/profile/address/withdraw").location == "/profile"
    assert "roberte@acme.example" not in client.get("/profile").text
    assert make_client(client.application).post("/profile/address/withdraw").status_code in {302, 403}


def test_whoever_has_no_password_asks_for_an_address_just_after_they_came_in(
    client: Client, cast: Cast
) -> None:
    """An open session alone is not enough: whoever finds it cannot read the mail of the one who left it."""
    cast.bob.password, cast.bob.signed_in_at = None, utcnow() - dt.timedelta(hours=1)
    db.session.commit()
    sign_in(client, cast.bob)
    new = {"email": "roberte@acme.example"}
    answer = client.post("/profile/address", data=new)
    assert answer.status_code == 422
    assert "Vous n’avez pas de mot de passe" in answer.text
    db.session.get_one(User, cast.bob.id).signed_in_at = utcnow()
    db.session.commit()
    assert client.post("/profile/address", data=new).location == "/profile"
