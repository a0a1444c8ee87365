"""Every address of the desk that answers with a page, found from the application's own routes.

A new view joins by itself. A page that needs more than its route, or an example row, is named in `SPECIAL`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from models import FirmLink, License, LicenseRequest, Order, Price, TaxRate, User, db

# Files, redirects and answers for machines.
NO_PAGES = {
    "static",
    "web.health",
    "web.home",
    "web.kept_form",  # given once, to somebody whose session had ended: `tests/web/test_lost.py` reads it
    "web.vendor_css",
    "web.vendor_logo",
    "support_mail.preview",  # a mail as its reader sees it, in a frame of its page
    "portal_orders.done",  # leads on to the order, which is visited
}
NO_PAGES_OF_A_VIEW = {
    "export",
    "export_xlsx",
    "ajax_lookup",
    "rows_file",
    "template_csv",
    "template_xlsx",
    "wrong_rows",
}


@dataclasses.dataclass(frozen=True)
class Examples:
    """Rows to show where an address names one.

    Attributes:
        rows: The key of an example, for models where the first row there is would show little.
        order: The reference of an order that was paid.
        tokens: One of every kind of link.
        names: More examples, by the name that an address gives them.
    """

    rows: dict[type, Any]
    order: str
    tokens: list[str]
    names: dict[str, Any]

    def id(self, model: type) -> Any:
        """The key of the example of a model: the one chosen, else the first there is."""
        if model in self.rows:
            return self.rows[model]
        return db.session.scalar(sa.select(sa.inspect(model).primary_key[0]).limit(1))  # type: ignore[union-attr]


Addresses = Callable[[Examples], list[str]]
SPECIAL: dict[str, Addresses] = {
    "web.link": lambda some: [f"/l/{token}" for token in some.tokens],
    "web.firm_link": lambda some: [f"/join/{some.names['firm_link']}"],
    "web.join": lambda some: [f"/join/answer/{some.names['join_request']}"],
    **{
        f"{site}_invitation-links.withdraw": lambda some, address=f"/{site}/invitation-links/withdraw/": [
            f"{address}?id={some.id(FirmLink)}"
        ]
        for site in ("portal", "support")
    },
    "portal_orders.show": lambda some: [f"/portal/orders/{some.order}"],
    "portal_orders.receipt": lambda some: [f"/portal/orders/{some.order}/receipt"],
    "portal_orders.result": lambda some: [f"/portal/orders/{some.order}/result"],
    "portal_users.license": lambda some: [f"/portal/users/{some.id(User)}/license"],
    "portal_licenses.release": lambda some: [f"/portal/licenses/release/?id={some.id(License)}"],
    "support_licenses.release": lambda some: [f"/support/licenses/release/?id={some.id(License)}"],
    "support_licenses.assign": lambda some: [f"/support/licenses/assign/?id={some.id(License)}"],
    "portal_licenses.remove": lambda some: [
        "/portal/licenses/remove/",
        f"/portal/licenses/remove/?id={some.id(License)}",
    ],
    "support_licenses.remove": lambda some: [f"/support/licenses/remove/?id={some.id(License)}"],
    **{
        f"{site}_licenses.{page}": lambda some, address=f"/{site}/licenses/{page}/": [
            f"{address}?id={some.id(License)}"
        ]
        for site in ("portal", "support")
        for page in ("change", "transfer", "link")
    },
    "portal_users.deactivate": lambda some: [f"/portal/users/deactivate/?id={some.id(User)}"],
    "support_people.deactivate": lambda some: [f"/support/people/deactivate/?id={some.id(User)}"],
    "portal_users.erase": lambda some: [f"/portal/users/erase/?id={some.id(User)}"],
    "support_people.erase": lambda some: [f"/support/people/erase/?id={some.id(User)}"],
    "portal_users.known": lambda some: [f"/portal/users/known/?id={some.id(User)}"],
    "support_people.known": lambda some: [f"/support/people/known/?id={some.id(User)}"],
    "support_people.assign": lambda some: [f"/support/people/assign/?id={some.id(User)}"],
    **{
        f"{site}_requests.decline": lambda some, address=f"/{site}/requests/decline/": [
            f"{address}?id={some.id(LicenseRequest)}"
        ]
        for site in ("portal", "support")
    },
    # How it is to be treated, what is shown, and how far it is, in turn.
    **{
        f"{site}_batches.show": lambda some, address=f"/{site}/batches/": [
            f"{address}{batch}/" for batch in some.names["batches"]
        ]
        for site in ("portal", "support")
    },
    **{
        f"{site}_imports.{page}": lambda some, site=site, after=after: [
            f"/{site}/imports/{some.names['import']}/{after}"
        ]
        for site in ("portal", "support")
        for page, after in (("columns", ""), ("missing", "missing"))
    },
    "support_base.columns": lambda some: [f"/support/base/{some.names['base']}/"],
    "support_plans.withdraw_price": lambda some: [f"/support/plans/withdraw-price/?id={some.id(Price)}"],
    "support_tax-rates.withdraw": lambda some: [f"/support/tax-rates/withdraw/?id={some.id(TaxRate)}"],
    "support_orders.check": lambda some: [f"/support/orders/check/?id={some.rows[Order]}"],
    "support_mail.ask_resend": lambda some: [f"/support/mail/resend/?id={some.names['failed_mail']}"],
    "support_orders.cancel": lambda some: [f"/support/orders/cancel/?id={some.rows[Order]}"],
}


def get_rules(app: Flask) -> list[Rule]:
    """The routes that may answer with a page."""
    return [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]


def addresses_of(app: Flask, rule: Rule) -> Addresses | None:
    """The addresses of a route, given examples; none for what is no page, None for a route nobody told us about."""
    blueprint, _, name = rule.endpoint.rpartition(".")
    view = _views(app).get(blueprint)
    if rule.endpoint in SPECIAL:
        return SPECIAL[rule.endpoint]
    if rule.endpoint in NO_PAGES or (view and name in NO_PAGES_OF_A_VIEW):
        return lambda _some: []
    if view and name in ("details_view", "edit_view", "create_view"):
        return _of_a_row(view, rule.rule, name)
    return None if rule.arguments else lambda _some: [rule.rule]


def _of_a_row(view: Any, path: str, name: str) -> Addresses:
    switch = {"details_view": "can_view_details", "edit_view": "can_edit", "create_view": "can_create"}[name]
    if not getattr(view, switch):
        return lambda _some: []
    if name == "create_view":
        return lambda _some: [path]
    return lambda some: [f"{path}?id={some.id(view.model)}"]


def _views(app: Flask) -> dict[str, Any]:
    """The views of both sites by the name of their blueprint."""
    return {view.endpoint: view for site in app.extensions["admin"] for view in site._views}
