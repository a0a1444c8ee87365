"""What waits for the vendor's staff, worst first: how many, who for instance, and the list of all of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from admin_views import labels
from admin_views.lists.listing import Total
from models import MailState, OrderState, WebhookFault
from services.reports import desk
from services.reports.counts import COUNT_LIMIT
from services.text.characters import isolated
from services.text.formats import current_language, number

# Customers that are named of a tally.
NAMED = 2


@dataclasses.dataclass(frozen=True)
class Waits:
    """Something that waits: `shown` is its count, `tone` is `bad` for what does not settle itself."""

    shown: str
    label: Any
    detail: str
    href: str
    tone: str = ""


def waiting(today: desk.Today) -> list[Waits]:
    """What waits now. Three statements."""
    return [*_broken(), *_of_licenses(today)]


def _broken() -> Iterator[Waits]:
    found, told = desk.waiting(), desk.examples()
    issues = [
        f"{labels.issue_words(one.code)} ({isolated(one.customer)}, {one.reference})"
        for one in told
        if one.of == "issues"
    ]
    declined = [isolated(one.customer) for one in told if one.of == "declined"]
    mails = [labels.mail_trouble(one.code) for one in told if one.of == "failed_mails" and one.code]
    places: Sequence[tuple[int, Any, list[str], str]] = (
        (found.issues, _("Issues to look at"), issues, url_for("support_issues.index_view", open="yes")),
        (
            found.declined,
            _("Payments declined"),
            declined,
            url_for("support_orders.index_view", state=OrderState.FAILED.value),
        ),
        (
            found.failed_mails,
            _("Mail not delivered"),
            mails,
            url_for("support_mail.index_view", state=MailState.FAILED.value),
        ),
        (
            found.events,
            _("Stripe events not handled"),
            [],
            url_for("support_stripe-events.index_view", handled="no"),
        ),
    )
    for count, label, names, href in places:
        if count:
            yield Waits(shown(count), label, ", ".join(dict.fromkeys(names)), href, "bad")
    if found.requests:
        yield _of_requests(found.requests)
    events = url_for("support_stripe-events.index_view")
    for fault, count in desk.refused_webhooks():
        yield Waits(shown(count), labels.word(WebhookFault, fault), "", events, "bad")


def _of_requests(count: int) -> Waits:
    said = _("Requests for a license that nobody of the company can answer")
    return Waits(shown(count), said, "", url_for("support_requests.index", nobody="yes"), "bad")


def _of_licenses(today: desk.Today) -> Iterator[Waits]:
    if today.expired.seats:
        yield Waits(
            number(today.expired.seats, current_language()),
            _("Expired licenses that somebody still holds"),
            _named(today.expired),
            url_for("support_licenses.index_view", state="expired", holder="with"),
        )
    if today.unused.seats:
        yield Waits(
            number(today.unused.seats, current_language()),
            _("Licenses never activated, assigned for more than 14 days"),
            _named(today.unused),
            url_for("support_licenses.index_view", holder="idle"),
        )


def _named(tally: desk.Tally) -> str:
    """« Kingston (14), Huron (9) et 6 autres clients »."""
    language = current_language()
    names = [f"{isolated(name)} ({number(seats, language)})" for _id, name, seats in tally.most[:NAMED]]
    others = tally.companies - len(names)
    if not others:
        return ", ".join(names)
    more = ngettext("and %(num)s other customer", "and %(num)s other customers", others)
    return f"{', '.join(names)} {more}"


def shown(count: int) -> str:
    """A count of `services/reports/counts.py`, which says where it stopped."""
    language = current_language()
    if count > COUNT_LIMIT:
        return Total(COUNT_LIMIT, capped=True).text(language)
    return number(count, language)
