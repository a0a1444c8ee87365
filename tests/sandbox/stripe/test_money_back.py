"""Refunds and disputes, made on the page that stands for Stripe's dashboard, as Stripe's client reads them."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.sandbox_process import SandboxProcess

Open = Callable[..., Any]


@pytest.fixture
def charge(client: Any, open_session: Open, sandbox: SandboxProcess) -> Callable[[], Any]:
    """Ask for the charge of a payment of $574.88 as it stands now."""
    sandbox.pay(open_session().url)
    ident = client.charges.list().data[0].id
    return lambda: client.charges.retrieve(ident)


def test_a_charge_is_refunded_in_parts_and_then_as_a_whole(
    charge: Callable[[], Any], client: Any, sandbox: SandboxProcess
) -> None:
    found = charge()
    assert sandbox.refund(found.id, "100,50") == 303
    assert (charge().amount_refunded, charge().refunded) == (10_050, False)
    assert sandbox.refund(found.id) == 303
    assert (charge().amount_refunded, charge().refunded) == (57_488, True)
    refunds = client.refunds.list({"payment_intent": found.payment_intent}).data
    assert [(one.amount, one.status) for one in refunds] == [(47_438, "succeeded"), (10_050, "succeeded")]
    assert client.refunds.retrieve(refunds[0].id).charge == found.id
    assert sandbox.types()[-4:] == ["refund.created", "charge.refunded"] * 2


@pytest.mark.parametrize(
    "amount",
    ["0", "574,89", "-1", "1,234", "x", "１", "9999999999", "1.x", "1.ab", "1.5.", "1._", "1.-5", "1.+5"],
)
def test_no_more_is_refunded_than_was_paid(
    charge: Callable[[], Any], sandbox: SandboxProcess, amount: str
) -> None:
    assert sandbox.refund(charge().id, amount) == 400
    assert charge().amount_refunded == 0


def test_what_was_wholly_refunded_is_not_refunded_again(
    charge: Callable[[], Any], sandbox: SandboxProcess
) -> None:
    assert sandbox.refund(charge().id) == 303
    for amount in ("", "1"):
        assert sandbox.refund(charge().id, amount) == 400
    assert charge().amount_refunded == 57_488


@pytest.mark.parametrize(("won", "status"), [(True, "won"), (False, "lost")])
def test_a_dispute_is_open_until_the_bank_decides(
    charge: Callable[[], Any], client: Any, sandbox: SandboxProcess, won: bool, status: str
) -> None:
    found = charge()
    assert sandbox.contest(found.id) == 303
    assert sandbox.contest(found.id) == 400
    (dispute,) = client.disputes.list({"charge": found.id}).data
    assert (dispute.status, dispute.amount, dispute.payment_intent) == (
        "needs_response",
        57_488,
        found.payment_intent,
    )
    assert charge().disputed
    for decision in (won, not won):
        assert sandbox.decide(found.id, won=decision) == 303
    assert client.disputes.retrieve(dispute.id).status == status
    # As at Stripe, whoever won: it was disputed.
    assert charge().disputed
    told = [kind for kind in sandbox.types() if kind.startswith("charge.dispute")]
    ended = ["charge.dispute.closed", *(["charge.dispute.funds_reinstated"] if won else [])]
    assert told == ["charge.dispute.created", "charge.dispute.funds_withdrawn", *ended]


def test_only_what_was_paid_can_be_given_back(
    client: Any, open_session: Open, sandbox: SandboxProcess
) -> None:
    sandbox.pay(open_session().url, "4000000000000002")
    declined = client.charges.list().data[0].id
    for ident in (declined, "ch_none"):
        assert {sandbox.refund(ident), sandbox.contest(ident), sandbox.decide(ident, won=True)} == {404}


def test_the_page_of_a_payment_is_found_by_whatever_names_it(
    charge: Callable[[], Any], client: Any, sandbox: SandboxProcess
) -> None:
    sandbox.contest(charge().id)
    dispute = client.disputes.list().data[0].id
    for ident in (charge().id, charge().payment_intent, dispute):
        page = requests.get(f"{sandbox.url}/payments/{ident}", timeout=10)
        assert (page.status_code, "Contesté" in page.text) == (200, True)
    assert requests.get(f"{sandbox.url}/payments/pi_none", timeout=10).status_code == 404
    english = requests.get(f"{sandbox.url}/payments/?lang=en", timeout=10).text
    assert "Decide for the merchant" in english
