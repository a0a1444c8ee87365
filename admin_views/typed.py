"""Filters whose value is typed or searched for: a row by a picker, a number, a day."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from flask import redirect, render_template_string, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import StringField
from wtforms.validators import Optional

from admin_views.base import DeskModelView
from admin_views.forms import DayField, DeskForm
from admin_views.lists import listing
from admin_views.lists.filters import is_day
from admin_views.pickers import Lookup, PickerField
from services.reports import kept
from services.text.formats import current_language


class TypedFilters(DeskModelView):
    """A table view with such filters. What is typed and cannot be read is said beside its field, and no row is shown.

    Attributes:
        picked: Filters whose value is chosen by a search on the server: name of the `ListFilter` → its lookup.
        typed: Filters whose value, a number, is typed.
        days: Filters whose value is a day; of two, the first is not after the second.
    """

    picked: ClassVar[Mapping[str, Lookup]] = {}
    typed: ClassVar[Sequence[str]] = ()
    days: ClassVar[Sequence[str]] = ()

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
        """The fields of `picked` and `days`, with what the query string says of them."""
        form = type("PickForm", (DeskForm,), self._fields())(request.args, meta={"csrf": False})
        # A wrong id in a link is ignored, as with every filter; a name that was typed and not found gets an error.
        if self._is_typing():
            form.validate()
            self._check_order(form)
        return form

    def _fields(self) -> dict[str, Any]:
        labels = {choice.name: choice.label for choice in self.filters}
        fields: dict[str, Any] = {
            name: PickerField(lookup, labels[name]) for name, lookup in self.picked.items()
        }
        return fields | {name: DayField(labels[name], [Optional()]) for name in self.days}

    def _check_order(self, form: Any) -> None:
        named = [form[name] for name in self.days]
        if len(named) == 2 and all(field.data for field in named) and named[0].data > named[1].data:
            named[1].errors = [_("This day is before the first one.")]

    def _is_picking(self) -> bool:
        return any(f"{name}-text" in request.args for name in self.picked)

    def _is_typing(self) -> bool:
        """Whether something was typed that may not be what it should."""
        days = [text for name in self.days if (text := request.args.get(name, ""))]
        return self._is_picking() or not all(map(is_day, days)) or days != sorted(days)

    def asked(self, args: Mapping[str, str] | None = None) -> listing.Asked:
        """No row is shown as if it fitted while what was typed is nothing, or may be several things."""
        asked = super().asked(args)
        if args is not None or not self._is_typing():
            return asked
        wrong = self.pick_form().errors
        # A day that is wrong beside another keeps its field, to be mended.
        filters = {name: value for name, value in asked.filters.items() if name not in wrong}
        return dataclasses.replace(asked, filters=filters, unclear=bool(wrong))

    def filter_fields(self, asked: listing.Asked) -> tuple[Mapping[str, Markup], frozenset[str]]:
        own = (*self.picked, *self.days)
        unset = [name for name in (*own, *self.typed) if name not in asked.filters]
        if not self._is_typing():
            fields = self._empty_fields() if unset else {}
            return {name: fields[name] for name in unset}, frozenset()
        form = self.pick_form()
        fields = self._empty_fields() | {name: _field(form[name]) for name in own}
        return fields, frozenset(name for name in own if form[name].errors)

    def _empty_fields(self) -> dict[str, Markup]:
        """The fields as they are before anything is typed in them: the same for everybody who reads a language."""

        def make() -> dict[str, Markup]:
            labels = {choice.name: choice.label for choice in self.filters}
            fields = self._fields() | {
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


def _field(field: Any) -> Markup:
    """A field with its label and what is wrong with it."""
    html = render_template_string('{% import "ui.html" as ui %}{{ ui.field(field) }}', field=field)
    return Markup(html)  # noqa: S704 - our own template, which escapes what it is given
