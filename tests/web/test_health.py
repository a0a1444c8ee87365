"""`/healthz`: what a load balancer and a monitor read."""

from __future__ import annotations

import datetime as dt
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


def test_a_healthy_copy_says_so_and_counts_its_mail(client: Client, cast: Cast) -> None:
    with transaction() as turn:
        for _ in range(3):
            letters.sign_in_link(turn, cast.alice)
        db.session.get_one(OutgoingMail, letters.password_link(turn, cast.alice)).state = MailState.FAILED
    db.session.execute(
        sa.update(OutgoingMail).where(OutgoingMail.id == 1).values(due_at=utcnow() - dt.timedelta(minutes=5))
    )
    db.session.commit()
    answer = client.get("/healthz")
    assert answer.status_code == 200
    report = answer.json
    assert 300 <= report["outbox"].pop("oldest_due_seconds") < 310
    assert report == {
        "status": "ok",
        "database": {"status": "ok", "engine": db.engine.dialect.name},
        "outbox": {"queued": 3, "failed": 1},
        "migrations": {"current": HEAD, "head": HEAD, "up_to_date": True},
    }


def test_an_empty_outbox_is_not_late(client: Client) -> None:
    assert client.get("/healthz").json["outbox"] == {"queued": 0, "failed": 0, "oldest_due_seconds": None}


def test_it_answers_anybody_alike_without_a_cookie(client: Client, app: Flask, cast: Cast) -> None:
    signed_in = sign_in(make_client(app), cast.alice)
    answers = [browser.get("/healthz") for browser in (client, signed_in)]
    assert answers[0].json == answers[1].json
    assert not [answer for answer in answers if "Set-Cookie" in answer.headers]


def test_a_schema_that_is_behind_the_code_is_not_healthy(client: Client) -> None:
    with client.application.app_context():
        db.session.execute(sa.text("UPDATE alembic_version SET version_num = 'old'"))
        db.session.commit()
    try:
        answer = client.get("/healthz")
    finally:
        with client.application.app_context():
            db.session.execute(sa.text("UPDATE alembic_version SET version_num = :head"), {"head": HEAD})
            db.session.commit()
    assert answer.status_code == 503
    assert answer.json["migrations"] == {"current": "old", "head": HEAD, "up_to_date": False}
    assert answer.json["status"] == "unavailable"


@pytest.mark.parametrize(
    "url",
    ["sqlite:///{}/no/such/folder/file.sqlite", "postgresql+psycopg://nobody:secret@127.0.0.1:1/none"],
)
def test_without_a_database_it_says_so_in_the_same_shape_and_not_why(
    make_app: MakeApp, tmp_path: Path, url: str
) -> None:
    answer = make_client(make_app(url.format(tmp_path))).get("/healthz")
    assert answer.status_code == 503
    assert answer.json.keys() == {"status", "database", "outbox", "migrations"}
    assert answer.json["database"]["status"] == "down"
    assert "secret" not in answer.text
    assert str(tmp_path) not in answer.text


def test_an_empty_database_is_not_healthy(make_app: MakeApp, tmp_path: Path) -> None:
    answer = make_client(make_app(f"sqlite:///{tmp_path}/empty.sqlite")).get("/healthz")
    assert answer.status_code == 503
    assert answer.json["migrations"] == {"current": None, "head": HEAD, "up_to_date": False}
