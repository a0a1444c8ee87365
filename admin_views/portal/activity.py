"""The last things that happened in a company, as its home page tells them: in sentences, acts of one kind together."""

from __future__ import annotations

import zoneinfo

import sqlalchemy as sa
from flask_login import current_user

from admin_views.journal import timeline
from admin_views.journal.names import COLUMNS
from admin_views.journal.sentences import Reader, page
from models import JournalEntry, JournalVerb, SubjectKind, db

# What is told on the home page: what somebody would tell a colleague.
TOLD = (
    JournalVerb.ORDER_PLACED,
    JournalVerb.ORDER_FULFILLED,
    JournalVerb.ORDER_EXPIRED,
    JournalVerb.ORDER_CANCELLED,
    JournalVerb.PAYMENT_STARTED,
    JournalVerb.PAYMENT_FAILED,
    JournalVerb.PAYMENT_RETRIED,
    JournalVerb.LICENSE_ASSIGNED,
    JournalVerb.LICENSE_RELEASED,
    JournalVerb.LICENSE_REMOVED,
    JournalVerb.LICENSE_ACTIVATED,
    JournalVerb.PERSON_ADDED,
    JournalVerb.PERSON_ADDITION_UNDONE,
    JournalVerb.PERSON_JOINED,
    JournalVerb.PERSON_DEACTIVATED,
    JournalVerb.PERSON_REACTIVATED,
)
# Read to be told together; a group that reaches further back says « plus de ».
READ = 100

_PAGES = {
    SubjectKind.FIRM_LINK: page("portal_invitation-links.details_view"),
    SubjectKind.LICENSE: page("portal_licenses.details_view"),
    SubjectKind.USER: page("portal_users.license", argument="user_id"),
    SubjectKind.ORDER: page("portal_orders.show", lambda part: part.code, argument="reference"),
}


def reader() -> Reader:
    """The signed-in administrator: their own acts are told as « Vous », and names lead to pages of the portal."""
    return Reader(own=current_user.id, pages=_PAGES)


def recent(company_id: int, count: int, to: Reader, zone: zoneinfo.ZoneInfo) -> list[timeline.Moment]:
    """At most `count` of the last things worth telling, newest first, by the days of `zone`. Two statements."""
    found = db.session.execute(_LATEST, {"company": company_id}).all()
    return timeline.grouped(found[:READ], to, zone, count, more=len(found) > READ)


# Light rows: a hundred are read for eight lines.
_LATEST = (
    sa.select(*COLUMNS)
    .where(JournalEntry.company_id == sa.bindparam("company"), JournalEntry.verb.in_(TOLD))
    .order_by(JournalEntry.id.desc())
    .limit(READ + 1)
)
