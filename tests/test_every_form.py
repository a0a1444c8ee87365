"""Every field of every form takes what people have, and says beside it what it cannot take. A new form joins by itself."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import (
    DecimalField,
    EmailField,
    FloatField,
    HiddenField,
    IntegerField,
    PasswordField,
    StringField,
)

import app as _every_form  # noqa: F401 - it imports every room
from admin_views.forms import WholeNumber
from admin_views.support.fields import LimitsField
from demo.fill import fill
from models import Base, MailAddress, db
from services.forms.fields import CheckedForm, SoughtEmailField
from services.foundation import checks

pytestmark = pytest.mark.one_database
OURS = ("web", "admin_views")
LIMIT = "size | Taille | {} | 100 Mo | 100 MB"
# What is pasted, and what is kept of it.
KEPT = {
    " \ufeffRene\u0301\u200b Le\u00advesque\u2060 ": "René Levesque",
    "نامه\u200cای": "نامه\u200cای",
    "क्\u200dष": "क्\u200dष",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "שרה כהן": "שרה כהן",
    "a\u200db": "ab",
}
# What turns a line around, what no screen shows, half a character.
REFUSED = [
    *("a\u202eb", "\u2066a", "a\u2069", "a\u200eb", "\u200fa", "\u061ca", "a\x07b", "a\x7fb", "a\x1bb"),
    "a\ud800b",
]
INVISIBLE = ["\u2060", "\u200b\u200d", "\u3164", "\u2800", "\u115f\u1160", "\u00ad"]
UNMAILABLE = {
    "rené@acme.example": "accent",
    "a@b..example": "point",
    ".a@acme.example": "point",
    "acme.example": "nom@entreprise",
    f"{'a' * 65}@acme.example": "long",
    f"a@{'.'.join(['é' * 40] * 5)}.example": "long",
    "a@acme.example, b@acme.example": "signe",
}


def _all(base):
    for form in base.__subclasses__():
        if form.__module__.startswith(OURS):
            yield form
        yield from _all(form)


FORMS = sorted(set(_all(FlaskForm)), key=lambda form: (form.__module__, form.__name__))


@pytest.fixture
def fields(app, cast):
    """`fields(kind)`: (form, name) of every field of this kind that is typed in, of every form."""

    def find(kind, *, but=(PasswordField, HiddenField, LimitsField)):
        with app.test_request_context():
            return [
                (form, field.name)
                for form in FORMS
                for field in form(meta={"csrf": False})
                if isinstance(field, kind) and not isinstance(field, but)
            ]

    return find


@pytest.fixture
def typed(app, cast):
    """What a field of a form holds after a text was typed in it, and what is said beside it."""

    def process(form, name, text):
        with app.test_request_context():
            made = form(MultiDict({name: text}), meta={"csrf": False})
            made.validate()
            return made[name].data, " ".join(map(str, made[name].errors))

    return process


def test_every_form_checks_what_is_typed():
    assert len(FORMS) >= 15
    assert [form.__name__ for form in FORMS if not issubclass(form, CheckedForm)] == []


@pytest.mark.parametrize("text", KEPT)
def test_a_text_is_kept_as_it_is_read_without_what_pasting_brings(fields, typed, text):
    found = fields(StringField, but=(PasswordField, HiddenField, LimitsField, EmailField))
    assert len(found) > 25
    for form, name in found:
        assert typed(form, name, text)[0] == KEPT[text], (form, name)
    for form, name in fields(LimitsField, but=()):
        assert typed(form, name, LIMIT.format(text))[0][0]["label_en"] == KEPT[text], (form, name)


@pytest.mark.parametrize("text", REFUSED)
def test_a_text_that_turns_a_line_around_or_holds_a_control_is_refused_at_its_field(fields, typed, text):
    for form, name in fields(StringField, but=(PasswordField, HiddenField, LimitsField, EmailField)):
        assert "U+" in typed(form, name, text)[1], (form, name)
    for form, name in fields(LimitsField, but=()):
        assert "U+" in typed(form, name, LIMIT.format(text))[1], (form, name)


@pytest.mark.parametrize("text", INVISIBLE)
def test_a_text_that_nobody_sees_is_none_and_a_mandatory_field_says_so(app, fields, typed, text):
    required = 0
    for form, name in fields(StringField):
        data, said = typed(form, name, text)
        address = issubclass(getattr(form, name).field_class, EmailField)
        assert data == "" or address, (form, name)
        with app.test_request_context():
            if form(meta={"csrf": False})[name].flags.required:
                required += 1
                assert said or issubclass(getattr(form, name).field_class, SoughtEmailField), (form, name)
    assert required > 10


def test_an_address_is_taken_however_it_is_pasted(fields, typed):
    found = fields(EmailField)
    assert len(found) >= 5
    for form, name in found:
        for text in (
            "\u200ejean@que\u0301bec.example\ufeff ",
            "\u202ajean@québec.example\u202c",
            "j\u00adean@xn--qubec-csa.example",
        ):
            data, said = typed(form, name, text)
            assert (checks.email(data), said) == ("jean@québec.example", ""), (form, name)


@pytest.mark.parametrize("text", UNMAILABLE)
def test_an_address_that_cannot_be_mailed_is_refused_at_its_field_with_the_reason(fields, typed, text):
    for form, name in fields(EmailField):
        said = typed(form, name, text)[1]
        sought = issubclass(getattr(form, name).field_class, SoughtEmailField)
        assert sought or UNMAILABLE[text] in said, (form, name, said)


@pytest.mark.parametrize("space", ["", " ", "\u00a0", "\u202f", "\u2009"])
def test_a_thousand_is_a_whole_number_with_any_of_its_spaces(fields, typed, space):
    found = fields((IntegerField, DecimalField, FloatField))
    assert len(found) >= 3
    for form, name in found:
        assert issubclass(getattr(form, name).field_class, WholeNumber), (form, name)
        assert typed(form, name, f" 1{space}000 ")[0] == 1_000, (form, name)


@pytest.mark.parametrize("text", ["1 0", "1 00", "10 00", " 1  000", "1 000 0", "1\n000"])
def test_digits_with_spaces_elsewhere_are_no_number(fields, typed, text):
    for form, name in fields(IntegerField):
        assert typed(form, name, text)[1], (form, name)


# --- What is stored without a form --------------------------------------------------------------------------------------


def test_the_demonstration_holds_nothing_that_a_form_would_refuse_or_change(scope):
    fill()
    seen = 0
    for mapper in Base.registry.mappers:
        if mapper.local_table.name not in {
            "users",
            "companies",
            "vendor",
            "plans",
            "tax_rates",
            "conditions",
        }:
            continue
        for row in db.session.scalars(sa.select(mapper.class_)):
            for column in mapper.columns:
                value = getattr(row, column.key)
                if type(value) is not str or not value or column.key == "search_text":
                    # Nobody types that: it is made of what stands beside it.
                    continue
                seen += 1
                if isinstance(column.type, MailAddress):
                    assert checks.email(value) == value
                else:
                    assert checks.texts(mapper.class_, {column.key: value}) == {column.key: value}
    assert seen > 300
