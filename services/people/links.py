"""What a one-time link does: sign in, set a password, accept an invitation, activate a licence. And asking for one by mail.

Opening a link's page does not use the link; the page's button calls one of these verbs, which does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import access
from access import Actor
from models import Assignment, JournalVerb, License, LinkPurpose, User, db
from services import licenses
from services.foundation import journal, urls
from services.foundation.transaction import CompanyTurn, Turn, company_lock, transaction
from services.links import tokens
from services.links.tokens import DeadLinkError
from services.mail import letters
from services.people import oneself


def request_sign_in(email: str, *, by: Actor) -> None:
    """Mail a sign-in link to the active person with this address. Whether there is one is not told.

    Where several companies have given the address to somebody and nobody has answered at it, each gets its own.
    """
    with transaction() as turn:
        for user in _active(email):
            letters.sign_in_link(turn, user)
            journal.record(turn, JournalVerb.SIGN_IN_LINK_REQUESTED, by=by, subject=user)


def request_password(email: str, *, by: Actor) -> None:
    """Mail a link to choose a new password to the active person with this address. Whether there is one is not told."""
    with transaction() as turn:
        for user in _active(email):
            letters.password_link(turn, user)
            journal.record(turn, JournalVerb.PASSWORD_LINK_REQUESTED, by=by, subject=user)


def sign_in(token: str, *, address: str | None) -> User:
    """Use a sign-in link; returns the person to sign in.

    Raises:
        DeadLinkError: the link cannot be used.
        Refused: `address_claimed`; the link can still be used.
    """
    with access.everything(), transaction() as turn:
        user = _use(turn, token, LinkPurpose.SIGN_IN)
        oneself.note_sign_in(turn, user, by=Actor.of(user, address), via="link")
    return user


def set_password(token: str, password: str, *, address: str | None) -> User:
    """Use a password link: set its person's password, and end their sessions and other links into the account.

    Raises:
        DeadLinkError: the link cannot be used.
        Refused: the password is too short or too long, or `address_claimed`; the link can still be used.
    """
    password_hash = oneself.hashed(password)
    with access.everything(), transaction() as turn:
        user = _use(turn, token, LinkPurpose.PASSWORD)
        if not oneself.confirm(turn, user):
            raise oneself.address_claimed()
        oneself.replace_password(turn, user, password_hash, by=Actor.of(user, address))
    return user


def accept(token: str, password: str, *, address: str | None) -> User:
    """Use an invitation: set its person's first password; returns the person to sign in.

    Raises:
        DeadLinkError: the link cannot be used.
        Refused: the password is too short or too long, or `address_claimed`; the link can still be used.
    """
    password_hash = oneself.hashed(password)
    with access.everything(), transaction() as turn:
        user = _use(turn, token, LinkPurpose.INVITATION)
        by = Actor.of(user, address)
        oneself.note_sign_in(turn, user, by=by, via="invitation")
        oneself.replace_password(turn, user, password_hash, by=by)
    return user


def activate(token: str, *, address: str | None) -> License:
    """Use an activation link: activate its person's licence.

    Raises:
        DeadLinkError: the link cannot be used, or the licence is no longer that person's.
        Refused: the licence cannot be activated; the link can still be used.
    """
    with access.everything():
        link = tokens.find(token)
        license = db.session.get(License, link.license_id) if link and link.license_id else None
        if link is None or license is None:
            raise DeadLinkError
        actor = Actor.of(link.user, address)
        with company_lock(license.company_id) as turn:
            try:
                license = licenses.begin_use(turn, license.id, by=actor)
            except LookupError:
                raise DeadLinkError from None
            holder = tokens.use(turn, token, LinkPurpose.ACTIVATION).user
            # The seat is theirs in any case.
            oneself.confirm(turn, holder)
        return license


def send_activation(license: License, by: Actor, *, held_by: int | None) -> None:
    """Mail the holder a new activation link; the one of before dies.

    Raises:
        Refused: `holder_changed`; `not_assignable` or `suspended`, when it cannot be activated; `already_activated`.
    """
    with _renewed(license, held_by) as (turn, renewed, assignment):
        holder = db.session.get_one(User, assignment.user_id)
        letters.license_assigned(turn, [letters.Given(renewed, holder, assignment.id)], by, again=True)
        journal.record(
            turn, JournalVerb.LINK_SENT, by=by, subject=renewed, related={"user": assignment.user_id}
        )


def show_activation(license: License, by: Actor, *, held_by: int | None) -> str:
    """The address of a new activation link, to be shown once; the one of before dies. Raises as `send_activation`."""
    with _renewed(license, held_by) as (turn, renewed, assignment):
        holder = db.session.get_one(User, assignment.user_id)
        token = tokens.mint(turn, LinkPurpose.ACTIVATION, holder, renewed)
        journal.record(
            turn, JournalVerb.LINK_SHOWN, by=by, subject=renewed, related={"user": assignment.user_id}
        )
    return urls.link_url(token)


@contextlib.contextmanager
def _renewed(license: License, held_by: int | None) -> Iterator[tuple[CompanyTurn, License, Assignment]]:
    """A turn in which the licence has no activation link any more."""
    license_id = license.id
    with company_lock(license.company_id) as turn:
        license, assignment = licenses.to_activate(turn, license_id, held_by)
        tokens.void(turn, [assignment.user_id], [LinkPurpose.ACTIVATION], license_ids=[license_id])
        yield turn, license, assignment


def _use(turn: Turn, token: str, purpose: LinkPurpose) -> User:
    """Use a link, and lock its person first: so do those who edit or deactivate them, and end their links afterwards. In the
    other order two of them would wait for each other.
    """
    found = tokens.find(token)
    if found is None:
        raise DeadLinkError
    db.session.get_one(User, found.user_id, with_for_update=True)
    return tokens.use(turn, token, purpose).user


def _active(email: str) -> list[User]:
    """The active person of this address; while nobody has answered at it, everybody who was given it."""
    return [user for user in oneself.find_all(email) if user.active]
