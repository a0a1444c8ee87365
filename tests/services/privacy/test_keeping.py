"""What is personal in the journal's entries is kept as long as the setting says; entries stay for good."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

import cli
from access import Actor
from models import JournalEntry, JournalPersonal, db
from services.people import oneself
from services.privacy import keeping

DAY = dt.timedelta(days=1)


@pytest.fixture
def days(app):
    app.config["PERSONAL_KEPT_DAYS"] = 30
    return 30


def rename(cast, name):
    oneself.change_profile(cast.bob, by=Actor.of(cast.bob, "203.0.113.7"), first_name=name)


def counts():
    db.session.rollback()
    return tuple(
        db.session.scalar(sa.select(sa.func.count()).select_from(model))
        for model in (JournalEntry, JournalPersonal)
    )


@pytest.mark.parametrize(
    ("age", "left"), [(dt.timedelta(days=30, seconds=-5), 2), (dt.timedelta(days=30, seconds=5), 1)]
)
def test_what_is_personal_goes_on_the_day_that_the_setting_says_and_the_entry_stays(
    cast, days, time_machine, age, left
):
    now = dt.datetime.now(dt.UTC)
    time_machine.move_to(now - age, tick=False)
    rename(cast, "Robert")
    time_machine.move_to(now, tick=False)
    rename(cast, "Bobby")
    assert keeping.forget_old() == 2 - left
    assert counts() == (2, left)
    assert keeping.forget_old() == 0


def test_many_go_in_bounded_batches_and_the_rest_another_day(
    cast, days, time_machine, monkeypatch, count_queries
):
    monkeypatch.setattr(keeping, "BATCH", 2)
    now = dt.datetime.now(dt.UTC)
    time_machine.move_to(now - 31 * DAY)
    for number in range(7):
        rename(cast, f"Bob{number}")
    time_machine.move_to(now)
    rename(cast, "Bob")
    monkeypatch.setattr(keeping, "BATCHES", 2)
    assert keeping.forget_old() == 4
    monkeypatch.setattr(keeping, "BATCHES", 1_000)
    with count_queries() as statements:
        assert keeping.forget_old() == 3
    assert len(statements) == 4, "a batch reads once and deletes once"
    assert counts() == (8, 1)


@pytest.mark.one_database
def test_the_worker_sees_to_it_every_day(app):
    works = {work.work: work.every for work in cli.periodic_works()}
    assert works[keeping.forget_old] == DAY


def test_by_default_it_is_three_years(app):
    assert app.config["PERSONAL_KEPT_DAYS"] == 1_096
