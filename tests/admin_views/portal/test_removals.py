"""« Retirer des licences du compte »: what is proposed, what is said before, and both acts, on both sites."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from models import License, Renewal, db, utcnow
from tests import factories
from tests.admin_views.portal.pages import words
from tests.admin_views.portal.test_moves import toast
from tests.client import make_client, sign_in

REMOVE = "/portal/licenses/remove/"


def seat(license):
    db.session.rollback()
    row = db.session.get_one(License, license.id)
    return str(row.state()), row.user_id, str(row.renewal)


def ticked(page):
    """What the form would send of its seats."""
    boxes = re.findall(r'name="seat"\s+value="([\d:]+)"([^>]*)', page.text)
    return [token for token, rest in boxes if "checked" in rest], [token for token, _rest in boxes]


@pytest.fixture
def seats(cast):
    soon = factories.make_licenses(1, cast.alice, cast.pro, ends=utcnow() + dt.timedelta(days=90))[0]
    held, late = factories.make_licenses(2, cast.alice, cast.pro, holder=cast.bob)
    return soon, held, late


def test_the_free_seats_that_end_first_are_proposed_and_the_others_are_not_shown(cast, alice, seats):
    soon, _held, late = seats
    page = alice.get(f"{REMOVE}?plan={cast.pro.id}&count=1")
    assert ticked(page) == ([f"{soon.id}:"], [f"{soon.id}:", f"{late.id}:"])
    assert "Aucun argent ne bouge" in words(page)
    assert "C’est ce que la plupart veulent" in words(page)


def test_beyond_the_free_ones_the_administrator_chooses_who_loses(cast, alice, seats):
    soon, held, late = seats
    page = alice.get(f"{REMOVE}?plan={cast.pro.id}&count=3")
    chosen, shown = ticked(page)
    assert chosen == shown == [f"{soon.id}:", f"{late.id}:", f"{held.id}:{cast.bob.id}"]
    answer = alice.post(REMOVE, data={"seat": shown[1:], "remove": "1"}, follow_redirects=True)
    assert "2 licences ont été retirées du compte" in words(answer)
    assert [seat(one)[0] for one in seats] == ["available", "removed", "removed"]
    back = alice.post("/portal/undo/", data=toast(answer), follow_redirects=True)
    assert "Tout est revenu comme avant" in words(back)
    assert [seat(one)[:2] for one in seats] == [
        ("available", None),
        ("assigned", cast.bob.id),
        ("available", None),
    ]


def test_what_most_people_want_takes_nothing_away(cast, alice, seats):
    soon = seats[0]
    answer = alice.post(REMOVE, data={"seat": f"{soon.id}:", "decline": "1"}, follow_redirects=True)
    assert "ne sera pas renouvelée" in words(answer)
    assert seat(soon) == ("available", None, Renewal.DECLINED)
    page = alice.get(f"/portal/licenses/details/?id={soon.id}")
    assert "À ne pas renouveler" in words(page)
    alice.post(REMOVE, data={"seat": f"{soon.id}:", "undecide": "1"})
    assert seat(soon)[2] == Renewal.UNDECIDED


def test_a_page_left_open_removes_nothing_that_somebody_was_given_meanwhile(cast, alice, seats):
    soon = seats[0]
    factories.hold(soon, cast.dave)
    answer = alice.post(REMOVE, data={"seat": f"{soon.id}:", "remove": "1"}, follow_redirects=True)
    assert "Rien n’a été changé" in words(answer)
    assert seat(soon)[:2] == ("assigned", cast.dave.id)


@pytest.mark.parametrize("count", ["0", "-1", "x", "201", "4", "1e3", "\u0661", "9" * 40])
def test_a_number_that_cannot_be_removed_is_asked_again(cast, alice, seats, count):
    page = alice.get(f"{REMOVE}?plan={cast.pro.id}&count={count}")
    assert page.status_code == 422
    assert ticked(page) == ([], [])


@pytest.mark.parametrize("sent", [[], ["x"], ["0:0"], ["1:2:3"], [f"{'9' * 30}:"], [":"]])
def test_seats_that_are_none_change_nothing(alice, seats, sent):
    answer = alice.post(REMOVE, data={"seat": sent, "remove": "1"}, follow_redirects=True)
    assert "Choisissez au moins une licence" in words(answer) or answer.status_code == 404
    assert [seat(one)[0] for one in seats] == ["available", "assigned", "available"]


def test_nobody_removes_a_licence_of_another_company(cast, app, seats):
    carol = sign_in(make_client(app), cast.carol)
    answer = carol.post(REMOVE, data={"seat": f"{seats[0].id}:", "remove": "1"})
    assert answer.status_code == 404
    assert carol.get(f"{REMOVE}?plan={cast.pro.id}&count=1").status_code == 422
    assert [seat(one)[0] for one in seats] == ["available", "assigned", "available"]


def test_support_removes_for_a_customer_by_the_same_page(cast, app, seats):
    sam = sign_in(make_client(app), cast.sam)
    page = sam.get(f"/support/licenses/remove/?company={cast.acme.id}&plan={cast.pro.id}&count=1")
    chosen, _shown = ticked(page)
    answer = sam.post(
        "/support/licenses/remove/", data={"seat": chosen, "remove": "1"}, follow_redirects=True
    )
    assert answer.status_code == 200
    assert seat(seats[0])[0] == "removed"
    for wrong in ("", "x", "9" * 30):
        assert sam.get(f"/support/licenses/remove/?company={wrong}").status_code == 404
