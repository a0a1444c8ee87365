"""A hundred and fifty questions of a support agent, made by rule from the demonstration's rows: what they are about is found."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, url_for

from demo.fill import fill
from models import Company, License, Order, Role, User, db, readable_address
from services.text.formats import money
from tests.client import make_client, sign_in

pytestmark = pytest.mark.one_database

QUESTIONS = 150
FOUND = 140
SEED = 20261127


def _bare(text: str) -> str:
    return "".join(
        one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one)
    ).lower()


def _swapped(text: str, draw: random.Random) -> str:
    place = draw.randrange(1, len(text) - 2)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def _without(text: str, draw: random.Random) -> str:
    place = draw.randrange(1, len(text) - 1)
    return text[:place] + text[place + 1 :]


def _wrong(text: str, draw: random.Random) -> str:
    place = draw.randrange(1, len(text) - 1)
    return text[:place] + draw.choice("aeiousrn") + text[place + 1 :]


Rule = Callable[[Any, random.Random], str]
PERSON: dict[str, Rule] = {
    "first and last": lambda row, _: row.name,
    "last, first": lambda row, _: f"{row.last_name}, {row.first_name}",
    "no accents": lambda row, _: _bare(row.name),
    "capitals": lambda row, _: row.name.upper(),
    "beginnings": lambda row, _: f"{row.first_name[:3]} {row.last_name[:4]}",
    "last name and company": lambda row, _: f"{row.last_name} {row.company.name.split()[0]}",
    "an address": lambda row, _: row.email,
    "an address in a sentence": lambda row, _: f"<{row.email}>,",
    "before the at sign": lambda row, _: f"{readable_address(row.email).partition('@')[0]}@",
    "first name and domain": lambda row, _: (
        f"{row.first_name} {readable_address(row.email).partition('@')[2]}"
    ),
    "two letters changed places": lambda row, draw: (
        f"{_swapped(_bare(row.last_name), draw)} {_bare(row.first_name)}"
    ),
    "a letter is missing": lambda row, draw: f"{row.first_name} {_without(_bare(row.last_name), draw)}",
    "a letter is wrong": lambda row, draw: _wrong(_bare(row.last_name), draw),
}
COMPANY: dict[str, Rule] = {
    "its name": lambda row, _: row.name,
    "its last word": lambda row, _: _bare(row.name.split()[-1]),
    "two words turned round": lambda row, _: " ".join(reversed(row.name.split()[:2])),
    "its domain": lambda row, _: row.billing_email.partition("@")[2],
    "a letter is missing": lambda row, draw: _without(_bare(max(row.name.split(), key=len)), draw),
}
KEY: dict[str, Rule] = {
    "pasted": lambda row, _: f"  {row.key}\n",
    "without hyphens": lambda row, _: row.key.replace("-", ""),
    "its first half, small": lambda row, _: row.key[:11].lower(),
}
ORDER: dict[str, Rule] = {
    "its number": lambda row, _: row.reference,
    "its number without hyphen": lambda row, _: row.reference.replace("-", "").lower(),
    "its amount in French": lambda row, _: money(row.total, row.currency, "fr"),
    "its amount in English": lambda row, _: money(row.total, row.currency, "en"),
}


def _questions(draw: random.Random) -> Iterator[tuple[str, str, str]]:
    """(rule, what is typed, the address that must be on the page)."""
    people = db.session.scalars(
        sa.select(User).where(User.role != Role.SUPPORT, sa.func.length(User.last_name) > 5).order_by(User.id)
    ).all()
    kinds: list[tuple[dict[str, Rule], list[Any], str]] = [
        (PERSON, list(people), "support_people"),
        (COMPANY, list(db.session.scalars(sa.select(Company).order_by(Company.id))), "support_customers"),
        (KEY, list(db.session.scalars(sa.select(License).order_by(License.id))), "support_licenses"),
        (ORDER, list(db.session.scalars(sa.select(Order).order_by(Order.id))), "support_orders"),
    ]
    rules = [(name, rule, rows, slug) for found, rows, slug in kinds for name, rule in found.items()]
    for number in range(QUESTIONS):
        name, rule, rows, slug = rules[number % len(rules)]
        row = draw.choice(rows)
        yield name, rule(row, draw), url_for(f"{slug}.details_view", id=row.id)


def test_of_a_hundred_and_fifty_questions_a_hundred_and_forty_are_answered_on_the_first_page(
    app: Flask, scope: None
) -> None:
    fill()
    support = sign_in(
        make_client(app), db.session.scalars(sa.select(User).where(User.role == Role.SUPPORT)).first()
    )
    with app.test_request_context():
        questions = list(_questions(random.Random(SEED)))
    missed = [
        (rule, typed)
        for rule, typed, address in questions
        if f'href="{address}"' not in support.get("/support/search/", query_string={"q": typed}).text
    ]
    assert len(questions) == QUESTIONS
    assert len(questions) - len(missed) >= FOUND, missed
