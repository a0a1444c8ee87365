"""Asking for a licence at the desk: who has none asks on their page, who gives them reads it on home, answers, and is answered."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from access import Actor
from models import License, LicenseRequest, OutgoingMail, db
from services import licenses
from services.licenses import requests
from services.people import deactivation
from tests.admin_views.portal.pages import NBSP, field, links, words
from tests.client import make_client, sign_in
from tests.factories import make_licenses, make_request, make_user

PAGE = "/portal/my-license/"


@pytest.fixture
def bob(cast, app):
    """Somebody without a licence, at a browser of their own."""
    return sign_in(make_client(app), cast.bob)


def asked():
    db.session.rollback()
    return db.session.scalars(sa.select(LicenseRequest).order_by(LicenseRequest.id)).all()


def states():
    return [str(one.state) for one in asked()]


# --- Who asks ---------------------------------------------------------------------------------------------------------


def test_whoever_has_no_licence_asks_with_a_word_and_finds_it_waiting(cast, bob):
    page = bob.get(PAGE)
    for said in ("Vous n’avez pas de licence en ce moment.", "Demander une licence", "Alice Tremblay"):
        assert said in words(page)
    assert "mailto:alice@acme.example" in page.text
    answer = bob.post(PAGE + "ask/", data={"word": "Je signe."})
    assert (answer.status_code, answer.location) == (303, PAGE)
    page = words(bob.get(PAGE))
    for said in ("est en route", "Votre demande attend une réponse.", "Je signe.", "Retirer ma demande"):
        assert said in page
    assert "Pourquoi en avez-vous besoin" not in page
    assert "Retirer ma demande" in words(bob.get("/portal/"))


def test_two_clicks_in_two_tabs_are_one_request(cast, bob):
    for word in ("Un.", "Deux."):
        assert bob.post(PAGE + "ask/", data={"word": word}).status_code == 303
    assert [(one.word, str(one.state)) for one in asked()] == [("Deux.", "open")]


@pytest.mark.parametrize("word", ["x" * 10_000, "a\u202eb", "x" * 501])
def test_a_word_that_is_too_long_or_turns_the_line_is_refused_beside_its_field(bob, word):
    answer = bob.post(PAGE + "ask/", data={"word": word})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert asked() == []


def test_whoever_was_given_a_licence_while_the_page_was_open_is_told_so(cast, bob):
    make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    answer = bob.post(PAGE + "ask/", data={"word": ""}, follow_redirects=True)
    assert answer.status_code == 200
    assert "Vous avez déjà une licence" in words(answer)
    assert asked() == []


def test_whoever_was_deactivated_meanwhile_is_sent_to_sign_in(cast, bob):
    deactivation.deactivate(cast.bob, deactivation.Seats.KEEP, by=Actor.of(cast.alice))
    assert bob.post(PAGE + "ask/", data={"word": ""}).status_code in {302, 403}
    assert asked() == []


def test_one_withdraws_ones_own_request_alone(cast, app, bob):
    own, other = make_request(cast.bob).id, make_request(cast.dave).id
    foreign = make_request(cast.charlie).id
    for key in (other, foreign, "abc", "", "9" * 30):
        assert bob.post(PAGE + "withdraw/", data={"id": key}).status_code == 404
    assert states() == ["open"] * 3
    assert bob.post(PAGE + "withdraw/", data={"id": own}).status_code == 303
    assert bob.post(PAGE + "withdraw/", data={"id": own}).status_code == 303
    assert states() == ["withdrawn", "open", "open"]
    assert "Pourquoi en avez-vous besoin" in words(bob.get(PAGE))


def test_a_refusal_is_read_with_its_word_and_one_may_ask_again(cast, bob):
    requests.decline(make_request(cast.bob), "En janvier.\nAvec le budget.", Actor.of(cast.alice))
    page = words(bob.get(PAGE))
    assert "Alice Tremblay a refusé votre demande le" in page
    assert "En janvier. Avec le budget." in page
    bob.post(PAGE + "ask/", data={"word": ""})
    assert states() == ["declined", "open"]


def test_support_that_declines_has_no_name_for_customers(cast, bob):
    requests.decline(make_request(cast.bob), "", Actor.of(cast.sam))
    page = words(bob.get(PAGE))
    assert "Votre demande a été refusée le" in page
    assert "Sam" not in page


def test_whoever_lost_a_licence_reads_who_released_it(cast, bob):
    (license,) = make_licenses(1, cast.alice, cast.avance, holder=cast.bob)
    licenses.release(license, Actor.of(cast.alice), held_by=cast.bob.id)
    assert "Alice Tremblay a libéré votre licence du forfait Avancé le" in words(bob.get(PAGE))


def test_whoever_holds_one_reads_who_gave_it_and_is_offered_nothing_to_ask_for(cast, bob):
    make_licenses(1, cast.alice, cast.avance, holder=cast.bob)
    page = words(bob.get(PAGE))
    for said in ("Assignée par Alice Tremblay", "Valide jusqu’au", "Activer ma licence"):
        assert said in page
    assert "Demander une licence" not in page


def test_an_administrator_without_a_licence_is_led_to_their_own_page(cast, alice):
    page = alice.get(PAGE)
    assert f"/portal/users/{cast.alice.id}/license" in links(page)
    assert "Pourquoi en avez-vous besoin" not in words(page)


# --- Who answers ------------------------------------------------------------------------------------------------------


def test_home_says_how_many_ask_and_leads_to_them_until_it_is_put_away_and_somebody_else_asks(cast, alice):
    make_licenses(1, cast.alice, cast.pro)
    make_request(cast.bob, "Je signe.")
    home = alice.get("/portal/")
    assert f"1{NBSP}personne demande une licence." in home.text
    assert "/portal/requests/" in links(home)
    mark = f"1:{asked()[0].id}"
    alice.post("/portal/put-away/", data={"key": "asking", "mark": mark})
    assert "demande une licence" not in words(alice.get("/portal/"))
    make_request(cast.dave)
    assert f"2{NBSP}personnes demandent une licence." in alice.get("/portal/").text


def test_who_asks_before_anything_was_bought_is_not_lost(cast, alice):
    make_request(cast.bob)
    assert "demande une licence" in words(alice.get("/portal/"))


def test_the_page_shows_each_with_their_word_and_leads_to_giving_and_declining(cast, alice):
    one = make_request(cast.bob, "Je signe\nles contrats.")
    make_request(cast.charlie, "Foreign.")
    page = alice.get("/portal/requests/")
    assert "Je signe les contrats." in words(page)
    assert "Foreign." not in words(page)
    assert any(link.startswith(f"/portal/users/{cast.bob.id}/license") for link in links(page))
    assert f"/portal/requests/decline/?id={one.id}" in links(page)


def test_a_word_from_the_right_does_not_move_the_words_around_it(cast, alice):
    make_request(cast.bob, "אני חותמת על החוזים")
    for page in ("/portal/requests/", f"/portal/users/{cast.bob.id}/license"):
        assert "<bdi>אני חותמת על החוזים</bdi>" in alice.get(page).text


def test_giving_on_the_persons_page_answers_the_request(cast, alice):
    one = make_request(cast.bob, "Je signe.").id
    make_licenses(1, cast.alice, cast.pro)
    url = f"/portal/users/{cast.bob.id}/license"
    page = alice.get(url)
    assert "Je signe." in words(page)
    assert field(page, "asked") == str(one)
    assert alice.post(url, data={"plan": cast.pro.id, "asked": one}).status_code == 303
    assert states() == ["given"]
    assert "Je signe." not in words(alice.get(url))
    assert "Personne ne demande de licence." in words(alice.get("/portal/requests/"))


def test_declining_asks_for_a_word_and_mails_it(cast, alice):
    one = make_request(cast.bob, "Je signe.").id
    url = f"/portal/requests/decline/?id={one}"
    assert "Je signe." in words(alice.get(url))
    assert alice.post(url, data={"answer": "x" * 10_000}).status_code == 422
    assert alice.post(url, data={"answer": "a\u202eb"}).status_code == 422
    assert states() == ["open"]
    answer = alice.post(url, data={"answer": "En janvier."})
    assert (answer.status_code, answer.location) == (303, "/portal/requests/")
    assert "est refusée" in words(alice.get(answer.location))
    assert [mail.user_id for mail in db.session.scalars(sa.select(OutgoingMail))] == [cast.bob.id]


def test_what_a_colleague_answered_in_the_meantime_is_named_in_both_tabs(cast, app, alice):
    one = make_request(cast.bob).id
    make_licenses(1, cast.alice, cast.pro)
    erin = sign_in(make_client(app), cast.erin)
    url, person = f"/portal/requests/decline/?id={one}", f"/portal/users/{cast.bob.id}/license"
    assert erin.post(url, data={"answer": ""}).status_code == 303
    for answer in (
        alice.post(url, data={"answer": ""}, follow_redirects=True),
        alice.get(url, follow_redirects=True),
        alice.post(person, data={"plan": cast.pro.id, "asked": one}, follow_redirects=True),
    ):
        assert answer.status_code == 200
        assert "Erin Tremblay a déjà refusé la demande de Bob Tremblay" in words(answer)
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count(License.id)).where(License.user_id.is_not(None))) == 0


def test_another_companys_request_is_not_there(cast, alice):
    foreign = make_request(cast.charlie).id
    url = f"/portal/requests/decline/?id={foreign}"
    assert alice.get(url).status_code == alice.post(url, data={"answer": ""}).status_code == 404
    make_licenses(1, cast.alice, cast.pro)
    # A number that is no request of this person's is no answer to it.
    answer = alice.post(f"/portal/users/{cast.bob.id}/license", data={"plan": cast.pro.id, "asked": foreign})
    assert answer.status_code == 303
    assert states() == ["open"]


@pytest.mark.one_database
def test_more_requests_than_a_page_shows_are_said_to_wait(cast, alice, monkeypatch):
    monkeypatch.setattr("admin_views.requests.SHOWN", 2)
    for _number in range(3):
        make_request(make_user(cast.acme))
    page = words(alice.get("/portal/requests/"))
    assert "D’autres attendent" in page
    assert page.count("Refuser") == 2
