"""How the desk does, for its staff: tiles, charts and the tables behind them, each figure with the list that it counts."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from babel.numbers import get_currency_name
from flask import url_for
from flask_babel import format_date, ngettext
from flask_babel import gettext as _

from admin_views import charts
from models import CURRENCY, OrderState, Plan, db
from services.reports import desk
from services.text.formats import NBSP, current_language, locale_of, money, number


@dataclasses.dataclass(frozen=True)
class Tile:
    """A figure with what it is compared with; `spark` is `("columns" or "line", shapes)`."""

    label: str
    text: str
    href: str
    hint: str
    change: int = 0
    spark: tuple[str, Any] | None = None


@dataclasses.dataclass(frozen=True)
class Sales:
    """The chart of one currency and the table behind it: (month's name, its orders, cents of each plan, cents of all)."""

    currency: str
    unit: str
    chart: charts.Columns
    # Names of what stands in a column, from the floor up, as many as have a colour.
    series: Sequence[str]
    labels: Sequence[str]
    written: Sequence[str]
    plans: Sequence[str]
    rows: Sequence[tuple[str, str, Sequence[int], int]]


@dataclasses.dataclass(frozen=True)
class Line:
    """A line of a chart of bars and of its table: a name, two numbers and the lists that they count."""

    name: str
    all: int
    held: int
    href: str
    held_href: str

    @property
    def unheld(self) -> int:
        return self.all - self.held


def overview(today: desk.Today) -> dict[str, Any]:
    """What `support/home.html` shows of the desk. One statement."""
    plans = {plan.id: plan.name(current_language()) for plan in _plans()}
    lines, ending = _assigned(today, plans), _ending(today)
    return {
        "today": today,
        "tiles": _tiles(today),
        "sales": [_sales(today, currency, plans) for currency in _currencies(today)],
        "assigned": lines,
        "assigned_chart": charts.parts([(line.all, line.held) for line in lines]),
        "ending": ending,
        "ending_chart": charts.beside([(line.held, line.unheld) for line in ending]),
        "short": lambda value: charts.short(value, current_language()),
    }


def _plans() -> Sequence[Plan]:
    return db.session.scalars(sa.select(Plan).order_by(Plan.position, Plan.id)).all()


def _currencies(today: desk.Today) -> list[str]:
    """The desk's own, then whatever else somebody paid in: cents of two currencies are never added up."""
    return [CURRENCY, *sorted(set(today.sales) - {CURRENCY})]


def _month(month: str, pattern: str) -> str:
    text: str = format_date(dt.date.fromisoformat(f"{month}-01"), pattern)
    return text


# --- Tiles ------------------------------------------------------------------------------------------------------------


def _tiles(today: desk.Today) -> list[Tile]:
    return [*(_sold(today, currency) for currency in _currencies(today)), *_licenses(today), _paying(today)]


def _sold(today: desk.Today, currency: str) -> Tile:
    by_plan, language = today.sales.get(currency, {}), current_language()
    totals = [sum(cents[at] for cents in by_plan.values()) for at in range(len(today.months))]
    before = _(
        "%(money)s in %(month)s",
        money=money(totals[-2], currency, language),
        month=_month(today.months[-2], "MMMM"),
    )
    return Tile(
        _("Sales of %(month)s, before taxes", month=_month(today.months[-1], "MMMM")),
        money(totals[-1], currency, language),
        url_for("support_orders.index_view", state=OrderState.PAID.value, paid=today.months[-1]),
        before,
        spark=("columns", charts.spark_columns(totals)),
    )


def _licenses(today: desk.Today) -> list[Tile]:
    total, language = today.total, current_language()
    share = round(100 * total.held / total.bought) if total.bought else 0
    unheld = ngettext("%(num)s without a holder", "%(num)s without a holder", total.unheld)
    return [
        Tile(
            _("Licenses in force"),
            number(total.bought, language),
            url_for("support_licenses.index_view", expiry="live"),
            _("in 30 days") if today.change else _("no change in 30 days"),
            today.change,
            ("line", charts.spark_line(today.in_force)),
        ),
        Tile(
            _("Assigned share"),
            f"{share}{NBSP}%" if language == "fr" else f"{share}%",
            url_for("support_licenses.index_view", expiry="live", holder="with"),
            unheld,
        ),
    ]


def _paying(today: desk.Today) -> Tile:
    language = current_language()
    amounts = [
        money(cents, currency, language) for currency, (_orders, cents) in sorted(today.under_way.items())
    ]
    orders = sum(count for count, _cents in today.under_way.values())
    return Tile(
        _("Payments under way"),
        " + ".join(amounts) or money(0, CURRENCY, language),
        url_for("support_orders.index_view", state=OrderState.PROCESSING.value),
        ngettext("%(num)s order", "%(num)s orders", orders),
    )


# --- Sales ------------------------------------------------------------------------------------------------------------


def _sales(today: desk.Today, currency: str, plans: Mapping[int, str]) -> Sales:
    by_plan = {plan: today.sales.get(currency, {}).get(plan) for plan in plans}
    sold = {plan: cents for plan, cents in by_plan.items() if cents}
    drawn = _drawn(sold, plans)
    chart = charts.columns([[cents // 100 for cents in values] for _name, values in drawn])
    language = current_language()
    totals = [sum(cents[at] for cents in sold.values()) for at in range(len(today.months))]
    orders = [
        url_for("support_orders.index_view", state=OrderState.PAID.value, paid=month)
        for month in today.months
    ]
    return Sales(
        currency,
        get_currency_name(currency, count=2, locale=locale_of(language)),
        chart,
        [name for name, _values in drawn],
        [_month(month, "MMM") for month in today.months],
        [charts.short(column.total, language) for column in chart.columns],
        [plans[plan] for plan in sold],
        [
            (_month(month, "MMMM y"), orders[at], [cents[at] for cents in sold.values()], totals[at])
            for at, month in enumerate(today.months)
        ],
    )


def _drawn(sold: Mapping[int, Sequence[int]], plans: Mapping[int, str]) -> list[tuple[str, Sequence[int]]]:
    """What stands in a column from the floor up: the last plan first. Of many, the greatest, and the others together."""
    order = list(reversed(sold))
    if len(order) > charts.MAX_SERIES:
        greatest = sorted(order, key=lambda plan: sum(sold[plan]), reverse=True)[: charts.MAX_SERIES - 1]
        others = [sold[plan] for plan in order if plan not in greatest]
        together = [sum(month) for month in zip(*others, strict=True)]
        return [
            *((plans[plan], sold[plan]) for plan in order if plan in greatest),
            (_("Other plans"), together),
        ]
    return [(plans[plan], sold[plan]) for plan in order]


# --- Licences ---------------------------------------------------------------------------------------------------------


def _assigned(today: desk.Today, plans: Mapping[int, str]) -> list[Line]:
    return [
        Line(
            name,
            today.plans[plan].bought,
            today.plans[plan].held,
            url_for("support_licenses.index_view", plan=plan, expiry="live"),
            url_for("support_licenses.index_view", plan=plan, expiry="live", holder="with"),
        )
        for plan, name in plans.items()
        if plan in today.plans
    ]


def _ending(today: desk.Today) -> list[Line]:
    return [
        Line(
            ngettext("%(num)s day", "%(num)s days", days),
            seats.bought,
            seats.held,
            url_for("support_licenses.index_view", expiry=days),
            url_for("support_licenses.index_view", expiry=days, holder="with"),
        )
        for days, seats in today.ending.items()
    ]
