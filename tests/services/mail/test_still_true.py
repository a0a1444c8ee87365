"""A mail that is no longer true when its turn comes is not sent: nobody is told of what has been undone."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from access import SYSTEM, Actor
from models import Assignment, MailState, OrderState, OutgoingMail, User, db, utcnow
from services.foundation.transaction import transaction
from services.licenses import requests
from services.mail import letters, outbox
from services.people import accounts, deactivation
from services.people.deactivation import Seats
from services.privacy import erasure
from services.smtp.courier import Courier
from tests.factories import make_licenses, make_order


def queue(person):
    with transaction() as turn:
        return letters.password_link(turn, person)


def row(mail_id):
    return db.session.get_one(OutgoingMail, mail_id, populate_existing=True)


def give_and_take_back(cast):
    license = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)[0]
    assignment = db.session.scalars(db.select(Assignment)).one()
    by = Actor.of(cast.alice)
    with transaction() as turn:
        letters.license_assigned(turn, [letters.Given(license, cast.bob, assignment.id)], by)
    (given,) = db.session.scalars(db.select(OutgoingMail.id).filter_by(template="license_assigned"))
    return license, assignment, by, given


def take_back(license, assignment, by):
    with transaction() as turn:
        assignment.ended_at = utcnow()
        holder = db.session.get_one(User, assignment.user_id)
        letters.license_released(turn, [(license, assignment, holder)], by)
    return db.session.scalar(sa.select(sa.func.max(OutgoingMail.id)))


def test_a_license_that_ran_out_before_the_mail_left_is_not_announced(cast, postman, time_machine):
    license, _assignment, _by, given = give_and_take_back(cast)
    time_machine.move_to(license.valid_until, tick=False)
    outbox.send_due()
    assert (row(given).state, row(given).last_error) == (MailState.DROPPED, "license_expired")
    assert postman.messages == []


def test_a_license_taken_back_is_told_by_what_came_of_its_own_mail_and_of_no_other(cast, postman):
    other = queue(cast.dave)
    db.session.execute(sa.update(OutgoingMail).where(OutgoingMail.id == other).values(state=MailState.FAILED))
    db.session.commit()
    license, assignment, by, _given = give_and_take_back(cast)
    outbox.send_due()
    taken = take_back(license, assignment, by)
    outbox.send_due()
    assert row(taken).state == MailState.SENT


def test_a_license_taken_back_before_the_mail_left_is_not_announced_at_all(cast, postman):
    license, assignment, by, given = give_and_take_back(cast)
    taken = take_back(license, assignment, by)
    outbox.send_due()
    assert (row(given).state, row(given).last_error) == (MailState.DROPPED, "license_taken_back")
    assert (row(taken).state, row(taken).last_error) == (MailState.DROPPED, "never_announced")
    assert postman.messages == []


def test_a_license_that_was_announced_is_said_to_be_taken_back(cast, postman):
    license, assignment, by, given = give_and_take_back(cast)
    outbox.send_due()
    taken = take_back(license, assignment, by)
    outbox.send_due()
    assert (row(given).state, row(taken).state) == (MailState.SENT, MailState.SENT)
    assert [message["Subject"] for message in postman.messages] == [
        "Votre licence Pro est prête",
        "Votre licence Pro a été libérée",
    ]


def test_somebody_who_left_gets_no_more_mail(cast, postman):
    mail_id = queue(cast.bob)
    cast.bob.active = False
    db.session.commit()
    outbox.send_due()
    assert (row(mail_id).state, row(mail_id).last_error) == (MailState.DROPPED, "person_inactive")
    assert postman.messages == []


@pytest.mark.parametrize(
    ("state", "sent"), [(OrderState.FAILED, True), (OrderState.PENDING, False), (OrderState.CANCELLED, False)]
)
def test_a_declined_payment_is_told_while_it_is_still_so(state, sent, cast, postman):
    order = make_order(cast.alice, cast.pro, state=OrderState.FAILED)
    with transaction() as turn:
        letters.payment_failed(turn, order)
    order.state = state
    db.session.commit()
    outbox.send_due()
    db.session.rollback()
    assert (
        db.session.scalars(db.select(OutgoingMail.state)).all()
        == [MailState.SENT if sent else MailState.DROPPED] * 2
    )


def test_who_has_come_in_by_another_way_gets_no_invitation_any_more(cast, postman):
    cast.bob.confirmed_at = None
    db.session.commit()
    with transaction() as turn:
        mail_id = letters.invitation(turn, cast.bob, SYSTEM)
    cast.bob.confirmed_at = utcnow()
    db.session.commit()
    outbox.send_due()
    assert (row(mail_id).state, row(mail_id).last_error) == (MailState.DROPPED, "already_joined")
    assert postman.messages == []


def test_who_is_erased_while_a_worker_has_their_mail_gets_none_at_either_address(cast, postman):
    """The worker has leased both mails; what is in the server's hands already is the only thing that nobody can call back."""
    sam = Actor.of(cast.sam)
    accounts.update_person(cast.bob, {"email": "robert@acme.example"}, by=sam)
    leases = [outbox.OUTBOX.claim(outbox.lease_time()) for _ in range(2)]
    deactivation.deactivate(cast.bob, Seats.KEEP, by=sam)
    erasure.erase(cast.bob, "robert@acme.example", by=sam)
    with Courier() as courier:
        for lease in leases:
            outbox.deliver(lease, courier)
    assert postman.messages == []
    mails = db.session.scalars(sa.select(OutgoingMail).execution_options(populate_existing=True)).all()
    assert {(mail.state, mail.last_error) for mail in mails} == {
        (MailState.DROPPED, "person_inactive"),
        (MailState.DROPPED, "person_erased"),
    }
    assert "acme.example" not in " ".join(str(mail.address) for mail in mails)


def test_whoever_was_answered_before_the_mail_left_is_asked_about_no_more(cast, postman):
    asked = requests.ask(cast.bob, "", Actor.of(cast.bob))
    requests.withdraw(asked, Actor.of(cast.bob))
    outbox.send_due()
    assert postman.messages == []
    found = db.session.execute(sa.select(OutgoingMail.state, OutgoingMail.last_error)).all()
    assert found == [(MailState.DROPPED, "request_answered")] * 2


def test_who_no_longer_gives_licences_is_not_told_who_asks(cast, postman):
    requests.ask(cast.bob, "Je signe.\nMerci!", Actor.of(cast.bob))
    cast.erin.role = "member"
    db.session.commit()
    outbox.send_due()
    (mail,) = postman.messages
    assert mail["To"].addresses[0].addr_spec == "alice@acme.example"
    assert "> Je signe.\n> Merci!\n" in mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
