"""Addresses of our pages: absolute for mails and for Stripe, from `BASE_URL`, never from a request.

A request's Host header is the visitor's to choose; a mailed link must not be.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app

from models import Order


def absolute(path: str) -> str:
    """`/portal/` → `https://desk.vendor.example/portal/`."""
    return f"{current_app.config['BASE_URL']}{path}"


def local(target: str | None, host: str) -> str | None:
    """`target` when it is a page of this site (`host`, as the visitor calls it), without the host; else None.

    Nobody is sent to another site by a link they followed.
    """
    if not target or "\\" in target or any(ord(character) < 0x20 for character in target):
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        # Half an IPv6 address, or a character that becomes a slash or an @ in a name (`℀`).
        return None
    if parts.netloc:
        if parts.netloc.lower() not in {host.lower(), urlsplit(current_app.config["BASE_URL"]).netloc}:
            return None
        target = parts.path + (f"?{parts.query}" if parts.query else "")
    return target if target.startswith("/") and not target.startswith("//") else None


def portal_url() -> str:
    """The customers' home."""
    return absolute("/portal/")


def support_url() -> str:
    """The staff's home."""
    return absolute("/support/")


def forgot_password_url() -> str:
    """Where anybody asks for a link to choose a new password."""
    return absolute("/forgot-password")


def link_url(token: str) -> str:
    """The page of a one-time link (`services/links/tokens.py`)."""
    return absolute(f"/l/{token}")


def order_url(order: Order) -> str:
    """The customer's page of an order."""
    return absolute(f"/portal/orders/{order.reference}")


def firm_link_url(token: str) -> str:
    """The page of a firm's invitation link, for whoever has an address of its domain."""
    return absolute(f"/join/{token}")


def join_url(token: str) -> str:
    """The page that is mailed to whoever asked to come in by a firm's link."""
    return absolute(f"/join/answer/{token}")


def users_url() -> str:
    """Where an administrator hands out licences."""
    return absolute("/portal/users/")


def requests_url() -> str:
    """Where an administrator reads who asks for a licence."""
    return absolute("/portal/requests/")


def support_requests_url() -> str:
    """Where the staff reads it."""
    return absolute("/support/requests/")


def support_order_url(order: Order) -> str:
    """The staff's page of an order."""
    return absolute(f"/support/orders/details/?id={order.id}")


def webhook_url() -> str:
    """Where Stripe sends its events."""
    return absolute("/stripe/webhook")


def payment_return_url() -> str:
    """Where Stripe sends the customer back to after paying."""
    return absolute("/portal/orders/done")
