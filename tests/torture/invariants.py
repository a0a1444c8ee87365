"""What must always be true of the rows of every desk, whatever was done there, in whatever way."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, undefer

from models import (
    Assignment,
    Company,
    JournalEntry,
    JournalPersonal,
    JournalSubject,
    License,
    LicenseState,
    LicenseStatus,
    Operation,
    OperationRow,
    Order,
    OrderLine,
    OrderTax,
    Suspension,
    Term,
    TermKind,
    TermTax,
    User,
    db,
    search_text,
    sort_key,
)
from tests.counts import wrong_counts


def check_money() -> None:
    """Each cent of a line and of a tax is borne by a term, and by one."""
    for table, borne, key in (
        (OrderLine.net, Term.net, Term.order_line_id),
        (OrderTax.amount, TermTax.amount, TermTax.order_tax_id),
    ):
        sums = dict(db.session.execute(sa.select(key, sa.func.sum(borne)).group_by(key)).all())
        owed = db.session.execute(
            sa.select(table.class_.id, table)
            .join(Order, Order.id == table.class_.order_id)
            .where(Order.paid_at.is_not(None))
        )
        for row_id, cents in owed:
            assert sums.get(row_id, 0) == cents, (table, row_id)
    taxes = sa.select(Term.id, Term.tax, sa.func.coalesce(sa.func.sum(TermTax.amount), 0))
    for _key, tax, borne in db.session.execute(taxes.outerjoin(TermTax).group_by(Term.id)):
        assert tax == borne


def check_states(now: dt.datetime) -> None:
    """SQL and Python say the same of every seat."""
    for state in LicenseState:
        by_sql = set(db.session.scalars(sa.select(License.id).where(License.where_state(state, now))))
        every = db.session.scalars(sa.select(License)).all()
        assert by_sql == {one.id for one in every if one.state(now) == state}, state


def check_seats(now: dt.datetime) -> None:
    """Every seat of a plan is in one state, and nobody has two live ones of a product."""
    every = db.session.scalars(sa.select(License)).all()
    counts = {
        state: Counter(
            tuple(row)
            for row in db.session.execute(
                sa.select(License.company_id, License.plan_id).where(License.where_state(state, now))
            )
        )
        for state in LicenseState
    }
    assert sum(counts.values(), Counter()) == Counter((one.company_id, one.plan_id) for one in every)
    held = Counter((one.user_id, one.product) for one in every if one.user_id and one.is_live(now))
    assert all(number == 1 for number in held.values())


def check_rows() -> None:
    """The copies are copies, and who holds a seat has exactly one open assignment of it."""
    open_ones = {
        one.license_id: one
        for one in db.session.scalars(sa.select(Assignment).where(Assignment.ended_at.is_(None)))
    }
    suspended = set(db.session.scalars(sa.select(Suspension.license_id).where(Suspension.ended_at.is_(None))))
    ends = dict(
        db.session.execute(
            sa.select(Term.license_id, sa.func.max(Term.last_day))
            .where(Term.kind != TermKind.CHANGE)
            .group_by(Term.license_id)
        ).all()
    )
    for license in db.session.scalars(sa.select(License)):
        held = open_ones.get(license.id)
        assert license.user_id == (held.user_id if held else None)
        assert license.activated_at == (held.activated_at if held else None)
        if license.gone_at is None:
            assert (license.status == LicenseStatus.SUSPENDED) == (license.id in suspended)
        assert license.last_day == ends[license.id]
    orphans = sa.select(JournalEntry.id).where(JournalEntry.operation.not_in(sa.select(Operation.id)))
    assert db.session.scalars(orphans).all() == []
    assert wrong_counts() == []
    check_spelling()
    check_companies()


def check_companies() -> None:
    """What belongs to an entry or an operation is its company's: else somebody would read of another's through it."""
    for part in (JournalSubject, JournalPersonal):
        entry = sa.select(part.entry_id).join(JournalEntry, JournalEntry.id == part.entry_id)
        strays = entry.where(part.company_id.is_distinct_from(JournalEntry.company_id))
        assert db.session.scalars(strays).all() == [], part
    noted = sa.select(OperationRow.id).join(Operation, Operation.id == OperationRow.operation_id)
    strays = noted.where(
        OperationRow.company_id.is_not(None), OperationRow.company_id != Operation.company_id
    )
    assert db.session.scalars(strays).all() == []


def check_spelling() -> None:
    """People and companies are put in order and found by what they are called; who was erased is found by nothing."""
    for user in db.session.scalars(
        sa.select(User).options(joinedload(User.company), undefer(User.search_text))
    ):
        company = user.company.people_named if user.company else ""
        names = search_text(user.first_name, user.last_name, user.email, company)
        assert user.search_text == ("" if user.erased_at else names)
        assert user.sort_key == sort_key(user.last_name, user.first_name)
    for company in db.session.scalars(sa.select(Company)):
        assert company.search_text == search_text(company.name, company.billing_email)
        assert company.sort_key == sort_key(company.name)
    if db.engine.dialect.name == "sqlite":
        # Nothing else sees an index that lags behind its table.
        for index in ("users_found", "companies_found"):
            db.session.execute(sa.text(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)"))
        db.session.rollback()
