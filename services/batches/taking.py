"""Many at once, of what gives nothing to anybody: taking licences back, sending activation again, shutting people out."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from access import Actor
from models import Batch, BatchKind, JournalVerb, LinkPurpose, Post, RowOutcome, User
from services.batches import kinds
from services.batches.giving import held_of, not_held
from services.batches.rows import Row
from services.foundation import journal
from services.foundation.errors import Code, Refused
from services.foundation.transaction import CompanyTurn
from services.licenses import refusals, releases
from services.links import tokens
from services.mail import letters
from services.people import deactivation
from services.people.deactivation import Seats

# --- Taking back ------------------------------------------------------------------------------------------------------


def _prepare_releasing(batch: Batch) -> kinds.Decide:
    def decide(rows: Sequence[Row]) -> None:
        held = held_of(batch, rows)
        for row in rows:
            one = held.get(row.license_id or 0)
            if one is None:
                row.leave(_("Nobody holds it: there is nothing to release."), RowOutcome.SAME)
            elif (why := releases.refusal(one, row.user_id)) is not None:
                row.leave(why)
            else:
                row.outcome = RowOutcome.READY

    return decide


def _release(turn: CompanyTurn, batch: Batch, rows: Sequence[Row], by: Actor) -> None:
    held, taken = held_of(batch, rows), list[releases.Holding]()
    for row in rows:
        one = held.get(row.license_id or 0)
        why = refusals.holder_changed(None) if one is None else releases.refusal(one, row.user_id)
        if why is None and one is not None:
            taken.append(one)
        elif why is not None:
            row.leave(why, RowOutcome.MOVED)
    releases.take_back_and_tell(turn, taken, by)


# --- Activation, again ------------------------------------------------------------------------------------------------


def _prepare_sending(batch: Batch) -> kinds.Decide:
    def decide(rows: Sequence[Row]) -> None:
        held = held_of(batch, rows)
        for row in rows:
            _decide_sending(row, held.get(row.license_id or 0))

    return decide


def _decide_sending(row: Row, one: releases.Holding | None, outcome: RowOutcome = RowOutcome.LEFT) -> bool:
    if (why := not_held(row, one)) is not None:
        row.leave(why, outcome)
    elif one is not None and not one.holder.is_active:
        row.leave(refusals.inactive(one.holder), outcome)
    elif one is not None and one.license.activated_at is not None:
        sentence = _("%(name)s has activated this license already: no link is needed.", name=one.holder.name)
        row.leave(sentence, RowOutcome.MOVED if outcome is RowOutcome.MOVED else RowOutcome.SAME)
    else:
        row.outcome = RowOutcome.READY
        return True
    return False


def _send(turn: CompanyTurn, batch: Batch, rows: Sequence[Row], by: Actor) -> None:
    held = held_of(batch, rows)
    again = [
        held[row.license_id or 0]
        for row in rows
        if _decide_sending(row, held.get(row.license_id or 0), RowOutcome.MOVED)
    ]
    tokens.void(
        turn,
        [one.holder.id for one in again],
        [LinkPurpose.ACTIVATION],
        license_ids=[one.license.id for one in again],
    )
    told = [journal.Told(one.license, {"user": one.holder.id}, {}, {}) for one in again]
    journal.record_all(turn, JournalVerb.LINK_SENT, told, by=by)
    given = [letters.Given(one.license, one.holder, one.assignment.id) for one in again]
    letters.license_assigned(turn, given, by, again=True)


def _send_now(_batch: Batch, options: dict[str, object]) -> dict[str, object]:
    """The link of before dies at once: the new one waits for nothing."""
    return options | {"post": Post.NOW}


# --- Shutting out -----------------------------------------------------------------------------------------------------


def _check_seats(_batch: Batch, options: dict[str, object]) -> dict[str, object]:
    if options.get("seats") not in {Seats.RELEASE, Seats.KEEP}:
        raise Refused(Code.EMPTY, _("Say what becomes of their licenses."), fields=("seats",))
    return options


def _prepare_deactivating(_batch: Batch) -> kinds.Decide:
    def decide(rows: Sequence[Row]) -> None:
        people = deactivation.people_of(row.user_id for row in rows)
        for row in rows:
            _decide_deactivating(row, people[row.user_id or 0])

    return decide


def _decide_deactivating(row: Row, user: User) -> bool:
    if not user.active:
        row.leave(_("%(name)s is deactivated already.", name=user.name), RowOutcome.SAME)
        return False
    row.outcome = RowOutcome.READY
    return True


def _deactivate(turn: CompanyTurn, batch: Batch, rows: Sequence[Row], by: Actor) -> None:
    people = deactivation.people_of((row.user_id for row in rows), lock=True)
    wanted = {user.id: row for row in rows if _decide_deactivating(row, user := people[row.user_id or 0])}
    shut = [people[user_id] for user_id in wanted]
    refused = deactivation.shut_out_all(turn, shut, Seats(batch.options["seats"]), by)
    for user_id, why in refused.items():
        wanted[user_id].leave(why, RowOutcome.MOVED)


kinds.register(BatchKind.RELEASE, kinds.Kind(_prepare_releasing, _release, lambda _batch, options: options))
kinds.register(BatchKind.RESEND, kinds.Kind(_prepare_sending, _send, _send_now))
kinds.register(BatchKind.DEACTIVATE, kinds.Kind(_prepare_deactivating, _deactivate, _check_seats))
