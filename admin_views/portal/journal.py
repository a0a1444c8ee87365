"""Journaux: what was done in the company, in sentences. Only read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_login import current_user

from access import Permission
from admin_views import labels
from admin_views.journal.listed import (
    CHANGES,
    DAYS,
    HOLDER,
    KINDS,
    SINCE,
    UNTIL,
    WHAT,
    ToldRows,
    by_subject,
    verbs_about,
)
from admin_views.journal.sentences import Reader
from admin_views.journal.words import TOLD_TO_CUSTOMERS
from admin_views.lists.columns import Column, Empty, ListFilter
from admin_views.lists.filters import by_member
from admin_views.pickers import people_lookup
from admin_views.portal import activity
from admin_views.portal.options import OPTIONS
from admin_views.typed import TypedFilters
from models import JournalEntry, JournalVerb, SubjectKind, utcnow
from services.foundation import operations


def _told_verbs() -> list[tuple[str, str]]:
    return [(code, text) for code, text in labels.words(JournalVerb) if code in TOLD_TO_CUSTOMERS]


PEOPLE = people_lookup("person")


def _kinds() -> list[tuple[str, str]]:
    return [(code, text) for code, text in labels.words(SubjectKind) if code in KINDS]


class Journal(ToldRows, TypedFilters):
    """The company's own journal, without what the vendor's staff alone look at."""

    model = JournalEntry
    permission = Permission.MANAGE_USERS
    title = _l("Logs")
    slug = "journal"
    menu_category = OPTIONS
    icon = "clock-history"
    lead = _l("Who did what in your company, and when.")
    columns = (
        Column("at", _l("When"), kind="moment"),
        WHAT,
        CHANGES,
    )
    filters = (
        by_member("verb", _l("What"), JournalEntry.verb, JournalVerb, _told_verbs),
        by_subject("person", _l("Person"), SubjectKind.USER),
        ListFilter(
            "kind",
            _l("About"),
            _kinds,
            lambda query, kind: query.where(JournalEntry.verb.in_(verbs_about(SubjectKind(kind)))),
        ),
        SINCE,
        UNTIL,
        by_subject("license", _l("License"), SubjectKind.LICENSE),
        by_subject("order", _l("Order"), SubjectKind.ORDER),
    )
    picked = {"person": PEOPLE}
    days = DAYS
    form_ajax_refs = picked
    export_columns = (HOLDER,)
    undoes = True
    beside = ((_l("As of…"), "portal_as-of.index"),)
    empty = Empty(_l("Nothing happened yet."))

    def reader(self) -> Reader:
        return activity.reader()

    def undoable(self) -> Mapping[str, int]:
        return operations.undoable(current_user.company_id, utcnow())

    def scope(self, query: Any) -> Any:
        return super().scope(query).where(JournalEntry.verb.in_(TOLD_TO_CUSTOMERS))
