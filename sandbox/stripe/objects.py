"""Builders of Stripe's objects, with the fields of its published OpenAPI description at API_VERSION.

Each returns a new JSON-ready dictionary and stores nothing. Amounts are in cents, times in seconds since 1970.
"""

import secrets
import string
import time

from sandbox.base.store import Object
from sandbox.stripe.account import ACCOUNT

API_VERSION = "2026-10-28.endive"
ALPHABET = string.ascii_letters + string.digits
# Fields that Stripe always sends and that are null in a new object.
NO_SESSION = (
    "after_expiration allow_promotion_codes billing_address_collection client_secret "
    "collected_information consent consent_collection currency_conversion invoice origin_context "
    "payment_intent payment_link payment_method_configuration_details permissions recovered_from "
    "saved_payment_method_options setup_intent shipping_address_collection shipping_cost subscription "
    "wallet_options"
)
NO_INTENT = (
    "application application_fee_amount automatic_payment_methods canceled_at cancellation_reason "
    "last_payment_error latest_charge next_action on_behalf_of payment_method "
    "payment_method_configuration_details processing review setup_future_usage shipping "
    "statement_descriptor statement_descriptor_suffix transfer_data transfer_group"
)
NO_CHARGE = (
    "application application_fee application_fee_amount balance_transaction failure_balance_transaction "
    "failure_code failure_message on_behalf_of receipt_number receipt_url review shipping source_transfer "
    "statement_descriptor statement_descriptor_suffix transfer_data transfer_group"
)

NO_EVIDENCE = (
    "access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal "
    "customer_communication customer_email_address customer_name customer_purchase_ip customer_signature "
    "duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id product_description receipt "
    "refund_policy refund_policy_disclosure refund_refusal_explanation service_date service_documentation "
    "shipping_address shipping_carrier shipping_date shipping_documentation shipping_tracking_number "
    "uncategorized_file uncategorized_text"
)


def new_id(prefix: str, length: int = 24) -> str:
    """Return a random id in Stripe's form, such as `pi_3Qx…`."""
    return f"{prefix}_" + "".join(secrets.choice(ALPHABET) for _ in range(length))


def _stamp(kind: str, prefix: str, length: int = 24) -> Object:
    return {"id": new_id(prefix, length), "object": kind, "created": int(time.time()), "livemode": False}


def session(params: Object, *, amount: int, currency: str, expires_at: int, public_url: str) -> Object:
    """Build an open Checkout Session in payment mode from checked parameters."""
    thing = _stamp("checkout.session", "cs_test", 58)
    thing |= dict.fromkeys(NO_SESSION.split()) | {
        # At Stripe it is on where an account has not switched it off.
        "adaptive_pricing": {"enabled": params.get("adaptive_pricing", {}).get("enabled") != "false"},
        "amount_subtotal": amount,
        "amount_total": amount,
        "branding_settings": _branding(params.get("branding_settings", {})),
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "currency": currency,
        "custom_fields": [],
        "customer": params.get("customer"),
        "customer_creation": None if params.get("customer") else "if_required",
        "customer_email": params.get("customer_email"),
        "discounts": [],
        "expires_at": expires_at,
        "locale": params.get("locale"),
        "metadata": params.get("metadata", {}),
        "mode": "payment",
        "payment_method_options": params.get("payment_method_options", {}),
        "payment_method_types": params["payment_method_types"],
        "payment_status": "unpaid" if amount else "no_payment_required",
        "status": "open",
        "submit_type": params.get("submit_type"),
        "success_url": params["success_url"],
        "ui_mode": "hosted_page",
        "url": f"{public_url}/pay/{thing['id']}",
    }
    return (
        thing | _session_extras() | {"customer_details": customer_details(params.get("customer_email"), None)}
    )


def _branding(asked: Object) -> Object:
    """Return the look of the page; the account's own name where none was asked for."""
    return {
        "background_color": "#ffffff",
        "border_style": "rounded",
        "button_color": "#0074d4",
        "display_name": asked.get("display_name", ACCOUNT["business_profile"]["name"]),
        "font_family": "default",
        "icon": None,
        "logo": None,
    }


def _session_extras() -> Object:
    """Return the fields that Stripe always sends and the sandbox never changes."""
    return {
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "invoice_creation": {
            "enabled": False,
            "invoice_data": {
                "account_tax_ids": None,
                "custom_fields": None,
                "description": None,
                "footer": None,
                "issuer": None,
                "metadata": {},
                "rendering_options": None,
            },
        },
        "payment_method_collection": "if_required",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
    }


def customer_details(email: str | None, name: str | None) -> Object | None:
    """Build the payer's details; None while neither email nor name is known."""
    if email is None and name is None:
        return None
    return {
        "address": empty_address() | {"country": "CA"} if name else None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [] if name else None,
    }


def empty_address() -> Object:
    """Build an address with every field null."""
    return dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def line_item(wanted: Object) -> tuple[Object, Object, Object]:
    """Build the line, its one-off price and its product from one checked entry of `line_items`."""
    data = wanted["price_data"]
    product = _stamp("product", "prod", 14) | {
        "active": False,
        "default_price": None,
        "description": data["product_data"].get("description"),
        "images": [],
        "marketing_features": [],
        "metadata": data["product_data"].get("metadata", {}),
        "name": data["product_data"]["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "unit_label": data["product_data"].get("unit_label"),
        "updated": int(time.time()),
        "url": None,
    }
    price = _price(data, product["id"])
    amount = data["unit_amount"] * wanted["quantity"]
    line = {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": data["currency"],
        "description": product["name"],
        "metadata": wanted.get("metadata", {}),
        "price": price,
        "quantity": wanted["quantity"],
    }
    return line, price, product


def _price(data: Object, product: str) -> Object:
    return _stamp("price", "price") | {
        "active": False,
        "billing_scheme": "per_unit",
        "currency": data["currency"],
        "custom_unit_amount": None,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": product,
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": data["unit_amount"],
        "unit_amount_decimal": str(data["unit_amount"]),
    }


def payment_intent(session: Object, wanted: Object) -> Object:
    """Build the payment of a session before its first attempt; `wanted` is the session's `payment_intent_data`."""
    thing = _stamp("payment_intent", "pi")
    return (
        thing
        | dict.fromkeys(NO_INTENT.split())
        | {
            "amount": session["amount_total"],
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "capture_method": "automatic_async",
            "client_secret": f"{thing['id']}_secret_{new_id('')[1:]}",
            "confirmation_method": "automatic",
            "currency": session["currency"],
            "customer": session["customer"],
            "description": wanted.get("description"),
            "metadata": wanted.get("metadata", {}),
            "payment_method_options": {},
            "payment_method_types": session["payment_method_types"],
            "receipt_email": wanted.get("receipt_email"),
            "status": "requires_payment_method",
        }
    )


def payment_method(kind: str, details: Object, payer: Object, customer: str | None) -> Object:
    """Build a `card` or `acss_debit` method; `details` from `cards.py`, `payer` has `name` and `email`."""
    return _stamp("payment_method", "pm") | {
        "allow_redisplay": "limited",
        "billing_details": billing_details(payer),
        "customer": customer,
        "metadata": {},
        "type": kind,
        kind: details,
    }


def billing_details(payer: Object) -> Object:
    """Build the `billing_details` of a payer with `name` and `email`."""
    return {
        "address": empty_address() | {"country": "CA"},
        "email": payer["email"],
        "name": payer["name"],
        "phone": None,
        "tax_id": None,
    }


def charge(intent: Object, method: Object, *, details: Object, status: str, outcome: Object) -> Object:
    """Build a charge; `status` is succeeded, pending or failed, `outcome` the field of that name."""
    thing = _stamp("charge", "ch" if method["type"] == "card" else "py")
    done = status == "succeeded"
    return (
        thing
        | dict.fromkeys(NO_CHARGE.split())
        | {
            "amount": intent["amount"],
            "amount_captured": intent["amount"] if done else 0,
            "amount_refunded": 0,
            "billing_details": method["billing_details"],
            "calculated_statement_descriptor": "SANDBOX",
            "captured": done,
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "disputed": False,
            "fraud_details": {},
            "metadata": intent["metadata"],
            "outcome": outcome,
            "paid": done,
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": {"type": method["type"], method["type"]: details},
            "receipt_email": intent["receipt_email"],
            "refunded": False,
            "status": status,
        }
    )


def refund(charge: Object, amount: int) -> Object:
    """Build a refund, of part of a charge or of all of it, that succeeds at once."""
    thing = _stamp("refund", "re")
    del thing["livemode"]
    return thing | {
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "currency": charge["currency"],
        "destination_details": {"type": "card", "card": {"type": "refund"}},
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def dispute(charge: Object) -> Object:
    """Build a dispute of the whole charge, to be answered within two weeks."""
    thing = _stamp("dispute", "du")
    return thing | {
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys(NO_EVIDENCE.split()) | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": thing["created"] + 14 * 24 * 3600,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": "fraudulent",
        "status": "needs_response",
    }


def customer(params: Object) -> Object:
    """Build a customer from checked parameters."""
    thing = _stamp("customer", "cus", 14)
    return (
        thing
        | dict.fromkeys(("currency", "default_source", "discount", "shipping", "test_clock"))
        | {
            "address": (empty_address() | params["address"]) if "address" in params else None,
            "balance": 0,
            "delinquent": False,
            "description": params.get("description"),
            "email": params.get("email"),
            "invoice_prefix": thing["id"][-8:].upper(),
            "invoice_settings": {
                "custom_fields": None,
                "default_payment_method": None,
                "footer": None,
                "rendering_options": None,
            },
            "metadata": params.get("metadata", {}),
            "name": params.get("name"),
            "next_invoice_sequence": 1,
            "phone": params.get("phone"),
            "preferred_locales": params.get("preferred_locales", []),
            "tax_exempt": "none",
        }
    )


def webhook_endpoint(url: str, events: list[str]) -> Object:
    """Build an endpoint that is sent events of these types (`*`: of all)."""
    return _stamp("webhook_endpoint", "we") | {
        "api_version": API_VERSION,
        "application": None,
        "description": None,
        "enabled_events": events,
        "metadata": {},
        "status": "enabled",
        "url": url,
    }


def event(kind: str, thing: Object, call: Object) -> Object:
    """Build the event of type `kind` about `thing`; `call` is the `request` that caused it, with nulls if none did."""
    return _stamp("event", "evt") | {
        "api_version": API_VERSION,
        "data": {"object": thing},
        "pending_webhooks": 1,
        "request": call,
        "type": kind,
    }


def listing(url: str, things: list[Object], *, more: bool) -> Object:
    """Build one page of a list."""
    return {"object": "list", "data": things, "has_more": more, "url": url}
