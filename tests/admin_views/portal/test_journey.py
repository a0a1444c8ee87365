"""The article of the user, step by step: buy, pay, come back, assign; the sandbox is the real process."""

from __future__ import annotations

import sqlalchemy as sa

from models import License, OutgoingMail, db
from tests.admin_views.portal.pages import field, path_of, words
from tests.client import sign_in


def test_an_administrator_follows_the_article_from_the_plan_to_the_mail(cast, client, sandbox):
    sign_in(client, cast.alice)
    page = words(client.get("/portal/plans/"))
    assert "Gestion des licences et achats" in page
    assert "Forfaits" in page
    assert "100 $ par licence, par année, avant taxes" in page
    assert "Nombre de licences" in page
    assert "Rien n’est facturé avant le paiement." in page

    added = client.post("/portal/plans/add/", data={"plan": cast.avance.id, "quantity": "5"})
    assert added.status_code == 303
    assert added.location == "/portal/plans/#panier"
    page = words(client.get("/portal/plans/"))
    assert "Ajouté par Alice Tremblay" in page
    assert "Valider mes achats" in page
    for amount in ("500,00 $", "TPS 5 %", "25,00 $", "TVQ 9,975 %", "49,88 $", "574,88 $"):
        assert amount in page

    window = client.get("/portal/plans/confirm")
    text = words(window)
    assert (
        "Je confirme l’ajout de 5 licences à mon compte entreprise et le paiement de 574,88 $, taxes comprises."
        in text
    )
    assert "Procéder à l’achat" in text
    assert "Fermer sans rien changer" in text
    assert "Conditions de vente." in text

    bought = client.post(
        "/portal/plans/confirm", data={"fingerprint": field(window, "fingerprint"), "accepted": "yes"}
    )
    assert bought.status_code == 303
    assert bought.location.startswith(sandbox.url)
    back = client.get(path_of(sandbox.pay(bought.location)))
    assert back.status_code == 303
    result = words(client.get(back.location))
    assert "5 licences ajoutées à votre compte" in result
    assert "5 licences Avancé" in result
    assert "Gestion des utilisateurs" in result
    assert "Votre panier est vide." in words(client.get("/portal/plans/"))

    people = client.get("/portal/users/?license=without")
    assert 'aria-label="Gestion de licence\u00a0: Bob Tremblay"' in people.text
    assign_page = client.get(f"/portal/users/{cast.bob.id}/license")
    assert "5 licences disponibles" in words(assign_page)
    assert "Sauvegarder" in words(assign_page)
    saved = client.post(f"/portal/users/{cast.bob.id}/license", data={"plan": cast.avance.id})
    assert saved.status_code == 303
    assert "Bob Tremblay" in words(client.get(saved.location))
    held = db.session.scalars(sa.select(License).where(License.user_id == cast.bob.id)).one()
    assert held.plan_id == cast.avance.id
    mails = db.session.scalars(sa.select(OutgoingMail.template).order_by(OutgoingMail.id)).all()
    assert mails == ["receipt", "receipt", "license_assigned"], "the buyer, the billing address, the person"


def test_the_same_in_english(cast, client, sandbox):
    sign_in(client, cast.erin)
    page = words(client.get("/portal/plans/"))
    for said in ("License management and purchases", "Plans", "Nothing is charged before payment."):
        assert said in page
    assert "$100 per license, per year, before taxes" in page
    client.post("/portal/plans/add/", data={"plan": cast.avance.id, "quantity": "5"})
    assert "Added by Erin Tremblay" in words(client.get("/portal/plans/"))
    window = client.get("/portal/plans/confirm")
    assert "I confirm adding 5 licenses to my business account and paying $574.88, taxes included." in words(
        window
    )
    data = {"fingerprint": field(window, "fingerprint"), "accepted": "yes"}
    page = client.post("/portal/plans/confirm", data=data).location
    result = words(client.get(client.get(path_of(sandbox.pay(page))).location))
    assert "5 licenses added to your account" in result
    saved = client.post(f"/portal/users/{cast.dave.id}/license", data={"plan": cast.avance.id})
    assert "Dave Tremblay now holds a license of the Advanced plan." in words(client.get(saved.location))
