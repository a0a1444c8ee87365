"""Support reads who asks for a licence, at every customer's, and answers for those who have nobody to."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from models import JournalEntry, LicenseRequest, OutgoingMail, db
from services.mail.rendering import render_preview
from tests.admin_views.portal.pages import words
from tests.client import sign_in
from tests.factories import make_company, make_licenses, make_request, make_user


@pytest.fixture
def staff(client, cast):
    return sign_in(client, cast.sam)


def states():
    db.session.rollback()
    return [
        str(one.state) for one in db.session.scalars(sa.select(LicenseRequest).order_by(LicenseRequest.id))
    ]


def test_support_gives_for_a_customer_what_its_person_asked_for(staff, cast):
    one = make_request(cast.bob, "Je signe.").id
    make_licenses(1, cast.alice, cast.pro)
    for page in ("details", "assign"):
        assert "Je signe." in words(staff.get(f"/support/people/{page}/?id={cast.bob.id}"))
    answer = staff.post(f"/support/people/assign/?id={cast.bob.id}", data={"plan": cast.pro.id, "asked": one})
    assert answer.status_code == 303
    assert states() == ["given"]
    assert "Je signe." not in words(staff.get(f"/support/people/details/?id={cast.bob.id}"))


def test_support_declines_on_behalf_of_the_customer(staff, cast):
    one = make_request(cast.bob).id
    url = f"/support/requests/decline/?id={one}"
    assert staff.post(url, data={"answer": "Écrivez à Alice."}).location == "/support/requests/"
    assert states() == ["declined"]
    entry = db.session.scalars(sa.select(JournalEntry)).one()
    assert (entry.verb, entry.on_behalf_of_id) == ("request_declined", cast.acme.id)
    mail = db.session.scalars(sa.select(OutgoingMail)).one()
    text = render_preview(mail).text
    assert "L’équipe de soutien de Boréal a refusé votre demande de licence." in text
    assert "> Écrivez à Alice." in text


def test_a_request_that_nobody_of_the_company_can_answer_waits_at_home(staff, cast):
    said = "Demandes de licence auxquelles personne de l’entreprise ne peut répondre"
    make_request(cast.bob, "Answered by Alice.")
    assert said not in words(staff.get("/support/"))
    make_request(make_user(make_company("Orphan"), "Alone"), "Nobody is here.")
    page = staff.get("/support/")
    assert said in words(page)
    assert "/support/requests/?nobody=yes" in page.text
    assert "Answered by Alice." not in words(staff.get("/support/requests/?nobody=yes"))
    every = words(staff.get("/support/requests/"))
    assert all(text in every for text in ("Answered by Alice.", "Nobody is here.", "Orphan", "Acme"))
