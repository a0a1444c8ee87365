"""« Situation au… » across customers: one that is chosen, or all with how many licences each had, and a file with all of them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tracemalloc
import zipfile

import pytest
import sqlalchemy as sa

from access import Actor
from models import JournalEntry, License, Term, db, utcnow
from services import licenses
from services.reports import situation
from services.seats import history
from tests.admin_views.portal.pages import words
from tests.client import make_client, sign_in
from tests.factories import make_licenses

PATH = "/support/as-of/"
DAY = dt.timedelta(days=1)


@pytest.fixture
def then(cast, time_machine):
    """Acme's licence was Bob's and is Dave's, Globex has a free one; the day on which it was Bob's."""
    start = utcnow().replace(hour=17, minute=0, second=0, microsecond=0)
    time_machine.move_to(start - 9 * DAY, tick=False)
    (license,) = make_licenses(1, cast.alice, cast.pro)
    make_licenses(1, cast.carol, cast.eco)
    licenses.assign_license(license, cast.bob, Actor.of(cast.alice))
    time_machine.move_to(start - DAY, tick=False)
    licenses.transfer(license, cast.dave, Actor.of(cast.alice), held_by=cast.bob.id)
    time_machine.move_to(start, tick=False)
    db.session.rollback()
    return f"day={(start - 3 * DAY).date().isoformat()}&time=12:00"


@pytest.fixture
def sam(app, cast, then):
    # After the clock was moved: a session from later on is none.
    return sign_in(make_client(app), cast.sam)


def rows(answer):
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))


def test_a_chosen_customer_is_answered_as_its_own_administrator_is(cast, then, sam):
    page = words(sam.get(f"{PATH}?{then}&company={cast.acme.id}"))
    assert "Bob Tremblay" in page
    assert "Dave Tremblay, depuis le" in page
    assert "1 assignée sur 1" in page
    # Typed, without JavaScript.
    assert "Bob Tremblay" in words(sam.get(f"{PATH}?{then}&company-text=Acme"))
    # A file of the same.
    heads, line = rows(sam.get(f"{PATH}export/csv/?{then}&company={cast.acme.id}", buffered=True))
    assert "Client" not in heads
    assert "Bob Tremblay" in line


def test_all_customers_are_counted_and_the_file_has_all_their_licences(cast, then, sam):
    page = sam.get(f"{PATH}?{then}")
    assert f"company={cast.acme.id}" in page.text
    assert "Globex 1 0 0" in words(page)
    assert "Acme 1 1 0" in words(page)
    heads, *lines = rows(sam.get(f"{PATH}export/csv/?{then}", buffered=True))
    assert heads[0] == "Client"
    assert {(line[0], line[4]) for line in lines} == {("Acme", "Bob Tremblay"), ("Globex", "")}
    book = sam.get(f"{PATH}export/xlsx/?{then}", buffered=True)
    assert zipfile.is_zipfile(io.BytesIO(book.data))
    db.session.rollback()
    told = db.session.scalars(sa.select(JournalEntry).filter_by(verb="list_exported")).all()
    assert [entry.after["rows"] for entry in told] == [2, 2]
    assert all("company" not in entry.after["filters"] for entry in told)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("day=x", "Entrez une date"),
        ("day=2026-02-30", "Ce jour n’existe pas"),
        ("company=999999", "n’est pas offert"),
        ("company-text=Nobody", "Aucun résultat"),
    ],
)
def test_what_makes_no_sense_gets_a_sentence(sam, then, query, sentence):
    answer = sam.get(f"{PATH}?{query}")
    assert answer.status_code == 422
    assert 'class="fault' in answer.text or sentence in words(answer)


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999", "7"])
def test_any_number_of_a_page_is_a_page(sam, then, page):
    assert sam.get(f"{PATH}?page={page}").status_code == 200


def test_it_is_for_staff_alone(app, cast, then):
    for who in (cast.alice, cast.bob):
        client = sign_in(make_client(app), who)
        for address in (PATH, f"{PATH}export/csv/", f"{PATH}ajax/lookup/?name=company&query=Glo"):
            assert client.get(address).status_code == 403


def test_the_picker_finds_customers_and_nothing_else(cast, then, sam):
    assert sam.get(f"{PATH}ajax/lookup/?name=company&query=Glo").json == [
        [cast.globex.id, f"Globex ({cast.globex.billing_email})"]
    ]
    assert sam.get(f"{PATH}ajax/lookup/?name=user&query=Glo").status_code == 404


def test_no_page_asks_more_for_many_licences_than_for_one(cast, then, sam, count_queries):
    def statements(query):
        with count_queries() as sent:
            assert sam.get(f"{PATH}?{query}").status_code == 200
        return len(sent)

    queries = ("", f"company={cast.acme.id}")
    few = [statements(query) for query in queries]
    assert max(few) <= 12
    make_licenses(60, cast.alice, cast.avance)
    assert [statements(query) for query in queries] == few


def test_parts_are_the_whole_whatever_their_size(cast, then):
    make_licenses(10, cast.alice, cast.avance, holder=cast.bob)
    make_licenses(3, cast.carol, cast.avance)
    now, both = utcnow(), [cast.acme.id, cast.globex.id]

    def all_of(size):
        return [
            (seat.license_id, seat.user_id, seat.state)
            for part in history.read(both, now, size)
            for seat in part
        ]

    whole = all_of(1_000)
    assert len(whole) == 15
    assert all(all_of(size) == whole for size in (1, 2, 7, 15, 16))


@pytest.mark.one_database
def test_a_file_of_many_licences_holds_only_a_part_of_them_at_a_time(cast, then, monkeypatch):
    (first,) = make_licenses(1, cast.alice, cast.avance)
    fill(first, 6_000)
    acme_id = cast.acme.id
    monkeypatch.setattr(history.read, "__defaults__", (500,))

    def most(count):
        db.session.rollback()
        db.session.expunge_all()
        tracemalloc.start()
        read = 0
        for part in situation.lines(acme_id, utcnow()):
            read += len(part)
            if read >= count:
                break
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    # Four times as many take no more room.
    assert most(6_000) < 1.5 * most(1_500)
    # The page keeps no more than it shows.
    found = situation.shown(acme_id, utcnow(), 200)
    assert (len(found.lines), found.total) == (200, 6_002)


def fill(like, count):
    """`count` more licences as `like`."""
    line_id, term = (
        like.order_line_id,
        db.session.scalars(sa.select(Term).filter_by(license_id=like.id)).one(),
    )
    own = {column.key: getattr(like, column.key) for column in License.__table__.columns}
    own.pop("id")
    kept = {column.key: getattr(term, column.key) for column in Term.__table__.columns if column.key != "id"}
    values = [own | {"key": f"MANY-{number}", "seat_no": number + 2} for number in range(count)]
    db.session.execute(sa.insert(License), values)
    ids = db.session.scalars(
        sa.select(License.id).filter_by(order_line_id=line_id).where(License.id != like.id)
    )
    db.session.execute(sa.insert(Term), [kept | {"license_id": one} for one in ids.all()])
    db.session.commit()
