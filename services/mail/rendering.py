"""From a row of the outbox to a mail: its texts, its styles, its headers.

Each mail is a folder of `templates/mail/` and a function of `services/mail/contents.py` that returns the variables of
its templates. The styles of the layout are written into each tag, because many mail programs drop a `<style>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from email.utils import parseaddr
from functools import partial
from typing import NamedTuple

import css_inline
import jinja2
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from models import JoinRequest, License, LinkPurpose, MailKind, OutgoingMail, User, db
from services.catalogue import vendor
from services.foundation import urls
from services.foundation.errors import Code, Refused
from services.foundation.transaction import Turn
from services.links import tokens
from services.mail.contents import context_of
from services.mail.still_true import check_wanted
from services.smtp.courier import Mailbox, Message
from services.smtp.headers import one_line
from services.text import formats

# Fetches nothing: a mail is rendered from our own files alone. The rules for dark screens stay in a <style>.
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)
_PURPOSES: dict[str, LinkPurpose] = {
    MailKind.SIGN_IN_LINK: LinkPurpose.SIGN_IN,
    MailKind.PASSWORD_LINK: LinkPurpose.PASSWORD,
    MailKind.INVITATION: LinkPurpose.INVITATION,
    MailKind.LICENSE_ASSIGNED: LinkPurpose.ACTIVATION,
    MailKind.ADDRESS_CONFIRMATION: LinkPurpose.ADDRESS,
}


class Preview(NamedTuple):
    """A mail as its reader sees it."""

    subject: str
    text: str
    html: str


def compose(turn: Turn, mail: OutgoingMail) -> Message:
    """The message to send, with newly made links. A step: it never commits.

    Raises:
        NotWanted: what it tells is no longer true.
    """
    check_wanted(mail)
    sender = vendor.current()
    subject, text, html = _render(mail, partial(_mint, turn, mail))
    return Message(
        subject=subject,
        to=_recipient(mail),
        body=text,
        html=html,
        sender=Mailbox(sender.name, parseaddr(current_app.config["MAIL_DEFAULT_SENDER"])[1]),
        reply_to=sender.support_email,
        message_id=mail.message_id,
    )


def render_preview(mail: OutgoingMail) -> Preview:
    """The mail as its reader sees it, for staff, with a placeholder instead of its one-time link.

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


def _render(mail: OutgoingMail, link_to: Callable[[LinkPurpose | None], str]) -> Preview:
    with force_locale(formats.locale_of(mail.language)):
        context = context_of(mail)
        if purpose := _PURPOSES.get(mail.template):
            lifetime = tokens.LIFETIMES[purpose]
            context |= {"link": link_to(purpose), "minutes": lifetime.seconds // 60, "days": lifetime.days}
        elif mail.template == MailKind.JOIN_LINK:
            context |= {"link": link_to(None)}
        subject = _template(mail, "subject.txt").render(context)
        text = _template(mail, "body.txt").render(context)
        day = partial(formats.day_in_html, language=str(mail.language))
        html = _template(mail, "body.html").render(context | {"subject": one_line(subject), "day": day})
    return Preview(one_line(subject), _spaced(text), _INLINER.inline(html))


def _template(mail: OutgoingMail, name: str) -> jinja2.Template:
    return _environment().get_template(f"mail/{mail.template}/{name}")


def _environment() -> jinja2.Environment:
    """The application's templates, except that a variable without a value raises instead of printing nothing."""
    if "mail_templates" not in current_app.extensions:
        # A line with nothing but a block tag leaves no empty line in the text.
        overlay = current_app.jinja_env.overlay(
            undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        current_app.extensions["mail_templates"] = overlay
    environment: jinja2.Environment = current_app.extensions["mail_templates"]
    return environment


def _spaced(text: str) -> str:
    """`text` with single empty lines between paragraphs, however many the template's blocks left."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip() + "\n"


def _recipient(mail: OutgoingMail) -> Mailbox:
    if mail.user is None:
        return Mailbox("", str(mail.address))
    return Mailbox(mail.user.name, mail.user.email)


def _mint(turn: Turn, mail: OutgoingMail, purpose: LinkPurpose | None) -> str:
    if purpose is None:
        # Of somebody who has no account yet.
        token = tokens.grown(db.session.get_one(JoinRequest, mail.context["join_request"]))
        if token is None:
            raise LookupError("it was asked for under another SECRET_KEY")
        return urls.join_url(token)
    if purpose == LinkPurpose.ADDRESS:
        person = db.session.get_one(User, mail.context["user"])
        return urls.link_url(tokens.mint(turn, purpose, person, email=mail.address))
    if mail.user is None:
        raise LookupError("a link is for a person")
    license_id = mail.context.get("license")
    license = db.session.get_one(License, license_id) if license_id else None
    return urls.link_url(tokens.mint(turn, purpose, mail.user, license))
