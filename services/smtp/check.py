"""`flask check-mail`: send one real mail through the configured server, and explain in words what fails."""

from __future__ import annotations

import smtplib
import socket
import ssl
from email.utils import make_msgid, parseaddr

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from models import MailTrouble, ascii_address
from services.catalogue import vendor
from services.foundation import checks
from services.foundation.errors import Refused
from services.smtp.courier import Courier, Mailbox, Message, NotSent, first_reply


def check(to: str) -> list[str]:
    """Send a test mail to `to`.

    Returns:
        What is wrong, a sentence for each fault; nothing when the server took the mail.
    """
    if problems := _settings_problems():
        return problems
    try:
        to = checks.email(to)
    except Refused as refused:
        return [refused.sentence]
    try:
        with Courier() as courier:
            courier.connect()
            courier.send(_test_message(to))
    except NotSent as error:
        return [_explain(error, to)]
    return []


def _settings_problems() -> list[str]:
    config = current_app.config
    checks = [
        (config["MAIL_SERVER"], _("MAIL_SERVER is not set: it names the mail server.")),
        (
            "@" in parseaddr(config["MAIL_DEFAULT_SENDER"] or "")[1],
            _("MAIL_DEFAULT_SENDER is not an address: mail is sent from it."),
        ),
        (
            not (config["MAIL_USE_TLS"] and config["MAIL_USE_SSL"]),
            _("MAIL_USE_TLS and MAIL_USE_SSL are both on: choose one (TLS for port 587, SSL for port 465)."),
        ),
    ]
    return [sentence for holds, sentence in checks if not holds]


def _test_message(to: str) -> Message:
    sender = parseaddr(current_app.config["MAIL_DEFAULT_SENDER"])[1]
    return Message(
        subject=_("Test of your license desk’s mail"),
        to=Mailbox("", to),
        body=_("This mail arrived: the mail server is set up. Nothing needs to be done.") + "\n",
        sender=Mailbox("", sender),
        reply_to=vendor.current().support_email,
        message_id=make_msgid(domain=ascii_address(sender).rpartition("@")[2]),
    )


def _explain(error: NotSent, to: str) -> str:
    """A sentence with the cause of the error, and the setting to look at."""
    cause = error.__cause__
    if error.trouble == MailTrouble.UNREACHABLE:
        return _explain_connection(cause)
    sender = parseaddr(current_app.config["MAIL_DEFAULT_SENDER"])[1]
    sentences = {
        MailTrouble.SENDER_REFUSED: _(
            "The server refuses the sender %(address)s (MAIL_DEFAULT_SENDER)", address=sender
        ),
        MailTrouble.RECIPIENT_REFUSED: _("The server refuses the recipient %(address)s", address=to),
    }
    return _with_reply(sentences.get(error.trouble) or _("The server refuses the mail itself"), cause)


# The first match counts: certificate errors are TLS errors too, and nearly all of these are OSErrors.
_CONNECTION_FAULTS: list[tuple[tuple[type[BaseException], ...], str]] = [
    ((socket.gaierror,), _l("No machine is called %(host)s (MAIL_SERVER).")),
    ((ConnectionRefusedError,), _l("%(server)s refuses the connection: check MAIL_SERVER and MAIL_PORT.")),
    (
        (ssl.SSLCertVerificationError,),
        _l("The certificate of %(server)s is not trusted, or is another name’s."),
    ),
    (
        (ssl.SSLError,),
        _l(
            "%(server)s does not speak TLS as expected: MAIL_USE_SSL is for port 465, MAIL_USE_TLS for port 587."
        ),
    ),
    (
        (smtplib.SMTPNotSupportedError,),
        _l("%(server)s offers no TLS or no sign-in: check MAIL_USE_TLS and MAIL_USERNAME."),
    ),
    (
        (TimeoutError, smtplib.SMTPServerDisconnected),
        _l(
            "%(server)s does not answer as a mail server (waited %(seconds)s s): check MAIL_PORT, MAIL_USE_SSL "
            "and the firewall."
        ),
    ),
]


def _explain_connection(cause: BaseException | None) -> str:
    config = current_app.config
    host = config["MAIL_SERVER"]
    server = f"{host}:{config['MAIL_PORT']}"
    for kinds, sentence in _CONNECTION_FAULTS:
        if isinstance(cause, kinds):
            return str(sentence) % {"host": host, "server": server, "seconds": f"{config['MAIL_TIMEOUT']:g}"}
    if isinstance(cause, smtplib.SMTPAuthenticationError):
        return _with_reply(_("The server refuses MAIL_USERNAME and MAIL_PASSWORD"), cause)
    return _with_reply(_("%(server)s takes no mail from us", server=server), cause)


def _with_reply(sentence: str, cause: BaseException | None) -> str:
    """The sentence, and what the server said with it."""
    reply = first_reply(cause)
    return f"{sentence} ({reply[0]} {reply[1]})." if reply else f"{sentence} ({cause})."
