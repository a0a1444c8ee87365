"""Who asks for a licence, on both sites alike: the oldest first, each with their word, to be given one, declined or left to wait."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload
from wtforms import TextAreaField
from wtforms.validators import Length

from access import Permission, current_actor
from admin_views import said
from admin_views.forms import DeskForm
from admin_views.guard import DeskPage, local_url
from admin_views.lists.rows import narrow, one
from models import LicenseRequest, RequestState, User, db
from services.licenses import requests

# On the page; answering some brings the next.
SHOWN = 100


class DeclineForm(DeskForm):
    answer = TextAreaField(
        _l("A word to the person"),
        [Length(max=requests.MAX_WORD)],
        description=_l("They read it in the mail that tells them, and on their own page."),
    )


class Requests(DeskPage):
    """A subclass says where a person is given a licence."""

    title = _l("Requests for a license")
    slug = "requests"
    in_menu = False

    def person_url(self, user: User) -> str:
        """Where the person is given a licence, or can be read about."""
        raise NotImplementedError

    def narrowed(self, statement: sa.Select[Any]) -> sa.Select[Any]:
        """Those that the address asks for."""
        return statement

    def list_url(self) -> str:
        """Where one comes back to from a person's page, and from declining."""
        own: str = self.get_url(".index")
        return own

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Those that nobody has answered."""
        waiting = self.narrowed(_own().where(LicenseRequest.where_open())).order_by(LicenseRequest.id)
        found = db.session.scalars(waiting.limit(SHOWN + 1)).all()
        page: str = self.render("admin/requests.html", asking=found[:SHOWN], more=len(found) > SHOWN)
        return page

    @expose("/decline/", methods=("GET", "POST"))
    def decline(self) -> ResponseReturnValue:
        """Say no, with a word or without."""
        asked: LicenseRequest | None = one(_own(), LicenseRequest, request.args.get("id", ""))
        if asked is None:
            abort(404)
        back = local_url(request.values.get("url")) or self.list_url()
        if request.method == "GET" and asked.state != RequestState.OPEN:
            raise requests.answered(asked)
        form, name = DeclineForm(), asked.user.name
        if form.validate_on_submit():
            requests.decline(asked, form.answer.data or "", current_actor())
            said.done(
                _("The request of %(name)s is declined. An email is on its way to tell them.", name=name)
            )
            return redirect(back, 303)
        page = self.render("admin/request_decline.html", asked=asked, form=form, back=back)
        return page, 422 if request.method == "POST" else 200


def _own() -> sa.Select[Any]:
    """The requests that one may see, with who asks."""
    found = narrow(sa.select(LicenseRequest), LicenseRequest)
    return found.options(joinedload(LicenseRequest.user).joinedload(User.company))


class PortalRequests(Requests):
    permission = Permission.MANAGE_USERS

    def person_url(self, user: User) -> str:
        return url_for("portal_users.license", user_id=user.id, url=self.list_url())


class SupportRequests(Requests):
    """Of every customer; `?nobody=yes`: of those where nobody could answer."""

    permission = Permission.SUPPORT

    def narrowed(self, statement: sa.Select[Any]) -> sa.Select[Any]:
        alone = request.args.get("nobody") == "yes"
        return statement.where(requests.where_nobody_answers()) if alone else statement

    def person_url(self, user: User) -> str:
        return url_for("support_people.assign", id=user.id, url=self.list_url())
