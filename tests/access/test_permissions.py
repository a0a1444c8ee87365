"""Which role holds which permission."""

from __future__ import annotations

import pytest

import access
from access import SYSTEM, Actor, Permission, Scope
from models import Role
from tests.factories import make_user

MAY = {
    Role.MEMBER: {Permission.OWN_LICENSES},
    Role.ADMIN: {
        Permission.OWN_LICENSES,
        Permission.MANAGE_USERS,
        Permission.PURCHASE,
        Permission.BILLING,
    },
    Role.SUPPORT: {Permission.SUPPORT},
}


class Visitor:
    is_authenticated = False
    is_active = False
    is_staff = True
    role = Role.SUPPORT
    company_id = 1


@pytest.mark.one_database
@pytest.mark.parametrize("permission", list(Permission))
def test_each_role_may_do_what_is_its_own_and_nothing_else(cast, permission):
    for user in (cast.bob, cast.alice, cast.sam):
        assert access.can(user, permission) == (permission in MAY[user.role]), user.role


@pytest.mark.one_database
@pytest.mark.parametrize("permission", list(Permission))
def test_a_visitor_and_somebody_who_was_deactivated_may_do_nothing(cast, permission):
    assert not access.can(Visitor(), permission)
    for role in (Role.MEMBER, Role.ADMIN):
        assert not access.can(make_user(cast.acme, role=role, active=False), permission)
    assert not access.can(make_user(None, active=False), permission)


@pytest.mark.one_database
def test_everybody_sees_their_own_company_staff_see_all_and_strangers_nothing(cast):
    assert access.scope_of(cast.alice) == access.scope_of(cast.bob) == Scope(company_id=cast.acme.id)
    assert access.scope_of(cast.sam) == Scope(everything=True)
    nothing = Scope(company_id=None, everything=False)
    assert access.scope_of(Visitor()) == access.scope_of(make_user(None, active=False)) == nothing
    assert access.scope_of(make_user(cast.acme, active=False)) == nothing


@pytest.mark.one_database
def test_a_scope_ends_with_its_block_and_is_nothing_before_one_is_set(app, cast):
    with access.scoped(Scope(company_id=1)):
        with access.everything():
            assert access.current_scope().everything
        assert access.current_scope() == Scope(company_id=1)
    with app.app_context():
        assert access.current_scope() == access.NOTHING


@pytest.mark.one_database
def test_an_actor_says_who_for_which_company_and_from_where(cast):
    assert Actor.of(cast.alice, "192.0.2.1") == Actor(cast.alice.id, cast.acme.id, False, "192.0.2.1")
    assert Actor.of(cast.sam) == Actor(cast.sam.id, None, True, None)
    assert (SYSTEM.user_id, SYSTEM.is_staff, SYSTEM.company_id) == (None, False, None)
