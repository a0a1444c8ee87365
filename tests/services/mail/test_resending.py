"""Sending a mail again: what failed, what "never came", and what is no longer true."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from access import Actor
from models import JournalEntry, MailState, OutgoingMail, Role, User, db
from services import licenses
from services.foundation.errors import Refused
from services.foundation.transaction import transaction
from services.links import tokens
from services.mail import letters, outbox
from tests.factories import make_issue, make_licenses, make_order
from tests.services.mail.test_outbox import queue, row


def test_staff_send_a_failed_mail_again(cast, postman):
    postman.reply = "554 5.7.1 spam"
    (mail_id,) = queue(cast.bob)
    outbox.send_due()
    message_id = row(mail_id).message_id
    postman.reply = ""
    outbox.resend(row(mail_id), Actor.of(cast.sam))
    assert (row(mail_id).state, row(mail_id).attempts) == (MailState.QUEUED, 0)
    outbox.send_due()
    assert row(mail_id).state == MailState.SENT
    assert postman.messages[0]["Message-ID"] == message_id
    entry = db.session.scalars(db.select(JournalEntry)).one()
    assert (entry.verb, entry.actor_id, entry.subject_id) == ("mail_resent", cast.sam.id, mail_id)
    assert entry.before == {"state": "failed", "last_error": "content_refused 554 5.7.1"}


def test_a_mail_that_never_came_is_sent_again_with_a_link_of_its_own_to_the_address_of_today(cast, postman):
    (mail_id,) = queue(cast.bob)
    outbox.send_due()
    cast.bob.email = "robert@acme.example"
    db.session.commit()
    again = outbox.resend(row(mail_id), Actor.of(cast.sam))
    assert outbox.resend(row(mail_id), Actor.of(cast.sam)).id == mail_id, "a second tap is no second copy"
    outbox.send_due()
    first, second = postman.messages
    assert again.id != mail_id
    assert "robert@acme.example" in second["To"]
    assert first["Message-ID"] != second["Message-ID"], "or it would be thrown away as a copy"
    links = [re.search(r"/l/(\S+)", mail.get_body(("plain",)).get_content())[1] for mail in (first, second)]
    assert all(tokens.find(link) for link in links)
    assert len(set(links)) == 2
    entry = db.session.scalars(db.select(JournalEntry)).one()
    assert (entry.verb, entry.subject_id) == ("mail_resent", mail_id)


def test_what_is_no_longer_true_or_on_its_way_is_not_sent_again(cast, postman):
    (mail_id,) = queue(cast.bob)
    with pytest.raises(Refused, match="not_sent"):
        outbox.resend(row(mail_id), Actor.of(cast.sam))
    outbox.send_due()
    cast.bob.active = False
    db.session.commit()
    with pytest.raises(Refused, match="no_longer_true"):
        outbox.resend(row(mail_id), Actor.of(cast.sam))
    assert len(postman.messages) == 1


def test_staff_read_what_the_server_answered_and_no_address_in_it(cast, postman):
    postman.refuses[cast.bob.email] = f"550 5.1.1 <{cast.bob.email}> has left"
    refused, taken = queue(cast.bob), queue(cast.dave)
    outbox.send_due()
    assert row(refused[0]).server_reply == "550 5.1.1 … has left"
    assert row(taken[0]).server_reply.startswith("250 ")


def test_a_copy_is_in_the_language_of_before_and_an_alert_goes_to_the_support_of_today(cast, postman):
    with transaction() as turn:
        letters.address_changed(turn, cast.dave, "before@acme.example", Actor.of(cast.alice))
        letters.staff_alert(turn, make_issue(make_order(cast.alice, cast.pro), "paid_twice"))
    outbox.send_due()
    sent = {mail.address: mail.id for mail in db.session.scalars(sa.select(OutgoingMail)) if mail.address}
    cast.vendor.support_email = "nouveau@boreal.example"
    db.session.commit()
    told = outbox.resend(row(sent["before@acme.example"]), Actor.of(cast.sam))
    assert (told.address, told.language) == ("before@acme.example", cast.dave.language)
    alert = outbox.resend(row(sent["support@trousseau.example"]), Actor.of(cast.sam))
    assert alert.address == "nouveau@boreal.example"


def test_a_new_administrator_who_is_none_any_more_and_a_licence_that_is_theirs_again_are_not_told_again(
    cast, postman
):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    alice = Actor.of(cast.alice)
    licenses.assign(cast.pro, cast.bob, alice)
    outbox.send_due()
    licenses.release(license, alice, held_by=cast.bob.id)
    cast.bob.role = Role.ADMIN
    db.session.commit()
    with transaction() as turn:
        letters.new_administrator(turn, db.session.get_one(User, cast.bob.id), alice)
    outbox.send_due()
    licenses.assign(cast.pro, cast.bob, alice)
    cast.bob.role = Role.MEMBER
    db.session.commit()
    for kind in ("license_released", "new_administrator"):
        mail_id = db.session.scalar(
            sa.select(sa.func.min(OutgoingMail.id)).where(OutgoingMail.template == kind)
        )
        with pytest.raises(Refused, match="no_longer_true"):
            outbox.resend(row(mail_id), Actor.of(cast.sam))
