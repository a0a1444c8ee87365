"""What staff must look at: they find it, read what it means, and close it with what was done."""

from __future__ import annotations

import pytest

import config
from models import OrderIssue, db, utcnow
from tests import factories
from tests.admin_views.portal.pages import words
from tests.admin_views.support.forms import opened, read_form
from tests.client import make_client, sign_in


@pytest.fixture
def staff(client, cast):
    return sign_in(client, cast.sam)


def close(staff, issue_id, **typed):
    page = f"/support/issues/details/?id={issue_id}"
    return staff.post(f"/support/issues/close/?id={issue_id}", data=opened(staff, page) | typed)


def test_an_issue_is_closed_on_its_page_and_stays_on_its_order(staff, cast):
    order = factories.make_order(cast.alice, cast.pro, issue="paid_twice")
    issue_id = order.open_issues[0].id
    page = staff.get(f"/support/issues/details/?id={issue_id}")
    assert "La commande a été payée deux fois" in words(page)
    answer = close(staff, issue_id, reason="Second paiement remboursé.")
    assert (answer.status_code, answer.location) == (303, f"/support/orders/details/?id={order.id}")
    shown = words(staff.get(answer.location))
    assert "Payée deux fois" in shown
    assert "Second paiement remboursé." in shown
    closed = staff.get(f"/support/issues/details/?id={issue_id}")
    assert "Clos par Sam Tremblay" in words(closed)
    assert "/support/issues/close/" not in closed.text
    assert order.reference not in staff.get("/support/issues/?open=yes").text
    assert order.reference in staff.get("/support/issues/").text


@pytest.mark.parametrize(("reason", "said"), [("", "obligatoire"), ("x" * 501, "500")])
def test_without_a_reason_it_stays_open_and_what_was_typed_is_kept(staff, cast, reason, said):
    issue_id = factories.make_order(cast.alice, cast.pro, issue="refunded").open_issues[0].id
    answer = close(staff, issue_id, reason=reason)
    assert answer.status_code == 422
    assert read_form(answer.text)["reason"] == reason
    db.session.rollback()
    assert db.session.get_one(OrderIssue, issue_id).is_open


def test_who_comes_second_reads_who_closed_it_and_changes_nothing(staff, cast):
    order = factories.make_order(cast.alice, cast.pro, issue="refunded")
    issue = order.open_issues[0]
    issue_id, form = issue.id, opened(staff, f"/support/issues/details/?id={issue.id}")
    issue.closed_at, issue.closed_by_id, issue.reason = utcnow(), cast.sam.id, "Voulu."
    db.session.commit()
    answer = staff.post(f"/support/issues/close/?id={issue_id}", data=form | {"reason": "Autre"})
    assert answer.status_code == 422
    assert "Sam Tremblay a déjà réglé ce point" in words(answer)
    db.session.rollback()
    assert db.session.get_one(OrderIssue, issue_id).reason == "Voulu."


def test_what_closed_by_itself_says_so(staff, cast):
    order = factories.make_order(cast.alice, cast.pro)
    issue = factories.make_issue(order, "payment_setup", closed_at=utcnow(), reason="")
    assert "Clos par Le système" in words(staff.get(f"/support/issues/details/?id={issue.id}"))


@pytest.mark.parametrize("key", ["", "abc", "999", "1\0"])
def test_an_issue_that_is_not_there_is_not_found(staff, cast, key):
    factories.make_order(cast.alice, cast.pro, issue="refunded")
    for method, page in (("get", "details"), ("post", "close")):
        answer = getattr(staff, method)(f"/support/issues/{page}/", query_string={"id": key})
        assert answer.status_code in {400, 404}, (page, key)


def test_a_customer_neither_sees_nor_closes_an_issue(app, cast, staff):
    issue_id = factories.make_order(cast.alice, cast.pro, issue="refunded").open_issues[0].id
    alice = sign_in(make_client(app), cast.alice)
    assert alice.get(f"/support/issues/details/?id={issue_id}").status_code == 403
    assert alice.post(f"/support/issues/close/?id={issue_id}", data={"reason": "x"}).status_code == 403
    db.session.rollback()
    assert db.session.get_one(OrderIssue, issue_id).is_open


@pytest.mark.parametrize(
    ("stripe_id", "key", "address"),
    [
        ("pi_1", "sk_live_1", "https://dashboard.stripe.com/payments/pi_1"),
        ("ch_1", "sk_test_1", "https://dashboard.stripe.com/test/payments/ch_1"),
        ("du_1", "sk_test_1", "https://dashboard.stripe.com/test/disputes/du_1"),
    ],
)
def test_an_issue_leads_to_what_it_is_about_in_stripe(staff, cast, app, monkeypatch, stripe_id, key, address):
    monkeypatch.setitem(app.config, "STRIPE_API_BASE", None)
    monkeypatch.setitem(app.config, "STRIPE_LIVE", config.is_live_key(key))
    order = factories.make_order(cast.alice, cast.pro)
    issue = factories.make_issue(order, "disputed", stripe_id=stripe_id)
    assert f'href="{address}"' in staff.get(f"/support/issues/details/?id={issue.id}").text


def test_issues_are_exported_with_their_words_and_what_was_done(staff, cast):
    order = factories.make_order(cast.alice, cast.pro, issue="refunded")
    factories.make_issue(order, "disputed", closed_at=utcnow(), closed_by_id=cast.sam.id, reason="=1+1")
    rows = staff.get("/support/issues/export/csv/", buffered=True).text.splitlines()
    assert len(rows) == 3
    assert "Paiement contesté" in rows[1]
    assert "'=1+1" in rows[1]
    assert "Sam Tremblay" in rows[1]
