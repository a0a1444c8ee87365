"""What Stripe says, as far as the desk uses it: sessions of the payment page, their charge, signed events."""

from __future__ import annotations

import dataclasses
import datetime as dt


@dataclasses.dataclass(frozen=True)
class Charge:
    """The latest charge of a payment: with what it was paid.

    Attributes:
        method: `card`, `acss_debit`, or another of Stripe's names.
        brand: A card's: `visa`.
        last4: Of the card or the account.
        refunded: What was refunded of it so far, in cents.
        given_back: Whether all of it was refunded.
        contested: Whether its payer contests it at the bank, or has done so and was put in the right.
    """

    id: str
    method: str
    brand: str | None
    last4: str | None
    refunded: int = 0
    given_back: bool = False
    contested: bool = False


@dataclasses.dataclass(frozen=True)
class Session:
    """A Checkout Session and its payment, as far as the desk uses them.

    Attributes:
        status: `open`, `complete` or `expired`.
        payment_status: `paid`, `unpaid` or `no_payment_required`.
        reference: The order's, or None for a session that is not this desk's.
        amount: In cents, with taxes.
        currency: ISO 4217, in capitals.
        charge: None before anybody paid, and where the payment was not asked for.
    """

    id: str
    status: str
    payment_status: str
    url: str
    reference: str | None
    amount: int
    currency: str
    livemode: bool
    payment_intent_id: str | None
    payment_intent_status: str | None
    customer_id: str | None
    charge: Charge | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody can pay on its page."""
        return self.status == "open"

    @property
    def is_complete(self) -> bool:
        """Whether somebody has paid on its page; a bank debit may still be under way, or refused."""
        return self.status == "complete"

    @property
    def is_paid(self) -> bool:
        """Whether the money has come, or none was due."""
        return self.is_complete and self.payment_status in {"paid", "no_payment_required"}

    @property
    def is_given_back(self) -> bool:
        """Whether what was paid went back, all of it, or is contested at the bank."""
        return self.charge is not None and (self.charge.given_back or self.charge.contested)

    @property
    def has_failed(self) -> bool:
        """A bank debit that was accepted at first and refused days later."""
        return self.is_complete and self.payment_intent_status in {
            "requires_payment_method",
            "canceled",
        }


@dataclasses.dataclass(frozen=True)
class Dispute:
    """A payment that its payer contests at the bank.

    Attributes:
        status: Stripe's: `needs_response`, `won`, `warning_closed` and others.
    """

    id: str
    status: str
    payment_intent_id: str | None

    @property
    def is_open(self) -> bool:
        """Whether the bank has not decided yet. (A warning is closed without a decision where nothing came of it.)"""
        return self.status not in {"won", "lost", "warning_closed", "prevented"}

    @property
    def is_against_us(self) -> bool:
        """Whether it is open, or lost: the money is not the vendor's to keep."""
        return self.is_open or self.status == "lost"


@dataclasses.dataclass(frozen=True)
class Page:
    """The payment page of an attempt: its session, and the customer that it was made for."""

    session: Session
    attempt: int
    customer_id: str


@dataclasses.dataclass(frozen=True)
class Event:
    """A signed event. It is only a trigger: what happened is read from the object itself.

    Attributes:
        names_order: Whether its object's metadata names an order of a desk.
        is_foreign: Whether it is another desk's for sure: by its mark, or because of another account.
    """

    id: str
    type: str
    object_id: str
    names_order: bool
    is_foreign: bool
    livemode: bool
    created_at: dt.datetime
