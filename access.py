"""Who may do what, to which rows.

Three layers, each of which holds alone: `Permission` says what a role may do; `Scope` says whose rows a request
may touch, and the query hook narrows every ORM SELECT, UPDATE and DELETE to it; the base views fetch every row
through the same scope (`admin_views/base.py`). Until something sets a scope, nothing of any company is visible.

The hook does not cover INSERT, Core statements (a bare `SELECT EXISTS (…)` is one) or the identity map, where rows
stay readable that were loaded in a wider scope: verbs and the foreign keys do.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask import g, has_app_context, has_request_context, request
from flask_login import current_user
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from models import Company, Role, StaffRow, TenantRow, User


class Permission(enum.StrEnum):
    """What a person may do. Later, a company's own role groups will be sets of these."""

    OWN_LICENSES = "own_licenses"
    MANAGE_USERS = "manage_users"
    PURCHASE = "purchase"
    BILLING = "billing"
    SUPPORT = "support"


ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.MEMBER: frozenset({Permission.OWN_LICENSES}),
    Role.ADMIN: frozenset(
        {
            Permission.OWN_LICENSES,
            Permission.MANAGE_USERS,
            Permission.PURCHASE,
            Permission.BILLING,
        }
    ),
    Role.SUPPORT: frozenset({Permission.SUPPORT}),
}


def can(user: Any, permission: Permission) -> bool:
    """Whether `user` (a `User` or an anonymous visitor) holds `permission`."""
    return bool(user.is_authenticated and user.is_active and permission in ROLE_PERMISSIONS[Role(user.role)])


# --- Who acts -----------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Actor:
    """Who asks a verb to act. `user_id` None is the system itself; `address` is where the request came from."""

    user_id: int | None = None
    company_id: int | None = None
    is_staff: bool = False
    address: str | None = None

    @classmethod
    def of(cls, user: User, address: str | None = None) -> Actor:
        return cls(user.id, user.company_id, user.is_staff, address)


SYSTEM = Actor()


def current_actor() -> Actor:
    """The signed-in person, as the verbs want them."""
    return Actor.of(current_user, request.remote_addr if has_request_context() else None)


# --- Whose rows ---------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Scope:
    """Whose rows are visible: one company's, everybody's (staff, commands), or nobody's."""

    company_id: int | None = None
    everything: bool = False


NOTHING = Scope()
EVERYTHING = Scope(everything=True)


def scope_of(user: Any) -> Scope:
    """What `user` may see. An anonymous or deactivated person sees nothing of any company."""
    if not (user.is_authenticated and user.is_active):
        return NOTHING
    return EVERYTHING if user.is_staff else Scope(company_id=user.company_id)


def current_scope() -> Scope:
    """The scope of this request or command; nothing when none was set."""
    return g.get("scope", NOTHING) if has_app_context() else NOTHING


@contextlib.contextmanager
def scoped(scope: Scope) -> Iterator[None]:
    """Narrow (or, for commands, webhooks and sign-in, widen) what is visible inside the block."""
    before = g.get("scope", NOTHING)
    g.scope = scope
    try:
        yield
    finally:
        g.scope = before


def everything() -> contextlib.AbstractContextManager[None]:
    """For code that serves no one company: commands, the worker, Stripe's webhook, sign-in itself."""
    return scoped(EVERYTHING)


def _criteria(scope: Scope) -> list[Any]:
    company_id = scope.company_id
    if company_id is None:
        return [
            with_loader_criteria(TenantRow, lambda _: sa.false(), include_aliases=True),
            with_loader_criteria(Company, lambda _: sa.false(), include_aliases=True),
            with_loader_criteria(StaffRow, lambda _: sa.false(), include_aliases=True),
        ]
    return [
        with_loader_criteria(TenantRow, lambda cls: cls.company_id == company_id, include_aliases=True),
        with_loader_criteria(Company, lambda cls: cls.id == company_id, include_aliases=True),
        with_loader_criteria(StaffRow, lambda _: sa.false(), include_aliases=True),
    ]


class UnscopedStatement(RuntimeError):
    """Code that serves one company ran a statement that the query hook cannot narrow."""


def _narrow(state: ORMExecuteState) -> None:
    """Add the scope to an ORM statement, its relationship loads and its refreshes included."""
    scope = current_scope()
    if scope.everything or not (state.is_select or state.is_update or state.is_delete):
        return
    if state.is_update and state.is_executemany:
        # SQLAlchemy takes these by primary key alone and lets no criterion in.
        raise UnscopedStatement("rows updated by their keys, many at once, cannot be narrowed to a company")
    if state.is_orm_statement:
        state.statement = state.statement.options(*_criteria(scope))


def install_query_hook() -> None:
    """Narrow every statement of every session in the process, once."""
    if not sa.event.contains(Session, "do_orm_execute", _narrow):
        sa.event.listen(Session, "do_orm_execute", _narrow)
