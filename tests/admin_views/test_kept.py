"""What lists remember for a while is shown to nobody of another company, whichever way it is asked and whoever asked first."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.sql import visitors
from time_machine import TimeMachineFixture

from access import Actor
from models import Company, Language, License, Order, User, db
from services import licenses
from services.reports import kept
from services.text.slots import Slotted
from tests import factories
from tests.admin_views.conftest import secrets_of
from tests.admin_views.lists.test_bad_input import LISTS
from tests.admin_views.portal.pages import words
from tests.client import Client, make_client, sign_in
from tests.conftest import Cast


def counts_of(page: str) -> list[str]:
    """The counts of the tabs."""
    return re.findall(
        r'<span class="n[^"]*">([^<]*)</span>', page.partition('class="tabs"')[2].partition("</nav>")[0]
    )


def test_what_is_kept_for_one_company_is_shown_to_no_other(app: Flask, cast: Cast) -> None:
    only_theirs = factories.make_plan("secret", name_fr="Secret d’Acme", name_en="Secret of Acme")
    factories.make_licenses(7, cast.alice, only_theirs, holder=cast.bob)
    factories.make_licenses(2, cast.carol, cast.eco, holder=cast.charlie)
    factories.make_order(cast.alice, cast.pro)
    factories.make_firm_link(cast.alice)
    acme, globex = secrets_of(cast.acme.id), secrets_of(cast.globex.id)
    alice, carol = sign_in(make_client(app), cast.alice), sign_in(make_client(app), cast.carol)
    staff = sign_in(make_client(app), cast.sam)
    for site, view in LISTS:
        if site != "portal":
            continue
        asked = ["", f"?plan={only_theirs.id}", "?part=list", "?size=20", "?sort=name", "?sort=last_day"]
        asked += [f"?tab={tab.name}" for tab in view.tabs]
        for query in asked:
            kept.forget()
            address = f"/portal/{view.slug}/{query}"
            # Whoever comes first, and with what staff keep of the same rows beside it.
            first, _staff, theirs, again = (
                alice.get(address),
                staff.get(f"/support/{'people' if view.slug == 'users' else view.slug}/"),
                carol.get(address),
                alice.get(address),
            )
            assert [secret for secret in acme if secret in theirs.text] == [], address
            assert [secret for secret in globex if secret in again.text] == [], address
            assert "Secret d" not in theirs.text, address
            assert counts_of(first.text) == counts_of(again.text), address
            assert not view.tabs or counts_of(theirs.text) != counts_of(again.text), address


def test_what_this_desk_has_just_changed_is_counted_at_once(app: Flask, cast: Cast) -> None:
    seat, *_others = factories.make_licenses(3, cast.alice, cast.pro)
    alice = sign_in(make_client(app), cast.alice)
    before = counts_of(alice.get("/portal/users/").text)
    licenses.assign_license(seat, cast.bob, Actor.of(cast.alice))
    after = counts_of(alice.get("/portal/users/").text)
    assert (before[0], int(before[1]) - 1) == (after[0], int(after[1]))
    db.session.rollback()
    assert "Pro" in words(alice.get("/portal/users/"))


# --- What is kept for everybody ---------------------------------------------------------------------------------------

TYPED = "zebre-que-quelqu-un-cherche"
# What each answer makes anew.
_ANEW = re.compile(r'(name="(?:csrf_token|once)"[^>]*value=")[^"]*')


@dataclasses.dataclass
class Reader:
    """Somebody who reads, on a device of theirs."""

    name: str
    browser: Client
    pages: list[str]

    def read(self, address: str) -> str:
        answer = self.browser.get(address)
        assert answer.status_code in {200, 302, 403}, (self.name, address)
        return _ANEW.sub(r"\1", answer.text) if answer.status_code != 302 else f"to {answer.location}"


def addresses_of_lists(site: str) -> list[str]:
    return [
        f"/{site}/{view.slug}/{asked}"
        for its, view in LISTS
        if its == site
        for asked in (
            "",
            "?part=list",
            f"?q={TYPED}",
            "?size=20",
            *(f"?tab={tab.name}" for tab in view.tabs[1:]),
        )
    ]


def readers(app: Flask, cast: Cast) -> list[Reader]:
    """People of both sites and of two companies, each with other rights, another language or other habits than the one before."""
    other_staff = factories.make_user(None, "Zoe", last_name="Dubureau", language=Language.EN)
    seats = factories.make_licenses(3, cast.alice, cast.pro, holder=cast.bob)
    theirs = factories.make_licenses(2, cast.carol, cast.eco, holder=cast.charlie)
    order = factories.make_order(cast.alice, cast.pro)
    factories.make_order(cast.carol, cast.eco)
    db.session.commit()
    lists = {site: addresses_of_lists(site) for site in ("portal", "support")}
    desk = [f"/support/customers/details/?id={cast.acme.id}", f"/support/people/edit/?id={cast.bob.id}"]
    desk += [f"/support/licenses/?company={cast.acme.id}", f"/support/licenses/?company={cast.globex.id}"]
    desk += [
        f"/support/journal/?person={cast.bob.id}",
        f"/support/orders/details/?id={order.id}",
        "/support/vendor/",
    ]

    def portal_of(person: User, license: License) -> list[str]:
        own = [f"/portal/users/{person.id}/license", f"/portal/licenses/details/?id={license.id}"]
        own += [f"/portal/users/edit/?id={person.id}", f"/portal/licenses/?plan={license.plan_id}"]
        return ["/portal/", "/portal/plans/", "/portal/options/", *lists["portal"], *own]

    acme, globex = portal_of(cast.bob, seats[0]), portal_of(cast.charlie, theirs[0])
    who = [
        (cast.alice, acme, {}),
        (cast.carol, globex, {"theme": "dark"}),
        (cast.sam, ["/support/", *lists["support"], *desk], {"keys": "off"}),
        (cast.erin, acme, {"theme": "dark"}),
        (other_staff, ["/support/", *lists["support"], *desk], {}),
        (cast.bob, ["/portal/", "/profile", "/portal/users/"], {"theme": "light"}),
        (cast.charlie, ["/portal/", "/profile"], {}),
    ]
    found = []
    for person, pages, cookies in who:
        browser = sign_in(make_client(app), person)
        for name, value in cookies.items():
            browser.set_cookie(name, value)
        found.append(Reader(person.email, browser, pages))
    return found


@pytest.mark.one_database
def test_no_page_shows_what_was_kept_of_another_reader_whoever_comes_before(
    app: Flask, cast: Cast, time_machine: TimeMachineFixture
) -> None:
    """Each page as it is when nothing is kept, then again when everybody has read everything, in turns."""
    everybody = readers(app, cast)
    # Some pages say what time it is.
    time_machine.move_to(dt.datetime.now(dt.UTC), tick=False)
    alone: dict[tuple[str, str], str] = {}
    for one in everybody:
        for address in one.pages:
            kept.forget()
            alone[one.name, address] = one.read(address)
    kept.forget()
    most = max(len(one.pages) for one in everybody)
    for _again in range(2):
        for at in range(most):
            for one in everybody:
                if at < len(one.pages):
                    address = one.pages[at]
                    assert one.read(address) == alone[one.name, address], (one.name, address)


def texts_of(value: object) -> list[str]:
    """The texts in something that is kept."""
    if isinstance(value, dict):
        return [text for part in value.values() for text in texts_of(part)]
    assert isinstance(value, Slotted), value
    return [value.text()]


@pytest.mark.one_database
def test_nothing_of_a_reader_or_of_a_company_is_in_what_is_kept_for_everybody(app: Flask, cast: Cast) -> None:
    everybody = readers(app, cast)
    tokens = set()
    for one in everybody:
        for address in one.pages:
            page = one.browser.get(address).text
            tokens |= set(re.findall(r'name="csrf_token" value="([^"]*)', page))
    people = db.session.scalars(sa.select(User)).all()
    secrets = {part for person in people for part in (person.email, person.last_name, person.name)}
    secrets |= {company.name for company in db.session.scalars(sa.select(Company))} | tokens | {TYPED}
    secrets |= set(db.session.scalars(sa.select(License.key)))
    secrets |= set(db.session.scalars(sa.select(Order.reference)))
    texts = [text for value in app.extensions["kept_for_everybody"].values() for text in texts_of(value)]
    assert len(texts) > 50
    assert tokens
    found = {secret for secret in secrets if any(secret in text for text in texts)}
    assert found == set()


def test_no_condition_that_is_kept_has_an_instant_in_it(app: Flask, cast: Cast) -> None:
    """A kept statement is sent again tomorrow: `models.clock` stands in it for the present instant."""
    for _site, view in LISTS:
        wheres = [(tab.name, tab.where()) for tab in view.tabs if tab.where is not None]
        for choice in view.filters:
            if choice.steady:
                values = [value for value, _words in choice.choices()] or ["1"]
                wheres += [
                    (f"{choice.name}={value}", choice.apply(sa.select(view.model), value)) for value in values
                ]
        for name, condition in wheres:
            instants = [
                part.value
                for part in visitors.iterate(condition)
                if isinstance(part, sa.BindParameter) and isinstance(part.value, dt.date)
            ]
            assert instants == [], (view.__name__, name)
