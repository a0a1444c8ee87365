"""Erasing what is personal of somebody, for good: the row stays as a number, so that journal, licences and orders still add up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

import access
from access import Actor
from models import (
    JournalEntry,
    JournalPersonal,
    JournalVerb,
    MailState,
    MailTrouble,
    OutgoingMail,
    SubjectKind,
    User,
    db,
    erased_address,
)
from services import licenses
from services.catalogue import vendor
from services.foundation import checks, journal
from services.foundation.errors import Code, Refused
from services.foundation.transaction import CompanyTurn, Turn
from services.people import deactivation
from services.people.administrators import check_actor, people_lock
from services.privacy.personal import PARTS
from services.search import words

# Where a firm's address is written down, which may be somebody's own.
_FIRMS = (JournalVerb.COMPANY_ADDED, JournalVerb.COMPANY_CHANGED, JournalVerb.VENDOR_ADDED)


def erase(user: User, typed: str, *, by: Actor) -> None:
    """Erase what is personal of somebody who was deactivated, as `personal.PARTS` says; they can never come in again.

    What they hold and can be taken back is free again, mail that waits for them is not sent, and what concerned them can no
    longer be taken back. Doing it twice is no error.

    Args:
        typed: The person's address, as whoever erases has typed it: it cannot be put back.

    Raises:
        Refused: `yourself`, `still_active`, `access_ended`, or `not_confirmed` where `typed` is another address.
    """
    user_id = user.id
    with people_lock(user.company_id) as turn:
        user = db.session.get_one(User, user_id, with_for_update=True)
        if user.erased_at is not None:
            return
        _check(turn, user, typed, by)
        journal.record(turn, JournalVerb.PERSON_ERASED, by=by, subject=user)
        if isinstance(turn, CompanyTurn):
            held = deactivation.held_by([user_id], turn.now)
            licenses.take_back(turn, licenses.holdings(turn.company.id, held), by)
        with access.everything():
            _forget(turn, user)


def stays_elsewhere(user: User) -> list[str]:
    """A sentence for each address of a firm that is this person's as well, and is not erased with them."""
    address, found = user.email.lower(), []
    if user.company is not None and user.company.billing_email.lower() == address:
        found.append(
            _(
                "%(email)s is also the billing address of %(company)s, and stays there until it is changed.",
                email=user.email,
                company=user.company.name,
            )
        )
    if vendor.current().support_email.lower() == address:
        found.append(
            _(
                "%(email)s is also the vendor’s support address, and stays there until it is changed.",
                email=user.email,
            )
        )
    return found


# --- Steps: they take the turn of a verb, and never commit ------------------------------------------------------------


def _check(turn: Turn, user: User, typed: str, by: Actor) -> None:
    if user.id == by.user_id:
        raise Refused(
            Code.YOURSELF,
            _("You cannot erase your own personal information: ask a colleague. Nothing was changed."),
        )
    check_actor(turn, by)
    if user.active:
        raise Refused(
            Code.STILL_ACTIVE,
            _(
                "%(name)s is still active: deactivate the account first, then erase. Nothing was changed.",
                name=user.name,
            ),
        )
    if checks.sought_email(typed) != user.email.lower():
        raise Refused(
            Code.NOT_CONFIRMED,
            _("Type the address of this person as it stands below the field. Nothing was erased."),
            fields=("email",),
        )


def _forget(turn: Turn, user: User) -> None:
    """Every part by its rule; first what only the rows of before can tell."""
    names = _names_of(user)
    _forget_copies(user)
    _drop_waiting(user)
    # The account last: some rows are found by its address alone.
    for part in sorted(PARTS, key=lambda part: part.model is User):
        rows = part.whose(user.id)
        if part.drops:
            _execute(sa.delete(part.model).where(rows))
        elif blanks := part.blanks(user.id):
            _execute(sa.update(part.model).where(rows).values(**blanks))
    db.session.refresh(user)
    user.erased_at = turn.now
    words.forget(turn, names)


def _names_of(user: User) -> set[str]:
    """Theirs of today, and what the journal says that they were."""
    kept = sa.select(JournalPersonal.before, JournalPersonal.after).join(
        JournalEntry, JournalEntry.id == JournalPersonal.entry_id
    )
    mine = kept.where(JournalEntry.subject_type == SubjectKind.USER, JournalEntry.subject_id == user.id)
    told = [values for row in db.session.execute(mine) for values in row]
    former = {
        str(values[name]) for values in told for name in ("first_name", "last_name") if values.get(name)
    }
    return {user.first_name, user.last_name, *former}


def _drop_waiting(user: User) -> None:
    """What waits for them is not sent. What a worker is sending at this moment leaves, and is never tried again."""
    for part in PARTS:
        if part.model is OutgoingMail:
            unsent = OutgoingMail.state.in_([MailState.QUEUED, MailState.FAILED])
            values = {"state": MailState.DROPPED, "last_error": MailTrouble.PERSON_ERASED}
            _execute(sa.update(OutgoingMail).where(part.whose(user.id), unsent).values(**values))


def _forget_copies(user: User) -> None:
    """Their addresses in the entries of their firm: a small one's billing address is often its owner's."""
    known = set(_addresses(user))
    rows = db.session.scalars(
        sa.select(JournalPersonal)
        .join(JournalEntry, JournalEntry.id == JournalPersonal.entry_id)
        .where(JournalEntry.company_id.is_not_distinct_from(user.company_id), JournalEntry.verb.in_(_FIRMS))
    )
    for row in rows:
        row.before, row.after = (_without(values, known, user.id) for values in (row.before, row.after))
    db.session.flush()


def _without(values: dict[str, Any], known: set[str], user_id: int) -> dict[str, Any]:
    return {
        name: erased_address(user_id) if str(value).lower() in known else value
        for name, value in values.items()
    }


def _addresses(user: User) -> Iterator[str]:
    """Every address that was theirs, as far as the journal knows."""
    yield user.email.lower()
    (changes,) = (part for part in PARTS if part.code == "changes")
    for row in db.session.scalars(sa.select(JournalPersonal).where(changes.whose(user.id))):
        for values in (row.before, row.after):
            if "email" in values:
                yield str(values["email"]).lower()


def _execute(statement: Any) -> None:
    db.session.execute(statement, execution_options={"synchronize_session": False})
