"""Many at once, of thousands, of hostile input and of files: what the page of a batch stands."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re

import pytest
import sqlalchemy as sa

from access import Actor
from models import (
    Batch,
    BatchKind,
    BatchRow,
    BatchState,
    RowOutcome,
    User,
    db,
)
from services.batches import applying, choosing
from tests.admin_views.asked import begin, confirm, prepare, shown_until
from tests.admin_views.portal.pages import words
from tests.client import make_client, sign_in
from tests.factories import make_licenses, make_user

PEOPLE = "/portal/users/"


def batch_of(page: str) -> Batch:
    db.session.rollback()
    return db.session.scalars(sa.select(Batch).where(Batch.together == page.split("/")[-2])).one()


# --- Large ones -------------------------------------------------------------------------------------------------------


def crowd(cast, count: int) -> None:
    """So many people of Acme, quickly."""
    rows = [
        {
            "company_id": cast.acme.id,
            "email": f"crowd{number}@acme.example",
            "first_name": "Crowd",
            "last_name": "Roy",
        }
        for number in range(count)
    ]
    db.session.execute(sa.insert(User), rows)
    db.session.commit()


def test_all_that_match_are_chosen_and_their_progress_survives_a_reload(cast, alice):
    crowd(cast, 700)
    make_licenses(1, cast.alice, cast.avance)
    data = {"action": "assign", "every": "1", "url": "/portal/users/?q=crowd"}
    page = alice.post("/portal/users/action/", data=data).location.partition("?")[0]
    assert "700 personnes sélectionnées" in words(alice.get(page))
    prepare(alice, page, plan=str(cast.avance.id))
    for _ in range(2):
        waiting = alice.get(page)
        assert "0 ligne sur 700" in words(waiting)
        assert '<meta http-equiv="refresh"' in waiting.text
        part = alice.get(f"{page}?part=progress").text
        assert 'data-progress="queued"' in part
        assert "<main" not in part
    applying.do_due()
    ready = alice.get(page)
    assert '<meta http-equiv="refresh"' not in ready.text
    assert "Assigner 1 licence" in words(ready)
    answer = alice.post(f"{page}confirm", data={"shown": shown_until(alice, page)})
    assert "En cours d’application" in words(alice.get(answer.location))
    applying.do_due()
    assert "1 licence a été assignée." in words(alice.get(page))


def test_more_than_an_act_takes_are_refused_and_none_is_left_out(cast, alice, monkeypatch):
    crowd(cast, 12)
    monkeypatch.setattr("admin_views.lists.view.MOST", 10)
    monkeypatch.setattr("services.batches.choosing.MOST", 10)
    data = {"action": "assign", "every": "1", "url": "/portal/users/?q=crowd"}
    answer = alice.post("/portal/users/action/", data=data)
    assert "Sélectionnez au plus 10 lignes à la fois" in words(alice.get(answer.location))
    assert db.session.scalar(sa.select(Batch.id)) is None


def test_the_rows_come_page_by_page_and_each_once(cast, alice):
    crowd(cast, 120)
    page = alice.post(
        "/portal/users/action/", data={"action": "deactivate", "every": "1", "url": "/portal/users/?q=crowd"}
    ).location.partition("?")[0]
    prepare(alice, page, seats="keep")
    seen, address, pages = [], page, 0
    while address:
        text = alice.get(address).text
        seen += re.findall(r"crowd(\d+)@acme", text)
        found = re.search(r'rel="next"\s+href="([^"]+)"', text)
        address, pages = found and found[1].replace("&amp;", "&"), pages + 1
    assert sorted(map(int, seen)) == list(range(120))
    assert pages == 3
    for odd in ("?after=x", "?before=null", "?show=nonsense", "?show=left&after=W10", "?after=" + "a" * 3000):
        assert alice.get(page + odd).status_code == 200


# --- Files and hostile input ------------------------------------------------------------------------------------------


def test_the_file_has_each_row_with_what_came_of_it_and_runs_no_formula(cast, alice):
    evil = make_user(cast.acme, "=cmd|' /C calc'!A0")
    make_licenses(1, cast.alice, cast.avance)
    page = begin(alice, PEOPLE, "assign", evil.id, cast.bob.id)
    prepare(alice, page, plan=str(cast.avance.id))
    confirm(alice, page)
    answer = alice.get(f"{page}rows.csv", buffered=True)
    assert answer.mimetype == "text/csv"
    head, *lines = list(
        csv.reader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff")), delimiter=";")
    )
    assert head[-2:] == ["Résultat", "Motif"]
    assert {line[-2] for line in lines} == {"Fait", "Laissées de côté"}
    assert not [cell for line in lines for cell in line if cell[:1] in "=+-@" and cell]


@pytest.mark.parametrize(
    "data",
    [
        {"plan": "1", "post": "never"},
        {"plan": "abc", "post": "held"},
        {"plan": "999999", "post": "held"},
        {"plan": "1:not-a-day", "post": "held"},
        {"plan": "\x00", "post": "held"},
        {},
    ],
)
def test_options_that_make_no_sense_are_a_sentence_and_change_nothing(cast, owned, alice, data):
    page = begin(alice, PEOPLE, "assign", cast.bob.id)
    answer = alice.post(page, data=data)
    assert answer.status_code in {400, 422}
    assert batch_of(page).state == BatchState.DRAFT


@pytest.mark.one_database
@pytest.mark.parametrize("name", ["x", "0" * 32, "g" * 32, "0" * 33, "null", "é"])
def test_a_number_that_is_none_is_not_found(cast, alice, name):
    for path in ("", "rows.csv", "?batch=1", "?part=progress"):
        assert alice.get(f"/portal/batches/{name}/{path}").status_code == 404
    for path in ("", "confirm", "again", "discard"):
        assert alice.post(f"/portal/batches/{name}/{path}").status_code == 404


def test_of_a_group_of_several_customers_each_sees_its_own_alone(cast, owned, alice, app):
    together = choosing.of_people(BatchKind.DEACTIVATE, [cast.bob.id, cast.charlie.id], Actor.of(cast.sam))
    theirs = db.session.scalars(sa.select(Batch).where(Batch.company_id == cast.globex.id)).one()
    their_id = theirs.id
    page = f"/portal/batches/{together}/"
    text = words(alice.get(page))
    assert "1 personne sélectionnée" in text
    assert "Globex" not in text
    assert alice.get(f"{page}?batch={their_id}").status_code == 404
    assert alice.get(f"{page}rows.csv?batch={their_id}").status_code == 404
    for path in ("", "confirm", "again", "discard"):
        data = {"batch": str(their_id), "post": "held", "seats": "keep"}
        assert alice.post(f"{page}{path}", data=data).status_code == 404
    prepare(alice, page, seats="keep")
    confirm(alice, page)
    db.session.rollback()
    assert db.session.get_one(Batch, their_id).state == BatchState.DRAFT
    assert db.session.get_one(User, cast.charlie.id).active


def test_another_companys_rows_are_never_chosen(cast, owned, alice):
    answer = alice.post(f"{PEOPLE}action/", data={"action": "assign", "rowid": [str(cast.carol.id)]})
    assert answer.status_code == 302
    page = begin(alice, PEOPLE, "assign", cast.bob.id, cast.carol.id)
    assert "1 personne sélectionnée" in words(alice.get(page))
    assert db.session.scalars(sa.select(BatchRow.user_id)).all() == [cast.bob.id]


def test_what_was_begun_is_found_again_by_every_administrator(cast, owned, alice, app):
    page = begin(alice, PEOPLE, "release", cast.dave.id)
    erin = sign_in(make_client(app), cast.erin)
    found = erin.get("/portal/batches/").text
    number = page.split("/")[-2]
    assert number in found
    assert "/portal/batches/" in erin.get(PEOPLE).text
    alice.post(f"{page}discard")
    assert number not in erin.get("/portal/batches/").text


# --- What a file held -------------------------------------------------------------------------------------------------


def test_rows_of_a_file_show_what_it_held_by_its_own_numbers_wrong_ones_first(cast, alice):
    batch = Batch(
        company_id=cast.acme.id,
        together="a" * 32,
        kind=BatchKind.PEOPLE,
        state=BatchState.READY,
        options={"fields": ["first_name", "email"], "post": "held"},
        made_by_id=cast.alice.id,
        made_as="person",
        total=3,
        expires_at=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1),
    )
    db.session.add(batch)
    db.session.flush()
    for number, outcome, problem in (
        (2, RowOutcome.READY, None),
        (14, RowOutcome.LEFT, "Courriel : le domaine est incomplet."),
        (15, RowOutcome.SAME, None),
    ):
        raw = {"first_name": f"Zoé{number}", "email": f"<b>{number}</b>"}
        db.session.add(
            BatchRow(
                batch_id=batch.id,
                company_id=cast.acme.id,
                no=number,
                raw=raw,
                outcome=outcome,
                problem=problem,
                field="email" if problem else None,
            )
        )
    db.session.commit()
    page = alice.get(f"/portal/batches/{'a' * 32}/")
    text = words(page)
    assert "Importer 1 personne" in text
    assert "En erreur 1 À ajouter 1 Déjà dans la liste 1" in text
    assert text.index("Zoé14") < text.index("Zoé2") < text.index("Zoé15")
    assert re.search(r'class="cell-bad"[^>]*>&lt;b&gt;14', page.text)
    assert "<b>14</b>" not in page.text
