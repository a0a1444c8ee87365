"""Who may do what to which rows: what a role may do, who acts, and whose rows a request may touch.

Import its names from here: `from access import Actor, Permission`.
May import: `models`.
"""

from __future__ import annotations

from access.actors import SYSTEM, Actor, current_actor
from access.permissions import ROLE_PERMISSIONS, Permission, can, roles_with
from access.rows import (
    EVERYTHING,
    NOTHING,
    Scope,
    UnscopedStatement,
    current_scope,
    everything,
    install_query_hook,
    scope_of,
    scoped,
)
