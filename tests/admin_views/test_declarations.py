"""What the base class refuses when the application starts: a view that would open a path around it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from access import Permission
from admin_views.base import DeskIndexView, DeskModelView, DeskPage
from admin_views.forms import ScopedUnique
from admin_views.lists.columns import Column
from models import Language, License, Order, Plan, User, db
from tests.client import sign_in


def declare(base: type = DeskModelView, **attributes: Any) -> Any:
    """A view that declares everything it must, changed by `attributes`; None takes one away."""
    complete = {
        "model": User,
        "permission": Permission.SUPPORT,
        "title": "A title",
        "slug": "slug",
        "columns": (Column("email", "Email"),),
    }
    kept = {name: value for name, value in (complete | attributes).items() if value is not None}
    return type("View", (base,), kept)


@pytest.mark.parametrize("base", [DeskModelView, DeskPage, DeskIndexView])
def test_a_view_that_does_not_say_who_may_open_it_cannot_be_registered(base: type) -> None:
    with pytest.raises(TypeError, match="permission"):
        declare(base, permission=None).check_declaration()


@pytest.mark.parametrize(
    "attributes",
    [
        {"column_editable_list": ["email"]},
        {"inline_models": [License]},
        {"edit_modal": True},
        {"column_filters": ["email"]},
        {"can_edit": True},
        {"can_create": True},
        {"columns": ()},
        {"slug": ""},
        {"columns": (Column("email", "Email", sort=sa.func.lower(User.email)),)},
    ],
)
def test_a_view_that_would_reach_past_its_scope_cannot_be_registered(attributes: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        declare(**attributes).check_declaration()


def test_a_view_is_looked_at_when_it_is_registered(desk: Any) -> None:
    for refused in ({"columns": ()}, {"edit_modal": True}):
        with pytest.raises(TypeError):
            declare(**refused)(endpoint="x", url="/x")


def test_a_form_of_columns_takes_the_words_of_a_table_and_tells_of_no_other_companys_rows(desk: Any) -> None:
    view = declare(can_edit=True, form_columns=("email", "language"))(endpoint="x", url="/x")
    plan = declare(model=Plan, can_edit=True, form_columns=("code",))(endpoint="y", url="/y")
    with desk.test_request_context():
        for typed, kept in (("en", Language.EN), ("fr", Language.FR), ("", None)):
            assert view.get_form()(MultiDict({"language": typed})).language.data == kept
        assert ScopedUnique in {type(one) for one in plan.get_form()().code.validators}


def test_a_relation_in_a_form_needs_a_lookup(desk: Any) -> None:
    for options in ({}, {"form_ajax_refs": {"company": {"fields": ["name"]}}}):
        view = declare(can_edit=True, form_columns=("email", "company"), **options)
        with pytest.raises(TypeError, match="Lookup"):
            view(endpoint="x", url="/x")


def test_a_view_is_read_only_unless_it_says_otherwise() -> None:
    view = declare()
    opened = [view.can_create, view.can_edit, view.can_delete, view.can_view_details, view.can_export]
    assert not any(opened)


def test_a_view_that_declares_no_page_of_a_row_has_none(browser: Any, goods: Any) -> None:
    alice = sign_in(browser, goods.alice)
    key = db.session.scalar(sa.select(Order.id).where(Order.company_id == goods.acme.id))
    for path in ("details", "edit"):
        assert alice.get(f"/demo/orders/{path}/?id={key}").status_code == 404
