"""No page asks the database more than twelve times, however many rows it shows."""

from __future__ import annotations

import pytest

from access import Actor
from services import licenses
from services.buying import cart
from tests.client import sign_in
from tests.factories import make_firm_link, make_licenses, make_order, make_request, make_user

MOST = 12
PAGES = [
    "/portal/",
    "/portal/my-license/",
    "/portal/requests/",
    "/portal/requests/decline/?id={request}",
    "/portal/plans/",
    "/portal/plans/confirm",
    "/portal/orders/",
    "/portal/orders/{order}",
    "/portal/orders/{order}/receipt",
    "/portal/orders/{order}/result",
    "/portal/licenses/",
    "/portal/licenses/?q=Tremblay&state=assigned&size=100",
    "/portal/licenses/details/?id={license}",
    "/portal/licenses/release/?id={license}",
    "/portal/journal/",
    "/portal/journal/?since=2026-01-01&until=2099-01-01&kind=license",
    "/portal/activity/",
    "/portal/as-of/",
    "/portal/users/",
    "/portal/users/?size=100",
    "/portal/users/?q=Person&license=with&plan={plan}&size=100",
    "/portal/users/{user}/license",
    "/portal/invitation-links/",
    "/portal/invitation-links/details/?id={link}",
]


@pytest.fixture
def grow(cast):
    """`grow(n)`: n more people who hold a licence, n orders, and a cart of every plan."""

    def grow(count):
        for plan in (cast.eco, cast.avance, cast.pro):
            cart.add(cast.acme.id, plan, 1, Actor.of(cast.alice))
        make_licenses(2, cast.alice, cast.pro)
        for _ in range(count):
            make_request(make_user(cast.acme), "Please.")
            person = make_user(cast.acme)
            make_licenses(1, cast.alice, cast.avance, holder=person)
            make_order(cast.alice, cast.pro, 2)
            make_firm_link(cast.alice)
        licenses.assign(cast.pro, cast.dave if count < 5 else cast.bob, Actor.of(cast.alice))

    return grow


@pytest.mark.one_database
def test_no_page_asks_more_for_sixty_rows_than_for_three(cast, client, count_queries, grow):
    sign_in(client, cast.alice)

    def counts(order, license):
        found = {}
        for page in PAGES:
            url = page.format(
                order=order,
                license=license,
                plan=cast.avance.id,
                user=cast.dave.id,
                request=request,
                link=1,
            )
            with count_queries() as statements:
                assert client.get(url).status_code == 200, url
            found[page] = len(statements)
            assert len(statements) <= MOST, "\n".join([url, *statements])
        return found

    grow(3)
    order = make_order(cast.alice, cast.pro, 2, paid=True)
    license = make_licenses(1, cast.alice, cast.eco, holder=cast.alice)[0]
    request = make_request(cast.erin).id
    reference, license_id = order.reference, license.id
    few = counts(reference, license_id)
    grow(57)
    assert counts(reference, license_id) == few
