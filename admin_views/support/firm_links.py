"""Invitation links of customers: support makes and withdraws them by the same verbs."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_babel import lazy_gettext as _l

from admin_views.firm_links import FirmLinkForm, FirmLinkView
from admin_views.forms import REQUIRED
from admin_views.journal import timeline
from admin_views.lists.columns import Fact
from admin_views.pickers import PickerField
from admin_views.support import lookups
from admin_views.support.base import SupportView, company_column, company_link
from admin_views.support.journal import READER
from models import Company, FirmLink, SubjectKind


class NewFirmLinkForm(FirmLinkForm):
    company = PickerField(lookups.company_lookup(), _l("Customer"), [REQUIRED])


class FirmLinks(SupportView, FirmLinkView):
    columns = (
        FirmLinkView.columns[0],
        company_column(FirmLink.company_id, phone="line"),
        *FirmLinkView.columns[1:],
    )
    joins = (*FirmLinkView.joins, FirmLink.company)
    detail_columns = (Fact("company", _l("Customer"), link=company_link), *FirmLinkView.detail_columns)
    details_template = FirmLinkView.details_template
    filters = (lookups.of_company(FirmLink.company_id),)
    picked = {"company": lookups.company_lookup()}
    form_ajax_refs = picked
    form = NewFirmLinkForm

    def create_form(self, obj: Any = None) -> Any:
        form = super().create_form(obj)
        if request.method != "POST" and (company_id := request.args.get("company")):
            company = form.company.data = form.company.lookup.get_one(company_id)
            if company is not None:
                self.propose(form, company, company.billing_email)
        return form

    def company_of(self, form: FirmLinkForm) -> Company | None:
        found: Company | None = form.company.data
        return found

    def story(self, row: FirmLink) -> dict[str, Any]:
        return {
            "moments": timeline.about(SubjectKind.FIRM_LINK, row.id, READER),
            "journal_url": url_for("support_journal.index_view", company=row.company_id),
        }
