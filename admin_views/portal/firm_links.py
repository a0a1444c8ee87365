"""Lien d’invitation: how colleagues come onto the company's list by themselves."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from access import Permission
from admin_views.firm_links import FirmLinkForm, FirmLinkView
from admin_views.journal import timeline
from admin_views.portal import activity
from admin_views.portal.own import own_company
from models import Company, FirmLink, SubjectKind


class FirmLinks(FirmLinkView):
    """The invitation links of the company."""

    permission = Permission.MANAGE_USERS
    beside = ((_l("User management"), "portal_users.index_view"),)

    def create_form(self, obj: Any = None) -> Any:
        form = super().create_form(obj)
        if request.method != "POST":
            self.propose(form, own_company(), current_user.email)
        return form

    def company_of(self, form: FirmLinkForm) -> Company:
        return own_company()

    def story(self, row: FirmLink) -> dict[str, Any]:
        moments = timeline.for_customers(SubjectKind.FIRM_LINK, row.id, activity.reader())
        return {"moments": moments, "journal_url": url_for("portal_journal.index_view")}
