"""Where people arrive: an administrator's overview, a standard user's own licence."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from access import Actor, everything
from admin_views.portal import activity
from models import License, LicenseStatus, db, utcnow
from services import licenses
from services.buying import cart, orders, quotes
from tests.admin_views.portal.pages import listed, words
from tests.client import make_client, sign_in
from tests.factories import make_licenses, make_order, make_user


@pytest.mark.one_database
def test_a_company_that_owns_nothing_reads_what_to_do(cast, alice):
    page = words(alice.get("/portal/"))
    assert "Vous n’avez encore aucune licence." in page
    assert "Acheter des licences" in page
    assert "4 personnes n’ont pas de licence et aucune n’est disponible." in page


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
    assert "Pro 0 0 0 2" in words(page)
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
    assert "Achetées Assignées Disponibles Valide jusqu’au" in page
    assert "Avancé 3 1 2" in page
    assert "Pro 1 0 1" in page
    assert "Éco" not in page
    assert "3 licences sont disponibles. 3 personnes n’en ont pas." in page
    assert "1 licence se termine d’ici 60 jours" in page
    assert "Votre panier contient 2 licences qui ne sont pas encore payées." in page


def test_an_order_that_waits_is_paid_from_the_home_page(cast, alice):
    order = make_order(cast.alice, cast.pro, 2)
    page = alice.get("/portal/")
    assert f"La commande {order.reference} attend votre paiement" in words(page)
    assert f'action="/portal/orders/{order.reference}/pay"' in page.text


def test_recent_activity_tells_who_did_what(cast, owned, app, alice):
    licenses.assign(cast.avance, cast.bob, Actor.of(cast.alice))
    licenses.release(owned.held, Actor.of(cast.sam), held_by=owned.held.user_id)
    cart.add(cast.acme.id, cast.pro, 1, Actor.of(cast.alice))
    confirmed = quotes.quote(cast.acme).fingerprint
    order = orders.place(
        cast.acme.id, fingerprint=confirmed, accepted=True, language="fr", by=Actor.of(cast.alice)
    )
    page = words(alice.get("/portal/"))
    assert f"Alice Tremblay a passé la commande {order.reference}." in page
    assert "Alice Tremblay a assigné une licence Avancé à Bob Tremblay." in page
    assert "Soutien a libéré la licence Avancé de Dave Tremblay." in page
    assert "Sam" not in page
    assert "Bob" not in words(sign_in(make_client(app), cast.carol).get("/portal/"))
    # By its own condition too: whoever sees every row reads one company's activity all the same.
    with everything():
        assert activity.recent(cast.globex.id, 5) == []


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
    assert "Cette licence a expiré." in page
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
