"""The words of every state, role and code that people read, and the choices of a filter.

A tone is one of `success`, `info`, `warning`, `danger`, `neutral`: a colour, never without the word.
"""

from __future__ import annotations

import enum
import functools
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _pl

from admin_views.mail_words import LETTERS, TROUBLES
from admin_views.refusal_words import REFUSALS
from models import (
    ActorKind,
    FirmLinkState,
    GoneWhy,
    IssueKind,
    JobState,
    JournalVerb,
    Language,
    LicenseState,
    LineKind,
    LinkPurpose,
    MailKind,
    MailState,
    MailTrouble,
    OrderState,
    Outcome,
    Payment,
    PaymentMethod,
    PaymentState,
    Plan,
    Registration,
    Renewal,
    RequestState,
    Role,
    SubjectKind,
    SuspensionReason,
    TermKind,
    User,
    WebhookFault,
    db,
)
from services.forms.words import FIELDS
from services.foundation.errors import Code
from services.text.formats import current_language

# By type first: members of two StrEnums are equal when their values are.
LABELS: dict[type[enum.StrEnum], dict[Any, tuple[Any, str]]] = {
    LicenseState: {
        LicenseState.AVAILABLE: (_l("Available"), "neutral"),
        LicenseState.ASSIGNED: (_l("Assigned"), "info"),
        LicenseState.ACTIVATED: (_l("Activated"), "success"),
        LicenseState.SUSPENDED: (_l("Suspended"), "warning"),
        LicenseState.GRACE: (_l("In grace"), "warning"),
        LicenseState.EXPIRED: (_l("Expired"), "danger"),
        LicenseState.REMOVED: (_l("Removed"), "danger"),
        LicenseState.REVOKED: (_l("Revoked"), "danger"),
    },
    FirmLinkState: {
        FirmLinkState.OPEN: (_pl("invitation link", "Open"), "success"),
        FirmLinkState.FULL: (_pl("invitation link", "Full"), "neutral"),
        FirmLinkState.EXPIRED: (_pl("invitation link", "Past its date"), "neutral"),
        FirmLinkState.WITHDRAWN: (_pl("invitation link", "Withdrawn"), "neutral"),
    },
    PaymentState: {
        PaymentState.OPEN: (_l("Page opened"), "neutral"),
        PaymentState.PROCESSING: (_l("Payment in progress"), "info"),
        PaymentState.PAID: (_l("Paid"), "success"),
        PaymentState.FAILED: (_l("Payment declined"), "danger"),
        PaymentState.EXPIRED: (_l("Page closed"), "neutral"),
    },
    OrderState: {
        OrderState.PENDING: (_l("Awaiting payment"), "warning"),
        OrderState.PROCESSING: (_l("Payment in progress"), "info"),
        OrderState.PAID: (_l("Paid"), "success"),
        OrderState.FAILED: (_l("Payment declined"), "danger"),
        OrderState.EXPIRED: (_l("Payment abandoned"), "neutral"),
        OrderState.CANCELLED: (_l("Cancelled"), "neutral"),
        OrderState.REFUNDED: (_l("Refunded"), "neutral"),
        OrderState.DISPUTED: (_l("Payment disputed"), "danger"),
        OrderState.WITHHELD: (_l("Delivery withheld"), "danger"),
    },
    Role: {
        Role.MEMBER: (_l("Standard user"), "neutral"),
        Role.ADMIN: (_l("Administrator"), "info"),
        Role.SUPPORT: (_l("Support"), "warning"),
    },
    MailState: {
        MailState.QUEUED: (_l("Queued"), "neutral"),
        MailState.SENDING: (_l("Being sent"), "info"),
        MailState.SENT: (_l("Sent"), "success"),
        MailState.FAILED: (_l("Not delivered"), "danger"),
        MailState.DROPPED: (_l("No longer needed"), "neutral"),
    },
    Registration: {
        Registration.GST: (_l("GST/HST number"), "neutral"),
        Registration.QST: (_l("QST number"), "neutral"),
    },
    Language: {
        Language.FR: (_l("French"), "neutral"),
        Language.EN: (_l("English"), "neutral"),
    },
}


# What staff must look at; what came of a payment may be one of these.
_ISSUES = {
    IssueKind.WRONG_MODE: _l("Paid in Stripe’s other mode"),
    IssueKind.WRONG_AMOUNT: _l("Another amount was paid"),
    IssueKind.PAID_TWICE: _l("Paid twice"),
    IssueKind.PAID_AFTER_END: _l("Paid after the order had ended"),
    IssueKind.PAYMENT_SETUP: _l("The payment page does not open"),
    IssueKind.WITHHELD: _l("Refunded or disputed before delivery"),
    IssueKind.REFUNDED: _l("Money was refunded"),
    IssueKind.DISPUTED: _l("Payment disputed"),
    IssueKind.DISPUTE_ENDED: _l("Dispute closed"),
    IssueKind.LOST: _l("Stripe does not know the payment"),
}

# Codes of the journal, of mail, of payments and of refusals: words without a tone.
WORDS: dict[type[enum.StrEnum], dict[Any, Any]] = {
    LineKind: {
        LineKind.NEW: _l("New licenses"),
        LineKind.ADD: _l("Added licenses"),
        LineKind.RENEW: _l("Renewal"),
        LineKind.CHANGE: _l("Change of plan"),
    },
    TermKind: {
        TermKind.NEW: _l("Purchase"),
        TermKind.ADD: _l("Addition"),
        TermKind.RENEW: _l("Renewal"),
        TermKind.CHANGE: _l("Change of plan"),
        TermKind.OPENING: _l("Brought over"),
    },
    LinkPurpose: {
        LinkPurpose.SIGN_IN: _l("Sign in"),
        LinkPurpose.PASSWORD: _l("Choose a password"),
        LinkPurpose.ACTIVATION: _l("Activate a license"),
        LinkPurpose.INVITATION: _l("Invitation"),
        LinkPurpose.ADDRESS: _l("Confirm a new address"),
    },
    RequestState: {
        RequestState.OPEN: _l("Not answered yet"),
        RequestState.GIVEN: _l("License given"),
        RequestState.DECLINED: _l("Request declined"),
        RequestState.WITHDRAWN: _l("Request withdrawn"),
    },
    JobState: {
        JobState.QUEUED: _l("Queued"),
        JobState.RUNNING: _l("In progress"),
        JobState.DONE: _l("Done"),
        JobState.FAILED: _l("Given up"),
    },
    ActorKind: {
        ActorKind.PERSON: _l("Person"),
        ActorKind.STAFF: _l("Support"),
        ActorKind.SYSTEM: _l("The system"),
    },
    GoneWhy: {
        GoneWhy.REMOVED: _l("Removed"),
        GoneWhy.REVOKED: _l("Revoked by support"),
        GoneWhy.REFUNDED: _l("Its payment was refunded"),
    },
    Renewal: {
        Renewal.UNDECIDED: _l("Not decided"),
        Renewal.WANTED: _l("To be renewed"),
        Renewal.DECLINED: _l("Not to be renewed"),
    },
    SuspensionReason: {
        SuspensionReason.DISPUTE: _l("Payment disputed"),
        SuspensionReason.SUPPORT: _l("Suspended by support"),
    },
    PaymentMethod: {
        PaymentMethod.CARD: _l("Card"),
        PaymentMethod.DEBIT: _l("Pre-authorized debit"),
        PaymentMethod.OTHER: _l("Online payment"),
    },
    IssueKind: _ISSUES,
    JournalVerb: {
        JournalVerb.ADDRESS_ASKED: _l("New address asked for"),
        JournalVerb.ADDRESS_CONFIRMED: _l("New address confirmed"),
        JournalVerb.ADDRESS_WITHDRAWN: _l("New address withdrawn"),
        JournalVerb.CARD_DECLINED: _l("Card declined"),
        JournalVerb.CART_CHANGED: _l("Cart changed"),
        JournalVerb.COMPANY_ADDED: _l("Customer opened"),
        JournalVerb.COMPANY_CHANGED: _l("Customer changed"),
        JournalVerb.COMPANY_IMPORTED: _l("Existing base imported"),
        JournalVerb.CONDITIONS_PUBLISHED: _l("Conditions published"),
        JournalVerb.FIRM_LINK_MADE: _l("Invitation link made"),
        JournalVerb.FIRM_LINK_WITHDRAWN: _l("Invitation link withdrawn"),
        JournalVerb.ISSUE_CLOSED: _l("Issue closed"),
        JournalVerb.ISSUE_OPENED: _l("Issue opened"),
        JournalVerb.LICENSE_ACTIVATED: _l("License activated"),
        JournalVerb.LICENSE_ASSIGNED: _l("License assigned"),
        JournalVerb.LICENSE_BROUGHT_BACK: _l("Removed license brought back"),
        JournalVerb.LICENSE_IMPORTED: _l("License brought over"),
        JournalVerb.LICENSE_RELEASED: _l("License released"),
        JournalVerb.LICENSE_REMOVED: _l("License removed"),
        JournalVerb.LICENSE_REQUESTED: _l("License asked for"),
        JournalVerb.LINK_SENT: _l("Activation link sent again"),
        JournalVerb.LINK_SHOWN: _l("Activation link shown"),
        JournalVerb.LIST_EXPORTED: _l("List exported"),
        JournalVerb.MAIL_RESENT: _l("Mail sent again"),
        JournalVerb.ORDER_CANCELLED: _l("Order cancelled"),
        JournalVerb.ORDER_EXPIRED: _l("Payment abandoned"),
        JournalVerb.ORDER_FULFILLED: _l("Order paid and delivered"),
        JournalVerb.ORDER_PLACED: _l("Order placed"),
        JournalVerb.ORDER_WITHHELD: _l("Delivery withheld"),
        JournalVerb.PASSWORD_LINK_REQUESTED: _l("Password link asked for"),
        JournalVerb.PASSWORD_SET: _l("Password chosen"),
        JournalVerb.PAYMENT_FAILED: _l("Payment declined"),
        JournalVerb.PAYMENT_NOTED: _l("Payment noted"),
        JournalVerb.PAYMENT_RETRIED: _l("Payment tried again"),
        JournalVerb.PAYMENT_STARTED: _l("Payment in progress"),
        JournalVerb.PERSON_ADDED: _l("Account opened"),
        JournalVerb.PERSON_ADDITION_UNDONE: _l("Addition taken back"),
        JournalVerb.PERSON_CHANGED: _l("Account changed"),
        JournalVerb.PERSON_DEACTIVATED: _l("Account deactivated"),
        JournalVerb.PERSON_ERASED: _l("Personal information erased"),
        JournalVerb.PERSON_EXPORTED: _l("Personal information exported"),
        JournalVerb.PERSON_INVITED: _l("Person invited"),
        JournalVerb.PERSON_JOINED: _l("Joined by an invitation link"),
        JournalVerb.PERSON_REACTIVATED: _l("Account reactivated"),
        JournalVerb.PLAN_ADDED: _l("Plan added"),
        JournalVerb.PLAN_CHANGED: _l("Plan changed"),
        JournalVerb.PRICE_SET: _l("Price set"),
        JournalVerb.PRICE_WITHDRAWN: _l("Price withdrawn"),
        JournalVerb.PROFILE_CHANGED: _l("Profile changed"),
        JournalVerb.RENEWAL_DECIDED: _l("Renewal decided"),
        JournalVerb.REQUEST_DECLINED: _l("Request declined"),
        JournalVerb.REQUEST_WITHDRAWN: _l("Request withdrawn"),
        JournalVerb.SIGN_IN_LINK_REQUESTED: _l("Sign-in link asked for"),
        JournalVerb.SIGN_IN_LINK_SENT: _l("Sign-in link sent by support"),
        JournalVerb.SIGNED_IN: _l("Signed in"),
        JournalVerb.SIGNED_OUT: _l("Signed out"),
        JournalVerb.STAFF_ADDED: _l("Support account opened"),
        JournalVerb.TAX_RATE_ADDED: _l("Tax rate added"),
        JournalVerb.TAX_RATE_CHANGED: _l("Tax rate changed"),
        JournalVerb.TAX_RATE_WITHDRAWN: _l("Tax rate withdrawn"),
        JournalVerb.UNDONE: _l("Taken back"),
        JournalVerb.VENDOR_ADDED: _l("Vendor’s identity added"),
        JournalVerb.VENDOR_CHANGED: _l("Vendor’s identity changed"),
    },
    SubjectKind: {
        SubjectKind.CART_ITEM: _l("Cart line"),
        SubjectKind.COMPANY: _l("Customer"),
        SubjectKind.CONDITIONS: _l("Conditions of sale"),
        SubjectKind.FIRM_LINK: _l("Invitation link"),
        SubjectKind.LICENSE: _l("License"),
        SubjectKind.ORDER: _l("Order"),
        SubjectKind.OUTGOING_MAIL: _l("Mail"),
        SubjectKind.PLAN: _l("Plan"),
        SubjectKind.TAX_RATE: _l("Tax rate"),
        SubjectKind.USER: _l("Person"),
        SubjectKind.VENDOR: _l("Vendor"),
    },
    MailKind: LETTERS,
    MailTrouble: TROUBLES,
    Outcome: {
        Outcome.FULFILLED: _l("Paid and delivered."),
        Outcome.ALREADY: _l("Nothing new: it was dealt with before."),
        Outcome.PROCESSING: _l("The bank has not confirmed the payment yet."),
        Outcome.FAILED: _l("The bank declined the payment."),
        Outcome.EXPIRED: _l("The payment was abandoned."),
        Outcome.OPEN: _l("The payment page is still open."),
        Outcome.FOREIGN: _l("Not one of our payments."),
        Outcome.UNKNOWN: _l("Stripe does not know it any more."),
        Outcome.DECLINED: _l("A card was declined"),
        **{kind: words for kind, words in _ISSUES.items() if kind in set(Outcome)},
        Outcome.IGNORED: _l("Of no use here"),
    },
    WebhookFault: {
        WebhookFault.SIGNATURE: _l("Stripe events refused: wrong signing secret"),
        WebhookFault.CLOCK: _l("Stripe events refused: wrong server clock"),
    },
    # Titles: the sentence that comes with a refusal says the rest.
    Code: REFUSALS,
}


def yes_no(value: bool) -> str:
    """What people read for a boolean."""
    return _("Yes") if value else _("No")


def label(member: enum.StrEnum) -> str:
    """What people read for a state, role or language."""
    return str(LABELS[type(member)][member][0])


def word(kind: type[enum.StrEnum], code: str | None) -> str:
    """What people read for a stored code of `kind`, empty for None.

    A code that is no member (any more), as an older database may hold, is shown as it is.
    """
    return _words_in(current_language(), kind).get(code, code) if code else ""


@functools.cache
def _words_in(_language: str, kind: type[enum.StrEnum]) -> dict[str, str]:
    """The words of a kind in the language that is spoken: a list asks for them on each of its rows."""
    return {str(member): str(words) for member, words in WORDS[kind].items()}


def told(value: Any) -> Any:
    """Any value of a row as people read it, but for instants, which are read by somebody's clock (the filter `moment`)."""
    if value is None or value in ("", {}):
        return "–"
    if isinstance(value, bool):
        return yes_no(value)
    if isinstance(value, enum.StrEnum):
        kind = type(value)
        return label(value) if kind in LABELS else word(kind, value)
    if isinstance(value, dict):
        pairs = ((FIELDS.get(name, name), told(one)) for name, one in value.items())
        return ", ".join(_("%(label)s: %(text)s", label=str(name), text=text) for name, text in pairs)
    return value


verb_words = functools.partial(word, JournalVerb)
subject_words = functools.partial(word, SubjectKind)
mail_words = functools.partial(word, MailKind)
refusal_words = functools.partial(word, Code)
outcome_words = functools.partial(word, Outcome)
issue_words = functools.partial(word, IssueKind)
term_words = functools.partial(word, TermKind)
renewal_words = functools.partial(word, Renewal)


def who(kind: ActorKind, person: User | None) -> str:
    """Who acted, as the reader may know it: a customer sees of the vendor's staff no person."""
    return person.name if person else word(ActorKind, kind)


def paid_with(payment: Payment | None) -> str:
    """« Visa se terminant par 4242 », “Visa ending in 4242”: the card or the account of a payment."""
    if payment is None or payment.method is None:
        return _("Not on record: it was paid before cards were noted")
    if payment.method == PaymentMethod.OTHER or not payment.last4:
        return word(PaymentMethod, payment.method)
    if payment.method == PaymentMethod.DEBIT:
        return _("Pre-authorized debit, account ending in %(digits)s", digits=payment.last4)
    brand = _BRANDS.get(payment.brand or "", (payment.brand or "").capitalize() or _("Card"))
    return _("%(brand)s ending in %(digits)s", brand=brand, digits=payment.last4)


# Brands whose name is not Stripe's word for it with a capital.
_BRANDS = {
    "amex": "American Express",
    "cartes_bancaires": "Cartes Bancaires",
    "diners": "Diners Club",
    "eftpos_au": "Eftpos Australia",
    "jcb": "JCB",
    "unionpay": "UnionPay",
}


def words(kind: type[enum.StrEnum]) -> list[tuple[str, str]]:
    """(code, words) pairs of a kind in the order of their words, for a filter."""
    pairs = [(member.value, str(text)) for member, text in WORDS[kind].items()]
    return sorted(pairs, key=lambda pair: pair[1])


def mail_trouble(last_error: str | None) -> str:
    """Why a mail was not sent, in words, with the server's reply codes; empty when nothing is wrong."""
    code, _space, detail = (last_error or "").partition(" ")
    sentence = word(MailTrouble, code)
    return f"{sentence} ({detail})" if detail else sentence


def tone(member: enum.StrEnum) -> str:
    """The colour of a state's badge."""
    return LABELS[type(member)][member][1]


def options(kind: type[enum.StrEnum]) -> list[tuple[str, Any]]:
    """(value, label) pairs of an enum, for a select field or a filter."""
    return [(member.value, LABELS[kind][member][0]) for member in LABELS[kind]]


def plan_options() -> list[tuple[int, str]]:
    """(id, name) pairs of every plan, withdrawn ones included: they have licences too."""
    plans = db.session.scalars(sa.select(Plan).order_by(Plan.position, Plan.id))
    return [(plan.id, plan.name(current_language())) for plan in plans]
