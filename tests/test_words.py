"""The French of every message: words and typography as a professional in Québec expects them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask_babel import force_locale, ngettext

from sandbox.pages.wording import TEXTS
from services.text import formats
from tests.french import never_said

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "translations/fr/LC_MESSAGES/messages.po"
NBSP = "\u00a0"


def french() -> list[str]:
    with CATALOGUE.open("rb") as file:
        messages = [message for message in read_po(file, locale="fr") if message.id]
    return [
        text
        for message in messages
        for text in (message.string if isinstance(message.string, tuple) else (message.string,))
    ]


# Placeholders, addresses and times of day are not prose.
NOT_PROSE = re.compile(r"%\(\w+\)[sd]|%%|https?://\S*|\b[\w.]+@[\w.]+|#\w+|\{[^}]*\}|<[^>]+>")

RULES = {
    "a typographic apostrophe": r"\w'\w",
    "no space before ; ! ?": rf"[ {NBSP}][;!?]",
    "a non-breaking space before a colon": rf"(?<![{NBSP}\d/]):(?=\s|$)",
    "a non-breaking space before % and $": rf"(?<![{NBSP}])[%$](?!\()",
    "a non-breaking space before »": rf"(?<!{NBSP})»",
    "a non-breaking space after «": rf"«(?!{NBSP})",
    "no English quotation marks": r"[“”\"]",
    "no three dots for an ellipsis": r"\.\.\.",
}


def spoken() -> list[str]:
    """Every sentence in French that we show: of the desk and its mail, and of the sandbox."""
    return [NOT_PROSE.sub("…", text) for text in [*french(), *(text for text, _english in TEXTS.values())]]


@pytest.mark.parametrize("rule", RULES)
def test_every_french_message_is_set_as_a_printer_would(rule):
    pattern = re.compile(RULES[rule])
    assert [text for text in spoken() if pattern.search(text)] == []


def test_french_says_one_thing_one_way():
    assert {text: never_said(text) for text in spoken() if never_said(text)} == {}


def test_the_documents_in_french_say_it_the_same_way():
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        text = re.sub(r"(?s)```.*?```|`[^`]*`|\]\([^)]*\)|<[^>]+>", "", path.read_text())
        french_here, english_here = (
            len(re.findall(rf"(?i)\b({words})\b", text)) for words in ("les|des|vous|une", "the|and|you|is")
        )
        if french_here > english_here:
            assert [line for line in text.splitlines() if never_said(line)] == [], path


@pytest.mark.parametrize(
    "wrong",
    [
        "Aucune licence n’est libre.",
        "Rien n’a été modifié.",
        "Vos modifications",
        "Pour modifier ceci",
        "La banque a refusé.",
        "Prochaine échéance",
        "Date de fin : expiration",
        "Valide 12\u00a0mois",
        "un e-mail",
        "Regardez vos courriels",
        "5 sièges",
    ],
)
def test_a_word_of_the_wrong_kind_is_noticed(wrong):
    assert never_said(wrong)


@pytest.mark.parametrize(
    "right", ["Modifier la licence", "Modifier l’utilisateur", "Modifier : Acme", "Un an"]
)
def test_the_names_of_buttons_stay(right):
    assert never_said(right) == []


# The exact words on the screen, as the people who use the desk were taught them.
LABELS = {
    "License management and purchases": "Gestion des licences et achats",
    "Plans": "Forfaits",
    "Number of licenses": "Nombre de licences",
    "Add": "Ajouter",
    "Nothing is charged before payment.": "Rien n’est facturé avant le paiement.",
    "Cart": "Panier",
    "Added by %(name)s": "Ajouté par %(name)s",
    "Validate my purchases": "Valider mes achats",
    "Proceed to purchase": "Procéder à l’achat",
    "Close without changes": "Fermer sans rien changer",
    "User management": "Gestion des utilisateurs",
    "Manage license": "Gestion de licence",
    "Save": "Sauvegarder",
    "Release license": "Libérer la licence",
    "Purchased": "Achetées",
    "Assigned": "Assignée",
    "Available": "Disponible",
    "Activated": "Activée",
    "Suspended": "Suspendue",
    "Expired": "Expirée",
    "Revoked": "Révoquée",
    "Awaiting payment": "En attente de paiement",
    "Payment in progress": "Paiement en cours",
    "Paid": "Payée",
    "Payment declined": "Paiement refusé",
    "Payment abandoned": "Paiement abandonné",
    "Cancelled": "Annulée",
    "Refunded": "Remboursée",
    "Payment disputed": "Paiement contesté",
    "Standard user": "Utilisateur standard",
    "Administrator": "Administrateur",
    "Orders and receipts": "Commandes et reçus",
    "My profile": "Mon profil",
    "New customer": "Nouveau client",
    "To do": "À faire",
    "Current license": "Licence actuelle",
    "You are up to date.": "Vous êtes à jour.",
    "Valid until": "Valide jusqu’au",
    "Valid until %(day)s": "Valide jusqu’au %(day)s",
    "One less": "Une de moins",
    "One more": "Une de plus",
    "For the selection": "Pour la sélection",
    "Look at your email": "Consultez vos courriels",
    "This page is not open to you": "Vous n’avez pas accès à cette page",
    "This cannot be done that way": "Cette action n’est pas permise ainsi",
    "Something broke on our side": "Une erreur s’est produite de notre côté",
    "Plans are shown from the smallest to the largest.": (
        "Les forfaits sont présentés par ordre croissant de position."
    ),
}

# Sentences that people misread, and the words that each kind of them has now.
SENTENCES = {
    "Something in it is malformed.": "La demande est mal formée.",
    "This address and this password do not go together": "Courriel ou mot de passe incorrect",
    "It never begins": "ce qui était en vigueur la veille le demeure",
    "It has been noted.": "L’opération n’a peut-être pas été effectuée",
    "Nobody holds it: there is nothing to release": "Cette licence n’est assignée à personne",
    "A person holds one license of a product at a time": "Une seule licence par personne",
    "usually within 5 business days": "dès la réception du paiement",
}


@pytest.mark.parametrize("english", SENTENCES)
def test_a_sentence_that_was_misread_is_said_in_the_words_that_are_understood(english):
    with CATALOGUE.open("rb") as file:
        said = [message.string for message in read_po(file, locale="fr") if english in message.id]
    assert said
    assert all(SENTENCES[english] in text for text in said)


def test_english_has_no_free_license():
    with CATALOGUE.open("rb") as file:
        ids = [message.id for message in read_po(file, locale="fr") if message.id]
    english = [one for name in ids for one in (name if isinstance(name, tuple) else (name,))]
    assert [text for text in english if re.search(r"(?i)\bfrees?\b|waits for you|held now", text)] == []


@pytest.mark.parametrize("english", LABELS)
def test_the_words_on_the_screen_are_the_ones_people_were_taught(english):
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="fr")
    message = catalogue.get(english) or catalogue.get(english, context="license")
    assert message, f"{english!r} is said nowhere"
    assert message.string == LABELS[english]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("fr_CA", ["0\u00a0licence", "1\u00a0licence", "2\u00a0licences"]),
        ("en_CA", ["0\u00a0licenses", "1\u00a0license", "2\u00a0licenses"]),
    ],
)
def test_zero_one_and_two_are_counted_as_people_do(app, locale, expected):
    with app.test_request_context(), force_locale(locale):
        counted = [ngettext("%(num)s license", "%(num)s licenses", count) for count in (0, 1, 2)]
    assert counted == expected


@pytest.mark.parametrize(
    ("cents", "french_text", "english_text"),
    [
        (123_450, "1 234,50 $", "$1,234.50"),
        (57_488, "574,88 $", "$574.88"),
        (0, "0,00 $", "$0.00"),
        (-500, "-5,00 $", "-$5.00"),
    ],
)
def test_money_reads_as_in_canada(cents, french_text, english_text):
    assert formats.money(cents, "CAD", "fr") == french_text.replace(" ", NBSP)
    assert formats.money(cents, "CAD", "en") == english_text
