"""What every template may use: filters for money, numbers and time, the vendor, and the person's permissions."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from flask import Flask, g
from flask_login import current_user
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup
from werkzeug.local import LocalProxy

import access
from access import Permission
from models import CURRENCY, DEFAULT_TIME_ZONE, Vendor, utcnow
from services.catalogue import vendor as vendors
from services.text import characters, formats, initials
from services.text.formats import current_language


def init_app(app: Flask) -> None:
    """Register the filters and globals."""
    app.jinja_env.filters.update(
        country=_country,
        money=_money,
        price=_price,
        number=_number,
        percent=_percent,
        bdi=_bdi,
        isolated=characters.isolated,
        day=_day,
        short_day=formats.short_day,
        moment=_moment,
        month=_month,
        local_day=_local_day,
        ago=_ago,
        face=initials.face,
    )
    app.jinja_env.globals.update(vendor=LocalProxy(_vendor), can=_can, Permission=Permission)
    # A production desk that is being rehearsed: nobody takes it for the real one (`config.py`).
    app.jinja_env.globals["is_trial"] = app.config["MODE"] == "trial"


def _vendor() -> Vendor:
    """The vendor, asked once for a page; an empty one where it is rendered without the database (`errors.py`)."""
    if "vendor" not in g:
        g.vendor = vendors.current()
    found: Vendor = g.vendor
    return found


def current_zone() -> zoneinfo.ZoneInfo:
    """The signed-in person's time zone, or the vendor's."""
    if current_user.is_authenticated:
        return current_user.zone  # type: ignore[no-any-return]
    return zoneinfo.ZoneInfo(_vendor().time_zone or DEFAULT_TIME_ZONE)


def _can(permission: str) -> bool:
    return access.can(current_user, Permission(permission))


def _country(code: str) -> str:
    return formats.country(code, current_language())


def _money(cents: int, currency: str = CURRENCY) -> str:
    return formats.money(cents, currency, current_language())


def _price(cents: int, currency: str = CURRENCY) -> str:
    return formats.price(cents, currency, current_language())


def _number(value: int) -> str:
    return formats.number(value, current_language())


def _percent(rate: int) -> str:
    return formats.percent(rate, current_language())


def _bdi(name: str) -> str:
    """A name within a line of HTML: what is read from right to left does not move what stands beside it.

    Where no element may stand, `isolated` does it in plain text, as in every sentence (`services/text/sentences.py`).
    """
    plain = str(name)
    if characters.keeps_still(plain):
        return plain
    plain = characters.without_bidi_controls(plain)
    if not characters.reads_from_the_right(plain):
        return plain
    return Markup("<bdi>{}</bdi>").format(plain)


@pass_eval_context
def _day(context: EvalContext, value: dt.date) -> str:
    write = formats.day_in_html if context.autoescape else formats.day
    return write(value, current_language())


def _month(value: dt.datetime) -> str:
    return formats.month(value.astimezone(current_zone()).date(), current_language())


def _local_day(value: dt.datetime) -> str:
    return formats.short_day(value.astimezone(current_zone()).date())


def _moment(value: dt.datetime) -> str:
    return formats.moment(value, current_language(), current_zone())


def _ago(value: dt.datetime) -> str:
    return formats.ago(value, current_zone(), utcnow())
