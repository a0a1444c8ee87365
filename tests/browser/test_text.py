"""What is written on every page, whatever people are called and whichever day it is. No browser is needed to read it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from models import Company, License, Order, OrderLine, Plan, User, Vendor, db
from tests.browser.addresses import Examples
from tests.browser.conftest import Desk
from tests.browser.test_every_page import AUDIENCES, examples, pages_for
from tests.client import make_client, sign_in
from tests.isolation import FSI, mixed_blocks

__all__ = ["examples"]  # a fixture that lives there

pytestmark = pytest.mark.one_database
FIRST = dt.date(2027, 12, 1)


def pages(desk: Desk, some: Examples) -> Iterator[tuple[str, str]]:
    """(address, HTML) of every page, for everybody."""
    for audience, email in AUDIENCES.items():
        client = make_client(desk.app)
        if email:
            sign_in(client, db.session.scalars(sa.select(User).where(User.email == email)).one())
        for address in pages_for(desk, some, audience):
            yield address, client.get(address, buffered=True).text


def test_a_name_from_right_to_left_moves_nothing_on_any_page(desk: Desk, examples: Examples) -> None:
    db.session.execute(sa.update(User).values(first_name="שרה", last_name="כהן,"))
    db.session.execute(sa.update(Company).values(name="شركة (محمد)"))
    db.session.execute(sa.update(Plan).values(name_fr="תוכנית!", name_en="תוכנית!"))
    db.session.execute(sa.update(OrderLine).values(plan_name_fr="תוכנית!", plan_name_en="תוכנית!"))
    db.session.execute(sa.update(Order).values(customer_name="شركة (محمد)"))
    db.session.execute(sa.update(Vendor).values(name="ספק!", legal_name="ספק!"))
    db.session.commit()
    found = list(pages(desk, examples))
    wrong = [f"{address}: {text}" for address, html in found for text in mixed_blocks(html)]
    assert not wrong, "\n".join(wrong)
    assert sum(FSI in html for _, html in found) > 10
    assert sum("<bdi>" in html for _, html in found) > 3


def test_the_first_of_a_month_is_counted_on_every_page(desk: Desk, examples: Examples) -> None:
    db.session.execute(sa.update(License).values(last_day=FIRST))
    db.session.commit()
    found = list(pages(desk, examples))
    assert not [address for address, html in found if re.search(r"(?<!\d)1[ \xa0]décembre", html)]
    assert sum("1<sup>er</sup> décembre 2027" in html for _, html in found) >= 3
    assert not [address for address, html in found if "&lt;sup" in html]


def test_no_number_parts_from_its_noun_on_any_page(desk: Desk, examples: Examples) -> None:
    nouns = "licences?|mois|ans?|personnes?|commandes?|jours?|minutes?|résultats?|appareils?|caractères"
    parted = re.compile(rf"(?<![\w.,/-])[0-9]+ ({nouns})\b")
    wrong = [
        f"{address}: {text.group()}"
        for address, html in pages(desk, examples)
        for text in parted.finditer(html)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_moment_is_one_that_html_knows(desk: Desk, examples: Examples) -> None:
    """At most a day and a time to the second: HTML allows three decimals of it, Python writes six."""
    moments = [
        (address, moment)
        for address, html in pages(desk, examples)
        for moment in re.findall(r'datetime="([^"]*)"', html)
    ]
    known = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d|Z)?)?")
    assert len(moments) > 20
    assert not [one for one in moments if not known.fullmatch(one[1])]
