"""Test cards and test bank accounts, and the result of paying with each.

Only these are accepted: a real card typed by mistake is refused and not stored. Source: Stripe's page on testing
and, for accounts, its page on pre-authorized debits in Canada.
"""

import hashlib
from dataclasses import dataclass

from sandbox.base.store import Object


@dataclass(frozen=True)
class Refusal:
    """Why a payment fails, in Stripe's words and codes."""

    code: str
    message: str
    decline_code: str | None = None
    kind: str = "card_error"

    @property
    def reason(self) -> str:
        """The key of the sentence shown to the payer, in `pages/wording.py`."""
        return self.decline_code or self.code


DECLINED = Refusal("card_declined", "Your card was declined.", "generic_decline")
NO_FUNDS = Refusal("card_declined", "Your card has insufficient funds.", "insufficient_funds")
LOST = Refusal("card_declined", "Your card was declined.", "lost_card")
STOLEN = Refusal("card_declined", "Your card was declined.", "stolen_card")
EXPIRED = Refusal("expired_card", "Your card has expired.", "expired_card")
WRONG_CVC = Refusal("incorrect_cvc", "Your card's security code is incorrect.", "incorrect_cvc")
PROCESSING = Refusal(
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
    "processing_error",
)
NOT_AUTHENTICATED = Refusal(
    "payment_intent_authentication_failure",
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new "
    "PaymentMethod to attempt to fulfill this PaymentIntent again.",
    kind="invalid_request_error",
)
DEBIT_NO_FUNDS = Refusal(
    "payment_method_provider_decline",
    "The customer's bank account has insufficient funds.",
    "insufficient_funds",
)


@dataclass(frozen=True)
class Card:
    """One test card: number, brand, whether it asks for 3-D Secure, and why it is refused, if it is."""

    number: str
    brand: str = "visa"
    authenticate: bool = False
    refusal: Refusal | None = None

    @property
    def spaced(self) -> str:
        """The number in groups of four digits."""
        return " ".join(self.number[i : i + 4] for i in range(0, len(self.number), 4))

    @property
    def result(self) -> str:
        """The key of the sentence about its result, in `pages/wording.py`."""
        if self.authenticate:
            return "3ds_then_" + self.refusal.reason if self.refusal else "3ds"
        return self.refusal.reason if self.refusal else "succeeds"

    def details(self, month: int, year: int) -> Object:
        """Build the `card` part of a payment method."""
        return {
            "brand": self.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": "US",
            "display_brand": self.brand,
            "exp_month": month,
            "exp_year": year,
            "fingerprint": hashlib.sha256(self.number.encode()).hexdigest()[:16],
            "funding": "credit",
            "generated_from": None,
            "last4": self.number[-4:],
            "networks": {"available": [self.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        }


CARDS = {
    card.number: card
    for card in (
        Card("4242424242424242"),
        Card("5555555555554444", brand="mastercard"),
        Card("4000002500003155", authenticate=True),
        Card("4000002760003184", authenticate=True),
        Card("4000008260003178", authenticate=True, refusal=NO_FUNDS),
        Card("4000000000000002", refusal=DECLINED),
        Card("4000000000009995", refusal=NO_FUNDS),
        Card("4000000000009987", refusal=LOST),
        Card("4000000000009979", refusal=STOLEN),
        Card("4000000000000069", refusal=EXPIRED),
        Card("4000000000000127", refusal=WRONG_CVC),
        Card("4000000000000119", refusal=PROCESSING),
    )
}


@dataclass(frozen=True)
class Account:
    """One test bank account of institution 000, transit 11000; without a refusal its debit succeeds."""

    number: str
    refusal: Refusal | None = None

    @property
    def result(self) -> str:
        """The key of the sentence about its result, in `pages/wording.py`."""
        return "debit_fails" if self.refusal else "debit_succeeds"

    def details(self) -> Object:
        """Build the `acss_debit` part of a payment method."""
        return {
            "bank_name": "STRIPE TEST BANK",
            "fingerprint": hashlib.sha256(self.number.encode()).hexdigest()[:16],
            "institution_number": INSTITUTION,
            "last4": self.number[-4:],
            "transit_number": TRANSIT,
        }


INSTITUTION, TRANSIT = "000", "11000"
ACCOUNTS = {
    account.number: account
    for account in (Account("000123456789"), Account("000222222227", refusal=DEBIT_NO_FUNDS))
}


def luhn(number: str) -> bool:
    """Say whether a card number's check digit is right."""
    digits = [int(char) for char in reversed(number)]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[1::2]]
    return (sum(digits[0::2]) + sum(doubled)) % 10 == 0


def charge_details(method: Object) -> Object:
    """Build the `payment_method_details` of a charge from its payment method."""
    if method["type"] == "acss_debit":
        return dict(method["acss_debit"])
    card = method["card"]
    kept = (
        "brand",
        "checks",
        "country",
        "exp_month",
        "exp_year",
        "fingerprint",
        "funding",
        "last4",
        "wallet",
    )
    return {name: card[name] for name in kept} | {
        "amount_authorized": None,
        "authorization_code": None,
        "installments": None,
        "mandate": None,
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": None,
        "regulated_status": card["regulated_status"],
        "three_d_secure": None,
    }
