"""Doing a form once, however often it arrives. Each page gives its form a token; a form of a new page is a new wish."""

from __future__ import annotations

import datetime as dt
import re

import sqlalchemy as sa

import access
from models import Submission, db, insert_or_ignore
from services.foundation.transaction import CompanyTurn, transaction

# A browser that asks again by itself does so within minutes.
KEPT = dt.timedelta(days=1)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)


def is_first(turn: CompanyTurn, token: str | None) -> bool:
    """Whether the company's form with this token is done for the first time. A step: it is remembered with the turn.

    A form without a token, or with nonsense, is a form of its own each time.
    """
    if token is None or not _TOKEN.fullmatch(token):
        return True
    insert = insert_or_ignore(Submission).values(company_id=turn.company.id, token=token, at=turn.now)
    return db.session.scalar(insert.returning(Submission.token)) is not None


def forget_old() -> None:
    """Delete what no browser asks again any more."""
    with access.everything(), transaction() as turn:
        db.session.execute(
            sa.delete(Submission).where(Submission.at < turn.now - KEPT),
            execution_options={"synchronize_session": False},
        )
