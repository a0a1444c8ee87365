"""The licences of a base: each with an opening term, which no order paid, and whoever held it. Steps: they never commit."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from access import Actor
from models import (
    Assignment,
    JournalVerb,
    License,
    Post,
    Term,
    TermKind,
    User,
    address_key,
    db,
    in_parts,
    insert_rows,
    random_code,
)
from services.bases.known import Known
from services.batches.rows import Row
from services.catalogue import vendor
from services.foundation import journal
from services.foundation.days import end_of, start_of
from services.foundation.transaction import CompanyTurn
from services.licenses import releases, requests
from services.mail import letters

_DAY = dt.timedelta(days=1)


def bring(
    turn: CompanyTurn, rows: Sequence[Row], people: Mapping[str, User], there: Known, by: Actor
) -> dict[int, int]:
    """Make the licences that rows tell of, give them to their holders; returns the number of each by that of its row.

    A dozen statements, however many there are.
    """
    of_seats = [row for row in rows if row.seen.get("seat")]
    if not of_seats:
        return {}
    _make_room(turn, of_seats, people, there, by)
    written = {row.id: _license(turn, row, _holder(row, people)) for row in of_seats}
    insert_rows(License, list(written.values()))
    licenses = _by_key(turn, [values["key"] for values in written.values()])
    own = {row.id: licenses[written[row.id]["key"]] for row in of_seats}
    insert_rows(Term, [_term(turn, own[row.id]) for row in of_seats])
    held = [row for row in of_seats if _holder(row, people) is not None]
    if held:
        insert_rows(Assignment, [_assignment(turn, row, own[row.id], people, by) for row in held])
    _record(turn, of_seats, own, people, by)
    _tell(turn, held, own, people, by)
    return {row_id: license.id for row_id, license in own.items()}


def _holder(row: Row, people: Mapping[str, User]) -> User | None:
    email = row.seen.get("email")
    return people[address_key(email)] if email else None


def _make_room(
    turn: CompanyTurn, rows: Sequence[Row], people: Mapping[str, User], there: Known, by: Actor
) -> None:
    """Take back what holders have of the same product that is over, and close what they asked for."""
    live = [
        (user, row.seen["seat"]["product"])
        for row in rows
        if row.seen["seat"]["live"] and (user := _holder(row, people))
    ]
    over = [one.id for user, product in live if (one := there.held.get((user.id, product))) is not None]
    if over:
        releases.take_back(turn, releases.holdings(turn.company.id, over), by)
    requests.close_as_given(turn, [user.id for user, _product in live], by)


def _license(turn: CompanyTurn, row: Row, holder: User | None) -> dict[str, Any]:
    """The columns of a row's licence. What is over is history: nobody holds it any more."""
    seat, zone = row.seen["seat"], turn.company.zone
    first, last = _day(seat["first_day"]), _day(seat["last_day"])
    ends_at = end_of(last, zone)
    usable_until = ends_at + dt.timedelta(days=vendor.current().grace_days)
    holds = holder is not None and usable_until > turn.now
    activated = _instant(seat["activated"], zone)
    return {
        "company_id": turn.company.id,
        "key": seat["key"] or random_code(5, 5),
        "plan_id": seat["plan"],
        "product": seat["product"],
        "valid_from": start_of(first, zone),
        "valid_until": ends_at,
        "usable_until": usable_until,
        "first_day": first,
        "last_day": last,
        "user_id": holder.id if holder is not None and holds else None,
        "assigned_at": _given_at(seat, zone) if holds else None,
        "activated_at": activated if holds else None,
    }


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _instant(text: str | None, zone: zoneinfo.ZoneInfo) -> dt.datetime | None:
    return start_of(_day(text), zone) if text else None


def _given_at(seat: Mapping[str, Any], zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """Since when its holder has it: as the file says, no later than they used it, else from its first day on."""
    return start_of(_day(seat["assigned"] or seat["activated"] or seat["first_day"]), zone)


def _by_key(turn: CompanyTurn, keys: Sequence[str]) -> dict[str, License]:
    found: dict[str, License] = {}
    for part in in_parts(keys):
        read = sa.select(License).where(License.key.in_(part), License.company_id == turn.company.id)
        found |= {one.key: one for one in db.session.scalars(read.options(joinedload(License.plan)))}
    return found


def _term(turn: CompanyTurn, license: License) -> dict[str, Any]:
    return {
        "company_id": license.company_id,
        "license_id": license.id,
        "kind": TermKind.OPENING,
        "plan_id": license.plan_id,
        "order_line_id": None,
        "first_day": license.first_day,
        "last_day": license.last_day,
        "zone": turn.company.time_zone,
        # The day on which the next period begins, so that a renewal can follow.
        "anchor_day": (license.last_day + _DAY).day,
        "starts_at": license.valid_from,
        "ends_at": license.valid_until,
        "net": 0,
        "tax": 0,
    }


def _assignment(
    turn: CompanyTurn, row: Row, license: License, people: Mapping[str, User], by: Actor
) -> dict[str, Any]:
    seat, zone, holder = row.seen["seat"], turn.company.zone, _holder(row, people)
    return {
        "company_id": license.company_id,
        "license_id": license.id,
        "user_id": holder.id if holder else None,
        "started_at": _given_at(seat, zone),
        "ended_at": None if license.user_id is not None else license.valid_until,
        "activated_at": _instant(seat["activated"], zone),
        "given_by_id": by.user_id,
    }


def _record(
    turn: CompanyTurn, rows: Sequence[Row], own: Mapping[int, License], people: Mapping[str, User], by: Actor
) -> None:
    told = []
    for row in rows:
        license, holder = own[row.id], _holder(row, people)
        about = {"plan": license.plan_id} | ({"user": holder.id} if holder else {})
        after = {"user": license.user_id, "last_day": license.last_day.isoformat()}
        told.append(journal.Told(license, related=about, after=after))
    journal.record_all(turn, JournalVerb.LICENSE_IMPORTED, told, by=by)


def _tell(
    turn: CompanyTurn, held: Sequence[Row], own: Mapping[int, License], people: Mapping[str, User], by: Actor
) -> None:
    """Mail whoever has a licence that they have not begun to use, where mail was asked for."""
    news = [
        own[row.id] for row in held if own[row.id].user_id is not None and own[row.id].activated_at is None
    ]
    if turn.post == Post.NONE or not news:
        return
    numbers: dict[int, int] = {}
    for part in in_parts(one.id for one in news):
        begun = sa.select(Assignment.license_id, Assignment.id)
        found = begun.where(Assignment.license_id.in_(part), Assignment.ended_at.is_(None))
        numbers |= dict(db.session.execute(found).all())
    users = {user.id: user for user in people.values()}
    given = [letters.Given(one, users[one.user_id or 0], numbers[one.id]) for one in news]
    letters.license_assigned(turn, given, by)
