"""What the pages of `/support` share: the permission, forms that notice a rival's edit, filters by picker."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from access import Permission, current_actor
from admin_views.edited import EditedView, EditForm
from admin_views.forms import DeskForm
from admin_views.journal.changes import as_json
from admin_views.lists import listing
from admin_views.pickers import Lookup, PickerField
from models import db, utcnow
from services.foundation.errors import Refused

__all__ = ["EditForm", "SupportView", "company_link", "current_actor"]


def company_link(row: Any) -> str | None:
    """The page of the customer of any row that has one."""
    return url_for("support_customers.details_view", id=row.company_id) if row.company_id else None


class SupportView(EditedView):
    """A table view for the vendor's staff.

    Attributes:
        picked: Filters whose value is chosen by a search on the server: name of the `ListFilter` → its lookup.
        typed: Filters whose value, a number, is typed.
    """

    permission = Permission.SUPPORT
    picked: ClassVar[Mapping[str, Lookup]] = {}
    typed: ClassVar[Sequence[str]] = ()
    details_template = "support/details.html"

    def render(self, template: str, **context: Any) -> str:
        return super().render(template, as_json=as_json, now=utcnow(), **context)

    # --- Filters by picker ------------------------------------------------------------------------------------------

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        form = self.pick_form()
        chosen = {name: form[name].key for name in self.picked if f"{name}-text" in request.args}
        if chosen and form.validate():
            kept = [*self._kept_args(), *((name, key) for name, key in chosen.items() if key)]
            return redirect(f"{request.path}?{urlencode(kept)}")
        return super().index_view()

    def pick_form(self) -> Any:
        """The fields of `picked`, with what the query string says of them."""
        labels = {choice.name: choice.label for choice in self.filters}
        fields = {name: PickerField(lookup, labels[name]) for name, lookup in self.picked.items()}
        form = type("PickForm", (DeskForm,), fields)(request.args, meta={"csrf": False})
        # A wrong id in a link is ignored, as with every filter; a name that was typed and not found gets an error.
        if any(f"{name}-text" in request.args for name in self.picked):
            form.validate()
        return form

    def asked(self) -> listing.Asked:
        """No row is shown as if it fitted while what was typed in a picker is nothing, or may be several things."""
        asked = super().asked()
        typed = any(f"{name}-text" in request.args for name in self.picked)
        return dataclasses.replace(asked, unclear=typed and bool(self.pick_form().errors))

    def _kept_args(self) -> list[tuple[str, str]]:
        own = {f"{name}{end}" for name in self.picked for end in ("", "-text", "-choice")}
        own |= {"after", "before"}
        return [(name, value) for name, value in request.args.items() if name not in own and value]

    def list_context(self) -> dict[str, Any]:
        form = self.pick_form() if self.picked else {}
        return {"picks": {name: form[name] for name in self.picked}, "typed": self.typed}

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

    menu_category = _l("Records")
