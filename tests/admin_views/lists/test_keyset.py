"""Pages by position: cursors that come back as they went, and every row on one side of every other."""

from __future__ import annotations

import base64
import datetime as dt
import json

import pytest
import sqlalchemy as sa

from admin_views.lists import keyset
from models import License, Order, OrderState, User, db

BY_END = keyset.Order((License.valid_until,), License.id, True)
BY_SIGN_IN = keyset.Order((User.signed_in_at,), User.id, False)
BY_NAME = keyset.Order((User.last_name, User.first_name), User.id, False)
AT = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("order", "values"),
    [
        (BY_END, [AT, 5]),
        (BY_NAME, ["Tremblay", "Zoé", 5]),
        (BY_SIGN_IN, [None, 5]),
        (keyset.Order((Order.state,), Order.id, True), [OrderState.PAID, 5]),
        (keyset.Order((User.active,), User.id, True), [True, 5]),
    ],
)
def test_a_cursor_comes_back_as_it_went(app, order, values):
    assert keyset.decode(keyset.encode(values), order) == values


@pytest.mark.one_database
def test_a_cursor_with_anything_else_in_it_is_none(app):
    whole = keyset.encode([5])
    order = keyset.Order((), User.id, True)
    assert keyset.decode(whole, order) == [5]
    for spoiled in (f" {whole}", f"{whole[:2]}!{whole[2:]}", f"{whole}\n"):
        assert keyset.decode(spoiled, order) is None


@pytest.mark.one_database
def test_a_cursor_is_read_up_to_its_limit_and_holds_nothing_where_nothing_can_be(app):
    longest = 1_000 * 3 // 4 - len('["","",5]')
    text = keyset.encode(["x" * longest, "", 5])
    assert len(text) == keyset.MAX_CURSOR == 1_000
    assert keyset.decode(text, BY_NAME) == ["x" * longest, "", 5]
    assert keyset.decode(keyset.encode(["x" * (longest + 1), "", 5]), BY_NAME) is None
    by_expression = keyset.Order((sa.func.lower(User.last_name, type_=sa.String),), User.id, False)
    assert keyset.decode(keyset.encode(["roy", 5]), by_expression) == ["roy", 5]
    assert keyset.decode(keyset.encode([None, 5]), by_expression) is None


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("column", "value"),
    [
        (User.id, True),
        (User.active, 1),
        (User.active, "x"),
        (User.email, 5),
        (User.id, "5"),
        (User.created_at, 5),
    ],
)
def test_a_value_of_another_type_than_the_columns_is_no_cursor_of_ours(app, column, value):
    order = keyset.Order((column,), User.id, False)
    assert keyset.decode(cursor([value, 5]), order) is None


def cursor(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.one_database
@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "%%%",
        "a",
        cursor({"a": 1}),
        cursor([1]),
        cursor([AT.isoformat(), 5, 6]),
        cursor(["2026-11-24T12:00:00", 5]),  # without a zone
        cursor([None, 5]),  # the column is never empty
        cursor([AT.isoformat(), "5"]),
        cursor([AT.isoformat(), True]),
        cursor([AT.isoformat(), 2**63]),
        cursor([5, 5]),
        "A" * 1_001,
        # A link that a mail program broke, or somebody typed into: not a place between the lines.
        f"{cursor([AT.isoformat(), 5])} ",
        f"!{cursor([AT.isoformat(), 5])}",
    ],
)
def test_a_cursor_of_another_order_or_of_nobody_is_the_first_page(app, text):
    assert keyset.decode(text, BY_END) is None


@pytest.mark.one_database
@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_a_cursor_holds_only_text_that_a_database_can_hold(app, text):
    assert keyset.decode(cursor([text, "x", 1]), BY_NAME) is None


@pytest.mark.one_database
def test_the_longest_cursor_is_of_a_thousand_characters(app):
    name = "a" * 705
    text = keyset.encode([name, "", 1])
    assert len(text) <= keyset.MAX_CURSOR == 1_000
    assert keyset.decode(text, BY_NAME) == [name, "", 1]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("order", ["name", "signed_in_at"])
def test_every_row_is_on_one_side_of_every_other_row(cast, order, descending):
    """Beyond and before a row are all the others, in the order that is shown, wherever the empty values are."""
    for number, user in enumerate((cast.alice, cast.carol, cast.sam)):
        user.signed_in_at = AT + number * dt.timedelta(hours=number % 2)
    db.session.commit()
    columns = (User.last_name, User.first_name) if order == "name" else (User.signed_in_at,)
    by = keyset.Order(columns, User.id, descending)
    keys = sa.select(*by.all)
    shown = [list(row) for row in db.session.execute(keyset.ordered(keys, by))]
    assert len(shown) == 7
    for place, values in enumerate(shown):
        for backwards, expected in ((False, shown[place + 1 :]), (True, shown[:place][::-1])):
            beyond = keyset.ordered(
                keys.where(keyset.beyond(by, values, backwards=backwards)), by, backwards=backwards
            )
            assert [list(row) for row in db.session.execute(beyond)] == expected
    if order == "signed_in_at":
        assert [row[0] is None for row in shown] == [False] * 3 + [True] * 4
