"""Gestion des licences et achats: the plans, what the company owns, the cart that its administrators share."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, NoReturn

import sqlalchemy as sa
from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user

from access import Permission, current_actor
from admin_views import said
from admin_views.base import DeskModelView
from admin_views.lists.columns import Column
from admin_views.lists.rows import narrow, one, parse_id
from admin_views.menu import Entry
from admin_views.portal import errands
from admin_views.portal.comparison import features
from admin_views.portal.options import OPTIONS
from admin_views.portal.own import own_company
from models import CartItem, Company, License, Plan, Price, db, utcnow
from services.buying import cart, orders, quotes
from services.catalogue import vendor as vendors
from services.foundation.errors import Code, Refused
from services.payments import checkout
from services.seats import seat_counts
from services.text.formats import current_language

# A number field holds nothing longer that could be meant.
MAX_TYPED = 20


@dataclasses.dataclass(frozen=True)
class Typed:
    """What somebody typed in a number field, and why it was refused; kept in the address, so that it survives a reload."""

    plan_id: int | None = None
    line_id: int | None = None
    text: str = ""
    error: str | None = None


class Plans(DeskModelView):
    """The plans on sale. The cart's lines are named by their plan: no id of a row could be another company's."""

    model = Plan
    permission = Permission.PURCHASE
    title = _l("License management and purchases")
    slug = "plans"
    menu_category = OPTIONS
    icon = "key"
    lead = _l("See the plans, buy licenses, look into the cart")
    columns = (Column("name", _l("Plan"), value=lambda plan: plan.name(current_language())),)
    list_template = "portal/plans/index.html"
    has_export = False

    def menu_number(self) -> int:
        return cart.size(current_user.company_id)

    def menu_entries(self, current: bool, number: int) -> list[Entry]:
        """The cart has a line of its own: on a phone it stands in the bar."""
        counted = ngettext("%(num)s license", "%(num)s licenses", number)
        basket = Entry(
            _("Cart"),
            url_for(f"{self.endpoint}.index_view", _anchor="panier"),
            icon="cart",
            count=number,
            waits=True,
            counted=counted,
            in_bar=True,
        )
        return [*super().menu_entries(current, number), basket]

    def scope(self, query: Any) -> Any:
        """What is sold, what the company has and what is in its cart: of other plans it never learns the name."""
        has = sa.exists().where(License.plan_id == Plan.id, License.company_id == own_company().id)
        wants = sa.exists().where(CartItem.plan_id == Plan.id, CartItem.company_id == own_company().id)
        return super().scope(query).where(sa.or_(Plan.on_sale, has, wants))

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        return self._page(quotes.quote(own_company()))

    def _page(self, cart_now: quotes.Quote, **context: Any) -> str:
        # Read once: the session forgets rows that nobody holds, and everything below asks who sells.
        company, vendor = own_company(), vendors.current()
        offers = _offers(company)
        owned = seat_counts.summary(company.id, utcnow())
        page: str = self.render(
            self.list_template,
            vendor=vendor,
            offers=offers,
            features=features([plan for plan, _price in offers], current_language()),
            owned=owned,
            has={seats.plan.id: seats.purchased for seats in owned if seats.purchased},
            today=vendor.today,
            quote=cart_now,
            typed=_typed(),
            unpaid=orders.unpaid(company.id),
            person=errands.of(request.args.get("person")),
            **context,
        )
        return page

    # --- The cart ---------------------------------------------------------------------------------------------------

    @expose("/add/", methods=("POST",))
    def add(self) -> ResponseReturnValue:
        """Put licences of a plan in the cart."""
        plan = self.get_one(request.form.get("plan", "")) or _not_sold(request.form.get("plan", ""))
        typed = request.form.get("quantity")
        try:
            quantity = cart.parse_quantity(typed)
        except Refused:
            return redirect(self._back("plan", plan.id, typed))
        item = cart.add(own_company().id, plan, quantity, current_actor(), once=request.form.get("once"))
        if item is not None:
            _say_held(item)
        return redirect(self.get_url(".index_view") + "#panier", 303)

    @expose("/cart/change/", methods=("POST",))
    def change(self) -> ResponseReturnValue:
        """Set the number of licences of a line."""
        item, typed = self._line(), request.form.get("quantity")
        try:
            quantity = cart.parse_quantity(typed)
        except Refused:
            return redirect(self._back("line", item.plan_id, typed))
        cart.change_quantity(item, quantity, current_actor(), seen=_seen())
        _say_held(item)
        return redirect(self.get_url(".index_view") + "#panier", 303)

    @expose("/cart/remove/", methods=("POST",))
    def remove(self) -> ResponseReturnValue:
        """Take a line out of the cart."""
        item = self._line()
        plan, quantity = item.plan, item.quantity
        cart.remove(item, current_actor(), seen=_seen())
        name = plan.name(current_language())
        put_back = _("Undo: put %(plan)s back in the cart", plan=name)
        said.done(
            _("Removed from the cart: %(plan)s.", plan=name),
            said.Act(_("Undo"), put_back, self.get_url(".add"), {"plan": plan.id, "quantity": quantity}),
        )
        return redirect(self.get_url(".index_view") + "#panier", 303)

    def _line(self) -> CartItem:
        """The line of the plan that the form names."""
        plan_id = parse_id(Plan, request.form.get("plan", ""))
        item = db.session.scalar(narrow(sa.select(CartItem), CartItem).where(CartItem.plan_id == plan_id))
        if item is None:
            raise Refused(Code.LINE_GONE, _("This line is not in the cart any more. Nothing was changed."))
        return item

    def _back(self, field: str, plan_id: int, typed: str | None) -> str:
        """The page with what was typed, at the field that it was typed in."""
        url = self.get_url(".index_view", **{field: plan_id, "quantity": (typed or "")[:MAX_TYPED]})
        return f"{url}#{field}-{plan_id}"

    # --- The confirmation window ------------------------------------------------------------------------------------

    @expose("/confirm", methods=("GET",))
    def confirm_purchase(self) -> ResponseReturnValue:
        """The page with the confirmation window open over it."""
        return self._window()

    @expose("/confirm", methods=("POST",))
    def check_out(self) -> ResponseReturnValue:
        """Place the order as it was read and ticked, and go and pay it."""
        try:
            url = checkout.check_out(
                own_company().id,
                fingerprint=request.form.get("fingerprint", ""),
                accepted=request.form.get("accepted") == "yes",
                language=current_language(),
                by=current_actor(),
            )
        except Refused as refused:
            db.session.rollback()
            if refused.code in {Code.NOT_ACCEPTED, Code.CHANGED_SINCE_REVIEW}:
                return self._window(refused), 422
            flash(refused.sentence, "danger")
            return redirect(self.get_url(".index_view"), 303)
        return redirect(url, 303)

    def _window(self, refused: Refused | None = None) -> str:
        cart_now = quotes.quote(own_company())
        cart_now.check()
        return self._page(cart_now, window=True, refused=refused)


def _say_held(item: CartItem) -> None:
    said.done(
        ngettext(
            "The cart now holds %(num)s %(plan)s license.",
            "The cart now holds %(num)s %(plan)s licenses.",
            item.quantity,
            plan=item.plan.name(current_language()),
        )
    )


def _not_sold(plan_id: str) -> NoReturn:
    """Of a plan that is not for sale nobody learns the name; whoever's page is older than its end reads what happened."""
    if one(sa.select(Plan), Plan, plan_id) is None:
        abort(404)
    raise Refused(
        Code.PLAN_WITHDRAWN,
        _("This plan is not sold any more. Your cart was not changed: choose another one."),
    )


def _seen() -> int | None:
    """The number of licences that the form showed."""
    text = request.form.get("seen", "")
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) else None


def _offers(company: Company) -> list[tuple[Plan, Price]]:
    """The plans that can be bought today, each with its price."""
    today = vendors.current().today
    priced = [(plan, plan.price_on(today, company.currency)) for plan in quotes.plans_on_sale()]
    return [(plan, price) for plan, price in priced if price is not None]


def _typed() -> Typed:
    """The number to show in one field: from a link that suggests it, or from a form that was refused."""
    text = request.args.get("quantity", "")[:MAX_TYPED]
    plan_id, line_id = (parse_id(Plan, request.args.get(name, "")) for name in ("plan", "line"))
    if "quantity" not in request.args:
        return Typed()
    try:
        cart.parse_quantity(text)
    except Refused as refused:
        return Typed(plan_id, line_id, text, refused.sentence)
    return Typed(plan_id, line_id, text)
