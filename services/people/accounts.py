"""People's accounts, opened and edited by others (`oneself.py` has what people do about themselves)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from access import Actor
from models import JournalVerb, Language, Role, User, db, same_address
from services.foundation import checks, edits, journal, tokens
from services.foundation.errors import Code, Refused
from services.foundation.transaction import Turn, company_lock, transaction
from services.mail import letters
from services.people import oneself

EDITABLE = edits.Sheet(
    names=("email", "first_name", "last_name", "role", "language", "time_zone", "active"),
    added=JournalVerb.PERSON_ADDED,
    changed=JournalVerb.PERSON_CHANGED,
    personal=frozenset({"email", "first_name", "last_name", "time_zone"}),
)


def create_person(
    values: Mapping[str, Any], *, company_id: int | None, by: Actor, invite: bool = True
) -> User:
    """Open an account in a company, or for the vendor's own staff when there is none.

    Args:
        values: The columns of `EDITABLE`.
        invite: Whether a mail asks the person to choose a password.

    Raises:
        Refused: `empty`, `too_long`, `bad_address`, `email_taken`, `role_and_company`, `unknown_time_zone`.
        LookupError: there is no such company.
    """
    with people_lock(company_id) as turn:
        return add_person(turn, values, company_id, by=by, invite=invite)


def update_person(user: User, values: Mapping[str, Any], *, by: Actor, seen: str | None = None) -> User:
    """Change a person's account. A person who is deactivated is signed out everywhere, and their links stop working.

    Raises:
        Refused: what `create_person` refuses, `last_administrator`, `yourself` or `changed_meanwhile`.
    """
    user_id, company_id = user.id, user.company_id
    checked = _checked(values, company_id)
    with people_lock(company_id) as turn:
        user = db.session.get_one(User, user_id, with_for_update=True)
        _check_free(checked["email"], company_id, user_id)
        if not (checked["active"] and checked["role"] == user.role):
            _check_dispensable(user, by)
        change = EDITABLE.edit(turn, user, checked, by=by, seen=seen)
        moved = "email" in change.after and change.before["email"].lower() != checked["email"]
        if moved:
            # Nobody has answered at the new one yet, and the password of before proves nothing about it.
            user.confirmed_at = user.password = None
        if moved or not user.active:
            # Unused links were mailed to the old address, or to somebody who may no longer sign in.
            tokens.void(turn, user.id)
        if change.after.get("active") is False:
            oneself.end_sessions(turn, user)
        return user


def send_sign_in_link(user: User, by: Actor) -> None:
    """Mail the person a one-time link that signs them in.

    Raises:
        Refused: `inactive_person`.
    """
    user_id = user.id
    with transaction() as turn:
        user = db.session.get_one(User, user_id)
        if not user.active:
            raise Refused(
                Code.INACTIVE_PERSON,
                _("%(name)s has been deactivated and cannot sign in. Nothing was sent.", name=user.name),
            )
        letters.sign_in_link(turn, user)
        journal.record(turn, JournalVerb.SIGN_IN_LINK_SENT, by=by, subject=user)


@contextlib.contextmanager
def people_lock(company_id: int | None) -> Iterator[Turn]:
    """The company's lock; for the vendor's staff (None) a transaction that locks every staff account."""
    if company_id is not None:
        with company_lock(company_id) as turn:
            yield turn
        return
    with transaction() as turn:
        db.session.execute(
            # Always in the same order, so that two transactions cannot deadlock.
            sa.select(User.id).where(User.role == Role.SUPPORT).order_by(User.id).with_for_update()
        )
        yield turn


# --- Steps: they take the turn of a verb, and never commit ------------------------------------------------------------


def add_person(
    turn: Turn, values: Mapping[str, Any], company_id: int | None, *, by: Actor, invite: bool
) -> User:
    """The step of `create_person`; raises the same."""
    checked = _checked(values, company_id)
    _check_free(checked["email"], company_id, None)
    user = User(company_id=company_id, **checked)
    EDITABLE.add(turn, user, by=by)
    if invite and user.active:
        letters.password_link(turn, user)
    return user


# --- Helpers --------------------------------------------------------------------------------------------------------


def _checked(values: Mapping[str, Any], company_id: int | None) -> dict[str, Any]:
    checked = checks.texts(User, {name: values[name] for name in EDITABLE})
    checks.filled(checked, "email", "first_name", "last_name")
    checked["email"] = checks.email(checked["email"])
    for name in ("first_name", "last_name"):
        checked[name] = checks.person_name(checked[name])
    checked["language"], checked["role"] = Language(checked["language"]), Role(checked["role"])
    checked["time_zone"] = checks.time_zone(checked["time_zone"]) if checked["time_zone"] else None
    checked["active"] = bool(checked["active"])
    if (checked["role"] == Role.SUPPORT) != (company_id is None):
        raise Refused(
            Code.ROLE_AND_COMPANY,
            _(
                "The vendor’s support staff belong to no company, and everybody else to one. Nothing was changed."
            ),
        )
    return checked


def _check_free(email: str, company_id: int | None, own_id: int | None) -> None:
    """Refuse an address that somebody of the same company, or of the staff, has. Whether others know it is not told."""
    found = db.session.scalar(
        sa.select(User.id).where(
            same_address(User.email, email),
            User.company_id.is_not_distinct_from(company_id),
            User.id != (own_id or 0),
        )
    )
    if found is not None:
        raise Refused(
            Code.EMAIL_TAKEN,
            _("%(email)s already has an account here: an address belongs to one person only.", email=email),
        )


def _check_dispensable(user: User, by: Actor) -> None:
    """Refuse to lose one's own access, or the last active administrator or staff account. The caller holds the lock."""
    if user.role == Role.MEMBER or not user.active:
        return
    if user.id == by.user_id:
        raise Refused(
            Code.YOURSELF, _("You cannot take away your own access: ask a colleague. Nothing was changed.")
        )
    others = sa.exists().where(
        User.company_id == user.company_id if user.company_id else User.company_id.is_(None),
        User.role == user.role,
        User.active.is_(True),
        User.id != user.id,
    )
    if not db.session.scalar(sa.select(others)):
        raise Refused(
            Code.LAST_ADMINISTRATOR,
            _(
                "%(name)s is the last active administrator: name another one first. Nothing was changed.",
                name=user.name,
            ),
        )
