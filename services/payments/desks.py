"""Whose a payment at Stripe is.

Several desks may use one Stripe account: a trial beside the real one, a copy of its database. Stripe tells each of them
of everything, so whatever a desk makes there bears its mark, and it leaves alone what bears another one's.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import current_app

from services.catalogue import vendor
from services.foundation import urls

# The metadata keys with the order that a session pays, and with the desk that made it.
REFERENCE, DESK = "order_reference", "desk"
# Part of Stripe's idempotency keys, which have 255 characters at most.
MAX_MARK = 120


def mark() -> str:
    """`7KQ2M-9XW4P@licences.example.com`: the code of this database, and the name under which the desk serves it.

    An emptied database is another desk, and so is a copy of this one at another address.
    """
    name = current_app.config["STRIPE_DESK"] or urlsplit(current_app.config["BASE_URL"]).netloc
    return f"{vendor.current().desk_code}@{name}"[:MAX_MARK]


def is_another(metadata: Any) -> bool:
    """Whether an object of Stripe bears the mark of another desk; False where it bears none."""
    return bool(metadata) and DESK in metadata and metadata[DESK] != mark()


def made_here(metadata: Any, returns_to: str) -> bool:
    """Whether this desk made a session: by its mark or, of before there were marks, by where it leads back to."""
    if metadata and DESK in metadata:
        return bool(metadata[DESK] == mark())
    return returns_to.startswith(urls.payment_return_url())
