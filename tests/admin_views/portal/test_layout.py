"""What the pages of the portal promise of their markup."""

from __future__ import annotations

import re

import pytest

from tests.admin_views.portal.pages import words
from tests.client import make_client, sign_in
from tests.factories import make_order

pytestmark = pytest.mark.one_database


def test_an_order_tells_what_became_of_it(cast, alice):
    order = make_order(cast.alice, cast.pro, 2, paid=True)
    page = alice.get(f"/portal/orders/{order.reference}")
    assert f'href="/portal/journal/?order={order.id}"' in page.text
    assert "Journal" in words(page.text.partition('<dl class="figures')[2])


def test_no_list_that_begins_with_an_answer_is_required(app, cast, alice):
    sam = sign_in(make_client(app), cast.sam)
    addresses = (
        "/support/customers/new/",
        "/support/tax-rates/new/",
        "/support/people/new/",
        "/support/vendor/",
    )
    pages = [alice.get("/profile"), *map(sam.get, addresses)]
    lists = [found for page in pages for found in re.findall(r"<select([^>]*)>\s*<option([^>]*)", page.text)]
    assert len(lists) > 3
    for attributes, first in lists:
        assert "required" not in attributes or 'value=""' in first, attributes


def test_a_choice_of_two_shows_both_answers(cast, alice):
    for page in ("/profile", "/portal/users/new/", f"/portal/users/edit/?id={cast.bob.id}"):
        assert len(re.findall(r'type="radio"\s+name="language"', alice.get(page).text)) == 2, page
