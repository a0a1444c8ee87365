"""At least one active administrator always: of each company, and one account of the vendor's staff."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import sqlalchemy as sa
from flask_babel import gettext as _

from access import Actor, Permission, can
from models import Role, User, db
from services.foundation import operations
from services.foundation.errors import Code, Refused
from services.foundation.transaction import Turn, company_lock, transaction


@contextlib.contextmanager
def people_lock(company_id: int | None) -> Iterator[Turn]:
    """The company's lock; for the vendor's staff (None) a transaction that locks every staff account."""
    if company_id is not None:
        with company_lock(company_id) as turn:
            yield turn
        return
    with transaction() as turn:
        db.session.execute(
            # Always in the same order, so that two transactions cannot deadlock.
            sa.select(User.id).where(User.role == Role.SUPPORT).order_by(User.id).with_for_update()
        )
        yield turn


def check_actor(_turn: Turn, by: Actor) -> None:
    """Refuse (`access_ended`) somebody who was shut out or demoted while they waited for the lock: of two who shut each other
    out at once, one stays. A step.
    """
    actor = db.session.get(User, by.user_id) if by.user_id is not None else None
    if actor is not None and not (can(actor, Permission.MANAGE_USERS) or can(actor, Permission.SUPPORT)):
        raise operations.access_ended()


def check_not_erased(_turn: Turn, user: User) -> None:
    """Refuse (`erased_person`) whatever would make somebody of a person who was erased. A step."""
    if user.erased_at is not None:
        raise Refused(
            Code.ERASED_PERSON,
            _(
                "The personal information of this person was erased, and their account cannot be used again. Nothing was "
                "changed: add the person anew if they come back."
            ),
        )


def check_dispensable(_turn: Turn, user: User, by: Actor) -> None:
    """Refuse that one's own access, or the last active administrator or staff account, is taken away. A step.

    The turn is one of `people_lock`.

    Raises:
        Refused: `yourself` or `last_administrator`.
    """
    if user.role == Role.MEMBER or not user.active:
        return
    if user.id == by.user_id:
        raise Refused(
            Code.YOURSELF, _("You cannot take away your own access: ask a colleague. Nothing was changed.")
        )
    others = sa.exists().where(
        User.company_id == user.company_id if user.company_id else User.company_id.is_(None),
        User.role == user.role,
        User.active.is_(True),
        User.id != user.id,
    )
    if not db.session.scalar(sa.select(others)):
        raise Refused(
            Code.LAST_ADMINISTRATOR,
            _(
                "%(name)s is the last active administrator: name another one first. Nothing was changed.",
                name=user.name,
            ),
        )
