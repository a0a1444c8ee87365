"""From a row of the outbox to a mail: its words, its look, its headers.

Each mail is a folder of `templates/mail/` and a function of `services/mail/contents.py` that reads what its
templates name. The styles of the layout are written into each tag, because many readers drop a `<style>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from email.utils import parseaddr, quote
from functools import partial
from typing import NamedTuple

import css_inline
import jinja2
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from models import License, LinkPurpose, MailKind, OutgoingMail, db
from services.catalogue import vendor
from services.foundation import formats, tokens, urls
from services.foundation.errors import Code, Refused
from services.foundation.transaction import Turn
from services.mail.contents import check_wanted, context_of
from services.mail.smtp import Message

# Fetches nothing: a mail is rendered from our own files alone. The rules for dark screens stay in a <style>.
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)
_PURPOSES: dict[str, LinkPurpose] = {
    MailKind.SIGN_IN_LINK: LinkPurpose.SIGN_IN,
    MailKind.PASSWORD_LINK: LinkPurpose.PASSWORD,
    MailKind.LICENSE_ASSIGNED: LinkPurpose.ACTIVATION,
}


class Preview(NamedTuple):
    """A mail as its reader sees it."""

    subject: str
    text: str
    html: str


def compose(turn: Turn, mail: OutgoingMail) -> Message:
    """The message to send, with its links minted. A step: it never commits.

    Raises:
        NotWanted: it would no longer be true.
    """
    check_wanted(mail)
    sender = vendor.current()
    subject, text, html = _render(mail, partial(_mint, turn, mail))
    return Message(
        subject=subject,
        recipients=[_recipient(mail)],
        body=text,
        html=html,
        sender=_named(sender.name, parseaddr(current_app.config["MAIL_DEFAULT_SENDER"])[1]),
        reply_to=sender.support_email or None,
        message_id=mail.message_id,
        # No holiday notice in answer, please (RFC 3834).
        extra_headers={"Auto-Submitted": "auto-generated"},
    )


def render_preview(mail: OutgoingMail) -> Preview:
    """The mail as its reader sees it, for staff: the one-time link, which would work, is a placeholder.

    Raises:
        Refused: `cannot_render`.
    """
    try:
        return _render(mail, lambda _purpose: urls.link_url("…"))
    except Exception as error:
        raise Refused(
            Code.CANNOT_RENDER, _("This mail cannot be shown: %(kind)s.", kind=type(error).__name__)
        ) from error


# --- Words --------------------------------------------------------------------------------------------------------


def _render(mail: OutgoingMail, link_to: Callable[[LinkPurpose], str]) -> Preview:
    with force_locale(formats.locale_of(mail.language)):
        context = context_of(mail)
        if purpose := _PURPOSES.get(mail.template):
            lifetime = tokens.LIFETIMES[purpose]
            context |= {"link": link_to(purpose), "minutes": lifetime.seconds // 60, "days": lifetime.days}
        subject = _template(mail, "subject.txt").render(context)
        text = _template(mail, "body.txt").render(context)
        html = _template(mail, "body.html").render(context | {"subject": _one_line(subject)})
    return Preview(_one_line(subject), _spaced(text), _INLINER.inline(html))


def _template(mail: OutgoingMail, name: str) -> jinja2.Template:
    return _environment().get_template(f"mail/{mail.template}/{name}")


def _environment() -> jinja2.Environment:
    """The application's templates, except that a name without a value is an error and not a hole in a sentence."""
    if "mail_templates" not in current_app.extensions:
        # A line that holds a block tag alone is not a line of the text.
        overlay = current_app.jinja_env.overlay(
            undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        current_app.extensions["mail_templates"] = overlay
    environment: jinja2.Environment = current_app.extensions["mail_templates"]
    return environment


def _one_line(text: str) -> str:
    """Without the line breaks that would start a new header."""
    return re.sub(r"[ \t\r\n]+", " ", text).strip()


def _spaced(text: str) -> str:
    """One empty line between paragraphs, whatever the template's blocks left."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip() + "\n"


def _recipient(mail: OutgoingMail) -> str:
    if mail.user is None:
        return str(mail.address)
    return _named(mail.user.name, mail.user.email)


def _named(name: str, address: str) -> str:
    """`"Name" <address>`, not encoded: Flask-Mail encodes it, and what is encoded twice is read as gibberish."""
    return f'"{quote(_one_line(name))}" <{address}>'


def _mint(turn: Turn, mail: OutgoingMail, purpose: LinkPurpose) -> str:
    if mail.user is None:
        raise LookupError("a link is for a person")
    license_id = mail.context.get("license")
    license = db.session.get_one(License, license_id) if license_id else None
    return urls.link_url(tokens.mint(turn, purpose, mail.user, license))
