"""Text of one language in a page of the other says so, so that a screen reader pronounces it (WCAG 2.2, 3.1.2)."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from access import Actor
from models import Conditions, JournalEntry, JournalVerb, Language, TaxRate, db
from services.catalogue import plans
from tests import factories
from tests.admin_views.support.test_pages import PAGES as SUPPORT
from tests.admin_views.support.test_pages import furnish
from tests.client import sign_in

PORTAL = [
    "/portal/",
    "/portal/plans/",
    "/portal/users/",
    "/portal/licenses/",
    "/portal/orders/",
    "/portal/orders/{reference}",
    "/portal/orders/{reference}/receipt",
    "/portal/licenses/details/?id={license}",
    "/profile",
    "/sign-in",
]
# Words that stand nowhere else, in what the vendor writes twice, and in what is said in its own language.
SIGNS = {"fr": ("Motfrançais", "Français"), "en": ("Englishword", "English")}
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "use", "wbr"}


class Tongues(HTMLParser):
    """Every text of a page, and every name and value that is read aloud, with the language in force there."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = [("", "")]
        self.said: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        tongue = values.get("lang") or self.open[-1][1]
        self.said += [(values.get(name) or "", tongue) for name in ("value", "title", "aria-label", "alt")]
        if tag not in VOID:
            self.open.append((tag, tongue))

    def handle_endtag(self, tag: str) -> None:
        if any(tag == name for name, _tongue in self.open):
            while self.open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.said.append((data, self.open[-1][1]))


def misread(page: str) -> list[tuple[str, str]]:
    """The texts of `page` that a screen reader would pronounce as the other language's."""
    parser = Tongues()
    parser.feed(page)
    return [
        (text.strip(), tongue)
        for text, tongue in parser.said
        for own, signs in SIGNS.items()
        if tongue != own and any(sign in text for sign in signs)
    ]


@pytest.fixture
def ids(cast: Any) -> dict[str, Any]:
    """A row of everything, and what the vendor wrote twice marked with its language."""
    for plan in (cast.pro, cast.avance):
        plan.name_fr, plan.name_en = f"Motfrançais {plan.code}", f"Englishword {plan.code}"
        plan.description_fr, plan.description_en = "Motfrançais d’ici", "Englishword from here"
    for number, rate in enumerate(db.session.scalars(db.select(TaxRate))):
        rate.name_fr, rate.name_en = f"Motfrançais {number}", f"Englishword {number}"
    conditions = db.session.get_one(Conditions, 1)
    conditions.text_fr, conditions.text_en = "Motfrançais de vente", "Englishword of sale"
    db.session.commit()
    known = furnish(cast, 1)
    known["reference"] = factories.make_order(cast.alice, cast.pro, 2, paid=True).reference
    added = {
        "code": "new",
        "product": "other",
        "name_fr": "Motfrançais",
        "name_en": "Englishword",
        "description_fr": "Motfrançais",
        "description_en": "Englishword",
        "term_months": 12,
        "devices_per_license": 1,
        "limits": [],
        "on_sale": True,
        "position": 1,
    }
    plans.create_plan(added, by=Actor.of(cast.sam))
    known["entry"] = db.session.scalar(
        db.select(JournalEntry.id).where(JournalEntry.verb == JournalVerb.PLAN_ADDED)
    )
    return known


@pytest.mark.one_database
@pytest.mark.parametrize("language", list(Language))
def test_no_page_says_a_text_of_the_other_language_as_its_own(client, cast, ids, language):
    cast.sam.language = language
    db.session.commit()
    readers = {"portal": cast.alice if language == Language.FR else cast.erin, "support": cast.sam}
    pages = [("portal", page) for page in PORTAL] + [("support", page) for page in SUPPORT]
    wrong, marked = {}, 0
    for site, page in pages:
        sign_in(client, readers[site])
        answer = client.get(page.format(**ids), follow_redirects=True)
        assert answer.status_code == 200, page
        marked += 'lang="' in answer.text.split("<body", 1)[1]
        if found := misread(answer.text):
            wrong[page] = found
    assert wrong == {}
    assert marked > 10
