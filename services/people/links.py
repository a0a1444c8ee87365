"""What a one-time link opens: signing in, a new password, an activated licence. Asking for one by mail.

Opening a link's page uses nothing up; the page's button calls one of these verbs, once.
"""

from __future__ import annotations

import access
from access import Actor
from models import JournalVerb, License, LinkPurpose, User, db
from services import licenses
from services.foundation import journal, tokens
from services.foundation.tokens import DeadLinkError
from services.foundation.transaction import company_lock, transaction
from services.mail import letters
from services.people import oneself


def request_sign_in(email: str, *, by: Actor) -> None:
    """Mail a sign-in link to the active person with this address, if there is one. Says nothing about it."""
    with transaction() as turn:
        if user := _active(email):
            letters.sign_in_link(turn, user)
            journal.record(turn, JournalVerb.SIGN_IN_LINK_REQUESTED, by=by, subject=user)


def request_password(email: str, *, by: Actor) -> None:
    """Mail a link to choose a new password to the active person with this address, if there is one."""
    with transaction() as turn:
        if user := _active(email):
            letters.password_link(turn, user)
            journal.record(turn, JournalVerb.PASSWORD_LINK_REQUESTED, by=by, subject=user)


def sign_in(token: str, *, address: str | None) -> User:
    """Use a sign-in link: its person may be signed in now.

    Raises:
        DeadLinkError: the link opens nothing.
    """
    with access.everything(), transaction() as turn:
        user = tokens.use(turn, token, LinkPurpose.SIGN_IN).user
        oneself.note_sign_in(turn, user, by=Actor.of(user, address), via="link")
    return user


def set_password(token: str, password: str, *, address: str | None) -> User:
    """Use a password link: its person has a new password, and their sessions and other links are over.

    Raises:
        DeadLinkError: the link opens nothing.
        Refused: the password is too short or too long; the link can still be used.
    """
    password_hash = oneself.hashed(password)
    with access.everything(), transaction() as turn:
        user = tokens.use(turn, token, LinkPurpose.PASSWORD).user
        oneself.replace_password(turn, user, password_hash, by=Actor.of(user, address))
    return user


def activate(token: str, *, address: str | None) -> License:
    """Use an activation link: its person's licence is activated.

    Raises:
        DeadLinkError: the link opens nothing, or the licence is no longer that person's.
        Refused: the licence cannot be activated; the link can still be used.
    """
    with access.everything():
        link = tokens.find(token)
        license = db.session.get(License, link.license_id) if link else None
        if link is None or license is None:
            raise DeadLinkError
        actor = Actor.of(link.user, address)
        with company_lock(license.company_id) as turn:
            try:
                license = licenses.begin_use(turn, license.id, by=actor)
            except LookupError:
                raise DeadLinkError from None
            tokens.use(turn, token, LinkPurpose.ACTIVATION)
        return license


def _active(email: str) -> User | None:
    user = oneself.find(email)
    return user if user and user.active else None
