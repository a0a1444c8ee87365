"""Lines, seats and terms: what the tables themselves refuse, by rows written by hand. Only `new` is sold yet."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from models import (
    CartItem,
    CartItemLicense,
    License,
    LineKind,
    OrderLine,
    OrderLineLicense,
    OrderTax,
    Term,
    TermKind,
    TermTax,
    db,
)
from services.buying import delivery
from services.foundation.days import end_of, months_from, start_of
from services.foundation.transaction import company_lock
from tests.factories import make_licenses, make_order

FIRST, LAST = dt.date(2027, 11, 24), dt.date(2028, 11, 23)
PERIOD = {"first_day": FIRST, "last_day": LAST}


def is_refused(*rows):
    db.session.add_all(rows)
    try:
        db.session.flush()
    except sa.exc.IntegrityError:
        return True
    else:
        return False
    finally:
        db.session.rollback()


def item(cast, plan=None, **values):
    return CartItem(
        **{
            "company_id": cast.acme.id,
            "plan_id": (plan or cast.pro).id,
            "added_by_id": cast.alice.id,
            "quantity": 1,
        }
        | values
    )


def kinds(cast):
    """Of each kind: a line that stands, and what is wrong with it otherwise."""
    old = cast.eco.id
    return {
        LineKind.NEW: ({}, [PERIOD, {"from_plan_id": old}, {"last_day": LAST}]),
        LineKind.ADD: (
            {"last_day": LAST},
            [
                {"last_day": None},
                {"from_plan_id": old, "last_day": LAST},
                {"first_day": LAST, "last_day": FIRST},
            ],
        ),
        LineKind.RENEW: (
            {"from_plan_id": old} | PERIOD,
            [PERIOD, {"from_plan_id": old, "first_day": FIRST}, {"from_plan_id": old, "last_day": LAST}],
        ),
        LineKind.CHANGE: (
            {"from_plan_id": old, "last_day": LAST},
            [{"last_day": LAST}, {"from_plan_id": old}],
        ),
    }


@pytest.mark.parametrize("kind", list(LineKind))
def test_a_line_says_what_its_kind_needs_and_nothing_else(cast, kind):
    right, wrong = kinds(cast)[kind]
    order = make_order(cast.alice, cast.pro)
    frozen = {"company_id": cast.acme.id, "order_id": order.id, "position": 7, "plan_id": cast.pro.id}
    frozen |= {"plan_name_fr": "Pro", "plan_name_en": "Pro", "term_months": 12, "quantity": 1}
    frozen |= {"unit_amount": 5, "net": 5}
    for values in wrong:
        assert is_refused(item(cast, kind=kind, **values)), values
        assert is_refused(OrderLine(kind=kind, **frozen, **values)), values
    assert not is_refused(item(cast, kind=kind, **right), OrderLine(kind=kind, **frozen, **right))


def test_the_cart_has_one_line_for_each_kind_plan_and_period(cast):
    old, other = cast.eco.id, {"first_day": LAST, "last_day": LAST + dt.timedelta(days=365)}
    lines = [
        {},
        {"kind": "add", "last_day": LAST},
        {"kind": "add", "last_day": FIRST},
        {"kind": "renew", "from_plan_id": old, **PERIOD},
        {"kind": "renew", "from_plan_id": old, **other},
        {"kind": "renew", "from_plan_id": cast.pro.id, **PERIOD},
        # Those that have lapsed begin on the day of payment, which nobody knows yet.
        {"kind": "renew", "from_plan_id": old},
        {"kind": "change", "from_plan_id": old, "last_day": LAST},
        {"kind": "change", "from_plan_id": old, "last_day": FIRST},
    ]
    db.session.add_all([item(cast, **values) for values in lines])
    db.session.commit()
    for values in lines:
        assert is_refused(item(cast, **values)), values
        assert not is_refused(item(cast, cast.avance, **values)), values


@pytest.mark.parametrize(
    ("kind", "quantity", "stands"),
    [
        ("new", 1_000, True),
        ("new", 1_001, False),
        ("add", 1_001, False),
        ("renew", 5_000, True),
        ("change", 5_000, True),
        ("renew", 0, False),
        ("new", 0, False),
    ],
)
def test_a_thousand_new_seats_are_a_line_and_any_number_is_renewed_at_once(cast, kind, quantity, stands):
    values, _wrong = kinds(cast)[LineKind(kind)]
    assert is_refused(item(cast, kind=kind, quantity=quantity, **values)) != stands


def test_a_line_of_the_cart_that_goes_is_forgotten_by_the_order_and_takes_its_list_of_seats_along(cast):
    (seat,) = make_licenses(1, cast.alice, cast.pro)
    line, cart = seat.order_line, item(cast, kind="renew", from_plan_id=cast.pro.id)
    db.session.add(cart)
    db.session.flush()
    line.cart_item_id = cart.id
    both = {"company_id": cast.acme.id, "license_id": seat.id}
    db.session.add_all(
        [CartItemLicense(cart_item_id=cart.id, **both), OrderLineLicense(order_line_id=line.id, **both)]
    )
    db.session.commit()
    db.session.delete(cart)
    db.session.commit()
    assert line.cart_item_id is None
    assert db.session.scalars(sa.select(CartItemLicense)).all() == []
    assert len(db.session.scalars(sa.select(OrderLineLicense)).all()) == 1


def test_a_line_names_seats_of_its_own_company_alone(cast):
    (ours,), (theirs,) = make_licenses(1, cast.alice, cast.pro), make_licenses(1, cast.carol, cast.pro)
    for company in (cast.acme.id, cast.globex.id):
        wrong = {"company_id": company, "license_id": theirs.id, "order_line_id": ours.order_line_id}
        assert is_refused(OrderLineLicense(**wrong))
    right = {"company_id": cast.acme.id, "license_id": ours.id, "order_line_id": ours.order_line_id}
    assert not is_refused(OrderLineLicense(**right))
    assert is_refused(OrderLineLicense(**right), OrderLineLicense(**right))


# --- Terms ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def seat(cast):
    """A licence with a term of a year from 24 November 2026."""
    order = make_order(cast.alice, cast.pro, paid=True)
    (license,) = make_licenses(1, cast.alice, cast.pro)
    term = db.session.scalars(sa.select(Term)).one()
    shape(cast, term, months_from(dt.date(2026, 11, 24), 12))
    db.session.commit()
    license.spare_line = order.lines[0].id
    return license


def shape(cast, term, period):
    zone = cast.acme.zone
    term.first_day, term.last_day, term.anchor_day = period.first_day, period.last_day, period.anchor_day
    term.starts_at, term.ends_at = start_of(period.first_day, zone), end_of(period.last_day, zone)
    return term


def another(cast, seat, first, months, **values):
    term = Term(
        **{
            "company_id": cast.acme.id,
            "license_id": seat.id,
            "plan_id": cast.pro.id,
            "order_line_id": seat.spare_line,
            "zone": cast.acme.time_zone,
            "net": 0,
            "tax": 0,
            "kind": TermKind.RENEW,
        }
        | values
    )
    return shape(cast, term, months_from(dt.date.fromisoformat(first), months))


OPENING = {"kind": TermKind.OPENING, "order_line_id": None}


@pytest.mark.parametrize("values", [{}, {"kind": TermKind.NEW}, {"kind": TermKind.ADD}, OPENING])
def test_no_day_of_a_licence_is_paid_twice(cast, seat, values):
    for first, months, stands in (
        ("2027-11-24", 12, True),
        ("2025-11-24", 12, True),
        ("2027-11-23", 12, False),
        ("2027-03-01", 1, False),
        ("2026-11-24", 12, False),
        ("2025-01-01", 48, False),
    ):
        assert is_refused(another(cast, seat, first, months, **values)) != stands, first
    (neighbour,) = make_licenses(1, cast.alice, cast.pro)
    overlapping = another(cast, seat, "2027-03-01", 1, **values)
    overlapping.license_id = neighbour.id
    db.session.execute(sa.delete(Term).where(Term.license_id == neighbour.id))
    assert not is_refused(overlapping), "another seat's days are no concern of this one"


def test_a_term_is_not_moved_onto_another_one(cast, seat):
    renewal = another(cast, seat, "2027-11-24", 12)
    db.session.add(renewal)
    db.session.commit()
    shape(cast, renewal, months_from(dt.date(2027, 11, 1), 12))
    assert is_refused(renewal)


def test_a_change_of_plan_lies_within_a_term(cast, seat):
    change = {"kind": TermKind.CHANGE, "plan_id": cast.avance.id}
    for first, months, stands in (
        ("2027-02-24", 9, True),
        ("2026-11-24", 12, True),
        ("2027-02-25", 9, False),
        ("2026-11-23", 1, False),
        ("2028-01-01", 1, False),
    ):
        assert is_refused(another(cast, seat, first, months, **change)) != stands, first


def test_what_was_brought_over_has_no_order_and_costs_nothing(cast, seat):
    for values in (
        OPENING | {"net": 1},
        OPENING | {"tax": 1},
        OPENING | {"order_line_id": seat.spare_line},
        {"order_line_id": None},
    ):
        assert is_refused(another(cast, seat, "2027-11-24", 12, **values)), values
    brought = {"company_id": cast.acme.id, "plan_id": cast.pro.id, "product": cast.pro.product}
    brought |= {"valid_from": seat.valid_from, "valid_until": seat.valid_until, **PERIOD}
    brought["usable_until"] = seat.valid_until
    assert not is_refused(License(**brought))
    assert is_refused(License(**brought, order_line_id=seat.spare_line))
    assert is_refused(License(**brought, seat_no=9))


# --- Taxes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("quantity", "price"), [(1, 1), (3, 33), (7, 9_999), (1_000, 10_000), (2, 0)])
def test_each_tax_is_shared_over_the_seats_to_the_cent(cast, quantity, price):
    order = make_order(cast.alice, cast.pro, quantity, paid=True, unit_amount=price)
    with company_lock(cast.acme.id) as turn:
        delivery.deliver(turn, order)
    owed = sa.select(TermTax.order_tax_id, sa.func.sum(TermTax.amount)).group_by(TermTax.order_tax_id)
    assert {row[0]: row[1] for row in db.session.execute(owed)} == {tax.id: tax.amount for tax in order.taxes}
    by_term = sa.select(sa.func.sum(TermTax.amount)).where(TermTax.term_id == Term.id).scalar_subquery()
    assert db.session.scalars(sa.select(Term.id).where(Term.tax != by_term)).all() == []
    # Nobody bears more than a cent more than their neighbour.
    spread = sa.select(sa.func.max(TermTax.amount) - sa.func.min(TermTax.amount)).group_by(
        TermTax.order_tax_id
    )
    assert max(db.session.scalars(spread)) <= 1


def test_a_tax_of_another_order_of_the_company_is_not_negative_and_of_no_other_company(cast):
    (seat,) = make_licenses(1, cast.carol, cast.pro)
    order = make_order(cast.alice, cast.pro)
    tax = db.session.scalars(sa.select(OrderTax).where(OrderTax.order_id == order.id)).first()
    term = db.session.scalars(sa.select(Term).where(Term.license_id == seat.id)).one()
    for company in (cast.acme.id, cast.globex.id):
        assert is_refused(TermTax(company_id=company, term_id=term.id, order_tax_id=tax.id, amount=1))
