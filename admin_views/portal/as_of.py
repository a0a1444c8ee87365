"""« Situation au… »: who held which of the company's licences at any day and hour, as a page and as a file."""

from __future__ import annotations

import datetime as dt

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms.validators import Optional

from access import Permission, current_actor
from admin_views import labels
from admin_views.base import DeskPage
from admin_views.forms import DayField, DeskForm, HourField
from admin_views.lists import exports
from admin_views.lists.filed import Filed
from admin_views.portal.own import own_company
from models import utcnow
from services.reports import exported, situation
from services.text.formats import current_language, day

# On the page; the file has them all.
SHOWN = 200


class AsOfForm(DeskForm):
    """A day, and the hour of it; without the hour the whole of the day has been."""

    day = DayField(_l("Day"), [Optional()])
    time = HourField(_l("Time"), [Optional()])


class AsOf(DeskPage):
    """The page that an auditor asks for."""

    title = _l("As of…")
    slug = "as-of"
    permission = Permission.MANAGE_USERS
    in_menu = False

    def __init__(self, endpoint: str, url: str) -> None:
        super().__init__(endpoint, url)
        exports.TITLES[endpoint] = self.title

    @expose("/")
    def index(self) -> ResponseReturnValue:
        form, instant = _asked()
        found = situation.lines(own_company().id, instant)
        page: str = self.render(
            "portal/as_of.html",
            form=form,
            heading=_("As of %(day)s", day=day(_local(instant).date(), current_language())),
            local=_local(instant),
            lines=found[:SHOWN],
            total=len(found),
            counts=situation.counted(found),
        )
        return page, 422 if form.errors else 200

    @expose("/export/csv/")
    def export(self) -> Response:
        """All of it as a file, which stands in the journal."""
        _form, instant = _asked()
        found = situation.lines(own_company().id, instant)
        asked = {"day": f"{_local(instant):%Y-%m-%d}", "time": f"{_local(instant):%H:%M}"}
        exported.note(self.endpoint, "csv", rows=len(found), asked=asked, by=current_actor())
        language = current_language()
        cells = [
            (one.plan.name(language), one.key, labels.label(one.state), one.holder, one.email)
            for one in found
        ]
        pages = iter([list(zip(*cells, strict=True))] if cells else [])
        name = exports.file_name(_("As of %(day)s", day=asked["day"]), "csv")
        return exports.answer(exports.csv_lines(_columns(), pages, language), "csv", name)


def _columns() -> list[Filed]:
    names = (_("Plan"), _("Key"), _("State"), _("Holder"), _("Holder (email)"))
    return [Filed(label, "text", lambda page, _told, at=at: page[at]) for at, label in enumerate(names)]


def _local(instant: dt.datetime) -> dt.datetime:
    return instant.astimezone(current_user.zone)


def _asked() -> tuple[AsOfForm, dt.datetime]:
    """What the address asks, by the reader's clock: now, where it says nothing, what is no moment, or one that is to come."""
    now, form = utcnow(), AsOfForm(request.args, meta={"csrf": False})
    if not form.validate() or form.day.data is None:
        return form, now
    named = dt.datetime.combine(form.day.data, form.time.data or dt.time.max, current_user.zone)
    # Of today without an hour, what has been of it.
    if named > now and (form.time.data or form.day.data > _local(now).date()):
        form.day.errors = [_("This moment is still to come: what is shown is as of now.")]
    return form, min(named.astimezone(dt.UTC), now)
