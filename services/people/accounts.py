"""People's accounts, opened and edited by others (`oneself.py` has what people do about themselves)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from access import Actor
from models import (
    JournalVerb,
    Language,
    LinkPurpose,
    MailKind,
    MailState,
    OutgoingMail,
    Post,
    Role,
    User,
    address_key,
    db,
    insert_rows,
    made,
)
from services.foundation import checks, edits, journal, operations
from services.foundation.errors import Code, Refused
from services.foundation.transaction import Turn, transaction
from services.links import tokens
from services.mail import letters
from services.people import addresses, oneself, undoing
from services.people.administrators import (
    check_actor,
    check_dispensable,
    check_not_erased,
    people_lock,
)

EDITABLE = edits.Sheet(
    names=("email", "first_name", "last_name", "role", "language", "time_zone"),
    added=JournalVerb.PERSON_ADDED,
    changed=JournalVerb.PERSON_CHANGED,
    personal=frozenset({"email", "first_name", "last_name", "time_zone"}),
)
# Of one company within a day.
MAX_INVITATIONS = 200
# Of a new person, what whoever adds them does not say.
DEFAULTS = {"role": Role.MEMBER, "language": Language.FR, "time_zone": None}


def create_person(
    values: Mapping[str, Any], *, company_id: int | None, by: Actor, invite: bool = True
) -> User:
    """Open an account in a company, or for the vendor's own staff when there is none.

    Args:
        values: The columns of `EDITABLE`; `DEFAULTS` has what is not given.
        invite: Whether an invitation is mailed to them.

    Raises:
        Refused: `empty`, `too_long`, `bad_address`, `email_taken`, `role_and_company`, `unknown_time_zone`.
        LookupError: there is no such company.
    """
    with people_lock(company_id) as turn:
        return add_person(turn, values, company_id, by=by, invite=invite)


def update_person(user: User, values: Mapping[str, Any], *, by: Actor, seen: str | None = None) -> User:
    """Change a person's account. Whose role changes is signed out everywhere, and their links stop working; who needs to know
    of it is told by mail. A new address of somebody who has answered at theirs is asked first (`addresses`).

    Args:
        values: Columns of `EDITABLE`; those that are not given stay as they are.
        seen: The version of `EDITABLE` that the form showed; None changes whatever there is.

    Raises:
        Refused: what `create_person` refuses, `last_administrator`, `yourself`, `erased_person` or `changed_meanwhile`.
    """
    user_id, company_id = user.id, user.company_id
    checked = _checked(values, company_id)
    with people_lock(company_id) as turn:
        user = db.session.get_one(User, user_id, with_for_update=True)
        check_not_erased(turn, user)
        EDITABLE.check_seen(user, seen)
        _settle_address(turn, user, checked, by)
        if checked.get("role", user.role) != user.role:
            check_dispensable(turn, user, by)
            check_actor(turn, by)
        change = EDITABLE.edit(turn, user, checked, by=by)
        note_change(turn, user, change, by=by)
        return user


def invite(user: User, by: Actor) -> None:
    """Mail the invitation again, with a link of its own. Within the same minute it is one mail.

    Raises:
        Refused: `inactive_person`, or `already_joined` once the person has answered at their address.
    """
    user_id = user.id
    with transaction() as turn:
        user = db.session.get_one(User, user_id)
        _check_active(user)
        if user.confirmed_at is not None:
            raise Refused(
                Code.ALREADY_JOINED,
                _(
                    "%(name)s has confirmed this address already and needs no invitation: the sign-in page mails a "
                    "link to whoever has no password. Nothing was sent.",
                    name=user.name,
                ),
            )
        mail_invitation(turn, user, by)


def send_sign_in_link(user: User, by: Actor) -> None:
    """Mail the person a one-time link that signs them in.

    Raises:
        Refused: `inactive_person`.
    """
    user_id = user.id
    with transaction() as turn:
        user = db.session.get_one(User, user_id)
        _check_active(user)
        letters.sign_in_link(turn, user)
        journal.record(turn, JournalVerb.SIGN_IN_LINK_SENT, by=by, subject=user)


# --- Steps: they take the turn of a verb, and never commit ------------------------------------------------------------


def add_person(
    turn: Turn, values: Mapping[str, Any], company_id: int | None, *, by: Actor, invite: bool
) -> User:
    """The step of `create_person`; raises the same."""
    checked = _checked(DEFAULTS | dict(values), company_id)
    asleep = undoing.asleep(company_id, [checked["email"]])
    if not asleep:
        addresses.check_free(checked["email"], company_id, None)
    if invite and company_id is not None and not by.is_staff:
        _check_invitations(turn, company_id)
    newcomer = Newcomer(checked, asleep[0] if asleep else None)
    (user,) = add_people(turn, [newcomer], company_id, by=by, invite=invite)
    tell_administrators(turn, user, by)
    return user


@dataclasses.dataclass(frozen=True)
class Newcomer:
    """Somebody to be added: the columns of `EDITABLE`, checked.

    Attributes:
        wakes: Their row of before, where their addition was taken back.
        covered_until: Until when the licence lasts that they get in the same transaction. The licence's triggers will say so;
            where they find it said, PostgreSQL writes the person's indexes once and not twice.
    """

    values: Mapping[str, Any]
    wakes: User | None = None
    covered_until: dt.datetime | None = None


def written(people: Sequence[Newcomer], company_id: int | None) -> list[dict[str, Any]]:
    """The rows of those who have none yet, as they are added: how they are put in order and found takes a while to make."""
    fresh = [one for one in people if one.wakes is None]
    common = {"company_id": company_id}
    return made(User, [common | dict(one.values) | {"covered_until": one.covered_until} for one in fresh])


def add_people(
    turn: Turn,
    people: Sequence[Newcomer],
    company_id: int | None,
    *,
    by: Actor,
    invite: bool,
    rows: Sequence[Mapping[str, Any]] | None = None,
) -> list[User]:
    """Open accounts, in their order; nobody has their addresses yet. A step of a dozen statements, however many there are.

    Administrators are not told of those among them (`tell_administrators`).

    Args:
        rows: What `written` made of them before the turn began; the name of their company must be what it was then.
    """
    if not people:
        return []
    operations.begin(turn, EDITABLE.added, by, company_id)
    rows = written(people, company_id) if rows is None else rows
    insert_rows(User, [{**row, "created_at": turn.now} for row in rows])
    for one in people:
        if one.wakes is not None:
            edits.apply(one.wakes, one.values)
    # SQLite would add them one by one if it were asked for the number of each.
    found = {
        address_key(user.email): user
        for user in addresses.of_company(company_id, [one.values["email"] for one in people])
    }
    users = [found[address_key(one.values["email"])] for one in people]
    if company_id is not None:
        woken = {one.wakes.id: one.wakes for one in people if one.wakes is not None}
        new = {user.id: {"active": True} for user in users if user.id not in woken}
        notes = operations.added(turn, User, new, company_id)
        again = operations.change(turn, list(woken.values()), active=True) if woken else []
        operations.note(turn, [*notes, *again])
    EDITABLE.add_all(turn, users, by=by)
    if invite and turn.post != Post.NONE:
        letters.invitations(turn, users, by)
        told = [journal.Told(user) for user in users]
        journal.record_all(turn, JournalVerb.PERSON_INVITED, told, by=by)
    return users


def _settle_address(turn: Turn, user: User, checked: dict[str, Any], by: Actor) -> None:
    """Take an address out of what is written at once, where the new one has to answer first."""
    email = checked.get("email", user.email)
    if email.lower() == user.email.lower():
        return
    if user.confirmed_at is None:
        addresses.check_free(email, user.company_id, user.id)
        oneself.forget_new_addresses(turn, [user])
    else:
        del checked["email"]
        addresses.ask_for(turn, user, email, by)


def note_change(turn: Turn, user: User, change: edits.Change, *, by: Actor) -> None:
    """What follows from a change of `EDITABLE`: sessions and links of before end, and who needs to know is told."""
    moved = "email" in change.after and change.before["email"].lower() != user.email
    # Who was invited and never came is invited anew: the address of before was a stranger's, and that link ends here.
    waits = user.confirmed_at is None and _was_invited(user)
    if moved:
        # Nobody has answered at the new one yet, and the password of before proves nothing about it.
        user.confirmed_at = user.password = None
    if moved and not waits:
        letters.address_changed(turn, user, change.before["email"], by)
    if "role" in change.after:
        oneself.forget_new_addresses(turn, [user])
    if moved or "role" in change.after:
        # Unused links were mailed to the old address, or to a lesser role. Using even one that only activates a licence
        # would confirm an address that it was not mailed to.
        tokens.void(turn, [user.id], LinkPurpose if moved else tokens.INTO_ACCOUNT)
        oneself.end_sessions(turn, [user])
        if waits:
            mail_invitation(turn, user, by)
    if "role" in change.after:
        tell_administrators(turn, user, by)


def tell_administrators(turn: Turn, user: User, by: Actor) -> None:
    """Tell a company's administrators of a new one among them. A step."""
    if user.role == Role.ADMIN and user.active:
        letters.new_administrator(turn, user, by)


def mail_invitation(turn: Turn, user: User, by: Actor) -> None:
    """Mail an invitation and write it down. A step.

    Raises:
        Refused: `too_many`, from a company that has invited `MAX_INVITATIONS` times within a day: the desk is no relay;
            `erased_person`, who has no password either, and whom reactivating would invite.
    """
    check_not_erased(turn, user)
    if user.company_id is not None and not by.is_staff:
        _check_invitations(turn, user.company_id)
    if letters.invitation(turn, user, by) is not None:
        journal.record(turn, JournalVerb.PERSON_INVITED, by=by, subject=user)


def invited_today(company_id: int, now: dt.datetime) -> int:
    """How many invitations left for people of a company within a day, or wait; not those that were taken back before they left."""
    today = sa.select(sa.func.count(OutgoingMail.id)).where(
        OutgoingMail.company_id == company_id,
        OutgoingMail.template == MailKind.INVITATION,
        OutgoingMail.created_at > now - dt.timedelta(days=1),
        OutgoingMail.state != MailState.DROPPED,
    )
    return db.session.scalar(today) or 0


def _check_invitations(turn: Turn, company_id: int) -> None:
    if invited_today(company_id, turn.now) >= MAX_INVITATIONS:
        raise Refused(
            Code.TOO_MANY,
            _(
                "Your company has sent %(count)s invitations within a day. Nothing was changed: go on tomorrow, or "
                "write to support.",
                count=MAX_INVITATIONS,
            ),
        )


def _was_invited(user: User) -> bool:
    invited = sa.exists().where(OutgoingMail.user_id == user.id, OutgoingMail.template == MailKind.INVITATION)
    return bool(db.session.scalar(sa.select(invited)))


# --- Helpers --------------------------------------------------------------------------------------------------------

_CHECKS: dict[str, Callable[[Any], Any]] = {
    "email": checks.email,
    "first_name": checks.person_name,
    "last_name": checks.person_name,
    "language": Language,
    "role": Role,
    "time_zone": lambda name: checks.time_zone(name) if name else None,
}


def _check_active(user: User) -> None:
    if not user.active:
        raise Refused(
            Code.INACTIVE_PERSON,
            _("%(name)s has been deactivated and cannot sign in. Nothing was sent.", name=user.name),
        )


def _checked(values: Mapping[str, Any], company_id: int | None) -> dict[str, Any]:
    """Those of the columns that `values` has, as they are stored."""
    checked = checks.texts(User, {name: values[name] for name in EDITABLE if name in values})
    checks.filled(checked, *(name for name in ("email", "first_name", "last_name") if name in checked))
    for name, check in _CHECKS.items():
        if name in checked:
            checked[name] = check(checked[name])
    if "role" in checked and (checked["role"] == Role.SUPPORT) != (company_id is None):
        raise Refused(
            Code.ROLE_AND_COMPANY,
            _(
                "The vendor’s support staff belong to no company, and everybody else to one. Nothing was changed."
            ),
        )
    return checked
