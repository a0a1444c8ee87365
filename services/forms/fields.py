"""What every field of every form does to what is typed in it, before its own validators: the checks of a stored value."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from babel import support
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import EmailField, Field, PasswordField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.i18n import messages_path
from wtforms.widgets import Select, html_params

from services.foundation import checks
from services.foundation.errors import Refused


class SoughtEmailField(EmailField):  # type: ignore[misc]
    """An address by which somebody says who they are: whatever it is, it is looked for, and nothing is told of it."""


class CheckedForm(FlaskForm):  # type: ignore[misc]
    """A form whose fields are all `checked`."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
            return checked(unbound_field.bind(form=form, **options))

        def render_field(self, field: Field, render_kw: dict[str, Any]) -> Any:
            if type(field.widget) is Select:
                field.widget = LongSelect()
            return super().render_field(field, render_kw)

        def get_translations(self, form: Any) -> Any:
            return _SENTENCES


class _Sentences:
    """What WTForms says of itself, in the reader's language. Flask-WTF reads its file anew for each request."""

    def gettext(self, text: str) -> str:
        return str(_sentences(str(get_locale() or "en")).ugettext(text))

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return str(_sentences(str(get_locale() or "en")).ungettext(singular, plural, number))


_SENTENCES = _Sentences()


@functools.lru_cache(maxsize=8)
def _sentences(locale: str) -> Any:
    return support.Translations.load(messages_path(), [locale], domain="wtforms")


class LongSelect(Select):  # type: ignore[misc]
    """A `<select>` of hundreds of choices, as time zones and countries are: each is written once."""

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        answers = field.choices if type(field) is SelectField and not self.multiple else ()
        if not answers or not all(map(_is_plain, answers)):
            return Markup(super().__call__(field, **kwargs))  # noqa: S704 - WTForms escapes it
        needed = {name: getattr(field.flags, name) for name in self.validation_attrs if name in field.flags}
        start = html_params(name=field.name, **{**needed, "id": field.id, **kwargs})
        # The labels may be in several languages, and none of the values is the reader's.
        options = [
            _option(one.value, str(one.label or one.value), field.coerce(one.value) == field.data)
            for one in answers
        ]
        return Markup(f"<select {start}>{''.join(options)}</select>")  # noqa: S704 - each was escaped

    @classmethod
    def render_option(cls, choice: Any, **kwargs: Any) -> Markup:
        if kwargs or choice.render_kw or not isinstance(choice.value, str):
            return Markup(super().render_option(choice, **kwargs))  # noqa: S704 - WTForms escapes it
        return _option(choice.value, str(choice.label or choice.value), bool(choice.selected))


def _is_plain(choice: Any) -> bool:
    return (
        isinstance(choice, SelectChoice)
        and isinstance(choice.value, str)
        and not choice.render_kw
        and choice.optgroup is None
    )


@functools.lru_cache(maxsize=4096)
def _option(value: str, label: str, selected: bool) -> Markup:
    mark = Markup(" selected") if selected else ""
    return Markup('<option{} value="{}">{}</option>').format(mark, value, label)


def checked(field: Field) -> Field:
    """`field`, a text or an address, that takes what `checks` takes and says beside it what it refuses.

    A password is no text: whoever hashes it normalizes it.
    """
    if not isinstance(field, StringField) or isinstance(field, PasswordField):
        return field
    if isinstance(field, EmailField):
        field.filters = [_kept(checks.address), *field.filters]
        if not isinstance(field, SoughtEmailField):
            field.validators = [*field.validators, _validator(checks.email)]
    else:
        lines = isinstance(field, TextAreaField)
        field.filters = [_kept(lambda value: checks.readable(value, lines=lines)), *field.filters]
        field.validators = [_validator(lambda value: checks.text(value, lines=lines)), *field.validators]
    return field


def _kept(clean: Callable[[str], str]) -> Callable[[Any], Any]:
    """A filter; what is no text stays as it is."""
    return lambda value: clean(value) if isinstance(value, str) else value


def _validator(check: Callable[[str], str]) -> Callable[[Any, Field], None]:
    """A validator that puts the sentence of a refusal beside the field; an empty one is for others to judge."""

    def validate(_form: Any, field: Field) -> None:
        if not isinstance(field.data, str):
            return
        if not field.data and field.flags.required and any(field.raw_data or ()):
            # Something was typed, and nobody sees it: `InputRequired` looks at what was typed.
            raise ValidationError(_("This field is required."))
        try:
            if field.data:
                check(field.data)
        except Refused as refused:
            raise ValidationError(refused.sentence) from refused

    return validate
