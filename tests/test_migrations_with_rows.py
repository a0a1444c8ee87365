"""Migrations over a desk that is in use: what people bought, held, paid and read is the same after as before."""

from __future__ import annotations

import re

import flask_migrate
import pytest
import sqlalchemy as sa

import access
from demo.fill import fill
from models import StripeEvent, db, utcnow
from scripts import ledger

# The first version of the tables: every migration after it has to bring its rows along.
FIRST = "0001"


@pytest.fixture
def desk(database, make_app):
    """An application on a database of the newest tables, filled with the demonstration."""
    app = make_app(database.another())
    with app.app_context():
        flask_migrate.upgrade()
        with access.everything():
            fill(everybody=False)
            db.session.add(
                StripeEvent(id="evt_1", type="t", object_id="cs_1", livemode=False, created_at=utcnow())
            )
            db.session.commit()
        db.session.remove()
        yield app
        db.session.remove()
        db.engine.dispose()


def read():
    with db.engine.connect() as connection:
        return ledger.read(connection)


def change(statement, **values):
    with db.engine.begin() as connection:
        return connection.execute(sa.text(statement), values)


def only(query):
    with db.engine.connect() as connection:
        return connection.execute(sa.text(query)).all()


def test_a_desk_in_use_reads_the_same_after_every_migration_down_and_up(desk):
    newest = read()
    assert all(newest.values()), "the demonstration has no row of some kind: nothing is proven about it"
    flask_migrate.downgrade(revision=FIRST)
    oldest = read()
    assert list(ledger.differences(newest, oldest)) == []
    flask_migrate.upgrade()
    assert list(ledger.differences(oldest, read())) == []


def test_the_comparison_sees_a_lost_cent_a_lost_day_and_another_holder(desk):
    before = read()
    key = only("SELECT id FROM terms ORDER BY id LIMIT 1")[0].id
    change("UPDATE terms SET net = net + 1, last_day = '2035-01-01' WHERE id = :id", id=key)
    change("UPDATE licenses SET user_id = NULL, assigned_at = NULL, activated_at = NULL WHERE id = 1")
    found = list(ledger.differences(before, read()))
    assert {line.partition(" ")[0] for line in found} >= {"terms", "days", "cents"}
    assert any(line.startswith(f"days {key}: ") and "2035-01-01 now" in line for line in found)


def test_the_days_of_a_customer_who_has_moved_since_are_those_of_where_it_was_bought(desk, capsys):
    flask_migrate.downgrade(revision=FIRST)
    company = only("SELECT company_id AS id FROM terms ORDER BY id LIMIT 1")[0].id
    before = read()
    change("UPDATE companies SET time_zone = 'America/St_Johns' WHERE id = :id", id=company)
    flask_migrate.upgrade()
    assert list(ledger.differences(before, read())) == []
    assert {row.zone for row in only(f"SELECT zone FROM terms WHERE company_id = {company}")} == {
        "America/Toronto"
    }
    # A term ends where the next day begins, and the licence with it.
    ends = only("SELECT t.ends_at, l.valid_until FROM terms t JOIN licenses l ON l.id = t.license_id")
    assert all(row.ends_at == row.valid_until for row in ends)
    assert "within a day" not in capsys.readouterr().out


def test_a_term_that_ends_in_the_middle_of_a_day_keeps_its_instant_and_is_named(desk, capsys):
    flask_migrate.downgrade(revision=FIRST)
    line = only("SELECT order_line_id AS id FROM terms ORDER BY id LIMIT 1")[0].id
    noon = "2027-03-14 16:00:00.000000" if db.engine.dialect.name == "sqlite" else "2027-03-14 16:00:00+00"
    change("UPDATE terms SET ends_at = :noon WHERE order_line_id = :id", noon=noon, id=line)
    change("UPDATE licenses SET valid_until = :noon WHERE order_line_id = :id", noon=noon, id=line)
    flask_migrate.upgrade()
    assert f"Order lines: {line}" in capsys.readouterr().out
    rows = only(f"SELECT last_day, ends_at FROM terms WHERE order_line_id = {line}")
    assert {str(row.last_day) for row in rows} == {"2027-03-14"}
    assert {str(row.ends_at)[:19] for row in rows} <= {"2027-03-14 16:00:00", "2027-03-14 12:00:00"}
    flask_migrate.downgrade(revision=FIRST)
    assert {
        str(row.ends_at)[:19] for row in only(f"SELECT ends_at FROM terms WHERE order_line_id = {line}")
    } <= {
        "2027-03-14 16:00:00",
        "2027-03-14 12:00:00",
    }


def test_each_desk_that_is_upgraded_gets_a_code_of_its_own_and_issues_fit_going_back(desk):
    """Two desks on one Stripe account must not take each other's payments for theirs."""
    codes, lost = set(), "SELECT COUNT(*) FROM order_issues WHERE kind = 'lost'"
    for _ in range(2):
        change("UPDATE order_issues SET kind = 'lost' WHERE id = (SELECT MIN(id) FROM order_issues)")
        assert only(lost)[0][0] == 1
        flask_migrate.downgrade(revision="0010")
        flask_migrate.upgrade()
        assert only(lost)[0][0] == 0
        codes.add(only("SELECT desk_code FROM vendor")[0][0])
    assert len(codes) == 2
    assert all(re.fullmatch(r"[0-9A-Z]{5}-[0-9A-Z]{5}", code) for code in codes)


def test_the_entries_of_before_are_found_from_the_same_rows_as_those_that_verbs_write_now(desk):
    subjects = (
        "SELECT entry_id, kind, row_id, company_id FROM journal_subjects ORDER BY entry_id, kind, row_id"
    )
    written = only(subjects)
    assert {row.kind for row in written} >= {"license", "user", "plan", "order", "cart_item"}
    flask_migrate.downgrade(revision="0015")
    flask_migrate.upgrade()
    assert only(subjects) == written
