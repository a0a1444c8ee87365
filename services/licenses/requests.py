"""Asking for a licence: a person without one tells their administrators, who give one or decline with a word.

Whoever gets a licence while they ask has been given what they asked for, however it came about (`close_as_given`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

import sqlalchemy as sa
from flask_babel import gettext as _

from access import Actor, Permission, roles_with
from models import JournalVerb, LicenseRequest, OperationRow, RequestState, User, db, in_parts
from services.foundation import checks, journal, operations
from services.foundation.errors import Code, Refused
from services.foundation.transaction import CompanyTurn, Turn, company_lock
from services.mail import letters

# Of what either side says, in characters.
MAX_WORD = 500
# Of one person within a day: each mails every administrator.
MAX_A_DAY = 5


def ask(user: User, word: str, by: Actor) -> LicenseRequest:
    """Tell the administrators of `user`'s company that they would like a licence. Asking twice is once: the word of the second
    time, where there is one, takes the place of the first, and nobody is mailed again.

    Raises:
        Refused: `bad_text` or `too_long`, of the word; `access_ended`; `already_holds`; `too_many` within a day.
        LookupError: the person is of no company.
    """
    if user.company_id is None:
        raise LookupError("the vendor's staff hold no licenses")
    user_id, company_id = user.id, user.company_id
    word = checks.text(word, MAX_WORD, lines=True)
    with company_lock(company_id) as turn:
        user = db.session.get_one(User, user_id)
        _check_may_ask(turn, user)
        asked = open_of(user_id)
        if asked is not None:
            asked.word = word or asked.word
            return asked
        _check_rate(turn, user_id)
        asked = LicenseRequest(company_id=company_id, user_id=user_id, word=word, asked_at=turn.now)
        db.session.add(asked)
        journal.record(turn, JournalVerb.LICENSE_REQUESTED, by=by, subject=user)
        letters.license_requested(turn, asked)
        return asked


def withdraw(asked: LicenseRequest, by: Actor) -> None:
    """Take one's own request back. Doing it twice is no error.

    Raises:
        Refused: `already_answered`.
        LookupError: it is another person's.
    """
    if by.user_id != asked.user_id:
        raise LookupError("only whoever asked withdraws a request")
    request_id = asked.id
    with company_lock(asked.company_id) as turn:
        asked = db.session.get_one(LicenseRequest, request_id)
        if asked.state == RequestState.WITHDRAWN:
            return
        check_open(turn, request_id)
        _close(turn, asked, RequestState.WITHDRAWN, by)
        journal.record(turn, JournalVerb.REQUEST_WITHDRAWN, by=by, subject=asked.user)


def decline(asked: LicenseRequest, answer: str, by: Actor) -> None:
    """Say no to a request, with a word or without; the person is told by mail. Declining again what one has declined changes
    nothing and is no error.

    Raises:
        Refused: `bad_text` or `too_long`, of the word; `already_answered`, with who did.
    """
    request_id = asked.id
    answer = checks.text(answer, MAX_WORD, lines=True)
    with company_lock(asked.company_id) as turn:
        asked = db.session.get_one(LicenseRequest, request_id)
        if asked.state == RequestState.DECLINED and asked.answered_by_id == by.user_id:
            return
        check_open(turn, request_id)
        _close(turn, asked, RequestState.DECLINED, by)
        asked.answer = answer
        journal.record(turn, JournalVerb.REQUEST_DECLINED, by=by, subject=asked.user)
        letters.request_declined(turn, asked, by)


# --- Steps: they take the turn of a verb, and never commit ------------------------------------------------------------


def check_open(_turn: Turn, request_id: int) -> None:
    """Refuse (`already_answered`) what somebody answered since the page was made."""
    asked = db.session.get_one(LicenseRequest, request_id)
    if asked.state != RequestState.OPEN:
        raise answered(asked)


def check_to_give(turn: Turn, request_id: int, user_id: int, by: Actor) -> None:
    """As `check_open`, before a licence is given to whoever asked. What one has given oneself a moment ago is no reason to refuse;
    the number of what the person has not asked for says nothing."""
    asked = db.session.scalar(sa.select(LicenseRequest).filter_by(id=request_id, user_id=user_id))
    if asked is None or (asked.state == RequestState.GIVEN and asked.answered_by_id == by.user_id):
        return
    check_open(turn, request_id)


def close_as_given(turn: CompanyTurn, user_ids: Collection[int], by: Actor) -> list[operations.Note]:
    """Close the open requests of people who get a licence; returns what to note of them."""
    asked = [one for part in in_parts(user_ids) for one in _open_of_all(part)]
    if not asked:
        return []
    return operations.change(
        turn, asked, state=RequestState.GIVEN, answered_at=turn.now, answered_by_id=by.user_id
    )


def close_with_accounts(turn: Turn, user_ids: Collection[int], by: Actor) -> None:
    """Close the open requests of people whose accounts are shut: nobody could give them a licence."""
    for part in in_parts(user_ids):
        for asked in _open_of_all(part):
            _close(turn, asked, RequestState.WITHDRAWN, by)


@operations.goes_back_by(LicenseRequest)
def reopen(turn: CompanyTurn, noted: Sequence[OperationRow], _by: Actor) -> dict[int, str]:
    """Whoever has no licence after all still asks for one. As `GoBack`."""
    return {row.id: why for row in noted if (why := _reopen(turn, row)) is not None}


def _reopen(turn: CompanyTurn, noted: OperationRow) -> str | None:
    asked = db.session.get_one(LicenseRequest, noted.row_id)
    user = db.session.get_one(User, asked.user_id, populate_existing=True)
    lacks = user.active and not _is_covered(user, turn.now)
    if operations.has_moved(asked, noted.after) or not lacks or open_of(user.id) is not None:
        return str(_("The request of %(name)s for a license stays answered.", name=user.name))
    operations.note(
        turn,
        operations.change(turn, [asked], state=RequestState.OPEN, answered_at=None, answered_by_id=None),
    )
    return None


def _close(turn: Turn, asked: LicenseRequest, state: RequestState, by: Actor) -> None:
    asked.state, asked.answered_at, asked.answered_by_id = state, turn.now, by.user_id


# --- Questions --------------------------------------------------------------------------------------------------------


def open_of(user_id: int) -> LicenseRequest | None:
    """What the person asks for and nobody has answered yet."""
    return next(iter(_open_of_all([user_id])), None)


def _open_of_all(user_ids: Collection[int]) -> list[LicenseRequest]:
    found = sa.select(LicenseRequest).where(LicenseRequest.user_id.in_(user_ids), LicenseRequest.where_open())
    return list(db.session.scalars(found.execution_options(populate_existing=True)))


def latest_of(user_id: int) -> LicenseRequest | None:
    """What the person asked for last, answered or not."""
    found = sa.select(LicenseRequest).where(LicenseRequest.user_id == user_id)
    return db.session.scalar(found.order_by(LicenseRequest.id.desc()).limit(1))


def where_nobody_answers() -> sa.ColumnElement[bool]:
    """Whether nobody of the company could answer a request, as SQL: then it waits for the vendor's staff."""
    may = User.role.in_(roles_with(Permission.MANAGE_USERS))
    return ~sa.exists().where(User.company_id == LicenseRequest.company_id, User.active, may)


def answered(asked: LicenseRequest) -> Refused:
    """Why a request that is closed cannot be answered."""
    words = {
        "name": asked.user.name,
        # Customers see of the vendor's staff no person.
        "by": asked.answered_by.name if asked.answered_by else _("The support team"),
    }
    sentences = {
        RequestState.GIVEN: _("%(by)s has already given %(name)s a license. Nothing was changed.", **words),
        RequestState.DECLINED: _(
            "%(by)s has already declined the request of %(name)s. Nothing was changed.", **words
        ),
        RequestState.WITHDRAWN: _("%(name)s no longer asks for a license. Nothing was changed.", **words),
    }
    return Refused(Code.ALREADY_ANSWERED, sentences[asked.state])


# --- Helpers ----------------------------------------------------------------------------------------------------------


def _is_covered(user: User, now: dt.datetime) -> bool:
    return user.covered_until is not None and user.covered_until > now


def _check_may_ask(turn: Turn, user: User) -> None:
    if not user.active:
        raise operations.access_ended()
    if _is_covered(user, turn.now):
        raise Refused(
            Code.ALREADY_HOLDS, _("You hold a license already: there is nothing to ask for. Look below.")
        )


def _check_rate(turn: Turn, user_id: int) -> None:
    today = sa.select(sa.func.count(LicenseRequest.id)).where(
        LicenseRequest.user_id == user_id, LicenseRequest.asked_at > turn.now - dt.timedelta(days=1)
    )
    if (db.session.scalar(today) or 0) >= MAX_A_DAY:
        raise Refused(
            Code.TOO_MANY,
            _(
                "You have asked %(count)s times within a day: your administrators know. Nothing was changed: write "
                "to one of them, or ask again tomorrow.",
                count=MAX_A_DAY,
            ),
        )
