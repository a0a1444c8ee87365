"""Whose request it is, and what its key may do."""

import base64
import binascii
import secrets

from flask import request

from sandbox.base.shared import shared
from sandbox.stripe.account import ACCOUNT
from sandbox.stripe.errors import StripeError

# By the beginning of a path, what a restricted key's permission for it is called.
RESOURCES = {
    "account": "accounts_kyc_basic",
    "charges": "charge",
    "checkout/sessions": "checkout_session",
    "customers": "customer",
    "disputes": "dispute",
    "payment_intents": "payment_intent",
    "webhook_endpoints": "webhook",
}


def check() -> None:
    """Refuse a request without the right key, or whose key lacks the permission (`lacks` of the switches)."""
    _check_key()
    _check_permission()


def _check_key() -> None:
    given = _given_key()
    if not given:
        raise StripeError(
            "You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401,
        )
    if not secrets.compare_digest(given.encode(), shared().settings.secret_key.encode()):
        raise StripeError(f"Invalid API Key provided: {given[:8]}****{given[-4:]}", status=401)
    if given.startswith("sk_org_") and not request.headers.get("Stripe-Context"):
        raise StripeError("Please include a `Stripe-Context` header: the key is an organization's.")


def _check_permission() -> None:
    resource = request.path.removeprefix("/v1/")
    name = next((RESOURCES[known] for known in RESOURCES if resource.startswith(known)), None)
    wanted = f"rak_{name}_{'read' if request.method == 'GET' else 'write'}"
    if wanted in shared().switches.lacks.split(","):
        raise StripeError(
            f"The provided key '{_given_key()[:8]}*********' does not have the required permissions for this endpoint on "
            f"account '{ACCOUNT['id']}'. Having the '{wanted}' permission would allow this request to continue.",
            status=403,
        )


def _given_key() -> str:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""
