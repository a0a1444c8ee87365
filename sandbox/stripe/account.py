"""The account and its balance, which `flask check-stripe` retrieves; they never change."""

from sandbox.base.store import Object

ACCOUNT: Object = {
    "id": "acct_1SandboxTrousseau",
    "object": "account",
    "business_profile": {
        "annual_revenue": None,
        "estimated_worker_count": None,
        "mcc": None,
        "minority_owned_business_designation": None,
        "name": "Sandbox",
        "product_description": None,
        "support_address": None,
        "support_email": None,
        "support_phone": None,
        "support_url": None,
        "url": None,
    },
    "business_type": None,
    "capabilities": {"acss_debit_payments": "active", "card_payments": "active", "transfers": "active"},
    "charges_enabled": True,
    "country": "CA",
    "created": 1_700_000_000,
    "default_currency": "cad",
    "details_submitted": True,
    "email": "sandbox@trousseau.example",
    "metadata": {},
    "payouts_enabled": True,
    "type": "standard",
}
BALANCE: Object = {
    "object": "balance",
    "available": [{"amount": 0, "currency": "cad", "source_types": {"card": 0}}],
    "livemode": False,
    "pending": [{"amount": 0, "currency": "cad", "source_types": {"card": 0}}],
}
