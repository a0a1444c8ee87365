"""Characters that nobody sees, that turn a line around, or that are two; and the sentences that take names up."""

from __future__ import annotations

import pytest
from flask_babel import force_locale, gettext, ngettext

from services.text import characters
from services.text.sentences import unbroken

FSI, PDI = "\u2068", "\u2069"


@pytest.mark.parametrize(
    ("text", "isolated"),
    [
        ("Acme", "Acme"),
        ("Boréal, inc.", "Boréal, inc."),
        ("東京", "東京"),
        ("שרה,", f"{FSI}שרה,{PDI}"),
        ("محمد", f"{FSI}محمد{PDI}"),
        ("\u0661\u0662", f"{FSI}\u0661\u0662{PDI}"),
        # Stored before it was refused: it neither turns the line around nor ends the isolation.
        ("\u202eAcme é", "Acme é"),
        (f"שרה{PDI}, x", f"{FSI}שרה, x{PDI}"),
        # What one sentence isolated, the next leaves so.
        (f"équipe de {FSI}שרה{PDI}", f"{FSI}équipe de {FSI}שרה{PDI}{PDI}"),
    ],
)
def test_only_what_is_read_from_the_right_is_kept_apart(text, isolated):
    assert characters.isolated(text) == isolated


@pytest.mark.parametrize(
    ("message", "read"),
    [
        ("%(num)s licenses", "%(num)s\u00a0licenses"),
        ("within 60 days, on %(day)s", "within 60\u00a0days, on %(day)s"),
        ("1 to 1,000 devices", "1 to 1,000\u00a0devices"),
        ("entre 1 et 120 mois", "entre 1 et 120\u00a0mois"),
        ("line %(number)s, %(name)s and more", "line %(number)s, %(name)s and more"),
        ("123456789 RT0001", "123456789\u00a0RT0001"),
        ("A4 paper, v2 of it", "A4 paper, v2 of it"),
    ],
)
def test_a_number_stays_with_its_noun_and_with_nothing_else(message, read):
    assert unbroken(message) == read


@pytest.mark.one_database
def test_every_sentence_of_the_code_and_of_the_templates_keeps_names_apart_and_numbers_with_nouns(app):
    page = app.jinja_env.from_string(
        "{{ _('Hello %(name)s', name=name) }}|{{ ngettext('%(num)s license', '%(num)s licenses', 5) }}"
    )
    for locale, hello, five in (("fr_CA", "Bonjour", "licences"), ("en_CA", "Hello", "licenses")):
        with app.app_context(), force_locale(locale):
            said = f"{hello} {FSI}<שרה>{PDI}", f"5\u00a0{five}"
            assert gettext("Hello %(name)s", name="<שרה>") == said[0]
            assert ngettext("%(num)s license", "%(num)s licenses", 5) == said[1]
            html = "|".join(said).replace("<", "&lt;").replace(">", "&gt;")
            assert page.render(name="<שרה>") == html
