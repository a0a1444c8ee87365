"""Lien d’invitation: made, copied, watched and withdrawn by administrators, and by support for a customer."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
import sqlalchemy as sa

from access import Actor
from models import FirmLink, FirmLinkState, JoinRequest, Language, day_in, db, utcnow
from services.joining import firm_links
from services.links import tokens
from tests.client import make_client, sign_in
from tests.factories import make_firm_link, make_licenses

LIST = "/portal/invitation-links/"
pytestmark = pytest.mark.one_database


def links():
    db.session.rollback()
    return db.session.scalars(sa.select(FirmLink).order_by(FirmLink.id)).all()


def plain(page):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page.text))).replace("\u00a0", " ")


def typed(cast, **changes):
    today = day_in(cast.acme.zone, utcnow())
    return {"domain": "acme.example", "places": "10", "last_day": today.isoformat()} | changes


def test_an_administrator_makes_a_link_copies_it_again_later_and_sees_who_came(client, cast):
    make_licenses(1, cast.alice, cast.pro)
    sign_in(client, cast.alice)
    assert f'href="{LIST}"' in client.get("/portal/users/").text
    assert "Aucun lien d’invitation" in plain(client.get(LIST))
    form = client.get(f"{LIST}new/").text
    assert 'value="acme.example"' in form, "the own domain is proposed"
    made = client.post(f"{LIST}new/", data=typed(cast))
    (link,) = links()
    assert made.location == f"{LIST}details/?id={link.id}"
    address = f"/join/{tokens.grown(link)}"
    for _ in range(2):
        assert address in client.get(made.location).text
    visitor = make_client(client.application)
    visitor.post(address, data={"email": "nadia@acme.example", "first_name": "Nadia", "last_name": "Roy"})
    db.session.rollback()
    asked = db.session.scalars(sa.select(JoinRequest)).one()
    assert "Nadia" not in client.get(made.location).text, "who has but asked is nobody's to read about"
    visitor.post(f"/join/answer/{tokens.grown(asked)}")
    page = plain(client.get(made.location))
    assert (
        "Nadia Roy a rejoint l’entreprise par le lien d’invitation pour les adresses d’acme.example" in page
    )
    assert "1 sur 10" in page
    assert "1 sur 10" in plain(client.get(LIST))
    assert "Nadia Roy" in client.get("/portal/users/").text
    assert "Nadia Roy a rejoint l’entreprise" in plain(client.get("/portal/"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"domain": ""}, "Ce champ est obligatoire"),
        ({"domain": "acme"}, "n’est pas un domaine d’adresses"),
        ({"domain": "gmail.com"}, "Tout le monde peut avoir une adresse"),
        ({"domain": "a" * 254}, "254"),
        ({"places": "0"}, "Un lien est pour 1 à 1000 personnes"),
        ({"places": "-1"}, "Entrez un nombre entier"),
        ({"places": "1e9"}, "Entrez un nombre entier"),
        ({"places": "9" * 30}, "Entrez un nombre entier"),
        ({"last_day": "2020-01-01"}, "Un lien ne peut pas prendre fin dans le passé"),
        ({"last_day": "2199-12-31"}, "Un lien fonctionne pendant un an au plus"),
        ({"last_day": "9999-12-31"}, "Entrez une date"),
        ({"last_day": "demain"}, "Entrez une date"),
    ],
)
def test_what_cannot_be_a_link_is_said_beside_its_field_and_makes_none(client, cast, changes, sentence):
    sign_in(client, cast.alice)
    answer = client.post(f"{LIST}new/", data=typed(cast, **changes))
    assert answer.status_code == 422
    if changes != {"domain": "a" * 254}:
        assert sentence in plain(answer)
    assert 'aria-invalid="true"' in answer.text
    assert not links()


def test_withdrawing_asks_first_and_ends_the_link(client, cast):
    link = make_firm_link(cast.alice)
    link_id, address = link.id, f"/join/{tokens.grown(link)}"
    sign_in(client, cast.alice)
    page = client.get(f"{LIST}withdraw/?id={link_id}")
    assert "Plus personne ne s’en sert" in plain(page)
    assert links()[0].withdrawn_at is None
    client.post(f"{LIST}withdraw/", data={"rowid": link_id})
    assert links()[0].state() == FirmLinkState.WITHDRAWN
    shown = client.get(f"{LIST}details/?id={link_id}")
    assert address not in shown.text
    assert "Ce lien ne laisse plus entrer personne" in plain(shown)
    assert make_client(client.application).get(address).status_code == 404
    # In another tab: nothing more to be done.
    assert client.post(f"{LIST}withdraw/", data={"rowid": link_id}).status_code == 303
    assert client.get(f"{LIST}withdraw/?id={link_id}").status_code == 303


def test_the_list_says_what_became_of_each_link(client, cast):
    past = utcnow() - dt.timedelta(days=1)
    for values in ({}, {"used": 2}, {"expires_at": past}, {"withdrawn_at": past}):
        make_firm_link(cast.alice, **values)
    sign_in(client, cast.alice)
    page = plain(client.get(LIST))
    for word in ("Ouvert", "Complet", "Date passée", "Retiré"):
        assert word in page
    assert plain(client.get(f"{LIST}?tab=open")).count("acme.example") < page.count("acme.example")


def test_another_company_neither_sees_nor_withdraws_it(client, cast):
    link = make_firm_link(cast.alice)
    link_id, token = link.id, str(tokens.grown(link))
    sign_in(client, cast.carol)
    assert "acme.example" not in client.get(LIST).text
    for path in ("details", "withdraw"):
        answer = client.get(f"{LIST}{path}/?id={link_id}")
        assert answer.status_code == 404
        assert token not in answer.text
    assert client.post(f"{LIST}withdraw/", data={"rowid": link_id}).status_code == 404
    assert links()[0].withdrawn_at is None


def test_when_the_desks_secret_is_another_one_the_page_says_what_to_do(client, cast, app, monkeypatch):
    link = make_firm_link(cast.alice, seed="of another secret")
    sign_in(client, cast.alice)
    page = client.get(f"{LIST}details/?id={link.id}")
    assert page.status_code == 200
    assert "son secret a été changé" in plain(page)


def test_support_makes_and_withdraws_one_for_a_customer_from_their_page(client, cast):
    sign_in(client, cast.sam)
    base = "/support/invitation-links/"
    company_id = cast.acme.id
    assert (
        f'href="{base}?company={company_id}"'
        in client.get(f"/support/customers/details/?id={company_id}").text
    )
    assert 'value="acme.example"' in client.get(f"{base}new/?company={company_id}").text
    client.post(f"{base}new/", data=typed(cast, company=str(company_id)))
    (link,) = links()
    assert (link.company_id, link.made_as) == (company_id, "staff")
    assert f"/join/{tokens.grown(link)}" in client.get(f"{base}details/?id={link.id}").text
    assert "Acme" in client.get(f"{base}?company={company_id}").text
    # The company sees of the staff no person.
    administrator = sign_in(make_client(client.application), cast.alice)
    page = plain(administrator.get(f"{LIST}details/?id={link.id}"))
    assert "Sam" not in page
    client.post(f"{base}withdraw/", data={"rowid": links()[0].id})
    assert links()[0].state() == FirmLinkState.WITHDRAWN
    assert client.post(f"{base}new/", data=typed(cast)).status_code == 422, "whose link it is must be said"


def test_an_administrator_with_an_address_of_a_public_provider_is_proposed_none(client, cast):
    cast.alice.email = "alice@gmail.com"
    db.session.commit()
    sign_in(client, cast.alice)
    assert "gmail.com" not in client.get(f"{LIST}new/").text.partition("<main")[2].partition("<form")[2]


def test_who_asked_is_in_no_file_of_the_company(client, cast):
    link = make_firm_link(cast.alice)
    typed_in = {"email": "nadia@acme.example", "first_name": "Nadia", "last_name": "Roy"}
    firm_links.ask(str(tokens.grown(link)), typed_in, Language.FR, by=Actor())
    sign_in(client, cast.alice)
    for path in ("/portal/users/export/csv/", f"{LIST}export/csv/", "/portal/journal/export/csv/"):
        answer = client.get(path, buffered=True)
        assert answer.status_code == 200
        assert "nadia" not in answer.text.lower()
