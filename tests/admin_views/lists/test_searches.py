"""Every search of every list and picker: what names one row finds that row alone, in whichever case it is typed."""

from __future__ import annotations

import pytest

from admin_views import portal, support
from admin_views.portal import licenses as portal_licenses
from admin_views.support import lookups
from models import License, Order, User

UNIQUE = {User.email, License.key, Order.reference}
# Stored in capitals, and typed as one likes.
IN_CAPITALS = {License.key, Order.reference}
PICKERS = {
    "license": portal_licenses.PEOPLE,
    "company": lookups.company_lookup(),
    "person": lookups.person_lookup("user"),
    "colleague": lookups.colleague_lookup("user"),
}
LISTS = {
    f"{view.__module__.removeprefix('admin_views.')}.{view.__name__}": view
    for view in [*portal.VIEWS, *support.VIEWS]
}
SEARCHES = [
    pytest.param(one, id=f"{name}-{one.column}")
    for name, owner in (LISTS | PICKERS).items()
    for one in getattr(owner, "search", ())
]


def is_of(column, columns):
    return any(column is other or str(column) == str(other) for other in columns)


@pytest.mark.parametrize("one", SEARCHES)
def test_a_whole_key_finds_its_row_alone(one):
    assert (one.exact, one.capitals) == (is_of(one.column, UNIQUE), is_of(one.column, IN_CAPITALS))
