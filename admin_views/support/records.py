"""What is only read: the journal, the outbox, and what Stripe told us."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from admin_views import labels
from admin_views.lists.columns import Column, ExportColumn, ListFilter, Search
from admin_views.support import lookups
from admin_views.support.base import SupportView, company_link, current_actor
from admin_views.support.changes import differences
from models import (
    Company,
    JournalEntry,
    JournalVerb,
    MailKind,
    MailState,
    OutgoingMail,
    StripeEvent,
    SubjectKind,
    User,
    db,
)
from services.foundation.errors import Refused
from services.mail import outbox, rendering

# The preview is somebody's mail: it may have its own styles, and run or fetch nothing.
PREVIEW_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox"
)

# --- Journal --------------------------------------------------------------------------------------------------------

_SUBJECT_PAGES = {
    "company": "support_customers.details_view",
    "user": "support_people.details_view",
    "license": "support_licenses.details_view",
    "order": "support_orders.details_view",
    "plan": "support_plans.details_view",
    "conditions": "support_conditions.details_view",
    "outgoing_mail": "support_mail.details_view",
}


def subject_text(row: JournalEntry) -> str:
    return _("%(kind)s no. %(id)s", kind=labels.subject_words(row.subject_type), id=row.subject_id)


def subject_link(row: JournalEntry) -> str | None:
    """The page of what the entry is about, where it has one."""
    endpoint = _SUBJECT_PAGES.get(row.subject_type)
    return url_for(endpoint, id=row.subject_id) if endpoint else None


def actor_text(row: JournalEntry) -> str:
    return row.actor.name if row.actor else _("The system")


def actor_link(row: JournalEntry) -> str | None:
    return url_for("support_people.details_view", id=row.actor_id) if row.actor_id else None


class Journal(SupportView):
    model = JournalEntry
    title = _l("Journal")
    slug = "journal"
    menu_category = _l("Records")
    columns = (
        Column(
            "at",
            _l("When"),
            kind="moment",
            link=lambda row: url_for("support_journal.details_view", id=row.id),
        ),
        Column("verb", _l("What"), value=lambda row: labels.verb_words(row.verb)),
        Column("subject", _l("About"), value=subject_text, link=subject_link),
        Column("actor", _l("Who"), value=actor_text, link=actor_link),
        Column("company", _l("Customer"), link=company_link),
    )
    detail_columns = (
        Column("at", _l("When"), kind="moment"),
        Column("subject", _l("About"), value=subject_text, link=subject_link),
        Column("actor", _l("Who"), value=actor_text, link=actor_link),
        Column("company", _l("Customer"), link=company_link),
        Column(
            "on_behalf_of",
            _l("On behalf of"),
            value=lambda row: row.company.name if row.on_behalf_of_id and row.company else None,
        ),
        Column("operation", _l("Operation"), kind="mono"),
    )
    column_relations = (JournalEntry.actor, JournalEntry.company)
    filters = (
        ListFilter(
            "verb",
            _l("What"),
            lambda: labels.words(JournalVerb),
            lambda query, code: query.where(JournalEntry.verb == code),
        ),
        ListFilter(
            "kind",
            _l("About"),
            lambda: labels.words(SubjectKind),
            lambda query, code: query.where(JournalEntry.subject_type == code),
        ),
        ListFilter(
            "subject",
            _l("Number"),
            None,
            lambda query, code: query.where(JournalEntry.subject_id == int(code)),
        ),
        ListFilter(
            "company",
            _l("Customer"),
            None,
            lambda query, code: query.where(JournalEntry.company_id == int(code)),
            lookups.company_name,
        ),
        ListFilter(
            "actor",
            _l("Who"),
            None,
            lambda query, code: query.where(JournalEntry.actor_id == int(code)),
            lookups.person_name,
        ),
    )
    # What an entry knows of a person stays apart here too: erasing it would not reach a file.
    export_columns = (
        ExportColumn(_l("When"), JournalEntry.at),
        ExportColumn(_l("What"), JournalEntry.verb, labels.verb_words),
        ExportColumn(_l("About"), JournalEntry.subject_type, labels.subject_words),
        ExportColumn(_l("Number"), JournalEntry.subject_id),
        ExportColumn(_l("Who"), User.email, lambda email: email or _("The system")),
        ExportColumn(_l("Customer"), Company.name),
        # Staff act for the customer whose journal it is.
        ExportColumn(_l("On behalf of"), sa.case((JournalEntry.on_behalf_of_id == Company.id, Company.name))),
        ExportColumn(_l("Operation"), JournalEntry.operation),
    )
    export_joins = (JournalEntry.actor, JournalEntry.company)
    picked = {"company": lookups.company_lookup(), "actor": lookups.person_lookup("actor")}
    form_ajax_refs = picked
    typed = ("subject",)
    can_view_details = True
    details_template = "support/entry.html"

    def details_context(self, row: JournalEntry) -> dict[str, Any]:
        personal = row.personal
        return {
            "changes": differences(row.before, row.after),
            "personal": differences(personal.before, personal.after) if personal else [],
            "address": personal.address if personal else None,
            "same_operation": db.session.scalars(
                sa.select(JournalEntry)
                .where(JournalEntry.operation == row.operation, JournalEntry.id != row.id)
                .order_by(JournalEntry.id)
                .limit(20)
            ).all(),
        }


# --- Outbox ---------------------------------------------------------------------------------------------------------


def recipient_text(row: OutgoingMail) -> str:
    return row.user.email if row.user else str(row.address)


def recipient_link(row: OutgoingMail) -> str | None:
    return url_for("support_people.details_view", id=row.user_id) if row.user_id else None


def template_text(row: OutgoingMail) -> str:
    return labels.mail_words(row.template)


class Mail(SupportView):
    model = OutgoingMail
    title = _l("Outgoing mail")
    slug = "mail"
    menu_category = _l("Records")
    columns = (
        Column(
            "created_at",
            _l("Queued on"),
            kind="moment",
            link=lambda row: url_for("support_mail.details_view", id=row.id),
        ),
        Column("template", _l("Mail"), value=template_text),
        Column("recipient", _l("Recipient"), value=recipient_text, link=recipient_link),
        Column("company", _l("Customer"), link=company_link),
        Column("state", _l("State"), kind="badge"),
        Column("attempts", _l("Attempts"), kind="number"),
        Column("sent_at", _l("Sent on"), kind="moment"),
    )
    detail_columns = (
        Column("recipient", _l("Recipient"), value=recipient_text, link=recipient_link),
        Column("company", _l("Customer"), link=company_link),
        Column("language", _l("Language"), value=lambda row: labels.label(row.language)),
        Column("state", _l("State"), kind="badge"),
        Column("created_at", _l("Queued on"), kind="moment"),
        Column("sent_at", _l("Sent on"), kind="moment"),
        Column("attempts", _l("Attempts"), kind="number"),
        Column(
            "last_error", _l("Why it was not sent"), value=lambda row: labels.mail_trouble(row.last_error)
        ),
        Column("message_id", _l("Message-ID"), kind="mono"),
    )
    column_relations = (OutgoingMail.user, OutgoingMail.company)
    search = (Search(User.email, exact=True, via=OutgoingMail.user_id),)
    filters = (
        ListFilter(
            "state",
            _l("State"),
            labels.options(MailState),
            lambda query, code: query.where(OutgoingMail.state == MailState(code)),
        ),
        ListFilter(
            "template",
            _l("Mail"),
            lambda: labels.words(MailKind),
            lambda query, code: query.where(OutgoingMail.template == code),
        ),
        ListFilter(
            "company",
            _l("Customer"),
            None,
            lambda query, code: query.where(OutgoingMail.company_id == int(code)),
            lookups.company_name,
        ),
        ListFilter(
            "person",
            _l("Recipient"),
            None,
            lambda query, code: query.where(OutgoingMail.user_id == int(code)),
            lookups.person_name,
        ),
    )
    export_columns = (
        ExportColumn(_l("Queued on"), OutgoingMail.created_at),
        ExportColumn(_l("Mail"), OutgoingMail.template, labels.mail_words),
        ExportColumn(_l("Recipient"), sa.func.coalesce(User.email, OutgoingMail.address)),
        ExportColumn(_l("State"), OutgoingMail.state, labels.label),
        ExportColumn(_l("Attempts"), OutgoingMail.attempts),
        ExportColumn(_l("Sent on"), OutgoingMail.sent_at),
        ExportColumn(_l("Why it was not sent"), OutgoingMail.last_error, labels.mail_trouble),
    )
    export_joins = (OutgoingMail.user,)
    picked = {"company": lookups.company_lookup()}
    form_ajax_refs = picked
    can_view_details = True
    details_template = "support/mail.html"

    @expose("/preview/")
    def preview(self) -> ResponseReturnValue:
        """The mail as its reader sees it, in a page that may run and fetch nothing."""
        row = self.row_or_404()
        answer = Response(rendering.render_preview(row).html, mimetype="text/html")
        answer.headers["Content-Security-Policy"] = PREVIEW_POLICY
        return answer

    def details_context(self, row: OutgoingMail) -> dict[str, Any]:
        try:
            return {"preview": rendering.render_preview(row), "trouble": None}
        except Refused as refused:
            return {"preview": None, "trouble": refused.sentence}

    @expose("/resend/", methods=("POST",))
    def resend(self) -> ResponseReturnValue:
        row = self.row_or_404(request.form.get("id", ""))
        row_id = row.id
        outbox.resend(row, current_actor())
        flash(_("The mail is in the queue again."), "success")
        return redirect(self.get_url(".details_view", id=row_id))


# --- Stripe ---------------------------------------------------------------------------------------------------------


class StripeEvents(SupportView):
    model = StripeEvent
    title = _l("Stripe events")
    slug = "stripe-events"
    menu_category = _l("Records")
    columns = (
        Column("received_at", _l("Received on"), kind="moment", sort=StripeEvent.received_at),
        Column("type", _l("Event"), kind="mono"),
        Column("object_id", _l("Object at Stripe"), kind="mono"),
        Column("livemode", _l("Live"), value=lambda row: _("Yes") if row.livemode else _("No")),
        Column("outcome", _l("Outcome"), value=lambda row: labels.outcome_words(row.outcome)),
        Column("handled_at", _l("Handled on"), kind="moment"),
    )
    search = (Search(StripeEvent.object_id),)
    filters = (
        ListFilter(
            "handled",
            _l("Handled"),
            lambda: [("no", _("No"))],
            lambda query, _code: query.where(StripeEvent.handled_at.is_(None)),
        ),
    )
    export_columns = (
        ExportColumn(_l("Received on"), StripeEvent.received_at),
        ExportColumn(_l("Event"), StripeEvent.type),
        ExportColumn(_l("Object at Stripe"), StripeEvent.object_id),
        ExportColumn(_l("Outcome"), StripeEvent.outcome),
        ExportColumn(_l("Handled on"), StripeEvent.handled_at),
    )
    default_order = ("received_at", True)
