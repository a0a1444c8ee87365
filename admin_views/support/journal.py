"""The journal of all customers and of the vendor: who did what to which rows. Only read."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from admin_views import labels
from admin_views.lists.columns import Column, ExportColumn, Fact
from admin_views.lists.filters import by_id, by_member
from admin_views.support import lookups
from admin_views.support.base import RecordView, company_column, company_link, person_column
from admin_views.support.changes import differences
from models import Company, JournalEntry, JournalVerb, SubjectKind, User, db

SAME_OPERATION = 20
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
    return subject_words(row.subject_type, row.subject_id)


def subject_words(kind: str, key: int) -> str:
    """What an entry is about, by its kind and number."""
    return _("%(kind)s no. %(id)s", kind=labels.subject_words(kind), id=key)


def subject_link(row: JournalEntry) -> str | None:
    """The page of what the entry is about, where it has one."""
    endpoint = _SUBJECT_PAGES.get(row.subject_type)
    return url_for(endpoint, id=row.subject_id) if endpoint else None


def actor_text(row: JournalEntry) -> str:
    return row.actor.name if row.actor else _("The system")


def actor_link(row: JournalEntry) -> str | None:
    return url_for("support_people.details_view", id=row.actor_id) if row.actor_id else None


class Journal(RecordView):
    model = JournalEntry
    title = _l("Journal")
    slug = "journal"
    columns = (
        Column("at", _l("When"), kind="moment", to=(".details_view", JournalEntry.id)),
        Column("verb", _l("What"), value=labels.verb_words, phone="line"),
        Column(
            "subject",
            _l("About"),
            (JournalEntry.subject_type, JournalEntry.subject_id),
            subject_words,
            phone="line",
        ),
        person_column("actor", _l("Who"), JournalEntry.actor_id, blank=_l("The system"), phone="line"),
        company_column(JournalEntry.company_id, phone="line"),
    )
    joins = (JournalEntry.actor, JournalEntry.company)
    detail_columns = (
        Fact("at", _l("When"), kind="moment"),
        Fact("subject", _l("About"), value=subject_text, link=subject_link),
        Fact("actor", _l("Who"), value=actor_text, link=actor_link),
        Fact("company", _l("Customer"), link=company_link),
        Fact(
            "on_behalf_of",
            _l("On behalf of"),
            value=lambda row: row.company.name if row.on_behalf_of_id else None,
        ),
        Fact("operation", _l("Operation"), kind="mono"),
    )
    column_relations = (JournalEntry.actor, JournalEntry.company)
    filters = (
        by_member("verb", _l("What"), JournalEntry.verb, JournalVerb, lambda: labels.words(JournalVerb)),
        by_member(
            "kind", _l("About"), JournalEntry.subject_type, SubjectKind, lambda: labels.words(SubjectKind)
        ),
        by_id("subject", _l("Number"), JournalEntry.subject_id),
        lookups.of_company(JournalEntry.company_id),
        by_id("actor", _l("Who"), JournalEntry.actor_id, describe=lookups.person_name),
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
                .limit(SAME_OPERATION)
            ).all(),
        }
