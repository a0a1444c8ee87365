"""What the codes of verbs, mails, notes and outcomes read like. A code that has no words yet shows itself."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from services.buying.payments import DECLINED, Outcome
from services.buying.refusals import SETUP_TROUBLE
from services.mail import contents

# Notes of an order that wait for a person of the vendor's staff.
ALERTS = (
    Outcome.WRONG_MODE.value,
    Outcome.WRONG_AMOUNT.value,
    Outcome.PAID_TWICE.value,
    Outcome.PAID_AFTER_END.value,
    SETUP_TROUBLE,
)

VERBS = {
    "cart_changed": _l("Cart changed"),
    "company_added": _l("Customer opened"),
    "company_changed": _l("Customer changed"),
    "conditions_published": _l("Conditions published"),
    "license_activated": _l("License activated"),
    "license_assigned": _l("License assigned"),
    "license_released": _l("License released"),
    "mail_resent": _l("Mail sent again"),
    "order_cancelled": _l("Order cancelled"),
    "order_expired": _l("Payment abandoned"),
    "order_fulfilled": _l("Order paid and delivered"),
    "order_placed": _l("Order placed"),
    "password_link_requested": _l("Password link asked for"),
    "password_set": _l("Password chosen"),
    "payment_failed": _l("Payment declined"),
    "payment_noted": _l("Payment noted"),
    "payment_retried": _l("Payment tried again"),
    "payment_started": _l("Payment in progress"),
    "person_added": _l("Account opened"),
    "person_changed": _l("Account changed"),
    "plan_added": _l("Plan added"),
    "plan_changed": _l("Plan changed"),
    "price_set": _l("Price set"),
    "price_withdrawn": _l("Price withdrawn"),
    "profile_changed": _l("Profile changed"),
    "sign_in_link_requested": _l("Sign-in link asked for"),
    "sign_in_link_sent": _l("Sign-in link sent by support"),
    "signed_in": _l("Signed in"),
    "signed_out": _l("Signed out"),
    "staff_added": _l("Support account opened"),
    "tax_rate_added": _l("Tax rate added"),
    "tax_rate_changed": _l("Tax rate changed"),
    "tax_rate_withdrawn": _l("Tax rate withdrawn"),
    "vendor_added": _l("Vendor’s identity added"),
    "vendor_changed": _l("Vendor’s identity changed"),
}

TEMPLATES = {
    "license_assigned": _l("License assigned"),
    "license_released": _l("License released"),
    "password_link": _l("Choose a password"),
    "payment_failed": _l("Payment declined"),
    "receipt": _l("Receipt"),
    "sign_in_link": _l("Sign-in link"),
    "staff_alert": _l("Alert to support"),
}

SUBJECTS = {
    "cart_item": _l("Cart line"),
    "company": _l("Customer"),
    "conditions": _l("Conditions of sale"),
    "license": _l("License"),
    "order": _l("Order"),
    "outgoing_mail": _l("Mail"),
    "plan": _l("Plan"),
    "tax_rate": _l("Tax rate"),
    "user": _l("Person"),
    "vendor": _l("Vendor"),
}

OUTCOMES = {
    Outcome.FULFILLED: _l("Paid and delivered."),
    Outcome.ALREADY: _l("Nothing new: it was dealt with before."),
    Outcome.PROCESSING: _l("The bank has not confirmed the payment yet."),
    Outcome.FAILED: _l("The bank declined the payment."),
    Outcome.EXPIRED: _l("The payment was abandoned."),
    Outcome.OPEN: _l("The payment page is still open."),
    Outcome.FOREIGN: _l("Not one of our payments."),
    Outcome.NOTED: _l("Noted on the order."),
    Outcome.WRONG_MODE: _l("Paid in Stripe’s other mode"),
    Outcome.WRONG_AMOUNT: _l("Another amount was paid"),
    Outcome.PAID_TWICE: _l("Paid twice"),
    Outcome.PAID_AFTER_END: _l("Paid after the order had ended"),
    DECLINED: _l("A card was declined"),
    SETUP_TROUBLE: _l("The payment page does not open"),
    "ignored": _l("Of no use here"),
}


def verb_label(code: str) -> str:
    return str(VERBS.get(code, code))


def template_label(code: str) -> str:
    return str(TEMPLATES.get(code, code))


def subject_label(code: str) -> str:
    return str(SUBJECTS.get(code, code))


def outcome_label(code: str | None) -> str:
    """What came of looking at a payment, of an event, or an empty text when nothing has yet."""
    return str(OUTCOMES.get(code, code)) if code else ""


def note_label(code: str | None) -> str:
    """The few words of an order's note."""
    return outcome_label(code)


def note_sentence(code: str | None) -> str:
    """What an order's note means and what to do, or an empty text."""
    if code in ALERTS:
        return contents.alert_sentence(code)
    return outcome_label(code)
