"""Forms of the desk: what every one refuses, and the fields a table's columns become."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from flask_admin.contrib.sqla.form import AdminModelConverter
from flask_admin.contrib.sqla.validators import Unique
from flask_admin.model.form import converts
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    Field,
    IntegerField,
    SelectField,
    TextAreaField,
    TimeField,
    ValidationError,
)
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired
from wtforms.widgets import TextInput

from admin_views import labels
from admin_views.lists.rows import narrow, primary_key
from admin_views.pickers import PickerField
from models import db
from services.catalogue.plans import MAX_AMOUNT
from services.forms.fields import CheckedForm
from services.foundation import checks
from services.text import places


class DeskForm(CheckedForm):
    """A form of the two sites."""

    def __init__(self, formdata: Any = None, obj: Any = None, **kwargs: Any) -> None:
        # Flask-WTF reads the request itself when it is given nothing; Flask-Admin gives None for a GET.
        super().__init__(*(() if formdata is None else (formdata,)), obj=obj, **kwargs)
        self._obj = obj


class WholeNumber(IntegerField):
    """A whole number as people write it, such as `1000` or « 1 000 »; no `3.5`, `-1`, `1e9`, `1_000` or full-width digit."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        text = valuelist[0].strip() if valuelist else ""
        if text:
            self.data = checks.whole_number(text)
            if self.data is None:
                raise ValueError(_("Enter a whole number, such as 5."))


class MoneyField(Field):
    """An amount in dollars on the screen, in cents in `data`: `1 234,50` and `1234.50` are 123450."""

    widget = TextInput()

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{Decimal(self.data) / 100:.2f}"

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        text = checks.without_spaces(valuelist[0]).replace("$", "").strip() if valuelist else ""
        if not text:
            return
        if not re.fullmatch(r"[0-9]{1,7}([.,][0-9]{1,2})?", text):
            raise ValueError(_("Enter an amount, such as 100.00."))
        self.data = int(Decimal(text.replace(",", ".")) * 100)
        if self.data > MAX_AMOUNT:
            raise ValueError(_("This amount is too large."))


class DayField(DateField):
    """A day; years that no licence, price or tax can have are refused."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        text = valuelist[0].strip() if valuelist else ""
        if not text:
            return
        if not re.fullmatch(r"(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(_("Enter a date, such as 2026-11-24."))
        try:
            self.data = dt.date.fromisoformat(text)
        except ValueError as error:
            raise ValueError(_("This day does not exist.")) from error


class HourField(TimeField):
    """A time of the day, such as `14:30`."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        text = valuelist[0].strip() if valuelist else ""
        if not text:
            return
        try:
            self.data = dt.time.fromisoformat(text)
        except ValueError as error:
            raise ValueError(_("Enter a time, such as 14:30.")) from error


class ScopedUnique(Unique):
    """Unique among the rows that one may see, so that it never tells what another company has."""

    def __call__(self, form: Any, field: Field) -> None:
        if field.data in {None, ""}:
            return
        query = narrow(db.session.query(self.model), self.model).filter(self.column == field.data)
        own = getattr(form, "_obj", None)
        if own is not None:
            key = primary_key(self.model)
            query = query.filter(key != getattr(own, key.key))
        if query.first() is not None:
            raise ValidationError(_("Already used."))


class DeskConverter(AdminModelConverter):
    """Fields from columns. A relation becomes a picker that searches on the server, or nothing at all."""

    def convert(self, *args: Any, **kwargs: Any) -> Any:
        field = super().convert(*args, **kwargs)
        if field is not None and hasattr(field, "kwargs"):
            field.kwargs["validators"] = [_scoped(item) for item in field.kwargs.get("validators", [])]
        return field

    def _model_select_field(self, prop: Any, multiple: Any, remote_model: Any, **kwargs: Any) -> Any:
        lookup = getattr(self.view, "_form_ajax_refs", {}).get(prop.key)
        if lookup is None or multiple:
            # A plain select would load every row of the other table, of every company.
            raise TypeError(
                f"{self.view}: relation `{prop.key}` needs a Lookup in form_ajax_refs, and one row"
            )
        kwargs.pop("allow_blank", None)
        return PickerField(lookup, **kwargs)

    @converts("sqlalchemy.sql.sqltypes.Enum")
    def convert_enum(self, column: Any, field_args: Any, **extra: Any) -> SelectField:
        kind = column.type.enum_class
        field_args["choices"] = [SelectChoice(value, text) for value, text in labels.options(kind)]
        field_args["coerce"] = lambda value: kind(value) if value else None
        return SelectField(**field_args)

    @converts("MailAddress")
    def convert_address(self, column: Any, field_args: Any, **extra: Any) -> EmailField:
        self._string_common(column=column, field_args=field_args, **extra)
        return EmailField(**field_args)

    @converts("Text")
    def conv_Text(self, field_args: Any, **extra: Any) -> TextAreaField:
        return TextAreaField(**field_args)

    @converts("Boolean")
    def conv_Boolean(self, field_args: Any, **extra: Any) -> BooleanField:
        # An unticked box sends nothing: it is always optional.
        field_args["validators"] = [
            item for item in field_args["validators"] if not isinstance(item, InputRequired)
        ]
        return BooleanField(**field_args)

    @converts("Date")
    def convert_date(self, field_args: Any, **extra: Any) -> DayField:
        return DayField(**field_args)

    @converts("Integer")
    def handle_integer_types(self, column: Any, field_args: Any, **extra: Any) -> WholeNumber:
        return WholeNumber(**field_args)


def _scoped(validator: Any) -> Any:
    if type(validator) is Unique:
        return ScopedUnique(validator.db_session, validator.model, validator.column)
    return validator


REQUIRED = InputRequired(_l("This field is required."))


@functools.cache
def zones() -> tuple[SelectChoice, ...]:
    """Every time zone, as a select field wants them: of hundreds, none is made anew for a form."""
    return tuple(choices((name, name) for name in places.time_zones()))


def choices(pairs: Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    """(value, label) pairs as a select field wants them."""
    return [SelectChoice(value, label) for value, label in pairs]
