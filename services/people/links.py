"""One-time links by mail: sign in, choose a password, activate a licence (`docs/decisions/0004-links-are-ours.md`).

The worker mints a link when it sends the mail. Opening its page uses nothing up; the page's button does, once.
Only a hash of the token is stored, so a copy of the database opens no account. A link that is unknown, expired
or used, and one whose person may no longer use it, cannot be told apart.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

import sqlalchemy as sa
from flask_babel import gettext as _

import access
from access import Actor
from models import License, Link, LinkPurpose, User, db, utcnow
from services import licenses
from services.foundation import journal
from services.foundation.errors import Refused
from services.foundation.transaction import transaction
from services.mail import letters
from services.people import oneself

TOKEN_BYTES = 32
LIFETIMES = {
    LinkPurpose.SIGN_IN: dt.timedelta(minutes=30),
    LinkPurpose.PASSWORD: dt.timedelta(minutes=60),
    LinkPurpose.ACTIVATION: dt.timedelta(days=30),
}


class DeadLinkError(Refused):
    """The link opens nothing, for whatever reason."""

    def __init__(self) -> None:
        super().__init__("dead_link", _("This link no longer works."))


def mint(purpose: LinkPurpose, user: User, license: License | None = None) -> str:
    """Add a link to the caller's transaction; return its token, which is kept nowhere. Never commits."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = utcnow()
    db.session.add(
        Link(
            purpose=purpose,
            user_id=user.id,
            license_id=license.id if license else None,
            token_hash=_hash(token),
            created_at=now,
            expires_at=now + LIFETIMES[purpose],
        )
    )
    return token


def find(token: str) -> Link | None:
    """The link that `token` opens now, or None. Uses nothing up."""
    with access.everything():
        return db.session.scalar(sa.select(Link).where(*_usable(token, utcnow())))


# --- Verbs --------------------------------------------------------------------------------------------------------


def request_sign_in(email: str, *, by: Actor) -> None:
    """Mail a sign-in link to the active person with this address, if there is one. Says nothing about it."""
    with transaction():
        if user := _active(email):
            letters.sign_in_link(user)
            journal.record("sign_in_link_requested", by=by, subject=user, company_id=user.company_id)


def request_password(email: str, *, by: Actor) -> None:
    """Mail a link to choose a new password to the active person with this address, if there is one."""
    with transaction():
        if user := _active(email):
            letters.password_link(user)
            journal.record("password_link_requested", by=by, subject=user, company_id=user.company_id)


def sign_in(token: str, *, address: str | None) -> User:
    """Use a sign-in link: its person may be signed in now.

    Raises:
        DeadLinkError: the link opens nothing.
    """
    with access.everything(), transaction():
        link = _use(token, LinkPurpose.SIGN_IN)
        user = link.user
        oneself._sign_in_recorded(user, by=Actor.of(user, address), via="link", now=utcnow())
    return user


def set_password(token: str, password: str, *, address: str | None) -> User:
    """Use a password link: its person has a new password, and their sessions and other links are over.

    Raises:
        DeadLinkError: the link opens nothing.
        Refused: the password is too short or too long; the link can still be used.
    """
    password_hash = oneself.hashed(password)
    with access.everything(), transaction():
        link = _use(token, LinkPurpose.PASSWORD)
        user = link.user
        oneself._set_password(user, password_hash, by=Actor.of(user, address), now=utcnow())
    return user


def activate(token: str, *, address: str | None) -> License:
    """Use an activation link: its person's licence is activated.

    Raises:
        DeadLinkError: the link opens nothing, or the licence is no longer that person's.
        Refused: the licence cannot be activated; the link can still be used.
    """
    with access.everything():
        link = find(token)
        license = db.session.get(License, link.license_id) if link else None
        if link is None or license is None:
            raise DeadLinkError
        try:
            licenses.activate(license, by=Actor.of(link.user, address))
        except LookupError:
            raise DeadLinkError from None
        # Afterwards, so that a fault in between costs nobody their link: activating twice changes nothing.
        with transaction():
            _use(token, LinkPurpose.ACTIVATION)
        return license


# --- Helpers: they never commit --------------------------------------------------------------------------------------


def _hash(token: str) -> str:
    """SHA-256 is enough here: 256 random bits cannot be guessed from their hash, unlike a password."""
    return hashlib.sha256(token.encode()).hexdigest()


def _usable(token: str, now: dt.datetime) -> list[sa.ColumnElement[bool]]:
    """Unused, not expired, its person still active, and still holding the licence if it is about one."""
    active = sa.exists().where(User.id == Link.user_id, User.active.is_(True))
    held = sa.exists().where(License.id == Link.license_id, License.user_id == Link.user_id)
    return [
        Link.token_hash == _hash(token),
        Link.used_at.is_(None),
        Link.expires_at > now,
        active,
        sa.or_(Link.license_id.is_(None), held),
    ]


def _use(token: str, purpose: LinkPurpose) -> Link:
    """Mark the link as used; of two that come at once, one finds it already used."""
    now = utcnow()
    update = sa.update(Link).where(*_usable(token, now), Link.purpose == purpose).values(used_at=now)
    link_id = db.session.scalar(update.returning(Link.id), execution_options={"synchronize_session": False})
    if link_id is None:
        raise DeadLinkError
    return db.session.get_one(Link, link_id, populate_existing=True)


def _active(email: str) -> User | None:
    user = oneself.find(email)
    return user if user and user.active else None
