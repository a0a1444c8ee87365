"""The rule of every column of every table: what of it is about one person, what becomes of that when they are erased, what stays and why.

`erasure` and `known` read `PARTS`. A new column joins here or in `others`, or `tests/services/privacy/test_every_column.py` fails.
Numbers of rows (keys and what points at them) need no rule: they name nobody, and without them nothing would add up.
"""

from __future__ import annotations

import dataclasses
import enum
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from models import (
    Assignment,
    Base,
    Batch,
    BatchFile,
    BatchRow,
    CartItem,
    Dismissal,
    FirmLink,
    JoinRequest,
    JournalEntry,
    JournalPersonal,
    JournalSubject,
    JournalVerb,
    KeptForm,
    License,
    LicenseRequest,
    Link,
    MailKind,
    Operation,
    Order,
    OrderIssue,
    OutgoingMail,
    Plan,
    RequestState,
    SubjectKind,
    User,
    erased_address,
    sort_key,
)
from services.text.formats import current_language


class Rule(enum.StrEnum):
    """What becomes of a personal column. `DROP`: its row goes, and with it every column that has this rule."""

    BLANK = "blank"
    DROP = "drop"
    KEEP = "keep"


@dataclasses.dataclass(frozen=True)
class Column:
    """A personal column.

    Attributes:
        label: What the person reads it as; None for what nobody is told: a secret, or what another part tells.
        kind: The enum of a code that is stored as text.
        blank: What is put in its place, by the person's number.
    """

    rule: Rule
    label: Any = None
    kind: type[enum.StrEnum] | None = None
    blank: Callable[[int], Any] = lambda _person: None


@dataclasses.dataclass(frozen=True)
class Part:
    """Rows of one table that are about one person.

    Attributes:
        code: What a file calls it.
        title: What people call it; None where nothing of it is told.
        whose: Which rows are about the person with a number.
        erased, stays: For whoever is about to erase: what goes; what does not, and why.
        joins: Where `beside` is read: (table, condition).
        beside: What is told with each row from other tables: its words, and its column.
    """

    code: str
    title: Any
    model: type[Base]
    whose: Callable[[int], sa.ColumnElement[bool]]
    columns: Mapping[str, Column]
    erased: Any = None
    stays: Any = None
    joins: Sequence[Any] = ()
    beside: Callable[[], Mapping[str, tuple[Any, Any]]] = dict

    @property
    def drops(self) -> bool:
        return any(column.rule is Rule.DROP for column in self.columns.values())

    def blanks(self, person: int) -> dict[str, Any]:
        """What its columns hold once the person is erased; those that stay are not among them."""
        return {
            name: column.blank(person) for name, column in self.columns.items() if column.rule is Rule.BLANK
        }


def _keep(label: Any = None, kind: type[enum.StrEnum] | None = None) -> Column:
    return Column(Rule.KEEP, label, kind)


def _drop(label: Any = None) -> Column:
    return Column(Rule.DROP, label)


def _blank(label: Any = None, to: Callable[[int], Any] = lambda _person: None) -> Column:
    return Column(Rule.BLANK, label, blank=to)


def _empty(_person: int) -> dict[str, Any]:
    return {}


def _acts_of(person: int) -> sa.Select[Any]:
    return sa.select(JournalEntry.id).where(JournalEntry.actor_id == person)


def _told_of(person: int) -> sa.Select[Any]:
    """The entries whose subject is the person; found by the index of what each concerns."""
    subject = JournalSubject
    return (
        sa.select(JournalEntry.id)
        .join(subject, subject.entry_id == JournalEntry.id)
        .where(subject.kind == SubjectKind.USER, subject.row_id == person)
        .where(JournalEntry.subject_type == SubjectKind.USER, JournalEntry.subject_id == person)
    )


def _imported_with(person: int) -> sa.Select[Any]:
    return sa.select(BatchRow.batch_id).where(BatchRow.user_id == person)


def _asked_by(person: int) -> sa.Select[Any]:
    """What was asked for at a link of the person's own firm under their address of today: `erasure` comes to the account last.

    At another firm's it may be somebody else who has that address.
    """
    same = sa.func.lower(JoinRequest.email) == sa.func.lower(User.email)
    return (
        sa.select(JoinRequest.id)
        .join(FirmLink, FirmLink.id == JoinRequest.firm_link_id)
        .join(User, (User.company_id == FirmLink.company_id) & same)
        .where(User.id == person)
    )


# Most rows hold nothing but from where somebody acted.
_TELLS = sa.or_(*(sa.cast(one, sa.Text) != "{}" for one in (JournalPersonal.before, JournalPersonal.after)))
_AT, _VERB = _l("Date"), _l("Action")
_MAIL, _QUEUED = _l("Mail"), _l("Queued on")

PARTS = (
    Part(
        "account",
        _l("Account"),
        User,
        lambda person: User.id == person,
        {
            "email": _blank(_l("Email"), erased_address),
            "first_name": _blank(_l("First name"), lambda _person: ""),
            "last_name": _blank(_l("Last name"), lambda _person: "Erased person"),
            "sort_key": _blank(to=lambda _person: sort_key("Erased person", "")),
            "search_text": _blank(to=lambda _person: ""),
            "role": _keep(_l("Role")),
            "language": _keep(_l("Language")),
            "time_zone": _blank(_l("Time zone")),
            "active": _keep(_l("Active")),
            "created_at": _keep(_l("Account opened")),
            "new_email": _blank(_l("New address asked for")),
            "new_email_at": _blank(_l("Asked for on")),
            "confirmed_at": _blank(_l("Address confirmed on")),
            "signed_in_at": _blank(_l("Last sign-in")),
            "erased_at": _keep(_l("Erased on")),
            "password": _blank(),
            # In the cookies of their sessions, which end.
            "fs_uniquifier": _blank(to=lambda _person: uuid.uuid4().hex),
            "covered_until": _keep(),
        },
        erased=_l("Their name, address, time zone and password, and when they last signed in."),
        stays=_l(
            "The account’s number with its role and language, so that everything that points at it still adds up. It is "
            "called “Erased person” everywhere."
        ),
    ),
    Part(
        "licenses",
        _l("Licenses held"),
        Assignment,
        lambda person: Assignment.user_id == person,
        {
            "started_at": _keep(_l("From")),
            "activated_at": _keep(_l("Activated on")),
            "ended_at": _keep(_l("Until")),
        },
        stays=_l("Which licenses they held and when, by number: an auditor asks the company for it."),
        joins=((License, License.id == Assignment.license_id), (Plan, Plan.id == License.plan_id)),
        beside=lambda: {
            "plan": (_l("Plan"), Plan.name(current_language())),
            "key": (_l("Key"), License.key),
        },
    ),
    Part(
        "changes",
        _l("Changes of their details"),
        JournalPersonal,
        lambda person: JournalPersonal.entry_id.in_(_told_of(person)) & _TELLS,
        {"before": _blank(_l("Before"), _empty), "after": _blank(_l("After"), _empty)},
        erased=_l("In the journal, their names and addresses before and after each change."),
        joins=((JournalEntry, JournalEntry.id == JournalPersonal.entry_id),),
        beside=lambda: {"at": (_AT, JournalEntry.at)},
    ),
    Part(
        "addresses",
        _l("Where they acted from"),
        JournalPersonal,
        lambda person: JournalPersonal.entry_id.in_(_acts_of(person)) & JournalPersonal.address.is_not(None),
        {"address": _blank(_l("IP address"))},
        erased=_l("In the journal, from which network addresses they acted."),
        joins=((JournalEntry, JournalEntry.id == JournalPersonal.entry_id),),
        beside=lambda: {"at": (_AT, JournalEntry.at)},
    ),
    Part(
        "acts",
        _l("What they did"),
        JournalEntry,
        lambda person: JournalEntry.actor_id == person,
        {"at": _keep(_AT), "verb": _keep(_VERB, JournalVerb)},
        stays=_l("In the journal, who did what and when, by number: nobody may rewrite it."),
    ),
    Part(
        "operations",
        None,
        Operation,
        lambda person: Operation.by_id == person,
        {"at": _keep(), "verb": _keep()},
    ),
    Part(
        "mail",
        _l("Mail sent to them"),
        OutgoingMail,
        lambda person: OutgoingMail.user_id == person,
        {
            "template": _keep(_MAIL, MailKind),
            "state": _keep(_l("State")),
            "created_at": _keep(_QUEUED),
            "sent_at": _keep(_l("Sent on")),
            "server_reply": _blank(_l("Answer of the mail server")),
        },
        erased=_l("Mail that still waits for them, which is not sent, and what the mail server answered."),
        stays=_l("Which mail was sent and when; what it said was never kept."),
    ),
    Part(
        "former_addresses",
        _l("Former addresses that were written to"),
        OutgoingMail,
        # They are mailed as bare addresses, which belong to no company; so is whoever comes by a firm's link.
        lambda person: sa.and_(
            OutgoingMail.company_id.is_(None),
            OutgoingMail.address.is_not(None),
            sa.or_(
                OutgoingMail.context["user"].as_integer() == person,
                OutgoingMail.context["join_request"].as_integer().in_(_asked_by(person)),
            ),
        ),
        {"address": _blank(_l("Email"), erased_address)},
        erased=_l("Former addresses that were told of a change."),
        beside=lambda: {"created_at": (_QUEUED, OutgoingMail.created_at)},
    ),
    Part(
        "links",
        _l("One-time links"),
        Link,
        lambda person: Link.user_id == person,
        {
            "purpose": _drop(_l("Purpose")),
            "created_at": _drop(_l("Made on")),
            "expires_at": _drop(_l("Works until")),
            "used_at": _drop(_l("Used on")),
            "email": _drop(_l("New address")),
            "token_hash": _drop(),
        },
        erased=_l("One-time links, which stop working."),
    ),
    Part(
        "requests",
        _l("Licenses asked for"),
        LicenseRequest,
        lambda person: LicenseRequest.user_id == person,
        {
            "asked_at": _keep(_l("Asked for on")),
            "state": _keep(_l("State"), RequestState),
            "word": _blank(_l("What you wrote"), lambda _person: ""),
            "answered_at": _keep(_l("Answered on")),
            "answer": _blank(_l("Answer"), lambda _person: ""),
        },
        erased=_l("What they wrote when they asked for a license, and what was answered."),
        stays=_l("When they asked for a license, and what came of it, by number."),
    ),
    Part(
        "joining",
        _l("Asked to join by a link"),
        JoinRequest,
        lambda person: JoinRequest.id.in_(_asked_by(person)),
        {
            "email": _drop(_l("Email")),
            "first_name": _drop(_l("First name")),
            "last_name": _drop(_l("Last name")),
            "language": _drop(_l("Language")),
            "created_at": _drop(_l("Asked for on")),
            "expires_at": _drop(_l("Works until")),
            "seed": _drop(),
            "token_hash": _drop(),
        },
        erased=_l("What they typed to join by a link, and have not confirmed."),
    ),
    Part(
        "kept_form",
        _l("Form kept when a session ended"),
        KeptForm,
        lambda person: KeptForm.user_id == person,
        {"kept_at": _drop(_l("Kept on")), "sealed": _drop(), "shown": _drop()},
        erased=_l("What they typed as a session ended."),
    ),
    Part(
        "put_away",
        _l("Put away from the home page"),
        Dismissal,
        lambda person: Dismissal.user_id == person,
        {"at": _drop(_AT), "task": _drop(), "mark": _drop()},
        erased=_l("What they put away from their home page."),
    ),
    Part(
        "many_at_once",
        _l("Rows of files and of acts on many"),
        BatchRow,
        lambda person: BatchRow.user_id == person,
        {
            "raw": _blank(_l("What the file held"), _empty),
            # What was made of it: the same, as it would be stored.
            "seen": _blank(None, _empty),
            "problem": _blank(_l("What was said of it")),
        },
        erased=_l("What a file that was imported held of them."),
    ),
    Part(
        "files",
        _l("Files they were imported from"),
        BatchFile,
        lambda person: BatchFile.batch_id.in_(_imported_with(person)),
        {"name": _drop(_l("File")), "created_at": _drop(_AT), "content": _drop()},
        erased=_l("The files that they were imported from, while the desk still has them."),
    ),
    Part(
        "confirmed",
        _l("Acts on many that wait to be done"),
        Batch,
        lambda person: (Batch.confirmed_by_id == person) & Batch.address.is_not(None),
        {"address": _blank(_l("IP address"))},
        erased=_l("The network address that they confirmed from what waits to be done."),
    ),
    Part(
        "orders",
        _l("Orders placed"),
        Order,
        lambda person: Order.placed_by_id == person,
        {"reference": _keep(_l("Order")), "placed_at": _keep(_l("Placed on"))},
        stays=_l(
            "The company’s orders, receipts and payments, with the name and addresses of the company: the law wants them "
            "kept for six years."
        ),
    ),
    Part(
        "cart",
        _l("Added to the cart"),
        CartItem,
        lambda person: CartItem.added_by_id == person,
        {"added_at": _keep(_AT)},
        joins=((Plan, Plan.id == CartItem.plan_id),),
        beside=lambda: {"plan": (_l("Plan"), Plan.name(current_language()))},
    ),
    Part(
        "issues",
        _l("Issues closed"),
        OrderIssue,
        lambda person: OrderIssue.closed_by_id == person,
        {"closed_at": _keep(_AT), "reason": _keep(_l("Reason"))},
    ),
)
