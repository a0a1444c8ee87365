"""One click into the demonstration: there with its setting alone, and never in production."""

from __future__ import annotations

import pytest
from flask import Flask

import config
from models import Company, JournalEntry, Role, User, db
from tests.client import Client, make_client
from tests.conftest import Cast
from tests.test_settings import PRODUCTION
from tests.web.pages import is_signed_in

ROLES = {"administrator": "/portal/", "employee": "/portal/", "support": "/support/"}


@pytest.fixture
def people(cast: Cast) -> dict[str, User]:
    """The accounts that the demonstration names, each by its role's name."""
    cast.alice.email, cast.bob.email = "admin@acme.example", "user@acme.example"
    cast.sam.email = "support@trousseau.example"
    db.session.commit()
    return {"administrator": cast.alice, "employee": cast.bob, "support": cast.sam}


@pytest.fixture
def demonstration(app: Flask, people: dict[str, User]) -> dict[str, User]:
    app.config["DEMONSTRATION"] = True
    return people


@pytest.mark.parametrize("role", ROLES)
def test_one_click_on_the_sign_in_page_enters_as_each_role(
    client: Client, demonstration: dict[str, User], role: str
) -> None:
    page = client.get("/sign-in").text
    assert f'value="{role}"' in page
    assert demonstration[role].name in page
    assert client.post("/enter", data={"role": role}).location == ROLES[role]
    assert is_signed_in(client)
    entry = db.session.scalars(db.select(JournalEntry).order_by(JournalEntry.id.desc())).first()
    assert (entry.verb, entry.actor_id) == ("signed_in", demonstration[role].id)
    assert entry.after == {"via": "demonstration"}


def test_another_role_is_one_click_away_and_its_session_is_another_one(
    client: Client, demonstration: dict[str, User]
) -> None:
    client.post("/enter", data={"role": "employee"})
    assert client.get("/support/").status_code == 403
    page = client.get("/enter").text
    assert all(f'value="{other}"' in page for other in ROLES)
    client.post("/enter", data={"role": "support"})
    assert client.get("/support/").status_code == 200


def test_the_bar_of_every_page_leads_to_the_mail_and_the_test_cards(
    client: Client, app: Flask, demonstration: dict[str, User]
) -> None:
    sandbox = app.config["STRIPE_API_BASE"]
    for path in ("/sign-in", "/forgot-password", "/nowhere", "/l/unknown"):
        page = client.get(path).text
        assert f'href="{sandbox}/inbox"' in page, path
        assert f'href="{sandbox}/cards"' in page, path
        assert 'href="/enter"' not in page, path
    client.post("/enter", data={"role": "administrator"})
    for path in ("/portal/", "/portal/plans/", "/profile", "/enter"):
        page = client.get(path).text
        assert f'href="{sandbox}/inbox"' in page, path
        assert 'href="/enter"' in page, path


@pytest.mark.parametrize("role", ROLES)
def test_without_the_setting_there_is_no_way_in_and_no_bar(
    client: Client, people: dict[str, User], role: str
) -> None:
    page = client.get("/sign-in").text
    assert "/enter" not in page
    assert "demobar" not in page
    assert client.get("/enter").status_code == 404
    assert client.post("/enter", data={"role": role}).status_code == 404
    assert not is_signed_in(client)


def test_nobody_else_is_let_in(client: Client, app: Flask, demonstration: dict[str, User]) -> None:
    for data in ({}, {"role": "nobody"}, {"role": "admin@acme.example"}, {"role": ["", "support"]}):
        assert client.post("/enter", data=data).status_code == 404, data
    assert client.post("/enter", data={"role": "support"}, csrf=False).location == "/"
    assert not is_signed_in(client)
    assert client.get("/enter?role=support").status_code == 200
    assert not is_signed_in(client)
    # An account that is deactivated, or whose role is another one by now, has no door.
    demonstration["employee"].active = False
    demonstration["administrator"].role = Role.MEMBER
    db.session.commit()
    page = make_client(app).get("/sign-in").text
    assert [role for role in ROLES if f'value="{role}"' in page] == ["support"]
    for role in ("employee", "administrator"):
        assert client.post("/enter", data={"role": role}).status_code == 404
    assert db.session.scalar(db.select(db.func.count(Company.id))) == 2


@pytest.mark.parametrize("spelled", ["1", "true", "on"])
def test_production_refuses_to_start_with_it(spelled: str) -> None:
    with pytest.raises(config.SettingsError, match="DEMONSTRATION must be off in production"):
        config.load(PRODUCTION | {"DEMONSTRATION": spelled})


REHEARSAL = {"STRIPE_SECRET_KEY": "sk_test_1", "SANDBOX_URL": "https://pay.desk.example"}


@pytest.mark.parametrize(
    ("environ", "on"),
    [
        ({}, False),
        ({"DEMONSTRATION": "1"}, True),
        ({"DEMONSTRATION": "0"}, False),
        # Stripe's own pages, be it in test mode, are no demonstration.
        ({"DEMONSTRATION": "1", "STRIPE_SECRET_KEY": "sk_test_1"}, False),
        (PRODUCTION, False),
        (PRODUCTION | REHEARSAL, False),
    ],
)
def test_it_is_on_beside_the_sandbox_where_it_was_asked_for(
    environ: dict[str, str], on: bool, tmp_path: object
) -> None:
    assert config.load({"INSTANCE": str(tmp_path)} | environ)["DEMONSTRATION"] is on
