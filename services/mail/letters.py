"""The mails: one function for each thing that happened, and `queue()` under them.

A verb calls these inside its own transaction: the mail is a row that is committed with what it tells, or not at
all. The worker renders it from the row's ids and sends it (`services/outbox.py`). A row never holds a token or a
body. The words of each mail are in `templates/mail/<name>/`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

from flask import current_app
from sqlalchemy.dialects import postgresql, sqlite

from access import Actor
from models import Assignment, Language, License, Order, OutgoingMail, User, db, utcnow
from services.catalogue import vendor


def queue(
    template: str,
    *,
    to: User | str,
    context: Mapping[str, int | str],
    dedupe_key: str,
    language: str | None = None,
    company_id: int | None = None,
) -> OutgoingMail | None:
    """Put one mail in the outbox, inside the caller's transaction. Never commits.

    Args:
        template: The folder under `templates/mail/`.
        to: The person, or a bare address where there is no account.
        context: Ids (and codes) to render from: never a token, a name or an address.
        dedupe_key: Says what happened, once: a second mail with the same key is not queued.
        language: The person's own by default; French for a bare address.
        company_id: Who may see the row beside the staff; the person's company by default.

    Returns:
        The row, or None when the same mail had been queued before, by whomever.
    """
    person = to if isinstance(to, User) else None
    values = {
        "template": template,
        "user_id": person.id if person else None,
        "address": None if person else to,
        "company_id": company_id or (person.company_id if person else None),
        "language": Language(language or (person.language if person else Language.FR)),
        "context": dict(context),
        "dedupe_key": dedupe_key,
        "message_id": f"<{uuid.uuid4()}@{_sender_domain()}>",
        "due_at": utcnow(),
    }
    found: OutgoingMail | None = db.session.scalars(_insert_once().values(**values)).first()
    return found


def _insert_once() -> Any:
    """An INSERT that gives way to a row with the same key instead of breaking the caller's transaction."""
    insert: Any = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    statement = insert(OutgoingMail)
    return statement.on_conflict_do_nothing(index_elements=["dedupe_key"]).returning(OutgoingMail)


def _sender_domain() -> str:
    return parseaddr(current_app.config["MAIL_DEFAULT_SENDER"])[1].rpartition("@")[2] or "localhost"


def _by(actor: Actor) -> dict[str, int]:
    return {} if actor.user_id is None else {"by": actor.user_id}


# --- What happened ------------------------------------------------------------------------------------------------


def receipt(order: Order) -> OutgoingMail | None:
    """To the buyer: the order is paid; what was bought, each tax, the total, and where to assign it."""
    return queue("receipt", to=order.placed_by, context={"order": order.id}, dedupe_key=f"receipt:{order.id}")


def payment_failed(order: Order) -> OutgoingMail | None:
    """To the buyer: the bank refused the debit after the fact; nothing was delivered, and how to pay again."""
    return queue(
        "payment_failed",
        to=order.placed_by,
        context={"order": order.id},
        dedupe_key=f"payment_failed:{order.id}:{order.attempt}",
    )


def license_assigned(license: License, assignment: Assignment, by: Actor) -> OutgoingMail | None:
    """To the person: what they were given, by whom, until when, how to install it and a button to activate it."""
    return queue(
        "license_assigned",
        to=_person(assignment),
        context={"license": license.id, "assignment": assignment.id} | _by(by),
        dedupe_key=f"license_assigned:{assignment.id}",
    )


def license_released(license_id: int, assignment: Assignment, by: Actor) -> OutgoingMail | None:
    """To the person: which licence they no longer hold, who took it back, and what that means."""
    return queue(
        "license_released",
        to=_person(assignment),
        context={"license": license_id, "assignment": assignment.id} | _by(by),
        dedupe_key=f"license_released:{assignment.id}",
    )


def _person(assignment: Assignment) -> User:
    return db.session.get_one(User, assignment.user_id)


def sign_in_link(user: User) -> OutgoingMail | None:
    """To the person: the one-time sign-in link that they asked for."""
    return _link("sign_in_link", user)


def password_link(user: User) -> OutgoingMail | None:
    """To the person: the one-time link with which they choose a new password."""
    return _link("password_link", user)


def _link(template: str, user: User) -> OutgoingMail | None:
    # Each request is a mail of its own: the person may have lost the one before.
    return queue(
        template, to=user, context={"user": user.id}, dedupe_key=f"{template}:{user.id}:{uuid.uuid4()}"
    )


def staff_alert(order: Order, note: str) -> OutgoingMail | None:
    """To the vendor's support address: an order that needs a person. `note` is a code of `services/payments.py`.

    The row belongs to no company, so that no customer ever sees it. Before the vendor has a support address there
    is nobody to write to: the order's note says it alone.
    """
    address = vendor.current().support_email
    if not address:
        return None
    return queue(
        "staff_alert",
        to=address,
        context={"order": order.id, "note": note},
        dedupe_key=f"staff_alert:{order.id}:{note}",
    )
