"""`GET /healthz`: whether this process can serve, for load balancers and monitors. No sign-in, no personal data."""

from __future__ import annotations

import logging
from typing import Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app, jsonify
from flask.typing import ResponseReturnValue

import access
from models import MailState, OutgoingMail, db, utcnow
from web.blueprint import bp

log = logging.getLogger(__name__)


@bp.get("/healthz")
def health() -> ResponseReturnValue:
    """200 when the database answers and has this code's newest migration, else 503; the same JSON keys both times."""
    report: dict[str, Any] = {
        "status": "unavailable",
        "database": {"status": "down", "engine": db.engine.dialect.name},
        "outbox": {"queued": None, "failed": None, "oldest_due_seconds": None},
        "migrations": {"current": None, "head": _head(), "up_to_date": False},
    }
    try:
        report["migrations"] |= _migrations(report["migrations"]["head"])
        report["database"]["status"] = "ok"
        if report["migrations"]["up_to_date"]:
            report["outbox"] = _outbox()
            report["status"] = "ok"
    except sa.exc.SQLAlchemyError:
        # The details go to the log alone: the answer is public.
        log.exception("the database does not answer")
        db.session.rollback()
    return jsonify(report), 200 if report["status"] == "ok" else 503


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
