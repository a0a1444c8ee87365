"""What would come of each row of a file of people: added, in the list already, or left with what is wrong of it.

Five hundred rows are decided of in a few statements. Other companies' people are never looked for.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from access import Actor
from models import (
    ActorKind,
    Batch,
    BatchRow,
    Language,
    License,
    Plan,
    Post,
    Role,
    RowOutcome,
    SeatCount,
    User,
    address_key,
    db,
    in_parts,
    utcnow,
)
from services.batches.free import Free
from services.batches.rows import Row
from services.imports import columns, typed
from services.imports.typed import Typed
from services.licenses import refusals
from services.people import accounts, addresses, undoing
from services.text.formats import current_language, number

# Of one import: each of them is told to every administrator.
MOST_ADMINISTRATORS = 20


def prepare(batch: Batch) -> Callable[[Sequence[Row]], None]:
    """As `kinds.Kind.prepare`."""
    return _Decider(batch).decide


def invitations_allowed(company_id: int, now: dt.datetime) -> int:
    """How many invitations an import may send today: as many as the company has seats, and 200 at least."""
    live = db.session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(SeatCount.seats), 0)).where(
            SeatCount.company_id == company_id, SeatCount.usable_until > now
        )
    )
    return max(accounts.MAX_INVITATIONS, int(live or 0)) - accounts.invited_today(company_id, now)


def is_limited(batch: Batch, by: Actor | None = None) -> bool:
    """Whether so many invitations may leave and no more: not where support acts, nor where no mail goes."""
    is_staff = batch.made_as != ActorKind.PERSON if by is None else by.kind != ActorKind.PERSON
    return batch.options["post"] != Post.NONE and not is_staff


@dataclasses.dataclass(frozen=True)
class _Known:
    """Those of some rows who are in the desk, and what they hold."""

    people: dict[str, User]
    asleep: set[int]
    held: dict[tuple[int, str], License]


class _Decider:
    """What rows are decided on, of one batch."""

    def __init__(self, batch: Batch) -> None:
        company_id = batch.company_id
        if company_id is None or batch.company is None:
            raise LookupError("people are imported into a company")
        self.batch, self.company_id, self.now = batch, company_id, utcnow()
        self.language: Language = batch.company.language
        self.plans = columns.plans_by_word()
        self.plan = db.session.get(Plan, batch.options["plan"]) if batch.options.get("plan") else None
        self.free: dict[int, Free] = {}
        self._resume()

    def _resume(self) -> None:
        """Take up what the rows that are decided have used: addresses, invitations, administrators."""
        self.first: dict[str, int] = {}
        limited = is_limited(self.batch)
        self.invitations = invitations_allowed(self.company_id, self.now) if limited else None
        self.admins = 0
        decided = sa.select(BatchRow.no, BatchRow.seen, BatchRow.outcome, BatchRow.user_id).where(
            BatchRow.batch_id == self.batch.id, BatchRow.outcome != RowOutcome.WAITING
        )
        for no, seen, outcome, user_id in db.session.execute(decided.order_by(BatchRow.no)):
            if seen.get("email"):
                self.first.setdefault(address_key(seen["email"]), no)
            if outcome == RowOutcome.READY and (user_id is None or seen.get("wakes")):
                self._count(seen)

    def _count(self, seen: dict[str, Any]) -> None:
        if self.invitations is not None:
            self.invitations -= 1
        self.admins += seen.get("role") == Role.ADMIN

    # --- Rows -------------------------------------------------------------------------------------------------------

    def decide(self, rows: Sequence[Row]) -> None:
        said = [typed.read(row.raw, self.plans, self.language) for row in rows]
        known = self._known(said)
        for row, one in zip(rows, said, strict=True):
            self._decide(row, one, known)

    def _known(self, said: Sequence[Typed]) -> _Known:
        found = addresses.of_company(self.company_id, [one.email for one in said if one.email])
        people = {address_key(user.email): user for user in found}
        asleep = undoing.were_undone([user.id for user in found if not user.active])
        held: dict[tuple[int, str], License] = {}
        for part in in_parts(user.id for user in found):
            read = sa.select(License).where(License.user_id.in_(part)).options(joinedload(License.plan))
            for license in db.session.scalars(read):
                held[license.user_id or 0, license.product] = license
        return _Known(people, asleep, held)

    def _decide(self, row: Row, said: Typed, known: _Known) -> None:
        user = known.people.get(address_key(said.email)) if said.email else None
        row.user_id = user.id if user is not None else None
        if said.email:
            row.seen = {"email": said.email}
            first = self.first.setdefault(address_key(said.email), row.no)
            if first != row.no:
                text = _("%(email)s is in row %(row)s already.", email=said.email, row=first)
                said.wrong.append((columns.EMAIL, text))
        if said.wrong:
            row.field = said.wrong[0][0]
            row.leave(said.problem())
        elif user is not None and user.id not in known.asleep:
            self._of_known(row, said, user, known)
        elif said.is_shut:
            self._same(row, said, user)
        else:
            self._of_new(row, said, user)

    def _same(self, row: Row, said: Typed, user: User | None) -> None:
        """The file itself says that the account is shut: it stays so, and nobody is added to be."""
        if user is not None:
            row.outcome = RowOutcome.SAME
            return
        row.field = columns.ACTIVE
        row.leave(_("The file says that this account is deactivated: nobody is added for it."))

    def _of_known(self, row: Row, said: Typed, user: User, known: _Known) -> None:
        if not user.active:
            self._of_shut(row, said, user)
            return
        row.outcome = RowOutcome.SAME
        wanted = self._wanted(said)
        if wanted is None:
            return
        own = known.held.get((user.id, wanted.product))
        if own is not None and not own.gives_way(self.now):
            return
        # As our own lists write it: what somebody had is not asked for again.
        if any(plan.id == wanted.id and is_over for plan, is_over in said.plans):
            return
        license_id = self._take(wanted)
        if license_id is None:
            row.problem = refusals.no_free_license(wanted).sentence[:500]
            row.seen = {**row.seen, "lacks": wanted.id}
            return
        row.outcome, row.license_id, row.other_id = RowOutcome.READY, license_id, own.id if own else None

    def _of_shut(self, row: Row, said: Typed, user: User) -> None:
        if said.is_shut:
            row.outcome = RowOutcome.SAME
            return
        row.field = columns.EMAIL
        row.leave(
            _(
                "%(name)s is in the list, deactivated. Reactivate them on their page, then import this row again.",
                name=user.name,
            )
        )

    def _of_new(self, row: Row, said: Typed, asleep: User | None) -> None:
        if self.invitations is not None and self.invitations <= 0:
            row.leave(self._too_many())
            return
        if said.values["role"] == Role.ADMIN and self.admins >= MOST_ADMINISTRATORS:
            row.field = columns.ROLE
            row.leave(
                _(
                    "An import adds at most %(count)s administrators. Add the others one by one.",
                    count=MOST_ADMINISTRATORS,
                )
            )
            return
        row.outcome = RowOutcome.READY
        row.seen = {**said.values, "wakes": asleep is not None}
        self._count(row.seen)
        wanted = self._wanted(said)
        if wanted is not None:
            row.license_id = self._take(wanted)
            if row.license_id is None:
                row.seen = {**row.seen, "lacks": wanted.id}
                row.problem = _(
                    "Added without a license: no %(plan)s license is left to give.",
                    plan=wanted.name(current_language()),
                )

    def _too_many(self) -> str:
        allowed = invitations_allowed(self.company_id, self.now)
        sentence = _(
            "Your company may send %(count)s more invitations today. Import this row tomorrow, choose to send no mail, or "
            "write to support.",
            count=number(max(allowed, 0), current_language()),
        )
        return str(sentence)

    # --- Seats ------------------------------------------------------------------------------------------------------

    def _wanted(self, said: Typed) -> Plan | None:
        """The plan that the row names, else the one that was chosen for all."""
        return said.plans[0][0] if said.plans else self.plan

    def _take(self, plan: Plan) -> int | None:
        if plan.id not in self.free:
            self.free[plan.id] = Free(self.batch, plan)
        return self.free[plan.id].take()
