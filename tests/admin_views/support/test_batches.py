"""Many at once in support: several customers together, each as a whole or not at all."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from models import Batch, BatchState, License, db
from tests.admin_views.asked import begin, confirm, prepare, shown_until
from tests.admin_views.portal.pages import words
from tests.client import make_client, sign_in
from tests.factories import make_licenses

PEOPLE, LICENSES = "/support/people/", "/support/licenses/"


@pytest.fixture
def staff(cast, client):
    return sign_in(client, cast.sam)


def held(*people) -> list[bool]:
    db.session.rollback()
    holders = set(db.session.scalars(sa.select(License.user_id)))
    return [person.id in holders for person in people]


def of(company) -> Batch:
    db.session.rollback()
    return db.session.scalars(sa.select(Batch).where(Batch.company_id == company.id)).one()


def test_each_customer_gets_of_its_own_and_one_button_confirms_all(cast, staff):
    make_licenses(1, cast.alice, cast.pro)
    make_licenses(2, cast.carol, cast.pro)
    page = begin(staff, PEOPLE, "assign", cast.bob.id, cast.dave.id, cast.charlie.id)
    assert "3 licences disponibles" in words(staff.get(page))
    prepare(staff, page, plan=str(cast.pro.id))
    shown = words(staff.get(page))
    assert "2 clients sont prêts" in shown
    assert "Pro : 1 → 0 il manque 1 licence" in shown
    assert "Assigner 2 licences" in shown
    assert held(cast.bob, cast.dave, cast.charlie) == [False, False, False]
    confirm(staff, page)
    assert held(cast.bob, cast.dave, cast.charlie) in ([True, False, True], [False, True, True])
    done = staff.get(page)
    assert words(done).count("Terminé") == 2
    assert done.text.count('name="operation"') == 2, "each is taken back by itself"


def test_one_that_fails_leaves_the_others_done_and_is_taken_up_again(cast, staff):
    make_licenses(1, cast.alice, cast.pro)
    make_licenses(1, cast.carol, cast.pro)
    page = begin(staff, PEOPLE, "assign", cast.bob.id, cast.charlie.id)
    prepare(staff, page, plan=str(cast.pro.id))
    globex = of(cast.globex)
    globex.state, globex.problem = BatchState.FAILED, "La raison"
    db.session.commit()
    text = words(staff.get(page))
    assert "La raison" in text
    assert "Reprendre le reste" in text
    confirm(staff, page)
    assert held(cast.bob, cast.charlie) == [True, False]
    assert "Reprendre le reste" in words(staff.get(page))
    staff.post(f"{page}again")
    confirm(staff, page)
    assert held(cast.bob, cast.charlie) == [True, True]
    assert "Reprendre le reste" not in words(staff.get(page))


def test_what_was_prepared_anew_since_is_left_and_the_others_are_done(cast, staff, app):
    make_licenses(1, cast.alice, cast.pro)
    make_licenses(1, cast.carol, cast.pro)
    page = begin(staff, PEOPLE, "assign", cast.bob.id, cast.charlie.id)
    prepare(staff, page, plan=str(cast.pro.id))
    until = shown_until(staff, page)
    prepare(sign_in(make_client(app), cast.carol), page.replace("support", "portal"), plan=str(cast.pro.id))
    answer = staff.post(f"{page}confirm", data={"shown": until})
    assert "Globex : " in words(staff.get(answer.location))
    assert held(cast.bob, cast.charlie) == [True, False]


def test_the_rows_of_one_customer_are_looked_at_settled_and_confirmed_alone(cast, staff):
    seats = [
        *make_licenses(1, cast.alice, cast.pro, holder=cast.bob),
        *make_licenses(1, cast.carol, cast.pro, holder=cast.charlie),
    ]
    page = begin(staff, LICENSES, "release", *[one.id for one in seats])
    prepare(staff, page)
    one = of(cast.acme).id
    shown = words(staff.get(f"{page}?batch={one}"))
    assert "Bob Tremblay" in shown
    assert "Charlie" not in shown
    until = shown_until(staff, f"{page}?batch={one}")
    answer = staff.post(f"{page}confirm", data={"shown": until, "batch": str(one)})
    assert f"batch={one}" in answer.location
    assert held(cast.bob, cast.charlie) == [False, True]
    assert of(cast.globex).state == BatchState.READY
    for odd in ("999999", "x", "-1", str(10**30)):
        assert staff.get(f"{page}?batch={odd}").status_code == 404
        assert staff.post(f"{page}confirm", data={"batch": odd, "shown": until}).status_code == 404


def test_what_support_began_is_seen_and_found_by_the_customers_own_administrator(cast, staff, app):
    (seat,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    page = begin(staff, LICENSES, "release", seat.id)
    prepare(staff, page)
    alice = sign_in(make_client(app), cast.alice)
    number = page.split("/")[-2]
    found = alice.get("/portal/batches/")
    assert number in found.text
    assert "Sam" not in words(found), "of the vendor's own people a customer reads no name"
    shown = words(alice.get(f"/portal/batches/{number}/"))
    assert "Libérer 1 licence" in shown
    assert "Sam" not in shown
    assert sign_in(make_client(app), cast.carol).get(f"/portal/batches/{number}/").status_code == 404


def test_support_adds_the_vendors_own_people_to_no_batch(cast, staff):
    answer = staff.post(f"{PEOPLE}action/", data={"action": "deactivate", "rowid": [str(cast.sam.id)]})
    assert "Sélectionnez" in words(staff.get(answer.location)) or answer.status_code == 302
    assert db.session.scalar(sa.select(Batch.id)) is None
