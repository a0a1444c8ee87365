"""What a role may do. A view declares its `Permission`; `can` says whether a person has it."""

from __future__ import annotations

import enum
from typing import Any

from models import Role


class Permission(enum.StrEnum):
    """What a person may do. A role is a set of these."""

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


def roles_with(permission: Permission) -> list[Role]:
    """The roles that hold a permission, to find people by."""
    return [role for role, held in ROLE_PERMISSIONS.items() if permission in held]


def can(user: Any, permission: Permission) -> bool:
    """Whether `user` (a `User` or an anonymous visitor) holds `permission`."""
    return bool(user.is_active and permission in ROLE_PERMISSIONS[Role(user.role)])
