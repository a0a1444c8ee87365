"""Bringing a base over, customer by customer: each in a turn of its own, whole or not at all, marked as done in the same commit.

A worker that dies goes on with the customers that are left. One that fails is named, and the others stand.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from access import Actor
from models import (
    CURRENCY,
    Batch,
    BatchRow,
    BatchState,
    Company,
    JournalVerb,
    Post,
    RowOutcome,
    User,
    Vendor,
    address_key,
    db,
    in_parts,
    utcnow,
)
from services.bases import known, seats
from services.batches import applying as batches
from services.batches import choosing
from services.batches import rows as batch_rows
from services.batches.rows import Row
from services.foundation import journal, operations
from services.foundation.errors import Code, Refused
from services.foundation.transaction import CompanyTurn, company_lock, transaction
from services.people import accounts, companies, undoing
from services.waiting.queue import Lease

log = logging.getLogger(__name__)

# Then other batches that wait have their turn.
SECONDS = 20.0
_CUSTOMER, _DONE = BatchRow.seen["customer"].as_string(), BatchRow.seen["done"].as_string()


def apply_parts(lease: Lease, actor_of: Callable[[Batch], Actor]) -> None:
    """Bring over the customers that are left, and say when none is. A verb of a turn for each; as `kinds.Kind.apply_parts`."""
    until = time.monotonic() + SECONDS
    for ids in _left(lease.row_id):
        renewed = _bring(lease, ids, actor_of)
        if renewed is None:
            return
        lease = renewed
        if time.monotonic() > until:
            batches.APPLYING.mark(lease, BatchState.CONFIRMED, due_at=utcnow())
            return
    batches.APPLYING.mark(lease, BatchState.DONE, done_at=utcnow(), address=None)


def _left(batch_id: int) -> list[list[int]]:
    """The ids of the rows that are to be done, those of a customer together."""
    found: dict[str, list[int]] = {}
    waiting = sa.select(BatchRow.id, _CUSTOMER).where(
        BatchRow.batch_id == batch_id, BatchRow.outcome == RowOutcome.READY, _DONE.is_(None)
    )
    for row_id, customer in db.session.execute(waiting.order_by(BatchRow.no)):
        found.setdefault(customer, []).append(row_id)
    return list(found.values())


def _bring(lease: Lease, ids: Sequence[int], actor_of: Callable[[Batch], Actor]) -> Lease | None:
    """One customer, or why not; None where the batch is no longer ours to do."""
    try:
        return _bring_whole(lease, ids, actor_of)
    except Refused as refused:
        why = refused.sentence
    except (sa.exc.OperationalError, sa.exc.InterfaceError):
        raise
    except Exception:
        log.exception("a customer of batch %s broke", lease.row_id)
        why = _(
            "Something went wrong on our side, and nothing of this customer was changed. Try this row again."
        )
    db.session.rollback()
    return _leave(lease, ids, why)


def _bring_whole(lease: Lease, ids: Sequence[int], actor_of: Callable[[Batch], Actor]) -> Lease | None:
    batch, rows = db.session.get_one(Batch, lease.row_id), batch_rows.of(ids)
    make = next((row.seen["make"] for row in rows if "make" in row.seen), None)
    company_id, post = rows[0].seen["company"], Post(batch.options["post"])
    with _turn(company_id, post) as turn:
        batch = choosing.lock(turn, lease.row_id)
        if not _is_ours(batch, lease):
            return None
        by = actor_of(batch)
        of_company = turn if isinstance(turn, CompanyTurn) else _open(turn, make, by)
        _do(of_company, rows, by, is_new=company_id is None)
        return _renew(batch, of_company.now, lease)


@contextlib.contextmanager
def _turn(company_id: int | None, post: Post) -> Iterator[Any]:
    """The customer's lock; where it is to be opened, a transaction in which nobody else opens the same one."""
    if company_id is not None:
        with company_lock(company_id, post=post) as turn:
            yield turn
        return
    with transaction(post=post) as turn:
        _let_nobody_else_open()
        yield turn


def _let_nobody_else_open() -> None:
    """Until the end of the transaction, no other import opens an account."""
    db.session.execute(sa.select(Vendor.id).with_for_update())


def _open(turn: Any, values: dict[str, Any] | None, by: Actor) -> CompanyTurn:
    """Open the customer's account. Raises Refused `changed_meanwhile` where somebody has since."""
    if values is None:
        raise LookupError("no row opens the customer")
    name = sa.func.lower(Company.name, type_=sa.String)
    if db.session.scalar(sa.select(Company.id).where(name == sa.func.lower(values["name"])).limit(1)):
        raise Refused(
            Code.CHANGED_MEANWHILE,
            _("%(name)s became a customer in the meantime. Prepare the rest anew.", name=values["name"]),
        )
    company = Company(currency=CURRENCY, **values)
    db.session.add(company)
    db.session.flush()
    operations.begin(turn, JournalVerb.COMPANY_IMPORTED, by, company.id)
    companies.EDITABLE.add(turn, company, by=by)
    # Nobody else knows of it: there is nothing to wait for.
    return CompanyTurn(turn.now, turn.operation, company, post=turn.post, begun=turn.begun)


def _do(turn: CompanyTurn, rows: list[Row], by: Actor, *, is_new: bool) -> None:
    """All of a customer: people, then licences. A step."""
    operations.begin(turn, JournalVerb.COMPANY_IMPORTED, by, turn.company.id)
    emails = {row.seen["email"] for row in rows if "email" in row.seen}
    there = known.of(emails, (row.seen["seat"]["key"] for row in rows if _has_key(row)))
    _leave_moved(turn, rows, there)
    staying = [row for row in rows if row.outcome == RowOutcome.READY]
    people = _add_people(turn, staying, there, by)
    brought = seats.bring(turn, staying, people, there, by)
    after = {"people": sum("person" in row.seen for row in staying), "licenses": len(brought)}
    if staying or is_new:
        journal.record(turn, JournalVerb.COMPANY_IMPORTED, by=by, subject=turn.company, after=after)
    for row in rows:
        if row.outcome == RowOutcome.READY:
            # It is theirs now, and kept there alone.
            email = row.seen.get("email")
            row.user_id = people[address_key(email)].id if email else None
            row.license_id = brought.get(row.id)
            row.seen = {"done": turn.operation}
    batch_rows.write(rows)
    _of_customer(turn, rows)


def _has_key(row: Row) -> bool:
    return bool(row.seen.get("seat") and row.seen["seat"]["key"])


def _of_customer(turn: CompanyTurn, rows: Sequence[Row]) -> None:
    table: Any = BatchRow.__table__
    for part in in_parts(row.id for row in rows):
        db.session.execute(sa.update(table).where(table.c.id.in_(part)).values(company_id=turn.company.id))


def _leave_moved(turn: CompanyTurn, rows: Sequence[Row], there: known.Known) -> None:
    """Leave the rows whose address or key somebody took in the meantime, and whose holder got another licence."""
    company_id, named = turn.company.id, {row.seen["email"] for row in rows if "person" in row.seen}
    for row in rows:
        email, seat, why = row.seen.get("email"), row.seen.get("seat"), None
        own = there.own(email, company_id) if email else None
        held = there.held.get((own.id, seat["product"])) if own and seat and seat["live"] else None
        if email and own is None and (there.stranger(email, company_id) or email not in named):
            why = _("%(email)s became somebody else’s in the meantime.", email=email)
        elif own is not None and not own.active and own.id not in there.asleep:
            why = _("The account of %(name)s was changed in the meantime.", name=own.name)
        elif own is not None and held is not None and not held.gives_way(turn.now):
            why = _("%(name)s got a license in the meantime.", name=own.name)
        elif seat and seat["key"] and seat["key"].upper() in there.keys:
            why = _("A license got this key in the meantime.")
        if why is not None:
            row.leave(why, RowOutcome.MOVED)


def _add_people(turn: CompanyTurn, rows: Sequence[Row], there: known.Known, by: Actor) -> dict[str, User]:
    """Add who is new, invited where mail was asked for; returns everybody of the rows, by address."""
    company_id = turn.company.id
    emails = {address_key(row.seen["email"]): row.seen["email"] for row in rows if "email" in row.seen}
    people = {key: own for key, email in emails.items() if (own := there.own(email, company_id)) is not None}
    asleep = {address_key(user.email): user for user in undoing.asleep(company_id, emails.values())}
    new = [
        row
        for row in rows
        if "person" in row.seen
        and (address_key(row.seen["email"]) not in people or address_key(row.seen["email"]) in asleep)
    ]
    newcomers = [
        accounts.Newcomer(accounts.DEFAULTS | row.seen["person"], asleep.get(address_key(row.seen["email"])))
        for row in new
    ]
    added = accounts.add_people(turn, newcomers, company_id, by=by, invite=turn.post != Post.NONE)
    return people | {address_key(user.email): user for user in added}


# --- The batch --------------------------------------------------------------------------------------------------------


def _leave(lease: Lease, ids: Sequence[int], why: str) -> Lease | None:
    """Say of a customer's rows why nothing came of them. A verb."""
    with transaction() as turn:
        batch = choosing.lock(turn, lease.row_id)
        if not _is_ours(batch, lease):
            return None
        rows = batch_rows.of(ids)
        for row in rows:
            row.leave(why, RowOutcome.MOVED)
        batch_rows.write(rows, ("outcome", "problem", "seen"))
        return _renew(batch, turn.now, lease)


def _is_ours(batch: Batch, lease: Lease) -> bool:
    return batch.state == BatchState.APPLYING and batch.lease_until == lease.until


def _renew(batch: Batch, now: dt.datetime, lease: Lease) -> Lease:
    until = now + batches.LEASE
    batch.due_at = batch.lease_until = until
    return Lease(lease.row_id, until, lease.attempt)
