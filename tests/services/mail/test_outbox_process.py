"""The worker as it really runs: a process of its own, that is killed and stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

import config
from models import MailState, OutgoingMail, db, utcnow
from services.foundation.transaction import transaction
from services.mail import letters, outbox


@pytest.fixture
def start_worker(app, environ, postman):
    """`start_worker()`: a `flask worker` on the test's database and mail server."""
    started = []

    def start(*options):
        variables = environ | {
            "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
            "MAIL_PORT": str(postman.port),
            "FLASK_APP": "app",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "worker", *options], cwd=config.ROOT, env=variables
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def queue(*people):
    with transaction() as turn:
        return [letters.password_link(turn, person).id for person in people]


def state(mail_id):
    db.session.rollback()  # what another process wrote is not in the snapshot that SQLite reads from
    return db.session.get_one(OutgoingMail, mail_id, populate_existing=True).state


def lease_runs_out():
    with transaction():
        for row in db.session.scalars(db.select(OutgoingMail)):
            row.due_at = row.lease_until = utcnow()


def test_fault_35_a_mail_cut_short_by_a_kill_is_sent_again_as_the_same_mail(cast, postman, start_worker):
    """The server took it, and the worker died before it could write that down."""
    (mail_id,) = queue(cast.bob)
    postman.dawdles = 60
    worker = start_worker()
    postman.wait_for(1)
    worker.kill()
    worker.wait()
    assert state(mail_id) == MailState.SENDING
    postman.dawdles = 0
    assert outbox.send_due() == 0  # it may still be on its way: the lease holds
    lease_runs_out()
    assert outbox.send_due() == 1
    assert state(mail_id) == MailState.SENT
    assert len(postman.messages) == 2
    assert postman.messages[0]["Message-ID"] == postman.messages[1]["Message-ID"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_does_so_within_a_second(number, cast, postman, start_worker):
    (mail_id,) = queue(cast.bob)
    worker = start_worker()
    postman.wait_for(1)
    until = time.monotonic() + 5
    while state(mail_id) != MailState.SENT and time.monotonic() < until:
        time.sleep(0.05)
    told = time.monotonic()
    worker.send_signal(number)
    assert worker.wait(5) == 0
    took = time.monotonic() - told
    assert took < 1.5  # 0.8 at the most, and some patience with a busy machine
    assert state(mail_id) == MailState.SENT


def test_a_mail_server_that_hangs_does_not_keep_the_worker_from_stopping(cast, postman, start_worker):
    postman.dawdles = 60
    queue(cast.bob)
    worker = start_worker()
    postman.wait_for(1)
    told = time.monotonic()
    worker.terminate()
    assert worker.wait(5) == 0
    assert time.monotonic() - told < 1.5


def test_a_worker_sends_what_is_due_once_and_ends(cast, postman, start_worker):
    queue(cast.bob, cast.dave)
    assert start_worker("--once").wait(30) == 0
    assert len(postman.messages) == 2
