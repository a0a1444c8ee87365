"""What rows answer about themselves, and what the tables themselves refuse."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from models import (
    ENDS_SOON,
    ORDER_TRANSITIONS,
    CartItem,
    IssueKind,
    JournalEntry,
    License,
    LicenseState,
    LicenseStatus,
    Order,
    OrderIssue,
    OrderState,
    Plan,
    Term,
    User,
    db,
    random_code,
    utcnow,
)
from tests.factories import hold, make_issue, make_licenses, make_order, make_user

# `docs/payments.md`: money that arrives wins over every way of giving up.
MAY_BECOME = {
    "pending": {"processing", "paid", "withheld", "expired", "cancelled"},
    "processing": {"paid", "withheld", "failed"},
    "failed": {"paid", "withheld", "pending", "cancelled"},
    "expired": {"paid"},
    "cancelled": {"paid"},
    "withheld": {"paid"},
    "paid": {"refunded", "disputed"},
    "disputed": {"paid", "refunded"},
    "refunded": {"paid"},
}


@pytest.mark.one_database
def test_an_order_moves_along_the_arrows_of_the_documentation_alone(app):
    assert {str(state): set(map(str, to)) for state, to in ORDER_TRANSITIONS.items()} == MAY_BECOME
    for state in OrderState:
        for other in OrderState:
            assert Order(state=state).may_become(other) == (other in MAY_BECOME[state])


@pytest.mark.parametrize("state", list(OrderState))
def test_an_order_that_is_looked_at_waits_for_support_and_no_other_does(cast, state):
    paid_at = utcnow() if state in {"paid", "refunded", "disputed"} else None
    for kind in [None, *IssueKind]:
        order = make_order(cast.alice, cast.pro, state=state, paid_at=paid_at, issue=kind)
        assert order.is_waiting == (state in {"pending", "failed"})
        assert order.is_looked_at == (order.is_waiting and kind in {"wrong_amount", "wrong_mode", "lost"})
        assert [issue.kind for issue in order.open_issues] == ([kind] if kind else [])
        for issue in order.open_issues:
            issue.closed_at, issue.reason = utcnow(), "dealt with"
        db.session.commit()
        assert (order.open_issues, order.is_looked_at) == ([], False)


def test_the_same_thing_is_open_once_and_again_when_it_was_closed(cast):
    order = make_order(cast.alice, cast.pro, issue="refunded")
    make_issue(order, "refunded", stripe_id="ch_2")
    make_issue(make_order(cast.alice, cast.pro), "refunded")
    with pytest.raises(sa.exc.IntegrityError):
        make_issue(order, "refunded")
    db.session.rollback()
    db.session.execute(sa.update(OrderIssue).values(closed_at=utcnow(), reason="dealt with"))
    db.session.commit()
    make_issue(order, "refunded")


@pytest.mark.parametrize("half", [{"closed_at": utcnow()}, {"reason": "dealt with"}, {"closed_by_id": 1}])
def test_an_issue_is_closed_with_a_reason_or_not_at_all(cast, half):
    order = make_order(cast.alice, cast.pro)
    with pytest.raises(sa.exc.IntegrityError):
        make_issue(order, "refunded", **half)


@pytest.mark.one_database
def test_an_order_is_delivered_once_it_is_paid_and_out_of_the_cart_once_a_payment_was_accepted(app):
    assert not Order(state="paid").is_delivered
    assert Order(state="cancelled", paid_at=utcnow()).is_delivered
    assert not Order().has_left_cart
    assert Order(left_cart_at=utcnow()).has_left_cart


@pytest.mark.one_database
def test_a_licence_ends_in_the_very_instant_that_it_is_valid_until(cast):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    end, before = license.valid_until, license.valid_until - dt.timedelta(seconds=1)
    assert (license.is_live(before), license.is_live(end)) == (True, False)
    assert (license.state(before), license.state(end)) == (LicenseState.AVAILABLE, LicenseState.EXPIRED)
    assert (license.is_assignable(before), license.is_assignable(end)) == (True, False)


def test_a_licence_that_ends_within_sixty_days_is_worth_a_word(cast):
    now = utcnow()
    assert dt.timedelta(days=60) == ENDS_SOON
    ages = {"over": -1, "soon": 1, "last": 60, "later": 61}
    ids = {
        name: make_licenses(
            1, cast.alice, cast.pro, starts=now - dt.timedelta(days=300), ends=now + dt.timedelta(days)
        )[0].id
        for name, days in ages.items()
    }
    found = set(db.session.scalars(sa.select(License.id).where(License.where_ending_soon(now))))
    assert found == {ids["soon"], ids["last"]}


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("status", "held", "releasable"),
    [
        (LicenseStatus.ACTIVE, True, True),
        (LicenseStatus.ACTIVE, False, False),
        (LicenseStatus.SUSPENDED, True, False),
        (LicenseStatus.REVOKED, False, False),
    ],
)
def test_only_a_held_licence_whose_payment_is_not_contested_is_taken_back(cast, status, held, releasable):
    (license,) = make_licenses(1, cast.alice, cast.pro, status=status, holder=cast.bob if held else None)
    assert license.is_releasable == releasable


@pytest.mark.one_database
def test_a_text_in_two_languages_reads_in_the_readers_own_and_is_a_column_too(cast):
    assert (cast.avance.name("fr"), cast.avance.name("en"), cast.avance.name("de")) == (
        "Avancé",
        "Advanced",
        "Avancé",
    )
    assert Plan.name("en") is Plan.name_en
    assert Plan.name("fr") is Plan.name_fr
    assert cast.vendor.install_url("en").endswith("/install")


@pytest.mark.one_database
def test_keys_can_be_read_aloud_and_are_not_guessed():
    codes = {random_code(5, 5) for _ in range(200)}
    assert len(codes) == 200
    for code in codes:
        groups = code.split("-")
        assert [len(group) for group in groups] == [5] * 5
        assert not set("".join(groups)) & set("ILOU")


# --- What the database refuses --------------------------------------------------------------------------------------


def breaks(*rows):
    db.session.add_all(rows)
    with pytest.raises((sa.exc.IntegrityError, sa.exc.StatementError)):
        db.session.flush()
    db.session.rollback()
    return True


def test_an_instant_without_a_zone_is_not_stored(cast):
    cast.bob.signed_in_at = dt.datetime(2026, 1, 1)  # noqa: DTZ001
    with pytest.raises(sa.exc.StatementError, match="naive"):
        db.session.flush()
    db.session.rollback()


def test_an_instant_comes_back_as_it_went_in_whatever_its_zone(cast):
    at = dt.datetime(2026, 3, 8, 2, 30, tzinfo=dt.timezone(dt.timedelta(hours=-5)))
    cast.bob.signed_in_at = at
    db.session.commit()
    db.session.expire_all()
    assert cast.bob.signed_in_at == at
    assert cast.bob.signed_in_at.tzinfo == dt.UTC


@pytest.mark.parametrize("quantity", [0, 1_001])
def test_a_cart_line_of_a_senseless_quantity_is_not_stored(cast, quantity):
    line = {"company_id": cast.acme.id, "plan_id": cast.pro.id, "added_by_id": cast.alice.id}
    assert breaks(CartItem(**line, quantity=quantity))
    db.session.add(CartItem(**line, quantity=1_000))
    db.session.flush()
    assert breaks(CartItem(**line, quantity=1))


def test_a_person_holds_one_live_licence_of_a_product_and_a_licence_has_one_open_assignment(cast):
    first, second = make_licenses(2, cast.alice, cast.pro, holder=cast.bob)
    second.user_id, second.assigned_at = cast.bob.id, utcnow()
    assert breaks()
    with pytest.raises(sa.exc.IntegrityError):
        hold(first, cast.dave)
    db.session.rollback()


def test_money_that_does_not_add_up_is_not_stored(cast):
    order = make_order(cast.alice, cast.pro, 2)
    for change in ({"total": 1}, {"refunded": -1}, {"refunded": order.total + 1}, {"net": -1}):
        for name, value in change.items():
            setattr(order, name, value)
        assert breaks(), change
    order.lines[0].net += 1
    assert breaks()
    order.state = OrderState.PAID
    assert breaks(), "paid without saying when"


def test_a_term_that_ends_before_it_begins_or_is_refunded_twice_is_not_stored(cast):
    make_licenses(1, cast.alice, cast.pro)
    for change in ("ends_at", "refunded", "tax"):
        term = db.session.scalars(db.select(Term)).one()
        wrong = {"ends_at": term.starts_at, "refunded": term.net + term.tax + 1, "tax": -1}
        setattr(term, change, wrong[change])
        assert breaks(), change


def test_an_address_is_one_persons_in_whatever_case(cast):
    assert breaks(
        User(company_id=cast.acme.id, email="BOB@acme.example", first_name="B", last_name="B", role="member")
    )
    assert breaks(User(email="x@y.example", first_name="B", last_name="B", role="member"))
    assert breaks(
        User(company_id=cast.acme.id, email="x@y.example", first_name="B", last_name="B", role="support")
    )


@pytest.mark.parametrize("change", ["UPDATE journal_entries SET verb = 'x'", "DELETE FROM journal_entries"])
def test_what_was_written_in_the_journal_stays(cast, change):
    entry = JournalEntry(operation="0" * 32, verb="signed_in", subject_type="user", subject_id=1)
    db.session.add(entry)
    db.session.commit()
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        db.session.execute(sa.text(change))
    db.session.rollback()
    assert db.session.scalars(db.select(JournalEntry)).one().verb == "signed_in"


@pytest.mark.one_database
def test_a_person_without_a_zone_lives_in_their_companys(cast):
    cast.acme.time_zone = "America/Vancouver"
    db.session.commit()
    assert cast.bob.zone.key == "America/Vancouver"
    assert cast.sam.zone.key == "America/Toronto"
    assert make_user(cast.acme, time_zone="Asia/Tokyo").zone.key == "Asia/Tokyo"
    assert (
        make_user(cast.acme, first_name=" ", last_name="", email="no@name.example").name == "no@name.example"
    )
