"""What an order's state means for the customer, in a sentence."""

from __future__ import annotations

from flask_babel import gettext as _

from models import Order, OrderState
from services.payments.refusals import looked_at_sentence


def state_sentence(order: Order) -> str:
    """What happened to the order, what was charged, and what to do."""
    if order.is_looked_at:
        return looked_at_sentence()
    if order.state == OrderState.PENDING and order.declined_at:
        return _("The last card was declined. Nothing was charged: try again, or with another card.")
    return _sentences()[order.state]


def _sentences() -> dict[OrderState, str]:
    return {
        OrderState.PENDING: _(
            "This order awaits payment. Nothing was charged; its licenses are delivered with the payment."
        ),
        OrderState.PROCESSING: _(
            "Your bank is processing the pre-authorized debit. Nothing is delivered yet: the licenses arrive "
            "with the money, usually within 5 business days, and an email tells you."
        ),
        OrderState.PAID: _("This order is paid and its licenses are in your account."),
        OrderState.FAILED: _(
            "Your bank declined the payment. Nothing was delivered: pay again, by card or from another account."
        ),
        OrderState.EXPIRED: _(
            "The payment page was left and has closed. Nothing was charged, and your cart was kept."
        ),
        OrderState.CANCELLED: _("This order was cancelled. Nothing was charged, and your cart was kept."),
        OrderState.REFUNDED: _("This order was refunded and its licenses are revoked."),
        OrderState.WITHHELD: _(
            "The payment of this order was refunded, or is contested at the bank: no license was delivered. "
            "Support has been told; your cart was kept."
        ),
        OrderState.DISPUTED: _(
            "The payment of this order is contested at the bank. Its licenses are suspended until that is settled."
        ),
    }
