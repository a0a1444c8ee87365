"""Who a text finds: by any three letters in a row, whatever is typed around them, and never a stranger."""

from __future__ import annotations

import random
import string

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import access
from models import Company, User, db, plain, search_text
from services.search import hits
from tests.factories import make_company, make_user

NAMES = [
    ("Béatrice", "O’Brien-Côté"),
    ("Łukasz", "D’Amour"),
    ("Œnone", "Saint‑Jean"),
    ("مريم", "العلوي"),
    ("Zoé", "Lévesque"),
    ("李", "小龙先生"),
    ("Jean_Paul", "100%"),
    ("Marie", "de la Noë"),
]


@pytest.fixture
def crowd(cast):
    for number, (first, last) in enumerate(NAMES):
        company = cast.acme if number % 2 else cast.globex
        make_user(company, first, last_name=last, email=f"p{number}.q-{number}@bücher.example")
    make_company("Éditions de l’Œil & Cie", billing_email="compta@oeil.example")
    db.session.expire_all()
    return cast


def people(text):
    return set(hits.people(text).ids)


def test_any_three_letters_in_a_row_of_a_name_an_address_or_a_company_find_the_row(crowd):
    missed = []
    for user in db.session.scalars(sa.select(User)).unique():
        company = user.company.name if user.company else ""
        for text in (user.first_name, user.last_name, user.email, company):
            letters = plain(text).replace("'", "").replace("-", "") if "@" not in text else plain(text)
            for word in letters.split():
                missed += [
                    (user.name, word[place : place + 3])
                    for place in range(len(word) - 2)
                    if word[place : place + 3].isalnum() and user.id not in people(word[place : place + 3])
                ]
    for company in db.session.scalars(sa.select(Company)):
        for word in plain(company.name).replace("'", "").split():
            missed += [
                (company.name, word[place : place + 3])
                for place in range(len(word) - 2)
                if company.id not in hits.companies(word[place : place + 3]).ids
            ]
    assert missed == []


@pytest.mark.parametrize(
    "text",
    [
        "beatrice",
        "O'Brien",
        "obrien",
        "BRIEN béa",
        "cote globex",
        "  Béatrice , O’Brien-Côté ",
        "<p0.q-0@bücher.example>",
        "p0.q-0@xn--bcher-kva.example",
        "béatrice (p0.q-0@bücher.example)",
        "bo be",
        "« Béatrice »",
        'BE\u0301ATRICE "O\u2018Brien"',
    ],
)
def test_a_name_is_found_however_it_is_typed(crowd, text):
    wanted = db.session.scalar(sa.select(User.id).where(User.first_name == "Béatrice"))
    # Two letters are the beginning of a word.
    assert (wanted in people(text)) == (text != "bo be"), text


NOTHING = [
    "",
    "   ",
    "%",
    "_",
    "%%%",
    "___",
    "\\",
    "'",
    '"',
    '""" OR 1',
    "*",
    "\0",
    "🙂🙂",
    "´`^¨",
    "\u202e\u202d",
    "(((",
    "~~~",
]


@pytest.mark.parametrize("text", NOTHING)
def test_signs_alone_find_nobody(crowd, text):
    assert people(text) == set()
    assert hits.companies(text).ids == ()


STRANGE = [
    'a" OR "b',
    "tremblay AND NOT bob",
    "NEAR(tremblay bob)",
    "search_text:bob",
    "bob*",
    "^bob",
    "x" * 10_000,
    "é" * 10_000,
    "bob " * 3_000,
    "%bob%",
    "b_b",
    "bob\\",
    "bob'; DROP TABLE users; --",
    "\ufeffbob\u200b",
    "a\u0301" * 500,
    "ﷺ" * 50,
]


@pytest.mark.parametrize("text", STRANGE, ids=lambda text: text[:12])
def test_what_is_an_operator_elsewhere_is_a_text_here(crowd, text):
    found = people(text)
    assert found <= {crowd.bob.id}, text
    if text in {"bob*", "^bob", "%bob%", "bob\\", "\ufeffbob\u200b"}:
        # What stands around a word is left out where nobody would type it.
        assert found == ({crowd.bob.id} if text in {"bob*", "bob\\", "\ufeffbob\u200b"} else set())


LETTERS = st.text(alphabet=string.ascii_letters + "éèçœÉ’- '@.%_\"\\", max_size=12)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
# As in a small company; as in a large one, of a rare word and of a frequent one.
@given(text=LETTERS, large=st.sampled_from([(2_000, 1_000), (0, 1_000), (0, 2)]))
def test_an_administrator_finds_their_own_people_alone_whatever_is_typed(crowd, monkeypatch, text, large):
    everybody = people(text)
    for name, value in zip(("LARGE", "RARE"), large, strict=True):
        monkeypatch.setattr(hits, name, value)
    for company in (crowd.acme, crowd.globex):
        own = set(db.session.scalars(sa.select(User.id).where(User.company_id == company.id)))
        with access.scoped(access.Scope(company_id=company.id)):
            assert people(text) == everybody & own, text
            assert set(hits.companies(text).ids) <= {company.id}
    with access.scoped(access.NOTHING):
        assert people(text) == set()


def test_what_is_stored_is_what_the_row_says_whoever_wrote_it(crowd):
    """The rows of the fixture come by the session, those of an import by one statement, those of before by a migration."""
    for user in db.session.scalars(sa.select(User)).unique():
        company = user.company.name if user.company else ""
        assert user.search_text == search_text(user.first_name, user.last_name, user.email, company)
    crowd.bob.last_name, crowd.acme.name = "Éthier", "Zénith"
    db.session.commit()
    assert people("ethier zenith") == {crowd.bob.id}
    assert people("bob tremblay") == set()
    assert hits.companies("zenith").ids == (crowd.acme.id,)
    assert hits.companies("acme inc").ids == ()


@pytest.mark.parametrize("text", ["delanoe", "De La Noë", "marie delan", "noe de la marie"])
def test_a_name_of_several_words_is_found_as_one(crowd, text):
    wanted = db.session.scalar(sa.select(User.id).where(User.last_name == "de la Noë"))
    assert people(text) == {wanted}


def test_a_word_of_random_parts_is_found_by_all_of_them_in_any_order(crowd):
    draw = random.Random(5)
    for user in db.session.scalars(sa.select(User)).unique().all():
        words = [*plain(user.first_name).split(), *plain(user.last_name).split(), plain(user.email)]
        for _turn in range(4):
            draw.shuffle(words)
            assert user.id in people(" ".join(words)), words
