"""What a person does about themselves: sign in, choose a password, change their profile."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from flask_security import hash_password, verify_password

import access
from access import Actor
from models import JournalVerb, Language, User, db
from services.foundation import checks, edits, journal, tokens
from services.foundation.errors import Code, Refused
from services.foundation.transaction import Turn, transaction

MIN_PASSWORD_LENGTH = 10
# Hashing costs memory and time for each character: nobody needs more.
MAX_PASSWORD_LENGTH = 200
MAX_NAME_LENGTH = 100
PROFILE = edits.Sheet(
    names=("first_name", "last_name", "language", "time_zone"),
    added=JournalVerb.PERSON_ADDED,
    changed=JournalVerb.PROFILE_CHANGED,
    personal=frozenset({"first_name", "last_name", "time_zone"}),
)


def find(email: str) -> User | None:
    """The person with this address, in whatever case it was typed. Looks at everybody: for signing in."""
    with access.everything():
        return db.session.scalar(
            sa.select(User).where(sa.func.lower(User.email) == sa.func.lower(email.strip()))
        )


def authenticate(email: str, password: str) -> User | None:
    """The active person with this address and password, or None.

    A hash is computed whoever was asked for, so that the time it takes tells nothing.
    """
    if len(password) > MAX_PASSWORD_LENGTH:
        return None
    user = find(email)
    if user is None or not user.active or not user.password:
        hash_password(_normalized(password))
        return None
    return user if verify_password(_normalized(password), user.password) else None


def has_password(user: User, password: str) -> bool:
    """Whether `password` is the person's own: asked again before it is changed."""
    if not user.password or len(password) > MAX_PASSWORD_LENGTH:
        return False
    return bool(verify_password(_normalized(password), user.password))


def hashed(password: str) -> str:
    """What is stored of a new password.

    Raises:
        Refused: it is too short or too long.
    """
    if len(password) < MIN_PASSWORD_LENGTH:
        raise Refused(
            Code.PASSWORD_SHORT,
            _("The password must have at least %(count)s characters.", count=MIN_PASSWORD_LENGTH),
        )
    if len(password) > MAX_PASSWORD_LENGTH:
        raise Refused(
            Code.PASSWORD_LONG,
            _("The password must have at most %(count)s characters.", count=MAX_PASSWORD_LENGTH),
        )
    return str(hash_password(_normalized(password)))


def _normalized(password: str) -> str:
    """The same password typed on another keyboard gives the same characters, as Flask-Security does it."""
    return str(current_app.extensions["security"].password_util.normalize(password))


# --- Verbs --------------------------------------------------------------------------------------------------------


def sign_in_recorded(user: User, *, by: Actor, via: str) -> None:
    """Note that the person signed in, `via` a `password` or a `link`."""
    user_id = user.id
    with access.everything(), transaction() as turn:
        note_sign_in(turn, db.session.get_one(User, user_id), by=by, via=via)


def sign_out(user: User, *, by: Actor) -> None:
    """End the person's sessions, everywhere.

    A session is a signed cookie that no server keeps: a copy of it would go on working until it is twelve hours old
    unless the value that it names changes.
    """
    user_id = user.id
    with transaction() as turn:
        user = db.session.get_one(User, user_id)
        end_sessions(turn, user)
        journal.record(turn, JournalVerb.SIGNED_OUT, by=by, subject=user)


def set_password(user: User, password: str, *, by: Actor) -> None:
    """Give the person a new password, and end their sessions everywhere.

    Raises:
        Refused: the password is too short or too long.
    """
    user_id, password_hash = user.id, hashed(password)
    with transaction() as turn:
        replace_password(turn, db.session.get_one(User, user_id), password_hash, by=by)


def change_profile(
    user: User,
    *,
    by: Actor,
    first_name: str | None = None,
    last_name: str | None = None,
    language: str | None = None,
    time_zone: str | None = None,
) -> None:
    """Change what is given; `time_zone` "" goes back to the company's.

    Raises:
        Refused: a name is empty or too long, or the language or the time zone does not exist.
    """
    wanted = _profile(first_name, last_name, language, time_zone)
    user_id = user.id
    with transaction() as turn:
        user = db.session.get_one(User, user_id, with_for_update=True)
        PROFILE.edit(turn, user, wanted, by=by)


# --- Steps: they take the turn of a verb, change rows in it, and never commit ----------------------------------------


def note_sign_in(turn: Turn, user: User, *, by: Actor, via: str) -> None:
    """Note that the person signed in now, `via` a `password` or a `link`."""
    user.signed_in_at = turn.now
    journal.record(turn, JournalVerb.SIGNED_IN, by=by, subject=user, after={"via": via})


def replace_password(turn: Turn, user: User, password_hash: str, *, by: Actor) -> None:
    """Store a new hash, and end the person's sessions and links into the account."""
    user.password = password_hash
    end_sessions(turn, user)
    tokens.void(turn, user.id)
    journal.record(turn, JournalVerb.PASSWORD_SET, by=by, subject=user)


def end_sessions(_turn: Turn, user: User) -> None:
    """Sign the person out everywhere: sessions name this value."""
    user.fs_uniquifier = uuid.uuid4().hex


# --- Helpers --------------------------------------------------------------------------------------------------------


def _profile(
    first_name: str | None, last_name: str | None, language: str | None, time_zone: str | None
) -> dict[str, str | None]:
    """The columns to write, checked."""
    wanted: dict[str, str | None] = {}
    for column, name in {"first_name": first_name, "last_name": last_name}.items():
        if name is not None:
            wanted[column] = _name(name)
    if language is not None:
        if language not in list(Language):
            raise Refused(Code.UNKNOWN_LANGUAGE, _("This language is not available."))
        wanted["language"] = Language(language)
    if time_zone is not None:
        wanted["time_zone"] = checks.time_zone(time_zone) if time_zone else None
    return wanted


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        raise Refused(Code.BAD_NAME, _("A name must have 1 to %(count)s characters.", count=MAX_NAME_LENGTH))
    return name
