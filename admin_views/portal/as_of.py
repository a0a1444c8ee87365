"""« Situation au… »: who held which of the company's licences at any day and hour, as a page and as a file."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from access import Permission, current_actor
from admin_views import labels
from admin_views.base import DeskPage
from admin_views.lists import exports
from admin_views.lists.filed import Filed
from admin_views.portal.own import own_company
from models import License, LicenseState, Plan, User, db, name_of, utcnow
from services.foundation.formats import current_language
from services.licenses import history
from services.reports import exported

# On the page; the file has them all.
SHOWN = 200
# The desk of no customer is older.
EARLIEST = 2000


@dataclasses.dataclass(frozen=True)
class Line:
    """One licence of then: its plan, state and holder of then, by the name of today."""

    plan: str
    key: str
    state: LicenseState
    holder: str
    email: str
    license_id: int


@dataclasses.dataclass(frozen=True)
class Asked:
    """What the form says: its fields as they were typed, the instant that they name, and what is wrong with them."""

    day: str
    time: str
    instant: dt.datetime
    error: str | None = None


class AsOf(DeskPage):
    """The page that an auditor asks for."""

    title = _l("As of…")
    slug = "as-of"
    permission = Permission.MANAGE_USERS
    in_menu = False

    @expose("/")
    def index(self) -> ResponseReturnValue:
        asked = _asked()
        lines = _lines(own_company().id, asked.instant)
        counts = Counter((line.plan, line.state) for line in lines)
        page: str = self.render(
            "portal/as_of.html",
            asked=asked,
            lines=lines[:SHOWN],
            total=len(lines),
            counts=sorted(counts.items()),
            latest=utcnow().astimezone(current_user.zone).date(),
        )
        return page, 422 if asked.error else 200

    @expose("/export/csv/")
    def export(self) -> ResponseReturnValue:
        """All of it as a file, which stands in the journal."""
        asked = _asked()
        lines = _lines(own_company().id, asked.instant)
        when = {"day": asked.day, "time": asked.time}
        exported.note(self.endpoint, "csv", rows=len(lines), asked=when, by=current_actor())
        columns = [_column(label, place) for place, label in enumerate(_labels())]
        cells = [(one.plan, one.key, labels.label(one.state), one.holder, one.email) for one in lines]
        pages = iter([list(zip(*cells, strict=True))] if cells else [])
        body = exports.csv_lines(columns, pages, current_language())
        name = exports.file_name(_("As of %(day)s", day=asked.day), "csv")
        return exports.answer(body, "csv", name)


def _labels() -> Sequence[str]:
    return [_("Plan"), _("Key"), _("State"), _("Holder"), _("Holder (email)")]


def _column(label: str, place: int) -> Filed:
    return Filed(label, "text", lambda page, _told: page[place])


def _asked() -> Asked:
    """The day and the hour of the address, by the reader's clock; now where it says nothing, or nothing that was."""
    now, zone = utcnow(), current_user.zone
    local = now.astimezone(zone)
    day, time = request.args.get("day", "").strip()[:20], request.args.get("time", "").strip()[:20]
    if not day:
        return Asked(local.date().isoformat(), f"{local:%H:%M}", now)
    try:
        # Without an hour, the whole of the day has been.
        named = dt.datetime.combine(
            dt.date.fromisoformat(day), dt.time.fromisoformat(time) if time else dt.time.max
        )
    except ValueError:
        return Asked(day, time, now, _("Enter a date, such as 2026-11-24, and a time, such as 14:30."))
    if named.year < EARLIEST:
        return Asked(day, time, now, _("Enter a date, such as 2026-11-24, and a time, such as 14:30."))
    instant = named.replace(tzinfo=zone).astimezone(dt.UTC)
    if instant > now and time:
        return Asked(day, time, now, _("This moment is still to come: what is shown is as of now."))
    if instant > now and named.date() > local.date():
        return Asked(day, time, now, _("This moment is still to come: what is shown is as of now."))
    return Asked(day, time, min(instant, now))


def _lines(company_id: int, instant: dt.datetime) -> list[Line]:
    """By plan, then holder; free ones last. Seven statements, however many licences."""
    seats = history.as_of(company_id, instant)
    keys: dict[int, str] = dict(
        db.session.execute(sa.select(License.id, License.key).where(License.company_id == company_id)).all()
    )
    plans = {plan.id: plan for plan in db.session.scalars(sa.select(Plan))}
    people = {row.id: row for row in db.session.execute(_PEOPLE, {"company": company_id})}
    language = current_language()

    def line(seat: history.Seat) -> Line:
        holder = people.get(seat.user_id) if seat.user_id else None
        return Line(
            plan=plans[seat.plan_id].name(language),
            key=keys[seat.license_id],
            state=seat.state,
            holder=name_of(holder.first_name, holder.last_name, holder.email) if holder else "",
            email=holder.email if holder else "",
            license_id=seat.license_id,
        )

    def place(seat: history.Seat) -> Any:
        holder = people.get(seat.user_id) if seat.user_id else None
        return (plans[seat.plan_id].position, holder is None, _sorted(holder), seat.license_id)

    return [line(seat) for seat in sorted(seats.values(), key=place)]


def _sorted(holder: Any) -> tuple[str, str]:
    return (holder.last_name or "", holder.first_name or "") if holder else ("", "")


_PEOPLE = sa.select(User.id, User.first_name, User.last_name, User.email).where(
    User.company_id == sa.bindparam("company")
)
exports.TITLES["portal_as-of"] = AsOf.title
