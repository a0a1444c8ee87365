"""« Situation au… »: an auditor's question about any day and hour, as a page and as a file."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
import sqlalchemy as sa

from access import Actor
from models import JournalEntry, db, utcnow
from services import licenses
from tests import factories
from tests.admin_views.portal.pages import words
from tests.client import make_client, sign_in

PATH = "/portal/as-of/"
DAY = dt.timedelta(days=1)


@pytest.fixture
def moved(cast, time_machine):
    """A licence that Bob held until yesterday, and Dave holds since; each day at noon in Toronto."""
    start = utcnow().replace(hour=17, minute=0, second=0, microsecond=0)
    time_machine.move_to(start - 10 * DAY, tick=False)
    (license,) = factories.make_licenses(1, cast.alice, cast.pro)
    time_machine.move_to(start - 9 * DAY, tick=False)
    licenses.assign_license(license, cast.bob, Actor.of(cast.alice))
    time_machine.move_to(start - DAY, tick=False)
    licenses.transfer(license, cast.dave, Actor.of(cast.alice), held_by=cast.bob.id)
    time_machine.move_to(start, tick=False)
    db.session.rollback()
    return start


def day(moment):
    return moment.date().isoformat()


def test_who_held_what_on_another_day_is_answered(cast, app, moved):
    alice = sign_in(make_client(app), cast.alice)
    then = words(alice.get(f"{PATH}?day={day(moved - 3 * DAY)}&time=12:00"))
    assert "Bob Tremblay" in then
    # And what has become of it.
    assert then.count("Dave Tremblay") == then.count("Dave Tremblay, depuis le") > 0
    now = words(alice.get(PATH))
    assert "Dave Tremblay" in now
    assert "Bob Tremblay" not in now
    before = alice.get(f"{PATH}?day={day(moved - 40 * DAY)}")
    assert "n’avait alors aucune licence" in words(before)


def test_a_day_without_an_hour_is_the_whole_of_it(cast, app, moved):
    alice = sign_in(make_client(app), cast.alice)
    # The licence moved at noon of that day.
    assert "Dave Tremblay" in words(alice.get(f"{PATH}?day={day(moved - DAY)}"))
    assert "Bob Tremblay" in words(alice.get(f"{PATH}?day={day(moved - DAY)}&time=08:00"))


def test_the_file_has_the_same_answer_and_stands_in_the_journal(cast, app, moved):
    alice = sign_in(make_client(app), cast.alice)
    answer = alice.get(f"{PATH}export/csv/?day={day(moved - 3 * DAY)}&time=12:00", buffered=True)
    heads, row = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";")
    assert heads == [
        *("Forfait", "Clé", "État", "Titulaire", "Titulaire (courriel)"),
        *("Titulaire depuis", "Valide jusqu’au", "Aujourd’hui"),
    ]
    assert (row[0], row[2], row[3], row[4]) == ("Pro", "Assignée", "Bob Tremblay", cast.bob.email)
    assert "situation-au" in answer.headers["Content-Disposition"]
    db.session.rollback()
    entry = db.session.scalars(sa.select(JournalEntry).where(JournalEntry.verb == "list_exported")).one()
    assert entry.after["rows"] == 1


@pytest.mark.parametrize(
    "query", ["day=x", "day=2026-02-30", "day=2026-11-01&time=25:00", "day=0001-01-01", "day=٢٠٢٦-01-01"]
)
def test_what_is_no_moment_gets_a_sentence(cast, app, query):
    alice = sign_in(make_client(app), cast.alice)
    answer = alice.get(f"{PATH}?{query}")
    assert answer.status_code == 422
    sentences = ("Entrez une date", "Ce jour n’existe pas", "Entrez une heure")
    assert any(sentence in words(answer) for sentence in sentences)


def test_what_is_to_come_is_not_told(cast, app):
    alice = sign_in(make_client(app), cast.alice)
    answer = alice.get(f"{PATH}?day={day(utcnow() + 9 * DAY)}&time=12:00")
    assert "encore à venir" in words(answer)


def test_nobody_sees_another_companys(cast, app, moved):
    carol = sign_in(make_client(app), cast.carol)
    page = words(carol.get(f"{PATH}?day={day(moved - 3 * DAY)}&time=12:00"))
    assert "Bob" not in page
