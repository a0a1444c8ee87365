"""What is sold, and at what price."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import selectinload
from wtforms import BooleanField, HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from access import Actor
from admin_views import labels
from admin_views.edited import ask_to_confirm
from admin_views.forms import REQUIRED, DayField, DeskForm, MoneyField, WholeNumber
from admin_views.journal import timeline
from admin_views.lists import rows
from admin_views.lists.columns import Act, Column, Fact
from admin_views.lists.filters import yes_or_no
from admin_views.support.base import EditForm, SupportView, current_actor
from admin_views.support.fields import LimitsField
from admin_views.support.journal import READER
from models import CURRENCY, Plan, Price, SubjectKind, db
from services.catalogue import plans, vendor
from services.foundation.errors import Refused
from services.text.formats import current_language, money
from services.text.terms import term

NUMBER = InputRequired(_l("Enter a whole number, such as 5."))


class PlanForm(EditForm):
    code = StringField(
        _l("Code"), [REQUIRED, Length(max=50)], description=_l("Names the plan in exports. Unique.")
    )
    product = StringField(
        _l("Product"),
        [REQUIRED, Length(max=50)],
        description=_l("A person holds one license of a product at a time, whatever the plan."),
    )
    name_fr = StringField(_l("Name in French"), [REQUIRED, Length(max=100)])
    name_en = StringField(_l("Name in English"), [REQUIRED, Length(max=100)])
    description_fr = TextAreaField(_l("Description in French"), [Length(max=2_000)], render_kw={"rows": 3})
    description_en = TextAreaField(_l("Description in English"), [Length(max=2_000)], render_kw={"rows": 3})
    term_months = WholeNumber(
        _l("Term in months"), [NUMBER, NumberRange(1, 120)], default=12, render_kw={"inputmode": "numeric"}
    )
    devices_per_license = WholeNumber(
        _l("Devices per license"),
        [NUMBER, NumberRange(1, 100)],
        default=1,
        render_kw={"inputmode": "numeric"},
    )
    limits = LimitsField(
        _l("Limits"),
        description=_l(
            "One per line, with | between the parts: code | French label | English label | French value | English value."
        ),
        render_kw={"rows": 6, "spellcheck": "false", "class": "mono form-control"},
    )
    on_sale = BooleanField(_l("On sale"), default=True)
    position = WholeNumber(
        _l("Position"),
        [NUMBER, NumberRange(0, plans.MAX_POSITION)],
        default=0,
        description=_l("Plans are shown from the smallest to the largest."),
        render_kw={"inputmode": "numeric"},
    )


class PriceForm(DeskForm):
    amount = MoneyField(
        _l("Price per license and term, before taxes"),
        [InputRequired(_l("Enter an amount, such as 100.00."))],
        render_kw={"inputmode": "decimal"},
    )
    starts_on = DayField(_l("From"), [InputRequired(_l("Enter a date, such as 2026-11-24."))])
    # What was shown of it, once it was.
    confirmed = HiddenField()


def current_price(plan: Plan) -> Price | None:
    return plan.price_on(vendor.current().today)


# The amount that `current_price` has, as a column. Its day is asked for each time that the statement runs.
_AMOUNT_TODAY = (
    sa.select(Price.amount)
    .where(
        Price.plan_id == Plan.id,
        Price.currency == CURRENCY,
        Price.starts_on <= sa.bindparam(None, callable_=lambda: vendor.current().today, type_=sa.Date),
    )
    .order_by(Price.starts_on.desc())
    .limit(1)
    .scalar_subquery()
)


_CURRENCY = sa.literal(CURRENCY)


def _priced(amount: int | None, currency: str) -> tuple[int, str] | None:
    return None if amount is None else (amount, currency)


class Plans(SupportView):
    model = Plan
    title = _l("Plans")
    slug = "plans"
    menu_category = _l("Settings")
    columns = (
        Column("code", _l("Code"), kind="mono", to=(".details_view", Plan.id)),
        Column("name", _l("Plan"), Plan.name, phone="line"),
        Column("price", _l("Price today"), (_AMOUNT_TODAY, _CURRENCY), _priced, kind="money", phone="cell"),
        Column("term_months", _l("Term"), value=term),
        Column("on_sale", _l("On sale"), value=labels.yes_no, phone="line"),
        Column("position", _l("Position"), kind="number", sort=Plan.position),
    )
    row_name = (Plan.name, str)
    row_acts = (Act(".edit_view", _l("Edit"), "pencil"),)
    detail_columns = (
        Fact("product", _l("Product"), kind="mono"),
        Fact("name_fr", _l("Name in French")),
        Fact("name_en", _l("Name in English")),
        Fact("description_fr", _l("Description in French")),
        Fact("description_en", _l("Description in English")),
        Fact("term_months", _l("Term"), value=lambda row: term(row.term_months)),
        Fact("devices_per_license", _l("Devices per license"), kind="number"),
        Fact("on_sale", _l("On sale"), value=lambda row: labels.yes_no(row.on_sale)),
    )
    column_relations = (selectinload(Plan.prices),)
    filters = (yes_or_no("on_sale", _l("On sale"), Plan.on_sale),)
    export_columns = (
        Column("product", _l("Product"), kind="mono"),
        Column("name_fr", _l("Name in French")),
        Column("name_en", _l("Name in English")),
        Column("months", _l("Term in months"), Plan.term_months, kind="number"),
        Column("devices_per_license", _l("Devices per license"), kind="number"),
    )
    default_order = ("position", False)
    can_create = can_edit = can_view_details = True
    create_label = _l("Add a plan")
    details_template = "support/plan.html"
    confirm_template = "support/withdraw.html"
    form = PlanForm
    editable = plans.EDITABLE

    def do_create(self, form: PlanForm) -> Plan:
        return plans.create_plan(self.values(form), by=current_actor())

    def update(self, form: PlanForm, row: Plan, *, by: Actor, seen: str) -> None:
        plans.update_plan(row, self.values(form), by=by, seen=seen)

    def details_context(self, row: Plan) -> dict[str, Any]:
        form = PriceForm(data={"starts_on": vendor.current().today})
        seen = plans.version_of_prices(row)
        return {
            "price_form": form,
            "seen": seen,
            "in_force": current_price(row),
            "today": vendor.current().today,
            "moments": timeline.about(SubjectKind.PLAN, row.id, READER),
        }

    @expose("/price/", methods=("POST",))
    def price(self) -> ResponseReturnValue:
        """Give the plan a price from a day on. What was typed is kept when it is refused."""
        row = self.row_or_404(request.args.get("id", ""))
        row_id, form = row.id, PriceForm()
        if form.validate():
            try:
                seen = request.form.get("seen", "")
                price = plans.set_price(
                    row,
                    form.amount.data,
                    form.starts_on.data,
                    by=current_actor(),
                    seen=seen,
                    confirmed=form.confirmed.data or "",
                )
                amount = money(price.amount, price.currency, current_language())
                day = price.starts_on.isoformat()
                flash(_("The price is %(amount)s from %(day)s.", amount=amount, day=day), "success")
                return redirect(self.get_url(".details_view", id=row_id))
            except Refused as refused:
                db.session.rollback()
                ask_to_confirm(form, refused)
                form.form_errors.append(refused.sentence)
        row = self.row_or_404(request.args.get("id", ""))
        context = self.details_context(row) | {"price_form": form}
        return self.render(self.details_template, row=row, **context), 422

    @expose("/withdraw-price/")
    def withdraw_price(self) -> ResponseReturnValue:
        """The page that asks before a price is taken back."""
        price = _price_or_404(request.args.get("id", ""))
        amount = money(price.amount, price.currency, current_language())
        described = _(
            "%(plan)s: %(amount)s from %(day)s",
            plan=price.plan.name(current_language()),
            amount=amount,
            day=price.starts_on.isoformat(),
        )
        seen = plans.version_of_price(price)
        return self.ask_withdrawal(price, _("Withdraw the price"), described, ".withdraw_price_now", seen)

    @expose("/withdraw-price-now/", methods=("POST",))
    def withdraw_price_now(self) -> ResponseReturnValue:
        price = _price_or_404(request.form.get("rowid", ""))
        plan_id = price.plan_id
        plans.withdraw_price(price, by=current_actor(), seen=request.form.get("seen", ""))
        flash(_("The price is withdrawn."), "success")
        return redirect(self.get_url(".details_view", id=plan_id))


def _price_or_404(price_id: str) -> Price:
    price: Price | None = rows.one(sa.select(Price), Price, price_id)
    if price is None:
        abort(404)
    return price
