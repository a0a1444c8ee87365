"""Licences: the list, one licence's page, giving it and taking it back."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
import sqlalchemy as sa

from models import Assignment, License, LicenseStatus, OutgoingMail, db, utcnow
from tests.admin_views.asked import begin, confirm, prepare, to_release
from tests.admin_views.portal.pages import listed, words
from tests.client import sign_in
from tests.factories import make_licenses, make_user


def holder_of(license):
    db.session.rollback()
    return db.session.get_one(License, license.id).user_id


def release(client, license):
    return client.post("/portal/licenses/release/", data=to_release(license.id))


@pytest.mark.one_database
def test_the_list_shows_the_companys_own_and_nobody_elses(cast, owned, alice):
    page = alice.get("/portal/licenses/")
    assert owned.held.key[:11] in page.text
    assert owned.free.key[:11] in page.text
    assert owned.foreign.key[:11] not in page.text
    assert listed("Dave") in words(page)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("state=assigned", {"held"}),
        ("state=available", {"free", "last"}),
        ("state=expired", {"old"}),
        ("state=revoked", set()),
        ("state=nonsense", {"held", "free", "last", "old"}),
        ("plan={avance}", {"held", "free", "last"}),
        ("expiry=soon", {"soon"}),
        ("q=dave%40acme.example", {"held"}),
        ("q=Trem", {"held"}),
        ("q=nobody", set()),
        ("page=-1", {"held", "free", "last", "old"}),
    ],
)
def test_the_list_narrows_by_state_plan_expiry_and_words(cast, alice, query, shown):
    held, free, last = make_licenses(3, cast.alice, cast.avance, holder=cast.dave)
    year_ago = utcnow() - dt.timedelta(days=400)
    old = make_licenses(1, cast.alice, cast.eco, starts=year_ago)[0]
    soon = make_licenses(1, cast.alice, cast.pro, ends=utcnow() + dt.timedelta(days=20))[0]
    named = {"held": held, "free": free, "last": last, "old": old, "soon": soon}
    keys = {name: row.key[:11] for name, row in named.items()}
    page = alice.get(f"/portal/licenses/?{query.format(avance=cast.avance.id)}").text
    found = {name for name, key in keys.items() if key in page}
    everywhere = {"soon"} if query in {"state=nonsense", "page=-1", "state=available"} else set()
    assert found == shown | everywhere


@pytest.mark.one_database
def test_a_whole_key_finds_its_licence(cast, owned, alice):
    page = alice.get("/portal/licenses/", query_string={"q": owned.free.key.lower()}).text
    assert owned.free.key[:11] in page
    assert owned.held.key[:11] not in page


def test_releasing_asks_first_then_tells_the_holder(cast, owned, alice):
    asked = alice.get(f"/portal/licenses/release/?id={owned.held.id}&url=/portal/users/")
    assert "Libérer la licence" in words(asked)
    assert "Dave Tremblay" in words(asked)
    assert holder_of(owned.held) == cast.dave.id
    answer = alice.post(
        "/portal/licenses/release/", data=to_release(owned.held.id) | {"url": "/portal/users/"}
    )
    assert answer.location == "/portal/users/"
    assert holder_of(owned.held) is None
    assert db.session.scalars(sa.select(OutgoingMail.template)).all() == ["license_released"]
    assert "1 licence a été libérée." in words(alice.get(answer.location))


def test_several_are_released_at_once_and_a_suspended_one_is_named(cast, owned, alice):
    held = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)[0]
    disputed = make_licenses(1, cast.alice, cast.pro, holder=cast.erin, status=LicenseStatus.SUSPENDED)[0]
    page = begin(alice, "/portal/licenses/", "release", owned.held.id, held.id, owned.free.id, disputed.id)
    prepare(alice, page)
    assert "Libérer 2 licences" in words(alice.get(page))
    confirm(alice, page)
    done = words(alice.get(page))
    assert "2 licences ont été libérées." in done
    assert "suspendue pendant qu’un paiement est contesté" in done
    assert [holder_of(row) for row in (owned.held, held, disputed)] == [None, None, cast.erin.id]


@pytest.mark.one_database
def test_there_is_nothing_to_release_on_free_licences(cast, owned, alice):
    page = begin(alice, "/portal/licenses/", "release", owned.free.id)
    prepare(alice, page)
    assert "il n’y a rien à libérer" in words(alice.get(page))
    assert "Libérer 0" not in words(alice.get(page))


def test_a_free_licence_is_given_to_the_person_who_was_typed(cast, owned, alice):
    answer = alice.post(
        "/portal/licenses/details/", data={"id": owned.free.id, "user-text": "bob@acme.example"}
    )
    assert answer.status_code == 303
    assert holder_of(owned.free) == cast.bob.id
    page = words(alice.get(answer.location))
    assert "Bob Tremblay a maintenant une licence Avancé." in page
    assert "Titulaires successifs" in page


@pytest.mark.one_database
def test_several_people_found_are_asked_about(cast, owned, alice):
    answer = alice.post("/portal/licenses/details/", data={"id": owned.free.id, "user-text": "Tremblay"})
    assert answer.status_code == 422
    assert 'name="user-choice"' in answer.text
    assert "Charlie" not in answer.text
    assert holder_of(owned.free) is None


def test_fault_29_another_companys_person_or_licence_is_never_reached(cast, owned, alice):
    for name in ("user", "user-choice"):
        answer = alice.post("/portal/licenses/details/", data={"id": owned.free.id, name: cast.charlie.id})
        assert answer.status_code == 422
        assert "Charlie" not in answer.text
    by_text = alice.post(
        "/portal/licenses/details/", data={"id": owned.free.id, "user-text": "charlie@globex.example"}
    )
    assert by_text.status_code == 422
    foreign = {"id": owned.foreign.id, "user": cast.bob.id}
    assert alice.post("/portal/licenses/details/", data=foreign).status_code == 404
    assert alice.get(f"/portal/licenses/details/?id={owned.foreign.id}").status_code == 404
    assert alice.get(f"/portal/licenses/release/?id={owned.foreign.id}").status_code == 404
    release(alice, owned.foreign)
    assert holder_of(owned.free) is None
    assert holder_of(owned.foreign) is None


@pytest.mark.one_database
@pytest.mark.parametrize("nonsense", ["", "abc", "1,2", "-1", "9" * 30, "1%00"])
def test_a_senseless_id_is_never_an_error_of_ours(cast, owned, alice, nonsense):
    for url in ("details", "release"):
        assert alice.get(f"/portal/licenses/{url}/?id={nonsense}").status_code in {400, 404}


def test_the_history_names_who_gave_and_who_took(cast, owned, client):
    erin = sign_in(client, cast.erin)
    release(erin, owned.held)
    page = words(erin.get(f"/portal/licenses/details/?id={owned.held.id}"))
    held = db.session.scalars(sa.select(Assignment).where(Assignment.license_id == owned.held.id)).one()
    assert held.taken_by_id == cast.erin.id
    assert "Dave Tremblay" in page
    assert "Alice Tremblay" in page
    assert "Erin Tremblay" in page


def test_the_export_says_state_and_holder_in_the_readers_language(cast, owned, alice):
    answer = alice.get("/portal/licenses/export/csv/?state=assigned", buffered=True)
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert rows[0][:4] == ["Titulaire", "Titulaire (courriel)", "Forfait", "État"]
    day = owned.held.last_day.isoformat()
    assert [row[:6] for row in rows[1:]] == [
        ["Tremblay, Dave", "dave@acme.example", "Avancé", "Assignée", day, owned.held.key]
    ]


@pytest.mark.one_database
def test_an_inactive_person_cannot_be_chosen(cast, owned, alice):
    gone = make_user(cast.acme, "Gaston", active=False)
    answer = alice.post("/portal/licenses/details/", data={"id": owned.free.id, "user": gone.id})
    assert answer.status_code == 422
    assert holder_of(owned.free) is None
