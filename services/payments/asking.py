"""What Stripe is asked for: the parameters of a customer and of a payment page. Nothing is asked here."""

from __future__ import annotations

from typing import Any

from models import Company, LineKind, Order, OrderLine, ascii_address
from services.catalogue import vendor
from services.foundation import urls
from services.payments import desks
from services.text.formats import locale_of

# Canadian pre-authorized debit, for an order paid once by a company (Payments Canada, Rule H1). Stripe asks for both.
MANDATE = {"payment_schedule": "sporadic", "transaction_type": "business"}
DEBIT_CURRENCIES = {"CAD", "USD"}


def customer(company: Company) -> dict[str, Any]:
    """The customer that payments of a company belong to; its address is on the payment page."""
    return {
        "name": company.name,
        "email": ascii_address(company.billing_email),
        "metadata": {desks.DESK: desks.mark()},
    }


def session(order: Order) -> dict[str, Any]:
    """The hosted payment page of an order."""
    language = order.language.value
    metadata = {desks.REFERENCE: order.reference, desks.DESK: desks.mark()}
    debit = {"acss_debit": {"mandate_options": MANDATE}} if order.currency in DEBIT_CURRENCIES else {}
    return {
        "mode": "payment",
        "client_reference_id": order.reference,
        "metadata": metadata,
        "payment_intent_data": {"metadata": metadata, "description": order.reference},
        "payment_method_options": debit,
        # The account at Stripe may have another name than the one that customers know.
        "branding_settings": {"display_name": name} if (name := vendor.current().name) else {},
        # What was confirmed is what is charged: no conversion into the card's own currency.
        "adaptive_pricing": {"enabled": False},
        "locale": locale_of(language).replace("_", "-") if language == "fr" else "en",
        "line_items": _items(order, language),
        # Stripe replaces the braces with the session's id.
        "success_url": urls.payment_return_url() + "?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": urls.order_url(order),
    }


def _items(order: Order, language: str) -> list[Any]:
    """An item for each plan and kind, then one for each tax: Stripe's own tax rates would round differently.

    Stripe takes a hundred items at most. An order may have a line for each period, so those of a plan are put together.
    """
    groups: dict[tuple[int, LineKind], list[OrderLine]] = {}
    for line in order.lines:
        groups.setdefault((line.plan_id, line.kind), []).append(line)
    lines = [_plan_item(order.currency, group, language) for group in groups.values()]
    taxes = [_item(order.currency, tax.amount, 1, tax.name(language)) for tax in order.taxes if tax.amount]
    return lines + taxes


def _plan_item(currency: str, lines: list[OrderLine], language: str) -> dict[str, Any]:
    """Price and number where there is one price; else the sum, with the number in the name."""
    first, quantity = lines[0], sum(line.quantity for line in lines)
    name = first.plan_name(language)
    if len({line.unit_amount for line in lines}) == 1:
        return _item(currency, first.unit_amount, quantity, name)
    return _item(currency, sum(line.net for line in lines), 1, f"{name} × {quantity}")


def _item(currency: str, amount: int, quantity: int, name: str) -> dict[str, Any]:
    price = {"currency": currency.lower(), "unit_amount": amount, "product_data": {"name": name}}
    return {"price_data": price, "quantity": quantity}
