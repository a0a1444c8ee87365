"""Many at once, of what gives a licence to somebody: assigning, changing plans, passing on in pairs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import joinedload

from access import Actor
from models import Batch, BatchKind, License, Plan, RowOutcome, User, db, in_parts, utcnow
from services.batches import free, kinds
from services.batches.rows import Row
from services.foundation.errors import Code, Refused
from services.foundation.transaction import CompanyTurn
from services.licenses import assignments, refusals, releases
from services.mail import letters
from services.text.formats import current_language

# --- Assigning --------------------------------------------------------------------------------------------------------


def _prepare_assigning(batch: Batch) -> kinds.Decide:
    plan = free.asked_plan(batch.options)
    seats = free.Free(batch, plan, free.day_of(batch.options))

    def decide(rows: Sequence[Row]) -> None:
        people = assignments.holders_of((row.user_id for row in rows), plan.product)
        for row in rows:
            user, own = people[row.user_id or 0]
            if not _is_left(row, user, own, plan):
                row.other_id = own.id if own else None
                row.license_id = seats.give(row)
                if row.license_id is not None:
                    row.outcome = RowOutcome.READY

    return decide


def _is_left(row: Row, user: User, own: License | None, plan: Plan) -> bool:
    """Whether somebody gets nothing, because they cannot or have it: the row then says so."""
    if not user.is_active:
        row.leave(refusals.inactive(user))
    elif own is not None and own.plan_id == plan.id and own.is_movable(utcnow()):
        row.leave(already_holds(user, plan), RowOutcome.SAME)
    elif (why := refusals.in_the_way(user, own, utcnow())) is not None:
        row.leave(why)
    else:
        return False
    return True


def already_holds(user: User, plan: Plan) -> Refused:
    """Nothing is given twice."""
    words = {"name": user.name, "plan": plan.name(current_language())}
    return Refused(Code.ALREADY_HOLDS, _("%(name)s holds a license of the %(plan)s plan already.", **words))


def _assign(turn: CompanyTurn, batch: Batch, rows: Sequence[Row], by: Actor) -> None:
    plan = free.asked_plan(batch.options)
    give_to(turn, plan, rows, by)


def give_to(turn: CompanyTurn, plan: Plan, rows: Sequence[Row], by: Actor) -> None:
    """Give each row's person the licence that was chosen for them; what they hold that is over makes room. A step.

    Whoever cannot have it any more is left, and whose licence is gone.
    """
    people = assignments.holders_of((row.user_id for row in rows), plan.product)
    seats = licenses_of(row.license_id for row in rows)
    gifts: list[assignments.Gift] = []
    given_up: list[int] = []
    for row in rows:
        user, own = people[row.user_id or 0]
        why = _moved_on(turn.now, user, own, row) or _not_free(turn.now, seats[row.license_id or 0], plan)
        if why is not None:
            row.leave(why, RowOutcome.MOVED)
            continue
        gifts.append(assignments.Gift(seats[row.license_id or 0], user))
        given_up += [own.id] if own else []
    releases.take_back(turn, releases.holdings(turn.company.id, given_up), by)
    assignments.give_all(turn, gifts, by)


def _moved_on(now: dt.datetime, user: User, own: License | None, row: Row) -> Refused | None:
    """Why somebody is no longer as they were seen: they got another licence, or were shut out."""
    if not user.is_active:
        return refusals.inactive(user)
    if (why := refusals.in_the_way(user, own, now)) is not None:
        return why
    if own is not None and own.id != row.other_id:
        return changed(user)
    return None


def _not_free(now: dt.datetime, license: License, plan: Plan) -> Refused | None:
    if license.is_assignable(now) and license.plan_id == plan.id:
        return None
    return refusals.not_assignable(license, now)


def changed(user: User) -> Refused:
    """What somebody holds is not what was seen."""
    sentence = _("What %(name)s holds has changed since: it was left as it is.", name=user.name)
    return Refused(Code.HOLDER_CHANGED, sentence)


def licenses_of(ids: Iterable[int | None]) -> dict[int, License]:
    """Licences with their plans, by their number."""
    found: dict[int, License] = {}
    for part in in_parts(ids):
        read = sa.select(License).where(License.id.in_(part)).options(joinedload(License.plan))
        found |= {row.id: row for row in db.session.scalars(read)}
    return found


def _check_plan(_batch: Batch, options: dict[str, object]) -> dict[str, object]:
    free.asked_plan(options)
    free.day_of(options)
    return options


# --- Another plan -----------------------------------------------------------------------------------------------------


def _prepare_changing(batch: Batch) -> kinds.Decide:
    plan = free.asked_plan(batch.options)
    seats = free.Free(batch, plan, free.day_of(batch.options))

    def decide(rows: Sequence[Row]) -> None:
        held = held_of(batch, rows)
        for row in rows:
            one = held.get(row.license_id or 0)
            if not _cannot_change(row, one, plan):
                row.other_id = seats.give(row)
                if row.other_id is not None:
                    row.outcome = RowOutcome.READY

    return decide


def held_of(batch: Batch, rows: Sequence[Row]) -> dict[int, releases.Holding]:
    """What is held of the licences of rows, by their number."""
    ids = {row.license_id for row in rows if row.license_id is not None}
    return {one.license.id: one for one in releases.holdings(batch.company_id or 0, ids)}


def _cannot_change(row: Row, one: releases.Holding | None, plan: Plan) -> bool:
    if (why := not_held(row, one)) is not None:
        row.leave(why)
    elif one is not None and one.license.plan_id == plan.id:
        row.leave(already_holds(one.holder, plan), RowOutcome.SAME)
    elif one is not None and one.license.product != plan.product:
        sentence = _(
            "The %(plan)s plan is of another product: assign it beside this license. Nothing was changed.",
            plan=plan.name(current_language()),
        )
        row.leave(Refused(Code.OTHER_PRODUCT, sentence))
    elif one is not None and not one.holder.is_active:
        row.leave(refusals.inactive(one.holder))
    else:
        return False
    return True


def not_held(row: Row, one: releases.Holding | None) -> Refused | None:
    """Why what was chosen cannot be moved: nobody holds it, somebody else does, or it is over."""
    if row.license_id is None:
        return Refused(Code.NOTHING_HELD, _("They hold no license."))
    if one is None or one.holder.id != row.user_id:
        return refusals.holder_changed(one.holder if one else None)
    return None if one.license.is_movable(utcnow()) else refusals.not_assignable(one.license, utcnow())


def _change(turn: CompanyTurn, batch: Batch, rows: Sequence[Row], by: Actor) -> None:
    plan = free.asked_plan(batch.options)
    held, seats = held_of(batch, rows), licenses_of(row.other_id for row in rows)
    pairs: list[tuple[releases.Holding, License]] = []
    for row in rows:
        one, seat = held.get(row.license_id or 0), seats[row.other_id or 0]
        why = not_held(row, one) or _not_free(turn.now, seat, plan)
        if why is None and one is not None and one.holder.is_active:
            pairs.append((one, seat))
        else:
            row.leave(why or changed(one.holder) if one else refusals.holder_changed(None), RowOutcome.MOVED)
    releases.take_back(turn, [one for one, _seat in pairs], by)
    gifts = [assignments.Gift(seat, one.holder, instead_of=one.assignment.id) for one, seat in pairs]
    assignments.give_all(turn, gifts, by)


# --- In pairs ---------------------------------------------------------------------------------------------------------


def _check_pairs(batch: Batch, options: dict[str, object]) -> dict[str, object]:
    """`to`: whom each licence goes to, by number, in the order of the rows; None leaves one where it is."""
    to = options.get("to")
    people = [one for one in to if one is not None] if isinstance(to, list) else []
    known = sa.select(sa.func.count(User.id)).where(User.company_id == batch.company_id, User.id.in_(people))
    if not people or not isinstance(to, list) or len(to) > batch.total:
        raise Refused(Code.EMPTY, _("Say to whom the licenses go."), fields=("to",))
    if len(set(people)) != len(people) or db.session.scalar(known) != len(people):
        sentence = _("Each license goes to another person of this company, once. Nothing was changed.")
        raise Refused(Code.SAME_PERSON, sentence, fields=("to",))
    return options


def _prepare_passing_on(batch: Batch) -> kinds.Decide:
    to: list[int | None] = batch.options["to"]

    def decide(rows: Sequence[Row]) -> None:
        held = held_of(batch, rows)
        for row in rows:
            row.seen = {"to": to[row.no - 1] if row.no <= len(to) else None}
        for product, own in _by_product(rows, held).items():
            people = assignments.holders_of((row.seen["to"] for row in own), product)
            for row in own:
                _decide_passing_on(row, held.get(row.license_id or 0), people)

    return decide


def _by_product(rows: Sequence[Row], held: Mapping[int, releases.Holding]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        one = held.get(row.license_id or 0)
        found.setdefault(one.license.product if one else "", []).append(row)
    return found


def _decide_passing_on(
    row: Row, one: releases.Holding | None, people: Mapping[int, tuple[User, License | None]]
) -> None:
    if (why := not_held(row, one)) is not None:
        row.leave(why)
    elif row.seen["to"] is None:
        row.leave(_("Nobody was named for this license: it stays where it is."), RowOutcome.SAME)
    else:
        user, own = people[row.seen["to"]]
        if (why := _cannot_receive(row, user, own)) is not None:
            row.leave(why)
        else:
            row.other_id, row.outcome = own.id if own else None, RowOutcome.READY


def _cannot_receive(row: Row, user: User, own: License | None) -> Refused | None:
    if user.id == row.user_id:
        sentence = _("%(name)s holds this license already. Nothing was changed.", name=user.name)
        return Refused(Code.SAME_PERSON, sentence)
    return refusals.in_the_way(user, own, utcnow()) if user.is_active else refusals.inactive(user)


def _pass_on(turn: CompanyTurn, batch: Batch, rows: Sequence[Row], by: Actor) -> None:
    held = held_of(batch, rows)
    gifts: list[tuple[releases.Holding, User]] = []
    given_up: list[int] = []
    for product, own_rows in _by_product(rows, held).items():
        people = assignments.holders_of((row.seen["to"] for row in own_rows), product)
        for row in own_rows:
            one, (user, own) = held.get(row.license_id or 0), people[row.seen["to"]]
            why = not_held(row, one) or _moved_on(turn.now, user, own, row)
            if why is not None or one is None:
                row.leave(why or changed(user), RowOutcome.MOVED)
                continue
            gifts.append((one, user))
            given_up += [own.id] if own else []
    taken = [one for one, _user in gifts]
    releases.take_back(turn, [*releases.holdings(turn.company.id, given_up), *taken], by)
    assignments.give_all(turn, [assignments.Gift(one.license, user) for one, user in gifts], by)
    told = [(one.license, one.assignment, one.holder) for one in taken if one.holder.is_active]
    letters.license_released(turn, told, by)


kinds.register(BatchKind.ASSIGN, kinds.Kind(_prepare_assigning, _assign, _check_plan))
kinds.register(BatchKind.CHANGE, kinds.Kind(_prepare_changing, _change, _check_plan))
kinds.register(BatchKind.TRANSFER, kinds.Kind(_prepare_passing_on, _pass_on, _check_pairs))
