"""Stripe's webhook. The status of the answer tells Stripe whether to send the event again."""

from __future__ import annotations

import logging

from flask import Flask, request

import access
from services.events import stripe_events, webhooks
from services.payments import gateway, settlement
from web.blueprint import bp

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Exempt the webhook from CSRF tokens: Stripe signs what it posts."""
    app.extensions["csrf"].exempt(stripe_webhook)


@bp.post("/stripe/webhook")
def stripe_webhook() -> tuple[dict[str, str], int]:
    """200: handled, or not ours. 400: not signed by Stripe. 500: not handled yet, Stripe sends it again."""
    try:
        event = webhooks.read_event(request.get_data(), request.headers.get("Stripe-Signature", ""))
    except webhooks.BadSignature as refused:
        if refused.fault is not None:
            with access.everything():
                webhooks.note_refusal(refused.fault)
        return {"error": "bad signature"}, 400
    try:
        with access.everything():
            outcome = stripe_events.receive(event)
    except (settlement.UnknownOrder, gateway.Unavailable, gateway.NotFound, gateway.Rejected) as error:
        log.warning("event %s not handled: %s", event.id, type(error).__name__)
        return {"error": "not handled yet"}, 500
    return {"outcome": outcome}, 200
