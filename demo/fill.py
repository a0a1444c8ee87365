"""Fill an empty desk with demonstration data, through the same verbs that people use."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any
from unittest import mock

import sqlalchemy as sa

import demo.people as names
from access import SYSTEM, Actor
from demo import catalogue
from models import (
    Assignment,
    Base,
    Company,
    Conditions,
    IssueKind,
    JournalEntry,
    JournalVerb,
    Language,
    License,
    MailState,
    Order,
    OrderIssue,
    OrderState,
    OutgoingMail,
    Payment,
    PaymentMethod,
    PaymentState,
    Plan,
    Role,
    TaxRate,
    Term,
    User,
    Vendor,
    day_in,
    db,
    utcnow,
)
from services import licenses
from services.buying import cart, delivery, orders
from services.buying.quotes import quote
from services.foundation import transaction as turns
from services.foundation.days import end_of, months_from
from services.foundation.transaction import company_lock, transaction
from services.mail import letters
from services.people import oneself, setup

PASSWORD = "demo-trousseau"  # noqa: S105 - published on purpose
DATED_COLUMNS = (
    "at",
    "placed_at",
    "paid_at",
    "left_cart_at",
    "opened_at",
    "started_at",
    "assigned_at",
    "activated_at",
)


@dataclasses.dataclass(frozen=True)
class Purchase:
    """Licences of a plan to buy in the past, and who gets them.

    `holders` are places in the company's list of people; the last `activated` of them have activated theirs.
    """

    days_ago: int
    plan: str
    quantity: int
    holders: range
    activated: int


# Acme's first purchase has expired: one of its licences still has a holder.
ACME_PURCHASES = [
    Purchase(410, "eco", 2, range(39, 40), 1),
    Purchase(140, "avance", 12, range(1, 10), 6),
    Purchase(60, "pro", 3, range(10, 12), 1),
]
GLOBEX_PURCHASES = [Purchase(95, "pro", 5, range(1, 4), 2)]


def fill() -> bool:
    """Add what the demonstration desk lacks; False when it is complete already."""
    if db.session.scalar(sa.select(User.id).where(User.email == "admin@globex.example")):
        return False
    _sell()
    acme = Company(
        name="Acme",
        billing_email="comptabilite@acme.example",
        street="1250, rue Saint-Jean",
        city="Québec",
        province="QC",
        postal_code="G1R 1S6",
    )
    globex = Company(
        name="Globex",
        billing_email="accounts@globex.example",
        street="77 King Street West",
        city="Toronto",
        province="ON",
        postal_code="M5K 1A1",
        language=Language.EN,
    )
    _customer(acme, names.ACME, "acme.example")
    _customer(globex, names.GLOBEX, "globex.example")
    past = [(acme.id, purchase) for purchase in ACME_PURCHASES]
    past += [(globex.id, purchase) for purchase in GLOBEX_PURCHASES]
    # In the order of time, as the journal's entries have to be.
    for company_id, purchase in sorted(past, key=lambda pair: -pair[1].days_ago):
        _buy(company_id, purchase)
    _refund(globex.id)
    return True


def _sell() -> None:
    """Add the vendor, its support account, plans, conditions and taxes."""
    password = oneself.hashed(PASSWORD)
    with transaction():
        if db.session.get(Vendor, 1) is None:
            db.session.add(catalogue.vendor())
            db.session.add(Conditions(text_fr=setup.CONDITIONS_FR, text_en=setup.CONDITIONS_EN))
        if db.session.scalar(sa.select(TaxRate.id).limit(1)) is None:
            db.session.add_all(setup.canadian_taxes())
        if db.session.scalar(sa.select(Plan.id).limit(1)) is None:
            db.session.add_all(catalogue.plans())
        if db.session.scalar(sa.select(User.id).where(User.role == Role.SUPPORT).limit(1)) is None:
            support = User(
                email="support@trousseau.example",
                first_name="Simone",
                last_name="Arsenault",
                role=Role.SUPPORT,
                password=password,
                confirmed_at=utcnow(),
            )
            db.session.add(support)


def _customer(company: Company, everybody: list[str], domain: str) -> None:
    if db.session.scalar(sa.select(Company.id).where(Company.name == company.name)):
        raise RuntimeError(f"{company.name} was only half made: remove the data and begin again.")
    password = oneself.hashed(PASSWORD)
    company.created_at = _working_hour(420)
    with transaction():
        db.session.add(company)
        db.session.flush()
        db.session.add_all(
            _person(company, index, name, domain, password) for index, name in enumerate(everybody)
        )


def _person(company: Company, index: int, name: str, domain: str, password: str) -> User:
    first_name, last_name = name.rsplit(" ", 1)
    short = {0: "admin", 1: "user"}.get(index) if company.name == "Acme" or index == 0 else None
    english = company.language == Language.EN or name in names.ENGLISH_AT_ACME
    return User(
        company_id=company.id,
        email=f"{short or names.local_part(name)}@{domain}",
        first_name=first_name,
        last_name=last_name,
        role=Role.MEMBER if index else Role.ADMIN,
        language=Language.EN if english else Language.FR,
        password=password,
        created_at=company.created_at,
        confirmed_at=None if index else company.created_at,
    )


# --- Purchases of the past ------------------------------------------------------------------------------------------


def _working_hour(days_ago: int) -> dt.datetime:
    """An instant `days_ago`, at 14:00 to 14:59 UTC: in the morning in Québec and Toronto."""
    day = (utcnow() - dt.timedelta(days=days_ago)).date()
    return dt.datetime.combine(day, dt.time(14, days_ago % 60), dt.UTC)


def _buy(company_id: int, purchase: Purchase) -> None:
    """Buy, pay, assign and activate, each dated in the past."""
    staff = list(
        db.session.scalars(sa.select(User.id).where(User.company_id == company_id).order_by(User.id))
    )
    holder_ids = [staff[place] for place in purchase.holders]
    admin = db.session.get_one(User, staff[0])
    by = Actor.of(admin)
    bought = _working_hour(purchase.days_ago)
    plan = db.session.scalars(sa.select(Plan).where(Plan.code == purchase.plan)).one()
    with _dated(bought):
        cart.add(company_id, plan, purchase.quantity, by)
        company = db.session.get_one(Company, company_id)
        fingerprint = quote(company).fingerprint
        order = orders.place(
            company_id, fingerprint=fingerprint, accepted=True, language=admin.language, by=by
        )
        _pay(order.id, company_id)
    for number, holder_id in enumerate(holder_ids):
        given = bought + dt.timedelta(days=1 + number, hours=number % 4, minutes=number * 13)
        with _dated(given):
            license = licenses.assign(plan, db.session.get_one(User, holder_id), by)
        if number >= len(holder_ids) - purchase.activated:
            with _dated(given + dt.timedelta(hours=2, minutes=17)):
                _sign_in(holder_id)
                licenses.activate(license, Actor.of(db.session.get_one(User, holder_id)))
    _age(order.id, company_id, bought)


def _sign_in(user_id: int) -> None:
    """Follow the button of the mail: whoever does so answers at the address."""
    with transaction() as turn:
        oneself.confirm(turn, db.session.get_one(User, user_id))


def _pay(order_id: int, company_id: int) -> None:
    """What `settlement.fulfil` does for a paid session, without asking Stripe or the sandbox."""
    with company_lock(company_id) as turn:
        order = db.session.get_one(Order, order_id)
        order.paid_at = order.left_cart_at = turn.now
        db.session.add(_card_payment(order, turn.now))
        delivery.empty_cart(turn, order)
        orders.move(turn, order, OrderState.PAID, JournalVerb.ORDER_FULFILLED, by=SYSTEM)
        delivery.deliver(turn, order)
        letters.receipt(turn, order)


def _refund(company_id: int) -> None:
    """A goodwill of the vendor in Stripe's dashboard, for staff to look at. It is told here alone: no mail was sent of it."""
    with transaction() as turn:
        first = sa.select(Order).filter_by(company_id=company_id).order_by(Order.id).limit(1)
        order = db.session.scalars(first).one()
        issue = OrderIssue(
            company_id=company_id, order_id=order.id, kind=IssueKind.REFUNDED, opened_at=turn.now
        )
        db.session.add(issue)


def _card_payment(order: Order, at: dt.datetime) -> Payment:
    """As Stripe would have told it. No session of that name exists anywhere."""
    return Payment(
        company_id=order.company_id,
        order_id=order.id,
        attempt=order.attempt,
        stripe_session_id=f"cs_demonstration_{order.id}",
        state=PaymentState.PAID,
        amount=order.total,
        currency=order.currency,
        livemode=False,
        method=PaymentMethod.CARD,
        brand="visa",
        last4="4242",
        opened_at=at,
        paid_at=at,
    )


def _age(order_id: int, company_id: int, bought: dt.datetime) -> None:
    """Let the order's licences and terms begin when it was `bought`, and its mail be sent then."""
    with company_lock(company_id) as turn:
        for line in db.session.get_one(Order, order_id).lines:
            zone = turn.company.zone
            period = months_from(day_in(zone, bought), line.term_months)
            days = {"first_day": period.first_day, "last_day": period.last_day}
            ends = end_of(period.last_day, zone)
            db.session.execute(
                sa.update(License)
                .where(License.order_line_id == line.id)
                .values(valid_from=bought, valid_until=ends, usable_until=ends, **days)
            )
            db.session.execute(
                sa.update(Term)
                .where(Term.order_line_id == line.id)
                .values(starts_at=bought, ends_at=ends, anchor_day=period.anchor_day, **days)
            )
        waiting = OutgoingMail.state == MailState.QUEUED
        db.session.execute(
            sa.update(OutgoingMail)
            .where(OutgoingMail.company_id == company_id, waiting)
            .values(state=MailState.SENT, attempts=1, created_at=bought, due_at=bought, sent_at=bought)
        )


@contextlib.contextmanager
def _dated(moment: dt.datetime) -> Iterator[None]:
    """Give the date `moment` to the `DATED_COLUMNS` of every row that is written in the block."""

    def date(_mapper: Any, _connection: Any, row: Base) -> None:
        state = sa.inspect(row)
        for name in DATED_COLUMNS:
            if name not in state.attrs:
                continue
            is_set = state.attrs[name].history.has_changes() and getattr(row, name) is not None
            if is_set or (state.pending and state.mapper.columns[name].default is not None):
                setattr(row, name, moment)

    kinds, events = (Assignment, JournalEntry, License, Order), ("before_insert", "before_update")
    pairs = [(kind, event) for kind in kinds for event in events]
    for kind, event in pairs:
        sa.event.listen(kind, event, date)
    try:
        # What a verb writes at its own time, it writes then.
        with mock.patch.object(turns, "utcnow", return_value=moment):
            yield
    finally:
        for kind, event in pairs:
            sa.event.remove(kind, event, date)
