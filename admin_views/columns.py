"""The columns that several lists of both sites share."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from admin_views import labels
from admin_views.lists.cells import SHORT_KEY
from admin_views.lists.columns import ByLanguage, Column
from admin_views.lists.writers import MARK
from models import (
    ActorKind,
    License,
    LicenseState,
    LicenseStatus,
    User,
    name_of,
    state_of,
    utcnow,
)

# The class of the dot beside a state: its shape says the same as its colour.
_DOTS = {
    "neutral": "available",
    "info": "assigned",
    "success": "activated",
    "warning": "suspended",
    "danger": "expired",
}
# What a person is called by, for the kinds `person` and `holder`.
PERSON = (User.first_name, User.last_name, User.email)
# What the state of a licence depends on, beside the clock.
LICENSE_STATE = (
    License.status,
    License.usable_until,
    License.valid_until,
    License.user_id,
    License.activated_at,
)


def dot(member: enum.StrEnum) -> str:
    """The class of a state's dot."""
    return _DOTS[labels.tone(member)]


def state(name: str, heading: Any, **options: Any) -> Column:
    """A state: an enum of `labels.LABELS`."""
    return Column(name, heading, kind="state", words=labels.label, tone=dot, **options)


def license_state(
    status: LicenseStatus | None,
    usable_until: dt.datetime,
    valid_until: dt.datetime,
    user_id: int | None,
    activated_at: dt.datetime | None,
) -> LicenseState | None:
    """A licence's state of its columns, as `License.state`; None where there is no licence."""
    if status is None:
        return None
    now = utcnow()
    return state_of(
        status=status,
        usable=usable_until > now,
        in_term=valid_until > now,
        held=user_id is not None,
        activated=activated_at is not None,
    )


def license_state_column(**options: Any) -> Column:
    """The state of a licence, for lists in which there may be none too."""
    return state(
        "state",
        _l("State"),
        needs=LICENSE_STATE,
        value=license_state,
        in_sql=license_state_in_sql,
        width="c-8",
        **options,
    )


def last_day_column(**options: Any) -> Column:
    """The last day of a licence, and how far it is."""
    return Column("last_day", _l("Valid until"), License.last_day, kind="ends", width="c-14", **options)


def license_state_in_sql() -> sa.ColumnElement[LicenseState | None]:
    """As `license_state`, as of now, for files."""
    now = utcnow()
    states = sa.case(*((License.where_state(state, now), state.value) for state in LicenseState))
    return sa.type_coerce(states, sa.Enum(LicenseState, native_enum=False, values_callable=_codes))


def _codes(kind: type[enum.StrEnum]) -> list[str]:
    return [member.value for member in kind]


def is_available(*state: Any) -> bool:
    """As `License.is_assignable`, of `LICENSE_STATE`."""
    return license_state(*state) == LicenseState.AVAILABLE


def is_releasable(user_id: int | None, status: LicenseStatus) -> bool:
    """As `License.is_releasable`, of its columns."""
    return user_id is not None and status == LicenseStatus.ACTIVE


def who(kind: ActorKind, first: str | None, last: str | None, email: str | None) -> str:
    """As `labels.who`, of the columns of a person that may not be there."""
    if email is None:
        return labels.word(ActorKind, kind)
    return name_of(first, last, email)


def _license_namer(_language: str) -> Callable[[str | None, str | None, str | None, str], str]:
    before, _mark, after = _("license %(key)s", key=MARK).partition(MARK)

    def name(first: str | None, last: str | None, email: str | None, key: str) -> str:
        if email is not None:
            return name_of(first, last, email)
        return f"{before}{key[:SHORT_KEY]}…{after}"

    return name


# What a licence is called in a list: its holder's name; the beginning of its key where nobody holds it.
NAMED_LICENSE = ((*PERSON, License.key), ByLanguage(_license_namer))
