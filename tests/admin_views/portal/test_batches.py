"""Many at once, as an administrator meets it: chosen in a list, settled, shown, confirmed, taken back."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from access import Actor
from models import (
    Batch,
    BatchState,
    License,
    OutgoingMail,
    User,
    db,
)
from services.licenses import assign
from tests.admin_views.asked import begin, confirm, prepare, shown_until
from tests.admin_views.portal.pages import words
from tests.client import make_client, sign_in
from tests.factories import make_licenses, make_user

PEOPLE, LICENSES = "/portal/users/", "/portal/licenses/"


def held_by(user: User) -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(License.plan_id).where(License.user_id == user.id)))


def batch_of(page: str) -> Batch:
    db.session.rollback()
    return db.session.scalars(sa.select(Batch).where(Batch.together == page.split("/")[-2])).one()


def mails() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(OutgoingMail)) or 0


# --- The way of a batch ---------------------------------------------------------------------------------------------


def test_thirty_people_get_a_licence_and_it_is_taken_back_as_one(cast, alice):
    people = [make_user(cast.acme, f"Person{number}") for number in range(30)]
    make_licenses(30, cast.alice, cast.avance)
    page = begin(alice, PEOPLE, "assign", *[one.id for one in people])
    asked = alice.get(page)
    assert "30 personnes sélectionnées" in words(asked)
    assert "30 licences disponibles" in words(asked)
    assert re.search(rf'value="{cast.avance.id}"\s+checked', asked.text), "the only plan is chosen already"
    prepare(alice, page, plan=str(cast.avance.id))
    shown = words(alice.get(page))
    assert "Assigner 30 licences" in shown
    assert "30 courriels partent dix minutes après la confirmation" in shown
    assert "Avancé 30 0" in shown, "before and after"
    assert held_by(people[0]) == []
    confirm(alice, page)
    assert held_by(people[29]) == [cast.avance.id]
    done = alice.get(page)
    assert "30 licences ont été assignées." in words(done)
    operation = re.findall(r'name="operation"\s+value="(\w+)"', done.text)
    assert len(set(operation)) == 1
    answer = alice.post("/portal/undo/", data={"operation": operation[0], "url": page})
    assert answer.location == page
    assert [held_by(one) for one in people] == [[]] * 30
    text = words(alice.get(page))
    assert "Ceci a été annulé" in text
    assert "Revenir à l’état précédent" not in text


def test_a_plan_is_chosen_by_whoever_gives_it_where_there_are_two(cast, alice):
    make_licenses(1, cast.alice, cast.avance)
    make_licenses(1, cast.alice, cast.eco)
    page = begin(alice, PEOPLE, "assign", cast.bob.id)
    assert "checked" not in alice.get(page).text.partition('id="post"')[0].partition("<main")[2]
    answer = alice.post(page, data={"post": "held"})
    assert answer.status_code == 422
    assert "Choisissez un forfait" in words(answer)
    assert batch_of(page).state == BatchState.DRAFT


def test_who_gets_nothing_is_named_with_what_is_lacking_and_where_to_buy_it(cast, alice):
    gone = make_user(cast.acme, "Gaston", active=False)
    make_licenses(1, cast.alice, cast.pro, holder=cast.dave)
    make_licenses(1, cast.alice, cast.avance)
    chosen = [cast.bob, cast.dave, cast.erin, cast.alice, gone]
    page = begin(alice, PEOPLE, "assign", *[one.id for one in chosen])
    prepare(alice, page, plan=str(cast.avance.id))
    shown = alice.get(page)
    assert "Assigner 2 licences" not in words(shown)
    buy = re.search(r'href="(/portal/plans/\?[^"]*quantity=(\d+)[^"]*)"', shown.text)
    assert buy
    assert f"Acheter {buy[2]} licence" in words(shown)
    assert alice.get(buy[1].replace("&amp;", "&")).status_code == 200
    left = words(alice.get(f"{page}?show=left"))
    assert "Gaston Tremblay" in left
    confirm(alice, page)
    assert len([row for row in chosen if cast.avance.id in held_by(row)]) == 1


@pytest.mark.parametrize(
    ("post", "says"), [("now", "dès la confirmation"), ("none", "Aucun courriel ne part")]
)
def test_when_mail_leaves_is_chosen_and_shown(cast, alice, post, says):
    make_licenses(1, cast.alice, cast.avance)
    page = begin(alice, PEOPLE, "assign", cast.bob.id)
    prepare(alice, page, plan=str(cast.avance.id), post=post)
    assert says in words(alice.get(page))
    confirm(alice, page)
    assert mails() == (1 if post == "now" else 0)


def test_the_licences_of_those_who_leave_are_released_with_them(cast, owned, alice):
    page = begin(alice, PEOPLE, "deactivate", cast.dave.id, cast.bob.id)
    assert "Que deviennent leurs licences?" in words(alice.get(page))
    prepare(alice, page, seats="release")
    assert "Désactiver 2 personnes" in words(alice.get(page))
    confirm(alice, page)
    assert held_by(cast.dave) == []
    assert not db.session.get_one(User, cast.dave.id).active


def test_another_plan_is_given_to_many_and_shown_beside_todays(cast, owned, alice):
    cast.pro.product = cast.avance.product
    db.session.commit()
    make_licenses(1, cast.alice, cast.pro)
    page = begin(alice, LICENSES, "change", owned.held.id)
    prepare(alice, page, plan=str(cast.pro.id))
    shown = words(alice.get(page))
    assert "Avancé → Pro" in shown
    assert "Modifier 1 licence" in shown
    confirm(alice, page)
    assert held_by(cast.dave) == [cast.pro.id]


def test_the_activation_is_sent_again_without_asking_when(cast, owned, alice):
    page = begin(alice, LICENSES, "resend", owned.held.id)
    assert "Quand partent les courriels" not in words(alice.get(page))
    answer = alice.post(page)
    assert answer.status_code == 303
    confirm(alice, page)
    assert "1 activation a été renvoyée." in words(alice.get(page))


# --- Transferring in pairs ------------------------------------------------------------------------------------------


def test_each_licence_goes_to_whom_its_own_field_says(cast, owned, alice):
    page = begin(alice, LICENSES, "transfer", owned.held.id, owned.free.id)
    form = alice.get(page).text
    assert "De Dave Tremblay à" in words(alice.get(page))
    name = re.findall(r'name="(to_\d+)-text"', form)[0]
    answer = alice.post(page, data={"post": "held", f"{name}-text": "bob@acme.example"})
    assert answer.status_code == 303, words(answer)
    shown = words(alice.get(page))
    assert "Bob Tremblay" in shown
    assert "Transférer 1 licence" in shown
    confirm(alice, page)
    assert (held_by(cast.bob), held_by(cast.dave)) == ([cast.avance.id], [])


def test_of_more_than_fifty_the_addresses_are_typed_in_the_order_of_the_rows(cast, alice):
    givers = [make_user(cast.acme, f"Giver{number}") for number in range(51)]
    takers = [make_user(cast.acme, f"Taker{number}") for number in range(51)]
    for giver in givers:
        make_licenses(1, cast.alice, cast.pro, holder=giver)
    page = begin(alice, PEOPLE, "transfer", *[one.id for one in givers])
    (name,) = re.findall(r'<textarea[^>]*name="(lines_\d+)"', alice.get(page).text)
    lines = [one.email.upper() if number else "" for number, one in enumerate(takers)]
    for wrong, says in (
        ("carol@globex.example", "personne ici n’a l’adresse carol@globex.example"),
        ("\n".join([*lines, lines[1]]), "plus de lignes que de licences"),
        ("\n".join([lines[1], lines[1]]), "une personne différente"),
        ("", "à qui vont les licences"),
    ):
        answer = alice.post(page, data={"post": "held", name: wrong})
        assert answer.status_code == 422
        assert says in words(answer)
        assert batch_of(page).state == BatchState.DRAFT
    prepare(alice, page, **{name: "\r\n".join(lines)})
    assert "Transférer 50 licences" in words(alice.get(page))
    confirm(alice, page)
    assert (held_by(givers[0]), held_by(takers[50])) == ([cast.pro.id], [cast.pro.id])


# --- Between showing and confirming -----------------------------------------------------------------------------------


def test_what_changed_since_it_was_shown_is_left_and_named_and_the_rest_is_done(cast, owned, alice):
    page = begin(alice, PEOPLE, "assign", cast.bob.id, cast.erin.id)
    prepare(alice, page, plan=str(cast.avance.id))
    until = shown_until(alice, page)
    make_licenses(1, cast.alice, cast.avance)
    assign(cast.avance, db.session.get_one(User, cast.bob.id), Actor.of(cast.alice))
    assert alice.post(f"{page}confirm", data={"shown": until}).status_code == 303
    text = words(alice.get(page))
    assert "1 licence a été assignée." in text
    assert "Changées entre-temps 1" in text
    assert (held_by(cast.bob), held_by(cast.erin)) == ([cast.avance.id], [cast.avance.id])


def test_confirming_twice_does_it_once_and_a_colleague_may_confirm(cast, owned, alice, app):
    page = begin(alice, PEOPLE, "assign", cast.bob.id)
    prepare(alice, page, plan=str(cast.avance.id))
    until = shown_until(alice, page)
    erin = sign_in(make_client(app), cast.erin)
    for client in (erin, alice):
        assert client.post(f"{page}confirm", data={"shown": until}).status_code == 303
    assert held_by(cast.bob) == [cast.avance.id]
    batch = batch_of(page)
    assert (batch.state, batch.confirmed_by_id) == (BatchState.DONE, cast.erin.id)


def test_what_a_colleague_had_prepared_anew_is_not_what_was_shown(cast, owned, alice, app):
    make_licenses(1, cast.alice, cast.eco)
    page = begin(alice, PEOPLE, "assign", cast.bob.id)
    prepare(alice, page, plan=str(cast.avance.id))
    until = shown_until(alice, page)
    prepare(sign_in(make_client(app), cast.erin), page, plan=str(cast.eco.id))
    for said in ({"shown": until}, {"shown": "nonsense"}, {}):
        answer = alice.post(f"{page}confirm", data=said)
        assert "Rien n’a été changé" in words(alice.get(answer.location))
    assert held_by(cast.bob) == []


def test_a_day_later_it_is_prepared_anew_first(cast, owned, alice):
    page = begin(alice, PEOPLE, "assign", cast.bob.id)
    prepare(alice, page, plan=str(cast.avance.id))
    until = shown_until(alice, page)
    batch = batch_of(page)
    batch.expires_at -= dt.timedelta(hours=25)
    db.session.commit()
    text = words(alice.get(page))
    assert "plus d’un jour" in text
    assert "Assigner 1 licence" not in text
    alice.post(f"{page}confirm", data={"shown": until})
    assert held_by(cast.bob) == []
    alice.post(f"{page}again")
    confirm(alice, page)
    assert held_by(cast.bob) == [cast.avance.id]


def test_what_was_put_away_says_so_and_is_not_done(cast, owned, alice):
    page = begin(alice, PEOPLE, "assign", cast.bob.id)
    prepare(alice, page, plan=str(cast.avance.id))
    until = shown_until(alice, page)
    answer = alice.post(f"{page}discard", data={"url": "/portal/users/?tab=without"})
    assert answer.location == "/portal/users/?tab=without"
    assert "abandonné" in words(alice.get(page))
    alice.post(f"{page}confirm", data={"shown": until})
    alice.post(page, data={"plan": str(cast.avance.id), "post": "held"})
    assert held_by(cast.bob) == []
    assert batch_of(page).state == BatchState.DISCARDED


def test_what_failed_says_why_and_is_prepared_anew(cast, owned, alice):
    page = begin(alice, PEOPLE, "assign", cast.bob.id)
    prepare(alice, page, plan=str(cast.avance.id))
    batch = batch_of(page)
    batch.state, batch.problem = BatchState.FAILED, "La raison"
    db.session.commit()
    text = words(alice.get(page))
    assert "La raison" in text
    assert "Préparer de nouveau" in text
    alice.post(f"{page}again")
    assert "Assigner 1 licence" in words(alice.get(page))
