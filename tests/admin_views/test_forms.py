"""The fields of the desk: what people type, what is stored, and what is refused with a sentence."""

from __future__ import annotations

import datetime as dt

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import StringField

import access
from admin_views.forms import DayField, DeskForm, MoneyField, ScopedUnique, WholeNumber
from admin_views.support.fields import LimitsField, PercentField
from models import User, db

pytestmark = pytest.mark.one_database
ROW = "size | Taille | Size | 100 Mo | 100 MB"


class Form(DeskForm):
    class Meta(DeskForm.Meta):
        csrf = False

    amount = MoneyField()
    day = DayField()
    whole = WholeNumber()
    rate = PercentField()
    text = StringField()
    limits = LimitsField()


@pytest.fixture
def typed(app):
    """What a field holds after `text` was typed in it, or None and its sentences."""

    def process(name, text):
        with app.test_request_context():
            form = Form(MultiDict({name: text}))
            form.validate()
            return form[name].data, list(form[name].errors)

    return process


def taken(answer):
    value, errors = answer
    assert errors == []
    return value


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("1 234,50", 123_450),
        ("1234.50", 123_450),
        ("1\u00a0234,5 $", 123_450),
        ("1\u202f234", 123_400),
        ("0", 0),
        ("0,01", 1),
        ("1000000", 100_000_000),
        ("", None),
    ],
)
def test_an_amount_is_typed_as_people_write_it(typed, text, cents):
    assert taken(typed("amount", text)) == cents


@pytest.mark.parametrize(
    "text", ["-1", "1.234", "1e3", "１０", "ten", "1,2,3", ".5", "5.", "12345678", "1000000.01"]
)
def test_an_amount_that_is_none_or_too_large_is_refused(typed, text):
    assert typed("amount", text)[1]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        (" 2026-11-24 ", dt.date(2026, 11, 24)),
        ("1900-01-01", dt.date(1900, 1, 1)),
        ("2028-02-29", dt.date(2028, 2, 29)),
        ("2199-12-31", dt.date(2199, 12, 31)),
        ("", None),
    ],
)
def test_a_day_is_typed_in_the_canadian_form(typed, text, day):
    assert taken(typed("day", text)) == day


@pytest.mark.parametrize(
    "text", ["24/11/2026", "2026-02-30", "1899-12-31", "2200-01-01", "20261124", "x", "2026-1-1"]
)
def test_a_day_that_does_not_exist_or_that_nothing_can_have_is_refused(typed, text):
    assert typed("day", text) == (None, typed("day", text)[1])
    assert typed("day", text)[1]


@pytest.mark.parametrize(("text", "number"), [(" 7 ", 7), ("0", 0), ("999999999", 999_999_999), ("", None)])
def test_a_whole_number_is_typed_in_plain_digits(typed, text, number):
    assert taken(typed("whole", text)) == number


@pytest.mark.parametrize("text", ["3.5", "-1", "1e9", "1_000", "１０", "x", "1234567890", "1 0"])
def test_a_number_that_is_not_whole_is_refused(typed, text):
    assert typed("whole", text)[1]


@pytest.mark.parametrize(
    ("text", "thousandths"),
    [
        ("9,975", 9_975),
        ("9.975 %", 9_975),
        ("5", 5_000),
        ("0", 0),
        ("100", 100_000),
        ("999,999", 999_999),
        ("", None),
    ],
)
def test_a_percentage_is_typed_as_people_write_it(typed, text, thousandths):
    assert taken(typed("rate", text)) == thousandths


@pytest.mark.parametrize("text", ["-1", "1000", "1.2345", "ten", "１", "5,"])
def test_a_percentage_that_is_none_is_refused(typed, text):
    assert typed("rate", text)[1]


def test_a_text_loses_the_spaces_around_it_and_may_hold_no_nul(typed):
    assert taken(typed("text", "  Acme inc. ")) == "Acme inc."
    assert typed("text", "a\0b")[1]


def test_limits_are_typed_a_line_each_and_a_wrong_line_is_named(typed):
    row = {
        "code": "size",
        "label_fr": "Taille",
        "label_en": "Size",
        "value_fr": "100 Mo",
        "value_en": "100 MB",
    }
    assert taken(typed("limits", f"\n{ROW}\n\n")) == [row]
    longest = "a" * 200
    assert taken(typed("limits", ROW.replace("100 Mo", longest)))[0]["value_fr"] == longest
    fifty = "\n".join(ROW.replace("size", str(number)) for number in range(50))
    assert len(taken(typed("limits", fifty))) == 50
    for wrong, line in (
        (f"{ROW}\nsize | a", "2"),
        (f"{ROW}\n{ROW}", "2"),
        (ROW.replace("Size", " "), "1"),
        (f"{ROW} | more", "1"),
        (ROW.replace("100 Mo", longest + "a"), "1"),
        (f"{fifty}\n{ROW.replace('size', '50')}", "50"),
    ):
        _value, errors = typed("limits", wrong)
        assert line in "".join(map(str, errors)), wrong


def test_a_form_shows_what_is_stored_and_then_what_was_typed(app):
    with app.test_request_context():
        limits = [
            dict(zip(("code", "label_fr", "label_en", "value_fr", "value_en"), ROW.split(" | "), strict=True))
        ]
        form = Form(data={"amount": 123_450, "rate": 9_975, "limits": limits})
        assert (form.amount._value(), form.rate._value(), form.limits._value()) == ("1234.50", "9.975", ROW)
        assert Form(data={"rate": 100_000}).rate._value() == "100"
        form = Form()
        assert (form.amount._value(), form.rate._value(), form.limits._value()) == ("", "", "")
        form = Form(MultiDict({"amount": "ten", "rate": "x", "limits": "y"}))
        assert (form.amount._value(), form.rate._value(), form.limits._value()) == ("ten", "x", "y")


def test_a_value_is_unique_among_the_rows_that_one_may_see_and_tells_of_no_other(app, cast):
    class Named(DeskForm):
        class Meta(DeskForm.Meta):
            csrf = False

        first_name = StringField(validators=[ScopedUnique(db.session, User, User.first_name)])

    def is_free(name, obj=None):
        with app.test_request_context(), access.scoped(access.Scope(company_id=cast.acme.id)):
            return Named(MultiDict({"first_name": name}), obj=obj).validate()

    assert not is_free("Bob")
    assert is_free("Bob", obj=cast.bob)
    assert not is_free("Bob", obj=cast.dave)
    assert is_free("Carol"), "it tells that Globex has a Carol"
    assert is_free("Nobody")
    cast.dave.first_name = ""
    db.session.commit()
    assert is_free(""), "what was left empty is no value"
