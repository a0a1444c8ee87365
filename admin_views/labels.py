"""The words and the tone of every state and role that people read, and the choices of a filter: the one place.

A tone is one of `success`, `info`, `warning`, `danger`, `neutral`: a colour, never without the word.
"""

from __future__ import annotations

import enum
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from admin_views.lists.columns import ExportColumn
from models import Language, License, LicenseState, MailState, OrderState, Plan, Role, db, utcnow
from services.foundation.formats import current_language

# By type first: members of two StrEnums are equal when their values are.
LABELS: dict[type[enum.StrEnum], dict[Any, tuple[Any, str]]] = {
    LicenseState: {
        LicenseState.AVAILABLE: (_l("Available"), "neutral"),
        LicenseState.ASSIGNED: (_l("Assigned"), "info"),
        LicenseState.ACTIVATED: (_l("Activated"), "success"),
        LicenseState.SUSPENDED: (_l("Suspended"), "warning"),
        LicenseState.EXPIRED: (_l("Expired"), "danger"),
        LicenseState.REVOKED: (_l("Revoked"), "danger"),
    },
    OrderState: {
        OrderState.PENDING: (_l("Awaiting payment"), "warning"),
        OrderState.PROCESSING: (_l("Payment in progress"), "info"),
        OrderState.PAID: (_l("Paid"), "success"),
        OrderState.FAILED: (_l("Payment declined"), "danger"),
        OrderState.EXPIRED: (_l("Payment abandoned"), "neutral"),
        OrderState.CANCELLED: (_l("Cancelled"), "neutral"),
        OrderState.REFUNDED: (_l("Refunded"), "neutral"),
        OrderState.DISPUTED: (_l("Payment disputed"), "danger"),
    },
    Role: {
        Role.MEMBER: (_l("Standard user"), "neutral"),
        Role.ADMIN: (_l("Administrator"), "info"),
        Role.SUPPORT: (_l("Support"), "warning"),
    },
    MailState: {
        MailState.QUEUED: (_l("Queued"), "neutral"),
        MailState.SENDING: (_l("Being sent"), "info"),
        MailState.SENT: (_l("Sent"), "success"),
        MailState.FAILED: (_l("Not delivered"), "danger"),
        MailState.DROPPED: (_l("No longer needed"), "neutral"),
    },
    Language: {
        Language.FR: (_l("French"), "neutral"),
        Language.EN: (_l("English"), "neutral"),
    },
}


def label(member: enum.StrEnum) -> str:
    """What people read for a state, role or language."""
    return str(LABELS[type(member)][member][0])


def tone(member: enum.StrEnum) -> str:
    """The colour of a state's badge."""
    return LABELS[type(member)][member][1]


def options(kind: type[enum.StrEnum]) -> list[tuple[str, Any]]:
    """(value, label) pairs of an enum, for a select field or a filter."""
    return [(member.value, LABELS[kind][member][0]) for member in LABELS[kind]]


def plan_options() -> list[tuple[int, str]]:
    """(id, name) pairs of every plan, withdrawn ones included: they have licences too."""
    plans = db.session.scalars(sa.select(Plan).order_by(Plan.position, Plan.id))
    return [(plan.id, plan.name(current_language())) for plan in plans]


def license_state_export() -> ExportColumn:
    """The column of an export that says a licence's state in words, as lists do; SQL finds it, as of now."""
    now = utcnow()
    state = sa.case(*((License.where_state(state, now), state.value) for state in LicenseState))
    return ExportColumn(_l("State"), state, lambda value: label(LicenseState(value)))
