"""Rows for tests, one small function for each kind, with realistic defaults. Each function commits, once.

Call them inside an app context where every row is visible (the `scope` or `cast` fixture gives both). Purchases are
written as rows here; tests of buying go through the verbs.
"""

from __future__ import annotations

import contextlib
import contextvars
import datetime as dt
import itertools
from collections.abc import Callable, Iterator

import argon2

from models import (
    LIVE_STATUSES,
    ActorKind,
    Assignment,
    Batch,
    BatchFile,
    BatchKind,
    BatchRow,
    BatchState,
    Company,
    Conditions,
    FirmLink,
    IssueKind,
    Language,
    License,
    LicenseRequest,
    LicenseStatus,
    Order,
    OrderIssue,
    OrderLine,
    OrderState,
    OrderTax,
    Plan,
    Price,
    Registration,
    Role,
    TaxRate,
    Term,
    User,
    Vendor,
    day_in,
    db,
    utcnow,
)
from services.foundation.days import end_of
from services.links import tokens

PASSWORD = "correct horse battery"
# One cheap hash for everybody: hashing as in production would take most of the tests' time.
PASSWORD_HASH = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
LONG_AGO = dt.date(2020, 1, 1)
_numbers = itertools.count(1)


def _keep() -> None:
    db.session.commit()


def _number() -> None:
    db.session.flush()


def _later() -> None:
    """What is made has its number at the end."""


_then = contextvars.ContextVar("_then", default=_keep)


def _save(*rows: object) -> None:
    db.session.add_all(rows)
    _then.get()()


@contextlib.contextmanager
def all_in_one() -> Iterator[None]:
    """Commit once, at the end, what is made in between: a commit for each row is most of what making a few costs."""
    with _and_then(_number) if _then.get() is _keep else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def at_once() -> Iterator[None]:
    """Send all that is made in between together: none of it has a number before."""
    with _and_then(_later):
        yield


@contextlib.contextmanager
def _and_then(step: Callable[[], None]) -> Iterator[None]:
    token = _then.set(step)
    try:
        yield
    finally:
        _then.reset(token)
    _then.get()()


def make_vendor(**values: object) -> Vendor:
    """The vendor, registered for GST and QST, with a first version of the conditions of sale."""
    defaults = {
        "id": 1,
        "name": "Boréal",
        "legal_name": "Logiciels Boréal inc.",
        "address": "1, rue du Test\nQuébec (QC) G1R 1A1",
        "gst_number": "123456789 RT0001",
        "qst_number": "1234567890 TQ0001",
        "support_email": "support@trousseau.example",
        "install_url_fr": "https://aide.boreal.example/installer",
        "install_url_en": "https://help.boreal.example/install",
    }
    vendor = Vendor(**(defaults | values))
    _save(vendor, Conditions(text_fr="Conditions de vente.", text_en="Conditions of sale."))
    return vendor


def make_company(name: str = "Acme", province: str = "QC", **values: object) -> Company:
    domain = f"{name.split(maxsplit=1)[0].lower()}.example"
    defaults = {
        "name": name,
        "billing_email": f"billing@{domain}",
        "street": "123, rue Saint-Jean",
        "city": "Québec",
        "province": province,
        "postal_code": "G1R 1R5",
    }
    company = Company(**(defaults | values))
    _save(company)
    return company


def make_user(
    company: Company | None, first_name: str = "", role: Role | None = None, **values: object
) -> User:
    """A person of `company` (a member by default), or of the vendor's staff when `company` is None."""
    number = next(_numbers)
    domain = company.billing_email.partition("@")[2] if company else "trousseau.example"
    first_name = first_name or f"Person{number}"
    defaults = {
        "company_id": company.id if company else None,
        "first_name": first_name,
        "last_name": "Tremblay",
        "email": f"{first_name.lower()}@{domain}",
        "role": role or (Role.MEMBER if company else Role.SUPPORT),
        "language": Language.FR,
        "password": PASSWORD_HASH,
    }
    user = User(**(defaults | values))
    _save(user)
    return user


def make_firm_link(maker: User, **values: object) -> FirmLink:
    """An invitation link of the maker's company, for two people of the maker's domain within a month."""
    company = db.session.get_one(Company, maker.company_id)
    last_day = day_in(company.zone, utcnow()) + dt.timedelta(days=30)
    defaults = {
        "company_id": company.id,
        "domain": maker.email.rpartition("@")[2],
        "places": 2,
        "last_day": last_day,
        "expires_at": end_of(last_day, company.zone),
        "made_by_id": maker.id,
    }
    link = FirmLink(**(defaults | tokens.sow() | values))
    _save(link)
    return link


@all_in_one()
def make_plan(
    code: str = "pro", price: int | None = 10_000, product: str = "secure-mail", **values: object
) -> Plan:
    """A plan on sale at `price` cents per licence and term; None leaves it without a price."""
    name = code.capitalize()
    plan = Plan(**({"code": code, "product": product, "name_fr": name, "name_en": name} | values))
    _save(plan)
    if price is not None:
        make_price(plan, price)
    return plan


def make_price(plan: Plan, amount: int, starts_on: dt.date = LONG_AGO) -> Price:
    price = Price(plan=plan, amount=amount, starts_on=starts_on)
    _save(price)
    return price


def make_tax_rates() -> list[TaxRate]:
    """Québec's two taxes and Ontario's one."""
    rates = [
        TaxRate(place=place, name_fr=fr, name_en=en, rate=rate, registration=registration, starts_on=LONG_AGO)
        for place, fr, en, rate, registration in [
            ("CA-QC", "TPS", "GST", 5_000, Registration.GST),
            ("CA-QC", "TVQ", "QST", 9_975, Registration.QST),
            ("CA-ON", "TVH", "HST", 13_000, Registration.GST),
        ]
    ]
    _save(*rates)
    return rates


@all_in_one()
def make_order(
    buyer: User,
    plan: Plan,
    quantity: int = 1,
    *,
    paid: bool = False,
    unit_amount: int = 10_000,
    issue: IssueKind | str | None = None,
    **values: object,
) -> Order:
    """An order of one line with Québec's taxes. `paid` marks it as paid; `make_licenses` delivers too.

    `issue` is what staff must look at of it.
    """
    net = unit_amount * quantity
    taxes = _taxes_on(net, buyer)
    tax = sum(one.amount for one in taxes)
    defaults = {
        "company_id": buyer.company_id,
        "placed_by_id": buyer.id,
        "state": OrderState.PAID if paid else OrderState.PENDING,
        "paid_at": utcnow() if paid else None,
        "language": buyer.language,
        "net": net,
        "tax": tax,
        "total": net + tax,
        "fingerprint": f"made for a test {next(_numbers)}",
    }
    order = Order(**(_FROZEN | defaults | values))
    order.lines = [_line(buyer, plan, quantity, unit_amount)]
    order.taxes = taxes
    _save(order)
    if issue is not None:
        make_issue(order, issue)
    return order


def _taxes_on(net: int, buyer: User) -> list[OrderTax]:
    return [
        OrderTax(
            company_id=buyer.company_id,
            position=position,
            name_fr=name_fr,
            name_en=name_en,
            rate=rate,
            registration_number="123456789 RT0001",
            amount=(net * rate + 50_000) // 100_000,
        )
        for position, (name_fr, name_en, rate) in enumerate(_TAXES, start=1)
    ]


def make_issue(order: Order, kind: IssueKind | str, **values: object) -> OrderIssue:
    """An open issue of an order."""
    issue = OrderIssue(company_id=order.company_id, order_id=order.id, kind=IssueKind(kind), **values)
    _save(issue)
    return issue


def _line(buyer: User, plan: Plan, quantity: int, unit_amount: int) -> OrderLine:
    return OrderLine(
        company_id=buyer.company_id,
        position=1,
        plan_id=plan.id,
        plan_name_fr=plan.name_fr,
        plan_name_en=plan.name_en,
        term_months=plan.term_months,
        quantity=quantity,
        unit_amount=unit_amount,
        net=unit_amount * quantity,
    )


_FROZEN = {
    "customer_name": "Acme",
    "customer_address": "123, rue Saint-Jean",
    "vendor_name": "Logiciels Boréal inc.",
    "vendor_address": "1, rue du Test",
}
_TAXES = (("TPS", "GST", 5_000), ("TVQ", "QST", 9_975))


@all_in_one()
def make_licenses(
    count: int,
    buyer: User,
    plan: Plan,
    *,
    holder: User | None = None,
    status: LicenseStatus = LicenseStatus.ACTIVE,
    starts: dt.datetime | None = None,
    ends: dt.datetime | None = None,
    activated: bool = False,
) -> list[License]:
    """`count` paid seats of `plan` for the buyer's company, with their terms; the first is `holder`'s, if any."""
    order = make_order(buyer, plan, count, paid=True)
    line = order.lines[0]
    starts = starts or utcnow() - dt.timedelta(days=1)
    ends = ends or starts + dt.timedelta(days=365)
    zone = buyer.company.zone
    gone = {} if status in LIVE_STATUSES else {"gone_at": starts, "gone_why": status.value}
    days = {"first_day": day_in(zone, starts), "last_day": day_in(zone, ends - dt.timedelta(seconds=1))}
    licenses = [
        License(
            company_id=buyer.company_id,
            order_line_id=line.id,
            seat_no=number,
            plan_id=plan.id,
            product=plan.product,
            status=status,
            valid_from=starts,
            valid_until=ends,
            usable_until=ends,
            **gone,
            **days,
        )
        for number in range(1, count + 1)
    ]
    _save(*licenses)
    _save(*[_term(license, line.unit_amount, order.tax // count, zone.key) for license in licenses])
    if holder:
        hold(licenses[0], holder, by=buyer, activated=activated)
    return licenses


def _term(license: License, net: int, tax: int, zone: str) -> Term:
    return Term(
        company_id=license.company_id,
        license_id=license.id,
        plan_id=license.plan_id,
        order_line_id=license.order_line_id,
        first_day=license.first_day,
        last_day=license.last_day,
        zone=zone,
        anchor_day=license.first_day.day,
        starts_at=license.valid_from,
        ends_at=license.valid_until,
        net=net,
        tax=tax,
    )


def make_request(user: User, word: str = "", **values: object) -> LicenseRequest:
    """What a person asks for; open where nothing else is said."""
    asked = LicenseRequest(company_id=user.company_id, user_id=user.id, word=word, **values)
    _save(asked)
    return asked


def hold(license: License, holder: User, *, by: User | None = None, activated: bool = False) -> Assignment:
    """Make `holder` the holder of `license` since it began. (The verb is `services.licenses.assign`.)"""
    since = license.valid_from
    license.user_id, license.assigned_at = holder.id, since
    license.activated_at = since if activated else None
    assignment = Assignment(
        activated_at=license.activated_at,
        company_id=license.company_id,
        license_id=license.id,
        user_id=holder.id,
        started_at=since,
        given_by_id=by.id if by else None,
    )
    _save(assignment)
    return assignment


def make_batch(user: User, held: str, address: str) -> Batch:
    """An import that waits to be applied: a row about `user` with the text `held` in it, confirmed by them from `address`."""
    batch = Batch(
        company_id=user.company_id,
        together=f"{user.id:032x}",
        kind=BatchKind.PEOPLE,
        state=BatchState.CONFIRMED,
        made_by_id=user.id,
        made_as=ActorKind.PERSON,
        confirmed_at=utcnow(),
        confirmed_by_id=user.id,
        confirmed_as=ActorKind.PERSON,
        address=address,
        total=1,
    )
    _save(batch)
    row = {"batch_id": batch.id, "company_id": user.company_id}
    _save(
        BatchRow(**row, no=1, user_id=user.id, raw={"last_name": held}, problem=f"{held} is unknown"),
        BatchFile(**row, name=f"{held}.csv", content=held.encode()),
    )
    return batch
