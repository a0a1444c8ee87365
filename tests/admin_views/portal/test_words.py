"""The words on the pages: the exact French labels, and English without a French word left."""

from __future__ import annotations

import re

import pytest

from access import Actor
from models import OrderState
from services.buying import cart
from tests.admin_views.portal.pages import words
from tests.client import sign_in
from tests.factories import make_licenses, make_order
from tests.french import never_said

# shared labels: where, and what must stand there letter for letter.
LABELS = {
    "/portal/": [
        "Options",
        "Gestion des licences et achats",
        "Gestion des utilisateurs",
        "Commandes et reçus",
    ],
    "/portal/plans/": [
        "Gestion des licences et achats",
        "Forfaits",
        "100 $ par licence, par année, avant taxes",
        "Nombre de licences",
        "Ajouter",
        "Rien n’est facturé avant le paiement.",
        "Achetées",
        "Assignées",
        "Disponibles",
        "Panier",
        "Ajouté par Alice Tremblay",
        "Valider mes achats",
    ],
    "/portal/plans/confirm": [
        "Je confirme l’ajout de 5 licences à mon compte entreprise et le paiement de 574,88 $, taxes comprises.",
        "Procéder à l’achat",
        "Fermer sans rien changer",
    ],
    "/portal/users/": ["Gestion des utilisateurs", "Administrateur"],
    "/portal/users/new/": ["Utilisateur standard", "Administrateur"],
    "/portal/users/{dave}/license": ["Gestion de licence : Dave Tremblay", "Libérer la licence"],
    "/portal/users/{bob}/license": ["Sauvegarder"],
    "/portal/licenses/": ["Disponible", "Assignée"],
    "/portal/orders/": ["Commandes et reçus", "En attente de paiement", "Payée"],
    "/portal/my-license/": ["Mon profil"],
}
PAGES = [*LABELS, "/portal/orders/{order}", "/portal/orders/{order}/receipt", "/portal/orders/{order}/result"]
PAGES += ["/portal/licenses/details/?id={license}", "/portal/licenses/release/?id={license}", "/portal/?"]
# What stays French on an English page: names of people, places and the switch of languages.
NAMES = ["Français", "Logiciels Boréal inc.", "Boréal", "Québec (QC)", "Québec", "1, rue du Test"]


@pytest.fixture
def pages(cast):
    held = make_licenses(3, cast.alice, cast.avance, holder=cast.dave)[0]
    cart.add(cast.acme.id, cast.avance, 5, Actor.of(cast.alice))
    order = make_order(cast.alice, cast.pro, 2, paid=True)
    make_order(cast.alice, cast.pro)
    make_order(cast.alice, cast.pro, state=OrderState.FAILED)
    known = {"order": order.reference, "license": held.id, "dave": cast.dave.id, "bob": cast.bob.id}
    return {page: page.format(**known) for page in PAGES}


@pytest.mark.one_database
def test_the_french_labels_stand_letter_for_letter(cast, alice, pages):
    for page, labels in LABELS.items():
        text = words(alice.get(pages[page]))
        for label in labels:
            assert label in text, f"{page}: {label}"
        for name in NAMES:
            text = text.replace(name, "")
        assert never_said(text) == [], page


@pytest.mark.one_database
def test_the_spaces_of_french_typography_do_not_break(cast, alice, pages):
    for page in pages.values():
        text = re.sub(r"<[^>]*>", "", alice.get(page).text)
        assert not re.search(r" [:%$»]|« ", text), page


@pytest.mark.one_database
def test_english_pages_have_no_french_left(cast, client, pages):
    erin = sign_in(client, cast.erin)
    for page in pages.values():
        text = words(erin.get(page))
        for name in NAMES:
            text = text.replace(name, "")
        assert not re.search(r"[éèàêçôîûÉ«»]|\b(licences?|forfaits?|courriel|commande|de|vous)\b", text), (
            page,
            text,
        )


@pytest.mark.one_database
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_has_one_heading_and_the_same_title(cast, client, pages, language):
    sign_in(client, cast.alice if language == "fr" else cast.erin)
    for page in pages.values():
        html = client.get(page).text
        headings = re.findall(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
        assert len(headings) == 1, page
        title = words(re.search(r"<title>(.*?)</title>", html, re.DOTALL)[1])
        heading = words(re.sub(r"(?s)<span class=\"state.*", "", headings[0]))
        assert title == f"{heading} – Boréal", page
        ids = re.findall(r'\bid="([^"]+)"', html)
        assert len(ids) == len(set(ids)), (page, [one for one in ids if ids.count(one) > 1])
