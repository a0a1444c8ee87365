"""What Stripe told us, and what came of it. Only read."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _pl

from admin_views import labels
from admin_views.lists.columns import Column, Empty, ListFilter, Tab
from admin_views.lists.finding import Whole
from admin_views.support.base import RecordView
from models import StripeEvent


class StripeEvents(RecordView):
    model = StripeEvent
    title = _l("Stripe events")
    slug = "stripe-events"
    columns = (
        Column("received_at", _l("Received on"), kind="moment", sort=StripeEvent.received_at),
        Column("type", _l("Event"), kind="mono", phone="line"),
        Column("object_id", _l("Object at Stripe"), kind="mono", phone="line"),
        Column("livemode", _l("Live"), value=labels.yes_no),
        Column("outcome", _l("Outcome"), value=labels.outcome_words, phone="line"),
        Column("handled_at", _l("Handled on"), kind="moment", mid=False),
    )
    row_name = ((StripeEvent.type, StripeEvent.id), lambda kind, key: f"{kind}, {key}")
    tabs = (
        Tab("all", _pl("events", "All")),
        Tab("unhandled", _l("Not handled"), lambda: StripeEvent.handled_at.is_(None), tone="wait"),
    )
    search_hint = _l("Whole id at Stripe")
    empty = Empty(_l("Stripe has told nothing yet."))
    search = (Whole(StripeEvent.object_id, as_written=True), Whole(StripeEvent.id, as_written=True))
    filters = (
        ListFilter(
            "handled",
            _l("Handled"),
            lambda: [("no", _("No"))],
            lambda query, _code: query.where(StripeEvent.handled_at.is_(None)),
        ),
    )
    default_order = ("received_at", True)
