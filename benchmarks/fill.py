"""Many rows at once, in realistic proportions: each company has 100 seats, 70 of them held, and 80 people."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

import sqlalchemy as sa
from flask_security.utils import hash_password

from models import (
    Assignment,
    Base,
    Company,
    JournalEntry,
    JournalSubject,
    License,
    Operation,
    Order,
    OrderLine,
    OrderTax,
    Plan,
    Price,
    Term,
    TermTax,
    User,
    Vendor,
    day_in,
    db,
    utcnow,
)
from services.catalogue.taxes import share
from services.foundation.days import end_of, months_from

PASSWORD = "demo-trousseau"  # noqa: S105 - for accounts of the benchmark alone
SEATS_PER_COMPANY, PEOPLE, HELD = 100, 80, 70
BATCH = 100
ZONE = zoneinfo.ZoneInfo("America/Toronto")
# On an order of a company, in cents.
TAXES = {"TPS": 25_000, "TVQ": 49_875}
SHARES = [share(amount, [1] * SEATS_PER_COMPANY) for amount in TAXES.values()]
# In the order in which rows may point at each other.
FILLED = (
    Company,
    User,
    Order,
    OrderLine,
    OrderTax,
    License,
    Term,
    TermTax,
    Assignment,
    Operation,
    JournalEntry,
    JournalSubject,
)
Rows = dict[type[Base], list[dict[str, Any]]]


def fill(licenses: int) -> None:
    """Fill an empty database with `licenses` licences, and the companies, people and orders that they need."""
    now = utcnow()
    password = hash_password(PASSWORD)
    db.session.add(Vendor(id=1, name="Vendor", legal_name="Vendor inc.", support_email="help@vendor.example"))
    for number, code in enumerate(("eco", "advanced", "pro"), start=1):
        plan = Plan(id=number, code=code, product="mail", name_fr=code, name_en=code, position=number)
        db.session.add_all(
            [plan, Price(plan_id=number, amount=number * 5_000, starts_on=dt.date(2020, 1, 1))]
        )
    staff = User(email="support@vendor.example", first_name="Sam", last_name="Support", role="support")
    staff.password = password
    db.session.add(staff)
    db.session.commit()
    companies = max(1, licenses // SEATS_PER_COMPANY)
    for first in range(1, companies + 1, BATCH):
        _fill_companies(range(first, min(first + BATCH, companies + 1)), now, password)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _fill_companies(numbers: range, now: dt.datetime, password: str) -> None:
    rows: Rows = {kind: [] for kind in FILLED}
    for number in numbers:
        _company(rows, number, now, password)
    for kind, values in rows.items():
        db.session.execute(sa.insert(kind), values)
    db.session.commit()


def _company(rows: Rows, number: int, now: dt.datetime, password: str) -> None:
    first_user = number * PEOPLE
    rows[Company].append(
        {
            "id": number,
            "name": f"Company {number}",
            "billing_email": f"bill@c{number}.example",
            "province": "QC",
        }
    )
    rows[User] += [_person(number, first_user, seat, password) for seat in range(PEOPLE)]
    _order(rows, number, first_user, now)
    for seat in range(SEATS_PER_COMPANY):
        holder = first_user + seat if seat < HELD else None
        _seat(rows, number, seat, holder=holder, now=now)


def _tax_of(number: int, position: int) -> int:
    return number * len(TAXES) + position


def _plan_of(number: int) -> int:
    return number % 3 + 1


def _person(number: int, first_user: int, seat: int, password: str) -> dict[str, Any]:
    return {
        "id": first_user + seat,
        "company_id": number,
        "email": f"person{seat}@c{number}.example" if seat else f"admin@c{number}.example",
        "first_name": f"First{seat}",
        "last_name": f"Last{(number * 7 + seat) % 5000}",
        "role": "member" if seat else "admin",
        "password": None if seat else password,
    }


def _order(rows: Rows, number: int, buyer: int, now: dt.datetime) -> None:
    plan, net = _plan_of(number), 5_000 * SEATS_PER_COMPANY
    tax = sum(TAXES.values())
    names = {
        "customer_name": f"Company {number}",
        "customer_address": "",
        "vendor_name": "",
        "vendor_address": "",
    }
    rows[Order].append(
        {
            "id": number,
            "company_id": number,
            "placed_by_id": buyer,
            "state": "paid",
            "paid_at": now,
            "language": "fr",
        }
        | {"net": net, "tax": tax, "total": net + tax, "fingerprint": f"benchmark {number}"}
        | names
    )
    for position, (name, amount) in enumerate(TAXES.items()):
        rows[OrderTax].append(
            {"id": _tax_of(number, position), "company_id": number, "order_id": number, "position": position}
            | {"name_fr": name, "name_en": name, "rate": 1, "registration_number": "1", "amount": amount}
        )
    rows[OrderLine].append(
        {
            "id": number,
            "company_id": number,
            "order_id": number,
            "position": 0,
            "plan_id": plan,
            "term_months": 12,
        }
        | {"plan_name_fr": "plan", "plan_name_en": "plan"}
        | {"quantity": SEATS_PER_COMPANY, "unit_amount": 5_000, "net": net}
    )


def _seat(rows: Rows, number: int, seat: int, *, holder: int | None, now: dt.datetime) -> None:
    license_id, plan = number * SEATS_PER_COMPANY + seat, _plan_of(number)
    period = months_from(day_in(ZONE, now), 12)
    until = end_of(period.last_day, ZONE)
    days = {"first_day": period.first_day, "last_day": period.last_day}
    used = {"activated_at": now if holder and seat % 2 else None}
    ours = {"company_id": number, "license_id": license_id}
    rows[License].append(
        {"id": license_id, "company_id": number, "order_line_id": number, "seat_no": seat + 1}
        | {"plan_id": plan, "product": "mail", "user_id": holder, "assigned_at": now if holder else None}
        | {"valid_from": now, "valid_until": until, "usable_until": until}
        | days
        | used
    )
    borne = {position: SHARES[position][seat] for position in range(len(TAXES))}
    rows[Term].append(
        ours
        | days
        | {"id": license_id, "order_line_id": number, "starts_at": now, "ends_at": until}
        | {"net": 5_000, "tax": sum(borne.values())}
        | {"plan_id": plan, "zone": ZONE.key, "anchor_day": period.anchor_day}
    )
    rows[TermTax] += [
        {"company_id": number, "term_id": license_id, "amount": amount}
        | {"order_tax_id": _tax_of(number, position)}
        for position, amount in borne.items()
    ]
    if holder is None:
        return
    given = {"user_id": holder, "started_at": now, "given_by_id": holder - seat}
    rows[Assignment].append(ours | given | used)
    _told(rows, license_id, plan, holder=holder, giver=holder - seat, company_id=number)


def _told(rows: Rows, license_id: int, plan: int, *, holder: int, giver: int, company_id: int) -> None:
    """The journal of an assignment."""
    operation = f"{license_id:032x}"
    ours = {"company_id": company_id, "verb": "license_assigned"}
    rows[Operation].append(ours | {"id": operation, "by_id": giver})
    rows[JournalEntry].append(
        ours
        | {"id": license_id, "operation": operation, "actor_id": giver}
        | {"subject_type": "license", "subject_id": license_id}
        | {"related": {"user": holder, "plan": plan}}
    )
    rows[JournalSubject] += [
        {"entry_id": license_id, "company_id": company_id, "kind": kind, "row_id": row_id}
        for kind, row_id in {
            ("license", license_id),
            ("plan", plan),
            ("user", holder),
            ("user", giver),
        }
    ]
