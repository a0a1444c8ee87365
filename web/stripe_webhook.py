"""Where Stripe tells what happened. Its answer tells Stripe whether to tell us again."""

from __future__ import annotations

import logging

from flask import Flask, request

import access
from services.buying import gateway, settlement, stripe_events
from web.blueprint import bp

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Stripe signs what it posts: that takes the place of a form's token."""
    app.extensions["csrf"].exempt(stripe_webhook)


@bp.post("/stripe/webhook")
def stripe_webhook() -> tuple[dict[str, str], int]:
    """200: taken, or not ours. 400: not signed by Stripe. 500: could not be handled yet, tell us again."""
    try:
        event = gateway.read_event(request.get_data(), request.headers.get("Stripe-Signature", ""))
    except gateway.BadSignature:
        return {"error": "bad signature"}, 400
    try:
        with access.everything():
            outcome = stripe_events.receive(event)
    except (settlement.UnknownOrder, gateway.Unavailable, gateway.NotFound, gateway.Rejected) as error:
        log.warning("event %s not handled: %s", event.id, type(error).__name__)
        return {"error": "not handled yet"}, 500
    return {"outcome": outcome}, 200
