"""One-time links: created when a mail is sent, found by their token, used once.

Only a hash of the token is stored, so a copy of the database opens no account. An unknown, an expired, a used link and
one whose person may no longer use it all get the same answer. Why these are not the library's links:
`docs/decisions/0004-links-are-ours.md`.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

import access
from models import License, Link, LinkPurpose, User, db, in_parts, utcnow
from services.foundation.errors import Code, Refused
from services.foundation.transaction import Turn, transaction

TOKEN_BYTES = 32
LIFETIMES = {
    LinkPurpose.SIGN_IN: dt.timedelta(minutes=30),
    LinkPurpose.PASSWORD: dt.timedelta(minutes=60),
    LinkPurpose.ACTIVATION: dt.timedelta(days=30),
    LinkPurpose.INVITATION: dt.timedelta(days=7),
    LinkPurpose.ADDRESS: dt.timedelta(days=3),
}
# How long after its end a link is kept.
KEPT = dt.timedelta(days=30)
# Links that give access to the account; an activation link does not.
INTO_ACCOUNT = (LinkPurpose.SIGN_IN, LinkPurpose.PASSWORD, LinkPurpose.INVITATION, LinkPurpose.ADDRESS)


class DeadLinkError(Refused):
    """The link cannot be used; the reason is not told."""

    def __init__(self) -> None:
        super().__init__(Code.DEAD_LINK, _("This link no longer works."))


def mint(
    turn: Turn,
    purpose: LinkPurpose,
    user: User,
    license: License | None = None,
    *,
    email: str | None = None,
) -> str:
    """Add a link to the turn; return its token, 43 characters, stored nowhere. A step: it never commits."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    db.session.add(
        Link(
            purpose=purpose,
            user_id=user.id,
            license_id=license.id if license else None,
            email=email,
            token_hash=hash_of(token),
            created_at=turn.now,
            expires_at=turn.now + LIFETIMES[purpose],
        )
    )
    return token


def sow() -> dict[str, str]:
    """The columns `seed` and `token_hash` of a row whose token can be told again: of a link that is copied more than once, or
    mailed by a worker that may have to send it twice.
    """
    seed = secrets.token_urlsafe(TOKEN_BYTES)
    return {"seed": seed, "token_hash": hash_of(_grown(seed))}


def grown(row: Any) -> str | None:
    """The token of a row that `sow` made; None where the desk's secret is another one since: it works, and cannot be told."""
    token = _grown(row.seed)
    return token if hash_of(token) == row.token_hash else None


def _grown(seed: str) -> str:
    """43 characters that nobody can make of the seed without the desk's secret."""
    secret: str = current_app.config["SECRET_KEY"]
    digest = hmac.digest(secret.encode(), f"token of {seed}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def find(token: str) -> Link | None:
    """The link of `token` if it can be used now, or None. Does not use it."""
    with access.everything():
        return db.session.scalar(sa.select(Link).where(*_usable(token, utcnow())))


def use(turn: Turn, token: str, purpose: LinkPurpose) -> Link:
    """Mark the link as used; of two simultaneous calls, one alone succeeds. A step: it never commits.

    Raises:
        DeadLinkError: no usable link of that purpose has this token.
    """
    update = sa.update(Link).where(*_usable(token, turn.now), Link.purpose == purpose)
    link_id = db.session.scalar(
        update.values(used_at=turn.now).returning(Link.id),
        execution_options={"synchronize_session": False},
    )
    if link_id is None:
        raise DeadLinkError
    return db.session.get_one(Link, link_id, populate_existing=True)


def void(
    turn: Turn,
    user_ids: Iterable[int],
    purposes: Iterable[LinkPurpose] = INTO_ACCOUNT,
    *,
    license_ids: Iterable[int] | None = None,
) -> None:
    """Mark people's unused links as used, those into the account by default, or those of some licences. A step: it never commits."""
    unused = [Link.purpose.in_(purposes), Link.used_at.is_(None)]
    if license_ids is not None:
        unused.append(Link.license_id.in_(list(license_ids)))
    with access.everything():
        for part in in_parts(user_ids):
            db.session.execute(
                sa.update(Link).where(Link.user_id.in_(part), *unused).values(used_at=turn.now),
                execution_options={"synchronize_session": False},
            )


def forget_expired() -> None:
    """Delete the links that could not be used for a month: nobody asks about them any more."""
    with access.everything(), transaction() as turn:
        db.session.execute(
            sa.delete(Link).where(Link.expires_at < turn.now - KEPT),
            execution_options={"synchronize_session": False},
        )


def hash_of(token: str) -> str:
    """SHA-256 in hex. No slow hash is needed: unlike a password, 256 random bits cannot be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()


def _usable(token: str, now: dt.datetime) -> list[sa.ColumnElement[bool]]:
    """Unused, not expired, its person active and, if it is about a licence, still the holder."""
    active = sa.exists().where(User.id == Link.user_id, User.active.is_(True))
    held = sa.exists().where(License.id == Link.license_id, License.user_id == Link.user_id)
    return [
        Link.token_hash == hash_of(token),
        Link.used_at.is_(None),
        Link.expires_at > now,
        active,
        sa.or_(Link.license_id.is_(None), held),
    ]
