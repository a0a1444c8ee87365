"""Names in the order in which people look for them, the same from either database."""

from __future__ import annotations

import itertools
import random

import pytest
import sqlalchemy as sa

from models import Company, User, db, plain, sort_key
from services.text import places
from tests.factories import make_company, make_user

# Each list in its order: CAN/CSA Z243.4.1 and what a reader of a list of people expects.
ORDERS = [
    ["cote", "Cote", "côte", "Côte", "coté", "Coté", "côté", "Côté"],
    ["Estonie", "États-Unis", "Éthiopie", "Zambie"],
    ["D’Amour", "de Lima", "Delorme", "Éthier", "Roy", "Zola"],
    ["l'Heureux", "L’Heureux", "Lheureux-Dubé"],
    ["Saint-Jean", "Saintonge"],
    ["Łukasz", "Lund", "Müller", "Ñuñez", "Ødegaard", "Œuvre", "Zoé"],
    ["10", "2", "A"],
    ["", "a"],
]


@pytest.mark.parametrize("names", ORDERS, ids=lambda names: names[0])
def test_names_stand_where_a_reader_of_french_looks_for_them(names):
    mixed = random.Random(1).sample(names, len(names))
    assert sorted(mixed, key=sort_key) == names


def test_a_family_name_decides_before_a_first_name_and_both_before_marks():
    people = [
        ("Côté", "Alice"),
        ("Cote", "Bob"),
        ("Côté", "Bob"),
        ("Cotéa", "Alice"),
        ("Roy", "Zoé"),
        ("Royal", "Al"),
    ]
    assert sorted(random.Random(3).sample(people, 6), key=lambda person: sort_key(*person)) == people


def test_what_is_typed_has_the_spelling_of_what_is_found():
    for typed, found in [
        ("Béatrice", "beatrice"),
        ("BE\u0301ATRICE", "beatrice"),
        ("O’Brien", "o'brien"),
        ("  L’Œuvre\u00a0d’Éric ", "l'oeuvre d'eric"),
        ("Jean‑Pierre", "jean-pierre"),
        ("Łódź Straße ﬁn", "lodz strasse fin"),
        ("zero\u200bwidth", "zerowidth"),
        ("مرحبا", "مرحبا"),
    ]:
        assert plain(typed) == found


def test_a_key_fits_an_index_whatever_the_name():
    assert len(sort_key("ﷺ" * 100, "é" * 100).encode()) <= 500


def test_both_databases_put_people_and_customers_in_the_same_order(cast):
    names = list(itertools.chain.from_iterable(ORDERS[:-1]))
    random.Random(2).shuffle(names)
    for number, name in enumerate(names):
        make_user(cast.acme, "Ève", last_name=name, email=f"n{number}@acme.example")
        make_company(name, billing_email="a@b.example")
    people = db.session.scalars(
        sa.select(User.last_name).where(User.first_name == "Ève").order_by(User.sort_key, User.id)
    )
    assert list(people) == sorted(names, key=lambda name: sort_key(name, "Ève"))
    companies = db.session.scalars(
        sa.select(Company.name).where(Company.name.in_(names)).order_by(Company.sort_key, Company.id)
    )
    assert list(companies) == sorted(names, key=sort_key)


def test_a_name_that_is_written_again_moves_with_its_key(cast):
    cast.bob.last_name, cast.globex.name = "Éthier", "Île Noire"
    db.session.commit()
    assert cast.bob.sort_key == sort_key("Éthier", "Bob")
    assert cast.globex.sort_key == sort_key("Île Noire")


def test_countries_and_provinces_stand_in_the_order_of_their_language(app):
    french = [name for _code, name in places.countries("fr")]
    assert french[0] == "Canada"
    assert (
        french.index("Estonie")
        < french.index("États-Unis")
        < french.index("Éthiopie")
        < french.index("Fidji")
    )
    with app.test_request_context():
        assert [code for code, _name in places.provinces()][:2] == ["AB", "BC"]


@pytest.mark.one_database
def test_a_text_of_plain_letters_alone_is_spelled_as_it_is_beside_others():
    """What is ASCII alone takes a short way: it must lead to the same."""
    signs = [chr(code) for code in range(32, 127)]
    draw = random.Random(3)
    for text in [*signs, *("".join(draw.choices(signs, k=12)) for _turn in range(500))]:
        assert plain(f"é {text}") == f"e {plain(text)}".strip(), text
