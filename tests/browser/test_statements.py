"""No page asks the database more than twelve times: every address of the desk, so that a new view joins by itself.

That more rows ask no more is shown by `tests/admin_views/portal/test_queries.py` and
`tests/admin_views/support/test_pages.py`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from tests.browser import addresses
from tests.browser.conftest import Desk
from tests.browser.test_every_page import AUDIENCES, _person, examples, pages_for
from tests.client import make_client, sign_in

__all__ = ["examples"]  # a fixture that lives elsewhere
MOST = 12


@pytest.mark.one_database
@pytest.mark.parametrize("audience", AUDIENCES)
def test_no_page_asks_the_database_more_than_twelve_times(
    audience: str,
    desk: Desk,
    examples: addresses.Examples,
    count_queries: Callable[..., contextlib.AbstractContextManager[list[str]]],
) -> None:
    client, email = make_client(desk.app), AUDIENCES[audience]
    if email:
        sign_in(client, _person(email))
    pages = pages_for(desk, examples, audience)
    assert pages
    for address in pages:
        with count_queries() as statements:
            client.get(address)
        assert len(statements) <= MOST, "\n".join([address, *statements])
