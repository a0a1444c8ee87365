"""The refusals of giving and taking back, each with the sentence that a person reads."""

from __future__ import annotations

import datetime as dt

from flask_babel import gettext as _

from models import License, LicenseState, User
from services.foundation.errors import Code, Refused


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
