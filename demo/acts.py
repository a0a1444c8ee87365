"""What people do at the desk, told to a `Book`: each function is one verb, and writes the rows that the verb writes."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa

from access import SYSTEM, Actor
from demo.book import Book, Row
from models import (
    Assignment,
    Company,
    IssueKind,
    JournalVerb,
    Language,
    License,
    LicenseRequest,
    LicenseStatus,
    MailKind,
    MailState,
    MailTrouble,
    OrderIssue,
    Plan,
    Role,
    SubjectKind,
    User,
    Vendor,
    db,
)
from services.catalogue import vendor as vendors
from services.people import accounts, companies


@dataclasses.dataclass
class Desk:
    """The desk of which is told: its book, its vendor, who works in its support, and what it sells."""

    book: Book
    vendor: Vendor
    support: User
    plans: dict[str, Plan]

    @classmethod
    def of_the_database(cls, sent_before: dt.datetime) -> Desk:
        """The desk as `catalogue` made it, before anybody bought."""
        plans = db.session.scalars(sa.select(Plan)).all()
        support = db.session.scalars(sa.select(User).where(User.role == Role.SUPPORT)).first()
        if support is None:
            raise LookupError("the desk has no support yet")
        return cls(Book(sent_before), vendors.current(), support, {plan.code: plan for plan in plans})


@dataclasses.dataclass
class Customer:
    """A company and what is told of it so far: rows that may still change."""

    desk: Desk
    row: Row
    people: list[Row] = dataclasses.field(default_factory=list)
    licenses: list[Row] = dataclasses.field(default_factory=list)
    held: dict[int, Row] = dataclasses.field(default_factory=dict)

    @property
    def book(self) -> Book:
        return self.desk.book

    @property
    def admin(self) -> Row:
        return self.people[0]

    def person(self, name: str) -> Row:
        """Somebody by first and last name."""
        return next(row for row in self.people if f"{row['first_name']} {row['last_name']}" == name)

    def license_of(self, holder: Row) -> Row:
        """The licence that somebody holds."""
        return next(row for row in self.licenses if row["user_id"] == holder["id"])


def actor(person: Row) -> Actor:
    """A person of a customer, acting."""
    return Actor(person["id"], person["company_id"])


# --- Companies and people ---------------------------------------------------------------------------------------------


def open_account(desk: Desk, at: dt.datetime, **values: Any) -> Customer:
    """Support opens a customer's account, as `companies.create_company` does without an administrator."""
    book = desk.book
    book.at(at)
    defaults = {"country": "CA", "language": Language.FR, "currency": "CAD", "created_at": at}
    customer = Customer(desk, book.add(Company, **(defaults | values)))
    told, personal = _told(companies.EDITABLE, customer.row)
    subject = (SubjectKind.COMPANY, customer.row["id"], customer.row["id"])
    book.tell(JournalVerb.COMPANY_ADDED, Actor.of(desk.support), subject, after=told, personal=personal)
    return customer


def add_person(
    customer: Customer,
    at: dt.datetime,
    *,
    by: Row | User,
    invite: bool = False,
    password: str | None = None,
    **values: Any,
) -> Row:
    """Somebody gets an account, as by `accounts.create_person`; with a `password`, they have chosen it since."""
    book, who = customer.book, Actor.of(by) if isinstance(by, User) else actor(by)
    book.at(at)
    row = book.add(
        User,
        company_id=customer.row["id"],
        **({"role": Role.MEMBER, "language": Language.FR, "time_zone": None} | values),
        fs_uniquifier=uuid.uuid4().hex,
        password=password,
        active=True,
        created_at=at,
        confirmed_at=None,
        signed_in_at=None,
    )
    customer.people.append(row)
    book.note(User, row, is_new=True, active=True)
    told, personal = _told(accounts.EDITABLE, row)
    book.tell(JournalVerb.PERSON_ADDED, who, _user(row), after=told, personal=personal)
    if invite:
        key = f"invitation:{row['id']}:{row['fs_uniquifier'][:8]}:{at:%Y%m%d%H%M}"
        book.mail(MailKind.INVITATION, row, {"user": row["id"]}, key, who)
        book.tell(JournalVerb.PERSON_INVITED, who, _user(row))
    if row["role"] == Role.ADMIN:
        _tell_administrators(customer, row, who)
    return row


def promote(customer: Customer, at: dt.datetime, person: Row, by: Row) -> None:
    """As `accounts.update_person` with the role of an administrator; their sessions end."""
    book, who = customer.book, actor(by)
    book.at(at)
    before, person["role"], person["fs_uniquifier"] = person["role"], Role.ADMIN, uuid.uuid4().hex
    book.tell(
        JournalVerb.PERSON_CHANGED,
        who,
        _user(person),
        before={"role": before},
        after={"role": Role.ADMIN},
    )
    _tell_administrators(customer, person, who)


def _tell_administrators(customer: Customer, person: Row, by: Actor) -> None:
    event = f"{MailKind.NEW_ADMINISTRATOR}:{person['id']}:{uuid.uuid4()}"
    for other in customer.people:
        if other["role"] == Role.ADMIN and other["active"] and other is not person:
            customer.book.mail(
                MailKind.NEW_ADMINISTRATOR, other, {"person": person["id"]}, f"{event}:{other['id']}", by
            )


def sign_in(customer: Customer, at: dt.datetime, person: Row) -> None:
    """As `oneself.sign_in_recorded` by a password."""
    customer.book.at(at)
    person["confirmed_at"] = person["confirmed_at"] or at
    person["signed_in_at"] = at
    customer.book.tell(JournalVerb.SIGNED_IN, actor(person), _user(person), after={"via": "password"})


def deactivate(customer: Customer, at: dt.datetime, person: Row, by: Row) -> None:
    """As `deactivation.deactivate` with `Seats.KEEP`: the licence stays with the person."""
    customer.book.at(at)
    customer.book.note(User, person, active=False, confirmed_at=None)
    person["fs_uniquifier"] = uuid.uuid4().hex
    customer.book.tell(
        JournalVerb.PERSON_DEACTIVATED,
        actor(by),
        _user(person),
        before={"active": True},
        after={"active": False},
    )


def _user(row: Row) -> tuple[SubjectKind, int, int]:
    return SubjectKind.USER, row["id"], row["company_id"]


def _told(sheet: Any, row: Row) -> tuple[Row, Row]:
    """What the journal says of a new row, its personal columns apart."""
    values = {name: row[name] for name in sheet}
    personal = {name: value for name, value in values.items() if name in sheet.personal}
    return {name: value for name, value in values.items() if name not in personal}, personal


# --- Seats ------------------------------------------------------------------------------------------------------------


def assign(
    customer: Customer, at: dt.datetime, plan: str, person: Row, by: Row, *, refused: bool = False
) -> None:
    """The free licence of the plan that lasts longest, as `licenses.assign` gives it.

    Args:
        refused: Whether the mail server refused the mail that says so, for good.
    """
    book, who = customer.book, actor(by)
    book.at(at)
    wanted = customer.desk.plans[plan].id
    free = [
        row
        for row in customer.licenses
        if row["plan_id"] == wanted
        and row["user_id"] is None
        and row["usable_until"] > at >= row["valid_from"]
    ]
    license = min(free, key=lambda row: (-row["usable_until"].timestamp(), row["id"]))
    assignment = book.add(
        Assignment,
        company_id=license["company_id"],
        license_id=license["id"],
        user_id=person["id"],
        started_at=at,
        ended_at=None,
        activated_at=None,
        given_by_id=who.user_id,
        taken_by_id=None,
    )
    customer.held[license["id"]] = assignment
    book.note(License, license, user_id=person["id"], assigned_at=at, activated_at=None)
    book.note(Assignment, assignment, is_new=True, user_id=person["id"], started_at=at)
    _tell_seat(customer, JournalVerb.LICENSE_ASSIGNED, license, who, person["id"], after=person["id"])
    told = {"license": license["id"], "assignment": assignment["id"]}
    mail = book.mail(MailKind.LICENSE_ASSIGNED, person, told, f"license_assigned:{assignment['id']}", who)
    if refused:
        mail |= REFUSED


def activate(customer: Customer, at: dt.datetime, holder: Row) -> None:
    """The holder follows the button of the mail, as `links.activate`: so they answer at their address."""
    customer.book.at(at)
    license = customer.license_of(holder)
    license["activated_at"] = customer.held[license["id"]]["activated_at"] = at
    holder["confirmed_at"] = holder["confirmed_at"] or at
    ident = holder["id"]
    _tell_seat(
        customer, JournalVerb.LICENSE_ACTIVATED, license, actor(holder), ident, before=ident, after=ident
    )


def release(customer: Customer, at: dt.datetime, holder: Row, by: Row) -> None:
    """As `licenses.release`."""
    book, who, license = customer.book, actor(by), customer.license_of(holder)
    assignment = customer.held.pop(license["id"])
    book.at(at)
    book.note(Assignment, assignment, ended_at=at, taken_by_id=who.user_id)
    book.note(License, license, user_id=None, assigned_at=None, activated_at=None)
    _tell_seat(customer, JournalVerb.LICENSE_RELEASED, license, who, holder["id"], before=holder["id"])
    book.mail(
        MailKind.LICENSE_RELEASED,
        holder,
        {"license": license["id"], "assignment": assignment["id"]},
        f"license_released:{assignment['id']}",
        who,
    )


def _tell_seat(
    customer: Customer,
    verb: JournalVerb,
    license: Row,
    by: Actor,
    holder: int,
    *,
    before: int | None = None,
    after: int | None = None,
) -> None:
    customer.book.tell(
        verb,
        by,
        (SubjectKind.LICENSE, license["id"], license["company_id"]),
        related={"user": holder, "plan": license["plan_id"]},
        before={"user": before},
        after={"user": after},
    )


def ask(customer: Customer, at: dt.datetime, person: Row, word: str) -> None:
    """As `requests.ask`: whoever administers the customer is mailed."""
    customer.book.at(at)
    asked = customer.book.add(
        LicenseRequest, company_id=person["company_id"], user_id=person["id"], word=word, asked_at=at
    )
    customer.book.tell(JournalVerb.LICENSE_REQUESTED, actor(person), _user(person))
    for reader in customer.people:
        if reader["role"] == Role.ADMIN and reader["active"]:
            key = f"license_requested:{asked['id']}:{reader['id']}"
            customer.book.mail(MailKind.LICENSE_REQUESTED, reader, {"request": asked["id"]}, key)


# --- What staff must look at ------------------------------------------------------------------------------------------


def open_issue(
    customer: Customer, at: dt.datetime, order: Row, *, kind: IssueKind, about: str, cause: str
) -> None:
    """As `issues.open_issue`: Stripe told of a refund or a dispute."""
    book = customer.book
    book.at(at)
    issue = book.add(
        OrderIssue,
        company_id=order["company_id"],
        order_id=order["id"],
        kind=kind,
        stripe_id=about,
        cause=cause,
        opened_at=at,
    )
    subject = (SubjectKind.ORDER, order["id"], order["company_id"])
    book.tell(JournalVerb.ISSUE_OPENED, SYSTEM, subject, after={"issue": kind})
    context = {"order": order["id"], "issue": issue["id"], "note": kind}
    key = f"staff_alert:issue:{issue['id']}"
    book.mail(MailKind.STAFF_ALERT, customer.desk.vendor.support_email, context, key)


# A mail that the sandbox's server refuses, for good: as the worker marks it.
REFUSED = {
    "state": MailState.FAILED,
    "attempts": 1,
    "sent_at": None,
    "last_error": f"{MailTrouble.RECIPIENT_REFUSED} 550 5.1.1",
    "server_reply": "550 5.1.1 No such mailbox here",
}
# A seat that was just delivered: what `assign` and `release` change of it.
NOBODYS = {"user_id": None, "assigned_at": None, "activated_at": None, "status": LicenseStatus.ACTIVE}
