"""The words of mail for staff: which letter, and why one was not sent."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from models import MailKind, MailTrouble

LETTERS: dict[MailKind, Any] = {
    MailKind.ADDRESS_ASKED: _l("New address asked for"),
    MailKind.ADDRESS_CONFIRMATION: _l("New address to confirm"),
    MailKind.ADDRESS_MOVED: _l("Address no longer in use"),
    MailKind.ADDRESS_CHANGED: _l("Address changed"),
    MailKind.INVITATION: _l("Invitation"),
    MailKind.JOIN_LINK: _l("Link to join a company"),
    MailKind.LICENSE_ASSIGNED: _l("License assigned"),
    MailKind.LICENSE_RELEASED: _l("License released"),
    MailKind.LICENSE_REQUESTED: _l("License asked for"),
    MailKind.NEW_ADMINISTRATOR: _l("New administrator"),
    MailKind.PASSWORD_CHANGED: _l("Password changed"),
    MailKind.PASSWORD_LINK: _l("Choose a password"),
    MailKind.PAYMENT_FAILED: _l("Payment declined"),
    MailKind.RECEIPT: _l("Receipt"),
    MailKind.REQUEST_DECLINED: _l("Request declined"),
    MailKind.SIGN_IN_LINK: _l("Sign-in link"),
    MailKind.STAFF_ALERT: _l("Alert to support"),
}

TROUBLES: dict[MailTrouble, Any] = {
    MailTrouble.UNREACHABLE: _l("The mail server takes no mail for now."),
    MailTrouble.RECIPIENT_REFUSED: _l("The mail server refuses the recipient."),
    MailTrouble.SENDER_REFUSED: _l("The mail server refuses the sender."),
    MailTrouble.CONTENT_REFUSED: _l("The mail server refuses the mail itself."),
    MailTrouble.RENDERING: _l("The mail could not be written."),
    MailTrouble.ADDRESS_SETTLED: _l("The new address was no longer asked for."),
    MailTrouble.PERSON_INACTIVE: _l("The person has been deactivated."),
    MailTrouble.PERSON_ERASED: _l("The personal information of the person was erased."),
    MailTrouble.LICENSE_TAKEN_BACK: _l("The license was released before the mail left."),
    MailTrouble.LICENSE_EXPIRED: _l("The license expired before the mail left."),
    MailTrouble.NEVER_ANNOUNCED: _l("The person had not been told of this license."),
    MailTrouble.ORDER_SETTLED: _l("The order had moved on before the mail left."),
    MailTrouble.LICENSE_GIVEN_AGAIN: _l("The person held the license again before the mail left."),
    MailTrouble.NO_LONGER_ADMINISTRATOR: _l("It was no longer so before the mail left."),
    MailTrouble.REQUEST_ANSWERED: _l("The request was answered before the mail left."),
    MailTrouble.UNDONE: _l("What it tells of was taken back before the mail left."),
    MailTrouble.LINK_GONE: _l("Nobody could join with the link any more before the mail left."),
    MailTrouble.ALREADY_JOINED: _l("The person had joined before the mail left."),
}
