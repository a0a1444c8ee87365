"""The worker: every mail arrives, whatever breaks, and nobody gets one twice without need."""

from __future__ import annotations

import datetime as dt
import linecache
import logging
import re
import threading
import time

import pytest
import sqlalchemy as sa

import services.waiting.queue
from access import Actor
from models import Assignment, Link, MailState, OutgoingMail, db, utcnow
from services.foundation.transaction import transaction
from services.links import tokens
from services.mail import letters, outbox
from services.waiting.queue import Lease, Queue, retry_delay
from tests.factories import make_issue, make_licenses, make_order
from tests.patience import best_of_three

SENDER = "desk@trousseau.example"


def queue(*people, template="password_link"):
    with transaction() as turn:
        return [getattr(letters, template)(turn, person) for person in people]


def claim():
    return outbox.OUTBOX.claim(outbox.lease_time())


def row(mail_id):
    return db.session.get_one(OutgoingMail, mail_id, populate_existing=True)


def states():
    db.session.rollback()
    return [r.state for r in db.session.scalars(db.select(OutgoingMail).order_by(OutgoingMail.id))]


def make_due():
    """As if every delay and lease had run out."""
    with transaction():
        past = utcnow() - dt.timedelta(minutes=1)
        db.session.execute(sa.update(OutgoingMail).values(due_at=past, lease_until=past))


def never():
    return False


# --- Arriving -----------------------------------------------------------------------------------------------------


def test_a_mail_arrives_whole(app, cast, postman):
    cast.vendor.name = "Boréal, Logiciels"
    db.session.commit()
    (mail_id,) = queue(cast.bob)
    assert outbox.send_due() == 1
    message = postman.messages[0]
    assert message["Message-ID"] == row(mail_id).message_id
    sender = message["From"].addresses[0]
    assert (sender.display_name, sender.addr_spec) == ("Boréal, Logiciels", app.config["MAIL_DEFAULT_SENDER"])
    assert message["Reply-To"] == cast.vendor.support_email
    assert message["To"].addresses[0].addr_spec == cast.bob.email
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Subject"] == "Choisissez votre nouveau mot de passe"
    assert message["Date"]
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "Bonjour Bob," in text
    assert "Bonjour Bob," in html
    assert (row(mail_id).state, row(mail_id).lease_until, row(mail_id).last_error) == ("sent", None, None)
    assert row(mail_id).sent_at is not None


def test_an_alert_arrives_at_the_support_address_which_is_nobodys_account(cast, postman):
    order = make_order(cast.alice, cast.pro)
    issue = make_issue(order, "paid_twice")
    with transaction() as turn:
        alert = letters.staff_alert(turn, issue)
    outbox.send_due()
    assert row(alert).state == MailState.SENT
    (message,) = postman.messages
    assert [one.addr_spec for one in message["To"].addresses] == [cast.vendor.support_email]
    assert order.reference in message.get_body(("plain",)).get_content()


def test_the_link_in_the_mail_works_and_is_written_down_nowhere(cast, postman):
    (mail_id,) = queue(cast.bob, template="sign_in_link")
    outbox.send_due()
    text = postman.messages[0].get_body(("plain",)).get_content()
    token = re.search(r"/l/(\S+)", text)[1]
    assert tokens.find(token).user_id == cast.bob.id
    stored = db.session.execute(db.select(OutgoingMail.__table__)).one()
    assert token not in str(stored)
    assert token not in str(db.session.execute(db.select(Link.__table__)).one())
    assert row(mail_id).state == MailState.SENT


def test_the_activation_link_is_for_that_license(cast, postman):
    license = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)[0]
    assignment = db.session.scalars(db.select(Assignment)).one()
    with transaction() as turn:
        given = letters.Given(license, cast.bob, assignment.id)
        letters.license_assigned(turn, [given], Actor.of(cast.alice))
    outbox.send_due()
    token = re.search(r"/l/(\S+)", postman.messages[0].get_body(("plain",)).get_content())[1]
    assert tokens.find(token).license_id == license.id


def test_no_line_is_longer_than_mail_servers_allow(cast, postman):
    with transaction() as turn:
        letters.receipt(turn, make_order(cast.alice, cast.pro, paid=True))
    outbox.send_due()
    assert max(len(line) for line in postman.lines) <= 998


def test_many_mails_take_one_connection(cast, postman):
    queue(*[cast.bob] * 10)
    assert outbox.send_due() == 10
    assert len(postman.messages) == 10
    assert postman.connections == 1


def test_an_idle_worker_asks_one_short_question(cast, count_queries):
    with count_queries() as statements:
        assert outbox.send_due() == 0
    assert len(statements) == 1
    assert statements[0].startswith("SELECT")


# --- What breaks --------------------------------------------------------------------------------------------------


def test_fault_33_an_hour_without_the_mail_server_loses_nothing(app, cast, postman):
    app.extensions["mail"].port = 1  # nobody listens there
    queue(cast.alice, cast.bob, cast.dave)
    outbox.run(never, once=True)
    assert states() == [MailState.QUEUED] * 3
    first = db.session.scalars(db.select(OutgoingMail).order_by(OutgoingMail.id)).first()
    assert first.last_error == "unreachable ConnectionRefusedError"
    assert dt.timedelta(seconds=40) < first.due_at - utcnow() < dt.timedelta(seconds=80)
    # Trying the others one by one would be of no use.
    assert db.session.scalars(db.select(OutgoingMail.attempts).order_by(OutgoingMail.id)).all() == [1, 0, 0]
    # Links would be lying about; they are made when the server is there.
    assert db.session.scalar(db.select(sa.func.count()).select_from(Link)) == 0
    app.extensions["mail"].port = postman.port
    make_due()
    outbox.run(never, once=True)
    assert states() == [MailState.SENT] * 3
    assert len(postman.messages) == 3


def test_fault_34_a_mail_that_is_refused_for_good_is_shown_to_staff_and_stops_no_other(cast, postman):
    postman.refuses[cast.bob.email] = f"550 5.1.1 <{cast.bob.email}> has left"
    refused, fine = queue(cast.bob, cast.dave)
    assert outbox.send_due() == 2
    assert row(refused).state == MailState.FAILED
    assert row(refused).last_error == "recipient_refused 550 5.1.1"
    assert row(fine).state == MailState.SENT
    assert [message["To"].addresses[0].addr_spec for message in postman.messages] == [cast.dave.email]


@pytest.mark.parametrize(
    ("refusal", "state", "error"),
    [
        ({"sender": "550 5.7.1 not you"}, MailState.FAILED, "sender_refused 550 5.7.1"),
        ({"data": "554 5.7.1 spam"}, MailState.FAILED, "content_refused 554 5.7.1"),
        ({"data": "451 4.3.0 later"}, MailState.QUEUED, "content_refused 451 4.3.0"),
        ({"recipient": "450 4.2.1 greylisted"}, MailState.QUEUED, "recipient_refused 450 4.2.1"),
        # These speak of our settings, not of the mail: once mended, everything goes.
        ({"sender": "530 5.7.0 sign in first"}, MailState.QUEUED, "unreachable 530 5.7.0"),
        ({"recipient": "421 4.3.2 closing"}, MailState.QUEUED, "unreachable 421 4.3.2"),
    ],
)
def test_a_refusal_for_now_is_tried_again_and_one_for_good_is_not(refusal, state, error, cast, postman):
    addresses = {"sender": SENDER, "recipient": cast.bob.email}
    postman.refuses = {addresses[who]: reply for who, reply in refusal.items() if who != "data"}
    postman.reply = refusal.get("data", "")
    (mail_id,) = queue(cast.bob)
    outbox.run(never, once=True)
    assert (row(mail_id).state, row(mail_id).last_error) == (state, error)


def test_a_server_that_hangs_is_left_after_the_time_limit(app, cast, postman):
    app.config["MAIL_TIMEOUT"] = 0.3
    postman.dawdles = 2
    (mail_id,) = queue(cast.bob)

    def run():
        begun = time.monotonic()
        outbox.run(never, once=True)
        return time.monotonic() - begun

    assert best_of_three(run, 1.5) < 1.5
    assert row(mail_id).state == MailState.QUEUED


def test_waits_grow_from_a_minute_to_an_hour_and_end_after_three_days(cast, postman):
    delays = [retry_delay(attempt) for attempt in range(1, outbox.MAX_ATTEMPTS)]
    minute = dt.timedelta(minutes=1)
    assert 0.8 * minute <= delays[0] <= 1.2 * minute
    assert 1.6 * minute <= delays[1] <= 2.4 * minute
    assert all(48 * minute <= delay <= 72 * minute for delay in delays[6:])
    assert dt.timedelta(days=2.5) < sum(delays, dt.timedelta()) < dt.timedelta(days=3.5)
    postman.reply = "451 4.3.0 never"
    (mail_id,) = queue(cast.bob)
    with transaction():
        row(mail_id).attempts = outbox.MAX_ATTEMPTS - 1
    outbox.send_due()
    assert row(mail_id).state == MailState.FAILED


def test_a_mail_that_cannot_be_rendered_stops_no_other(cast, postman, caplog):
    with transaction() as turn:
        broken = letters.queue(turn, "receipt", to=cast.bob, context={"order": 404}, dedupe_key="broken")
        unknown = letters.queue(turn, "no_such_mail", to=cast.bob, context={}, dedupe_key="unknown")
    (fine,) = queue(cast.dave)
    assert outbox.send_due() == 3
    assert (row(broken).state, row(broken).last_error) == (MailState.FAILED, "rendering NoResultFound")
    assert (row(unknown).state, row(unknown).last_error) == (MailState.FAILED, "rendering ValueError")
    assert row(fine).state == MailState.SENT
    # Where it broke is logged, by the line that raised; what it said is not, for it may name somebody.
    (said,) = [
        record.getMessage() for record in caplog.records if f"mail {unknown} cannot" in record.getMessage()
    ]
    assert re.search(r"cannot be rendered: ValueError at \S*enum.py:\d+$", said)


def test_a_mail_that_lacks_what_it_is_about_is_logged_with_the_very_line_that_missed_it(
    cast, postman, caplog
):
    with transaction() as turn:
        letters.queue(turn, "receipt", to=cast.bob, context={}, dedupe_key="empty")
    outbox.send_due()
    where = re.search(r"KeyError at (\S+):(\d+)", caplog.text)
    assert 'context["order"]' in linecache.getline(where[1], int(where[2]))


def test_a_one_time_link_is_made_for_a_person_and_for_no_bare_address(cast, postman):
    with transaction() as turn:
        mail = letters.queue(
            turn, "sign_in_link", to="somebody@acme.example", context={}, dedupe_key="nobody"
        )
    outbox.send_due()
    assert (row(mail).state, row(mail).last_error) == (MailState.FAILED, "rendering LookupError")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Link)) == 0


def test_a_worker_asks_less_often_while_the_mail_server_is_away(app, cast, postman, monkeypatch):
    pauses = []
    monkeypatch.setattr(services.waiting.queue, "_wait", lambda seconds, _stop: pauses.append(seconds))
    queue(cast.bob)
    for number, port in enumerate((1, postman.port)):
        app.extensions["mail"].port = port
        make_due()
        outbox.run(lambda number=number: len(pauses) > number)
    assert pauses[0] == 2 * pauses[1]


def test_the_worker_outlives_a_database_that_goes_away(app, cast, postman, monkeypatch):
    monkeypatch.setattr(services.waiting.queue, "POLL_SECONDS", 0.05)
    away, stop = threading.Event(), threading.Event()

    def refuse(*_args):
        if away.is_set():
            raise sa.exc.OperationalError("", {}, OSError("the database is away"))

    engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", refuse)

    def work():
        with app.app_context():
            outbox.run(stop.is_set)

    worker = threading.Thread(target=work)
    try:
        away.set()
        worker.start()
        time.sleep(0.3)
        away.clear()
        queue(cast.bob)
        postman.wait_for(1)
    finally:
        stop.set()
        worker.join(5)
        sa.event.remove(engine, "before_cursor_execute", refuse)
    assert not worker.is_alive()


def test_logs_name_nobody(cast, postman, caplog):
    caplog.set_level(logging.DEBUG)
    postman.refuses[cast.bob.email] = f"550 5.1.1 <{cast.bob.email}> unknown"
    with transaction() as turn:
        letters.queue(turn, "receipt", to=cast.dave, context={"order": 404}, dedupe_key="broken")
    queue(cast.alice, cast.bob)
    outbox.run(never, once=True)
    ours = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("mail.log")
    )
    assert "recipient_refused 550 5.1.1" in ours
    for personal in ("@acme", "Alice", "Bob", "Dave", "Tremblay", "/l/"):
        assert personal not in ours


# --- Never twice --------------------------------------------------------------------------------------------------


def test_several_workers_send_each_mail_once(cast, postman, together):
    queue(*[cast.bob] * 24)
    outcomes = together(4, lambda _number: outbox.send_due())
    assert [outcome.error for outcome in outcomes] == [None] * 4
    assert sum(outcome.value for outcome in outcomes) == 24
    assert len({message["Message-ID"] for message in postman.messages}) == len(postman.messages) == 24


def test_without_the_claim_the_same_workers_would_send_twice(cast, postman, together, monkeypatch):
    barrier = threading.Barrier(4)

    def look_then_take(*_):
        mail_id = db.session.scalar(outbox.OUTBOX.due(utcnow()))
        db.session.rollback()
        if mail_id is not None:
            barrier.wait(10)
            return Lease(mail_id, utcnow(), 1)
        return None

    monkeypatch.setattr(Queue, "claim", look_then_take)
    monkeypatch.setattr(outbox, "mark", lambda lease, state, **_: mark_anyway(lease, state))
    queue(cast.bob)
    together(4, lambda _number: outbox.send_due())
    assert len(postman.messages) > 1


def mark_anyway(lease, state):
    with transaction():
        row(lease.row_id).state = state


def test_a_lease_that_ran_out_is_taken_over_and_its_old_owner_changes_nothing(cast, postman):
    (mail_id,) = queue(cast.bob)
    slow = claim()
    assert claim() is None
    make_due()
    fast = claim()
    assert (slow.row_id, fast.row_id) == (mail_id, mail_id)
    outbox.mark(slow, MailState.FAILED, last_error="late")
    assert row(mail_id).state == MailState.SENDING
    outbox.mark(fast, MailState.SENT, sent_at=utcnow())
    assert row(mail_id).state == MailState.SENT


def test_a_lease_lasts_longer_than_any_sending(app, cast):
    app.config["MAIL_TIMEOUT"] = 20
    queue(cast.bob)
    assert claim().until - utcnow() > dt.timedelta(seconds=10 * 20)
