"""From a row of the outbox to a mail: its words, its look, its headers.

Each mail is a folder of `templates/mail/` and a function below that reads what its templates name. The styles of
the layout are written into each tag, because many readers drop a `<style>`.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from email.utils import formataddr, parseaddr
from functools import partial
from typing import Any, NamedTuple

import css_inline
import jinja2
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from models import (
    Assignment,
    License,
    LinkPurpose,
    MailState,
    Order,
    OrderState,
    OutgoingMail,
    User,
    Vendor,
    db,
    utcnow,
)
from services import addresses, formats, links, vendor
from services.errors import Refused
from services.smtp import Message

Context = dict[str, Any]
# Fetches nothing: a mail is rendered from our own files alone. The rules for dark screens stay in a <style>.
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


class NotWanted(Exception):
    """The mail is no longer true: it is dropped.

    Attributes:
        code: `person_inactive`, `license_taken_back`, `license_expired`, `never_announced` or `order_settled`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Preview(NamedTuple):
    """A mail as its reader sees it."""

    subject: str
    text: str
    html: str


def compose(mail: OutgoingMail) -> Message:
    """The message to send, with its links minted, inside the caller's transaction.

    Raises:
        NotWanted: it would no longer be true.
    """
    _check_wanted(mail)
    sender = vendor.current()
    subject, text, html = _render(mail, sender, partial(_mint, mail))
    return Message(
        subject=subject,
        recipients=[_recipient(mail)],
        body=text,
        html=html,
        sender=formataddr((_one_line(sender.name), parseaddr(current_app.config["MAIL_DEFAULT_SENDER"])[1])),
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
        return _render(mail, vendor.current(), lambda _purpose: "#")
    except Exception as error:
        raise Refused("cannot_render", _("This mail cannot be shown: %(kind)s.", kind=type(error).__name__)) from error


# --- Words --------------------------------------------------------------------------------------------------------


def _render(mail: OutgoingMail, sender: Vendor, link_to: Callable[[LinkPurpose], str]) -> Preview:
    with force_locale(formats.locale_of(mail.language)):
        context = _common(mail, sender) | _CONTEXTS[mail.template](mail)
        if purpose := _PURPOSES.get(mail.template):
            lifetime = links.LIFETIMES[purpose]
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
        overlay = current_app.jinja_env.overlay(undefined=jinja2.StrictUndefined)
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
    return formataddr((_one_line(mail.user.name), mail.user.email))


def _mint(mail: OutgoingMail, purpose: LinkPurpose) -> str:
    if mail.user is None:
        raise LookupError("a link is for a person")
    license_id = mail.context.get("license")
    license = db.session.get_one(License, license_id) if license_id else None
    return addresses.link_url(links.mint(purpose, mail.user, license))


# --- What the templates name --------------------------------------------------------------------------------------

_PURPOSES = {
    "sign_in_link": LinkPurpose.SIGN_IN,
    "password_link": LinkPurpose.PASSWORD,
    "license_assigned": LinkPurpose.ACTIVATION,
}


def _common(mail: OutgoingMail, sender: Vendor) -> Context:
    language = str(mail.language)
    zone = mail.user.zone if mail.user else zoneinfo.ZoneInfo(sender.time_zone)
    color = sender.color if _COLOR.fullmatch(sender.color) else "#1f5fbf"
    return {
        "language": language,
        "vendor": sender,
        "color": color,
        "ink": _ink(color),
        "person": mail.user,
        "portal_url": addresses.portal_url(),
        "money": partial(formats.money, language=language),
        "percent": partial(formats.percent, language=language),
        "day": partial(formats.day, language=language, zone=zone),
    }


def _ink(color: str) -> str:
    """Black or white, whichever reads better on `color` (WCAG 2.2, relative luminance)."""
    channels = [int(color[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    # At this luminance both contrasts are equal: (1 + .05) / (L + .05) = (L + .05) / .05.
    return "#ffffff" if luminance < 0.179 else "#111111"


def _order(mail: OutgoingMail) -> Context:
    order = db.session.get_one(Order, mail.context["order"])
    return {"order": order, "order_url": addresses.order_url(order), "users_url": addresses.users_url()}


def _staff_alert(mail: OutgoingMail) -> Context:
    order = db.session.get_one(Order, mail.context["order"])
    code = str(mail.context["note"])
    return {
        "order": order,
        "company": order.company,
        "code": code,
        "order_url": addresses.support_order_url(order),
    }


def _license(mail: OutgoingMail) -> Context:
    license = db.session.get_one(License, mail.context["license"])
    language = str(mail.language)
    return {
        "license": license,
        "plan": license.plan.name(language),
        "company": license.company,
        "assignment": db.session.get_one(Assignment, mail.context["assignment"]),
        "actor": _actor_name(mail),
        "by_themselves": mail.context.get("by") == mail.user_id,
        "install_url": vendor.current().install_url(language),
    }


def _actor_name(mail: OutgoingMail) -> str | None:
    """Who did it, as the reader knows them: a colleague by name, the vendor's staff as a team, else None."""
    if (user_id := mail.context.get("by")) is None:
        return None
    actor = db.session.get_one(User, user_id)
    if actor.is_staff:
        return str(_("The %(vendor)s support team", vendor=vendor.current().name))
    return actor.name


def _nothing(_mail: OutgoingMail) -> Context:
    return {}


_CONTEXTS: dict[str, Callable[[OutgoingMail], Context]] = {
    "receipt": _order,
    "payment_failed": _order,
    "staff_alert": _staff_alert,
    "license_assigned": _license,
    "license_released": _license,
    "sign_in_link": _nothing,
    "password_link": _nothing,
}


# --- Is it still true? --------------------------------------------------------------------------------------------


def _check_wanted(mail: OutgoingMail) -> None:
    """Raise `NotWanted` when the mail would tell its reader what is no longer so."""
    if mail.user is not None and not mail.user.is_active:
        raise NotWanted("person_inactive")
    if check := _CHECKS.get(mail.template):
        check(mail)


def _still_held(mail: OutgoingMail) -> None:
    if db.session.get_one(Assignment, mail.context["assignment"]).ended_at is not None:
        raise NotWanted("license_taken_back")
    if db.session.get_one(License, mail.context["license"]).valid_until <= utcnow():
        raise NotWanted("license_expired")


def _was_announced(mail: OutgoingMail) -> None:
    """A licence given and taken back before anything was sent is nothing to its reader."""
    key = f"license_assigned:{mail.context['assignment']}"
    state = db.session.scalar(db.select(OutgoingMail.state).filter_by(dedupe_key=key))
    if state in {MailState.QUEUED, MailState.FAILED, MailState.DROPPED}:
        raise NotWanted("never_announced")


def _still_failed(mail: OutgoingMail) -> None:
    if db.session.get_one(Order, mail.context["order"]).state != OrderState.FAILED:
        raise NotWanted("order_settled")


_CHECKS: dict[str, Callable[[OutgoingMail], None]] = {
    "license_assigned": _still_held,
    "license_released": _was_announced,
    "payment_failed": _still_failed,
}
