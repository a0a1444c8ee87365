"""The demonstration's rows are those of the verbs: the same acts, done once by each, leave the same tables."""

from __future__ import annotations

import datetime as dt
import itertools
import re

import sqlalchemy as sa

from access import Actor
from demo import acts, catalogue, purchases
from models import (
    Base,
    Company,
    Conditions,
    IssueKind,
    Language,
    Order,
    Plan,
    Role,
    User,
    db,
)
from services import licenses
from services.buying import cart, issues, orders, quotes
from services.foundation.transaction import company_lock
from services.licenses import requests
from services.payments import attempts, settlement
from services.payments.sessions import Charge, Page, Session
from services.people import accounts, companies, deactivation, oneself, setup
from tests import factories

T0 = dt.datetime(2026, 3, 31, 15, 4, tzinfo=dt.UTC)
FIRM = {
    "name": "Pêcheries du Nord",
    "billing_email": "comptabilite@nord.example",
    "street": "1, rue du Quai",
    "city": "Halifax",
    "province": "NS",
    "postal_code": "B3J 3K5",
    "country": "CA",
    "language": Language.FR,
    "time_zone": "America/Halifax",
}
PEOPLE = [
    ("ana@nord.example", "Ana", "Roy", Role.ADMIN, False),
    ("bo@nord.example", "Bo", "Roy", Role.MEMBER, True),
    ("cleo@nord.example", "Cléo", "Roy", Role.MEMBER, False),
    ("dan@nord.example", "Dan", "Roy", Role.MEMBER, False),
]
# What is random, or counts how often a row was locked; and what Stripe calls the customer, which no demonstration has.
DRAWN = {"key", "reference", "fs_uniquifier", "message_id", "lock_version", "desk_code", "stripe_customer_id"}
# SQLite gives the number of a line that is gone to the next one.
CART_LINE = {"cart_item_id"}


def minute(number):
    return T0 + dt.timedelta(days=number, minutes=number)


def sell(clock):
    """The catalogue and support, before anybody is a customer; returns the number of support."""
    clock.move_to(T0 - dt.timedelta(days=1), tick=False)
    support = factories.make_user(None, "Sam").id
    sold = [catalogue.vendor(), Conditions(text_fr="C", text_en="C"), *setup.canadian_taxes()]
    db.session.add_all(sold + catalogue.plans())
    db.session.commit()
    return support


def test_the_demonstration_writes_what_the_verbs_write(scope, database, time_machine):
    verbs(sell(time_machine), time_machine)
    wanted = every_table()
    assert {name for name, rows in wanted.items() if rows} >= {
        *("journal_entries", "journal_personal", "operations", "operation_rows", "outgoing_mail", "payments"),
        *("order_lines", "order_taxes", "order_issues", "term_taxes", "assignments", "cart_items"),
    }
    db.session.remove()
    database.clear()
    sell(time_machine)
    tell()
    found = every_table()
    differing = [
        (name, told, done)
        for name in wanted
        for told, done in itertools.zip_longest(found[name], wanted[name])
        if told != done
    ]
    assert differing == []


def verbs(support_id, clock):
    """What is told below, done."""
    support = Actor.of(db.session.get_one(User, support_id))
    clock.move_to(minute(0), tick=False)
    company_id = companies.create_company(FIRM, by=support).id
    people = []
    for number, (email, first_name, last_name, role, invite) in enumerate(PEOPLE):
        values = {"email": email, "first_name": first_name, "last_name": last_name, "role": role}
        by = Actor.of(db.session.get_one(User, people[0])) if people else support
        clock.move_to(minute(1 + number), tick=False)
        people.append(accounts.create_person(values, company_id=company_id, by=by, invite=invite).id)
    ana, bo, cleo, dan = people
    admin = Actor.of(one(User, ana))
    clock.move_to(minute(10), tick=False)
    oneself.sign_in_recorded(one(User, ana), by=admin, via="password")
    clock.move_to(minute(11), tick=False)
    accounts.update_person(one(User, dan), {"role": Role.ADMIN}, by=admin)
    first = ordered(company_id, {"avance": 3, "eco": 2}, admin, clock, minute(12))
    with company_lock(company_id) as turn:
        orders.decline(turn, one(Order, first.id))
    settle(company_id, first.id, "complete", "paid")
    seats = {}
    for number, who in enumerate((bo, cleo)):
        clock.move_to(minute(13 + number), tick=False)
        seats[who] = licenses.assign(plan("avance"), one(User, who), admin).id
    clock.move_to(minute(16), tick=False)
    with company_lock(company_id) as turn:
        bos = licenses.begin_use(turn, seats[bo], Actor.of(one(User, bo)))
        oneself.confirm(turn, bos.user)
    clock.move_to(minute(17), tick=False)
    licenses.release(licenses.assign(plan("avance"), one(User, bo), admin), admin, held_by=bo)
    clock.move_to(minute(17) + dt.timedelta(minutes=5), tick=False)
    requests.ask(one(User, bo), "Please.", Actor.of(one(User, bo)))
    clock.move_to(minute(18), tick=False)
    deactivation.deactivate(one(User, cleo), deactivation.Seats.KEEP, by=admin)
    money(company_id, first.id, admin, clock)


def money(company_id, first_id, admin, clock):
    """A debit that is refused, a dispute, an order that nobody pays."""
    second = ordered(company_id, {"eco": 4}, admin, clock, minute(19))
    settle(company_id, second.id, "complete", "unpaid", "processing")
    clock.move_to(minute(20), tick=False)
    settle(company_id, second.id, "complete", "unpaid", "requires_payment_method")
    clock.move_to(minute(21), tick=False)
    with company_lock(company_id) as turn:
        issues.open_issue(turn, one(Order, first_id), IssueKind.DISPUTED, about="dp_1", cause="dp_1:open")
    third = ordered(company_id, {"pro": 1}, admin, clock, minute(22))
    clock.move_to(minute(23), tick=False)
    settle(company_id, third.id, "expired", "unpaid")


def tell():
    """What is done above, told."""
    desk = acts.Desk.of_the_database(sent_before=T0)
    customer = acts.open_account(desk, minute(0), **FIRM)
    for number, (email, first_name, last_name, role, invite) in enumerate(PEOPLE):
        values = {"email": email, "first_name": first_name, "last_name": last_name, "role": role}
        by = customer.admin if customer.people else desk.support
        acts.add_person(customer, minute(1 + number), by=by, invite=invite, **values)
    ana, bo, cleo, dan = customer.people
    acts.sign_in(customer, minute(10), ana)
    acts.promote(customer, minute(11), dan, ana)
    first = purchases.buy(customer, minute(12), {"avance": 3, "eco": 2}, ana, declined=True)
    acts.assign(customer, minute(13), "avance", bo, ana)
    acts.assign(customer, minute(14), "avance", cleo, ana)
    acts.activate(customer, minute(16), bo)
    acts.release(customer, minute(17), bo, ana)
    acts.ask(customer, minute(17) + dt.timedelta(minutes=5), bo, "Please.")
    acts.deactivate(customer, minute(18), cleo, ana)
    second = purchases.order(customer, minute(19), {"eco": 4}, ana)
    purchases.start_debit(customer, minute(19), second)
    purchases.refuse_debit(customer, minute(20), second, ana)
    contested = {"kind": IssueKind.DISPUTED, "about": "dp_1", "cause": "dp_1:open"}
    acts.open_issue(customer, minute(21), first.order, **contested)
    third = purchases.order(customer, minute(22), {"pro": 1}, ana)
    purchases.expire(customer, minute(23), third)
    desk.book.write()


def one(kind, key):
    return db.session.get_one(kind, key)


def plan(code):
    return db.session.scalars(sa.select(Plan).where(Plan.code == code)).one()


def ordered(company_id, wanted, by, clock, at):
    """Placed, with its page open."""
    clock.move_to(at, tick=False)
    for code, count in wanted.items():
        cart.add(company_id, plan(code), count, by)
    fingerprint = quotes.quote(one(Company, company_id)).fingerprint
    order = orders.place(company_id, fingerprint=fingerprint, accepted=True, language="fr", by=by)
    attempts.keep(company_id, order.id, Page(session(order, "open", "unpaid"), 1, "cus_1"))
    return one(Order, order.id)


def settle(company_id, order_id, *said):
    with company_lock(company_id) as turn:
        order = one(Order, order_id)
        settlement.apply(turn, order, session(order, *said))


def session(order, status, payment_status, intent="succeeded"):
    """What Stripe says of the order's page, by the names of the demonstration."""
    began = status == "complete"
    method = ("card", "visa", "4242") if payment_status == "paid" else ("acss_debit", None, "2227")
    return Session(
        id=f"cs_demonstration_{order.id}",
        status=status,
        payment_status=payment_status,
        url="",
        reference=order.reference,
        amount=order.total,
        currency=order.currency,
        livemode=False,
        payment_intent_id=f"pi_demonstration_{order.id}" if began else None,
        payment_intent_status=intent if began else None,
        customer_id=None,
        charge=Charge(f"ch_demonstration_{order.id}", *method) if began else None,
    )


def every_table():
    """{table: its rows in their order}, without what is drawn at random; an operation is called by its first entry."""
    db.session.rollback()
    found = {}
    with db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            rows = connection.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings()
            found[table.name] = [dict(row) for row in rows]
    # Seats that went through a state leave a count of nothing there.
    found["seat_counts"] = [row for row in found["seat_counts"] if row["seats"]]
    names = {}
    for entry in found["journal_entries"]:
        names.setdefault(entry["operation"], f"operation of entry {entry['id']}")
    found = {name: [masked(row, names) for row in rows] for name, rows in found.items()}
    found["operations"].sort(key=lambda row: int(row["id"].split()[-1]))
    return found


def masked(row, names):
    if row.get("subject_type") == "cart_item":
        row["subject_id"] = "drawn"
    if row.get("kind") == "cart_item":
        row["row_id"] = "drawn"
    if "added_as" in row:
        row["id"] = "drawn"
    return {name: plain(name, value, names) for name, value in row.items()}


def plain(name, value, names):
    if name in DRAWN or (name in CART_LINE and value is not None):
        return "drawn"
    if name == "dedupe_key":
        # An invitation's has the first letters of a session's name, others a UUID.
        return re.sub(r":([0-9a-f]{8}|[0-9a-f-]{36})(?=:|$)", ":…", value)
    return names.get(value, value) if isinstance(value, str) else value
