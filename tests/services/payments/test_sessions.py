"""What a payment session says: whose money has come, and whose has not."""

from __future__ import annotations

import pytest

from services.payments.sessions import Session


def session(status: str, payment: str, intent: str | None) -> Session:
    return Session("cs_1", status, payment, "", "REF", 100, "CAD", False, "pi_1", intent, None)


@pytest.mark.parametrize(
    ("status", "payment", "intent", "is_paid", "has_failed"),
    [
        ("open", "unpaid", None, False, False),
        # Stripe says this of a free order as soon as its page is made: nobody has confirmed anything yet.
        ("open", "no_payment_required", None, False, False),
        # A card was declined on a page that stays open.
        ("open", "unpaid", "requires_payment_method", False, False),
        ("complete", "paid", "succeeded", True, False),
        ("complete", "no_payment_required", None, True, False),
        ("complete", "unpaid", "processing", False, False),
        ("complete", "unpaid", "requires_payment_method", False, True),
        ("complete", "unpaid", "canceled", False, True),
        ("expired", "unpaid", None, False, False),
        ("expired", "no_payment_required", None, False, False),
        ("expired", "unpaid", "canceled", False, False),
    ],
)
def test_money_has_come_or_failed_only_for_a_page_that_somebody_completed(
    status, payment, intent, is_paid, has_failed
):
    found = session(status, payment, intent)
    assert (found.is_paid, found.has_failed) == (is_paid, has_failed)
    assert (found.is_open, found.is_complete) == (status == "open", status == "complete")
