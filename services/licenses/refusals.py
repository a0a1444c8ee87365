"""The refusals of giving and taking back, each with the sentence that a person reads."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _

from models import License, LicenseState, Plan, User
from services.foundation.errors import Code, Refused
from services.text.formats import current_language


def suspended() -> Refused:
    """A payment is contested."""
    return Refused(
        Code.SUSPENDED,
        _("This license is suspended while a payment is contested. Nothing was changed: write to support."),
    )


def holder_changed(holder: User | None) -> Refused:
    """Somebody else holds it than whom the page said, or nobody does."""
    if holder is None:
        sentence = _("Nobody holds this license any more. Nothing was changed: look again.")
    else:
        sentence = _(
            "%(name)s holds this license by now, not whom you saw. Nothing was changed: look again.",
            name=holder.name,
        )
    return Refused(Code.HOLDER_CHANGED, sentence)


def inactive(person: User) -> Refused:
    """Nothing is given to somebody who was shut out."""
    return Refused(
        Code.INACTIVE_PERSON,
        _(
            "%(name)s has been deactivated and cannot receive a license. Nothing was changed.",
            name=person.name,
        ),
    )


def in_the_way(person: User, held: License | None, now: dt.datetime) -> Refused | None:
    """Why somebody cannot get a licence beside `held`, their one of its product; None where they can, in its place or without."""
    if held is None or held.gives_way(now):
        return None
    if held.state(now) == LicenseState.SUSPENDED:
        return suspended()
    return Refused(
        Code.HOLDS_OTHER,
        _(
            "%(name)s already holds a license of the %(plan)s plan. Nothing was changed: release that one first.",
            name=person.name,
            plan=held.plan.name(current_language()),
        ),
    )


def no_free_license(plan: Plan) -> Refused:
    """Nothing of the plan is left to give."""
    return Refused(
        Code.NO_FREE_LICENSE,
        _(
            "No %(plan)s license is available: the last one may just have been assigned by somebody else. "
            "Nothing was changed. Release one, or buy more under License management and purchases.",
            plan=plan.name(current_language()),
        ),
    )


def not_assignable(license: License, now: dt.datetime) -> Refused:
    """Why the licence cannot be given to anybody."""
    state = license.state(now)
    if state == LicenseState.SUSPENDED:
        return suspended()
    sentences = {
        LicenseState.EXPIRED: _(
            "This license has expired. Nothing was changed: choose another one or buy more."
        ),
        LicenseState.GRACE: _(
            "The last day of this license is over. Nothing was changed: choose another one or buy more."
        ),
        LicenseState.REMOVED: _(
            "This license was removed from the account. Nothing was changed: choose another one."
        ),
        LicenseState.REVOKED: _("This license has been revoked. Nothing was changed: choose another one."),
    }
    taken = _("Somebody else holds this license by now. Nothing was changed: choose another one.")
    return Refused(Code.NOT_ASSIGNABLE, sentences.get(state, taken))
