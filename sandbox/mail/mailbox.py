"""The mail server: it accepts and stores every mail, and delivers none.

For tests: recipients at `refuse.example` get 550 (permanent), at `busy.example` 451 (temporary); HELO, EHLO and MAIL
get 421 while the switch `smtp` is `down`.
"""

import asyncio
import contextlib
import logging
import threading
import time
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.base.settings import Switches
from sandbox.base.store import Store

log = logging.getLogger("sandbox.mail")
DOWN = "421 4.3.2 The sandbox's mail server is switched off"
REFUSED = {
    "refuse.example": "550 5.1.1 No such mailbox here",
    "busy.example": "451 4.3.0 Try again later",
}


def parse(raw: bytes) -> EmailMessage:
    """Parse a mail from the bytes received."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - policy.default makes an EmailMessage
    return message


class SmtpHandler:
    """The answers to the SMTP commands; aiosmtpd finds the methods by name."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self.store, self.switches = store, switches

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        if self.switches.smtp == "down":
            return [DOWN]
        session.host_name = hostname
        return responses

    async def handle_HELO(self, server: SMTP, session: Session, envelope: Envelope, hostname: str) -> str:
        if self.switches.smtp == "down":
            return DOWN
        session.host_name = hostname
        return f"250 {server.hostname}"

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.switches.smtp == "down":
            return DOWN
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = REFUSED.get(address.rpartition("@")[2].lower())
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        raw = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        try:
            self._keep(envelope.mail_from or "", envelope.rcpt_tos, raw)
        except Exception:
            log.exception("a mail could not be kept")
            return "451 4.3.0 The sandbox could not keep the mail"
        return "250 2.0.0 Kept in the sandbox"

    def _keep(self, sender: str, recipients: list[str], raw: bytes) -> None:
        message = parse(raw)
        subject, message_id = str(message.get("Subject", "")), str(message.get("Message-ID", ""))
        with self.store.transaction() as tx:
            for recipient in recipients:
                tx.sql(
                    "INSERT INTO mail (at, sender, recipient, subject, message_id, raw) VALUES (?, ?, ?, ?, ?, ?)",
                    (time.time(), sender, recipient.lower(), subject, message_id.strip(), raw),
                )


class MailServer:
    """The SMTP server, on a thread of its own; `port` is 0 until it listens."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self._handler = SmtpHandler(store, switches)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)
        self._server: asyncio.Server | None = None
        self.port = 0

    def start(self, host: str, port: int) -> None:
        """Listen; OSError when the port is taken."""

        def protocol() -> SMTP:
            return SMTP(self._handler, enable_SMTPUTF8=True, hostname="sandbox.example", loop=self._loop)

        self._server = self._loop.run_until_complete(self._loop.create_server(protocol, host, port))
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, close every connection and end the thread, within 0.7 seconds."""
        if self._server is None:
            return
        with contextlib.suppress(TimeoutError):  # A mail under way does not hold up the end of the process.
            asyncio.run_coroutine_threadsafe(self._hang_up(self._server), self._loop).result(0.5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(0.2)

    async def _hang_up(self, server: asyncio.Server) -> None:
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
