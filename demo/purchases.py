"""Buying, told to a `Book`: a cart, an order, its payment and the seats that it delivers."""

from __future__ import annotations

import dataclasses
import datetime as dt
import zoneinfo
from typing import Any

import sqlalchemy as sa

from access import SYSTEM, Actor
from demo.acts import NOBODYS, Customer, actor
from demo.book import Row
from models import (
    CartItem,
    Company,
    JournalVerb,
    License,
    LineKind,
    MailKind,
    Order,
    OrderLine,
    OrderState,
    OrderTax,
    Payment,
    PaymentMethod,
    PaymentState,
    Plan,
    SubjectKind,
    Term,
    TermKind,
    TermTax,
    day_in,
)
from services.buying import orders
from services.buying.quotes import Quote, QuoteLine
from services.catalogue import vendor as vendors
from services.catalogue.taxes import share, taxes_on
from services.foundation.days import end_of, months_from

# How somebody pays, as Stripe tells it.
VISA = {"method": PaymentMethod.CARD, "brand": "visa", "last4": "4242"}
MASTERCARD = {"method": PaymentMethod.CARD, "brand": "mastercard", "last4": "4444"}
DEBIT = {"method": PaymentMethod.DEBIT, "brand": None, "last4": "2227"}
UNPAID: Row = {"method": None, "brand": None, "last4": None}


@dataclasses.dataclass
class Bought:
    """An order that is told, and its payment."""

    order: Row
    lines: list[Row]
    taxes: list[Row]
    payment: Row
    carts: list[Row]


def buy(
    customer: Customer,
    at: dt.datetime,
    wanted: dict[str, int],
    buyer: Row,
    *,
    paid_with: Row = VISA,
    declined: bool = False,
) -> Bought:
    """Put in the cart, confirmed and paid within the minute; a first card may have been `declined`."""
    bought = order(customer, at, wanted, buyer)
    if declined:
        decline(customer, at, bought)
    _pay(customer, at, bought, paid_with)
    return bought


def order(customer: Customer, at: dt.datetime, wanted: dict[str, int], buyer: Row) -> Bought:
    """As `cart.add` of each plan, then `orders.place`; its payment page is open."""
    book, by = customer.book, actor(buyer)
    items = [_to_cart(customer, at, customer.desk.plans[code], count, by) for code, count in wanted.items()]
    book.at(at)
    company = Company(**{name: value for name, value in customer.row.items() if name != "id"})
    quote = _quote(customer, company, at, wanted)
    frozen = orders.frozen(quote, company, buyer["language"], buyer=by)
    ours = {"company_id": customer.row["id"]}
    row = book.add(
        Order,
        **_columns(frozen) | ours,
        state=OrderState.PENDING,
        placed_at=at,
        attempt=1,
        paid_at=None,
        left_cart_at=None,
        declined_at=None,
        stripe_session_id=None,
        stripe_payment_intent_id=None,
    )
    pointing = ours | {"order_id": row["id"]}
    lines = [
        book.add(OrderLine, **_columns(line) | pointing | {"cart_item_id": item["id"]})
        for line, item in zip(frozen.lines, items, strict=True)
    ]
    taxes = [book.add(OrderTax, **_columns(tax) | pointing) for tax in frozen.taxes]
    _tell(customer, row, JournalVerb.ORDER_PLACED, by)
    payment = _page(customer, at, row)
    return Bought(row, lines, taxes, payment, items)


def _to_cart(customer: Customer, at: dt.datetime, plan: Plan, quantity: int, by: Actor) -> Row:
    book = customer.book
    book.at(at)
    item = book.add(
        CartItem,
        company_id=customer.row["id"],
        plan_id=plan.id,
        quantity=quantity,
        added_by_id=by.user_id,
        added_as=by.kind,
        added_at=at,
    )
    book.tell(
        JournalVerb.CART_CHANGED,
        by,
        (SubjectKind.CART_ITEM, item["id"], customer.row["id"]),
        related={"plan": plan.id},
        before={"quantity": 0},
        after={"quantity": quantity},
    )
    return item


def _quote(customer: Customer, company: Company, at: dt.datetime, wanted: dict[str, int]) -> Quote:
    """What the cart cost on that day."""
    vendor = customer.desk.vendor
    day = day_in(zoneinfo.ZoneInfo(vendor.time_zone), at)
    lines = []
    for code, count in wanted.items():
        plan = customer.desk.plans[code]
        price = plan.price_on(day)
        item = CartItem(kind=LineKind.NEW, plan_id=plan.id)
        lines.append(QuoteLine(item, plan, count, price.amount if price else None))
    taxes = taxes_on(sum(line.net for line in lines), company.place, day, vendor)
    buyer = (company.name, company.address, company.country)
    return Quote(lines, taxes, company.currency, vendors.current_conditions(), buyer)


def _page(customer: Customer, at: dt.datetime, row: Row) -> Row:
    """The page of a payment, as Stripe would have told it. No session of that name exists anywhere."""
    payment = customer.book.add(
        Payment,
        company_id=row["company_id"],
        order_id=row["id"],
        attempt=row["attempt"],
        state=PaymentState.OPEN,
        amount=row["total"],
        currency=row["currency"],
        livemode=False,
        opened_at=at,
        paid_at=None,
        stripe_payment_intent_id=None,
        stripe_charge_id=None,
        **UNPAID,
    )
    payment["stripe_session_id"] = row["stripe_session_id"] = f"cs_demonstration_{payment['id']}"
    return payment


# --- What becomes of the payment --------------------------------------------------------------------------------------


def decline(customer: Customer, at: dt.datetime, bought: Bought) -> None:
    """As `orders.decline`: the card was refused, and the page stays open."""
    customer.book.at(at)
    subject = (SubjectKind.ORDER, bought.order["id"], bought.order["company_id"])
    if bought.order["declined_at"] is None:
        customer.book.tell(JournalVerb.CARD_DECLINED, SYSTEM, subject)
    bought.order["declined_at"] = at


def _pay(customer: Customer, at: dt.datetime, bought: Bought, paid_with: Row) -> None:
    """As `settlement.apply` of a session that is paid: what was bought is delivered."""
    customer.book.at(at)
    _take(customer, at, bought, paid_with)
    bought.payment |= {"state": PaymentState.PAID, "paid_at": at}
    bought.order["paid_at"] = at
    _move(customer, bought.order, OrderState.PAID, JournalVerb.ORDER_FULFILLED)
    _deliver(customer, at, bought)
    buyer = next(row for row in customer.people if row["id"] == bought.order["placed_by_id"])
    _about_money(customer, MailKind.RECEIPT, bought.order, buyer, f"receipt:{bought.order['id']}")


def start_debit(customer: Customer, at: dt.datetime, bought: Bought) -> None:
    """As `settlement.apply` of a session whose bank debit was accepted, which takes days."""
    customer.book.at(at)
    _take(customer, at, bought, DEBIT)
    bought.payment["state"] = PaymentState.PROCESSING
    _move(customer, bought.order, OrderState.PROCESSING, JournalVerb.PAYMENT_STARTED)


def refuse_debit(customer: Customer, at: dt.datetime, bought: Bought, buyer: Row) -> None:
    """As `settlement.apply` of a session whose debit was refused: the order waits to be paid again."""
    customer.book.at(at)
    bought.payment["state"] = PaymentState.FAILED
    _move(customer, bought.order, OrderState.FAILED, JournalVerb.PAYMENT_FAILED)
    key = f"payment_failed:{bought.order['id']}:{bought.order['attempt']}"
    _about_money(customer, MailKind.PAYMENT_FAILED, bought.order, buyer, key)


def expire(customer: Customer, at: dt.datetime, bought: Bought) -> None:
    """As `settlement.apply` of a session that nobody paid in time; what was ordered is still in the cart."""
    customer.book.at(at)
    bought.payment["state"] = PaymentState.EXPIRED
    _move(customer, bought.order, OrderState.EXPIRED, JournalVerb.ORDER_EXPIRED)


def close_page(bought: Bought) -> None:
    """The page is closed, and the order waits for its next attempt, as `attempts.take_next` leaves it."""
    bought.payment["state"] = PaymentState.EXPIRED
    bought.order |= {"attempt": bought.order["attempt"] + 1, "stripe_session_id": None}


def _take(customer: Customer, at: dt.datetime, bought: Bought, paid_with: Row) -> None:
    ident = bought.payment["id"]
    names = {"stripe_payment_intent_id": f"pi_demonstration_{ident}"}
    bought.payment |= names | {"stripe_charge_id": f"ch_demonstration_{ident}"} | paid_with
    bought.order |= names | {"left_cart_at": at}
    for item in bought.carts:
        customer.book.remove(CartItem, item)
    for line in bought.lines:
        line["cart_item_id"] = None


def _move(customer: Customer, row: Row, state: OrderState, verb: JournalVerb) -> None:
    before, row["state"] = row["state"], state
    _tell(customer, row, verb, SYSTEM, before)


def _tell(
    customer: Customer, row: Row, verb: JournalVerb, by: Actor, before: OrderState | None = None
) -> None:
    customer.book.tell(
        verb,
        by,
        (SubjectKind.ORDER, row["id"], row["company_id"]),
        before={"state": before.value} if before else {},
        after={"state": row["state"].value, "total": row["total"]},
    )


def _about_money(customer: Customer, kind: MailKind, row: Row, buyer: Row, key: str) -> None:
    context = {"order": row["id"]}
    customer.book.mail(kind, customer.row, context, key)
    if buyer["email"] != customer.row["billing_email"]:
        customer.book.mail(kind, buyer, context, f"{key}:{buyer['id']}")


# --- What is delivered ------------------------------------------------------------------------------------------------


def _deliver(customer: Customer, at: dt.datetime, bought: Bought) -> None:
    """As `delivery.deliver`: a licence and a term for each seat, the taxes shared over all of them."""
    nets = [line["net"] for line in bought.lines]
    shares = [share(tax["amount"], nets) for tax in bought.taxes]
    for number, line in enumerate(bought.lines):
        over_seats = [share(of_tax[number], [1] * line["quantity"]) for of_tax in shares]
        for seat in range(line["quantity"]):
            borne = [cents[seat] for cents in over_seats]
            _seat(customer, at, bought, line, seat_no=seat + 1, taxes=borne)


def _seat(
    customer: Customer, at: dt.datetime, bought: Bought, line: Row, *, seat_no: int, taxes: list[int]
) -> None:
    book, zone = customer.book, zoneinfo.ZoneInfo(customer.row["time_zone"])
    period = months_from(day_in(zone, at), line["term_months"])
    days = {"first_day": period.first_day, "last_day": period.last_day}
    ends = end_of(period.last_day, zone)
    ours: Row = {"company_id": line["company_id"], "order_line_id": line["id"], "plan_id": line["plan_id"]}
    plan = next(plan for plan in customer.desk.plans.values() if plan.id == line["plan_id"])
    license = book.add(
        License,
        seat_no=seat_no,
        product=plan.product,
        valid_from=at,
        valid_until=ends,
        usable_until=ends,
        **ours | days | NOBODYS,
    )
    customer.licenses.append(license)
    term = book.add(
        Term,
        license_id=license["id"],
        kind=TermKind.NEW,
        zone=zone.key,
        anchor_day=period.anchor_day,
        starts_at=at,
        ends_at=ends,
        net=line["unit_amount"],
        tax=sum(taxes),
        **ours | days,
    )
    of_term = {"company_id": line["company_id"], "term_id": term["id"]}
    for tax, amount in zip(bought.taxes, taxes, strict=True):
        book.add(TermTax, **of_term, order_tax_id=tax["id"], amount=amount)


def _columns(row: Any) -> Row:
    """The columns of a row that is not added, as far as they are said."""
    mapper = sa.inspect(type(row))
    values = {column.key: getattr(row, column.key) for column in mapper.column_attrs}
    return {name: value for name, value in values.items() if value is not None}
