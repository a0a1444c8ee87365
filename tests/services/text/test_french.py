"""« de » before a name, in whatever sentence it stands."""

from __future__ import annotations

import pytest
from flask_babel import force_locale, gettext

from services.text.french import elided, elides

JOINED = (
    *(
        "Acme",
        "Élise Bergeron",
        "Ève",
        "Ian",
        "Olivier",
        "Ursule",
        "Émond & fils",
        "Œuvres du parvis",
        "Øystein",
    ),
    *("Henri", "Hélène", "Hubert", "Hugo", "Hydro-Québec", "Hôtel du Parc", "Héma-Québec"),
    *("Yves", "Yvon", "Ysabelle"),
    *("« Atelier »", "(Anna)", "IBM", "elise@acme.example", "É" + "lise"),
)
APART = (
    *("Léa", "David Nguyen", "William", "Zoé"),
    *("Hans", "Hassan", "Hicham", "Honda", "Hollande", "Harry"),
    *("Yasmine", "Yannick", "Youssef", "Yohan"),
    *("Ouellet", "Oualid", "Onze Plus"),
    *("11 personnes", "8 licences", "A7K2M-9XW4P", "2026-11-25", "3M"),
    *("Иван", "李", "Αλέξης", "אורי", "", "…"),
)


@pytest.mark.parametrize("name", JOINED)
def test_the_e_is_dropped_before_a_vowel_that_is_heard(name):
    assert elides(name)
    assert elided("la licence de %(person)s", {"person": name}) == "la licence d’%(person)s"


@pytest.mark.parametrize("name", APART)
def test_and_is_kept_before_anything_else(name):
    assert not elides(name)
    assert elided("la licence de %(person)s", {"person": name}) == "la licence de %(person)s"


def test_nothing_else_of_a_message_is_touched():
    for message in (
        "the license of %(person)s",
        "aide %(person)s",
        "de %(other)s",
        "%(person)s",
        "de %(num)s",
    ):
        assert elided(message, {"person": "Élise", "num": 11}) == message, message
    assert elided("De %(a)s et que %(b)s", {"a": "Ian", "b": "Ève"}) == "D’%(a)s et qu’%(b)s"


@pytest.mark.one_database
def test_every_message_of_pages_and_of_code_says_it(app):
    said = "Logo of %(name)s"
    with app.test_request_context(), force_locale("fr_CA"):
        assert gettext(said, name="Élise").endswith(" d’Élise")
        assert gettext(said, name="Léa").endswith(" de Léa")
        html = app.jinja_env.from_string("{{ _('Logo of %(name)s', name=name) }}")
        assert html.render(name="Ève <b>").endswith("d’Ève &lt;b&gt;")
