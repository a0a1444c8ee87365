"""`GET /healthz`: whether this process can serve, for load balancers and monitors. `flask health` tells operators more."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask.typing import ResponseReturnValue

import access
from models import MailState, OutgoingMail, User, Vendor, db, utcnow
from web.blueprint import bp

log = logging.getLogger(__name__)
PATH = "/healthz"
# What every page reads of the database. A migration that they do not miss is no reason to take a machine out of service.
READ_BY_EVERY_PAGE = (Vendor, User)


class AnyName:
    """Answers `/healthz` under any name: a load balancer asks each machine by its address, which is not the desk's name."""

    def __init__(self, wsgi_app: Any, name: str) -> None:
        self._wsgi_app, self._name = wsgi_app, name

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == PATH:
            environ.pop("HTTP_X_FORWARDED_HOST", None)
            environ["HTTP_HOST"] = self._name
        answer: Iterable[bytes] = self._wsgi_app(environ, start_response)
        return answer


def init_app(app: Flask) -> None:
    """Let the page be asked for by address."""
    app.wsgi_app = AnyName(app.wsgi_app, app.config["TRUSTED_HOSTS"][0])  # type: ignore[method-assign]


@bp.get(PATH)
def health() -> ResponseReturnValue:
    """200 when pages work, else 503. Strangers read it: it says no more than that."""
    try:
        with access.everything():
            for model in READ_BY_EVERY_PAGE:
                db.session.scalars(sa.select(model).limit(1)).first()
    except sa.exc.SQLAlchemyError as error:
        db.session.rollback()
        log.error(
            "not healthy (flask health says why): %s", type(getattr(error, "orig", None) or error).__name__
        )
        return {"status": "unavailable"}, 503
    return {"status": "ok"}


def report() -> dict[str, Any]:
    """The same for operators, with the schema's revision and the mail that waits; `status` is `ok` when all is as it should be."""
    found: dict[str, Any] = {
        "status": "unavailable",
        "database": {"status": "down", "engine": db.engine.dialect.name},
        "outbox": {"queued": None, "failed": None, "oldest_due_seconds": None},
        "migrations": {"current": None, "head": _head(), "up_to_date": False},
    }
    try:
        found["migrations"] |= _migrations(found["migrations"]["head"])
        found["database"]["status"] = "ok"
        if found["migrations"]["up_to_date"]:
            found["outbox"] = _outbox()
            found["status"] = "ok"
    except sa.exc.SQLAlchemyError as error:
        db.session.rollback()
        log.error("the database does not answer: %s", type(getattr(error, "orig", None) or error).__name__)
        # To whoever types the command alone: the words may hold a part of DATABASE_URL.
        found["database"]["why"] = " ".join(str(getattr(error, "orig", None) or error).split())[:300]
    return found


def _head() -> str | None:
    """The newest migration in this copy of the code."""
    return ScriptDirectory(current_app.extensions["migrate"].directory).get_current_head()


def _migrations(head: str | None) -> dict[str, Any]:
    current = MigrationContext.configure(db.session.connection()).get_current_revision()
    return {"current": current, "up_to_date": current is not None and current == head}


def _outbox() -> dict[str, int | None]:
    """How many mails wait, how many failed for good, and for how many seconds the oldest has been due."""
    with access.everything():
        count = sa.select(sa.func.count()).select_from(OutgoingMail)
        queued = OutgoingMail.state == MailState.QUEUED
        oldest = db.session.scalar(sa.select(sa.func.min(OutgoingMail.due_at)).where(queued))
        return {
            "queued": db.session.scalar(count.where(queued)),
            "failed": db.session.scalar(count.where(OutgoingMail.state == MailState.FAILED)),
            "oldest_due_seconds": max(0, int((utcnow() - oldest).total_seconds())) if oldest else None,
        }
