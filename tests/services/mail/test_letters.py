"""Putting mails in the outbox, in the transaction of what they tell."""

from __future__ import annotations

import pytest

from access import Actor
from models import Assignment, Company, MailState, OutgoingMail, db, utcnow
from services.foundation.transaction import transaction
from services.mail import letters
from tests.factories import make_issue, make_licenses, make_order


def all_mail():
    return db.session.scalars(db.select(OutgoingMail).order_by(OutgoingMail.id)).all()


def test_a_mail_waits_in_its_readers_language_under_a_name_of_its_own(cast):
    with transaction() as turn:
        letters.sign_in_link(turn, cast.dave)
    row = all_mail()[0]
    assert (row.user_id, row.address, row.company_id) == (cast.dave.id, None, cast.acme.id)
    assert (row.language, row.state, row.attempts) == ("en", MailState.QUEUED, 0)
    assert row.message_id.startswith("<")
    assert row.message_id.endswith("@trousseau.example>")
    assert row.due_at <= utcnow()


def test_what_happened_once_is_told_once(cast):
    order = make_order(cast.alice, cast.pro, paid=True)
    with transaction() as turn:
        letters.receipt(turn, order)
        letters.receipt(turn, order)
    with transaction() as turn:
        letters.receipt(turn, order)
    assert readers("receipt") == {cast.acme.billing_email, "alice@acme.example"}
    assert len(all_mail()) == 2


def readers(template):
    return {
        mail.user.email if mail.user else mail.address for mail in all_mail() if mail.template == template
    }


BILLING = "billing@acme.example"


@pytest.mark.parametrize(
    ("happened", "receipt", "failed"),
    [
        ("nothing", {BILLING, "alice@acme.example"}, {BILLING, "alice@acme.example"}),
        ("the buyer has left", {BILLING}, {BILLING, "erin@acme.example"}),
        ("the buyer may buy no more", {BILLING, "alice@acme.example"}, {BILLING, "erin@acme.example"}),
        ("staff bought", {BILLING}, {BILLING, "alice@acme.example", "erin@acme.example"}),
        ("nobody who may buy is left", {BILLING}, {BILLING}),
        ("the buyer reads the billing address", {"alice@acme.example"}, {"alice@acme.example"}),
    ],
)
def test_word_about_money_reaches_the_billing_address_and_whoever_may_do_something(
    cast, happened, receipt, failed
):
    order = make_order(cast.alice, cast.pro, paid=True)
    if happened == "staff bought":
        order.placed_by_id, order.placed_as = cast.sam.id, "staff"
    if happened == "the buyer may buy no more":
        cast.alice.role = "member"
    if happened in {"the buyer has left", "nobody who may buy is left"}:
        cast.alice.active = False
    if happened == "nobody who may buy is left":
        cast.erin.active = False
    if happened == "the buyer reads the billing address":
        cast.acme.billing_email = "Alice@acme.example"
    db.session.commit()
    with transaction() as turn:
        letters.receipt(turn, order)
        letters.payment_failed(turn, order)
    assert {reader.lower() for reader in readers("receipt")} == receipt
    assert {reader.lower() for reader in readers("payment_failed")} == failed
    languages = {mail.address: mail.language for mail in all_mail() if mail.address}
    assert set(languages.values()) == {cast.acme.language}


def test_a_second_request_for_a_link_is_a_second_mail(cast):
    with transaction() as turn:
        letters.sign_in_link(turn, cast.bob)
        letters.sign_in_link(turn, cast.bob)
        letters.password_link(turn, cast.bob)
    assert [row.template for row in all_mail()] == ["sign_in_link", "sign_in_link", "password_link"]
    assert len({row.message_id for row in all_mail()}) == 3


def test_fault_36_a_verb_that_fails_tells_nobody(cast):
    """The mail goes back with what it would have told."""
    order = make_order(cast.alice, cast.pro, paid=True)

    def fail_after_telling():
        with transaction() as turn:
            letters.receipt(turn, order)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_telling()
    assert all_mail() == []


def test_twenty_who_tell_the_same_at_once_keep_their_own_work_and_tell_it_once(cast, together):
    def tell(number):
        with transaction() as turn:
            made = make_company_row(number)
            return letters.queue(
                turn, "sign_in_link", to="someone@acme.example", context={"n": number}, dedupe_key="same"
            ) is not None, made

    outcomes = together(20, tell)
    assert [outcome.error for outcome in outcomes] == [None] * 20
    assert sum(outcome.value[0] for outcome in outcomes) == 1
    assert len(all_mail()) == 1
    # Whoever came second lost nothing of its own.
    assert len({outcome.value[1] for outcome in outcomes}) == 20


def make_company_row(number):
    company = Company(name=f"Company {number}", billing_email=f"billing@c{number}.example")
    db.session.add(company)
    db.session.flush()
    return company.id


def test_each_failed_attempt_to_pay_is_told_and_each_alert_once(cast):
    order = make_order(cast.alice, cast.pro)
    twice, amount = make_issue(order, "paid_twice"), make_issue(order, "wrong_amount")
    with transaction() as turn:
        letters.payment_failed(turn, order)
        letters.staff_alert(turn, twice)
        letters.staff_alert(turn, twice)
        letters.staff_alert(turn, amount)
    told = [row.template for row in all_mail()]
    assert told == ["payment_failed", "payment_failed", "staff_alert", "staff_alert"]
    assert {row.address for row in all_mail()[2:]} == {cast.vendor.support_email}


def test_a_customer_never_sees_what_staff_are_told(cast):
    issue = make_issue(make_order(cast.alice, cast.pro), "paid_twice")
    with transaction() as turn:
        letters.staff_alert(turn, issue)
    assert all_mail()[0].company_id is None


def test_a_desk_without_a_support_address_still_delivers(cast):
    cast.vendor.support_email = ""
    db.session.commit()
    issue = make_issue(make_order(cast.alice, cast.pro), "paid_twice")
    with transaction() as turn:
        assert letters.staff_alert(turn, issue) is None


def test_the_outbox_names_people_by_id_alone(cast):
    license = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)[0]
    assignment = db.session.scalars(db.select(Assignment)).one()
    with transaction() as turn:
        given = letters.Given(license, cast.bob, assignment.id)
        letters.license_assigned(turn, [given], Actor.of(cast.alice))
    (row,) = all_mail()
    assert row.context == {"license": license.id, "assignment": assignment.id, "by": cast.alice.id}
    assert row.dedupe_key == f"license_assigned:{assignment.id}"
