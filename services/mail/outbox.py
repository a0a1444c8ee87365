"""The outbox: render each waiting mail, hand it to the mail server, and mark what came of it.

The body of `flask worker`. When a worker dies while sending, the mail is sent again under the same Message-ID: a
person may get it twice, but never loses it. Only ids and codes are logged.
"""

from __future__ import annotations

import datetime as dt
import logging
import traceback
from collections.abc import Callable

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

import access
from access import Actor
from models import JournalVerb, MailState, MailTrouble, OutgoingMail, db, utcnow
from services.foundation import journal
from services.foundation.errors import Code, Refused
from services.foundation.transaction import Turn, transaction
from services.mail import letters
from services.mail.rendering import compose
from services.mail.still_true import NotWanted, check_wanted
from services.smtp.courier import Courier, NotSent
from services.waiting import queue
from services.waiting.queue import Lease, Queue

log = logging.getLogger(__name__)

OUTBOX = Queue(OutgoingMail, queued=MailState.QUEUED, leased=MailState.SENDING)
# With the delays of `queue.retry_delay`: about three days.
MAX_ATTEMPTS = 78
MINIMUM_LEASE = dt.timedelta(minutes=2)
# Connecting, greeting, TLS, signing in and sending wait for the server at most this often.
WAITS_PER_MAIL = 15


class ServerAwayError(Exception):
    """The mail server takes no mail for now: there is no use in trying the other mails one by one."""


# --- The worker ---------------------------------------------------------------------------------------------------


def run(stop: Callable[[], bool], once: bool = False) -> None:
    """Send what is due, again and again until `stop()`; with `once`, return when nothing is due any more.

    When the database or the mail server is unreachable it does not end; its pauses grow, up to a minute.
    """

    def send_all() -> bool:
        try:
            send_due(stop)
        except ServerAwayError as error:
            log.warning("the mail server takes no mail: %s", error)
            return False
        return True

    with access.everything():
        queue.work(send_all, stop, once)


def send_due(stop: Callable[[], bool] = lambda: False) -> int:
    """Send every mail that is due, over one connection. Returns how many were dealt with.

    Raises:
        ServerAwayError: the server takes no mail.
    """
    count = 0
    with Courier() as courier:
        while not stop() and (lease := OUTBOX.claim(lease_time())) is not None:
            deliver(lease, courier)
            count += 1
    return count


# --- One mail -----------------------------------------------------------------------------------------------------


def lease_time() -> dt.timedelta:
    """How long a worker may take over one mail: longer than all of its waits for the mail server."""
    timeout: float = current_app.config["MAIL_TIMEOUT"]
    return max(MINIMUM_LEASE, dt.timedelta(seconds=WAITS_PER_MAIL * timeout))


def deliver(lease: Lease, courier: Courier) -> None:
    """Send the leased mail and mark it. A fault of this mail does not stop the others.

    Raises:
        ServerAwayError: the next mail would fail in the same way.
    """
    try:
        # Connect first: while the server is unreachable no link is made.
        courier.connect()
        with transaction() as turn:
            message = compose(turn, db.session.get_one(OutgoingMail, lease.row_id))
        reply = courier.send(message)
    except NotWanted as reason:
        mark(lease, MailState.DROPPED, last_error=reason.trouble)
    except NotSent as error:
        mark_not_sent(lease, error)
    except (sa.exc.OperationalError, sa.exc.InterfaceError):
        raise
    except Exception as error:
        log.error("mail %s cannot be rendered: %s", lease.row_id, _where(error))
        mark(lease, MailState.FAILED, last_error=f"{MailTrouble.RENDERING} {type(error).__name__}")
    else:
        mark(lease, MailState.SENT, sent_at=utcnow(), last_error=None, server_reply=reply)


def mark_not_sent(lease: Lease, error: NotSent) -> None:
    """Mark a mail that the server did not take: failed for good, or due again later.

    Raises:
        ServerAwayError: the next mail would fail in the same way.
    """
    if error.for_good or lease.attempt >= MAX_ATTEMPTS:
        mark(lease, MailState.FAILED, last_error=str(error), server_reply=error.said)
    else:
        due_at = utcnow() + queue.retry_delay(lease.attempt)
        mark(lease, MailState.QUEUED, last_error=str(error), server_reply=error.said, due_at=due_at)
    if error.everyone:
        raise ServerAwayError(str(error))


def mark(lease: Lease, state: MailState, **values: object) -> None:
    """Write what came of a mail, if the lease is still ours, and log it."""
    OUTBOX.mark(lease, state, **values)
    log.info("mail %s: %s %s", lease.row_id, state, values.get("last_error") or "")


def _where(error: Exception) -> str:
    """`KeyError at receipt.py:12`, without the message, which may hold personal data."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {frame.filename}:{frame.lineno}"


# --- Staff --------------------------------------------------------------------------------------------------------


def resend(mail: OutgoingMail, by: Actor) -> OutgoingMail:
    """Send a mail again: one that failed as if it had never been tried; of one that was sent and "never came" a copy, to
    the address of today and with a link of its own. Within the same minute it is one copy.

    Returns:
        The mail that waits now.

    Raises:
        Refused: `not_sent`, when it is on its way or was dropped; `no_longer_true`.
    """
    mail_id = mail.id
    with transaction() as turn:
        mail = db.session.get_one(OutgoingMail, mail_id, with_for_update=True)
        if mail.state not in {MailState.FAILED, MailState.SENT}:
            raise Refused(
                Code.NOT_SENT,
                _("Only a mail that was sent or failed can be sent again. Nothing was changed."),
            )
        _check_true(mail)
        before = {"state": mail.state, "last_error": mail.last_error}
        again = _queue_again(turn, mail) if mail.state == MailState.FAILED else letters.copy(turn, mail)
        if again is not None:
            after = {"state": MailState.QUEUED}
            journal.record(turn, JournalVerb.MAIL_RESENT, by=by, subject=mail, before=before, after=after)
        return again or mail


def _check_true(mail: OutgoingMail) -> None:
    try:
        check_wanted(mail)
    except NotWanted:
        raise Refused(
            Code.NO_LONGER_TRUE, _("What this mail says is no longer true. Nothing was sent.")
        ) from None


def _queue_again(turn: Turn, mail: OutgoingMail) -> OutgoingMail:
    mail.state, mail.attempts, mail.due_at, mail.last_error = MailState.QUEUED, 0, turn.now, None
    return mail
