"""« Situation au… »: who held which licence at any day and hour, as a page and as a file. What the pages of both sites share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from babel.dates import get_timezone_location
from flask import Response, request, stream_with_context
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms.validators import Optional

from access import current_actor
from admin_views import labels
from admin_views.base import DeskPage
from admin_views.forms import DayField, DeskForm, HourField
from admin_views.lists import exports
from admin_views.lists.filed import Cell, Filed
from models import utcnow
from services.foundation.transaction import release_reads
from services.reports import exported, situation
from services.reports.situation import Became, Line
from services.text.formats import current_language, day, locale_of, short_day

# On the page; the file has them all.
SHOWN = 200


class AsOfForm(DeskForm):
    """A day, and the hour of it; without the hour the whole of the day has been."""

    day = DayField(_l("Day"), [Optional()])
    time = HourField(_l("Time"), [Optional()])


class AsOfPage(DeskPage):
    """The page that an auditor asks for. A subclass says of whom: `asked_company`.

    Attributes:
        asks: What the address asks, as a form; `company`, where one is chosen.
    """

    title = _l("As of…")
    slug = "as-of"
    asks: ClassVar[type[AsOfForm]] = AsOfForm

    def __init__(self, endpoint: str, url: str) -> None:
        super().__init__(endpoint, url)
        exports.TITLES[endpoint] = self.title

    def asked_company(self, form: Any) -> int | None:
        """The id of the company that is asked about; None asks about all of them."""
        raise NotImplementedError

    def context(self, form: Any, instant: dt.datetime) -> dict[str, Any]:
        """What every page of it shows around its lines."""
        local = instant.astimezone(current_user.zone)
        return {
            "form": form,
            "heading": _("As of %(day)s", day=day(local.date(), current_language())),
            "local": local,
            "zone": get_timezone_location(current_user.zone, locale_of(current_language()), return_city=True),
            "asked": {"day": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M}"},
            "became": became_words,
        }

    @expose("/export/csv/")
    def export(self) -> Response:
        """All of it as a file, which stands in the journal."""
        return self._file("csv")

    @expose("/export/xlsx/")
    def export_xlsx(self) -> Response:
        return self._file("xlsx")

    def _file(self, kind: str) -> Response:
        form, instant = self.read()
        company_id = self.asked_company(form)
        local = instant.astimezone(current_user.zone)
        rows = situation.number_of(company_id, instant)
        exports.check_fits(kind, rows)
        asked = {"day": f"{local:%Y-%m-%d}", "time": f"{local:%H:%M}"}
        told = asked if company_id is None else asked | {"company": str(company_id)}
        exported.note(self.endpoint, kind, rows=rows, asked=told, by=current_actor())
        name = exports.file_name(_("As of %(day)s", day=asked["day"]), kind)
        columns = _columns(several=company_id is None)
        pages = _pages(company_id, instant)
        if kind == "xlsx":
            return exports.answer(exports.workbook(columns, pages, str(self.title)), kind, name)
        exports.keep_reader()
        lines = exports.csv_lines(columns, pages, current_language())
        return exports.answer(stream_with_context(lines), kind, name)

    def read(self) -> tuple[Any, dt.datetime]:
        """What the address asks, by the reader's clock: now, where it says nothing, what is no moment, or one that is to come."""
        now, form = utcnow(), self.asks(request.args, meta={"csrf": False})
        if not form.validate() or form.day.data is None:
            return form, now
        named = dt.datetime.combine(form.day.data, form.time.data or dt.time.max, current_user.zone)
        # Of today without an hour, what has been of it.
        if named > now and (form.time.data or form.day.data > now.astimezone(current_user.zone).date()):
            form.day.errors = [_("This moment is still to come: what is shown is as of now.")]
        return form, min(named.astimezone(dt.UTC), now)


def became_words(line: Line) -> str:
    """« Catherine Fortin, depuis le 2026-08-11 »: what has become of a licence since."""
    at = line.at.astimezone(current_user.zone).date() if isinstance(line.at, dt.datetime) else line.at
    text = short_day(at) if at is not None else ""
    return str(_BECAME[line.became]) % {"day": text, "name": line.by}


_BECAME: dict[Became, Any] = {
    Became.STILL_HELD: _l("Holds it still"),
    Became.STILL_FREE: _l("Nobody holds it"),
    Became.PASSED_ON: _l("%(name)s, since %(day)s"),
    Became.RELEASED: _l("Released on %(day)s"),
    Became.ENDED: _l("Expired on %(day)s"),
    Became.GONE: _l("Off the account since %(day)s"),
}


# --- As a file ----------------------------------------------------------------------------------------------------------


def _columns(*, several: bool) -> list[Filed]:
    named: list[tuple[str, Cell]] = [
        (_("Customer"), "text"),
        (_("Plan"), "text"),
        (_("Key"), "text"),
        (_("State"), "text"),
        (_("Holder"), "text"),
        (_("Holder (email)"), "text"),
        (_("Held since"), "moment"),
        (_("Valid until"), "day"),
        (_("Today"), "text"),
    ]
    return [
        Filed(label, cell, lambda page, _told, at=at: page[at])
        for at, (label, cell) in enumerate(named)
        if several or at
    ]


def _pages(company_id: int | None, instant: dt.datetime) -> Iterator[list[Sequence[Any]]]:
    """The lines as the columns of the file: one customer after another, some thousand licences at a time."""
    asked = situation.companies() if company_id is None else iter([(company_id, "")])
    several = company_id is None
    for one, name in asked:
        for part in situation.lines(one, instant):
            cells = [(name, *_cells(line)) if several else _cells(line) for line in part]
            release_reads()
            yield list(zip(*cells, strict=True))


def _cells(line: Line) -> tuple[Any, ...]:
    since = line.since.astimezone(current_user.zone) if line.since else None
    return (
        line.plan.name(current_language()),
        line.key,
        labels.label(line.state),
        line.holder,
        line.email,
        f"{since:%Y-%m-%d %H:%M}" if since else None,
        line.last_day.isoformat(),
        became_words(line),
    )
