"""What `flask check-stripe` finds out about the account: whose it is, what the key may do, where Stripe sends its events."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from services.events import stripe_events
from services.foundation import urls
from services.payments import gateway

# What the desk does at Stripe, by the name that the dashboard gives to the permission, with a call that needs it and
# changes nothing: no object has such an id.
NEEDED: dict[str, Callable[[Any], object]] = {
    "Checkout Sessions: Write": lambda api: api.checkout.sessions.expire("cs_test_no_such_session"),
    "Customers: Write": lambda api: api.customers.update("cus_NoSuchCustomer", params={"name": "-"}),
    "PaymentIntents: Read": lambda api: api.payment_intents.retrieve("pi_no_such_payment"),
    "Charges and Refunds: Read": lambda api: api.charges.retrieve("ch_no_such_charge"),
    "Disputes: Read": lambda api: api.disputes.list(params={"limit": 1}),
    "Webhook Endpoints: Read": lambda api: api.webhook_endpoints.list(params={"limit": 1}),
}


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """A webhook endpoint of the account, with the events that it is sent (`*`: all)."""

    url: str
    status: str
    api_version: str
    events: list[str]

    @property
    def lacks(self) -> list[str]:
        """The events that the desk uses and this endpoint is not sent."""
        return [] if "*" in self.events else sorted(stripe_events.EVENTS - set(self.events))

    @property
    def is_ours(self) -> bool:
        return self.url.rstrip("/") == urls.webhook_url()

    @property
    def works(self) -> bool:
        """Whether it brings all that the desk uses."""
        return self.is_ours and self.status == "enabled" and not self.lacks


@dataclasses.dataclass(frozen=True)
class Account:
    """The account behind the key.

    Attributes:
        name: `acct_…`, or empty where the key may not read it, which nothing needs.
        lacks: {permission as the dashboard calls it: as Stripe's errors call it}.
        endpoints: None where the key may not list them.
    """

    name: str
    live: bool
    lacks: dict[str, str]
    endpoints: list[Endpoint] | None


def look() -> Account:
    """Try the key.

    Raises:
        Unavailable, Rejected: Stripe is away, or does not know the key.
    """
    try:
        name = str(gateway.call(gateway.client().accounts.retrieve_current).id)
    except gateway.Forbidden:
        name = ""
    lacks = {words: missing for words, call in NEEDED.items() if (missing := _missing(call))}
    endpoints = None if "Webhook Endpoints: Read" in lacks else _endpoints()
    return Account(name, gateway.is_live(), lacks, endpoints)


def _missing(call: Callable[[Any], object]) -> str | None:
    """The permission that the key lacks for a call, or None."""
    try:
        gateway.call(call, gateway.client())
    except gateway.Forbidden as error:
        return str(error)
    except gateway.NotFound:
        return None
    return None


def _endpoints() -> list[Endpoint]:
    found = gateway.call(gateway.client().webhook_endpoints.list, params={"limit": 100})
    return [
        Endpoint(one.url, one.status, one.api_version or "the account’s", list(one.enabled_events))
        for one in found.data
    ]
