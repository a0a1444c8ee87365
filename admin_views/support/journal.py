"""The journal of all customers and of the vendor: who did what to which rows. Only read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from admin_views import labels
from admin_views.journal.changes import differences
from admin_views.journal.listed import DAYS, HOLDER, SINCE, UNTIL, WHAT, ToldRows, by_subject
from admin_views.journal.names import concerned as names_in
from admin_views.journal.names import named
from admin_views.journal.sentences import Reader, page, part_of, sentence
from admin_views.lists.columns import Column, Fact
from admin_views.lists.filters import by_id, by_member
from admin_views.support import lookups
from admin_views.support.base import RecordView, company_column, company_link, person_column
from models import Company, JournalEntry, JournalSubject, JournalVerb, SubjectKind, db

SAME_OPERATION = 20


# Staff read everybody by name; names lead to their pages here.
READER = Reader(
    pages={
        SubjectKind.FIRM_LINK: page("support_invitation-links.details_view"),
        SubjectKind.COMPANY: page("support_customers.details_view"),
        SubjectKind.USER: page("support_people.details_view"),
        SubjectKind.LICENSE: page("support_licenses.details_view"),
        SubjectKind.ORDER: page("support_orders.details_view"),
        SubjectKind.PLAN: page("support_plans.details_view"),
        SubjectKind.OUTGOING_MAIL: page("support_mail.details_view"),
    }
)


def actor_text(row: JournalEntry) -> str:
    return row.actor.name if row.actor else _("The system")


def actor_link(row: JournalEntry) -> str | None:
    return url_for("support_people.details_view", id=row.actor_id) if row.actor_id else None


class Journal(ToldRows, RecordView):
    model = JournalEntry
    title = _l("Journal")
    slug = "journal"
    columns = (
        Column("at", _l("When"), kind="moment", to=(".details_view", JournalEntry.id)),
        WHAT,
        person_column("actor", _l("Who"), JournalEntry.actor_id, blank=_l("The system")),
        company_column(JournalEntry.company_id),
    )
    joins = (JournalEntry.actor, JournalEntry.company)
    detail_columns = (
        Fact("at", _l("When"), kind="moment"),
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
        by_subject("license", _l("License"), SubjectKind.LICENSE),
        by_subject("person", _l("Person"), SubjectKind.USER),
        by_subject("order", _l("Order"), SubjectKind.ORDER),
        SINCE,
        UNTIL,
        lookups.of_company(JournalEntry.company_id),
        by_id("actor", _l("Who"), JournalEntry.actor_id, describe=lookups.person_name),
    )
    # What an entry knows of a person stays apart here too: erasing it would not reach a file.
    export_columns = (
        Column("verb", _l("What"), value=labels.verb_words),
        Column("subject_type", _l("About"), value=labels.subject_words),
        Column("subject_id", _l("Number"), kind="number"),
        HOLDER,
        # Staff act for the customer whose journal it is.
        Column(
            "on_behalf_of",
            _l("On behalf of"),
            sa.case((JournalEntry.on_behalf_of_id == Company.id, Company.name)),
        ),
        Column("operation", _l("Operation"), kind="mono"),
    )
    picked = {
        "company": lookups.company_lookup(),
        "actor": lookups.person_lookup("actor"),
        "person": lookups.person_lookup("person"),
    }
    days = DAYS
    form_ajax_refs = picked
    can_view_details = True
    details_template = "support/entry.html"

    def reader(self) -> Reader:
        return READER

    def details_context(self, row: JournalEntry) -> dict[str, Any]:
        personal, concerned = row.personal, _concerned(row)
        same = _same_operation(row)
        names = named({*concerned, *(key for entry in (row, *same) for key in names_in(entry))})
        return {
            "said": READER.said(sentence(row, names, READER)),
            "changes": differences(row.before, row.after, names),
            "concerned": [
                (labels.subject_words(kind), *READER.linked(part_of(kind, row_id, names)))
                for kind, row_id in concerned
            ],
            "personal": differences(personal.before, personal.after) if personal else [],
            "address": personal.address if personal else None,
            "same_operation": [(entry.id, sentence(entry, names, READER)) for entry in same],
        }


def _concerned(row: JournalEntry) -> list[tuple[str, int]]:
    """(kind, id) of every row that the entry names or is found from."""
    own = {(row.subject_type, row.subject_id), *row.related.items()}
    subjects = sa.select(JournalSubject.kind, JournalSubject.row_id).where(JournalSubject.entry_id == row.id)
    return sorted(own | {(kind, row_id) for kind, row_id in db.session.execute(subjects)})


def _same_operation(row: JournalEntry) -> Sequence[JournalEntry]:
    others = sa.select(JournalEntry).where(JournalEntry.operation == row.operation, JournalEntry.id != row.id)
    return db.session.scalars(others.order_by(JournalEntry.id).limit(SAME_OPERATION)).all()
