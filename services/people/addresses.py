"""A person's address is changed once somebody has answered at the new one: until then they sign in with the one of before.

Whoever has not answered at any address yet has it corrected at once (`accounts.update_person`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa
from flask_babel import gettext as _

import access
from access import Actor
from models import (
    JournalEntry,
    JournalVerb,
    LinkPurpose,
    User,
    address_key,
    db,
    in_parts,
    lower_address,
    same_address,
)
from services.foundation import checks, journal
from services.foundation.errors import Code, Refused
from services.foundation.transaction import Turn
from services.links import tokens
from services.links.tokens import DeadLinkError
from services.mail import letters
from services.people import oneself
from services.people.administrators import check_actor, people_lock

# Within a day, of one person and of one company.
MAX_A_DAY, MAX_OF_COMPANY = 5, 200


def ask(user: User, email: str, *, by: Actor) -> None:
    """Mail the new address a link that makes it the person's, and tell the one of before. An earlier question ends.

    Raises:
        Refused: `empty`, `bad_address`, `email_taken`, `same_address`, `too_many`, or `inactive_person`.
    """
    user_id, company_id = user.id, user.company_id
    email = checks.email(email)
    with people_lock(company_id) as turn:
        user = db.session.get_one(User, user_id, with_for_update=True)
        if not user.active:
            raise Refused(
                Code.INACTIVE_PERSON,
                _("%(name)s has been deactivated and cannot sign in. Nothing was changed.", name=user.name),
            )
        if by.user_id != user_id:
            check_actor(turn, by)
        if email.lower() == user.email.lower():
            raise Refused(
                Code.SAME_ADDRESS, _("This is the address of the account already. Nothing was changed.")
            )
        ask_for(turn, user, email, by)


def withdraw(user: User, *, by: Actor) -> None:
    """Forget the new address that was asked for: its link dies. Doing it twice is no error."""
    user_id = user.id
    with people_lock(user.company_id) as turn:
        user = db.session.get_one(User, user_id, with_for_update=True)
        if user.new_email is not None:
            journal.record(
                turn,
                JournalVerb.ADDRESS_WITHDRAWN,
                by=by,
                subject=user,
                personal_before={"email": user.new_email},
            )
            oneself.forget_new_addresses(turn, [user])


def confirm(token: str, *, address: str | None) -> User:
    """Use the link that was mailed to a new address: it is the person's from now on, everywhere they are signed out, and
    the one of before is told.

    Raises:
        DeadLinkError: the link cannot be used, or another address was asked for since.
        Refused: `address_claimed` or `email_taken`; the link can still be used.
    """
    with access.everything():
        found = tokens.find(token)
        if found is None or found.email is None:
            raise DeadLinkError
        user_id, company_id, asked = found.user_id, found.user.company_id, found.email
        with people_lock(company_id) as turn:
            user = db.session.get_one(User, user_id, with_for_update=True)
            if user.new_email is None or user.new_email.lower() != asked.lower():
                raise DeadLinkError
            check_free(asked, company_id, user_id)
            tokens.use(turn, token, LinkPurpose.ADDRESS)
            _move(turn, user, asked, Actor.of(user, address))
    return user


def is_asked(user: User, now: dt.datetime) -> bool:
    """Whether a new address was asked for, and its link may still be used."""
    return user.new_email_at is not None and user.new_email_at + tokens.LIFETIMES[LinkPurpose.ADDRESS] > now


# --- Steps: they take the turn of a verb, and never commit ------------------------------------------------------------


def ask_for(turn: Turn, user: User, email: str, by: Actor) -> None:
    """The step of `ask`, of a checked address.

    Raises:
        Refused: `email_taken`.
    """
    check_free(email, user.company_id, user.id, names=by.user_id != user.id)
    _check_rate(turn, user)
    oneself.forget_new_addresses(turn, [user])
    user.new_email, user.new_email_at = email, turn.now
    letters.address_asked(turn, user, by)
    letters.address_confirmation(turn, user, email, by)
    journal.record(
        turn,
        JournalVerb.ADDRESS_ASKED,
        by=by,
        subject=user,
        personal_before={"email": user.email},
        personal_after={"email": email},
    )


def _move(turn: Turn, user: User, email: str, by: Actor) -> None:
    before = user.email
    others = sa.select(User.id).where(
        same_address(User.email, email), User.confirmed_at.is_not(None), User.id != user.id
    )
    if db.session.scalar(others.limit(1)) is not None:
        raise oneself.address_claimed()
    try:
        with db.session.begin_nested():
            user.email, user.confirmed_at = email, turn.now
    except sa.exc.IntegrityError:
        # Somebody answered at it at this very moment.
        raise oneself.address_claimed() from None
    oneself.forget_new_addresses(turn, [user])
    # What was mailed to the address of before opens nothing any more.
    tokens.void(turn, [user.id], LinkPurpose)
    oneself.end_sessions(turn, [user])
    letters.address_moved(turn, user, before)
    journal.record(
        turn,
        JournalVerb.ADDRESS_CONFIRMED,
        by=by,
        subject=user,
        personal_before={"email": before},
        personal_after={"email": email},
    )


# --- Helpers: they read, and refuse -----------------------------------------------------------------------------------


def _check_rate(turn: Turn, user: User) -> None:
    """Refuse (`too_many`) what would make the desk a relay: each question mails an address that anybody may have typed."""
    asked = sa.select(sa.func.count(JournalEntry.id)).where(
        JournalEntry.company_id.is_not_distinct_from(user.company_id),
        JournalEntry.verb == JournalVerb.ADDRESS_ASKED,
        JournalEntry.at > turn.now - dt.timedelta(days=1),
    )
    of_person = asked.where(JournalEntry.subject_id == user.id)
    if (db.session.scalar(of_person) or 0) >= MAX_A_DAY or (db.session.scalar(asked) or 0) >= MAX_OF_COMPANY:
        raise Refused(
            Code.TOO_MANY,
            _("New addresses were asked for too often within a day. Nothing was changed: go on tomorrow."),
        )


def claimed(emails: Iterable[str]) -> set[str]:
    """Those of the addresses, by their `address_key`, at which somebody of any company has answered."""
    found: set[str] = set()
    with access.everything():
        for part in in_parts(map(address_key, emails)):
            confirmed = sa.select(User.email).where(
                lower_address(User.email).in_(part), User.confirmed_at.is_not(None)
            )
            found |= set(map(address_key, db.session.scalars(confirmed)))
    return found


def of_company(company_id: int | None, emails: Iterable[str]) -> list[User]:
    """The people of a company, or of the staff, who have one of these addresses, deactivated ones too."""
    found: list[User] = []
    for part in in_parts(map(address_key, emails)):
        read = sa.select(User).where(
            User.company_id.is_not_distinct_from(company_id), lower_address(User.email).in_(part)
        )
        found += db.session.scalars(read)
    return found


def check_free(email: str, company_id: int | None, own_id: int | None, *, names: bool = True) -> None:
    """Refuse an address that somebody of the same company, or of the staff, has. Whether others know it is not told.

    Args:
        names: Whether whoever asks may be told who was deactivated.
    """
    found = next((user for user in of_company(company_id, [email]) if user.id != own_id), None)
    if found is not None and not found.active and names:
        raise Refused(
            Code.EMAIL_TAKEN,
            _(
                "%(email)s is the address of %(name)s, who was deactivated: reactivate them instead. Nothing was "
                "changed.",
                email=email,
                name=found.name,
            ),
        )
    if found is not None:
        raise Refused(
            Code.EMAIL_TAKEN,
            _("%(email)s already has an account here: an address belongs to one person only.", email=email),
        )
