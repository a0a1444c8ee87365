"""What both sites share: the appearance that is kept, the icons, the permission that each page asks for, the way back."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from werkzeug.http import parse_cookie

from admin_views.portal import VIEWS as PORTAL
from admin_views.support import VIEWS as SUPPORT
from models import Role
from tests import factories
from tests.client import Client, make_client, sign_in
from tests.conftest import Cast
from web import icons

pytestmark = pytest.mark.one_database


def cookie_of(answer) -> str:
    (header,) = [value for value in answer.headers.getlist("Set-Cookie") if value.startswith("theme=")]
    return header


def test_an_appearance_is_kept_for_a_year_and_out_of_reach_of_scripts(client: Client) -> None:
    header = cookie_of(client.post("/theme", data={"theme": "dark"}))
    assert parse_cookie(header)["theme"] == "dark"
    assert f"Max-Age={365 * 24 * 3600}" in header
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "Secure" not in header
    secure = {"base_url": "https://localhost", "headers": {"Referer": "https://localhost/"}}
    assert "Secure" in cookie_of(client.post("/theme", data={"theme": "dark"}, **secure))


def test_an_appearance_that_does_not_exist_is_not_kept_and_leads_home(client: Client) -> None:
    answer = client.post("/theme", data={"theme": "pink", "url": "https://evil.example/"})
    assert answer.location == "/"
    assert "theme=" not in str(answer.headers)
    for theme in ("light", "dark", "auto"):
        client.post("/theme", data={"theme": theme})
        shown = re.search(r'<html[^>]*data-theme="(\w+)"', client.get("/sign-in").text)
        assert (shown and shown[1]) == (None if theme == "auto" else theme)


def test_a_cookie_that_somebody_wrote_by_hand_is_the_devices_own_appearance(client: Client) -> None:
    client.set_cookie("theme", '"><script>')
    assert "data-theme" not in client.get("/sign-in").text


def test_single_keys_are_switched_off_for_a_year_on_this_device(client: Client, cast: Cast) -> None:
    sign_in(client, cast.sam)
    assert client.get("/support/").text.count('data-find="keys"') == 1
    client.post("/keys", data={"keys": "off"})
    # Ctrl-K is no single key: it stays.
    assert 'data-find="keys"' not in client.get("/support/").text
    assert client.get("/support/").text.count('aria-keyshortcuts="Control+K"') == 1
    answer = client.post("/keys", data={"keys": "on", "url": "/profile"})
    assert answer.location == "/profile"
    assert client.get("/support/").text.count('data-find="keys"') == 1


def test_an_icon_that_the_package_does_not_have_stops_the_start() -> None:
    with pytest.raises(KeyError):
        icons.cut(("no-such-icon",))


# What a page needs, by its slug. A view that is not here fails the test: say it here as well.
PERMISSIONS = {
    "portal": {
        "users": "manage_users",
        "invitation-links": "manage_users",
        "licenses": "manage_users",
        "plans": "purchase",
        "orders": "billing",
        "journal": "manage_users",
        "my-license": "own_licenses",
        "as-of": "manage_users",
        "activity": "own_licenses",
        "options": "purchase",
        "batches": "manage_users",
        "imports": "manage_users",
        "requests": "manage_users",
        "undo": "manage_users",
        "search": "own_licenses",
    },
    "support": dict.fromkeys(
        [
            "customers",
            "people",
            "invitation-links",
            "licenses",
            "orders",
            "plans",
            "tax-rates",
            "vendor",
            "conditions",
            "batches",
            "imports",
            "base",
            "issues",
            "journal",
            "as-of",
            "mail",
            "stripe-events",
            "requests",
            "undo",
            "search",
        ],
        "support",
    ),
}


@pytest.mark.parametrize(("site", "views"), [("portal", PORTAL), ("support", SUPPORT)])
def test_each_page_asks_for_its_own_permission(site: str, views: list[type]) -> None:
    assert {view.slug: str(view.permission) for view in views} == PERMISSIONS[site]


# What is but a form's target has no page.
@pytest.mark.parametrize("slug", sorted(PERMISSIONS["support"].keys() - {"undo"}))
def test_the_back_office_is_the_staffs_alone(app: Flask, cast: Cast, slug: str) -> None:
    gone = factories.make_user(None, "Gone")
    browsers = {user: make_client(app) for user in (cast.alice, cast.bob, cast.sam, gone)}
    for user, browser in browsers.items():
        browser.sign_in(user)
        expected = 403 if user.company_id else 200
        assert browser.get(f"/support/{slug}/").status_code == expected
    visitor = make_client(app).get(f"/support/{slug}/?q=a")
    assert visitor.status_code == 302
    assert visitor.location == f"/sign-in?next=/support/{slug}/?q%3Da"


def test_a_post_of_a_visitor_is_not_done_after_signing_in(client: Client, cast: Cast) -> None:
    assert client.post("/support/mail/resend/", data={"id": 1}).location == "/sign-in"


def test_an_administrator_of_a_customer_sees_more_of_the_menu_than_a_user(app: Flask, cast: Cast) -> None:
    menus, homes = {}, {}
    for user in (cast.alice, cast.bob):
        browser = make_client(app)
        browser.sign_in(user)
        page = browser.get("/portal/my-license/").text
        homes[user.role] = page.count('href="/portal/"')
        menus[user.role] = {
            link for link in re.findall(r'href="(/portal/[^"?]*)"', page) if link.count("/") == 3
        }
    assert menus[Role.MEMBER] <= {"/portal/my-license/", "/portal/search/"}
    assert homes[Role.MEMBER] == homes[Role.ADMIN] - 2, "a user's home is their licence"
    assert {"/portal/users/", "/portal/licenses/", "/portal/plans/", "/portal/orders/"} <= menus[Role.ADMIN]


def test_staff_who_open_the_customers_site_are_led_to_their_own_and_an_administrator_reads_the_truth(
    app: Flask, cast: Cast
) -> None:
    sam = sign_in(make_client(app), cast.sam)
    for page in ("/portal/", "/portal/users/", "/portal/orders/nothing"):
        assert sam.get(page).location == "/support/"
    assert sam.post("/portal/users/invite/", data={"id": cast.bob.id}).status_code == 403
    alice = sign_in(make_client(app), cast.alice)
    for page in ("/support/", "/support/people/"):
        answer = alice.get(page)
        assert answer.status_code == 403
        assert "réservée à l’équipe de soutien du fournisseur" in answer.text
        assert "Un administrateur de votre entreprise" not in answer.text
    bob = sign_in(make_client(app), cast.bob).get("/portal/users/")
    assert bob.status_code == 403
    assert "Un administrateur de votre entreprise" in bob.text
