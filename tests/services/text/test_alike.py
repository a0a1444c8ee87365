"""Two words that differ in how they are typed are one."""

from __future__ import annotations

import pytest

from services.text.alike import bare

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Prénom", "prenom"),
        ("PRE\u0301NOM", "prénom"),
        ("« Prénom : »", "prénom"),
        ("E-mail", "e mail"),
        ("Numéro\u00a0d’employé", "numero d'employe"),
        ("Cœur", "coeur"),
        ("Straße", "STRASSE"),
        ("Ｎｏｍ", "nom"),
        ("\u200bNom\ufeff", "nom"),
    ],
)
def test_how_a_word_is_typed_does_not_matter(text, other):
    assert bare(text) == bare(other) != ""


def test_other_words_differ():
    assert len({bare(word) for word in ("Nom", "Prénom", "Nom 2", "名前", "")}) == 5
