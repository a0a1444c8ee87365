"""What the templates of each mail read from the rows it was queued with.

`CONTEXTS` has one function for each folder of `templates/mail/`; it returns the variables of the folder's templates.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask_babel import gettext as _

from models import (
    Assignment,
    JoinRequest,
    License,
    LicenseRequest,
    MailKind,
    Order,
    OrderTax,
    OutgoingMail,
    Role,
    User,
    Vendor,
    db,
)
from services.catalogue import vendor
from services.foundation import urls
from services.mail.alerts import alert_sentence
from services.mail.tints import tints
from services.text import formats
from services.text.terms import term

Context = dict[str, Any]


def context_of(mail: OutgoingMail) -> Context:
    """Every variable of the mail's templates, in the current language, except its one-time link."""
    return _common(mail, vendor.current()) | CONTEXTS[MailKind(mail.template)](mail)


# --- What the templates read --------------------------------------------------------------------------------------


def _common(mail: OutgoingMail, sender: Vendor) -> Context:
    language = str(mail.language)
    return {
        "language": language,
        "vendor": sender,
        "person": mail.user,
        "greeting": _greeting(mail.user),
        "portal_url": urls.portal_url(),
        "money": partial(formats.money, language=language),
        "day": partial(formats.day, language=language),
        "term": term,
    } | tints(sender)


def _greeting(person: User | None) -> str:
    if person is None:
        return str(_("Hello,"))
    return str(_("Hello %(name)s,", name=person.first_name or person.name))


def _order(mail: OutgoingMail) -> Context:
    order = db.session.get_one(Order, mail.context["order"])
    return {
        "order": order,
        "order_url": urls.order_url(order),
        "users_url": urls.users_url(),
        "tax_label": partial(_tax_label, language=str(mail.language)),
        "why": _why(mail, order),
    }


def _why(mail: OutgoingMail, order: Order) -> str:
    if mail.user is not None and mail.user_id != order.placed_by_id:
        return str(
            _("You receive this email because you may buy for %(company)s.", company=order.company.name)
        )
    if mail.user is not None:
        return str(_("You receive this email because you placed this order."))
    return str(
        _(
            "You receive this email because this address is the billing address of %(company)s.",
            company=order.company.name,
        )
    )


def _tax_label(tax: OrderTax, language: str) -> str:
    """« TPS 5 % (123456789 RT0001) »"""
    label = f"{tax.name(language)} {formats.percent(tax.rate, language)}"
    return f"{label} ({tax.registration_number})" if tax.registration_number else label


def _staff_alert(mail: OutgoingMail) -> Context:
    order = db.session.get_one(Order, mail.context["order"])
    code = str(mail.context["note"])
    return {
        "order": order,
        "company": order.company,
        "code": code,
        "said": alert_sentence(code),
        "order_url": urls.support_order_url(order),
    }


def _license(mail: OutgoingMail) -> Context:
    license = db.session.get_one(License, mail.context["license"])
    return {
        "license": license,
        "plan": license.plan.name(str(mail.language)),
        "company": license.company,
        "assignment": db.session.get_one(Assignment, mail.context["assignment"]),
    }


def _license_assigned(mail: OutgoingMail) -> Context:
    context = _license(mail)
    actor, plan, company = _actor_name(mail), context["plan"], context["company"].name
    assignment = context["assignment"]
    if "instead_of" in mail.context:
        said = _instead_of(mail, actor, plan)
    elif assignment.restores_id is not None:
        said = _("Your license of the %(plan)s plan is yours again, as it was.", plan=plan)
    elif mail.context.get("by") == mail.user_id:
        said = _(
            "You assigned yourself a license of the %(plan)s plan, through the account of %(company)s.",
            plan=plan,
            company=company,
        )
    elif actor:
        said = _(
            "%(actor)s assigned you a license of the %(plan)s plan, through the account of %(company)s.",
            actor=actor,
            plan=plan,
            company=company,
        )
    else:
        said = _(
            "You now hold a license of the %(plan)s plan, through the account of %(company)s.",
            plan=plan,
            company=company,
        )
    install_url = vendor.current().install_url(str(mail.language))
    in_use = assignment.activated_at is not None
    return context | {"said": said, "actor": actor, "install_url": install_url, "in_use": in_use}


def _instead_of(mail: OutgoingMail, actor: str | None, plan: str) -> str:
    before = db.session.get_one(Assignment, mail.context["instead_of"])
    license = db.session.get_one(License, before.license_id)
    words = {"plan": plan, "before": license.plan.name(str(mail.language))}
    if actor:
        return str(
            _(
                "%(actor)s replaced your license of the %(before)s plan by one of the %(plan)s plan.",
                actor=actor,
                **words,
            )
        )
    return str(_("Your license of the %(before)s plan was replaced by one of the %(plan)s plan.", **words))


def _license_released(mail: OutgoingMail) -> Context:
    context = _license(mail)
    actor, plan = _actor_name(mail), context["plan"]
    if mail.context.get("by") == mail.user_id:
        said = _("You released your license of the %(plan)s plan.", plan=plan)
    elif actor:
        said = _(
            "%(actor)s released your license of the %(plan)s plan: you no longer hold it.",
            actor=actor,
            plan=plan,
        )
    else:
        said = _("Your license of the %(plan)s plan was released: you no longer hold it.", plan=plan)
    return context | {"said": said}


def _invitation(mail: OutgoingMail) -> Context:
    person = mail.user
    if person is None:
        raise LookupError("an invitation is for a person")
    sender, actor = vendor.current().name, _actor_name(mail)
    company = person.company.name if person.company else None
    if company and actor:
        said = _(
            "%(actor)s invites you to the %(vendor)s desk of %(company)s, where licenses are managed.",
            actor=actor,
            vendor=sender,
            company=company,
        )
    elif company:
        said = _(
            "An account was opened for you on the %(vendor)s desk of %(company)s.",
            vendor=sender,
            company=company,
        )
    elif actor:
        said = _("%(actor)s invites you to the %(vendor)s support desk.", actor=actor, vendor=sender)
    else:
        said = _("An account was opened for you on the %(vendor)s support desk.", vendor=sender)
    if company:
        title = _("Your account with %(company)s on the %(vendor)s desk", company=company, vendor=sender)
    else:
        title = _("Your account on the %(vendor)s desk", vendor=sender)
    return {"title": title, "said": said, "does": _what_one_does(person)}


def _join_link(mail: OutgoingMail) -> Context:
    request = db.session.get_one(JoinRequest, mail.context["join_request"])
    return {"company": request.firm_link.company}


def _what_one_does(person: User) -> str:
    """What the account is for, by the person's role."""
    if person.role == Role.ADMIN:
        return str(_("You will buy licenses there, and give them to your colleagues."))
    if person.role == Role.SUPPORT:
        return str(_("You will look after customers, their orders and their licenses there."))
    return str(_("You will find your license there once one is assigned to you."))


def _address_changed(mail: OutgoingMail) -> Context:
    actor, sender = _actor_name(mail), vendor.current().name
    if mail.context.get("by") == mail.context["user"]:
        said = _("You changed the address of your %(vendor)s account.", vendor=sender)
    elif actor:
        said = _("%(actor)s changed the address of your %(vendor)s account.", actor=actor, vendor=sender)
    else:
        said = _("The address of your %(vendor)s account was changed.", vendor=sender)
    if mail.user is None:
        now = _("This address no longer opens it. Every session and every link of before has ended.")
    else:
        now = _(
            "From now on you sign in with this address: ask for a link by email, then choose a password anew."
        )
    return {"said": said, "now": now}


def _address_asked(mail: OutgoingMail) -> Context:
    person, actor = db.session.get_one(User, mail.context["user"]), _actor_name(mail)
    words = {"vendor": vendor.current().name, "email": str(person.new_email)}
    if mail.context.get("by") == person.id:
        said = _("You asked that your %(vendor)s account change to the address %(email)s.", **words)
    elif actor:
        said = _(
            "%(actor)s asked that your %(vendor)s account change to the address %(email)s.",
            actor=actor,
            **words,
        )
    else:
        said = _("Your %(vendor)s account is to change to the address %(email)s.", **words)
    return {"said": said, "person": person, "greeting": _greeting(person)}


def _new_administrator(mail: OutgoingMail) -> Context:
    person = db.session.get_one(User, mail.context["person"])
    names = {"name": person.name, "company": str(person.company)}
    if mail.context.get("by") == mail.user_id:
        said = _("You made %(name)s an administrator of %(company)s.", **names)
    elif actor := _actor_name(mail):
        said = _("%(actor)s made %(name)s an administrator of %(company)s.", actor=actor, **names)
    else:
        said = _("%(name)s is now an administrator of %(company)s.", **names)
    return {"said": said, "company": person.company, "users_url": urls.users_url()}


def _request(mail: OutgoingMail) -> Context:
    asked = db.session.get_one(LicenseRequest, mail.context["request"])
    if actor := _actor_name(mail):
        said = _("%(actor)s declined your request for a license.", actor=actor)
    else:
        said = _("Your request for a license was declined.")
    url = urls.support_requests_url() if mail.user is None else urls.requests_url()
    return {"asked": asked, "name": asked.user.name, "company": asked.company, "said": said, "url": url}


def _password_changed(_mail: OutgoingMail) -> Context:
    return {"forgot_url": urls.forgot_password_url()}


def _actor_name(mail: OutgoingMail) -> str | None:
    """Who did it, as the reader is told: a colleague by name, the vendor's staff as a team, None for the system."""
    if (user_id := mail.context.get("by")) is None:
        return None
    actor = db.session.get_one(User, user_id)
    if actor.is_staff:
        return str(_("The %(vendor)s support team", vendor=vendor.current().name))
    return actor.name


def _nothing(_mail: OutgoingMail) -> Context:
    return {}


CONTEXTS: dict[MailKind, Callable[[OutgoingMail], Context]] = {
    MailKind.RECEIPT: _order,
    MailKind.PAYMENT_FAILED: _order,
    MailKind.STAFF_ALERT: _staff_alert,
    MailKind.LICENSE_ASSIGNED: _license_assigned,
    MailKind.LICENSE_RELEASED: _license_released,
    MailKind.LICENSE_REQUESTED: _request,
    MailKind.REQUEST_DECLINED: _request,
    MailKind.INVITATION: _invitation,
    MailKind.JOIN_LINK: _join_link,
    MailKind.ADDRESS_CHANGED: _address_changed,
    MailKind.ADDRESS_ASKED: _address_asked,
    MailKind.ADDRESS_CONFIRMATION: _address_asked,
    MailKind.ADDRESS_MOVED: _nothing,
    MailKind.NEW_ADMINISTRATOR: _new_administrator,
    MailKind.PASSWORD_CHANGED: _password_changed,
    MailKind.SIGN_IN_LINK: _nothing,
    MailKind.PASSWORD_LINK: _nothing,
}
