"""The outbox: claim a mail, render it, hand it to the mail server, say what came of it. The body of `flask worker`.

A mail is leased before it is sent and marked after. A worker that dies between the two leaves a lease that runs out, and the
mail goes again under the same Message-ID: a person may get it twice, never not at all. Any number of workers may
run. Only ids and codes are logged.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import random
import time
import traceback
from collections.abc import Callable

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

import access
from access import Actor
from models import MailState, OutgoingMail, db, utcnow
from services.foundation import journal
from services.foundation.errors import Refused
from services.foundation.transaction import transaction
from services.mail.contents import NotWanted
from services.mail.rendering import compose
from services.mail.smtp import Courier, NotSent

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
FIRST_RETRY = dt.timedelta(minutes=1)
LONGEST_RETRY = dt.timedelta(hours=1)
# With the delays above: about three days.
MAX_ATTEMPTS = 78
MINIMUM_LEASE = dt.timedelta(minutes=2)
# Connecting, greeting, TLS, signing in and sending are that many waits for the server, at the most.
_WAITS_PER_MAIL = 15


@dataclasses.dataclass(frozen=True)
class Lease:
    """The right to send one mail until `until`. Whoever comes later with an older lease changes nothing."""

    mail_id: int
    until: dt.datetime
    attempt: int


class _ServerAwayError(Exception):
    """The mail server takes nothing for now: the mails that are left need not be tried one by one."""


# --- The worker ---------------------------------------------------------------------------------------------------


def run(stop: Callable[[], bool], once: bool = False) -> None:
    """Send what is due, again and again until `stop()`; with `once`, return when nothing is due any more.

    Neither the database nor the mail server being away ends it: it waits longer and longer, up to a minute.
    """
    pause = POLL_SECONDS
    with access.everything():
        while not stop():
            pause = POLL_SECONDS if _round(stop) else min(pause * 2, LONGEST_PAUSE_SECONDS)
            if once:
                return
            _wait(pause, stop)


def _round(stop: Callable[[], bool]) -> bool:
    """Send everything that is due. False when the database or the mail server is away."""
    try:
        send_due(stop)
    except _ServerAwayError as error:
        log.warning("the mail server takes no mail: %s", error)
        return False
    except (sa.exc.OperationalError, sa.exc.InterfaceError) as error:
        log.warning("the database is away: %s", type(error.orig).__name__)
        return False
    finally:
        # The next round starts on fresh rows and gives an idle connection back.
        db.session.remove()
    return True


def _wait(seconds: float, stop: Callable[[], bool]) -> None:
    """Sleep, in steps short enough that the worker stops when it is told to."""
    until = time.monotonic() + seconds
    while not stop() and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 0.2))


def send_due(stop: Callable[[], bool] = lambda: False) -> int:
    """Send every mail that is due, over one connection. Returns how many were dealt with."""
    count = 0
    with Courier() as courier:
        while not stop() and (lease := claim()) is not None:
            _deliver(lease, courier)
            count += 1
    return count


# --- One mail -----------------------------------------------------------------------------------------------------


def claim() -> Lease | None:
    """Lease the mail that has been due for longest, or None. A lease that ran out is due again."""
    if db.session.scalar(_due(utcnow())) is None:
        # Nothing to do: no write transaction was taken to find that out.
        db.session.rollback()
        return None
    with transaction():
        now = utcnow()
        # SQLite takes one writer at a time and ignores FOR UPDATE; PostgreSQL passes over what a rival holds.
        mail_id = db.session.scalar(_due(now).with_for_update(skip_locked=True))
        if mail_id is None:
            return None
        mail = db.session.get_one(OutgoingMail, mail_id)
        mail.state = MailState.SENDING
        mail.attempts += 1
        mail.due_at = mail.lease_until = now + _lease_time()
        return Lease(mail.id, mail.lease_until, mail.attempts)


def _due(now: dt.datetime) -> sa.Select[int]:
    """While a mail is leased its `due_at` is the end of the lease, so one partial index answers for both."""
    return (
        sa.select(OutgoingMail.id)
        .where(OutgoingMail.state.in_([MailState.QUEUED, MailState.SENDING]), OutgoingMail.due_at <= now)
        .order_by(OutgoingMail.due_at, OutgoingMail.id)
        .limit(1)
    )


def _lease_time() -> dt.timedelta:
    timeout: float = current_app.config["MAIL_TIMEOUT"]
    return max(MINIMUM_LEASE, dt.timedelta(seconds=_WAITS_PER_MAIL * timeout))


def _deliver(lease: Lease, courier: Courier) -> None:
    """Send the leased mail and mark it. Whatever is wrong with this mail stops no other."""
    try:
        # First the server: while it is away no link is minted.
        courier.connect()
        with transaction():
            message = compose(db.session.get_one(OutgoingMail, lease.mail_id))
        courier.send(message)
    except NotWanted as reason:
        _mark(lease, MailState.DROPPED, last_error=reason.code)
    except NotSent as error:
        _mark_not_sent(lease, error)
    except (sa.exc.OperationalError, sa.exc.InterfaceError):
        raise
    except Exception as error:
        log.error("mail %s cannot be rendered: %s", lease.mail_id, _where(error))
        _mark(lease, MailState.FAILED, last_error=f"rendering {type(error).__name__}")
    else:
        _mark(lease, MailState.SENT, sent_at=utcnow(), last_error=None)


def _mark_not_sent(lease: Lease, error: NotSent) -> None:
    if error.for_good or lease.attempt >= MAX_ATTEMPTS:
        _mark(lease, MailState.FAILED, last_error=str(error))
    else:
        _mark(lease, MailState.QUEUED, last_error=str(error), due_at=utcnow() + _retry_delay(lease.attempt))
    if error.everyone:
        raise _ServerAwayError(str(error))


def _retry_delay(attempt: int) -> dt.timedelta:
    """1, 2, 4 … minutes, an hour at most, and up to a fifth more or less so that mails do not come back together."""
    delay = min(FIRST_RETRY * 2.0 ** min(attempt - 1, 16), LONGEST_RETRY)
    return delay * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, hides nothing


def _mark(lease: Lease, state: MailState, **values: object) -> None:
    """Write what came of it, if the lease is still ours."""
    with transaction():
        mail = db.session.get_one(OutgoingMail, lease.mail_id, with_for_update=True)
        if mail.state == MailState.SENDING and mail.lease_until == lease.until:
            mail.state, mail.lease_until = state, None
            for name, value in values.items():
                setattr(mail, name, value)
    log.info("mail %s: %s %s", lease.mail_id, state, values.get("last_error") or "")


def _where(error: Exception) -> str:
    """`KeyError at receipt.py:12`: without the message, which may hold what was being rendered."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {frame.filename}:{frame.lineno}"


# --- Staff --------------------------------------------------------------------------------------------------------


def resend(mail: OutgoingMail, by: Actor) -> None:
    """Put a mail that failed back in the queue, as if it had never been tried.

    Raises:
        Refused: `not_failed`, when it is on its way, was sent, or is no longer true.
    """
    mail_id = mail.id
    with transaction():
        mail = db.session.get_one(OutgoingMail, mail_id, with_for_update=True)
        if mail.state != MailState.FAILED:
            raise Refused("not_failed", _("Only a mail that failed can be sent again. Nothing was changed."))
        before = {"state": mail.state, "last_error": mail.last_error}
        mail.state, mail.attempts, mail.due_at, mail.last_error = MailState.QUEUED, 0, utcnow(), None
        journal.record(
            "mail_resent",
            by=by,
            subject=mail,
            company_id=mail.company_id,
            before=before,
            after={"state": MailState.QUEUED},
        )


def trouble(last_error: str | None) -> str:
    """Why a mail was not sent, in words, with the server's reply codes; empty when nothing is wrong."""
    code, _space, detail = (last_error or "").partition(" ")
    sentences = {
        "unreachable": _("The mail server takes no mail for now."),
        "recipient_refused": _("The mail server refuses the recipient."),
        "sender_refused": _("The mail server refuses the sender."),
        "content_refused": _("The mail server refuses the mail itself."),
        "rendering": _("The mail could not be written."),
        "person_inactive": _("The person has been deactivated."),
        "license_taken_back": _("The license was released before the mail left."),
        "license_expired": _("The license expired before the mail left."),
        "never_announced": _("The person had not been told of this license."),
        "order_settled": _("The order had moved on before the mail left."),
    }
    sentence = sentences.get(code, code)
    return f"{sentence} ({detail})" if detail else sentence
