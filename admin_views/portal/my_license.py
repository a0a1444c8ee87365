"""Ma licence: what a person holds, until when and how to begin; who has none asks for one here."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.orm import joinedload
from wtforms import TextAreaField
from wtforms.validators import Length

import access
from access import Permission, current_actor
from admin_views import said
from admin_views.base import DeskPage
from admin_views.forms import DeskForm
from admin_views.lists.rows import narrow, one
from admin_views.portal.comparison import features
from admin_views.portal.own import own_company
from models import Assignment, License, LicenseRequest, LicenseState, RequestState, User, db, utcnow
from services import licenses
from services.licenses import requests
from services.text.formats import current_language

# To write to: more would help nobody choose.
NAMED = 5


class AskForm(DeskForm):
    word = TextAreaField(_l("Why do you need one?"), [Length(max=requests.MAX_WORD)])


@dataclasses.dataclass(frozen=True)
class Held:
    """A licence of one's own.

    Attributes:
        given_by: A colleague's name; None for the vendor's staff and the system, who have no name here.
    """

    license: License
    state: LicenseState
    given_by: str | None


class MyLicense(DeskPage):
    """A person's own licence: what they hold, until when, and how to begin; or the way to one."""

    title = _l("My license")
    slug = "my-license"
    icon = "person-badge"
    permission = Permission.OWN_LICENSES

    @expose("/")
    def index(self) -> ResponseReturnValue:
        return my_license_page(self)

    @expose("/activate/", methods=("POST",))
    def activate(self) -> ResponseReturnValue:
        """Begin to use a licence that one holds."""
        license = one(_own_licenses(), License, request.form.get("id", ""))
        if license is not None and _begin_use(license):
            flash(_("Your license is activated."), "success")
        else:
            flash(_("This license is not yours any more. Nothing was changed."), "danger")
        return redirect(url_for(".index"), 303)

    @expose("/ask/", methods=("POST",))
    def ask(self) -> ResponseReturnValue:
        """Ask the administrators for a licence."""
        form = AskForm()
        if not form.validate():
            return my_license_page(self, form), 422
        requests.ask(current_user, form.word.data or "", current_actor())
        said.done(
            _("Your request is on its way to your administrators. You will receive their answer by email.")
        )
        return redirect(url_for(".index"), 303)

    @expose("/withdraw/", methods=("POST",))
    def withdraw(self) -> ResponseReturnValue:
        """Take one's own request back."""
        own = narrow(sa.select(LicenseRequest), LicenseRequest)
        own = own.where(LicenseRequest.user_id == current_user.id)
        asked: LicenseRequest | None = one(own, LicenseRequest, request.form.get("id", ""))
        if asked is None:
            abort(404)
        requests.withdraw(asked, current_actor())
        said.done(_("Your request is withdrawn."))
        return redirect(url_for(".index"), 303)


def my_license_page(view: Any, form: AskForm | None = None) -> str:
    """The page of the signed-in person, which is home to whoever manages nothing."""
    now = utcnow()
    held = _held(now)
    company, covered = own_company(), any(one.license.is_live(now) for one in held)
    allowed = features([one.license.plan for one in held], current_language())
    page: str = view.render(
        "portal/my_license.html",
        held=held,
        features=allowed,
        company=company,
        covered=covered,
        managers=_managers(company.id),
        form=form or AskForm(),
        **({} if covered else _without_one()),
    )
    return page


def _begin_use(license: License) -> bool:
    """Activate it; False when it was taken back since it was read."""
    try:
        licenses.activate(license, current_actor())
    except LookupError:
        return False
    return True


def _own_licenses() -> sa.Select[Any]:
    """The licences that the signed-in person holds."""
    held = narrow(sa.select(License), License).where(License.user_id == current_user.id)
    return held.options(joinedload(License.plan)).order_by(License.valid_until.desc())


def _held(now: dt.datetime) -> list[Held]:
    found = db.session.scalars(_own_licenses()).all()
    if not found:
        return []
    givers = _names(
        sa.select(Assignment.license_id, Assignment.given_by_id).where(
            Assignment.license_id.in_([license.id for license in found]), Assignment.ended_at.is_(None)
        )
    )
    return [Held(license, license.state(now), givers.get(license.id)) for license in found]


def _names(statement: sa.Select[Any]) -> dict[int, str]:
    """The names of the colleagues in (key, id of a person) rows, by those keys: nobody else has a name here."""
    pairs = [(key, user_id) for key, user_id in db.session.execute(statement) if user_id is not None]
    ids = {user_id for _key, user_id in pairs}
    people = narrow(sa.select(User), User).where(User.id.in_(ids)) if ids else None
    names = {user.id: user.name for user in db.session.scalars(people)} if people is not None else {}
    return {key: names[user_id] for key, user_id in pairs if user_id in names}


def _managers(company_id: int) -> list[User]:
    """Some of the colleagues who may give licences."""
    roles = access.roles_with(Permission.MANAGE_USERS)
    found = narrow(sa.select(User), User).where(
        User.company_id == company_id, User.active, User.role.in_(roles), User.id != current_user.id
    )
    return list(db.session.scalars(found.order_by(User.sort_key, User.id).limit(NAMED)))


def _without_one() -> dict[str, Any]:
    """What whoever has no licence is told: what became of the last one, and of what they asked for."""
    last = db.session.scalar(
        narrow(sa.select(Assignment), Assignment)
        .where(Assignment.user_id == current_user.id, Assignment.ended_at.is_not(None))
        .options(joinedload(Assignment.license).joinedload(License.plan))
        .order_by(Assignment.id.desc())
        .limit(1)
    )
    asked = requests.latest_of(current_user.id)
    named = {"taken": last.taken_by_id if last else None, "answered": asked.answered_by_id if asked else None}
    people = [person for person in named.values() if person is not None]
    names = _names(sa.select(User.id, User.id).where(User.id.in_(people))) if people else {}
    return {
        "last": last,
        "taken_by": names.get(named["taken"] or 0),
        "asked": asked if asked and asked.state == RequestState.OPEN else None,
        "declined": asked if asked and asked.state == RequestState.DECLINED else None,
        "declined_by": names.get(named["answered"] or 0),
        "gives": access.can(current_user, Permission.MANAGE_USERS),
    }
