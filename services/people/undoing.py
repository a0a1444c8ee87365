"""Adding people, taken back: their accounts are shut as long as nobody has come in by them; adding them again wakes the same rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa
from flask_babel import gettext as _

from access import Actor
from models import (
    JournalVerb,
    LinkPurpose,
    OperationRow,
    Role,
    SubjectKind,
    User,
    db,
)
from services.foundation import journal, operations
from services.foundation.transaction import CompanyTurn
from services.links import tokens
from services.people import addresses

# What opens and shuts an account: the last of them says why it is as it is.
_ACCOUNT = (
    JournalVerb.PERSON_ADDED,
    JournalVerb.PERSON_ADDITION_UNDONE,
    JournalVerb.PERSON_DEACTIVATED,
    JournalVerb.PERSON_ERASED,
    JournalVerb.PERSON_REACTIVATED,
)


def take_back_additions(
    turn: CompanyTurn, noted: Sequence[OperationRow], people: Mapping[int, User], by: Actor
) -> dict[int, str]:
    """Shut the accounts that an act opened, and kill their links; returns who stays and why, by the number of the note. A step.

    Whoever has come in meanwhile stays, and so does who holds a licence by now. Nobody else has a session to end.
    """
    left = {note.id: why for note in noted if (why := _why_not(turn, people[note.row_id])) is not None}
    gone = [people[note.row_id] for note in noted if note.id not in left]
    if (last := _last_administrators(turn, gone)) is not None:
        admins = [note for note in noted if note.id not in left and people[note.row_id].role == Role.ADMIN]
        left |= {note.id: last for note in admins}
        gone = [user for user in gone if user.role != Role.ADMIN]
    if gone:
        operations.note(turn, operations.change(turn, gone, active=False))
        tokens.void(turn, [user.id for user in gone], LinkPurpose)
        told = [journal.Told(user, before={"active": True}, after={"active": False}) for user in gone]
        journal.record_all(turn, JournalVerb.PERSON_ADDITION_UNDONE, told, by=by)
    return left


def asleep(company_id: int | None, emails: Iterable[str]) -> list[User]:
    """The people of a company with these addresses whose addition was taken back, and who were not let in since."""
    found = [user for user in addresses.of_company(company_id, emails) if not user.active]
    undone = were_undone([user.id for user in found])
    return [user for user in found if user.id in undone]


def were_undone(user_ids: Collection[int]) -> set[int]:
    """Those of the people whose accounts are shut because their addition was taken back, and for nothing later."""
    last = journal.last_verbs(SubjectKind.USER, user_ids, _ACCOUNT)
    return {key for key, verb in last.items() if verb == JournalVerb.PERSON_ADDITION_UNDONE}


# --- Helpers ----------------------------------------------------------------------------------------------------------


def _why_not(turn: CompanyTurn, user: User) -> str | None:
    if not user.active:
        return str(_("%(name)s has been deactivated since, and stays as they are.", name=user.name))
    if user.confirmed_at is not None:
        return str(_("%(name)s has accepted the invitation since, and stays in the list.", name=user.name))
    if user.covered_until is not None and user.covered_until > turn.now:
        return str(_("%(name)s holds a license by now, and stays in the list.", name=user.name))
    return None


def _last_administrators(turn: CompanyTurn, gone: Sequence[User]) -> str | None:
    """Why the administrators among those who would go stay; None where another one is there."""
    admins = {user.id: user for user in gone if user.role == Role.ADMIN}
    if not admins:
        return None
    active = sa.select(User.id).where(
        User.company_id == turn.company.id, User.role == Role.ADMIN, User.active.is_(True)
    )
    if any(key not in admins for key in db.session.scalars(active)):
        return None
    name = next(iter(admins.values())).name
    return str(
        _("%(name)s would leave the company without an administrator, and stays in the list.", name=name)
    )
