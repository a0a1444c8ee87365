"""The initials that stand for a person: right for every name that people have."""

from __future__ import annotations

import pytest

from services.text.initials import GROUNDS, NOTHING, face

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Mélanie Gagnon", "MG"),
        ("Élise Bergeron", "ÉB"),
        ("e\u0301lise bergeron", "ÉB"),
        ("Jean-Pierre de la Tour", "JT"),
        ("Madonna", "M"),
        ("  bob   o’Neil ", "BO"),
        ("ßeta Straße", "SS"),
        ("(Sam) 3 Roy", "SR"),
        ("محمد علي", "م"),
        ("דוד כהן", "ד"),
        ("山田 太郎", "山"),
        ("Ольга Иванова", "ОИ"),
        ("👩‍💻 Ana Sá", "AS"),
        ("👩‍💻", NOTHING),
        ("4242", "4"),
        ("\u202eRoy Ana", "RA"),
        ("", NOTHING),
    ],
)
def test_a_name_has_its_initials(name: str, initials: str) -> None:
    drawn = face(name)
    assert drawn.initials == initials
    assert 0 <= drawn.ground < GROUNDS
    assert face(name) == drawn
