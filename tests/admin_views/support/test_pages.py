"""Every page of `/support`: who reaches it, that it opens, and how many statements it costs."""

from __future__ import annotations

import re
from typing import Any

import pytest

from access import SYSTEM, Actor
from admin_views.support import VIEWS
from models import (
    JournalVerb,
    Role,
)
from services import licenses
from services.foundation import journal
from services.foundation.transaction import transaction
from services.mail import letters
from services.people import oneself
from tests import factories
from tests.admin_views.portal.pages import words
from tests.admin_views.support.rows import furnish
from tests.client import make_client, sign_in

MAX_STATEMENTS = 12
# Every page that opens without an id; {…} is the id of a row of that kind.
PAGES = [
    "/support/",
    "/support/?q=acme",
    "/support/customers/",
    "/support/customers/new/",
    "/support/customers/details/?id={company}",
    "/support/customers/edit/?id={company}",
    "/support/people/",
    "/support/people/new/",
    "/support/people/new/?company={company}",
    "/support/people/details/?id={user}",
    "/support/people/edit/?id={user}",
    "/support/people/edit/?id={staff}",
    "/support/people/details/?id={staff}",
    "/support/people/assign/?id={user}",
    "/support/requests/",
    "/support/requests/decline/?id={request}",
    "/support/invitation-links/",
    "/support/invitation-links/?company={company}",
    "/support/invitation-links/new/?company={company}",
    "/support/invitation-links/details/?id={link}",
    "/support/invitation-links/withdraw/?id={link}",
    "/support/licenses/",
    "/support/licenses/details/?id={license}",
    "/support/licenses/release/?id={license}",
    "/support/licenses/assign/?id={free}",
    "/support/orders/",
    "/support/orders/?month=2026-01&state=paid",
    "/support/orders/details/?id={order}",
    "/support/orders/cancel/?id={order}",
    "/support/issues/",
    "/support/issues/?open=yes&kind=wrong_amount",
    "/support/issues/details/?id={issue}",
    "/support/plans/",
    "/support/plans/new/",
    "/support/plans/details/?id={plan}",
    "/support/plans/edit/?id={plan}",
    "/support/tax-rates/",
    "/support/tax-rates/new/",
    "/support/plans/withdraw-price/?id={price}",
    "/support/tax-rates/edit/?id={rate}",
    "/support/tax-rates/withdraw/?id={rate}",
    "/support/vendor/",
    "/support/conditions/",
    "/support/conditions/new/",
    "/support/conditions/details/?id={conditions}",
    "/support/journal/",
    "/support/journal/?since=2026-01-01&until=2099-01-01",
    "/support/as-of/",
    "/support/as-of/?company={company}",
    "/support/journal/details/?id={entry}",
    "/support/mail/",
    "/support/mail/details/?id={mail}",
    "/support/mail/preview/?id={mail}",
    "/support/stripe-events/",
    "/support/customers/?province=QC&language=fr&q=acme",
    "/support/people/?role=admin&active=yes&company={company}&q=alice",
    "/support/licenses/?state=assigned&plan={plan}&company={company}&q=tremblay",
    "/support/licenses/?order={paid}",
    "/support/journal/?verb=license_assigned&kind=license&license={license}&person={staff}&company={company}&actor={staff}",
    "/support/mail/?state=queued&template=license_assigned&company={company}&person={user}",
    "/support/stripe-events/?handled=no&q=cs_test",
]
EXPORTS = [
    f"/support/{slug}/export/csv/"
    for slug in (
        "customers",
        "people",
        "invitation-links",
        "licenses",
        "orders",
        "plans",
        "tax-rates",
        "journal",
        "mail",
        "stripe-events",
    )
]


def test_every_page_opens_for_support_with_few_statements_whatever_the_rows(client, cast, count_queries):
    ids = furnish(cast, 3)
    sign_in(client, cast.sam)
    cost = {}
    for page in PAGES:
        with count_queries() as statements:
            answer = client.get(page.format(**ids))
        assert answer.status_code == 200, page
        assert answer.text.count("<h1") == 1 or "/preview/" in page, page
        # A form that was opened has nothing to complain of yet.
        assert 'aria-invalid="true"' not in answer.text, page
        cost[page] = len(statements)
        assert len(statements) <= MAX_STATEMENTS, page + chr(10) + chr(10).join(statements)
    furnish_more(cast)
    for page in PAGES:
        with count_queries() as statements:
            assert client.get(page.format(**ids)).status_code == 200
        assert len(statements) <= max(cost[page], MAX_STATEMENTS), (page, statements)


def test_every_page_names_its_parts_says_each_id_once_and_shows_no_object(client, cast):
    ids = furnish(cast, 2)
    sign_in(client, cast.sam)
    for page in (page for page in PAGES if "/preview/" not in page):
        html = client.get(page.format(**ids)).text
        named = re.findall(r'\sid="([^"]*)"', html)
        assert sorted(named) == sorted(set(named)), page
        headed = set(re.findall(r'<h[23] id="([^"]+)"', html))
        for section in re.findall(r"<section[^>]*>", html):
            assert (said := re.search(r'aria-labelledby="([^"]+)"', section)), (page, section)
            assert said[1] in headed, (page, section)
        for tag in re.findall(r"<[a-z][^<>]*>", html):
            assert len(re.findall(r"\sclass=", tag)) < 2, (page, tag)
        for choices in re.findall(r"(?s)<select[^>]*\srequired[^>]*>\s*<option[^>]*>", html):
            assert 'value=""' in choices, (page, choices)
        assert not re.search(r'datetime="[^"]*\.\d', html), page
        assert not re.search(r"object at 0x|&lt;(?!/)[A-Z][a-z]+\b", html), page


def furnish_more(cast: Any) -> None:
    for number in range(57):
        person = factories.make_user(cast.acme, f"More{number}")
        factories.make_user(factories.make_company(f"Bigger{number}"), role=Role.ADMIN)
        (license,) = factories.make_licenses(1, cast.alice, cast.pro)
        licenses.assign_license(license, person, Actor.of(cast.sam))
        factories.make_order(cast.alice, cast.pro, issue="paid_twice")


@pytest.mark.one_database
def test_customers_and_strangers_never_reach_support(app, client, cast):
    ids = furnish(cast, 1)
    for page in [*PAGES, *EXPORTS]:
        answer = make_client(app).get(page.format(**ids))
        assert answer.status_code == 302, page
        assert "/sign-in" in answer.location
    for person in (cast.alice, cast.bob):
        visitor = sign_in(make_client(app), person)
        for page in [*PAGES, *EXPORTS]:
            assert visitor.get(page.format(**ids)).status_code in {403, 404}, (person.first_name, page)


@pytest.mark.one_database
def test_every_route_of_support_refuses_a_customer_and_a_stranger(app, cast):
    """A route that is added tomorrow enters this test by itself."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/support/")]
    assert len(rules) > 50
    customer, stranger = sign_in(make_client(app), cast.alice), make_client(app)
    for rule in rules:
        if "filename" in rule.arguments:
            continue
        method = "POST" if "POST" in rule.methods else "GET"
        address = re.sub(r"<int:\w+>", "1", rule.rule)
        assert customer.open(address, method=method).status_code in {403, 404}, rule
        answer = stranger.open(address, method=method)
        assert answer.status_code == 302, rule
        assert "/sign-in" in answer.location, rule


def test_senseless_questions_are_answered_with_404_or_the_first_page(client, cast):
    furnish(cast, 1)
    sign_in(client, cast.sam)
    for slug in ("customers", "people", "licenses", "orders", "plans", "conditions", "journal", "mail"):
        for bad in ("abc", "", "999999", "-1", "1,2", "9" * 30):
            assert client.get(f"/support/{slug}/details/?id={bad}").status_code == 404, (slug, bad)
        for query in ("page=-1", "after=zzz", "sort=nothing", "company=abc", "q=%25%27%22"):
            assert client.get(f"/support/{slug}/?{query}").status_code == 200, (slug, query)
    assert client.get("/support/people/?q=%00").status_code == 400


@pytest.mark.one_database
def test_a_name_in_a_list_leads_to_that_person_and_nobody_leads_nowhere(client, cast):
    held, _free = factories.make_licenses(2, cast.alice, cast.pro)
    licenses.assign_license(held, cast.bob, Actor.of(cast.alice))
    issue = factories.make_issue(held.order_line.order, "paid_twice")
    with transaction() as turn:
        letters.staff_alert(turn, issue)
    sign_in(client, cast.sam)
    # Of two rows, one is somebody's.
    for url in ("/support/licenses/", "/support/mail/"):
        body = client.get(url).text.partition("<tbody>")[2].partition("</tbody>")[0]
        assert re.findall(r"/support/people/details/\?[^\"]*", body) == [
            f"/support/people/details/?id={cast.bob.id}"
        ], url
    # The journal too: of what the system does there is nobody to look at, and of the vendor's own rows no customer.
    oneself.sign_in_recorded(cast.sam, by=Actor.of(cast.sam), via="password")
    with transaction() as turn:
        journal.record(turn, JournalVerb.ORDER_EXPIRED, by=SYSTEM, subject=held.order_line.order)
    newest, before = client.get("/support/journal/").text.partition("<tbody>")[2].split("</tr>")[:2]
    customer = f"/support/customers/details/?id={cast.acme.id}"
    assert (customer in newest, "/support/people/details/" in newest.partition("</td>")[2]) == (True, False)
    assert (customer in before, f"/support/people/details/?id={cast.sam.id}" in before) == (False, True)


@pytest.mark.one_database
def test_mail_held_to_a_person_says_whose_and_can_be_let_go(client, cast):
    sign_in(client, cast.sam)
    page = client.get(f"/support/mail/?state=queued&person={cast.bob.id}").text
    chip = page.partition("Destinataire\u00a0:")[2].partition("</span>")[0]
    assert words(chip) == "Bob Tremblay"
    assert 'href="?state=queued"' in chip
    assert "999" in words(client.get("/support/mail/?person=999").text)
    assert 'class="chip on' not in client.get("/support/mail/").text


def test_a_list_is_narrowed_to_a_customer_that_was_typed_without_javascript(client, cast):
    furnish(cast, 2)
    sign_in(client, cast.sam)
    answer = client.get("/support/people/?company=&company-text=globex&role=admin")
    assert answer.status_code == 302
    assert answer.location.endswith(f"/support/people/?role=admin&company={cast.globex.id}")
    page = client.get(answer.location).text
    assert "carol@globex.example" in page
    assert "alice@acme.example" not in page
    several = client.get("/support/people/?company=&company-text=firm")
    assert several.status_code == 200
    assert 'name="company-choice"' in several.text
    nothing = client.get("/support/people/?company=&company-text=nobody+of+that+name")
    assert nothing.status_code == 200
    assert "carol@globex.example" not in nothing.text


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("view", "name"),
    [(view, name) for view in VIEWS for name in getattr(view, "picked", {})],
    ids=lambda part: part if isinstance(part, str) else part.slug,
)
def test_a_picker_whose_text_finds_nothing_shows_no_row_as_if_it_fitted(client, cast, view, name):
    furnish(cast, 2)
    sign_in(client, cast.sam)
    page = client.get(f"/support/{view.slug}/?{name}=&{name}-text=nobody+of+that+name").text
    assert "Aucun résultat pour ce texte" in page.replace("\xa0", " ")
    assert "<tbody>" not in page
    assert "Aucun résultat ne correspond à votre recherche" in page


def test_one_form_holds_search_and_filters_and_shows_what_a_list_is_narrowed_to(client, cast):
    furnish(cast, 2)
    sign_in(client, cast.sam)
    page = client.get(f"/support/people/?company={cast.globex.id}").text
    assert page.count('<form method="get"') == 1
    assert "Client\u00a0: <b>Globex</b>" in page
    assert page.count('name="company"') == 1
    # Emptying the field takes the filter away and keeps the rest, whatever id the page still carried.
    query = f"q=carol&role=admin&company={cast.globex.id}&company-text="
    assert client.get(f"/support/people/?{query}").location.endswith("/support/people/?q=carol&role=admin")
    senseless = client.get("/support/people/?company=999999999").text
    assert 'class="fault"' not in senseless


def test_the_journal_of_one_row_says_whose_it_is_and_lets_it_go(client, cast):
    factories.make_licenses(1, cast.alice, cast.pro)
    license = licenses.assign(cast.pro, cast.bob, Actor.of(cast.alice))
    sign_in(client, cast.sam)
    for query, name in (
        (f"license={license.id}", f"Pro …{license.key[-5:]}"),
        (f"person={cast.bob.id}", "Bob Tremblay"),
        (f"order={license.order_line.order_id}", license.order_line.order.reference),
        ("license=999999", "nº 999999"),
    ):
        chips = client.get(f"/support/journal/?{query}").text.partition('class="chips')[2]
        assert name in words(chips.partition("</ul>")[0]), query
