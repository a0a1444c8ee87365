"""The smallest and the largest total that Stripe takes, to the cent."""

from __future__ import annotations

import pytest

from access import Actor
from services.buying import cart, quotes
from services.foundation.errors import Refused
from tests.factories import make_company, make_plan, make_user


def quoted(cents):
    """The quote of one licence at that price, where no tax is collected."""
    company = make_company("Paris", country="FR", province="")
    plan = make_plan(f"plan{cents}", price=cents)
    cart.add(company.id, plan, 1, Actor.of(make_user(company)))
    quote = quotes.quote(company)
    assert quote.total == cents
    return quote


@pytest.mark.parametrize("cents", [0, 50, 99_999_999])
def test_a_total_that_stripe_takes_is_taken(cast, cents):
    quoted(cents).check()


@pytest.mark.parametrize(
    ("cents", "code"),
    [(1, "total_too_low"), (49, "total_too_low"), (100_000_000, "total_too_high")],
)
def test_a_total_that_stripe_would_refuse_is_refused_before(cast, cents, code):
    with pytest.raises(Refused, match=code):
        quoted(cents).check()
