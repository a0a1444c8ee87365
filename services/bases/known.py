"""What the desk holds already of the rows of a base: people by their address, licences by their key, and what an earlier import brought."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from models import (
    Batch,
    BatchKind,
    BatchRow,
    BatchState,
    License,
    RowOutcome,
    Term,
    TermKind,
    User,
    address_key,
    db,
    in_parts,
    lower_address,
)
from services.people import undoing
from services.seats import validation

# A licence without a key of its own, by what it can be told by: customer, plan, last day, holder.
Sort = tuple[int, int, dt.date, int | None]


@dataclasses.dataclass(frozen=True)
class Known:
    """Of some rows, what there is.

    Attributes:
        people: By address, whoever has it, of whichever company, or of the staff.
        asleep: Those of them whose addition was taken back.
        keys: By key, in capitals.
        last_days: Of those licences, by number, until when they were brought over.
        held: By person and product.
    """

    people: Mapping[str, Sequence[User]]
    asleep: Collection[int]
    keys: Mapping[str, License]
    last_days: Mapping[int, dt.date]
    held: Mapping[tuple[int, str], License]

    def own(self, email: str, company_id: int | None) -> User | None:
        """Who has the address in a customer's list."""
        if company_id is None:
            return None
        found = self.people.get(address_key(email), ())
        return next((user for user in found if user.company_id == company_id), None)

    def stranger(self, email: str, company_id: int | None) -> User | None:
        """Who has it elsewhere: an address belongs to one customer."""
        found = self.people.get(address_key(email), ())
        return next((user for user in found if user.company_id != company_id or company_id is None), None)


def of(emails: Iterable[str], keys: Iterable[str]) -> Known:
    """What the desk has of these addresses and keys. A handful of statements, however many they are."""
    people: dict[str, list[User]] = {}
    for part in in_parts(email.lower() for email in emails if email):
        found = sa.select(User).where(lower_address(User.email).in_(part)).options(joinedload(User.company))
        for user in db.session.scalars(found):
            people.setdefault(address_key(user.email), []).append(user)
    everybody = [user for those in people.values() for user in those]
    held: dict[tuple[int, str], License] = {}
    for part in in_parts(user.id for user in everybody):
        read = sa.select(License).where(License.user_id.in_(part)).options(joinedload(License.plan))
        held |= {(one.user_id or 0, one.product): one for one in db.session.scalars(read)}
    there = by_key(keys)
    return Known(
        people,
        undoing.were_undone([user.id for user in everybody if not user.active]),
        there,
        _brought_until([*(one.id for one in there.values()), *(one.id for one in held.values())]),
        held,
    )


def by_key(keys: Iterable[str]) -> dict[str, License]:
    """The licences that have one of these keys, however it is written, by the key in capitals."""
    found: dict[str, License] = {}
    for part in in_parts(one for key in keys for one in validation.spellings(key).values()):
        read = sa.select(License).where(License.key.in_(part)).options(joinedload(License.plan))
        found |= {one.key.upper(): one for one in db.session.scalars(read)}
    return found


def _brought_until(license_ids: Iterable[int]) -> dict[int, dt.date]:
    found: dict[int, dt.date] = {}
    for part in in_parts(license_ids):
        terms = sa.select(Term.license_id, Term.last_day)
        own = terms.where(Term.license_id.in_(part), Term.kind == TermKind.OPENING)
        found |= dict(db.session.execute(own).all())
    return found


def brought(company_id: int) -> Counter[Sort]:
    """What earlier imports of a base have brought to a customer, so that the same file brings it once."""
    rows = (
        sa.select(Term.plan_id, Term.last_day, BatchRow.user_id)
        .join(BatchRow, BatchRow.license_id == Term.license_id)
        .join(Batch, Batch.id == BatchRow.batch_id)
        .where(
            Term.company_id == company_id,
            Term.kind == TermKind.OPENING,
            Batch.kind == BatchKind.BASE,
            Batch.state.in_([BatchState.APPLYING, BatchState.CONFIRMED, BatchState.DONE]),
            BatchRow.outcome == RowOutcome.READY,
        )
    )
    return Counter((company_id, plan, day, user) for plan, day, user in db.session.execute(rows))
