"""What is done to a licence that somebody holds, on both sites alike: another plan, another person, the activation link again.

Each page says first what will happen and who is told by mail; `services/licenses/moves.py` does it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import aliased

from access import current_actor
from admin_views import said, undo
from admin_views.base import DeskModelView
from admin_views.forms import REQUIRED, DeskForm
from admin_views.guard import local_url
from admin_views.lists.rows import one, parse_id
from admin_views.pickers import Lookup, PickerField, people_lookup
from models import License, Plan, User, clock, utcnow
from services import licenses
from services.people import links
from services.seats import seat_counts
from services.text.formats import current_language


def may_receive(statement: sa.Select[Any], given: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The active people of the company of the licences `given` who could hold them beside what they have."""
    own = aliased(License)
    companies, products = (sa.select(column).where(given) for column in (License.company_id, License.product))
    holds = sa.exists().where(
        own.user_id == User.id, own.product.in_(products), own.where_in_the_way(clock())
    )
    return statement.where(User.company_id.in_(companies), User.active, ~holds)


def _may_receive(statement: sa.Select[Any]) -> sa.Select[Any]:
    """Of the licence `?id=`."""
    return may_receive(statement, License.id == parse_id(License, request.args.get("id")))


NEWCOMERS = people_lookup("newcomer", where=_may_receive)


class ColleagueField(PickerField):
    """A person of the company that owns the licence of this page."""

    def lookup_url(self) -> str:
        """It says which licence it is for."""
        return url_for(".ajax_lookup", name=self.lookup.name, id=request.args.get("id"))


class TransferForm(DeskForm):
    newcomer = ColleagueField(NEWCOMERS, _l("Person"), [REQUIRED])


class Moves(DeskModelView):
    """For a view of licences: its pages `change`, `transfer`, `link` and `release`, of the licence `?id=`.

    Attributes:
        release_text: What its readers are told before a licence is released.
    """

    lookups: ClassVar[dict[str, Lookup]] = {"newcomer": NEWCOMERS}
    release_text: ClassVar[Any]

    @expose("/change/", methods=("GET", "POST"))
    def change(self) -> ResponseReturnValue:
        """Another plan of the same product, for whoever holds the licence."""
        row = self._held_row()
        offered, error = seat_counts.instead_of(row, utcnow()), None
        if request.method == "POST":
            plan, last_day = chosen_seats()
            if plan is not None:
                return self._change(row, plan, last_day)
            error = _("Choose a plan that has an available license.")
        page = self.render("admin/license_change.html", row=row, offered=offered, error=error)
        return page, 422 if error else 200

    def _change(self, row: License, plan: Plan, last_day: dt.date | None) -> ResponseReturnValue:
        name, plan_name, page = (
            row.user.name if row.user else "",
            plan.name(current_language()),
            self._after(row),
        )
        licenses.change_plan(row, plan, current_actor(), held_by=_shown_holder(), last_day=last_day)
        undo.done(
            _(
                "%(name)s now holds a license of the %(plan)s plan. The former one is available again.",
                name=name,
                plan=plan_name,
            )
        )
        return redirect(page, 303)

    @expose("/transfer/", methods=("GET", "POST"))
    def transfer(self) -> ResponseReturnValue:
        """The licence to another person, who holds none of its product."""
        row, form = self._held_row(), TransferForm()
        if form.validate_on_submit():
            to, page = form.newcomer.data, self._after(row)
            words = {"name": to.name, "before": row.user.name if row.user else ""}
            licenses.transfer(row, to, current_actor(), held_by=_shown_holder())
            undo.done(
                _("The license of %(before)s now belongs to %(name)s. Both are told by email.", **words)
            )
            return redirect(page, 303)
        page = self.render("admin/license_transfer.html", row=row, form=form)
        return page, 422 if request.method == "POST" else 200

    @expose("/link/", methods=("GET", "POST"))
    def link(self) -> ResponseReturnValue:
        """The activation link once more: by mail, or shown once. The one of before dies."""
        row = self._held_row()
        if request.method == "GET":
            return self.render("admin/license_link.html", row=row, link=None)
        row_id, name, page = row.id, row.user.name if row.user else "", self._after(row)
        if "show" in request.form:
            shown = links.show_activation(row, current_actor(), held_by=_shown_holder())
            return self.render("admin/license_link.html", row=self.row_or_404(str(row_id)), link=shown)
        links.send_activation(row, current_actor(), held_by=_shown_holder())
        said.done(
            _("The activation link is on its way to %(name)s. The former one no longer works.", name=name)
        )
        return redirect(page, 303)

    @expose("/release/", methods=("GET", "POST"))
    def release(self) -> ResponseReturnValue:
        """Ask before the licence is released, then take it back from whoever the page showed."""
        if request.method == "POST":
            return self._release(self.row_or_404(request.form.get("rowid", "")))
        row: License = self.row_or_404()
        return self.confirm(
            [row],
            heading=_("Release license"),
            text=self.release_text,
            button=_("Release"),
            endpoint=".release",
            fields={"held_by": row.user_id or ""},
        )

    def _release(self, row: License) -> ResponseReturnValue:
        if row.user_id is None:
            flash(_("Nobody held what you chose: nothing was changed."), "info")
        else:
            licenses.release(row, current_actor(), held_by=_shown_holder())
            undo.done(ngettext("%(num)s license was released.", "%(num)s licenses were released.", 1))
        return redirect(self.after([row]), 303)

    def _held_row(self) -> License:
        row: License = self.row_or_404(request.args.get("id", ""))
        if row.user_id is None and request.method == "GET":
            abort(404)
        return row

    def _after(self, row: License) -> str:
        """Where one came from, else the licence's own page."""
        own: str = self.get_url(".details_view", id=row.id)
        return local_url(request.form.get("url")) or own


def chosen_seats() -> tuple[Plan | None, dt.date | None]:
    """The plan and the end of the free licences that a form of `free_seats.html` says: `3`, the one that lasts longest, or `3:2027-01-18`."""
    plan_id, _colon, day = request.form.get("plan", "").partition(":")
    plan: Plan | None = one(sa.select(Plan), Plan, plan_id)
    try:
        return plan, dt.date.fromisoformat(day) if day else None
    except ValueError:
        return None, None


def _shown_holder() -> int | None:
    """Whom the page said to hold it."""
    holder: int | None = parse_id(User, request.form.get("held_by", ""))
    return holder
