"""The cards of the plans say the same things in the same order, so that one can compare them."""

from __future__ import annotations

from admin_views.portal.comparison import Feature, features
from models import Plan


def limit(code: str, fr: str, en: str) -> dict[str, str]:
    return {
        "code": code,
        "label_fr": code.upper(),
        "label_en": code.title(),
        "value_fr": fr,
        "value_en": en,
    }


def test_every_card_has_every_line_whatever_its_own_plan_says() -> None:
    small = Plan(id=1, limits=[limit("body", "Oui", "Yes"), limit("files", "Non", "No")])
    large = Plan(id=2, limits=[limit("files", "100 Mo", "100 MB"), limit("signing", " oui ", "YES")])
    untold = Plan(id=3, limits=[])
    told = features([small, large, untold], "fr")
    assert told[1] == [Feature("BODY", "", True), Feature("FILES", "", False), Feature("SIGNING", "", False)]
    assert told[2] == [
        Feature("BODY", "", False),
        Feature("FILES", "100 Mo", True),
        Feature("SIGNING", "", True),
    ]
    assert told[3] == [], "of a plan without a table nothing is denied"
    assert features([small, large], "en")[2][1] == Feature("Files", "100 MB", True)
