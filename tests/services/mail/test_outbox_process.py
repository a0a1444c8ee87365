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
from access import Actor
from cli import periodic_works
from models import (
    Batch,
    BatchState,
    Job,
    JobState,
    MailKind,
    MailState,
    OutgoingMail,
    Post,
    db,
    insert_rows,
)
from services.batches import applying
from services.foundation.transaction import transaction
from services.imports import people
from services.mail import letters, outbox
from tests.factories import make_licenses
from tests.patience import best_of_three


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


def test_a_sign_in_link_leaves_while_ten_thousand_invitations_wait_and_a_long_import_runs(
    cast, postman, start_worker
):
    """One worker, one machine: whoever waits in front of a screen does not wait for the others."""
    count = 10_000
    mail = {
        "template": MailKind.INVITATION,
        "user_id": cast.bob.id,
        "company_id": cast.acme.id,
        "language": "fr",
    }
    mails = [
        mail | {"context": {"user": cast.bob.id}, "dedupe_key": f"n{number}", "message_id": f"<{number}@n>"}
        for number in range(count)
    ]
    with transaction():
        insert_rows(OutgoingMail, mails)
    by = Actor.of(cast.sam)
    batch_id = _importing(5_000, cast, by)
    start_worker()
    postman.wait_for(1)
    left = set()
    while (is_now := _state_of(batch_id)) != BatchState.DONE:
        assert is_now != BatchState.FAILED
        if is_now == BatchState.READY:
            applying.confirm(db.session.get_one(Batch, batch_id), by)
        with transaction() as turn:
            link = letters.sign_in_link(turn, cast.bob)
        wait_until(lambda link=link: state(link) == MailState.SENT, 15)
        left.add(is_now)
    # While it was read, and from its confirmation on.
    assert left & {BatchState.QUEUED, BatchState.PREPARING}
    assert BatchState.READY in left
    waiting = db.select(db.func.count()).where(OutgoingMail.state == MailState.QUEUED)
    assert db.session.scalar(waiting) > count // 2


def _importing(count, cast, by):
    """An import of so many people with a licence for some, which the worker is to prepare; its number."""
    make_licenses(1_000, cast.alice, cast.pro)
    rows = "".join(f"Noé;Roy{number};p{number}@acme.example\n" for number in range(count))
    batch = people.begin(f"Prénom;Nom;Courriel\n{rows}".encode(), "embauches.csv", cast.acme, by)
    look = people.look_at(batch)
    read = (look.table.encoding, look.table.separator, look.table.sheet)
    choice = people.Choice(*read, look.found.header.number, look.found.columns)
    people.proceed(batch, choice, {"plan": cast.pro.id, "post": Post.HELD}, by)
    return batch.id


def _state_of(batch_id):
    db.session.rollback()
    return db.session.get_one(Batch, batch_id, populate_existing=True).state


def wait_until(done, seconds):
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.1)


def test_of_two_workers_killed_at_random_no_mail_and_no_periodic_work_is_lost_or_doubled(
    cast, postman, start_worker
):
    """A mail may come twice, as the same mail; each is one row, sent once by what the database says."""
    chance = random.Random(20261125)
    mails = queue(*[cast.bob, cast.dave, cast.erin, cast.alice] * 6)
    postman.dawdles = 0.1
    workers = [start_worker(), start_worker()]
    for _ in range(3):
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


@pytest.mark.one_database
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_does_so_within_a_second(number, cast, postman, start_worker):
    def stop():
        (mail_id,) = queue(cast.bob)
        worker = start_worker()
        wait_until(lambda: state(mail_id) == MailState.SENT, 60)
        told = time.monotonic()
        worker.send_signal(number)
        assert worker.wait(30) == 0
        return time.monotonic() - told

    assert best_of_three(stop, 1.5) < 1.5  # 0.8 at the most, and some patience with a busy machine


@pytest.mark.one_database
def test_a_mail_server_that_hangs_does_not_keep_the_worker_from_stopping(cast, postman, start_worker):
    postman.dawdles = 60

    def stop():
        queue(cast.bob)
        worker, before = start_worker(), len(postman.messages)
        postman.wait_for(before + 1)
        told = time.monotonic()
        worker.terminate()
        assert worker.wait(30) == 0
        return time.monotonic() - told

    assert best_of_three(stop, 1.5) < 1.5


@pytest.mark.one_database
def test_a_worker_sends_what_is_due_once_and_ends(cast, postman, start_worker):
    queue(cast.bob, cast.dave)
    assert start_worker("--once").wait(30) == 0
    assert len(postman.messages) == 2
