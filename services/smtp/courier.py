"""Talking to the mail server: one connection for many mails, and what its refusals mean for a mail.

Flask-Mail builds and sends the messages; here is what it lacks: a timeout, checked certificates, and lines short
enough for every server.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from email.charset import QP, Charset
from email.mime.text import MIMEText
from email.policy import compat32
from types import TracebackType
from typing import Any, NamedTuple

import flask_mail  # noqa: TID251 - the one place
from flask import current_app

from models import MailTrouble, ascii_address
from services.smtp import headers

# Replies about the server or our settings, not about the mail: shutting down (RFC 5321); sign in first, wrong password,
# TLS needed (RFC 4954).
_NOT_THIS_MAIL = {421, 454, 530, 534, 535, 538}
# What `smtplib` gives as the code of a reply that has none.
_NO_CODE = -1
_ADDRESS = re.compile(r"\S+@\S+")
MAX_REPLY = 200
_ENHANCED_CODE = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")


class NotSent(Exception):
    """The server did not take a mail.

    Attributes:
        trouble: What the server refused.
        reply: The server's reply codes, such as `550 5.1.1`: its sentence may hold an address, so it is not kept.
        said: The server's reply in its own words, for staff: without addresses. Empty when it did not answer.
        for_good: Whether trying again is useless.
        everyone: Whether the next mail would fail in the same way.
    """

    def __init__(
        self,
        trouble: MailTrouble,
        reply: str = "",
        *,
        said: str = "",
        for_good: bool = False,
        everyone: bool = False,
    ) -> None:
        super().__init__(f"{trouble} {reply}".strip())
        self.trouble = trouble
        self.reply = reply
        self.said = said
        self.for_good = for_good
        self.everyone = everyone


class Mailbox(NamedTuple):
    """Somebody's name, which may be empty, and the address at which mail reaches them."""

    name: str
    address: str


class Message(flask_mail.Message):
    """Flask-Mail's message with headers of our own, and bodies in quoted-printable.

    SMTP allows 998 bytes a line, and inlined CSS makes longer ones.
    """

    def __init__(
        self,
        *,
        subject: str,
        to: Mailbox,
        sender: Mailbox,
        reply_to: str,
        message_id: str,
        body: str,
        html: str | None = None,
    ) -> None:
        to_address, from_address = ascii_address(to.address), ascii_address(sender.address)
        # The envelope has bare addresses. The header asks for no automatic replies (RFC 3834).
        super().__init__(
            recipients=[to_address],
            sender=from_address,
            body=body,
            html=html,
            extra_headers={"Auto-Submitted": "auto-generated"},
        )
        # Flask-Mail makes a new one each time; mail programs show a mail sent twice once only if it stays the same.
        self.msgId = message_id
        self._headers = {
            "Subject": headers.sentence(subject, "Subject"),
            "From": headers.mailbox(sender.name, from_address, "From"),
            "To": headers.mailbox(to.name, to_address, "To"),
        }
        if reply_to:
            self._headers["Reply-To"] = ascii_address(reply_to)

    def as_bytes(self) -> bytes:
        message = self._message()
        # Not folded anew: `headers` says why.
        message.policy = compat32.clone(linesep="\r\n", max_line_length=None)
        for name, value in self._headers.items():
            del message[name]
            message[name] = value
        return bytes(message.as_bytes())

    def _mimetext(self, text: str | None, subtype: str = "plain") -> MIMEText:
        charset = Charset("utf-8")
        charset.body_encoding = QP
        return MIMEText(text or "", _subtype=subtype, _charset=charset)  # type: ignore[arg-type]


class _Server(smtplib.SMTP):
    """Keeps what the server answered to the last mail that it took, which `smtplib` throws away."""

    last_reply = ""

    def data(self, msg: Any) -> tuple[int, bytes]:
        code, text = super().data(msg)
        self.last_reply = _said(code, text)
        return code, text


class _ServerOverTls(_Server, smtplib.SMTP_SSL):
    pass


class _Connection(flask_mail.Connection):
    """Flask-Mail's connection with `MAIL_TIMEOUT` seconds for each exchange, and certificates checked."""

    def configure_host(self) -> smtplib.SMTP:
        timeout = current_app.config["MAIL_TIMEOUT"]
        context = ssl.create_default_context()
        host: smtplib.SMTP
        if self.mail.use_ssl:
            host = _ServerOverTls(self.mail.server, self.mail.port, timeout=timeout, context=context)
        else:
            host = _Server(self.mail.server, self.mail.port, timeout=timeout)
        try:
            if self.mail.use_tls:
                host.starttls(context=context)
            if self.mail.username and self.mail.password:
                host.login(self.mail.username, self.mail.password)
        except BaseException:
            host.close()
            raise
        return host


class Courier:
    """Sends messages over one connection, opened when the first one needs it and again after it broke."""

    def __init__(self) -> None:
        self._connection: Any = None

    def __enter__(self) -> Courier:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._close()

    def connect(self) -> None:
        """Open the connection, unless it is open.

        Raises:
            NotSent: the server cannot be reached, or does not let us in.
        """
        if self._connection is not None:
            return
        connection = _Connection(current_app.extensions["mail"])
        try:
            connection.__enter__()
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(MailTrouble.UNREACHABLE, _reply(error), everyone=True) from error
        self._connection = connection

    def send(self, message: Message) -> str:
        """Hand one message to the server; returns what it answered, without addresses.

        Raises:
            NotSent: the server did not take it.
        """
        self.connect()
        try:
            self._connection.send(message)
        except (OSError, smtplib.SMTPException) as error:
            not_sent = meaning_of(error)
            if not_sent.everyone:
                self._close()
            raise not_sent from error
        return str(self._connection.host.last_reply)

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None or connection.host is None:
            return
        try:
            connection.host.quit()
        except (OSError, smtplib.SMTPException):
            # The connection was lost already; mails that it had accepted stay accepted.
            connection.host.close()


def meaning_of(error: OSError | smtplib.SMTPException) -> NotSent:
    """The error as a `NotSent`: whether trying again is useless, and whether the next mail would fail too."""
    reply, kind = first_reply(error), _REFUSALS.get(type(error))
    if kind is None or reply is None or reply[0] in _NOT_THIS_MAIL:
        return NotSent(
            MailTrouble.UNREACHABLE, _reply(error), said=_said(*reply) if reply else "", everyone=True
        )
    return NotSent(kind, _reply(error), said=_said(*reply), for_good=reply[0] >= 500)


_REFUSALS: dict[type[BaseException], MailTrouble] = {
    smtplib.SMTPRecipientsRefused: MailTrouble.RECIPIENT_REFUSED,
    smtplib.SMTPSenderRefused: MailTrouble.SENDER_REFUSED,
    smtplib.SMTPDataError: MailTrouble.CONTENT_REFUSED,
}


def first_reply(error: BaseException | None) -> tuple[int, str] | None:
    """(code, words) of the server's reply; None when it did not answer. The words may hold personal data."""
    if isinstance(error, smtplib.SMTPRecipientsRefused) and error.recipients:
        code, text = next(iter(error.recipients.values()))
        return code, _decoded(text)
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code != _NO_CODE:
        return error.smtp_code, _decoded(error.smtp_error)
    return None


def _said(code: int, text: bytes | str) -> str:
    """A reply on one line: its words are the server's, and may hold addresses, which are left out."""
    words = "".join(
        character for character in _decoded(text) if character.isprintable() or character.isspace()
    )
    return " ".join(_ADDRESS.sub("…", f"{code} {words}").split())[:MAX_REPLY]


def _decoded(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _reply(error: BaseException) -> str:
    """`550 5.1.1` for a reply of the server, else the error's class. Never its words: they may hold addresses."""
    reply = first_reply(error)
    if reply is None:
        return type(error).__name__
    code, text = reply
    enhanced = _ENHANCED_CODE.search(text)
    return f"{code} {enhanced[0]}" if enhanced else str(code)
