"""Gestion des utilisateurs: adding a colleague, inviting, mending, shutting out and letting in again."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from models import License, OutgoingMail, Role, User, db
from tests.admin_views.portal.pages import words
from tests.admin_views.support.forms import opened, send
from tests.client import make_client, sign_in
from tests.factories import make_licenses, make_user

NEW = "/portal/users/new/"
NADIA = {
    "first_name": "Nadia",
    "last_name": "Roy",
    "email": "nadia@acme.example",
    "role": "admin",
    "language": "en",
}


def person(email: str) -> User | None:
    db.session.rollback()
    return db.session.scalar(sa.select(User).where(User.email == email))


def mails() -> list[tuple[str, int | None]]:
    return [(mail.template, mail.user_id) for mail in db.session.scalars(sa.select(OutgoingMail))]


def test_a_colleague_who_is_missing_from_the_list_is_added_and_invited(cast, alice):
    assert f'href="{NEW}"' in alice.get("/portal/users/").text
    answer = send(alice, NEW, NADIA)
    nadia = person("nadia@acme.example")
    assert (nadia.company_id, nadia.role, nadia.language, nadia.name) == (
        cast.acme.id,
        Role.ADMIN,
        "en",
        "Nadia Roy",
    )
    assert answer.location == f"/portal/users/{nadia.id}/license"
    page = words(alice.get(answer.location))
    assert "Une invitation lui est envoyée" in page
    assert "Renvoyer l’invitation" in page
    told = [("invitation", nadia.id), *(("new_administrator", user.id) for user in (cast.alice, cast.erin))]
    assert sorted(mails()) == sorted(told)
    assert "Vous avez ajouté Nadia Roy" in words(alice.get("/portal/journal/"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"email": "bob@acme.example"}, "a déjà un compte ici"),
        ({"email": "nadia"}, "nadia n’est pas une adresse"),
        ({"first_name": ""}, "Ce champ est obligatoire"),
        ({"role": "support"}, "pas un choix valide"),
        ({"language": "de"}, "pas un choix valide"),
    ],
)
def test_a_colleague_who_cannot_be_added_is_kept_in_the_form_and_the_reason_said(cast, alice, wrong, said):
    answer = send(alice, NEW, NADIA | wrong)
    assert answer.status_code == 422
    assert said in words(answer)
    assert 'value="Roy"' in answer.text
    assert mails() == []
    assert person("nadia@acme.example") is None


def test_who_comes_back_is_found_among_the_deactivated_not_added_a_second_time(cast, alice):
    make_user(cast.acme, "Gaston", active=False)
    answer = send(alice, NEW, NADIA | {"email": "gaston@acme.example"})
    assert answer.status_code == 422
    assert "Gaston Tremblay, dont le compte est désactivé : réactivez plutôt" in words(answer)


def test_nobody_is_added_to_another_company_whatever_is_sent(cast, alice):
    send(
        alice,
        NEW,
        NADIA | {"company": cast.globex.id, "company_id": cast.globex.id, "company-text": "Globex"},
    )
    assert person("nadia@acme.example").company_id == cast.acme.id


def test_a_name_is_mended_and_a_rivals_change_is_not_lost(cast, alice):
    page = f"/portal/users/edit/?id={cast.bob.id}"
    before = opened(alice, page)
    assert send(alice, page, before | {"last_name": "Roy", "role": "admin"}).status_code == 302
    bob = person("bob@acme.example")
    assert (bob.last_name, bob.role, bob.email) == ("Roy", Role.ADMIN, "bob@acme.example")
    late = send(alice, page, before | {"first_name": "Robert"})
    assert late.status_code == 422
    assert "Changé par quelqu’un d’autre" in words(late)
    assert person("bob@acme.example").first_name == "Bob"


def test_leaving_asks_what_becomes_of_the_seat_and_does_it(cast, owned, alice):
    page = f"/portal/users/deactivate/?id={cast.dave.id}"
    assert "Valide jusqu’au" in words(alice.get(page))
    unasked = send(alice, page)
    assert unasked.status_code == 422
    assert person("dave@acme.example").active
    assert send(alice, page, seats="release").status_code == 303
    assert not person("dave@acme.example").active
    assert db.session.get(License, owned.held.id).user_id is None
    home = words(alice.get("/portal/"))
    assert "Vous avez désactivé le compte de Dave Tremblay" in home


def test_who_comes_back_finds_the_seat_that_was_kept(cast, owned, app, alice):
    dave = sign_in(make_client(app), cast.dave)
    send(alice, f"/portal/users/deactivate/?id={cast.dave.id}", seats="keep")
    assert dave.get("/portal/").status_code == 302
    page = f"/portal/users/{cast.dave.id}/license"
    assert "Réactiver l’utilisateur" in words(alice.get(page))
    assert alice.post("/portal/users/reactivate/", data={"id": cast.dave.id}).location == page
    again = person("dave@acme.example")
    assert again.active
    assert db.session.get(License, owned.held.id).user_id == again.id
    assert sign_in(make_client(app), again).get("/portal/").status_code == 200


def test_an_administrator_neither_leaves_alone_nor_shuts_themselves_out(cast, alice):
    answer = send(alice, f"/portal/users/deactivate/?id={cast.alice.id}")
    assert answer.location == f"/portal/users/{cast.alice.id}/license"
    assert "pas retirer votre propre accès" in words(alice.get(answer.location))
    assert send(alice, f"/portal/users/edit/?id={cast.alice.id}", role="member").status_code == 422
    assert (person("alice@acme.example").active, person("alice@acme.example").role) == (True, Role.ADMIN)


def test_an_invitation_that_was_lost_is_sent_again_and_not_to_who_is_shut_out(cast, alice):
    assert alice.post("/portal/users/invite/", data={"id": cast.bob.id}).status_code == 303
    assert mails() == [("invitation", cast.bob.id)]
    gone = make_user(cast.acme, "Gaston", active=False)
    answer = alice.post("/portal/users/invite/", data={"id": gone.id}, follow_redirects=True)
    assert "Rien n’a été envoyé" in words(answer)
    assert len(mails()) == 1


def test_a_seat_that_moved_while_one_decided_is_looked_at_again(cast, owned, alice):
    page = f"/portal/users/deactivate/?id={cast.bob.id}"
    before = opened(alice, page)
    make_licenses(1, cast.alice, cast.avance, holder=cast.bob)
    send(alice, page, before | {"seats": "keep"})
    assert person("bob@acme.example").active
