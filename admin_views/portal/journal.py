"""Journaux: what was done in the company, in sentences. Only read."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from access import Permission
from admin_views import labels
from admin_views.base import DeskModelView
from admin_views.journal.listed import CHANGES, HOLDER, WHAT, ToldRows, by_subject
from admin_views.journal.sentences import Reader
from admin_views.journal.words import TOLD_TO_CUSTOMERS
from admin_views.lists.columns import Column, Empty
from admin_views.lists.filters import by_member
from admin_views.portal import activity
from admin_views.portal.options import OPTIONS
from models import JournalEntry, JournalVerb, SubjectKind


def _told_verbs() -> list[tuple[str, str]]:
    return [(code, text) for code, text in labels.words(JournalVerb) if code in TOLD_TO_CUSTOMERS]


class Journal(ToldRows, DeskModelView):
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
        by_subject("license", _l("License"), SubjectKind.LICENSE),
        by_subject("order", _l("Order"), SubjectKind.ORDER),
    )
    export_columns = (HOLDER,)
    beside = ((_l("As of…"), "portal_as-of.index"),)
    empty = Empty(_l("Nothing happened yet."))

    def reader(self) -> Reader:
        return activity.reader()

    def scope(self, query: Any) -> Any:
        return super().scope(query).where(JournalEntry.verb.in_(TOLD_TO_CUSTOMERS))
