"""Every page of the desk, visited: light and dark, on a desktop and on a phone."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, Page

from access import SYSTEM, Actor
from demo.fill import PASSWORD
from models import (
    Batch,
    BatchKind,
    Company,
    JoinRequest,
    Language,
    License,
    LicenseRequest,
    LicenseState,
    LinkPurpose,
    MailState,
    Order,
    OutgoingMail,
    Plan,
    StripeEvent,
    User,
    db,
    utcnow,
)
from services.bases import base
from services.batches import applying, choosing
from services.buying import cart
from services.foundation.transaction import transaction
from services.imports import people
from services.joining import firm_links
from services.links import tokens
from tests import factories
from tests.browser import addresses, checks
from tests.browser.article import FRENCH, Article
from tests.browser.conftest import Desk, OpenPage
from tests.client import make_client, sign_in

pytestmark = pytest.mark.one_database

AUDIENCES = {
    "visitor": None,
    "member": "user@acme.example",
    "administrator": "admin@acme.example",
    "support": "support@trousseau.example",
}
# Pages that look otherwise when something is asked of them.
VARIATIONS = {
    "visitor": ["/l/dead", "/no-such-page"],
    "member": ["/support/"],
    "administrator": [
        "/portal/users/?q=zzz",
        "/portal/users/?license=without&sort=name",
        "/portal/plans/?plan={plan}&quantity=3.5",
        "/portal/users/{holder}/license",
        "/portal/orders/{pending}",
        "/portal/batches/{import_shown}/",
        "/no-such-page",
    ],
    "support": [
        "/support/?q=Acme",
        "/support/?q=zzz",
        "/support/licenses/?q=zzz",
        "/support/orders/?state=paid",
        "/support/mail/details/?id={failed_mail}",
        "/support/batches/{base_shown}/",
        "/no-such-page",
    ],
}


@pytest.fixture
def examples(desk: Desk) -> addresses.Examples:
    # As `make run` shows it: with the bar of the demonstration, and the page of its doors.
    desk.app.config["DEMONSTRATION"] = True
    return make_examples()


def make_examples() -> addresses.Examples:
    """The demonstration with something of everything: an order to pay, a cart, a failed mail, an event, links."""
    admin = _person("admin@acme.example")
    plan = db.session.scalars(sa.select(License.plan_id).limit(1)).one()
    cart.add(admin.company_id, db.session.get_one(Plan, plan), 5, Actor.of(admin))
    pending = factories.make_order(admin, db.session.get_one(License, 1).plan, 2)
    paid = db.session.scalars(sa.select(Order.reference).where(Order.paid_at.is_not(None)).limit(1)).one()
    held = db.session.scalars(
        sa.select(License).where(
            License.company_id == admin.company_id, License.where_state(LicenseState.ASSIGNED, utcnow())
        )
    ).first()
    assert held
    mail = db.session.scalars(sa.select(OutgoingMail).limit(1)).one()
    mail.state, mail.last_error = MailState.FAILED, "550 no such person"
    db.session.add(_event())
    db.session.commit()
    asked = db.session.scalars(db.select(LicenseRequest)).one()
    rows = {User: asked.user_id, LicenseRequest: asked.id, License: held.id, Order: pending.id}
    names = {
        "plan": plan,
        "holder": held.user_id,
        "pending": pending.reference,
        "failed_mail": mail.id,
        "batches": _chosen(admin, held),
        "import": _imported(admin),
        "import_shown": _imported(admin, plan),
        "base": _base(),
        "base_shown": _base(shown=True),
        **_joining(admin),
    }
    return addresses.Examples(rows, paid, _minted(held), names)


def _event() -> StripeEvent:
    now = utcnow()
    return StripeEvent(
        id="evt_1",
        type="checkout.session.completed",
        object_id="cs_test_1",
        livemode=False,
        created_at=now - dt.timedelta(minutes=1),
        handled_at=now,
        outcome="fulfilled",
    )


def _imported(admin: User, plan: int | None = None) -> str:
    """A file of people that is being looked at; with a plan to give, as it is shown before it is confirmed."""
    company, by = db.session.get_one(Company, admin.company_id), Actor.of(admin)
    names = "".join(f"Roy, Zoé;zoe{number}@acme.example\n" for number in range(60))
    batch = people.begin(f"Nom;Courriel\n{names}Côté, Léa;lea@acme\n", "", company, by)
    if plan is not None:
        look = people.look_at(batch)
        chosen = people.Choice(look.table.encoding, look.table.separator, None, 1, look.found.columns)
        people.proceed(batch, chosen, {"plan": plan, "post": "held"}, by)
        applying.work_on([batch.id])
    return batch.together


def _base(*, shown: bool = False) -> str:
    """A base that is being looked at, or as it is shown before it is confirmed."""
    lines = "Client;Courriel de facturation;Province;Forfait;Fin\nLévis;a@levis.example;QC;Pro;2031-01-31\nRien;;QC;Or;\n"
    batch = base.begin([("base.csv", lines.encode())], SYSTEM)
    if shown:
        base.proceed(batch, base.chosen(batch), {"post": "none"}, SYSTEM)
        applying.work_on([batch.id])
    return batch.together


def _chosen(admin: User, held: License) -> list[str]:
    """Many at once: to be settled, shown, done; and of several customers."""
    by = Actor.of(admin)
    own = db.session.scalars(sa.select(User.id).where(User.company_id == admin.company_id)).all()
    everybody = db.session.scalars(sa.select(User.id)).all()
    asked = {
        kind: choosing.of_people(kind, own, by)
        for kind in (BatchKind.ASSIGN, BatchKind.DEACTIVATE, BatchKind.RELEASE)
    }
    asked[BatchKind.TRANSFER] = choosing.of_licenses(BatchKind.TRANSFER, [held.id], by)
    several = choosing.of_people(BatchKind.RELEASE, everybody, by)
    done = choosing.of_licenses(BatchKind.RESEND, [held.id], by)
    for together in (asked[BatchKind.RELEASE], several, done):
        for batch in db.session.scalars(sa.select(Batch).where(Batch.together == together)).all():
            choosing.settle(batch, {"post": "held"}, by)
            applying.work_on([batch.id])
    batch = db.session.scalars(sa.select(Batch).where(Batch.together == done)).one()
    applying.confirm(batch, by)
    applying.work_on([batch.id])
    return [*asked.values(), several, done]


def _joining(admin: User) -> dict[str, str | None]:
    """The token of an invitation link, and of the mail of somebody who came by it."""
    link = tokens.grown(factories.make_firm_link(admin))
    typed = {"email": "nadia@acme.example", "first_name": "Nadia", "last_name": "Roy"}
    firm_links.ask(str(link), typed, Language.FR, by=Actor())
    asked = db.session.scalars(sa.select(JoinRequest)).one()
    return {"firm_link": link, "join_request": tokens.grown(asked)}


def _minted(held: License) -> list[str]:
    """The token of a link of each purpose."""
    with transaction() as turn:
        return [
            tokens.mint(turn, purpose, held.user, held if purpose == LinkPurpose.ACTIVATION else None)
            for purpose in LinkPurpose
        ]


def _person(email: str) -> User:
    return db.session.scalars(sa.select(User).where(User.email == email)).one()


def pages_for(desk: Desk, examples: addresses.Examples, audience: str) -> list[str]:
    """The addresses that answer this audience with a page that the others before it have not seen."""
    client, email = make_client(desk.app), AUDIENCES[audience]
    if email:
        sign_in(client, _person(email))
    rules = addresses.get_rules(desk.app)
    found = [address for rule in rules for address in addresses.addresses_of(desk.app, rule)(examples)]  # type: ignore[misc]
    shown = [address for address in found if client.get(address).status_code == 200]
    if email:
        stranger = make_client(desk.app)
        shown = [address for address in shown if stranger.get(address).status_code != 200]
    return shown + [address.format(**examples.names) for address in VARIATIONS[audience]]


def test_every_route_that_answers_get_is_visited_or_named(desk: Desk) -> None:
    rules = addresses.get_rules(desk.app)
    unknown = [rule.rule for rule in rules if addresses.addresses_of(desk.app, rule) is None]
    assert not unknown, "say in tests/browser/addresses.py how these pages are reached"


def test_every_page_is_reached_by_somebody(desk: Desk, examples: addresses.Examples) -> None:
    """An example that no longer leads to a page would take it out of the visits below in silence."""
    rules = addresses.get_rules(desk.app)
    wanted = {address for rule in rules for address in addresses.addresses_of(desk.app, rule)(examples)}  # type: ignore[misc]
    reached = {address for audience in AUDIENCES for address in pages_for(desk, examples, audience)}
    assert wanted <= reached


def test_every_picker_finds_what_is_typed_and_gives_it_to_the_keyboard(
    desk: Desk, examples: addresses.Examples, open_page: OpenPage
) -> None:
    page = open_page()
    wrong: list[str] = []
    tried = 0
    for audience in ("administrator", "support"):
        client = make_client(desk.app)
        sign_in(client, _person(str(AUDIENCES[audience])))
        with_pickers = [
            address
            for address in pages_for(desk, examples, audience)
            if "data-picker" in client.get(address).text
        ]
        page.context.clear_cookies()
        Article(page, desk.url, FRENCH).sign_in(str(AUDIENCES[audience]), PASSWORD)
        for address in with_pickers:
            for number in range(page_at(page, desk.url + address).locator("[data-picker]").count()):
                picker = page_at(page, desk.url + address).locator("[data-picker]").nth(number)
                tried += 1
                if not _is_chosen_by_keys(picker):
                    wrong.append(f"{address}: picker {number}")
    assert not wrong
    assert tried >= 8


def page_at(page: Page, url: str) -> Page:
    page.goto(url)
    return page


def _is_chosen_by_keys(picker: Locator) -> bool:
    """Whether a text finds something, and an arrow and Enter take it; and nothing is taken where nothing is found."""
    text, key = picker.locator("input[type=text]"), picker.locator("[data-picker-key]")
    # The fields that narrow a list are folded.
    picker.evaluate(
        "element => { const folded = element.closest('details'); if (folded) folded.open = true; }"
    )
    text.focus()
    for typed, choices in (("zzzzzz", 0), ("a", None)):
        text.fill("")
        with picker.page.expect_response(lambda answer, typed=typed: f"query={typed}" in answer.url):
            text.press_sequentially(typed)
        picker.page.wait_for_timeout(100)
        if choices == 0 and picker.locator("[data-key]").count():
            return False
        text.press("ArrowDown")
        if choices is None:
            text.press("Enter")
        elif text.get_attribute("aria-activedescendant"):
            return False
    return key.input_value().isdigit() and len(text.input_value()) > 1


@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_page_is_accessible_still_and_fits_any_screen(
    audience: str, desk: Desk, examples: addresses.Examples, open_page: OpenPage
) -> None:
    page = open_page()
    page.context.add_init_script(checks.COUNT_SHIFTS)
    # Pages that say so; and our own script, which the preview of a mail refuses as it must.
    page.watch.expected += ["status of 404", "status of 403", "status of 410", "/support/mail/preview/"]  # type: ignore[attr-defined]
    visited = pages_for(desk, examples, audience)
    if email := AUDIENCES[audience]:
        Article(page, desk.url, FRENCH).sign_in(email, PASSWORD)
    wrong: list[str] = []
    for address in visited:
        page.watch.problems.clear()  # type: ignore[attr-defined]
        found = checks.problems_of(page, desk.url + address)
        wrong += [f"{address}: {problem}" for problem in [*found, *page.watch.problems]]  # type: ignore[attr-defined]
    page.watch.problems.clear()  # type: ignore[attr-defined]
    assert not wrong, "\n".join(wrong)
