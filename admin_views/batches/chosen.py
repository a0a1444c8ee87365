"""The actions of a list that are done to many rows at once: each makes a batch of what is chosen and leads to its page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin.actions import action
from flask_babel import lazy_gettext as _l

from access import current_actor
from admin_views.base import DeskModelView
from admin_views.columns import license_state
from admin_views.guard import local_url
from models import BatchKind, License, LicenseState, LicenseStatus, User
from services.batches import choosing

# Which of what is chosen an action is for, of the columns of a list: the others are left by the batch, and named.
HELD = (License.user_id, License.status, License.usable_until, License.valid_until, License.activated_at)
_HELD_STATES = (LicenseState.ASSIGNED, LicenseState.ACTIVATED)
_GIVING_WAY = (None, LicenseState.GRACE, LicenseState.EXPIRED)


def _state(user_id: int | None, status: LicenseStatus | None, *rest: Any) -> LicenseState | None:
    usable_until, valid_until, activated_at = rest
    return license_state(status, usable_until, valid_until, user_id, activated_at)


def is_moved(*held: Any) -> bool:
    """Whether another plan or another person may take over, of `HELD`."""
    return _state(*held) in _HELD_STATES


def is_taken_back(user_id: int | None, status: LicenseStatus | None, *_rest: Any) -> bool:
    """As `License.is_releasable`, of `HELD`."""
    return user_id is not None and status == LicenseStatus.ACTIVE


def is_waiting(*held: Any) -> bool:
    """Whether its holder has not activated it, of `HELD`."""
    return _state(*held) == LicenseState.ASSIGNED


def _lacks(active: bool, *held: Any) -> bool:
    return active and _state(*held) in _GIVING_WAY


# What a list of licences, and one of people with what each holds, says of its rows.
LICENSE_ACTS = {
    "change": (HELD, is_moved),
    "release": (HELD, is_taken_back),
    "transfer": (HELD, is_moved),
    "resend": (HELD, is_waiting),
}
PEOPLE_ACTS = {
    "assign": ((User.active, *HELD), _lacks),
    **LICENSE_ACTS,
    "deactivate": (User.active, bool),
}


class ManyLicenses(DeskModelView):
    """A list of licences, or of people who hold some, with what is done to many of them."""

    bulk = LICENSE_ACTS
    every = of_many = tuple(LICENSE_ACTS)

    def allowed_actions(self) -> list[tuple[str, Any]]:
        """In the order in which they are declared: the first is what most people come for."""
        order = list(self.bulk)
        return sorted(super().allowed_actions(), key=lambda named: order.index(named[0]))

    @action("change", _l("Change license"))
    def action_change(self, keys: Sequence[int]) -> ResponseReturnValue:
        return self.begin(BatchKind.CHANGE, keys)

    @action("release", _l("Release"))
    def action_release(self, keys: Sequence[int]) -> ResponseReturnValue:
        return self.begin(BatchKind.RELEASE, keys)

    @action("transfer", _l("Transfer"))
    def action_transfer(self, keys: Sequence[int]) -> ResponseReturnValue:
        return self.begin(BatchKind.TRANSFER, keys)

    @action("resend", _l("Send the activation again"))
    def action_resend(self, keys: Sequence[int]) -> ResponseReturnValue:
        return self.begin(BatchKind.RESEND, keys)

    def begin(self, kind: BatchKind, keys: Sequence[int]) -> ResponseReturnValue:
        """Make the batch, of every customer its own, and show the page that asks how the rows are to be treated."""
        choose = choosing.of_people if self.model is User else choosing.of_licenses
        together = choose(kind, keys, current_actor())
        site = (request.blueprint or "").partition("_")[0]
        back = local_url(request.form.get("url"))
        return redirect(url_for(f"{site}_batches.show", together=together, url=back), 303)


class ManyPeople(ManyLicenses):
    """A list of people, with what is done to many of them and to what they hold."""

    bulk = PEOPLE_ACTS
    every = of_many = tuple(PEOPLE_ACTS)

    @action("assign", _l("Assign"))
    def action_assign(self, keys: Sequence[int]) -> ResponseReturnValue:
        return self.begin(BatchKind.ASSIGN, keys)

    @action("deactivate", _l("Deactivate"))
    def action_deactivate(self, keys: Sequence[int]) -> ResponseReturnValue:
        return self.begin(BatchKind.DEACTIVATE, keys)
