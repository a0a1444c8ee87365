"""Views for these tests alone: they use everything that the base class offers, whatever the real pages use."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_admin.actions import action
from wtforms import StringField
from wtforms.validators import Length, Optional

from access import Permission
from admin_views.base import DeskIndexView, DeskModelView, DeskPage
from admin_views.columns import LICENSE_STATE, PERSON, license_state, state
from admin_views.forms import REQUIRED, DeskForm, MoneyField, WholeNumber
from admin_views.labels import options
from admin_views.lists.columns import Act, Column, Fact, ListFilter
from admin_views.lists.finding import Begins, Whole, Words
from admin_views.pickers import Lookup, PickerField
from models import Company, License, Order, OrderState, Plan, User, db
from services.foundation.errors import Refused

PEOPLE = Lookup(
    "user",
    User,
    (Whole(User.email), Words(User)),
    label=lambda user: f"{user.name} ({user.email})",
)


def _full(first: str, last: str) -> str:
    return f"{first} {last}"


class Home(DeskIndexView):
    title, permission = "Demo", Permission.MANAGE_USERS

    @expose("/")
    def index(self) -> ResponseReturnValue:
        raise Refused("closed", "Nothing is open today.")


class People(DeskModelView):
    model, permission = User, Permission.MANAGE_USERS
    title, slug = "People", "people"
    columns = (
        Column(
            "name", "Name", (User.first_name, User.last_name), _full, sort=(User.last_name, User.first_name)
        ),
        Column("email", "Email", to=(".details_view", User.id)),
        Column("signed_in_at", "Signed in", kind="moment", sort=User.signed_in_at),
        state("role", "Role"),
    )
    detail_columns = (
        Fact("name", "Name"),
        Fact("email", "Email", link=lambda user: url_for(".details_view", id=user.id)),
        Fact("signed_in_at", "Signed in", kind="moment"),
        Fact("role", "Role", kind="badge"),
    )
    page_size = 20
    search = (Whole(User.email), Words(User))
    export_columns = (Column("company", "Company", Company.name),)
    export_joins = (User.company,)
    form_columns = ("first_name", "last_name", "email", "language")
    can_create = can_edit = can_delete = can_view_details = True

    def do_create(self, form: Any) -> User:
        raise Refused("closed", "Nobody can be added today.")

    def do_update(self, form: Any, row: User) -> None:
        row.first_name = form.first_name.data
        db.session.commit()

    def do_delete(self, row: User) -> None:
        row.active = False
        db.session.commit()


class HolderForm(DeskForm):
    user = PickerField(PEOPLE, "Holder", [Optional()])
    note = StringField("Note", [Optional(), Length(max=20)])


class AmountForm(DeskForm):
    quantity = WholeNumber("Quantity", [REQUIRED])
    amount = MoneyField("Amount", [Optional()])


class Licenses(DeskModelView):
    model, permission = License, Permission.MANAGE_USERS
    title, slug = "Licenses", "licenses"
    columns = (
        Column("key", "Key", kind="mono"),
        Column("plan", "Plan", Plan.name),
        Column("user", "Holder", PERSON, kind="holder"),
        state("state", "State", needs=LICENSE_STATE, value=license_state),
        Column("last_day", "Until", kind="ends", sort=License.valid_until),
    )
    joins = (License.plan, License.user)
    page_size = 20
    bulk = {"mark": None}
    every = ("mark",)
    row_acts = (Act(".edit_view", "Edit", "pencil"),)
    column_relations = (License.plan, License.user)
    search = (Begins(License.key), Words(User, via=License.user_id))
    filters = (
        ListFilter(
            "plan",
            "Plan",
            lambda: [(plan.id, plan.name_en) for plan in db.session.scalars(db.select(Plan))],
            lambda statement, value: statement.where(License.plan_id == int(value)),
        ),
        ListFilter(
            "holder", "Holder", None, lambda statement, value: statement.where(License.user_id == int(value))
        ),
    )
    form = HolderForm
    form_ajax_refs = {"user": PEOPLE}
    can_edit = True

    def do_update(self, form: Any, row: License) -> None:
        row.product = f"{form.user.data.email if form.user.data else 'nobody'}"
        db.session.rollback()
        flash(f"holder: {form.user.data}", "info")

    @action("closed", "Closed to everybody")
    def action_closed(self, chosen: list[License]) -> ResponseReturnValue:
        raise AssertionError("it is not allowed")

    def is_action_allowed(self, name: str) -> bool:
        return name != "closed"

    @action("mark", "Mark")
    def action_mark(self, chosen: list[License]) -> ResponseReturnValue:
        return self.confirm(chosen, heading="Mark these", text="Really?", button="Mark", endpoint=".mark")

    @expose("/mark/", methods=["POST"])
    def mark(self) -> ResponseReturnValue:
        flash(f"marked {len(self.posted_rows())}", "success")
        return redirect(self.get_url(".index_view"))

    @expose("/crash/", methods=["POST"])
    def crash(self) -> ResponseReturnValue:
        db.session.add(User(company_id=1, email="alice@acme.example", first_name="A", last_name="B"))
        db.session.flush()
        return "saved"

    @expose("/refuse/", methods=["GET", "POST"])
    def refuse(self) -> ResponseReturnValue:
        raise Refused("no", "This is how it is.")


class Orders(DeskModelView):
    model, permission = Order, Permission.BILLING
    title, slug = "Orders", "orders"
    columns = (
        Column("reference", "Reference"),
        state("state", "State"),
        Column("total", "Total", (Order.total, Order.currency), kind="money"),
    )
    filters = (
        ListFilter(
            "state",
            "State",
            options(OrderState),
            lambda statement, value: statement.where(Order.state == OrderState(value)),
        ),
    )


class Faults(DeskPage):
    permission, title, slug = Permission.MANAGE_USERS, "Faults", "faults"

    @expose("/")
    def index(self) -> ResponseReturnValue:
        raise TypeError("a fault of ours")


HOME = Home
VIEWS = [People, Licenses, Orders, Faults]
