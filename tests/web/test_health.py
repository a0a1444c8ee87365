"""`/healthz`: what a load balancer and a monitor read."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Flask

import config
from models import MailState, OutgoingMail, db, utcnow
from services.foundation.transaction import transaction
from services.mail import letters
from tests.client import Client, make_client, sign_in
from tests.conftest import Cast, MakeApp

HEAD = ScriptDirectory(str(config.ROOT / "migrations")).get_current_head()


def report(app: Flask) -> tuple[int, dict[str, object]]:
    """What `flask health` says, and its status."""
    result = app.test_cli_runner().invoke(args=["health"])
    return result.exit_code, json.loads(result.output)


def test_an_operator_reads_how_much_mail_waits_and_a_stranger_no_more_than_ok(
    client: Client, app: Flask, cast: Cast
) -> None:
    with transaction() as turn:
        for _ in range(3):
            letters.sign_in_link(turn, cast.alice)
        db.session.get_one(OutgoingMail, letters.password_link(turn, cast.alice)).state = MailState.FAILED
    db.session.execute(
        sa.update(OutgoingMail).where(OutgoingMail.id == 1).values(due_at=utcnow() - dt.timedelta(minutes=5))
    )
    db.session.commit()
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
    code, found = report(app)
    assert 300 <= found["outbox"].pop("oldest_due_seconds") < 310  # type: ignore[attr-defined]
    assert (code, found) == (
        0,
        {
            "status": "ok",
            "database": {"status": "ok", "engine": db.engine.dialect.name},
            "outbox": {"queued": 3, "failed": 1},
            "migrations": {"current": HEAD, "head": HEAD, "up_to_date": True},
        },
    )


def test_an_empty_outbox_is_not_late(app: Flask, client: Client) -> None:
    assert report(app)[1]["outbox"] == {"queued": 0, "failed": 0, "oldest_due_seconds": None}


def test_it_answers_anybody_alike_without_a_cookie(client: Client, app: Flask, cast: Cast) -> None:
    signed_in = sign_in(make_client(app), cast.alice)
    answers = [browser.get("/healthz") for browser in (client, signed_in)]
    assert answers[0].json == answers[1].json
    assert not [answer for answer in answers if "Set-Cookie" in answer.headers]


@pytest.mark.one_database
@pytest.mark.parametrize("host", ["10.0.0.5:8000", "[2001:db8::1]", "machine-2", "", "a b"])
def test_a_load_balancer_asks_each_machine_by_its_address_and_reads_no_other_page_so(
    client: Client, host: str
) -> None:
    headers = {"Host": host, "X-Forwarded-Host": host}
    assert client.get("/healthz", headers=headers).status_code == 200
    assert client.get("/sign-in", headers=headers).status_code == 400


@pytest.mark.parametrize("revision", ["0001", "9999"])
def test_while_pages_work_a_migration_that_is_pending_or_newer_takes_no_machine_out_of_service(
    client: Client, app: Flask, revision: str
) -> None:
    def set_to(number: str | None) -> None:
        with app.app_context():
            db.session.execute(
                sa.text("UPDATE alembic_version SET version_num = :number"), {"number": number}
            )
            db.session.commit()

    set_to(revision)
    try:
        assert client.get("/healthz").status_code == 200
        code, found = report(app)
    finally:
        set_to(HEAD)
    assert code == 1
    assert found["migrations"] == {"current": revision, "head": HEAD, "up_to_date": False}


@pytest.mark.parametrize("table", ["users", "vendor"])
def test_a_migration_without_which_no_page_works_is_not_healthy(
    client: Client, app: Flask, table: str
) -> None:
    def rename(old: str, new: str) -> None:
        with app.app_context():
            db.session.execute(sa.text(f"ALTER TABLE {old} RENAME TO {new}"))
            db.session.commit()

    rename(table, "away")
    try:
        assert client.get("/healthz").status_code == 503
    finally:
        rename("away", table)
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "url",
    ["sqlite:///{}/no/such/folder/file.sqlite", "postgresql+psycopg://nobody:secret@127.0.0.1:1/none"],
)
def test_without_a_database_it_says_so_and_not_why(
    make_app: MakeApp, tmp_path: Path, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    away = make_app(url.format(tmp_path))
    answer = make_client(away).get("/healthz")
    assert (answer.status_code, answer.json) == (503, {"status": "unavailable"})
    assert len(caplog.messages) == 1
    code, found = report(away)
    assert (code, found["database"]["status"]) == (1, "down")  # type: ignore[index]
    assert "secret" not in caplog.text + str(found)
