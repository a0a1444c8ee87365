"""What is posted to the webhook: believed when Stripe signed it with our secret, just now; counted for staff when not.

Stripe's docs, "Verify webhook signatures": the signature is over the raw body and the second of its sending.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import time
from typing import Any

import sqlalchemy as sa
from flask import current_app

from models import RefusedWebhook, WebhookFault, db, insert_or_ignore
from services.foundation.transaction import Turn, transaction
from services.payments import desks, gateway
from services.payments.sessions import Event

log = logging.getLogger(__name__)

# How far a signature's second may be from ours, in seconds: the default of Stripe's libraries.
SIGNATURE_TOLERANCE = 300
# The lengths of our columns.
MAX_ID, MAX_TYPE = 255, 100
# The whole of it, so that the second which is looked at is the one that was signed, whatever else is in the header.
_SIGNATURE = re.compile(r"t=([0-9]{1,12})((?:,[^,]+)+)", re.ASCII)
_STRIPES = re.compile(r",v1=[0-9a-f]{64}(?=,|$)", re.ASCII)


class BadSignature(Exception):
    """Not signed by Stripe with our secret, not now, or not an event.

    Attributes:
        fault: What is likely to be wrong with the desk's own settings; None for what anybody may post.
    """

    def __init__(self, fault: WebhookFault | None = None) -> None:
        super().__init__(fault)
        self.fault = fault


def read_event(payload: bytes, signature: str) -> Event:
    """The event in a webhook's raw body.

    Raises:
        BadSignature: forged, altered, signed over `SIGNATURE_TOLERANCE` ago or as much in the future, or not an event.
    """
    try:
        text = payload.decode()
        given = _SIGNATURE.fullmatch(signature)
        if not given or not gateway.is_signed(text, signature):
            # What looks like Stripe's and is not signed with our secret: the secret may be another endpoint's.
            stripes = given and _STRIPES.search(given[2])
            raise BadSignature(WebhookFault.SIGNATURE if stripes else None)
        if abs(age := time.time() - int(given[1])) > SIGNATURE_TOLERANCE:
            log.warning("a webhook bears a time %.0f seconds before ours", age)
            raise BadSignature(WebhookFault.CLOCK)
        return _event(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadSignature from error


def _event(found: Any) -> Event:
    thing = found["data"]["object"]
    metadata = thing.get("metadata")
    account, ours = found.get("account"), current_app.config["STRIPE_CONTEXT"]
    return Event(
        id=_text(found["id"], MAX_ID),
        type=_text(found["type"], MAX_TYPE),
        object_id=_text(thing.get("id", ""), MAX_ID),
        names_order=bool(metadata and desks.REFERENCE in metadata),
        # An account that is connected to ours sells for itself.
        is_foreign=desks.is_another(metadata) or bool(account and account != ours),
        livemode=bool(found["livemode"]),
        created_at=dt.datetime.fromtimestamp(int(found["created"]), dt.UTC),
    )


def _text(value: object, most: int) -> str:
    """A text that the database can hold. ValueError for what is none, a lone surrogate, a NUL, or one that is too long."""
    if not isinstance(value, str) or "\0" in value or len(value) > most:
        raise ValueError("not an identifier of Stripe")
    value.encode()
    return value


# --- What was refused -------------------------------------------------------------------------------------------------

_SAY = {
    WebhookFault.SIGNATURE: "a webhook is not signed with STRIPE_WEBHOOK_SECRET: if it is Stripe's, copy the secret anew from "
    "this endpoint's page in Stripe's dashboard",
    WebhookFault.CLOCK: "a webhook of Stripe was refused for its time: set this machine's clock (NTP)",
}


def note_refusal(fault: WebhookFault) -> None:
    """Say what is likely to be wrong, and count it for staff until an event of Stripe is believed again."""
    log.warning(_SAY[fault])
    with transaction() as turn:
        db.session.execute(
            insert_or_ignore(RefusedWebhook).values(fault=fault, count=0, first_at=turn.now, last_at=turn.now)
        )
        more = {"count": RefusedWebhook.count + 1, "last_at": turn.now}
        db.session.execute(sa.update(RefusedWebhook).where(RefusedWebhook.fault == fault).values(more))


def forget_refusals(turn: Turn) -> None:
    """A step: an event was believed, so secret and clock are right."""
    db.session.execute(sa.delete(RefusedWebhook).where(RefusedWebhook.last_at <= turn.now))
