"""What the pages of `/support` share: the permission, forms that notice a rival's edit, filters by picker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from access import Permission, current_actor
from admin_views.edited import EditedView, EditForm
from admin_views.journal.changes import as_json
from admin_views.lists.columns import Column
from admin_views.typed import TypedFilters
from models import Company, User, db, utcnow
from services.foundation.errors import Refused

__all__ = ["EditForm", "SupportView", "company_column", "company_link", "current_actor", "person_column"]


RECORDS = _l("Records")


def company_link(row: Any) -> str | None:
    """The page of the customer of any row that has one."""
    return url_for("support_customers.details_view", id=row.company_id) if row.company_id else None


def company_column(company_id: Any, **options: Any) -> Column:
    """The customer of a row, in a list: the view joins it."""
    return Column(
        "company",
        _l("Customer"),
        Company.name,
        to=("support_customers.details_view", company_id),
        **options,
    )


def person_column(name: str, label: Any, person_id: Any, person: Any = User, **options: Any) -> Column:
    """A person of a row, in a list: the view joins them. They lead to their page."""
    return Column(
        name,
        label,
        (person.first_name, person.last_name, person.email),
        kind="holder",
        to=("support_people.details_view", person_id),
        **options,
    )


class SupportView(TypedFilters, EditedView):
    """A table view for the vendor's staff."""

    permission = Permission.SUPPORT
    dense = True
    details_template = "support/details.html"

    def render(self, template: str, **context: Any) -> str:
        return super().render(template, as_json=as_json, now=utcnow(), **context)

    # --- What starts on a day ---------------------------------------------------------------------------------------

    def ask_withdrawal(
        self, row: Any, heading: str, described: str, endpoint: str, seen: str
    ) -> ResponseReturnValue:
        """The page that asks before a price or a rate that has not begun is taken back; `endpoint` does it to what was `seen`."""
        return self.confirm(
            [row],
            heading=heading,
            text=_("It never begins: what holds the day before goes on. What was ordered is not touched."),
            button=heading,
            endpoint=endpoint,
            tone="danger",
            described=described,
            fields={"seen": seen},
        )

    # --- Many at once -----------------------------------------------------------------------------------------------

    def each(self, rows: Sequence[Any], verb: Callable[[Any], Any]) -> tuple[int, list[str]]:
        """Do `verb` to each row by itself: how many went well, and the sentences of those that were refused."""
        done, refusals = 0, []
        for row_id in [self.get_pk_value(row) for row in rows]:
            # A verb forgets what was read before it: the row is fetched again.
            row = self.get_one(row_id)
            try:
                verb(row)
                done += 1
            except Refused as refused:
                db.session.rollback()
                refusals.append(
                    _("%(row)s: %(sentence)s", row=str(self.get_one(row_id)), sentence=refused.sentence)
                )
        return done, refusals


class RecordView(SupportView):
    """A table view of what the desk wrote down, sent or was told: nobody edits it."""

    menu_category = RECORDS
