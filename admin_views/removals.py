"""« Retirer des licences du compte », on both sites alike: what is missed least is proposed, and what most people want is offered first."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext

from access import current_actor
from admin_views import said, undo
from admin_views.base import DeskModelView
from admin_views.guard import local_url
from admin_views.lists.rows import parse_id
from models import Company, License, Renewal, User, utcnow
from services import licenses
from services.foundation import checks
from services.licenses import removals
from services.seats import seat_counts


class Removals(DeskModelView):
    """For a view of licences: its page `remove`, of a plan and a number, or of the licence `?id=`."""

    def owner(self) -> Company:
        """The company whose seats are given up. Aborts with 404 where the address names none."""
        raise NotImplementedError

    @expose("/remove/", methods=("GET", "POST"))
    def remove(self) -> ResponseReturnValue:
        """Which seats, and whether now or at their end."""
        if request.method == "POST":
            return self._give_up()
        row = self.row_or_404(request.args["id"]) if "id" in request.args else None
        company = row.company if row else self.owner()
        asked = {"seats": [row], "chosen": 1} if row else self._asked(company)
        page = self.render(
            "admin/license_remove.html",
            company=company,
            row=row,
            owned=[one for one in seat_counts.summary(company.id, utcnow()) if one.purchased],
            token=_token,
            **asked,
        )
        return page, 422 if asked.get("error") else 200

    def _asked(self, company: Company) -> dict[str, Any]:
        """The seats that the address asks for: those that are proposed, of which the first `chosen` are ticked."""
        plan_id, typed = parse_id(License, request.args.get("plan", "")), request.args.get("count", "")
        count = checks.whole_number(typed.strip())
        asked: dict[str, Any] = {"plan_id": plan_id, "count": typed[:10], "seats": [], "chosen": 0}
        if plan_id is None or not typed:
            return asked
        if not count or count > removals.MOST:
            error = _("Enter a whole number from 1 to %(most)s.", most=removals.MOST)
            return asked | {"error": error}
        seats = removals.proposed(company.id, plan_id, held=False)
        if len(seats) < count:
            seats = removals.proposed(company.id, plan_id, held=True)
        if len(seats) < count:
            error = ngettext(
                "Only %(num)s license of this plan can be removed.",
                "Only %(num)s licenses of this plan can be removed.",
                len(seats),
            )
            return asked | {"error": error}
        return asked | {"seats": seats, "chosen": count}

    def _give_up(self) -> ResponseReturnValue:
        """What the form says: seats with who held each, and which of the two acts."""
        seen, by = _seen(), current_actor()
        rows = self.rows(list(seen))
        if seen and not rows:
            abort(404)
        company_id = rows[0].company_id if rows else self.owner().id
        held_by = {row.id: seen[row.id] for row in rows if row.company_id == company_id}
        page = local_url(request.form.get("url")) or self.get_url(".index_view")
        if "remove" in request.form:
            count = licenses.remove(company_id, held_by, by)
            undo.done(
                ngettext(
                    "%(num)s license was removed from the account.",
                    "%(num)s licenses were removed from the account.",
                    count,
                )
            )
            return redirect(page, 303)
        renewal = Renewal.UNDECIDED if "undecide" in request.form else Renewal.DECLINED
        count = licenses.decide_renewal(company_id, held_by, renewal, by)
        if not count:
            said.done(_("It was so already: nothing was changed."))
        elif renewal == Renewal.DECLINED:
            undo.done(
                ngettext(
                    "%(num)s license will not be renewed. It works until its end.",
                    "%(num)s licenses will not be renewed. They work until their end.",
                    count,
                )
            )
        else:
            undo.done(
                ngettext(
                    "The renewal of %(num)s license is to be decided again.",
                    "The renewal of %(num)s licenses is to be decided again.",
                    count,
                )
            )
        return redirect(page, 303)


def _token(row: License) -> str:
    """What the form says of a licence: `12:7`, held by person 7; `12:`, by nobody."""
    return f"{row.id}:{row.user_id or ''}"


def _seen() -> dict[int, int | None]:
    """{licence: holder} as the page has shown them; what it never said is left out."""
    seen = dict[int, int | None]()
    for token in request.form.getlist("seat"):
        key, _colon, holder = token.partition(":")
        license_id, holder_id = parse_id(License, key), parse_id(User, holder)
        if license_id is not None and (holder_id or not holder):
            seen[license_id] = holder_id
    return seen
