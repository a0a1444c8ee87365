"""Tests of the tests' own fixtures and helpers."""

from __future__ import annotations

import smtplib
import urllib.request
from email.message import EmailMessage

import pytest

from models import Company, JournalEntry, User, db
from tests import factories


def test_it_starts_empty(scope):
    assert db.session.scalar(db.select(db.func.count()).select_from(Company)) == 0
    assert factories.make_company().id == 1


def test_it_starts_empty_after_a_test_that_wrote(scope):
    db.session.add(JournalEntry(operation="x", verb="x", subject_type="company", subject_id=1))
    factories.make_company()
    assert db.session.scalar(db.select(db.func.count()).select_from(Company)) == 1


def test_it_starts_empty_though_another_test_wrote_to_the_journal(scope):
    assert db.session.scalar(db.select(db.func.count()).select_from(JournalEntry)) == 0


def test_run_together_gives_each_rival_a_session_of_its_own(cast, together):
    name = cast.acme.name
    outcomes = together(50, lambda number: (number, db.session(), db.session.get(Company, 1).name))
    assert [outcome.error for outcome in outcomes] == [None] * 50
    assert [outcome.value[0] for outcome in outcomes] == list(range(50))
    assert len({outcome.value[1] for outcome in outcomes}) == 50
    assert {outcome.value[2] for outcome in outcomes} == {name}


def test_run_together_reports_what_a_rival_raised(app, together):
    outcomes = together(2, lambda number: 1 / number)
    assert isinstance(outcomes[0].error, ZeroDivisionError)
    assert outcomes[1].value == 1


def test_count_queries_counts_statements_and_not_begin(scope, count_queries):
    with count_queries() as statements:
        db.session.scalars(db.select(User)).all()
        db.session.scalars(db.select(Company)).all()
    assert len(statements) == 2


@pytest.mark.one_database
def test_the_inbox_keeps_what_it_is_sent(app, smtp):
    message = EmailMessage()
    message["To"], message["From"], message["Subject"] = "a@acme.example", "b@acme.example", "Été"
    message.set_content("Bonjour")
    with smtplib.SMTP("127.0.0.1", app.extensions["mail"].port) as sender:
        sender.send_message(message)
    assert smtp.wait_for(1)[0]["Subject"] == "Été"


@pytest.mark.one_database
def test_the_live_server_answers(app, live_server):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(live_server.url + "/nothing-here")
