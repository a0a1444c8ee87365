"""The letters: one step for each thing that people are told by mail, all on top of `queue`.

A verb calls these in its turn: the mail is a row, committed together with what it tells. The worker renders it from
the row's ids and sends it (`services/mail/outbox.py`). A row never holds a token or a body. The words of each mail are
in `templates/mail/<kind>/`.
"""

from __future__ import annotations

import dataclasses
import functools
import secrets
import uuid
from collections.abc import Mapping, Sequence
from email.utils import parseaddr

import sqlalchemy as sa
from flask import current_app

from access import Actor, Permission, can, roles_with
from models import (
    ActorKind,
    Assignment,
    Company,
    JoinRequest,
    Lane,
    Language,
    License,
    LicenseRequest,
    MailKind,
    Order,
    OrderIssue,
    OutgoingMail,
    Post,
    Role,
    User,
    ascii_address,
    db,
    insert_or_ignore,
    insert_rows,
)
from services.catalogue import vendor
from services.foundation import operations
from services.foundation.transaction import Turn

# Somebody has just asked for these, and waits.
WAITED_FOR = frozenset({MailKind.JOIN_LINK, MailKind.SIGN_IN_LINK, MailKind.PASSWORD_LINK})


@dataclasses.dataclass(frozen=True)
class Letter:
    """One mail to be queued.

    Attributes:
        to: The person, a company at its billing address, or a bare address where there is no account.
        context: Ids (and codes) to render from: never a token, a name or an address.
        dedupe_key: Names the event, at most 200 characters: a second mail with the same key is not queued.
        language: Of a bare address's mail; a person's or a company's is in theirs.
    """

    kind: MailKind
    to: User | Company | str
    context: Mapping[str, int | str]
    dedupe_key: str
    language: Language = Language.FR


def queue(
    turn: Turn,
    kind: MailKind,
    *,
    to: User | Company | str,
    context: Mapping[str, int | str],
    dedupe_key: str,
    language: Language = Language.FR,
) -> int | None:
    """Put one mail in the outbox. Like every function below it is a step: it never commits.

    Args: as the attributes of `Letter`.

    Returns:
        The row's id, or None when a mail with this key was queued before, or nobody is to be told.
    """
    letter = Letter(kind, to, context, dedupe_key, language)
    if not _leaves(turn, letter):
        return None
    values = _row(turn, letter)
    found: int | None = db.session.scalar(
        insert_or_ignore(OutgoingMail).values(**values).returning(OutgoingMail.id)
    )
    return found


def queue_all(turn: Turn, letters: Sequence[Letter]) -> None:
    """As `queue` of each, in one statement."""
    if rows := [_row(turn, letter) for letter in letters if _leaves(turn, letter)]:
        insert_rows(OutgoingMail, rows, ignore=True)


def copy(turn: Turn, mail: OutgoingMail) -> OutgoingMail | None:
    """A second mail that tells the same, to the address of today; None when one was queued this minute."""
    kind, key = MailKind(mail.template), f"again:{mail.id}:{turn.now:%Y%m%d%H%M}"
    to = mail.user or mail.company or str(mail.address)
    if kind == MailKind.STAFF_ALERT:
        to = vendor.current().support_email
    found = queue(turn, kind, to=to, context=mail.context, dedupe_key=key, language=Language(mail.language))
    return db.session.get_one(OutgoingMail, found) if found else None


def _leaves(turn: Turn, letter: Letter) -> bool:
    return turn.post != Post.NONE or letter.kind in WAITED_FOR


def _row(turn: Turn, letter: Letter) -> dict[str, object]:
    to, held = letter.to, turn.post == Post.HELD and letter.kind not in WAITED_FOR
    return {
        "template": letter.kind,
        "lane": Lane.URGENT if letter.kind in WAITED_FOR else Lane.MAIL,
        "user_id": to.id if isinstance(to, User) else None,
        "address": to.billing_email if isinstance(to, Company) else None if isinstance(to, User) else to,
        "company_id": to.id if isinstance(to, Company) else to.company_id if isinstance(to, User) else None,
        "language": letter.language if isinstance(to, str) else to.language,
        "context": dict(letter.context),
        "dedupe_key": letter.dedupe_key,
        "message_id": f"<{secrets.token_hex(16)}@{_domain_of(current_app.config['MAIL_DEFAULT_SENDER'])}>",
        "created_at": turn.now,
        "due_at": turn.now + operations.UNDO_WITHIN if held else turn.now,
        "operation_id": turn.operation if held else None,
    }


@functools.cache
def _domain_of(sender: str) -> str:
    """The domain of the sender that the settings name, for Message-IDs."""
    return ascii_address(parseaddr(sender)[1]).rpartition("@")[2] or "localhost"


def _by(actor: Actor) -> dict[str, int]:
    return {} if actor.user_id is None else {"by": actor.user_id}


# --- What happened ------------------------------------------------------------------------------------------------


def receipt(turn: Turn, order: Order) -> None:
    """To the billing address, and the buyer while they are there: the order is paid; what was bought, each tax, the
    total, and where to assign it."""
    buyer = _buyer(order)
    _about_money(turn, MailKind.RECEIPT, order, [buyer] if buyer else [], receipt_key(order.id))


def receipt_key(order_id: int) -> str:
    """What the receipt of an order is known by, in the outbox: that to the billing address."""
    return f"receipt:{order_id}"


def payment_failed(turn: Turn, order: Order) -> None:
    """To the billing address, and the buyer or, once they have left, whoever may buy: the bank refused the debit after
    the fact; nothing was delivered, and how to pay again."""
    buyer = _buyer(order)
    buyer = buyer if buyer and can(buyer, Permission.PURCHASE) else None
    key = f"payment_failed:{order.id}:{order.attempt}"
    _about_money(
        turn,
        MailKind.PAYMENT_FAILED,
        order,
        [buyer] if buyer else _who_may(Permission.PURCHASE, order.company_id),
        key,
    )


def _about_money(turn: Turn, kind: MailKind, order: Order, people: Sequence[User], key: str) -> None:
    """One mail to the billing address, which every company has, so that it never reaches nobody; one to each of the
    people who reads elsewhere."""
    billing = order.company.billing_email.lower()
    others = [person for person in people if person.email.lower() != billing]
    context = {"order": order.id}
    letters = [Letter(kind, order.company, context, key)]
    queue_all(turn, letters + [Letter(kind, person, context, f"{key}:{person.id}") for person in others])


@dataclasses.dataclass(frozen=True)
class Given:
    """What the mail of an assignment tells: the licence, to whom, by which assignment, and in the place of which one of theirs."""

    license: License
    user: User
    assignment_id: int
    instead_of_id: int | None = None


def license_assigned(turn: Turn, given: Sequence[Given], by: Actor, *, again: bool = False) -> None:
    """To each person: what they were given, by whom, until when, how to install it and a button to activate it; and which of their
    licences it takes the place of, or that it is theirs again. `again` sends it once more, with a new link.
    """
    # The link of before is dead: each time is a mail of its own.
    suffix = f":{turn.operation}" if again else ""
    queue_all(
        turn,
        [
            Letter(
                MailKind.LICENSE_ASSIGNED,
                one.user,
                {"license": one.license.id, "assignment": one.assignment_id}
                | ({"instead_of": one.instead_of_id} if one.instead_of_id else {})
                | _by(by),
                f"license_assigned:{one.assignment_id}{suffix}",
            )
            for one in given
        ],
    )


def license_released(turn: Turn, released: Sequence[tuple[License, Assignment, User]], by: Actor) -> None:
    """To each person: which licence they no longer hold, who took it back, and what that means."""
    queue_all(
        turn,
        [
            Letter(
                MailKind.LICENSE_RELEASED,
                holder,
                {"license": license.id, "assignment": assignment.id} | _by(by),
                f"license_released:{assignment.id}",
            )
            for license, assignment, holder in released
        ],
    )


def _buyer(order: Order) -> User | None:
    """Whoever placed the order, while they are of the company and active."""
    buyer = order.placed_by if order.placed_as == ActorKind.PERSON else None
    return buyer if buyer is not None and buyer.active else None


def license_requested(turn: Turn, asked: LicenseRequest) -> None:
    """To each who may give licences: who asks for one, with which word. Where nobody may, to the vendor's support address."""
    address = vendor.current().support_email
    readers: list[User | str] = [*_who_may(Permission.MANAGE_USERS, asked.company_id)]
    readers = readers or ([address] if address else [])
    key, context = f"license_requested:{asked.id}", {"request": asked.id}
    letters = [
        Letter(MailKind.LICENSE_REQUESTED, to, context, f"{key}:{to.id if isinstance(to, User) else 0}")
        for to in readers
    ]
    queue_all(turn, letters)


def request_declined(turn: Turn, asked: LicenseRequest, by: Actor) -> int | None:
    """To whoever asked for a licence: that they get none, by whom, with which word."""
    context, key = {"request": asked.id} | _by(by), f"request_declined:{asked.id}"
    return queue(turn, MailKind.REQUEST_DECLINED, to=asked.user, context=context, dedupe_key=key)


def _who_may(permission: Permission, company_id: int) -> list[User]:
    """The active people of the company who hold a permission."""
    found = sa.select(User).where(
        User.company_id == company_id, User.active, User.role.in_(roles_with(permission))
    )
    return list(db.session.scalars(found.order_by(User.id)))


def invitation(turn: Turn, user: User, by: Actor) -> int | None:
    """To the person: who gave them an account, of what, and a link to begin, good for seven days. One a minute, unless what it leads to has changed."""
    letter = _invitation(turn, user, by)
    return queue(turn, letter.kind, to=letter.to, context=letter.context, dedupe_key=letter.dedupe_key)


def invitations(turn: Turn, users: Sequence[User], by: Actor) -> None:
    """As `invitation`, to each of many."""
    queue_all(turn, [_invitation(turn, user, by) for user in users])


def _invitation(turn: Turn, user: User, by: Actor) -> Letter:
    key = f"invitation:{user.id}:{user.fs_uniquifier[:8]}:{turn.now:%Y%m%d%H%M}"
    return Letter(MailKind.INVITATION, user, {"user": user.id} | _by(by), key)


def sign_in_link(turn: Turn, user: User) -> int | None:
    """To the person: the one-time sign-in link that they asked for."""
    return _link(turn, MailKind.SIGN_IN_LINK, user)


def join_link(turn: Turn, request: JoinRequest) -> int | None:
    """To an address that somebody typed: the link by which whoever has it joins the company. What else was typed is not in it."""
    return queue(
        turn,
        MailKind.JOIN_LINK,
        to=request.email,
        context={"join_request": request.id},
        dedupe_key=f"{MailKind.JOIN_LINK}:{request.id}:{request.token_hash[:8]}",
        language=request.language,
    )


def password_link(turn: Turn, user: User) -> int | None:
    """To the person: the one-time link with which they choose a new password."""
    return _link(turn, MailKind.PASSWORD_LINK, user)


def address_changed(turn: Turn, user: User, before: str, by: Actor) -> int | None:
    """To the person at the address of before, and at the new one: which of the two opens the account from now on."""
    event = f"{MailKind.ADDRESS_CHANGED}:{user.id}:{uuid.uuid4()}"
    context = {"user": user.id} | _by(by)
    queue(
        turn,
        MailKind.ADDRESS_CHANGED,
        to=before,
        context=context,
        dedupe_key=f"{event}:before",
        language=user.language,
    )
    return queue(turn, MailKind.ADDRESS_CHANGED, to=user, context=context, dedupe_key=event)


def address_asked(turn: Turn, user: User, by: Actor) -> int | None:
    """To the person at the address of today: another one was asked for, by whom; nothing changes until it has answered."""
    key = f"{MailKind.ADDRESS_ASKED}:{user.id}:{turn.operation}"
    return queue(turn, MailKind.ADDRESS_ASKED, to=user, context={"user": user.id} | _by(by), dedupe_key=key)


def address_confirmation(turn: Turn, user: User, email: str, by: Actor) -> int | None:
    """To an address that is to become the person's: a link that makes it so."""
    return queue(
        turn,
        MailKind.ADDRESS_CONFIRMATION,
        to=email,
        context={"user": user.id} | _by(by),
        dedupe_key=f"{MailKind.ADDRESS_CONFIRMATION}:{user.id}:{turn.operation}",
        language=user.language,
    )


def address_moved(turn: Turn, user: User, before: str) -> int | None:
    """To the address of before: it no longer opens the account."""
    return queue(
        turn,
        MailKind.ADDRESS_MOVED,
        to=before,
        context={"user": user.id},
        dedupe_key=f"{MailKind.ADDRESS_MOVED}:{user.id}:{turn.operation}",
        language=user.language,
    )


def password_changed(turn: Turn, user: User) -> int | None:
    """To the person: their password is another one, so that whoever did not do it knows at once."""
    key = f"{MailKind.PASSWORD_CHANGED}:{user.id}:{uuid.uuid4()}"
    return queue(turn, MailKind.PASSWORD_CHANGED, to=user, context={"user": user.id}, dedupe_key=key)


def new_administrator(turn: Turn, person: User, by: Actor) -> None:
    """To each other administrator of the person's company: who administers it too from now on, and by whom."""
    others = db.session.scalars(
        sa.select(User).where(
            User.company_id == person.company_id,
            User.role == Role.ADMIN,
            User.active.is_(True),
            User.id != person.id,
        )
    )
    event = f"{MailKind.NEW_ADMINISTRATOR}:{person.id}:{uuid.uuid4()}"
    context = {"person": person.id} | _by(by)
    queue_all(turn, [Letter(MailKind.NEW_ADMINISTRATOR, to, context, f"{event}:{to.id}") for to in others])


def _link(turn: Turn, kind: MailKind, user: User) -> int | None:
    # Each request is a mail of its own: the person may have lost the one before.
    return queue(
        turn, kind, to=user, context={"user": user.id}, dedupe_key=f"{kind}:{user.id}:{uuid.uuid4()}"
    )


def staff_alert(turn: Turn, issue: OrderIssue) -> int | None:
    """To the vendor's support address: an order that needs a person.

    The row belongs to no company, so that no customer ever sees it. None while the vendor has no support address:
    then only the back office tells it.
    """
    address = vendor.current().support_email
    if not address:
        return None
    return queue(
        turn,
        MailKind.STAFF_ALERT,
        to=address,
        context={"order": issue.order_id, "issue": issue.id, "note": issue.kind},
        dedupe_key=f"staff_alert:issue:{issue.id}",
    )
