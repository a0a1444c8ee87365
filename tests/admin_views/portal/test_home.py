"""Where people arrive: an administrator's overview, a standard user's own licence."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from access import Actor, Permission, everything, permissions
from admin_views.journal import timeline
from admin_views.journal.sentences import Reader
from admin_views.portal import activity
from models import Dismissal, JournalEntry, License, LicenseStatus, OrderState, Role, db, utcnow
from services import licenses
from services.buying import cart
from services.people import deactivation
from services.text.formats import NBSP
from tests.admin_views.portal.pages import listed, words
from tests.client import make_client, sign_in
from tests.factories import make_licenses, make_order, make_user


@pytest.mark.one_database
def test_the_first_day_leads_from_buying_to_assigning(cast, alice):
    page = alice.get("/portal/")
    assert "Bienvenue, Alice" in words(page)
    steps = [words(step) for step in page.text.partition('<ol class="way')[2].split("<li")[1:]]
    assert [step.partition("> ")[2].split(".")[0] for step in steps] == [
        "Achetez des licences 3 forfaits, de 50,00 $ à 180,00 $ par licence, avant taxes",
        "Ajoutez les personnes Quiconque est ajouté peut recevoir une licence",
        "Assignez-les Chaque personne reçoit un courriel avec son lien d’activation",
    ]
    assert "4 personnes y sont déjà" in steps[1]
    assert "Choisir un forfait" in steps[0]
    cart.add(cast.acme.id, cast.pro, 2, Actor.of(cast.alice))
    assert "Voir le panier" in words(alice.get("/portal/"))
    # What was bought once is no first day, even when it is over.
    ended = utcnow() - dt.timedelta(days=1)
    make_licenses(1, cast.alice, cast.pro, starts=ended - dt.timedelta(days=9), ends=ended)
    assert "Bienvenue" not in words(alice.get("/portal/"))


@pytest.mark.one_database
def test_with_everybody_served_nothing_waits(cast, alice):
    for person in (cast.alice, cast.bob, cast.dave, cast.erin):
        make_licenses(1, cast.alice, cast.pro, holder=person)
    assert "Vous êtes à jour." in words(alice.get("/portal/"))


def test_seats_that_have_ended_or_stay_with_who_left_do_not_vanish_from_home(cast, alice):
    yesterday = utcnow() - dt.timedelta(days=1)
    make_licenses(
        2, cast.alice, cast.pro, holder=cast.bob, starts=yesterday - dt.timedelta(days=9), ends=yesterday
    )
    make_licenses(1, cast.alice, cast.avance, holder=make_user(cast.acme, "Gaston", active=False))
    page = alice.get("/portal/")
    assert re.search(r"Pro 0 sur 0 assignée .*2 expirées", words(page))
    assert "1 personne a une licence expirée" in words(page)
    assert "1 licence est assignée à une personne dont le compte est désactivé." in words(page)
    links = {
        "/portal/users/?license=expired": listed("Bob"),
        "/portal/licenses/?holder=inactive": listed("Gaston"),
        f"/portal/licenses/?plan={cast.pro.id}&amp;state=expired": "Expirée",
    }
    for link, shown in links.items():
        assert f'href="{link}"' in page.text, link
        found = words(alice.get(link.replace("&amp;", "&")).text.partition("<tbody>")[2])
        assert shown in found
        assert listed("Dave") not in found


def test_an_administrator_sees_what_is_owned_free_and_waiting(cast, alice):
    make_licenses(3, cast.alice, cast.avance, holder=cast.dave)
    make_licenses(1, cast.alice, cast.pro, ends=utcnow() + dt.timedelta(days=20))
    make_licenses(5, cast.carol, cast.eco)
    cart.add(cast.acme.id, cast.pro, 2, Actor.of(cast.alice))
    page = words(alice.get("/portal/"))
    assert re.search(r"Avancé 1 sur 3 assignées .*0 activée 1 à activer 2 disponibles 3 jusqu’au \d+", page)
    assert re.search(r"Pro dans 20 jours 0 sur 1 assignée .*1 disponible 1 jusqu’au .* Assigner \(1\)", page)
    assert "Éco" not in page
    assert "3 licences sont disponibles. 3 personnes n’en ont pas." in page
    last = (utcnow() + dt.timedelta(days=20)).astimezone(cast.acme.zone).date()
    assert (
        f"Se terminent dans 60 jours Toutes les licences Valide jusqu’au Forfait Licences Assignées Actions {last}"
        in page
    )
    assert "Votre panier contient 2 licences qui ne sont pas encore payées." in page


def test_what_one_puts_away_stays_away_until_it_changes_and_colleagues_are_still_told(cast, app, alice):
    make_licenses(2, cast.alice, cast.avance, holder=cast.dave)
    told = "1 licence est disponible. 3 personnes n’en ont pas."

    def put_away(client, page):
        form = page.text.partition('action="/portal/put-away/"')[2].partition("</form>")[0]
        fields = dict(re.findall(r'name="(key|mark)" value="([^"]*)"', form))
        return client.get(client.post("/portal/put-away/", data=fields).location)

    page = alice.get("/portal/")
    assert told in words(page)
    page = put_away(alice, page)
    assert told not in words(page.text.partition('class="area-todo"')[2])
    assert "Rien d’autre que ce que vous avez masqué." in words(page)
    second = make_user(cast.acme, "Ada", role="admin")
    # Ada has no licence either: it is another thing now, for Alice too.
    assert "1 licence est disponible. 4 personnes n’en ont pas." in words(alice.get("/portal/"))
    ada = sign_in(make_client(app), second)
    page = put_away(ada, ada.get("/portal/"))
    assert "n’en ont pas" not in words(page)
    assert "4 personnes n’en ont pas" in words(alice.get("/portal/"))
    # Nothing is lost: it can be asked for.
    page = ada.get(ada.post("/portal/bring-back/").location)
    assert "4 personnes n’en ont pas" in words(page)
    # Facts that are not today's put nothing away; whoever has nothing to do with it is refused.
    for fields in ({"key": "without", "mark": "9:9"}, {}):
        answer = ada.post("/portal/put-away/", data=fields)
        assert "Cela a changé entre-temps." in words(ada.get(answer.location))
    bob = sign_in(make_client(app), cast.bob)
    assert [bob.post(f"/portal/{act}/").status_code for act in ("put-away", "bring-back")] == [403, 403]
    assert db.session.scalars(sa.select(Dismissal.user_id)).all() == [cast.alice.id]


@pytest.mark.one_database
def test_what_is_to_do_comes_worst_first_and_whoever_may_not_act_sees_no_act(cast, alice, monkeypatch):
    past = utcnow() - dt.timedelta(days=10)
    make_licenses(1, cast.alice, cast.eco, holder=cast.dave, starts=past - dt.timedelta(days=9), ends=past)
    make_licenses(2, cast.alice, cast.avance, holder=cast.bob)
    db.session.execute(sa.update(License).where(License.user_id == cast.bob.id).values(assigned_at=past))
    db.session.commit()
    cart.add(cast.acme.id, cast.pro, 2, Actor.of(cast.alice))
    declined = make_order(cast.alice, cast.pro, state=OrderState.FAILED)
    debit = make_order(cast.alice, cast.pro, state=OrderState.PROCESSING)
    db.session.commit()

    def items():
        todo = alice.get("/portal/").text.partition('<ul class="todo">')[2].partition("</ul>")[0]
        return [words(item) for item in todo.split("<li>")[1:]]

    found = items()
    assert found[0].startswith(f"Le paiement de la commande {declined.reference} a été refusé")
    assert "Payer Annuler la commande" in found[0]
    assert found[1].startswith("1 personne a une licence expirée")
    assert found[2].startswith("Débit préautorisé de 114,98 $ en cours")
    assert debit.reference in found[2]
    assert found[3].startswith("1 licence est disponible. 3 personnes n’en ont pas.")
    assert found[4].startswith(
        "1 licence est assignée et n’est pas encore activée. La première a été assignée il y a 10 jours."
    )
    assert len(found) == 5
    # Somebody who buys and manages nobody, then somebody who manages people alone.
    every = permissions.ROLE_PERMISSIONS[Role.ADMIN]
    for missing, shown in ((Permission.MANAGE_USERS, [0, 2]), (Permission.BILLING, [1, 3, 4])):
        monkeypatch.setitem(
            permissions.ROLE_PERMISSIONS,
            Role.ADMIN,
            every - {missing, Permission.PURCHASE}
            | ({Permission.PURCHASE} if missing == Permission.MANAGE_USERS else set()),
        )
        page = alice.get("/portal/")
        assert items() == [found[at] for at in shown]
        link = "/portal/users/" if missing == Permission.MANAGE_USERS else "/portal/plans/"
        assert link not in page.text


def test_an_order_that_waits_is_paid_from_the_home_page(cast, alice):
    order = make_order(cast.alice, cast.pro, 2)
    page = alice.get("/portal/")
    assert f"La commande {order.reference} attend votre paiement" in words(page)
    assert f'action="/portal/orders/{order.reference}/pay"' in page.text


def test_recent_activity_tells_who_did_what(cast, owned, app, alice):
    key = licenses.assign(cast.avance, cast.bob, Actor.of(cast.alice)).key
    licenses.release(owned.held, Actor.of(cast.sam), held_by=owned.held.user_id)
    deactivation.deactivate(cast.dave, deactivation.Seats.KEEP, by=Actor.of(cast.erin))
    page = alice.get("/portal/")
    told = words(page)
    assert f"Vous avez assigné la licence Avancé …{key[-5:]} à Bob Tremblay à l’instant" in told
    end = owned.held.key[-5:]
    assert f"Le soutien a libéré la licence Avancé …{end} de Dave Tremblay , au nom d’Acme" in told
    assert "Erin Tremblay a désactivé le compte de Dave Tremblay" in told
    assert "Sam" not in told
    assert f'href="/portal/licenses/details/?id={owned.held.id}"' in page.text
    assert f'href="/portal/users/{cast.dave.id}/license"' in page.text
    assert "Bob" not in words(sign_in(make_client(app), cast.carol).get("/portal/"))
    # By its own condition too: whoever sees every row reads one company's activity all the same.
    with everything():
        assert activity.recent(cast.globex.id, 5, Reader(), cast.alice.zone) == []


@pytest.mark.one_database
def test_acts_of_one_kind_are_told_together(cast, alice):
    seats = make_licenses(4, cast.alice, cast.pro)
    people = [cast.bob, cast.dave, cast.erin, cast.alice]
    for seat, person in zip(seats, people, strict=True):
        licenses.assign_license(seat, person, Actor.of(cast.alice))
    for seat, person in zip(seats[:3], people[:3], strict=True):
        licenses.activate(seat, Actor.of(person))
    told = words(alice.get("/portal/"))
    assert "Vous avez assigné 4 licences Pro Alice Tremblay, Erin Tremblay et 2 autres à l’instant" in told
    assert "Erin Tremblay, Dave Tremblay et 1 autre ont activé leur licence" in told
    assert "Bob Tremblay" not in told.partition("Activité récente")[2]
    licenses.release(seats[0], Actor.of(cast.alice), held_by=cast.bob.id)
    (eco,) = make_licenses(1, cast.alice, cast.eco)
    licenses.assign_license(eco, cast.bob, Actor.of(cast.alice))
    told = words(alice.get("/portal/"))
    assert "Vous avez assigné 5 licences Bob Tremblay, Alice Tremblay et 2 autres" in told
    # Somebody else's acts are not hers.
    erins = words(sign_in(alice, cast.erin).get("/portal/"))
    assert "Alice Tremblay a assigné 5 licences" in erins or "Alice Tremblay assigned 5 licenses" in erins
    # What reaches further back than what is read is no exact number.
    entries = sa.select(JournalEntry).where(JournalEntry.verb == "license_assigned").order_by(JournalEntry.id)
    found = db.session.scalars(entries).all()[::-1]
    (moment,) = timeline.grouped(found[:2], Reader(own=cast.alice.id), cast.alice.zone, 8, more=True)
    assert str(moment).replace(NBSP, " ") == "Vous avez assigné plus de 2 licences"


def test_what_was_done_as_one_is_taken_back_from_home_as_one(cast, alice):
    seats = make_licenses(2, cast.alice, cast.pro)
    held = {}
    for seat, person in zip(seats, (cast.bob, cast.dave), strict=True):
        licenses.assign_license(seat, person, Actor.of(cast.alice))
        held[seat.id] = person.id
    licenses.release_all(cast.acme.id, held, Actor.of(cast.alice))
    page = alice.get("/portal/")
    assert "Vous avez libéré 2 licences Pro" in words(page)
    # The two that were assigned one by one are told as one too, and are two operations.
    (operation,) = re.findall(r'name="operation" value="(\w+)"', page.text)
    assert alice.post("/portal/undo/", data={"operation": operation}).status_code == 303
    db.session.rollback()
    assert {seat.id: db.session.get_one(License, seat.id).user_id for seat in seats} == held


# --- A standard user ----------------------------------------------------------------------------------------------


def test_a_standard_user_activates_the_licence_they_hold(cast, owned, client):
    dave = sign_in(client, cast.dave)
    page = dave.get("/portal/")
    for said in ("My license", "Advanced", "Assigned", "Valid until", "Install instructions", "My profile"):
        assert said in words(page)
    assert "https://help.boreal.example/install" in page.text
    answer = dave.post("/portal/my-license/activate/", data={"id": owned.held.id})
    page = words(dave.get(answer.location))
    assert "Your license is activated." in page
    assert "Activate my license" not in page
    db.session.rollback()
    assert db.session.get_one(License, owned.held.id).activated_at is not None


def test_nobody_activates_a_licence_that_is_not_theirs(cast, owned, client):
    bob = sign_in(client, cast.bob)
    assert "Vous n’avez pas de licence en ce moment." in words(bob.get("/portal/"))
    for other in (owned.held.id, owned.foreign.id, "abc", ""):
        answer = bob.post("/portal/my-license/activate/", data={"id": other})
        assert "Cette licence ne vous est plus assignée." in words(bob.get(answer.location))
    db.session.rollback()
    assert db.session.scalars(sa.select(License.activated_at).distinct()).all() == [None]


def test_a_licence_that_is_taken_back_while_one_activates_it_says_so(cast, owned, client, monkeypatch):
    dave, activate = sign_in(client, cast.dave), licenses.activate

    def taken_first(license, by):
        licenses.release(license, Actor.of(cast.alice), held_by=cast.dave.id)
        return activate(db.session.get_one(License, owned.held.id), by)

    monkeypatch.setattr(licenses, "activate", taken_first)
    answer = dave.post("/portal/my-license/activate/", data={"id": owned.held.id})
    assert answer.status_code == 303
    assert "This license is not yours any more." in words(dave.get(answer.location))


@pytest.mark.one_database
def test_an_expired_or_suspended_licence_says_so_and_offers_no_button(cast, client):
    year_ago = utcnow() - dt.timedelta(days=400)
    make_licenses(1, cast.alice, cast.pro, holder=cast.bob, starts=year_ago)
    page = words(sign_in(client, cast.bob).get("/portal/"))
    assert "Expirée" in page
    assert "Cette licence a expiré" in page, page
    assert "Activer ma licence" not in page
    make_licenses(1, cast.alice, cast.avance, holder=cast.dave, status=LicenseStatus.SUSPENDED)
    page = words(sign_in(client, cast.dave).get("/portal/"))
    assert "Suspended" in page
    assert "Activate my license" not in page


@pytest.mark.one_database
def test_an_administrator_has_their_own_licence_too(cast, alice):
    license = make_licenses(1, cast.alice, cast.pro, holder=cast.alice)[0]
    assert "Activer ma licence" in words(alice.get("/portal/my-license/"))
    assert alice.post("/portal/my-license/activate/", data={"id": license.id}).status_code == 303
