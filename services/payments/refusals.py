"""The refusals of paying, each with the sentence that a person reads. Nothing here reads or writes the database."""

from __future__ import annotations

from flask_babel import gettext as _

from models import Order
from services.foundation.errors import Code, Refused


def over(order: Order) -> Refused:
    """Why an order whose session is complete can neither be paid again nor cancelled."""
    if order.is_looked_at:
        return looked_at()
    return already_paid(order.reference) if order.is_delivered else not_waiting(order)


def already_paid(reference: str) -> Refused:
    """The payment went through first."""
    return Refused(
        Code.ALREADY_PAID,
        _(
            "Order %(ref)s has just been paid. Its licenses are yours: nothing else was charged.",
            ref=reference,
        ),
    )


def not_waiting(order: Order) -> Refused:
    """The order can no longer be paid or cancelled."""
    return Refused(
        Code.NOT_WAITING, _("Order %(ref)s does not await a payment any more.", ref=order.reference)
    )


def looked_at() -> Refused:
    """Support has to look at a payment of the order first."""
    return Refused(Code.LOOKED_AT, looked_at_sentence())


def looked_at_sentence() -> str:
    """What a customer reads about an order that support has to look at."""
    sentence: str = _(
        "A payment arrived that does not fit this order. Support has been told and will write to you: "
        "do not pay again."
    )
    return sentence


def unavailable() -> Refused:
    """Stripe does not answer."""
    return Refused(
        Code.PAYMENT_UNAVAILABLE,
        _(
            "The payment service does not answer at the moment. Nothing was charged, your order and your cart "
            "were kept: try again in a few minutes, under Orders and receipts."
        ),
    )


def setup_trouble() -> Refused:
    """Stripe refuses our request."""
    return Refused(
        Code.PAYMENT_SETUP,
        _(
            "The payment page could not be opened: a setting has to be put right, and support has been told. "
            "Nothing was charged, your order and your cart were kept."
        ),
    )


def page_opened(order: Order) -> Refused:
    """Another administrator went to pay at the same moment: their page is open."""
    return Refused(
        Code.PAGE_OPENED,
        _(
            "Somebody has just opened the payment page of order %(ref)s. Nothing was changed: try again.",
            ref=order.reference,
        ),
    )
