"""Invitation links of a firm: made and withdrawn by administrators; whoever follows one and answers at an address of its
domain is on the list, without a seat.

A link is no secret that opens an account: it lets one ask for a mail. A place is taken when that mail is answered, under the
company's lock. Nothing that is shown to whoever types an address tells who is known here or elsewhere.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

import access
from access import Actor
from models import (
    MAX_PLACES,
    FirmLink,
    FirmLinkState,
    JoinRequest,
    JournalVerb,
    Language,
    MailKind,
    OutgoingMail,
    Role,
    User,
    day_in,
    db,
    domain_of,
    erased_address,
    same_address,
    utcnow,
)
from services.foundation import checks, edits, journal
from services.foundation.days import end_of
from services.foundation.errors import Code, Refused
from services.foundation.transaction import CompanyTurn, Turn, company_lock, transaction
from services.links import tokens
from services.links.tokens import DeadLinkError
from services.mail import letters
from services.people import oneself
from services.people.administrators import check_actor

# For how long the mail that one asked for can be answered.
ANSWERED_WITHIN = dt.timedelta(days=1)
# Of one company within a day, of those that nobody has answered: the desk is no relay.
MAX_UNANSWERED = 200
MAX_DAYS = 366
TYPED = ("email", "first_name", "last_name")
# Everybody can have an address of these: a link for one would be open to whoever it is forwarded to.
_PUBLIC = re.compile(
    r"(aol|fastmail|gmail|gmx|googlemail|hey|icloud|mac|mail|me|msn|protonmail|rogers|yandex|ymail|zoho)\.com|"
    r"(hotmail|live|outlook|videotron|yahoo)\.(ca|com|fr)|(bell|laposte|telus)\.net|(pm|proton)\.me|"
    r"(shaw|sympatico)\.ca|(free|orange|sfr|wanadoo)\.fr"
)


# --- For administrators -----------------------------------------------------------------------------------------------


def make(
    company_id: int, domain: str, places: int | None, last_day: dt.date | None, *, by: Actor
) -> FirmLink:
    """Make a link for so many people with an address of `domain`, until the end of `last_day` where the company is.

    Raises:
        Refused: `bad_domain`, `public_domain`, `bad_number`, `empty`, `past_day`, `far_day` or `access_ended`.
        LookupError: there is no such company.
    """
    domain = _checked_domain(domain)
    if places is None or not 1 <= places <= MAX_PLACES:
        raise Refused(
            Code.BAD_NUMBER,
            _("A link is for 1 to %(count)s people. Nothing was changed.", count=MAX_PLACES),
            fields=("places",),
        )
    with company_lock(company_id) as turn:
        check_actor(turn, by)
        day = _checked_day(turn, last_day)
        link = FirmLink(
            company_id=company_id,
            domain=domain,
            places=places,
            last_day=day,
            expires_at=end_of(day, turn.company.zone),
            made_by_id=by.user_id,
            made_as=by.kind,
            created_at=turn.now,
            **tokens.sow(),
        )
        db.session.add(link)
        journal.record(
            turn,
            JournalVerb.FIRM_LINK_MADE,
            by=by,
            subject=link,
            after=edits.values_of(link, ("domain", "places", "last_day")),
        )
        return link


def is_public(domain: str) -> bool:
    """Whether everybody can have an address of a domain: its provider gives them away, or sells them to whoever asks."""
    return _PUBLIC.fullmatch(domain_of(domain)) is not None


def withdraw(link: FirmLink, *, by: Actor) -> None:
    """End a link, and every mail that was asked for with it. To withdraw one again changes nothing.

    Raises:
        Refused: `access_ended`.
    """
    link_id, company_id = link.id, link.company_id
    with company_lock(company_id) as turn:
        check_actor(turn, by)
        link = db.session.get_one(FirmLink, link_id)
        if link.withdrawn_at is None:
            link.withdrawn_at = turn.now
            journal.record(turn, JournalVerb.FIRM_LINK_WITHDRAWN, by=by, subject=link)


# --- For whoever follows one ------------------------------------------------------------------------------------------


def find(token: str) -> FirmLink | None:
    """The link of `token` while somebody can come in by it."""
    with access.everything():
        link = db.session.scalar(sa.select(FirmLink).where(FirmLink.token_hash == tokens.hash_of(token)))
        return link if link is not None and link.state() == FirmLinkState.OPEN else None


def ask(token: str, typed: Mapping[str, str], language: Language, *, by: Actor) -> None:
    """Mail whoever has the address a link by which they join. Who is on the list is mailed a sign-in link instead, who was
    deactivated nothing; which of these it was is not told.

    Args:
        typed: A value for each of `TYPED`.

    Raises:
        DeadLinkError: nobody can come in by this link (any more).
        Refused: `bad_address`, `bad_name`, `bad_text`, `empty`; `link_for_others` for an address of another domain;
            `too_many`.
    """
    values = checks.texts(JoinRequest, {name: typed[name] for name in TYPED})
    checks.filled(values, *TYPED)
    values = {
        "email": checks.email(values["email"]),
        "first_name": checks.person_name(values["first_name"]),
        "last_name": checks.person_name(values["last_name"]),
    }
    with access.everything(), transaction() as turn:
        link = find(token)
        if link is None:
            raise DeadLinkError
        _check_domain(values["email"], link.domain)
        # Before it is known whose address it is: the answer must not tell.
        _check_flood(turn, link.company_id)
        user = _on_the_list(link.company_id, values["email"])
        if user is None:
            request = JoinRequest(
                firm_link_id=link.id,
                language=language,
                created_at=turn.now,
                expires_at=turn.now + ANSWERED_WITHIN,
                **values,
                **tokens.sow(),
            )
            db.session.add(request)
            db.session.flush()
            letters.join_link(turn, request)
        elif user.active:
            letters.sign_in_link(turn, user)
            journal.record(turn, JournalVerb.SIGN_IN_LINK_REQUESTED, by=by, subject=user)


def find_request(token: str) -> JoinRequest | None:
    """What was typed by whoever answers a mail by `token`, while the firm's link is open too."""
    with access.everything():
        request = db.session.scalar(sa.select(JoinRequest).where(*_answerable(token, utcnow())))
        if request is None:
            return None
        known = _on_the_list(request.firm_link.company_id, request.email)
        if known is not None:
            return request if known.active else None
        return request if request.firm_link.state() == FirmLinkState.OPEN else None


def join(token: str, *, address: str | None) -> User:
    """Answer the mail: take a place and put the person on the company's list, without a seat; returns whom to sign in.

    Who came on the list in another way meanwhile takes no place.

    Raises:
        DeadLinkError: it was answered already, or came too late; or nobody can come in by the firm's link any more.
        Refused: `address_claimed`; nothing was taken.
    """
    with access.everything():
        found = find_request(token)
        if found is None:
            raise DeadLinkError
        with company_lock(found.firm_link.company_id) as turn:
            asked = _take(turn, token)
            user = _on_the_list(turn.company.id, asked["email"])
            if user is None:
                user = _enter(turn, asked, address)
            elif not user.active:
                raise DeadLinkError
            oneself.note_sign_in(turn, user, by=Actor.of(user, address), via="link")
        return user


def forget_unanswered() -> None:
    """Delete what was typed by those who never answered, once it counts against no flood any more."""
    with access.everything(), transaction() as turn:
        over = sa.select(JoinRequest.id).where(JoinRequest.expires_at < turn.now)
        for mail in db.session.scalars(_mails_of(over)):
            # Nobody has shown that it was theirs, and nobody can have it erased.
            mail.address = erased_address(0)
        db.session.flush()
        db.session.execute(
            sa.delete(JoinRequest).where(JoinRequest.expires_at < turn.now),
            execution_options={"synchronize_session": False},
        )


# --- Helpers ----------------------------------------------------------------------------------------------------------


def _mails_of(requests: Any) -> sa.Select[Any]:
    """The mails that asked those who came by a link to answer."""
    return sa.select(OutgoingMail).where(
        OutgoingMail.template == MailKind.JOIN_LINK,
        OutgoingMail.context["join_request"].as_integer().in_(requests),
    )


def _checked_domain(typed: str) -> str:
    domain = checks.domain(typed)
    if is_public(domain):
        raise Refused(
            Code.PUBLIC_DOMAIN,
            _(
                "Anybody can have an address of %(domain)s, so that the link would be open to everybody: add these people "
                "one by one. Nothing was changed.",
                domain=domain,
            ),
            fields=("domain",),
        )
    return domain


def _checked_day(turn: CompanyTurn, last_day: dt.date | None) -> dt.date:
    if last_day is None:
        raise Refused(Code.EMPTY, _("A mandatory field is empty. Nothing was changed."), fields=("last_day",))
    today = day_in(turn.company.zone, turn.now)
    if last_day < today:
        raise Refused(
            Code.PAST_DAY,
            _("A link cannot end in the past: choose today or a later day. Nothing was changed."),
            fields=("last_day",),
        )
    if last_day > today + dt.timedelta(days=MAX_DAYS):
        raise Refused(
            Code.FAR_DAY,
            _("A link works for a year at most: choose an earlier day. Nothing was changed."),
            fields=("last_day",),
        )
    return last_day


def _check_domain(email: str, domain: str) -> None:
    """A domain below it is another one: who runs `mail.acme.example` need not be Acme."""
    if domain_of(email) != domain_of(domain):
        raise Refused(
            Code.LINK_FOR_OTHERS,
            _(
                "This link is for addresses that end in @%(domain)s. Type yours of there, or ask an administrator of the "
                "company to add you.",
                domain=domain,
            ),
            fields=("email",),
        )


def _check_flood(turn: Turn, company_id: int) -> None:
    of_company = sa.select(FirmLink.id).where(FirmLink.company_id == company_id)
    unanswered = sa.select(sa.func.count(JoinRequest.id)).where(
        JoinRequest.firm_link_id.in_(of_company), JoinRequest.created_at > turn.now - dt.timedelta(days=1)
    )
    if (db.session.scalar(unanswered) or 0) >= MAX_UNANSWERED:
        raise Refused(
            Code.TOO_MANY,
            _(
                "Many people have asked for a message with this link today. Nothing was sent: try again tomorrow, or ask an "
                "administrator of the company to add you."
            ),
        )


def _on_the_list(company_id: int, email: str) -> User | None:
    on_it = sa.select(User).where(User.company_id == company_id, same_address(User.email, email))
    return db.session.scalar(on_it)


def _answerable(token: str, now: dt.datetime) -> list[sa.ColumnElement[bool]]:
    return [JoinRequest.token_hash == tokens.hash_of(token), JoinRequest.expires_at > now]


def _take(turn: Turn, token: str) -> Mapping[str, Any]:
    """What was typed, taken away: of two answers at once, one alone finds it."""
    columns = [
        JoinRequest.id,
        JoinRequest.firm_link_id,
        JoinRequest.language,
        *(getattr(JoinRequest, name) for name in TYPED),
    ]
    deletion = sa.delete(JoinRequest).where(*_answerable(token, turn.now))
    found = db.session.execute(deletion.returning(*columns), execution_options={"synchronize_session": False})
    taken = found.mappings().one_or_none()
    if taken is None:
        raise DeadLinkError
    return dict(taken)


def _enter(turn: CompanyTurn, asked: Mapping[str, Any], address: str | None) -> User:
    """Take a place of the link, and add the person."""
    link = db.session.get_one(FirmLink, asked["firm_link_id"])
    if link.state(turn.now) != FirmLinkState.OPEN:
        raise DeadLinkError
    link.used += 1
    person = {name: asked[name] for name in (*TYPED, "language")}
    user = User(company_id=turn.company.id, role=Role.MEMBER, created_at=turn.now, **person)
    db.session.add(user)
    db.session.flush()
    for mail in db.session.scalars(_mails_of([asked["id"]])):
        # Whose address it was is known by number from now on, also once they have another one.
        mail.context = mail.context | {"user": user.id}
    journal.record(
        turn,
        JournalVerb.PERSON_JOINED,
        by=Actor.of(user, address),
        subject=user,
        related={"firm_link": link.id},
        personal_after=edits.values_of(user, TYPED),
    )
    return user
