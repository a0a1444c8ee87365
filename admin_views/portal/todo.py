"""What an administrator has to do, worst first: each with its act, and a way to be done with it.

A thing that nobody has to decide can be put away (`services/reports/dismissals.py`); it comes back as soon as its facts change.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

import access
from access import Permission
from models import ENDS_SOON, Order, OrderState
from services.reports.company import Figures
from services.seats.seat_counts import PlanSeats
from services.text.formats import current_language, money

# Somebody who was given a licence yesterday is not late.
UNUSED_AFTER = dt.timedelta(days=7)


@dataclasses.dataclass(frozen=True)
class Task:
    """One thing to do.

    Attributes:
        key: What it is, for `put_away`.
        mark: Its facts: with other ones it is another thing.
        tone: `bad`, `wait` or nothing.
        act: The label and the address of what is done about it; None for who may not.
        order: The order that is paid or given up, instead of `act`.
    """

    key: str
    mark: str
    icon: str
    text: str
    tone: str = ""
    detail: str = ""
    act: tuple[str, str] | None = None
    order: Order | None = None

    @property
    def can_be_put_away(self) -> bool:
        """An order that waits is paid or cancelled: there is nothing else to be done with it."""
        return self.order is None


@dataclasses.dataclass(frozen=True)
class Ending:
    """Licences of one plan that end soon, on one day."""

    plan: PlanSeats
    last_day: dt.date
    days: int
    seats: int
    held: int


def tasks(
    owned: Sequence[PlanSeats], figures: Figures, unpaid: Sequence[Order], now: dt.datetime
) -> list[Task]:
    """Everything that the signed-in person has to do, worst first; put away or not."""
    found = []
    if access.can(current_user, Permission.BILLING):
        found += [_of_order(order) for order in unpaid]
    if access.can(current_user, Permission.MANAGE_USERS):
        found += _of_people(sum(plan.available for plan in owned), owned, figures, now)
    if access.can(current_user, Permission.PURCHASE):
        found += _of_cart(figures, unpaid)
    rank = {"bad": 0, "wait": 1, "": 2}
    return sorted(found, key=lambda task: rank[task.tone])


def shown(found: Sequence[Task], away: Mapping[str, str]) -> list[Task]:
    """Those that the person has not put away as they are."""
    return [task for task in found if away.get(task.key) != task.mark]


def ending(owned: Sequence[PlanSeats], today: dt.date) -> list[Ending]:
    """What ends within `ENDS_SOON`, by day; the days are the company's."""
    ends = [
        Ending(plan, end.last_day, (end.last_day - today).days, end.seats, end.held)
        for plan in owned
        for end in plan.ends
        if end.last_day - today < ENDS_SOON
    ]
    return sorted(ends, key=lambda end: end.last_day)


def _of_order(order: Order) -> Task:
    key, mark = f"order:{order.reference}", f"{order.state.value}:{order.declined_at or ''}"
    total = money(order.total, order.currency, current_language())
    words = {"order": order.reference, "total": total}
    see = (_("See the order"), url_for("portal_orders.show", reference=order.reference))
    if order.state == OrderState.PROCESSING:
        text = _("Bank debit of %(total)s under way", **words)
        detail = _(
            "Order %(order)s: its licenses arrive with the money, usually within 5 business days. "
            "Do not buy them again.",
            **words,
        )
        return Task(key, mark, "clock-history", text, "wait", detail, see)
    if order.is_looked_at:
        text = _("A payment arrived that does not fit order %(order)s.", **words)
        detail = _("Support has been told and will write to you: do not pay again.")
        return Task(key, mark, "exclamation-triangle", text, "wait", detail, see)
    if order.state == OrderState.FAILED:
        text = _("The payment of order %(order)s was declined (%(total)s).", **words)
        return Task(key, mark, "exclamation-octagon", text, "bad", order=order)
    text = _("Order %(order)s awaits payment (%(total)s). Nothing was charged.", **words)
    return Task(key, mark, "receipt", text, "wait", order=order)


def _of_people(free: int, owned: Sequence[PlanSeats], figures: Figures, now: dt.datetime) -> Iterator[Task]:
    if count := figures.people_expired:
        text = ngettext(
            "%(num)s person holds a license that has expired: assign another one.",
            "%(num)s people hold a license that has expired: assign them another one.",
            count,
        )
        act = (_("See who"), url_for("portal_users.index_view", license="expired"))
        yield Task("expired", str(count), "exclamation-octagon", text, "bad", act=act)
    if count := figures.held_by_inactive:
        text = ngettext(
            "%(num)s license is held by somebody who was deactivated.",
            "%(num)s licenses are held by people who were deactivated.",
            count,
        )
        act = (_("See them"), url_for("portal_licenses.index_view", holder="inactive"))
        yield Task("inactive", str(count), "person-slash", text, "wait", act=act)
    if count := figures.asking:
        text = ngettext("%(num)s person asks for a license.", "%(num)s people ask for a license.", count)
        act = (_("See the requests"), url_for("portal_requests.index"))
        yield Task("asking", f"{count}:{figures.last_asked}", "envelope", text, "wait", act=act)
    if figures.people_without:
        yield _without(figures.people_without, free)
    if figures.unused_since is not None and now - figures.unused_since >= UNUSED_AFTER:
        yield _unused(sum(plan.to_activate for plan in owned), (now - figures.unused_since).days)


def _without(people: int, free: int) -> Task:
    mark = f"{people}:{free}"
    if free:
        text = ngettext("%(num)s license is available.", "%(num)s licenses are available.", free)
        text += " " + ngettext("%(num)s person has none.", "%(num)s people have none.", people)
        act = (_("Assign"), url_for("portal_users.index_view", tab="without"))
        return Task("without", mark, "person-plus", text, act=act)
    text = ngettext(
        "%(num)s person has no license, and none is available.",
        "%(num)s people have no license, and none is available.",
        people,
    )
    buys = access.can(current_user, Permission.PURCHASE)
    act = (_("Buy licenses"), url_for("portal_plans.index_view"))
    return Task("without", mark, "person-plus", text, act=act if buys else None)


def _unused(count: int, days: int) -> Task:
    text = ngettext(
        "%(num)s license is assigned and not activated yet.",
        "%(num)s licenses are assigned and not activated yet.",
        count,
    )
    detail = ngettext(
        "The first was assigned %(num)s day ago.", "The first was assigned %(num)s days ago.", days
    )
    act = (_("See them"), url_for("portal_licenses.index_view", state="assigned"))
    # Not its days: they change by themselves.
    return Task("unused", str(count), "send", text, detail=detail, act=act)


def _of_cart(figures: Figures, unpaid: Sequence[Order]) -> Iterator[Task]:
    """What was ordered from the cart waits as an order, and not as a cart too."""
    if figures.in_cart and all(order.state == OrderState.PROCESSING for order in unpaid):
        text = ngettext(
            "Your cart holds %(num)s license that is not paid yet.",
            "Your cart holds %(num)s licenses that are not paid yet.",
            figures.in_cart,
        )
        act = (_("See the cart"), url_for("portal_plans.index_view") + "#panier")
        yield Task("cart", str(figures.in_cart), "cart3", text, act=act)
