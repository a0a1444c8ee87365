"""Suspending licences, and lifting that again: each cause by itself. Steps alone, for the rooms that have a cause."""

from __future__ import annotations

import sqlalchemy as sa

from models import License, LicenseStatus, Suspension, SuspensionReason, db
from services.foundation.transaction import CompanyTurn


def suspend(turn: CompanyTurn, license: License, reason: SuspensionReason, cause: str = "") -> None:
    """Keep a licence from being used; its holder stays. The same cause suspends once; what was revoked stays as it is.

    One that was removed stays so; should its removal be undone, it is suspended then.
    """
    if license.status == LicenseStatus.REVOKED or _open(license, reason, cause):
        return
    db.session.add(
        Suspension(
            company_id=license.company_id,
            license_id=license.id,
            reason=reason,
            cause=cause,
            started_at=turn.now,
        )
    )
    if license.status == LicenseStatus.ACTIVE:
        license.status = LicenseStatus.SUSPENDED
    db.session.flush()


def is_suspended(license: License) -> bool:
    """Whether any suspension runs, whatever else became of the licence."""
    return bool(_open(license))


def lift(turn: CompanyTurn, license: License, reason: SuspensionReason, cause: str = "") -> None:
    """End the suspension of that cause. The licence can be used again once no other one runs."""
    for suspension in _open(license, reason, cause):
        suspension.ended_at = turn.now
    db.session.flush()
    if license.status == LicenseStatus.SUSPENDED and not _open(license):
        license.status = LicenseStatus.ACTIVE
        db.session.flush()


def _open(license: License, reason: SuspensionReason | None = None, cause: str = "") -> list[Suspension]:
    """The suspensions that run: all, or those of one cause."""
    found = sa.select(Suspension).where(Suspension.license_id == license.id, Suspension.ended_at.is_(None))
    if reason is not None:
        found = found.where(Suspension.reason == reason, Suspension.cause == cause)
    return list(db.session.scalars(found))
