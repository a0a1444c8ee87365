"""Every filter of every list: one that narrowed nothing would show all rows under the name of a few."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from admin_views import portal, support
from admin_views.lists import listing
from admin_views.lists.columns import is_id
from admin_views.lists.filters import is_day
from models import License, LicenseStatus, db
from tests.factories import make_licenses, make_order

# Values of filters that are typed, or reached by links.
TYPED = {is_id: ["1", "2"], is_day: ["2026-11-24", "2026-11-25"]}

FILTERS = [
    pytest.param(view, one, id=f"{view.__module__.removeprefix('admin_views.')}-{one.name}")
    for view in [*portal.VIEWS, *support.VIEWS]
    for one in getattr(view, "filters", ())
]


@pytest.mark.one_database
@pytest.mark.parametrize(("view", "one"), FILTERS)
def test_each_choice_of_a_filter_narrows_its_list_in_another_way(app, cast, view, one):
    make_order(cast.alice, cast.pro)
    make_licenses(1, cast.alice, cast.pro)
    with app.test_request_context():
        choices = [value for value, _label in one.choices()] if one.options else TYPED[one.reads]
        assert choices
        every = sa.select(view.model)
        asked = [every, *(one.apply(every, value) for value in choices)]
        statements = [str(each.compile(compile_kwargs={"literal_binds": True})) for each in asked]
    assert len(set(statements)) == len(statements)


@pytest.mark.parametrize("state", ["suspended", "available"])
def test_a_plan_beside_any_state_shows_the_rows_of_both(app, cast, state):
    """Beside a rare state the plan is asked of each row, and not looked for: what is shown is the same."""
    seats = {plan.id: make_licenses(2, cast.alice, plan) for plan in (cast.pro, cast.avance)}
    for one, _other in seats.values():
        one.status = LicenseStatus.SUSPENDED
    db.session.commit()
    listed = next(view.filters for view in support.VIEWS if view.model is License)
    with app.test_request_context():
        asked = listing.read_request({"plan": str(cast.pro.id), "state": state}, (), listed, 50)
        found = listing.filtered(sa.select(License.id), asked, listed, (), License)
        wanted = seats[cast.pro.id][0 if state == "suspended" else 1].id
        assert list(db.session.scalars(found)) == [wanted]
        assert ("(licenses.plan_id = :plan_id_1) IS" in str(found.whereclause)) is (state == "suspended")
