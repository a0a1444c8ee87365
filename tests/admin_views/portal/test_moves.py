"""The pages that move a licence, and taking back what was just done, in the portal."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
import sqlalchemy as sa

from models import Assignment, License, LicenseState, Operation, db
from tests import factories
from tests.admin_views.asked import do_to_many
from tests.admin_views.portal.pages import words
from tests.client import make_client, sign_in

LICENSES = "/portal/licenses"


def holder(license):
    db.session.rollback()
    return db.session.get_one(License, license.id).user_id


def toast(page):
    """The form of « Annuler » beside the message."""
    form = page.text.partition('action="/portal/undo/"')[2].partition("</form>")[0]
    fields = re.findall(r'name="(\w+)"\s+value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in fields if name != "csrf_token"}


@pytest.fixture
def seats(cast):
    """Bob's licence of Pro, and a free one of Avancé, of the same product."""
    (held,) = factories.make_licenses(1, cast.alice, cast.pro, holder=cast.bob, activated=True)
    (free,) = factories.make_licenses(1, cast.alice, cast.avance)
    return held, free


def test_a_plan_is_changed_from_a_page_that_says_what_will_happen_and_taken_back(cast, alice, seats):
    held, free = seats
    address = f"{LICENSES}/change/?id={held.id}"
    page = alice.get(address)
    assert "En un seul geste" in words(page)
    assert f'value="{cast.avance.id}"' in page.text
    assert f'value="{cast.pro.id}"' not in page.text
    answer = alice.post(
        address, data={"plan": str(cast.avance.id), "held_by": str(cast.bob.id)}, follow_redirects=True
    )
    assert "a maintenant une licence du forfait Avancé" in words(answer)
    assert (holder(held), holder(free)) == (None, cast.bob.id)
    back = alice.post("/portal/undo/", data=toast(answer), follow_redirects=True)
    assert "Tout est revenu comme avant" in words(back)
    assert (holder(held), holder(free)) == (cast.bob.id, None)
    again = alice.post("/portal/undo/", data=toast(answer), follow_redirects=True)
    assert "déjà" in words(again)


def test_a_page_left_open_changes_nothing_once_somebody_else_holds_the_licence(cast, alice, seats):
    held, _free = seats
    answer = alice.post(
        f"{LICENSES}/change/?id={held.id}",
        data={"plan": str(cast.avance.id), "held_by": str(cast.dave.id)},
        follow_redirects=True,
    )
    assert "pas la personne que vous avez vue" in words(answer) or "Rien n’a été changé" in words(answer)
    assert holder(held) == cast.bob.id


@pytest.mark.parametrize("plan", ["", "0", "999", "x", "1:", "1:yesterday", "1:2026-99-99", "\u0661"])
def test_a_plan_that_is_none_is_asked_again(cast, alice, seats, plan):
    held, _free = seats
    data = {"plan": plan, "held_by": str(cast.bob.id)}
    answer = alice.post(f"{LICENSES}/change/?id={held.id}", data=data)
    assert answer.status_code in {302, 422}
    assert holder(held) == cast.bob.id


def test_the_wrong_tremblay_is_put_right(cast, alice, seats):
    held, _free = seats
    address = f"{LICENSES}/transfer/?id={held.id}"
    found = alice.get(f"{LICENSES}/ajax/lookup/?name=newcomer&query=dave&id={held.id}").json
    assert [row[0] for row in found] == [cast.dave.id]
    # Whoever holds one of the product is not found.
    assert alice.get(f"{LICENSES}/ajax/lookup/?name=newcomer&query=bob&id={held.id}").json == []
    answer = alice.post(
        address, data={"newcomer": str(cast.dave.id), "held_by": str(cast.bob.id)}, follow_redirects=True
    )
    assert "est maintenant à Dave Tremblay" in words(answer)
    assert holder(held) == cast.dave.id
    home = alice.get("/portal/")
    page = alice.get(f"{LICENSES}/details/?id={held.id}")
    assert "Revenir à l’état précédent (encore 10 min)" in words(page)
    assert "Revenir à l’état précédent" in words(home)


@pytest.mark.usefixtures("cast")
def test_nobody_is_found_for_a_licence_of_another_company_or_none(cast, app, seats):
    held, _free = seats
    carol = sign_in(make_client(app), cast.carol)
    for id in (held.id, "", "x", "9" * 30):
        assert carol.get(f"{LICENSES}/ajax/lookup/?name=newcomer&query=a&id={id}").json == []


def test_a_link_is_shown_once_and_the_page_says_that_the_former_dies(cast, alice):
    (held,) = factories.make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    address = f"{LICENSES}/link/?id={held.id}"
    assert "l’ancien ne fonctionne plus" in words(alice.get(address))
    shown = alice.post(address, data={"show": "1", "held_by": str(cast.bob.id)})
    (link,) = set(re.findall(r"/l/[\w-]{43}", shown.text))
    assert "/l/" not in alice.get(address).text
    again = alice.post(address, data={"show": "1", "held_by": str(cast.bob.id)})
    assert link not in again.text
    visitor = make_client(alice.application)
    assert visitor.get(link).status_code == 404
    (newer,) = set(re.findall(r"/l/[\w-]{43}", again.text))
    assert visitor.get(newer).status_code == 200


def test_the_batch_that_ends_another_day_can_be_chosen(cast, alice):
    late, soon = factories.make_licenses(2, cast.alice, cast.pro)
    soon.last_day -= dt.timedelta(days=30)
    soon.valid_until -= dt.timedelta(days=30)
    soon.usable_until = soon.valid_until
    db.session.commit()
    page = alice.get(f"/portal/users/{cast.bob.id}/license")
    assert "Autre date" in words(page)
    alice.post(
        f"/portal/users/{cast.bob.id}/license", data={"plan": f"{cast.pro.id}:{soon.last_day.isoformat()}"}
    )
    assert (holder(soon), holder(late)) == (cast.bob.id, None)


@pytest.mark.parametrize("operation", ["", "x", "0" * 32, "\u0661"])
def test_what_is_no_operation_of_ones_own_is_not_taken_back(cast, alice, operation):
    answer = alice.post("/portal/undo/", data={"operation": operation}, follow_redirects=True)
    assert "Rien n’a été changé" in words(answer)


def test_another_company_takes_nothing_back(cast, app, alice, seats):
    held, _free = seats
    alice.post(
        f"{LICENSES}/transfer/?id={held.id}",
        data={"newcomer": str(cast.dave.id), "held_by": str(cast.bob.id)},
    )
    operation = db.session.scalars(sa.select(Operation.id)).one()
    carol = sign_in(make_client(app), cast.carol)
    carol.post("/portal/undo/", data={"operation": operation})
    assert holder(held) == cast.dave.id
    sam = sign_in(make_client(app), cast.sam)
    answer = sam.post("/support/undo/", data={"operation": operation}, follow_redirects=True)
    assert "Tout est revenu comme avant" in words(answer)
    assert holder(held) == cast.bob.id


def test_support_moves_a_licence_for_a_customer_by_the_same_pages(cast, app, seats):
    held, free = seats
    sam = sign_in(make_client(app), cast.sam)
    sam.post(
        f"/support/licenses/change/?id={held.id}",
        data={"plan": str(cast.avance.id), "held_by": str(cast.bob.id)},
    )
    assert (holder(held), holder(free)) == (None, cast.bob.id)
    sam.post(
        f"/support/licenses/transfer/?id={free.id}",
        data={"newcomer": str(cast.dave.id), "held_by": str(cast.bob.id)},
    )
    assert holder(free) == cast.dave.id
    assert free.state() == LicenseState.ASSIGNED
    answer = sam.post(
        f"/support/licenses/link/?id={free.id}", data={"held_by": str(cast.dave.id)}, follow_redirects=True
    )
    assert "en route vers Dave Tremblay" in words(answer)
    assert len(db.session.scalars(sa.select(Assignment).where(Assignment.user_id == cast.dave.id)).all()) == 1


def test_what_changed_nothing_or_several_customers_offers_no_undo(cast, app, alice, seats):
    held, _free = seats
    again = alice.post(
        f"/portal/users/{cast.bob.id}/license", data={"plan": str(cast.pro.id)}, follow_redirects=True
    )
    assert toast(again) == {}
    (other,) = factories.make_licenses(1, cast.carol, cast.pro, holder=factories.make_user(cast.globex))
    sam = sign_in(make_client(app), cast.sam)
    page = do_to_many(sam, "/support/licenses/", "release", held.id, other.id)
    answer = sam.get(page)
    assert "2 licences ont été libérées" in words(answer)
    assert 'action="/support/undo/"' not in answer.text.partition("<main")[2].partition("<h1")[0]
