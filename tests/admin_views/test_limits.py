"""Limits that somebody relies on: one that changes by accident changes what people are promised."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from wtforms.validators import Length, NumberRange

from admin_views import pickers, portal
from admin_views.journal import license_life, timeline
from admin_views.lists import finding, keyset, listing, rows, theirs
from admin_views.portal import home as portal_home
from admin_views.portal import plans as portal_plans
from admin_views.search import page
from admin_views.support import VIEWS, companies, journal, orders, people, settings
from admin_views.support import plans as support_plans
from models import ENDS_SOON, MAX_QUANTITY, MAX_WORDS, Company, Conditions, User, Vendor
from services.buying import orders as placing
from services.buying import quotes
from services.catalogue import plans, tax_rates, vendor
from services.events import reconciliation, stripe_events, webhooks
from services.foundation import checks
from services.links import tokens
from services.mail import outbox
from services.payments import checkout, gateway
from services.people import oneself
from services.privacy import keeping, known
from services.reports import counts, desk
from services.search import codes, everywhere, hits
from services.waiting import queue

MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)
PROMISED = [
    # What a list reads of the address, and answers at most.
    (listing.PAGE_SIZES, (20, 50, 100)),
    ((listing.MAX_SEARCH, listing.SEARCHED), (100, 500)),
    (MAX_WORDS, 8),
    (finding.MAX_EXACT, 50),
    ((theirs.GATHERED, theirs.SAMPLED, theirs.ASKED, theirs.ENOUGH), (8_000, 100, 1_000, 10)),
    (hits.MOST, {User: 3_000, Company: 100}),
    ((hits.LARGE, hits.RARE), (2_000, 1_000)),
    ((codes.LEAST, codes.LONGEST, codes.MOST), (4, 60, 5_000)),
    (keyset.MAX_CURSOR, 1_000),
    (rows.MAX_ROWS, 500),
    (rows.MAX_ID, 2**63 - 1),
    (counts.COUNT_LIMIT, 10_000),
    (pickers.MAX_FOUND, 20),
    (pickers.MAX_OFFSET, 1_000),
    # What pages show of many.
    (portal_home.SHOWN_EVENTS, 8),
    (portal_plans.MAX_TYPED, 20),
    (companies.SHORT, 5),
    ((page.IN_PALETTE, page.ON_PAGE, everywhere.LATEST, everywhere.COMPARED), (5, 20, 3, 300)),
    (timeline.SHORT, 10),
    ((desk.MONTHS, desk.SHOWN, desk.EXAMPLES), (12, 5, 3)),
    (orders.SHORT, 10),
    (orders.MONTHS, 24),
    (orders.MAX_AT_ONCE, 20),
    ((people.HISTORY, license_life.HISTORY, license_life.ENTRIES), (20, 100, 50)),
    (journal.SAME_OPERATION, 20),
    (known.SHOWN, 200),
    ((keeping.BATCH, keeping.BATCHES), (1_000, 1_000)),
    (placing.SHOWN_UNPAID, 5),
    (ENDS_SOON, 60 * DAY),
    # Money and seats. Stripe, "Minimum and maximum charge amounts".
    (MAX_QUANTITY, 1_000),
    ((quotes.MIN_TOTAL, quotes.MAX_TOTAL), (50, 99_999_999)),
    (plans.MAX_AMOUNT, 100_000_000),
    (tax_rates.MAX_RATE, 100_000),
    # Stripe: how old a signature may be, how often a call is tried, when it is asked again.
    (webhooks.SIGNATURE_TOLERANCE, 300),
    (gateway.RETRIES, 2),
    ((checkout.MAX_ATTEMPTS, checkout.MAX_FAILURES), (5, 2)),
    ((stripe_events.STRIPE_INSISTS_FOR, stripe_events.STRIPE_KEEPS), (3 * DAY, 30 * DAY)),
    (reconciliation.PATIENCE, 2 * MINUTE),
    (reconciliation.SILENCES, 3),
    # Mail: about three days of tries, and how long one may take.
    (outbox.MAX_ATTEMPTS, 78),
    (outbox.MINIMUM_LEASE, 2 * MINUTE),
    (outbox.WAITS_PER_MAIL, 15),
    ((queue.POLL_SECONDS, queue.LONGEST_PAUSE_SECONDS), (1.0, 60.0)),
    ((queue.FIRST_RETRY, queue.LONGEST_RETRY), (MINUTE, 60 * MINUTE)),
    # Links, passwords, texts, files.
    (
        [lifetime / MINUTE for lifetime in tokens.LIFETIMES.values()],
        [30, 60, 30 * 24 * 60, 7 * 24 * 60, 3 * 24 * 60],
    ),
    (tokens.TOKEN_BYTES, 32),
    ((oneself.MIN_PASSWORD_LENGTH, oneself.MAX_PASSWORD_LENGTH, checks.MAX_NAME_LENGTH), (10, 200, 100)),
    ((checks.MAX_EMAIL_LENGTH, checks.MAX_TEXT_LENGTH), (254, 50_000)),
    ((plans.MAX_LIMITS, plans.MAX_LIMIT_LENGTH, plans.MAX_POSITION), (50, 200, 1_000)),
    (vendor.MAX_LOGO_BYTES, 200_000),
]


@pytest.mark.parametrize(("limit", "promised"), PROMISED, ids=map(str, range(len(PROMISED))))
def test_a_limit_is_the_one_that_was_promised(limit, promised):
    assert limit == promised


def test_a_list_begins_with_what_is_looked_for_first():
    declared = {
        view.__module__.removeprefix("admin_views.") + "." + view.__name__: view.default_order
        for view in (*VIEWS, *portal.VIEWS)
        if getattr(view, "default_order", None)
    }
    # Everywhere else the newest row comes first.
    assert declared == {
        "portal.users.Users": ("name", False),
        "support.issues.Issues": ("opened_at", True),
        "support.plans.Plans": ("position", False),
        "support.settings.TaxRates": ("place", False),
        "support.stripe_events.StripeEvents": ("received_at", True),
    }


FORMS = {
    **{view.__name__: (view.model, view.form) for view in VIEWS if getattr(view, "form", None)},
    "VendorPage": (Vendor, settings.VendorForm),
}
# Columns without a length of their own: what the form allows instead.
OTHERS = {
    "address": 500,
    "description_fr": 2_000,
    "description_en": 2_000,
    "text_fr": 50_000,
    "text_en": 50_000,
}


@pytest.mark.one_database
@pytest.mark.parametrize("name", FORMS)
def test_a_field_is_as_long_as_its_column(app, name):
    """Otherwise a text is refused without saying where, or cut by the browser for no reason."""
    model, kind = FORMS[name]
    with app.test_request_context():
        fields = list(kind())
    columns = model.__table__.columns
    for field in fields:
        length = getattr(getattr(columns.get(field.name), "type", None), "length", None)
        lengths = [validator.max for validator in field.validators if isinstance(validator, Length)]
        expected = length or OTHERS.get(field.name)
        if field.type in {"StringField", "EmailField", "TextAreaField"} and expected:
            assert lengths == [expected], field.name
    assert Conditions.__table__.columns["text_fr"].type.length is None


def _between(model: type) -> dict[str, tuple[int, int]]:
    """{column: (least, most)} of the table's CHECKs."""
    checks = (c for c in model.__table__.constraints if isinstance(c, sa.CheckConstraint))
    found = (re.fullmatch(r"(\w+) BETWEEN (\d+) AND (\d+)", str(check.sqltext)) for check in checks)
    return {match[1]: (int(match[2]), int(match[3])) for match in found if match}


@pytest.mark.one_database
@pytest.mark.parametrize("name", FORMS)
def test_a_number_is_held_to_what_its_column_takes(app, name):
    """Otherwise the database refuses what the form let pass, and nobody reads why."""
    model, kind = FORMS[name]
    with app.test_request_context():
        ranges = {
            field.name: (validator.min, validator.max)
            for field in kind()
            for validator in field.validators
            if isinstance(validator, NumberRange)
        }
    allowed = _between(model) | {"position": (0, plans.MAX_POSITION)}
    assert ranges == {field: allowed[field] for field in ranges}
    # A percentage knows its own limits.
    assert (set(_between(model)) & set(vars(kind))) - {"rate"} <= set(ranges)


DEFAULTS = {
    "NewCompanyForm": {"country": "CA", "language": "fr", "time_zone": "America/Toronto"},
    "NewPersonForm": {"role": "member", "language": "fr", "invite": True},
    "PlanForm": {"term_months": 12, "devices_per_license": 1, "on_sale": True, "position": 0},
}


@pytest.mark.one_database
def test_a_new_form_begins_with_what_is_usual(cast, app):
    kinds = {
        kind.__name__: kind
        for module in (companies, people, support_plans)
        for kind in vars(module).values()
        if isinstance(kind, type) and kind.__name__ in DEFAULTS
    }
    with app.test_request_context():
        begun = {
            name: {field.name: field.data for field in kind() if field.data not in (None, "", [])}
            for name, kind in kinds.items()
        }
    for fields in begun.values():
        fields.pop("csrf_token", None)
    assert begun == DEFAULTS
