"""Whether a mail is still true when it is to leave: what has moved since is not told."""

from __future__ import annotations

from collections.abc import Callable

from access import Permission, can
from models import (
    Assignment,
    FirmLinkState,
    JoinRequest,
    License,
    LicenseRequest,
    MailKind,
    MailState,
    MailTrouble,
    Order,
    OrderIssue,
    OrderState,
    OutgoingMail,
    RequestState,
    Role,
    User,
    db,
    is_erased_address,
    utcnow,
)


class NotWanted(Exception):
    """The mail is no longer true: it is dropped.

    Attributes:
        trouble: Why.
    """

    def __init__(self, trouble: MailTrouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble


def check_wanted(mail: OutgoingMail) -> None:
    """Raise `NotWanted` when what the mail tells is no longer true."""
    if mail.user is not None and not mail.user.is_active:
        raise NotWanted(MailTrouble.PERSON_INACTIVE)
    if mail.address is not None and is_erased_address(mail.address):
        raise NotWanted(MailTrouble.PERSON_ERASED)
    if check := _CHECKS.get(MailKind(mail.template)):
        check(mail)


# --- Helpers: what each kind depends on -----------------------------------------------------------------------------


def _still_held(mail: OutgoingMail) -> None:
    if db.session.get_one(Assignment, mail.context["assignment"]).ended_at is not None:
        raise NotWanted(MailTrouble.LICENSE_TAKEN_BACK)
    if db.session.get_one(License, mail.context["license"]).usable_until <= utcnow():
        raise NotWanted(MailTrouble.LICENSE_EXPIRED)


def _was_announced(mail: OutgoingMail) -> None:
    """Do not announce that a licence was taken back when its assignment was never announced, or it is theirs again."""
    key = f"{MailKind.LICENSE_ASSIGNED}:{mail.context['assignment']}"
    state = db.session.scalar(db.select(OutgoingMail.state).filter_by(dedupe_key=key))
    if state in {MailState.QUEUED, MailState.FAILED, MailState.DROPPED}:
        raise NotWanted(MailTrouble.NEVER_ANNOUNCED)
    again = db.select(Assignment.id).where(
        Assignment.license_id == mail.context["license"],
        Assignment.user_id == mail.user_id,
        Assignment.id > mail.context["assignment"],
        Assignment.ended_at.is_(None),
    )
    if db.session.scalar(again) is not None:
        raise NotWanted(MailTrouble.LICENSE_GIVEN_AGAIN)


def _still_failed(mail: OutgoingMail) -> None:
    if db.session.get_one(Order, mail.context["order"]).state != OrderState.FAILED:
        raise NotWanted(MailTrouble.ORDER_SETTLED)


def _still_open(mail: OutgoingMail) -> None:
    """An alert of before there were issues names none, and is sent."""
    issue_id = mail.context.get("issue")
    if issue_id and not db.session.get_one(OrderIssue, issue_id).is_open:
        raise NotWanted(MailTrouble.ORDER_SETTLED)


def _still_administrator(mail: OutgoingMail) -> None:
    reader, person = mail.user, db.session.get_one(User, mail.context["person"])
    if any(one is None or not one.active or one.role != Role.ADMIN for one in (reader, person)):
        raise NotWanted(MailTrouble.NO_LONGER_ADMINISTRATOR)


def _still_requested(mail: OutgoingMail) -> None:
    if mail.user is not None and not can(mail.user, Permission.MANAGE_USERS):
        raise NotWanted(MailTrouble.NO_LONGER_ADMINISTRATOR)
    if db.session.get_one(LicenseRequest, mail.context["request"]).state != RequestState.OPEN:
        raise NotWanted(MailTrouble.REQUEST_ANSWERED)


def _may_still_join(mail: OutgoingMail) -> None:
    request = db.session.get(JoinRequest, mail.context["join_request"])
    if request is None or request.expires_at <= utcnow() or request.firm_link.state() != FirmLinkState.OPEN:
        raise NotWanted(MailTrouble.LINK_GONE)


def _not_joined(mail: OutgoingMail) -> None:
    if mail.user is not None and mail.user.confirmed_at is not None:
        raise NotWanted(MailTrouble.ALREADY_JOINED)


def _still_asked(mail: OutgoingMail) -> None:
    """Another address may have been asked for since, or none."""
    asked = db.session.get_one(User, mail.context["user"]).new_email
    if asked is None or mail.address not in {None, asked}:
        raise NotWanted(MailTrouble.ADDRESS_SETTLED)


_CHECKS: dict[MailKind, Callable[[OutgoingMail], None]] = {
    MailKind.LICENSE_ASSIGNED: _still_held,
    MailKind.LICENSE_RELEASED: _was_announced,
    MailKind.LICENSE_REQUESTED: _still_requested,
    MailKind.PAYMENT_FAILED: _still_failed,
    MailKind.STAFF_ALERT: _still_open,
    MailKind.INVITATION: _not_joined,
    MailKind.JOIN_LINK: _may_still_join,
    MailKind.ADDRESS_ASKED: _still_asked,
    MailKind.ADDRESS_CONFIRMATION: _still_asked,
    MailKind.NEW_ADMINISTRATOR: _still_administrator,
}
