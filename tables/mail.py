"""Mail that waits to be sent, and the one-time links in it."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tables.addresses import MailAddress
from tables.base import Base, BigId, Language, StaffRow, TenantRow, enum_column, partial_index, utcnow
from tables.who import Company, User, person_in


class MailKind(enum.StrEnum):
    """Which letter: a folder of `templates/mail/`, and a function of `services/mail/letters.py`.

    The column is plain text: an older database may hold a kind that is no member any more.
    """

    ADDRESS_ASKED = "address_asked"
    ADDRESS_CHANGED = "address_changed"
    ADDRESS_CONFIRMATION = "address_confirmation"
    ADDRESS_MOVED = "address_moved"
    INVITATION = "invitation"
    JOIN_LINK = "join_link"
    LICENSE_ASSIGNED = "license_assigned"
    LICENSE_RELEASED = "license_released"
    LICENSE_REQUESTED = "license_requested"
    NEW_ADMINISTRATOR = "new_administrator"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of a mail, not a secret
    PASSWORD_LINK = "password_link"  # noqa: S105 - the name of a mail, not a secret
    PAYMENT_FAILED = "payment_failed"
    RECEIPT = "receipt"
    REQUEST_DECLINED = "request_declined"
    SIGN_IN_LINK = "sign_in_link"
    STAFF_ALERT = "staff_alert"


class MailTrouble(enum.StrEnum):
    """Why a mail was not sent: the first word of `OutgoingMail.last_error`; what follows it is the server's reply code."""

    # The server did not take it, for now or for good.
    UNREACHABLE = "unreachable"
    RECIPIENT_REFUSED = "recipient_refused"
    SENDER_REFUSED = "sender_refused"
    CONTENT_REFUSED = "content_refused"
    # It could not be rendered.
    RENDERING = "rendering"
    # It was no longer true when it was to be sent.
    PERSON_INACTIVE = "person_inactive"
    ADDRESS_SETTLED = "address_settled"
    PERSON_ERASED = "person_erased"
    LICENSE_TAKEN_BACK = "license_taken_back"
    LICENSE_EXPIRED = "license_expired"
    NEVER_ANNOUNCED = "never_announced"
    ORDER_SETTLED = "order_settled"
    ALREADY_JOINED = "already_joined"
    LINK_GONE = "link_gone"
    LICENSE_GIVEN_AGAIN = "license_given_again"
    NO_LONGER_ADMINISTRATOR = "no_longer_administrator"
    REQUEST_ANSWERED = "request_answered"
    # The act that it tells of was taken back before it left.
    UNDONE = "undone"


class MailState(enum.StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    # Not sent, because it was no longer true by then: `last_error` says why.
    DROPPED = "dropped"


class Lane(enum.IntEnum):
    """Which mail goes first: somebody waits for a link in front of a screen, whatever else is in the queue."""

    URGENT = 0
    MAIL = 1


class OutgoingMail(Base, TenantRow):
    """The outbox. A row holds ids to render from, never a token or a body: the worker makes the links when it sends."""

    __tablename__ = "outgoing_mail"
    __table_args__ = (
        sa.CheckConstraint("(user_id IS NULL) <> (address IS NULL)", name="one_recipient"),
        sa.CheckConstraint("state <> 'sending' OR lease_until IS NOT NULL", name="lease_filled"),
        sa.Index("ix_outgoing_mail_company_id", "company_id", sa.text("id DESC")),
        partial_index("ix_outgoing_mail_due", "state IN ('queued', 'sending')", "lane", "due_at", "id"),
        sa.Index("ix_outgoing_mail_state", "state", sa.text("id DESC")),
        sa.Index("ix_outgoing_mail_template", "template", sa.text("id DESC")),
        sa.Index("ix_outgoing_mail_user_id", "user_id", sa.text("id DESC")),
        partial_index("ix_outgoing_mail_held", "operation_id IS NOT NULL", "operation_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    company_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("companies.id"))
    user_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("users.id"))
    address: Mapped[str | None] = mapped_column(MailAddress(254))
    template: Mapped[str] = mapped_column(sa.String(50))
    language: Mapped[Language] = mapped_column(enum_column(Language, "language"))
    context: Mapped[dict[str, Any]] = mapped_column(default=dict)
    dedupe_key: Mapped[str] = mapped_column(sa.String(200), unique=True)
    # The act that it tells of, where it is held until that can no longer be taken back.
    operation_id: Mapped[str | None] = mapped_column(sa.String(32), sa.ForeignKey("operations.id"))
    state: Mapped[MailState] = mapped_column(enum_column(MailState, "state"), default=MailState.QUEUED)
    # A `Lane`.
    lane: Mapped[int] = mapped_column(sa.SmallInteger, default=Lane.MAIL)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    lease_until: Mapped[dt.datetime | None]
    message_id: Mapped[str] = mapped_column(sa.String(200), unique=True)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    sent_at: Mapped[dt.datetime | None]
    last_error: Mapped[str | None] = mapped_column(sa.String(500))
    # What the mail server answered last, without addresses. A server that takes a mail has not delivered it yet.
    server_reply: Mapped[str | None] = mapped_column(sa.String(200))

    user: Mapped[User | None] = person_in("OutgoingMail.user_id")
    company: Mapped[Company | None] = relationship(foreign_keys=[company_id], viewonly=True)


class LinkPurpose(enum.StrEnum):
    SIGN_IN = "sign_in"
    PASSWORD = "password"  # noqa: S105 - the name of a purpose, not a secret
    ACTIVATION = "activation"
    INVITATION = "invitation"
    ADDRESS = "address"


class Link(Base, StaffRow):
    """A one-time link. Only the hash of its token is stored; GET shows a button, POST uses it, once."""

    __tablename__ = "links"
    __table_args__ = (sa.Index("ix_links_user_id", "user_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    purpose: Mapped[LinkPurpose] = mapped_column(enum_column(LinkPurpose, "purpose"))
    user_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("users.id"))
    license_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("licenses.id"))
    # The new address that it was mailed to, and makes the person's.
    email: Mapped[str | None] = mapped_column(MailAddress(254))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]

    user: Mapped[User] = person_in("Link.user_id")
