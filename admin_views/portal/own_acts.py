"""*My activity*: what a person did, and what was done to their account and their licence. Everybody has their own."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_login import current_user

import access
from access import Permission
from admin_views.journal.listed import CHANGES, DAYS, SINCE, UNTIL, WHAT, ToldRows
from admin_views.journal.sentences import Reader
from admin_views.journal.words import TOLD_TO_CUSTOMERS
from admin_views.lists.columns import Column, Empty
from admin_views.portal import activity
from admin_views.typed import TypedFilters
from models import JournalEntry, SubjectKind
from services.foundation import journal


class OwnActs(ToldRows, TypedFilters):
    """The part of the company's journal that concerns the signed-in person."""

    model = JournalEntry
    permission = Permission.OWN_LICENSES
    title = _l("My activity")
    slug = "activity"
    in_menu = False
    has_export = False
    personal = True
    lead = _l("What you did, and what was done to your account and your license.")
    columns = (Column("at", _l("When"), kind="moment"), WHAT, CHANGES)
    filters = (SINCE, UNTIL)
    days = DAYS
    empty = Empty(_l("Nothing happened yet."))

    def reader(self) -> Reader:
        if access.can(current_user, Permission.MANAGE_USERS):
            return activity.reader()
        # Names lead to pages that this person may not open.
        return Reader(own=current_user.id)

    def scope(self, query: Any) -> Any:
        own = journal.concerns(SubjectKind.USER, current_user.id)
        return super().scope(query).where(own, JournalEntry.verb.in_(TOLD_TO_CUSTOMERS))
