"""The worker as it really runs: a process of its own, that is killed and stopped."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

import config
from cli import periodic_works
from models import Job, JobState, MailState, OutgoingMail, db
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
        return [letters.password_link(turn, person) for person in people]


def state(mail_id):
    db.session.rollback()  # what another process wrote is not in the snapshot that SQLite reads from
    return db.session.get_one(OutgoingMail, mail_id, populate_existing=True).state


def lease_runs_out():
    with transaction() as turn:
        for kind, leased in ((OutgoingMail, MailState.SENDING), (Job, JobState.RUNNING)):
            rows = db.update(kind).where(kind.state == leased)
            db.session.execute(rows.values(due_at=turn.now, lease_until=turn.now))


def all_done():
    db.session.rollback()
    waiting = db.select(OutgoingMail.id).where(OutgoingMail.state != MailState.SENT).limit(1)
    working = db.select(Job.id).where(Job.state != JobState.DONE).limit(1)
    return not db.session.scalar(waiting) and not db.session.scalar(working)


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


def test_of_two_workers_killed_at_random_no_mail_and_no_periodic_work_is_lost_or_doubled(
    cast, postman, start_worker
):
    """A mail may come twice, as the same mail; each is one row, sent once by what the database says."""
    chance = random.Random(20261125)
    mails = queue(*[cast.bob, cast.dave, cast.erin, cast.alice] * 6)
    postman.dawdles = 0.1
    workers = [start_worker(), start_worker()]
    for _ in range(4):
        postman.wait_for(len(postman.messages) + chance.randint(1, 5))
        victim = workers.pop(chance.randrange(2))
        victim.kill()
        victim.wait()
        lease_runs_out()
        workers.append(start_worker())
    until = time.monotonic() + 30
    while not (done := all_done()) and time.monotonic() < until:
        time.sleep(0.2)
        lease_runs_out()
    assert done
    came = Counter(str(message["Message-ID"]) for message in postman.messages)
    assert set(came) == set(db.session.scalars(db.select(OutgoingMail.message_id)))
    assert sum(came.values()) - len(mails) <= db.session.scalar(
        db.select(db.func.sum(OutgoingMail.attempts - 1))
    )
    jobs = db.session.execute(db.select(Job.name, Job.state)).all()
    assert {name for name, _ in jobs} == {work.name for work in periodic_works()}
    assert {job_state for _, job_state in jobs} == {JobState.DONE}


BROKEN = """
import sys
from {module} import {half}
def broken(*_arguments, **_options):
    raise RuntimeError("broken")
{half}.{verb} = broken
from app import create_app
sys.exit(create_app().test_cli_runner().invoke(args=["worker"]).exit_code)
"""


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("module", "half", "verb"),
    [("services.worker", "periodic", "do_due"), ("services.mail", "outbox", "send_due")],
)
def test_a_worker_of_which_one_half_breaks_ends_so_that_it_is_started_again(
    module, half, verb, app, cast, environ
):
    variables = environ | {"DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"]}
    code = BROKEN.format(module=module, half=half, verb=verb)
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=config.ROOT, env=variables, timeout=30, check=False
    )
    assert ended.returncode == 1


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
