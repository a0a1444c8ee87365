"""Whether a licence's key is good, for the vendor's product: it asks with the key alone, and learns nothing of people."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import re

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from models import KEY_ALPHABET, License, LicenseState, Plan, db, state_of

# Five groups of five: `7KQ2M-9XW4P-…`.
LENGTH, GROUP = 25, 5
# What people read in the place of a figure (Crockford, Base 32, "Decoding").
_MISREAD = str.maketrans("OIL", "011")
_KEY = re.compile(f"[{KEY_ALPHABET}]{{{LENGTH}}}")
# One that was brought over: what can be typed on any keyboard, as long as the column.
_BROUGHT = re.compile("[!-~](?:[ -~]{2,38})[!-~]")
# A key that none is: what cannot be one asks the database all the same, so that the time of an answer tells nothing.
_NONE = ""


class Verdict(enum.StrEnum):
    """What a key is worth. `Verdict.valid` are those with which the product works."""

    ACTIVE = "active"
    IN_GRACE = "in_grace"
    UNASSIGNED = "unassigned"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    REMOVED = "removed"
    REVOKED = "revoked"
    UNKNOWN = "unknown"

    @property
    def is_valid(self) -> bool:
        return self in {Verdict.ACTIVE, Verdict.IN_GRACE}


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the product is told.

    Attributes:
        plan, limits, devices: Of the plan; the rows of `Plan.limits`. None and empty of an unknown key.
        last_day: The last day of the licence, where it was bought.
        usable_until: The instant from which the key is no longer good, grace included.
    """

    verdict: Verdict
    plan: str | None = None
    limits: tuple[dict[str, str], ...] = ()
    devices: int | None = None
    last_day: dt.date | None = None
    usable_until: dt.datetime | None = None


_FOUND = (
    sa.select(License.status, License.user_id, License.last_day)
    .add_columns(License.valid_until, License.usable_until)
    .add_columns(Plan.code, Plan.limits, Plan.devices_per_license)
    .join(Plan, Plan.id == License.plan_id)
    .where(License.key.in_([sa.bindparam(name) for name in ("key", "upper", "lower")]))
)


def as_written(text: str) -> str:
    """`7kq2m 9xw4p…`, with or without hyphens, in any case, O for 0 → the key as it is stored; empty for what is none.

    A key of before the desk has any shape (`services/bases`): it is what was typed, with single spaces in it.
    """
    letters = re.sub(r"[\s\-‐-―−]", "", text[:200]).upper().translate(_MISREAD)
    if _KEY.fullmatch(letters) is not None:
        return "-".join(letters[at : at + GROUP] for at in range(0, LENGTH, GROUP))
    brought = " ".join(text[:200].split())
    return brought if _BROUGHT.fullmatch(brought) else _NONE


def spellings(key: str) -> dict[str, str]:
    """How a key that `as_written` gave may be stored: whoever copies one by hand does not mind its case."""
    return {"key": key, "upper": key.upper(), "lower": key.lower()}


def check(text: str, now: dt.datetime) -> Answer:
    """What the key that `text` spells is worth at `now`. One statement, whether there is such a key or not.

    It is nobody's question, so no scope narrows it, and it needs no session: that would cost more than the statement.
    """
    with db.engine.connect() as connection:
        row = connection.execute(_FOUND, spellings(as_written(text))).first()
    if row is None:
        return Answer(Verdict.UNKNOWN)
    return Answer(
        _verdict(row, now),
        row.code,
        tuple(row.limits),
        row.devices_per_license,
        row.last_day,
        row.usable_until,
    )


def _verdict(row: sa.Row[tuple[object, ...]], now: dt.datetime) -> Verdict:
    """By the rule that says every licence's state; whoever holds it asks with it, activated or not."""
    state = state_of(
        status=row.status,
        usable=row.usable_until > now,
        in_term=row.valid_until > now,
        held=row.user_id is not None,
        activated=True,
    )
    if state == LicenseState.GRACE and row.user_id is None:
        return Verdict.UNASSIGNED
    return _VERDICTS[state]


_VERDICTS = {
    LicenseState.ACTIVATED: Verdict.ACTIVE,
    LicenseState.GRACE: Verdict.IN_GRACE,
    LicenseState.EXPIRED: Verdict.EXPIRED,
    LicenseState.SUSPENDED: Verdict.SUSPENDED,
    LicenseState.AVAILABLE: Verdict.UNASSIGNED,
    LicenseState.REMOVED: Verdict.REMOVED,
    LicenseState.REVOKED: Verdict.REVOKED,
}


# Written once, said in the reader's language: of eight sentences an answer has one.
_SENTENCES = {
    Verdict.ACTIVE: _l("This license is valid."),
    Verdict.IN_GRACE: _l(
        "This license has ended and works a few days more: ask your administrator to renew it."
    ),
    Verdict.UNASSIGNED: _l("This license is assigned to nobody: ask your administrator."),
    Verdict.SUSPENDED: _l("This license is suspended while a payment is contested: ask your administrator."),
    Verdict.EXPIRED: _l("This license has expired: ask your administrator."),
    Verdict.REMOVED: _l("This license was removed from the account of your company: ask your administrator."),
    Verdict.REVOKED: _l("This license has been revoked: ask your administrator."),
    Verdict.UNKNOWN: _l("No license has this key: check how it is written."),
}


def sentence(verdict: Verdict) -> str:
    """What the product may show to whoever uses it."""
    return str(_SENTENCES[verdict])
