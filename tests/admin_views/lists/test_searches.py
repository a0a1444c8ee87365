"""Every search of every list and picker looks where an index leads."""

from __future__ import annotations

import pytest

from admin_views import portal, support
from admin_views.lists.finding import Begins, Inside, Whole, Words
from admin_views.portal import licenses as portal_licenses
from admin_views.support import lookups

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
    pytest.param(one, id=f"{name}-{one}"[:60])
    for name, owner in (LISTS | PICKERS).items()
    for one in getattr(owner, "search", ())
]
# Of few rows, which are looked through: a company has a handful.
SMALL = {"firm_links"}


def _indexes(table):
    parts = [[str(getattr(part, "element", part)) for part in index.expressions] for index in table.indexes]
    return [part[0] for part in parts] + [
        str(column) for column in table.columns if column.unique or column.primary_key
    ]


@pytest.mark.parametrize("one", SEARCHES)
def test_no_search_reads_a_whole_table(one):
    """What a list or a picker looks in has an index for how it looks there; a new one joins by itself."""
    if isinstance(one, Words):
        table = one.of.__table__
        assert f"ix_{table.name}_search_text" in {index.name for index in table.indexes}
        return
    table, column = one.column.class_.__table__, one.column.key
    if isinstance(one, Inside):
        assert table.name in SMALL
    elif isinstance(one, Begins):
        assert f"ix_{table.name}_bare" in {index.name for index in table.indexes}
    elif isinstance(one, Whole) and not one.as_written:
        assert f"lower({column})" in _indexes(table)
    else:
        assert f"{table.name}.{column}" in _indexes(table)
