"""What both sites offer of what is personal of somebody: having it put together, and erasing it for good."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask import Response, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from access import current_actor
from admin_views.edited import EditedView
from admin_views.forms import REQUIRED, DeskForm
from models import License, User, db, utcnow
from services.forms.fields import SoughtEmailField
from services.foundation.errors import Code, Refused
from services.privacy import erasure, known
from services.privacy.personal import PARTS


class EraseForm(DeskForm):
    """The address of whoever is erased, typed by whoever erases them: it cannot be put back."""

    email = SoughtEmailField(_l("Their email, to confirm"), [REQUIRED])


class PersonalView(EditedView):
    """A table view of people, of whom what is personal can be told and erased."""

    model = User

    def person_url(self, row: User) -> str:
        """The page of a person, where every act on them begins and ends."""
        raise NotImplementedError

    @expose("/known/", methods=("GET", "POST"))
    def known(self) -> ResponseReturnValue:
        """What the desk knows of the person: asked for on a page, answered as a page or a file, which stands in the journal."""
        row: User = self.row_or_404(request.args.get("id", ""))
        page, row_id, name = self.person_url(row), row.id, row.name
        if request.method != "POST":
            return self.render("admin/known.html", row=row, back_url=page)
        form = known.asked_form(request.form.get("form"))
        parts = known.put_together(row, form, by=current_actor())
        if form is known.Form.JSON:
            file, headers = known.file_of(row_id, parts)
            return Response(file, mimetype="application/json", headers=headers)
        back = (name, page)
        return self.render("known.html", name=name, parts=parts, made_at=utcnow(), back=back)

    @expose("/erase/", methods=("GET", "POST"))
    def erase(self) -> ResponseReturnValue:
        """Say what is erased, what stays and why; then erase it."""
        row: User = self.row_or_404(request.args.get("id", ""))
        page, form = self.person_url(row), EraseForm()
        if row.erased_at is not None:
            return redirect(page)
        if form.validate_on_submit() and _erased(row, form):
            flash(_("The personal information is erased, for good."), "success")
            return redirect(page, 303)
        status = 422 if request.method == "POST" else 200
        told = {
            "held": held_live(row),
            "erased": [part.erased for part in PARTS if part.erased],
            "stays": [*erasure.stays_elsewhere(row), *(part.stays for part in PARTS if part.stays)],
        }
        return self.render("admin/erase.html", row=row, form=form, back_url=page, **told), status


def _erased(row: User, form: EraseForm) -> bool:
    try:
        erasure.erase(row, form.email.data or "", by=current_actor())
    except Refused as refused:
        if refused.code != Code.NOT_CONFIRMED:
            raise
        db.session.rollback()
        form.email.errors = [refused.sentence]
        return False
    return True


def held_live(row: User) -> Sequence[License]:
    """What the person holds and can use, or could if it were not suspended."""
    live = License.user_id == row.id, License.where_live(utcnow())
    held = sa.select(License).where(*live).options(joinedload(License.plan))
    return db.session.scalars(held.order_by(License.id)).all()
