"""What staff are told of a payment that needs a person: what it means, and what they can do about it."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from models import IssueKind

# What each alert means, and what staff can do about it.
_ALERTS = {
    IssueKind.WRONG_AMOUNT: _l(
        "The amount or the currency that was paid is not the order’s: no license was delivered. "
        "Compare the payment in Stripe with the order, then refund it or contact the customer."
    ),
    IssueKind.WRONG_MODE: _l(
        "The payment was made in Stripe’s other mode (test or live): no license was delivered. "
        "Check the Stripe keys in the settings."
    ),
    IssueKind.PAID_AFTER_END: _l(
        "The customer paid after the order had been cancelled or abandoned: its licenses were delivered. "
        "Ask whether they are still wanted; if not, refund the payment."
    ),
    IssueKind.PAID_TWICE: _l(
        "The order was paid twice: its licenses were delivered once. Refund the second payment in Stripe."
    ),
    IssueKind.PAYMENT_SETUP: _l(
        "Stripe refused to open the payment page: a setting is wrong. The customer could not pay. "
        "Run the check-stripe command: it says what is wrong."
    ),
    IssueKind.WITHHELD: _l(
        "The payment was refunded or is disputed, and nothing had been delivered yet: no license was delivered. "
        "Look at the payment in Stripe, then contact the customer. If a dispute is won, the licenses are delivered."
    ),
    IssueKind.REFUNDED: _l(
        "Money was refunded in Stripe. Licenses and order stay as they are: "
        "release those that the customer gives back."
    ),
    IssueKind.DISPUTED: _l(
        "The customer’s bank disputes the payment. Licenses and order stay as they are: "
        "answer in Stripe before its deadline."
    ),
    IssueKind.DISPUTE_ENDED: _l(
        "The dispute of the payment is closed. Licenses and order stay as they are: "
        "see in Stripe who won, and do what follows from it."
    ),
    IssueKind.LOST: _l(
        "The bank had accepted a debit, and Stripe does not know that payment any more: no license was delivered. "
        "Look in Stripe and at the bank whether the money came, and whether the Stripe key is still that of the same "
        "account; then close this issue, and the customer can pay again."
    ),
}


def alert_sentence(code: str) -> str:
    """What an alert means, and what staff can do about it. For a code of an older database, a general sentence."""
    known = set(IssueKind)
    return str(
        _ALERTS[IssueKind(code)] if code in known else _("The payment needs to be looked at in Stripe.")
    )
