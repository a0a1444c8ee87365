"""Many rows at once, in realistic proportions: every hundred licences a company, and one company with a tenth of all of them.

A million licences have 10,000 companies and 300,000 people; 9,999 companies have 90 seats and 27 people, and the last one the rest.
A company buys seats of three plans; two thirds are held, half of those activated. Some have expired, some end soon, a few are
suspended or revoked. Each has an order that nobody paid, too, and each seat that is held an entry of the journal.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import zoneinfo
from collections.abc import Iterator

from flask_security.utils import hash_password

from benchmarks import following, names
from benchmarks.bulk import Cell, Loader, loading, plain
from models import (
    MAX_QUANTITY,
    Assignment,
    Base,
    Company,
    Conditions,
    JournalEntry,
    License,
    Operation,
    Order,
    OrderIssue,
    OrderLine,
    OrderTax,
    OutgoingMail,
    Plan,
    Price,
    Registration,
    StripeEvent,
    Suspension,
    TaxRate,
    Term,
    TermTax,
    User,
    Vendor,
    day_in,
    db,
    search_text,
    sort_key,
    utcnow,
)
from services.catalogue.taxes import share
from services.foundation.days import end_of, months_from, start_of

PASSWORD = "demo-trousseau"  # noqa: S105 - for accounts of the benchmark alone
STAFF = "support@vendor.example"
SEATS, PEOPLE = 90, 27
PLANS = ("eco", "advanced", "pro")
PRICE = 5_000
# Thousandths of a percent.
RATES = {"TPS": 5_000, "TVQ": 9_975}
ZONE = zoneinfo.ZoneInfo("America/Toronto")
# Companies that are written at a time.
BATCH = 500
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
# Two runs fill the same.
LOTS = random.Random(20_251_125)  # noqa: S311 - nobody guards anything by these keys

# The columns that are filled, in the order of their cells; others have their defaults. Tables point at those above them.
COLUMNS: dict[type[Base], str] = {
    Company: "id name sort_key search_text people_named billing_email city province",
    User: "id company_id email first_name last_name role sort_key search_text password fs_uniquifier active confirmed_at",
    Order: "id reference company_id placed_by_id state placed_at paid_at language net tax total fingerprint"
    " customer_name customer_address vendor_name vendor_address",
    OrderLine: "id company_id order_id position plan_id term_months plan_name_fr plan_name_en quantity unit_amount net",
    OrderTax: "id company_id order_id position name_fr name_en rate registration_number amount",
    License: "id key company_id order_line_id seat_no plan_id product user_id status gone_at gone_why"
    " valid_from valid_until usable_until first_day last_day assigned_at activated_at",
    Term: "id company_id license_id order_line_id plan_id zone anchor_day starts_at ends_at first_day last_day net tax",
    TermTax: "company_id term_id order_tax_id amount",
    Suspension: "company_id license_id reason started_at",
    Assignment: "company_id license_id user_id started_at activated_at given_by_id",
    Operation: "id verb by_id company_id",
    JournalEntry: "operation verb actor_id company_id subject_type subject_id related",
    OrderIssue: "company_id order_id kind opened_at",
    StripeEvent: "id type object_id livemode created_at received_at handled_at outcome",
    OutgoingMail: "company_id user_id template language dedupe_key state message_id",
}


def fill(licenses: int) -> None:
    """Fill an empty database with `licenses` licences, and the companies, people and orders that they need."""
    password = hash_password(PASSWORD)
    _fill_catalogue(password)
    companies = max(3, licenses // 100)
    rest = companies - 1
    sizes = [(SEATS, PEOPLE)] * rest
    sizes.append((max(SEATS, licenses - SEATS * rest), max(PEOPLE, licenses * 3 // 10 - PEOPLE * rest)))
    writer = Writer(utcnow(), password)
    with loading() as loader:
        for number, (seats, people) in enumerate(sizes, start=1):
            writer.company(number, seats, people)
            if number % BATCH == 0:
                writer.write(loader)
        writer.write(loader)
        for statement in following.statements():
            loader.run(statement)


def _fill_catalogue(password: str) -> None:
    db.session.add(Vendor(id=1, name="Vendor", legal_name="Vendor inc.", support_email="help@vendor.example"))
    for number, code in enumerate(PLANS, start=1):
        plan = Plan(id=number, code=code, product=code, name_fr=code, name_en=code, position=number)
        price = Price(plan_id=number, amount=PRICE, starts_on=dt.date(2020, 1, 1))
        db.session.add_all([plan, price])
    for name, rate in RATES.items():
        tax = TaxRate(place="CA-QC", name_fr=name, name_en=name, rate=rate, starts_on=dt.date(2020, 1, 1))
        tax.registration = Registration.GST if name == "TPS" else Registration.QST
        db.session.add(tax)
    db.session.add(Conditions(text_fr="Conditions de vente. " * 50, text_en="Conditions of sale. " * 50))
    staff = User(email=STAFF, first_name="Sam", last_name="Support", role="support", confirmed_at=utcnow())
    staff.password = password
    db.session.add(staff)
    db.session.commit()


@dataclasses.dataclass(frozen=True)
class Period:
    """A term of twelve months as its cells."""

    starts_at: Cell
    ends_at: Cell
    first_day: Cell
    last_day: Cell
    anchor_day: int


def _period(months: int) -> Period:
    """The year that began that many `months` from now."""
    today = day_in(ZONE, utcnow())
    month = today.year * 12 + today.month - 1 + months
    # A day that every month has.
    first = dt.date(month // 12, month % 12 + 1, min(today.day, 28))
    period = months_from(first, 12)
    ends = (plain(start_of(first, ZONE)), plain(end_of(period.last_day, ZONE)))
    return Period(*ends, plain(first), plain(period.last_day), period.anchor_day)


@dataclasses.dataclass(frozen=True)
class Sale:
    """What the seats of an order line share."""

    company: int
    buyer: int
    plan: int
    product: str
    line: int
    period: Period


def _key() -> str:
    """A key like those of `random_code`, ten times as fast."""
    drawn = LOTS.getrandbits(130)
    key = "".join([PAIRS[drawn >> shift & 1023] for shift in range(0, 130, 10)])
    return f"{key[:5]}-{key[5:10]}-{key[10:15]}-{key[15:20]}-{key[20:25]}"


class Writer:
    """Makes the rows of one company after the other, and writes them by many.

    Attributes:
        rows: What is not written yet.
        last: The newest id of each table that is numbered here.
    """

    def __init__(self, now: dt.datetime, password: str) -> None:
        self.now, self.password = plain(now), password
        # Licences end in any of the months to come, soon, or long ago; what happened did in any week of the year.
        self.periods = [_period(-months) for months in range(10)]
        self.soon, self.over = _period(-11), _period(-24)
        self.weeks = [plain(now - dt.timedelta(weeks=week)) for week in range(52)]
        self.rows: dict[type[Base], list[tuple[Cell, ...]]] = {kind: [] for kind in COLUMNS}
        self.last: dict[type[Base], int] = dict.fromkeys(COLUMNS, 0) | {User: 1}

    def write(self, loader: Loader) -> None:
        for kind, columns in COLUMNS.items():
            loader.load(kind, columns.split(), self.rows[kind])
            self.rows[kind] = []

    def _next(self, kind: type[Base]) -> int:
        self.last[kind] += 1
        return self.last[kind]

    def company(self, number: int, seats: int, people: int) -> None:
        """A customer, its people, its seats and what was written down about them."""
        name, billing = names.company(number), f"bill@c{number}.example"
        spelled = (sort_key(name), search_text(name, billing), name)
        self.rows[Company].append((number, name, *spelled, billing, "Québec", "QC"))
        first = self.last[User] + 1
        company = (name, search_text(name))
        self.rows[User] += [self._person(number, seat, company) for seat in range(people)]
        # An order that nobody paid, then one for each plan, or more where it has more seats than one may have.
        self._order(number, first, PLANS[0], state="cancelled", quantity=1)
        for place in range(len(PLANS)):
            bought = seats // len(PLANS) + (place < seats % len(PLANS))
            holders = iter(range(first, first + min(people, bought * 2 // 3)))
            for quantity in _lines(bought):
                self._seats(number, first, place, quantity, holders)
        self._mail(number, first)

    def _person(self, number: int, seat: int, company: tuple[str, str]) -> tuple[Cell, ...]:
        first, last, email, words = names.person(number, seat)
        name, spelled = company
        # As `search_text` has them: each name, the address, the company; then those with a hyphen once more without.
        whole = (
            search_text(first, last, email, name)
            if "-" in words + spelled or "'" in words + spelled
            else f"{words} {email}{spelled}"
        )
        told = (first, last, "member" if seat else "admin", names.sorted_as(last, first), whole)
        person, active = self._next(User), seat % 40 != 39
        secrets = (None if seat else self.password, f"benchmark {person}")
        return (person, number, email, *told, *secrets, int(active), None if seat % 10 == 9 else self.now)

    def _order(self, number: int, buyer: int, plan: str, *, state: str, quantity: int) -> int:
        """An order of one line; the id of the line, which is the order's too."""
        order, net = self._next(Order), PRICE * quantity
        taxes = [net * rate // 100_000 for rate in RATES.values()]
        amounts = (net, sum(taxes), net + sum(taxes))
        placed = self.weeks[order % len(self.weeks)]
        paid = placed if state == "paid" else None
        reference = f"{order:010d}"
        words = (f"benchmark {order}", names.company(number), "", "", "")
        head = (order, f"{reference[:5]}-{reference[5:]}", number, buyer, state, placed, paid, "fr")
        self.rows[Order].append((*head, *amounts, *words))
        for position, (name, amount) in enumerate(zip(RATES, taxes, strict=True)):
            tax = (self._next(OrderTax), number, order, position, name, name, RATES[name], "1", amount)
            self.rows[OrderTax].append(tax)
        if state == "paid":
            event = (f"evt_{order}", "checkout.session.completed", f"cs_test_{order}", 0)
            self.rows[StripeEvent].append((*event, self.now, self.now, self.now, "fulfilled"))
            if order % 10 == 0:
                self.rows[OrderIssue].append((number, order, "refunded", self.now))
        place = PLANS.index(plan) + 1
        self.rows[OrderLine].append((order, number, order, 0, place, 12, plan, plan, quantity, PRICE, net))
        return order

    def _seats(self, number: int, buyer: int, place: int, quantity: int, holders: Iterator[int]) -> None:
        """The seats of an order that was paid: those that somebody holds come first."""
        line = self._order(number, buyer, PLANS[place], state="paid", quantity=quantity)
        first_tax = (line - 1) * len(RATES) + 1
        taxes = [
            (first_tax + index, share(PRICE * quantity * rate // 100_000, [1] * quantity))
            for index, rate in enumerate(RATES.values())
        ]
        # The last plan's seats of each ninth company have expired, and the second one's of each twelfth end soon.
        period = self.periods[number % len(self.periods)]
        if place == 2 and number % 9 == 0:
            period = self.over
        elif place == 1 and number % 12 == 0:
            period = self.soon
        sale = Sale(number, buyer, place + 1, PLANS[place], line, period)
        for seat in range(quantity):
            borne = [(tax, amounts[seat]) for tax, amounts in taxes]
            holder = next(holders, None) if seat * 3 < quantity * 2 else None
            self._seat(sale, seat, holder, borne)

    def _seat(self, sale: Sale, seat: int, holder: int | None, borne: list[tuple[int, int]]) -> None:
        license, period = self._next(License), sale.period
        revoked = holder is None and license % 60 == 0
        status = "revoked" if revoked else "suspended" if license % 250 == 0 else "active"
        gone = (self.now, "revoked") if revoked else (None, None)
        given = self.weeks[license % len(self.weeks)] if holder else None
        activated = given if seat % 2 else None
        head = (license, _key(), sale.company, sale.line, seat + 1, sale.plan, sale.product)
        held = (given, activated)
        moments, days = (period.starts_at, period.ends_at), (period.first_day, period.last_day)
        self.rows[License].append((*head, holder, status, *gone, *moments, period.ends_at, *days, *held))
        of_term = (license, sale.company, license, sale.line, sale.plan, ZONE.key, period.anchor_day)
        tax = sum(amount for _tax, amount in borne)
        self.rows[Term].append((*of_term, *moments, *days, PRICE, tax))
        self.rows[TermTax] += [(sale.company, license, *part) for part in borne]
        if status == "suspended":
            self.rows[Suspension].append((sale.company, license, "support", self.now))
        if holder:
            self._held(sale, license, holder, given, activated)

    def _held(self, sale: Sale, license: int, holder: int, given: Cell, activated: Cell) -> None:
        operation = f"{license:032x}"
        verb = "license_activated" if activated and license % 4 else "license_assigned"
        self.rows[Assignment].append((sale.company, license, holder, given, activated, sale.buyer))
        self.rows[Operation].append((operation, verb, sale.buyer, sale.company))
        related = f'{{"user": {holder}, "plan": {sale.plan}}}'
        about = ("license", license, related)
        self.rows[JournalEntry].append((operation, verb, sale.buyer, sale.company, *about))

    def _mail(self, number: int, buyer: int) -> None:
        for kind, state in (("invitation", "sent"), ("receipt", "sent"), ("license_assigned", "failed")):
            name = f"{kind} {number}"
            self.rows[OutgoingMail].append((number, buyer, kind, "fr", name, state, f"{name}@vendor.example"))


def _lines(quantity: int) -> list[int]:
    """`quantity` seats in lines of as many as one line may have."""
    whole, rest = divmod(quantity, MAX_QUANTITY)
    return [MAX_QUANTITY] * whole + ([rest] if rest else [])
