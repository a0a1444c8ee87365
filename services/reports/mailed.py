"""Which mails told people of what happened to a licence: found by whom they went to, or by the order of which they are the receipt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from models import MailKind, OutgoingMail, db
from services.mail import letters

# What is mailed because a licence moves.
KINDS = (MailKind.LICENSE_ASSIGNED, MailKind.LICENSE_RELEASED)


def told_of(
    people: Collection[int], instants: Collection[dt.datetime], orders: Collection[int]
) -> Sequence[Any]:
    """The mails that were queued to `people` at one of these `instants`, which are those of turns, and the receipts of `orders`.

    Light rows, oldest first; one statement, by an index of each.
    """
    mail = OutgoingMail
    moved = sa.and_(
        mail.user_id.in_(people),
        mail.created_at.in_(instants),
        mail.template.in_([str(kind) for kind in KINDS]),
    )
    receipts = mail.dedupe_key.in_([letters.receipt_key(order) for order in orders])
    found = sa.select(
        mail.id, mail.user_id, mail.address, mail.template, mail.state, mail.created_at, mail.context
    )
    return db.session.execute(found.where(sa.or_(moved, receipts)).order_by(mail.id)).all()
