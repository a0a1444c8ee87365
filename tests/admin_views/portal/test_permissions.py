"""Who may open what: one row per route of the portal, and one column per kind of person."""

from __future__ import annotations

import pytest

from access import Actor, Permission
from admin_views.portal import HOME, VIEWS
from models import BatchKind
from services.batches import choosing
from services.imports import people
from tests.client import make_client, sign_in
from tests.factories import make_firm_link, make_order, make_request

# Who may open a page is decided before a database is asked for anything but the person.
pytestmark = pytest.mark.one_database

# permission, method, URL; for Acme's administrator, Acme's member, Globex's administrator, support.
# A visitor is always sent to sign in, with a way back after a page that was only read.
TABLE = [
    (Permission.OWN_LICENSES, "GET", "/portal/", 200, 200, 200, 302),
    (Permission.MANAGE_USERS, "POST", "/portal/put-away/", 303, 403, 303, 403),
    (Permission.MANAGE_USERS, "POST", "/portal/bring-back/", 303, 403, 303, 403),
    (Permission.OWN_LICENSES, "GET", "/portal/my-license/", 200, 200, 200, 302),
    (Permission.OWN_LICENSES, "POST", "/portal/my-license/activate/", 303, 303, 303, 403),
    (Permission.OWN_LICENSES, "POST", "/portal/my-license/ask/", 303, 303, 303, 403),
    (Permission.OWN_LICENSES, "POST", "/portal/my-license/withdraw/", 404, 404, 404, 403),
    (Permission.MANAGE_USERS, "GET", "/portal/requests/", 200, 403, 200, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/requests/decline/?id={request}", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "POST", "/portal/requests/decline/?id={request}", 303, 403, 404, 403),
    (Permission.PURCHASE, "GET", "/portal/plans/", 200, 403, 200, 302),
    (Permission.PURCHASE, "POST", "/portal/plans/add/", 404, 403, 404, 403),
    (Permission.PURCHASE, "POST", "/portal/plans/cart/change/", 302, 403, 302, 403),
    (Permission.PURCHASE, "POST", "/portal/plans/cart/remove/", 302, 403, 302, 403),
    (Permission.PURCHASE, "GET", "/portal/plans/confirm", 302, 403, 302, 302),
    (Permission.PURCHASE, "POST", "/portal/plans/confirm", 302, 403, 302, 403),
    (Permission.BILLING, "GET", "/portal/orders/", 200, 403, 200, 302),
    (Permission.BILLING, "GET", "/portal/orders/done?session_id=cs_no", 404, 403, 404, 302),
    (Permission.BILLING, "GET", "/portal/orders/{order}", 200, 403, 404, 302),
    (Permission.BILLING, "GET", "/portal/orders/{order}/receipt", 200, 403, 404, 302),
    (Permission.BILLING, "GET", "/portal/orders/{order}/result", 200, 403, 404, 302),
    (Permission.BILLING, "POST", "/portal/orders/{order}/pay", 302, 403, 404, 403),
    (Permission.BILLING, "POST", "/portal/orders/{order}/cancel", 302, 403, 404, 403),
    (Permission.MANAGE_USERS, "GET", "/portal/licenses/", 200, 403, 200, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/licenses/details/?id={license}", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/licenses/release/?id={license}", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/licenses/change/?id={license}", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "POST", "/portal/licenses/change/?id={license}", 422, 403, 404, 403),
    (Permission.MANAGE_USERS, "GET", "/portal/licenses/remove/?id={license}", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/licenses/remove/", 200, 403, 200, 302),
    (Permission.MANAGE_USERS, "POST", "/portal/licenses/remove/", 302, 403, 302, 403),
    (Permission.MANAGE_USERS, "GET", "/portal/licenses/transfer/?id={license}", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "POST", "/portal/licenses/transfer/?id={license}", 422, 403, 404, 403),
    (Permission.MANAGE_USERS, "GET", "/portal/licenses/link/?id={license}", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "POST", "/portal/licenses/link/?id={license}", 302, 403, 404, 403),
    (Permission.MANAGE_USERS, "POST", "/portal/undo/", 302, 403, 302, 403),
    (Permission.MANAGE_USERS, "POST", "/portal/licenses/details/", 404, 403, 404, 403),
    (Permission.MANAGE_USERS, "GET", "/portal/imports/", 200, 403, 200, 302),
    (Permission.MANAGE_USERS, "POST", "/portal/imports/", 422, 403, 422, 403),
    (Permission.MANAGE_USERS, "GET", "/portal/imports/template.csv", 200, 403, 200, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/imports/template.xlsx", 200, 403, 200, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/imports/{file}/", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "POST", "/portal/imports/{file}/", 422, 403, 404, 403),
    (Permission.MANAGE_USERS, "GET", "/portal/imports/{file}/wrong-rows", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/imports/{file}/missing", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/batches/", 200, 403, 200, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/batches/{batch}/", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "POST", "/portal/batches/{batch}/", 422, 403, 404, 403),
    (Permission.MANAGE_USERS, "POST", "/portal/batches/{batch}/confirm", 303, 403, 404, 403),
    (Permission.MANAGE_USERS, "POST", "/portal/batches/{batch}/again", 303, 403, 404, 403),
    (Permission.MANAGE_USERS, "POST", "/portal/batches/{batch}/discard", 303, 403, 404, 403),
    (Permission.MANAGE_USERS, "GET", "/portal/batches/{batch}/rows.csv", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "POST", "/portal/licenses/release/", 404, 403, 404, 403),
    (Permission.MANAGE_USERS, "POST", "/portal/licenses/action/", 404, 403, 404, 403),
    (Permission.MANAGE_USERS, "GET", "/portal/licenses/export/csv/", 200, 403, 200, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/licenses/ajax/lookup/?name=user", 200, 403, 200, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/journal/", 200, 403, 200, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/as-of/", 200, 403, 200, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/as-of/export/csv/", 200, 403, 200, 302),
    (Permission.OWN_LICENSES, "GET", "/portal/activity/", 200, 200, 200, 302),
    (Permission.PURCHASE, "GET", "/portal/options/", 200, 403, 200, 302),
    (Permission.OWN_LICENSES, "GET", "/portal/search/", 200, 200, 200, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/users/", 200, 403, 200, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/users/new/", 200, 403, 200, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/invitation-links/", 200, 403, 200, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/invitation-links/new/", 200, 403, 200, 302),
    (Permission.MANAGE_USERS, "POST", "/portal/invitation-links/new/", 422, 403, 422, 403),
    (Permission.MANAGE_USERS, "GET", "/portal/invitation-links/details/?id={link}", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/invitation-links/withdraw/?id={link}", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "POST", "/portal/invitation-links/withdraw/?id={link}", 303, 403, 404, 403),
    (Permission.MANAGE_USERS, "GET", "/portal/users/edit/?id={user}", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "GET", "/portal/users/deactivate/?id={user}", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "POST", "/portal/users/deactivate/?id={holder}", 422, 403, 404, 403),
    (Permission.MANAGE_USERS, "GET", "/portal/users/erase/?id={user}", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "POST", "/portal/users/erase/?id={user}", 422, 403, 404, 403),
    (Permission.MANAGE_USERS, "GET", "/portal/users/known/?id={user}", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "POST", "/portal/users/known/?id={user}", 200, 403, 404, 403),
    (Permission.MANAGE_USERS, "POST", "/portal/users/reactivate/?id={user}", 303, 403, 404, 403),
    (Permission.MANAGE_USERS, "POST", "/portal/users/invite/?id={user}", 303, 403, 404, 403),
    (Permission.MANAGE_USERS, "POST", "/portal/users/withdraw-address/?id={user}", 303, 403, 404, 403),
    (Permission.MANAGE_USERS, "GET", "/portal/users/{user}/license", 200, 403, 404, 302),
    (Permission.MANAGE_USERS, "POST", "/portal/users/{user}/license", 422, 403, 404, 403),
]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("method", "url", "statuses"),
    [(method, url, statuses) for _permission, method, url, *statuses in TABLE],
    ids=[f"{row[1]} {row[2]}" for row in TABLE],
)
@pytest.mark.usefixtures("sandbox")
def test_each_page_opens_for_those_it_is_for(cast, owned, app, method, url, statuses):
    order = make_order(cast.alice, cast.pro, paid=True)
    asked, link = make_request(cast.bob), make_firm_link(cast.alice)
    batch = choosing.of_people(BatchKind.DEACTIVATE, [cast.bob.id], Actor.of(cast.alice))
    file = people.begin("Nom;Courriel\nRoy, Zoé;zoe@acme.example\n", "", cast.acme, Actor.of(cast.alice))
    url = url.format(
        file=file.together,
        order=order.reference,
        license=owned.held.id,
        user=cast.bob.id,
        holder=cast.dave.id,
        request=asked.id,
        link=link.id,
        batch=batch,
    )
    everybody = (cast.alice, cast.bob, cast.carol, cast.sam)
    for user, status in zip(everybody, statuses, strict=True):
        client = sign_in(make_client(app), user)
        assert client.open(url, method=method, buffered=True).status_code == status, user.first_name
    visitor = make_client(app).open(url, method=method)
    assert visitor.status_code == 302
    assert visitor.location.startswith("/sign-in")


@pytest.mark.one_database
def test_the_table_has_every_route_of_the_portal(app):
    stock = {
        "create_view",
        "edit_view",
        "delete_view",
        "details_view",
        "export",
        "export_xlsx",
        "ajax_lookup",
        "action_view",
    }
    listed = {
        (
            method,
            url.partition("?")[0].format(
                order="x", license="x", user="x", holder="x", request="x", link="x", batch="x", file="x"
            ),
        )
        for _permission, method, url, *_statuses in TABLE
    }
    adapter = app.url_map.bind("")
    covered = {adapter.match(url, method=method)[0] for method, url in listed}
    own = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("portal_")
        and rule.endpoint.partition(".")[2] not in stock | {"static", "ajax_update"}
    }
    assert own <= covered


@pytest.mark.parametrize("view", [HOME, *VIEWS], ids=lambda view: view.__name__)
def test_each_view_says_which_permission_it_asks_for(view):
    prefix = "/portal/" if view is HOME else f"/portal/{view.slug}/"
    asked = {row[0] for row in TABLE if row[2] == prefix}
    assert asked == {view.permission}
