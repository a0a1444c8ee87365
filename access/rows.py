"""Whose rows: the scope of a request or command, and the query hook that narrows every ORM statement to it.

Until something sets a scope, nothing of any company is visible. The base views narrow the same statements again
(`admin_views/lists/rows.py`); each of the two layers works without the other.

The hook does not cover INSERT, Core statements (a bare `SELECT EXISTS (…)` is one) and rows that a wider scope left in
the session's identity map: there, verbs and composite foreign keys keep companies apart.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask import g, has_app_context
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from models import Company, StaffRow, TenantRow


@dataclasses.dataclass(frozen=True)
class Scope:
    """Whose rows are visible: one company's, everybody's (staff, commands), or nobody's."""

    company_id: int | None = None
    everything: bool = False


NOTHING = Scope()
EVERYTHING = Scope(everything=True)


def scope_of(user: Any) -> Scope:
    """The scope of `user`. An anonymous or deactivated person sees nothing of any company."""
    if not user.is_active:
        return NOTHING
    return EVERYTHING if user.is_staff else Scope(company_id=user.company_id)


def current_scope() -> Scope:
    """The scope of this request or command; nothing when none was set."""
    return g.get("scope", NOTHING) if has_app_context() else NOTHING


@contextlib.contextmanager
def scoped(scope: Scope) -> Iterator[None]:
    """Set what is visible inside the block: less, or, for commands, webhooks and sign-in, more."""
    before = g.get("scope", NOTHING)
    g.scope = scope
    try:
        yield
    finally:
        g.scope = before


def everything() -> contextlib.AbstractContextManager[None]:
    """Every row visible, for code that serves no single company: commands, the worker, Stripe's webhook, sign-in."""
    return scoped(EVERYTHING)


@functools.lru_cache(maxsize=1024)
def _criteria(scope: Scope) -> tuple[Any, ...]:
    """What narrows a statement to `scope`; to make it anew for each statement would take longer than many of them."""
    # Ids begin at 1: in nobody's scope no company and no row of one is found.
    company_id = 0 if scope.company_id is None else scope.company_id
    return (
        with_loader_criteria(TenantRow, lambda cls: cls.company_id == company_id, include_aliases=True),
        with_loader_criteria(Company, lambda cls: cls.id == company_id, include_aliases=True),
        with_loader_criteria(StaffRow, lambda _: sa.false(), include_aliases=True),
    )


class UnscopedStatement(RuntimeError):
    """Code that serves one company ran a statement that the query hook cannot narrow."""


def narrow_statement(state: ORMExecuteState) -> None:
    """Add the scope to an ORM statement, its relationship loads and its refreshes included."""
    scope = current_scope()
    if scope.everything or not (state.is_select or state.is_update or state.is_delete):
        return
    if state.is_update and state.is_executemany:
        # SQLAlchemy runs these by primary key alone and applies no criterion.
        raise UnscopedStatement("rows updated by their keys, many at once, cannot be narrowed to a company")
    if state.is_orm_statement:
        state.statement = state.statement.options(*_criteria(scope))


def install_query_hook() -> None:
    """Narrow every statement of every session in the process. Calling it again does nothing."""
    if not sa.event.contains(Session, "do_orm_execute", narrow_statement):
        sa.event.listen(Session, "do_orm_execute", narrow_statement)
