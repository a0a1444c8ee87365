"""« Situation au… » of a customer, or of all of them with how many licences each had."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Response, abort, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import lazy_gettext as _l

from access import Permission
from admin_views.as_of import SHOWN, AsOfForm, AsOfPage
from admin_views.pickers import PickerField
from admin_views.support import lookups
from admin_views.support.base import RECORDS
from models import Company, db
from services.reports import situation

# Customers of a page.
CUSTOMERS = 20
COMPANIES = lookups.company_lookup()


class CustomerForm(AsOfForm):
    company = PickerField(COMPANIES, _l("Customer"))


class AsOf(AsOfPage):
    """For the vendor's staff: what an auditor asks a customer, and what one asks the vendor."""

    permission = Permission.SUPPORT
    menu_category = RECORDS
    asks = CustomerForm

    def asked_company(self, form: Any) -> int | None:
        return form.company.data.id if form.company.data else None

    @expose("/")
    def index(self) -> ResponseReturnValue:
        form, instant = self.read()
        context = self.context(form, instant)
        if form.company.data:
            company = form.company.data
            context["asked"]["company"] = company.id
            found = situation.shown(company.id, instant, SHOWN)
            page: str = self.render("support/as_of.html", company=company, found=found, **context)
        else:
            customers, number, more = _customers()
            counts = situation.by_company([one.id for one in customers], instant)
            page = self.render(
                "support/as_of_all.html",
                customers=[(one, counts[one.id]) for one in customers],
                number=number,
                more=more,
                **context,
            )
        return page, 422 if form.errors else 200

    @expose("/ajax/lookup/")
    def ajax_lookup(self) -> Response:
        """[[id, text], …] of the customers that `query` finds."""
        if request.args.get("name") != COMPANIES.name:
            abort(404)
        return COMPANIES.answer(request.args)


def _customers() -> tuple[list[Any], int, bool]:
    """The customers of a page by name, the number of the page, and whether there are more after them."""
    number = max(1, min(request.args.get("page", 1, type=int), 100_000))
    named = sa.select(Company.id, Company.name).order_by(Company.sort_key, Company.id)
    found = db.session.execute(named.offset((number - 1) * CUSTOMERS).limit(CUSTOMERS + 1)).all()
    return list(found[:CUSTOMERS]), number, len(found) > CUSTOMERS
