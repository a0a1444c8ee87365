"""What a person does about themselves: sign in, choose a password, change their profile."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from flask_security import hash_password, verify_password

import access
from access import Actor
from models import JournalVerb, Language, LinkPurpose, User, db, same_address
from services.foundation import checks, edits, journal
from services.foundation.errors import Code, Refused
from services.foundation.transaction import Turn, transaction
from services.links import tokens
from services.mail import letters
from services.text import characters

MIN_PASSWORD_LENGTH = 10
# A session that is as young was opened by who sits there.
JUST_NOW = dt.timedelta(minutes=15)
# Hashing takes time for each character, so an attacker could send very long ones.
MAX_PASSWORD_LENGTH = 200
PROFILE = edits.Sheet(
    names=("first_name", "last_name", "language", "time_zone"),
    added=JournalVerb.PERSON_ADDED,
    changed=JournalVerb.PROFILE_CHANGED,
    personal=frozenset({"first_name", "last_name", "time_zone"}),
)


def find_all(email: str) -> list[User]:
    """Whom this address may be, in any case, of any company or none: the one who answered at it, else all who were given it.

    For signing in.
    """
    typed = checks.sought_email(email)
    if characters.forbidden(typed):
        return []
    with access.everything():
        found = db.session.scalars(
            sa.select(User).where(same_address(User.email, typed)).order_by(User.id)
        ).all()
    return [user for user in found if user.confirmed_at] or list(found)


def authenticate(email: str, password: str) -> User | None:
    """The active person with this address and password, or None.

    A hash is computed for an unknown address too, so that the time taken does not tell whether it has an account.
    """
    if len(password) > MAX_PASSWORD_LENGTH:
        return None
    able = [(user, user.password) for user in find_all(email) if user.active and user.password]
    if not able:
        hash_password(_normalized(password))
    return next((user for user, stored in able if verify_password(_normalized(password), stored)), None)


def has_password(user: User, password: str) -> bool:
    """Whether `password` is the person's own. Checked before they change it."""
    if not user.password or len(password) > MAX_PASSWORD_LENGTH:
        return False
    return bool(verify_password(_normalized(password), user.password))


def came_in_lately(user: User, now: dt.datetime) -> bool:
    """Whether the person has just signed in: what stands for a password where there is none."""
    return user.signed_in_at is not None and now - user.signed_in_at < JUST_NOW


def hashed(password: str) -> str:
    """The argon2 hash of a new password, to store.

    Raises:
        Refused: `password_short` or `password_long`.
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
    """The password in Unicode form NFKD, as Flask-Security does it: keyboards differ in how they write an accent."""
    return str(current_app.extensions["security"].password_util.normalize(password))


# --- Verbs --------------------------------------------------------------------------------------------------------


def sign_in_recorded(user: User, *, by: Actor, via: str) -> None:
    """Record that the person signed in, `via` a `password` or a `link`.

    Raises:
        Refused: `address_claimed`.
    """
    user_id = user.id
    with access.everything(), transaction() as turn:
        note_sign_in(turn, db.session.get_one(User, user_id), by=by, via=via)


def sign_out(user: User, *, by: Actor) -> None:
    """End the person's sessions, everywhere.

    A session is a signed cookie, stored on no server: a copy of it would work for twelve hours, unless the
    `fs_uniquifier` that it names changes.
    """
    user_id = user.id
    with transaction() as turn:
        user = db.session.get_one(User, user_id)
        end_sessions(turn, [user])
        journal.record(turn, JournalVerb.SIGNED_OUT, by=by, subject=user)


def set_password(user: User, password: str, *, by: Actor) -> None:
    """Give the person a new password, and end their sessions everywhere.

    Raises:
        Refused: `password_short` or `password_long`.
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
    seen: str | None = None,
) -> None:
    """Change what is given, None leaves it; `time_zone` "" means the company's.

    Args:
        seen: The version of `PROFILE` that the form showed; None changes whatever there is.

    Raises:
        Refused: `bad_text`, `bad_name`, `unknown_language`, `unknown_time_zone` or `changed_meanwhile`.
    """
    wanted = _profile(first_name, last_name, language, time_zone)
    user_id = user.id
    with transaction() as turn:
        user = db.session.get_one(User, user_id, with_for_update=True)
        PROFILE.edit(turn, user, wanted, by=by, seen=seen)


# --- Steps: they take the turn of a verb, change rows in it, and never commit ----------------------------------------


def note_sign_in(turn: Turn, user: User, *, by: Actor, via: str) -> None:
    """Record that the person signed in now, `via` a `password` or a `link`: they answer at their address.

    Raises:
        Refused: `address_claimed`.
    """
    if not confirm(turn, user):
        raise address_claimed()
    user.signed_in_at = turn.now
    journal.record(turn, JournalVerb.SIGNED_IN, by=by, subject=user, after={"via": via})


def confirm(turn: Turn, user: User) -> bool:
    """Note that the person answers at their address. False where somebody of another account did so before: then not."""
    if user.confirmed_at is not None:
        return True
    others = sa.select(User.id).where(same_address(User.email, user.email), User.confirmed_at.is_not(None))
    with access.everything():
        if db.session.scalar(others.limit(1)) is not None:
            return False
        try:
            with db.session.begin_nested():
                user.confirmed_at = turn.now
        except sa.exc.IntegrityError:
            # Somebody did at this very moment.
            db.session.refresh(user)
            return False
    return True


def address_claimed() -> Refused:
    """The person's address is another account's."""
    return Refused(
        Code.ADDRESS_CLAIMED,
        _(
            "Somebody has confirmed this address for another account already: sign in with that one, or ask your "
            "administrator to give this account another address. Nothing was changed."
        ),
    )


def replace_password(turn: Turn, user: User, password_hash: str, *, by: Actor) -> None:
    """Store a new hash, end the person's sessions and links into the account, and tell them if it replaces another one."""
    if user.password is not None:
        letters.password_changed(turn, user)
    user.password = password_hash
    forget_new_addresses(turn, [user])
    end_sessions(turn, [user])
    tokens.void(turn, [user.id])
    journal.record(turn, JournalVerb.PASSWORD_SET, by=by, subject=user)


def forget_new_addresses(turn: Turn, users: Sequence[User]) -> None:
    """Forget the addresses that were asked for, and their links: whoever asked may have had an open session and no more."""
    asked = [user for user in users if user.new_email is not None]
    for user in asked:
        user.new_email = user.new_email_at = None
    tokens.void(turn, [user.id for user in users], [LinkPurpose.ADDRESS])


def end_sessions(_turn: Turn, users: Sequence[User]) -> None:
    """Sign people out everywhere, by changing the value that sessions name."""
    for user in users:
        user.fs_uniquifier = uuid.uuid4().hex


# --- Helpers --------------------------------------------------------------------------------------------------------


def _profile(
    first_name: str | None, last_name: str | None, language: str | None, time_zone: str | None
) -> dict[str, str | None]:
    """The columns to write, checked."""
    wanted: dict[str, str | None] = {}
    for column, name in {"first_name": first_name, "last_name": last_name}.items():
        if name is not None:
            wanted[column] = checks.person_name(name)
    if language is not None:
        if language not in list(Language):
            raise Refused(Code.UNKNOWN_LANGUAGE, _("This language is not available."))
        wanted["language"] = Language(language)
    if time_zone is not None:
        wanted["time_zone"] = checks.time_zone(time_zone) if time_zone else None
    return wanted
