"""Typing errors: what somebody may have meant, if they may see it; and whose words are kept."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

import access
from access import Actor
from models import SearchWord, db
from services.privacy import erasure
from services.search import words
from tests.factories import make_company, make_user


@pytest.fixture
def crowd(cast):
    for first, last in (
        ("Paul", "Bouchard"),
        ("Zoé", "Lévesque"),
        ("Jean", "Morin"),
        ("Chloé", "Tremblay-Roy"),
    ):
        make_user(cast.acme, first, last_name=last, email=f"{first}@acme.example".lower())
    make_company("Consultants Beauport")
    words.gather()
    return cast


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("bouchrad", "bouchard"),
        ("levesqe", "levesque"),
        ("lévesques zoe", "levesque zoe"),
        ("moren", "morin"),
        ("mrin", "morin"),
        ("conslutants", "consultants"),
        ("cnosultents", "consultants"),
        ("trembley chloe", "tremblay chloe"),
        ("paul bouchar", None),
        ("xyzzyx", None),
        ("mor", None),
        ("", None),
        ("12345", None),
    ],
)
def test_a_wrong_letter_is_put_right(crowd, typed, meant):
    assert words.corrected(typed) == meant


def test_nobody_is_told_of_a_name_that_they_may_not_see(crowd):
    with access.scoped(access.Scope(company_id=crowd.globex.id)):
        assert words.corrected("levesqe") is None
    with access.scoped(access.Scope(company_id=crowd.acme.id)):
        assert words.corrected("levesqe") == "levesque"


def kept():
    return set(db.session.scalars(sa.select(SearchWord.word)))


def test_the_words_are_those_of_who_is_there(crowd):
    assert {"bouchard", "levesque", "morin", "tremblay", "chloe", "consultants"} <= kept()
    assert words.gather() == 0
    crowd.bob.last_name = "Éthier"
    db.session.commit()
    words.gather()
    assert "ethier" in kept()
    assert "tremblay" in kept()


def test_a_name_that_no_index_would_take_stops_nobody(crowd):
    """NFKD makes three letters of one: a hundred of them are a word of three hundred."""
    make_user(crowd.acme, "\ufb03" * 100, last_name="Roy", email="long@acme.example")
    make_user(crowd.acme, "Ida", last_name="Nouvelle", email="ida@acme.example")
    words.gather()
    assert words.corrected("nouvele") == "nouvelle"


def test_a_right_word_of_another_company_is_corrected_to_nothing(crowd):
    with access.scoped(access.Scope(company_id=crowd.globex.id)):
        assert words.corrected("bouchard") is None


def test_an_erased_person_takes_their_words_along_but_not_those_of_others(crowd):
    zoe = make_user(crowd.acme, "Zoé", last_name="Kowalczyk", email="zk@acme.example")
    words.gather()
    staff = Actor.of(crowd.sam)
    zoe.active = False
    db.session.commit()
    erasure.erase(zoe, "zk@acme.example", by=staff)
    assert "kowalczyk" not in kept()
    assert {"levesque", "bouchard"} <= kept()
    with access.everything():
        assert words.corrected("kowalczik") is None
