"""What the pages of `/support` share: the permission, forms that notice a rival's edit, filters by picker."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from flask import redirect, render_template_string, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import StringField

from access import Permission, current_actor
from admin_views.edited import EditedView, EditForm
from admin_views.forms import DeskForm
from admin_views.journal.changes import as_json
from admin_views.lists import listing
from admin_views.lists.columns import Column
from admin_views.pickers import Lookup, PickerField
from models import Company, User, db, utcnow
from services.foundation.errors import Refused
from services.reports import kept
from services.text.formats import current_language

__all__ = ["EditForm", "SupportView", "company_column", "company_link", "current_actor", "person_column"]


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


class SupportView(EditedView):
    """A table view for the vendor's staff.

    Attributes:
        picked: Filters whose value is chosen by a search on the server: name of the `ListFilter` → its lookup.
        typed: Filters whose value, a number, is typed.
    """

    permission = Permission.SUPPORT
    dense = True
    picked: ClassVar[Mapping[str, Lookup]] = {}
    typed: ClassVar[Sequence[str]] = ()
    details_template = "support/details.html"

    def render(self, template: str, **context: Any) -> str:
        return super().render(template, as_json=as_json, now=utcnow(), **context)

    # --- Filters by picker ------------------------------------------------------------------------------------------

    @expose("/")
    def index_view(self) -> ResponseReturnValue:
        if not self._is_picking():
            return super().index_view()
        form = self.pick_form()
        chosen = {name: form[name].key for name in self.picked if f"{name}-text" in request.args}
        if form.validate():
            kept = [*self._kept_args(), *((name, key) for name, key in chosen.items() if key)]
            return redirect(f"{request.path}?{urlencode(kept)}")
        return super().index_view()

    def pick_form(self) -> Any:
        """The fields of `picked`, with what the query string says of them."""
        labels = {choice.name: choice.label for choice in self.filters}
        fields = {name: PickerField(lookup, labels[name]) for name, lookup in self.picked.items()}
        form = type("PickForm", (DeskForm,), fields)(request.args, meta={"csrf": False})
        # A wrong id in a link is ignored, as with every filter; a name that was typed and not found gets an error.
        if self._is_picking():
            form.validate()
        return form

    def _is_picking(self) -> bool:
        return any(f"{name}-text" in request.args for name in self.picked)

    def asked(self, args: Mapping[str, str] | None = None) -> listing.Asked:
        """No row is shown as if it fitted while what was typed in a picker is nothing, or may be several things."""
        asked = super().asked(args)
        if args is not None or not self._is_picking():
            return asked
        return dataclasses.replace(asked, unclear=bool(self.pick_form().errors))

    def filter_fields(self, asked: listing.Asked) -> tuple[Mapping[str, Markup], frozenset[str]]:
        unset = [name for name in (*self.picked, *self.typed) if name not in asked.filters]
        if not self._is_picking():
            fields = self._empty_fields() if unset else {}
            return {name: fields[name] for name in unset}, frozenset()
        form = self.pick_form()
        fields = self._empty_fields() | {name: _field(form[name]) for name in self.picked}
        return fields, frozenset(name for name in self.picked if form[name].errors)

    def _empty_fields(self) -> dict[str, Markup]:
        """The fields as they are before anything is typed in them: the same for everybody who reads a language."""

        def make() -> dict[str, Markup]:
            labels = {choice.name: choice.label for choice in self.filters}
            fields = {name: PickerField(lookup, labels[name]) for name, lookup in self.picked.items()}
            fields |= {
                name: StringField(labels[name], render_kw={"inputmode": "numeric", "maxlength": 18})
                for name in self.typed
            }
            form = type("PickForm", (DeskForm,), fields)(MultiDict(), meta={"csrf": False})
            return {name: _field(form[name]) for name in fields}

        return kept.made(("fields", self.endpoint, current_language()), make)

    def _kept_args(self) -> list[tuple[str, str]]:
        own = {f"{name}{end}" for name in self.picked for end in ("", "-text", "-choice")}
        own |= {"after", "before"}
        return [(name, value) for name, value in request.args.items() if name not in own and value]

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


def _field(field: Any) -> Markup:
    """A field with its label and what is wrong with it."""
    html = render_template_string('{% import "ui.html" as ui %}{{ ui.field(field) }}', field=field)
    return Markup(html)  # noqa: S704 - our own template, which escapes what it is given


class RecordView(SupportView):
    """A table view of what the desk wrote down, sent or was told: nobody edits it."""

    menu_category = _l("Records")
