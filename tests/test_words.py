"""The French of every message: words and typography as a professional in Québec expects them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask_babel import force_locale, ngettext

from services.foundation import formats

CATALOGUE = Path(__file__).parent.parent / "translations/fr/LC_MESSAGES/messages.po"
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
WORDS = {
    "never siège": r"\bsièges?\b",
    "never e-mail": r"\be-?mails?\b",
    "Sauvegarder, never Enregistrer": r"\b[Ee]nregistrer\b",
    "never license in French": r"\blicense",
    "never cliquer ici": r"cliquez ici",
}


@pytest.mark.parametrize("rule", RULES | WORDS)
def test_every_french_message_follows_the_rule(rule):
    pattern = re.compile((RULES | WORDS)[rule])
    spoken = [NOT_PROSE.sub("…", text) for text in french()]
    assert [text for text in spoken if pattern.search(text)] == []


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
}


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
