"""The rows that verbs lock before they decide: without that, two who edit at once would both decide on the old row.

What is a company's own is under its turn instead (`test_turns.py`). SQLite takes one writer at a time and knows no
`FOR UPDATE`, so the statements are read as they are written for PostgreSQL.
"""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from access import Actor
from models import MailState, OutgoingMail, db
from services.catalogue import plans, tax_rates, vendor
from services.foundation.transaction import transaction
from services.mail import letters, outbox
from services.people import accounts, oneself, setup

DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)
RATE = {
    "place": "CA-YT",
    "name_fr": "TPS",
    "name_en": "GST",
    "rate": 5000,
    "registration": "",
}


def edited(verbs, row, **changes):
    return {name: getattr(row, name) for name in verbs.EDITABLE} | changes


class Desk:
    """A desk where each verb has something to do."""

    def __init__(self, cast):
        self.cast, self.sam = cast, Actor.of(cast.sam)

    def rate(self):
        tomorrow = self.cast.vendor.today + DAY
        return tax_rates.add_rate(RATE | {"starts_on": tomorrow, "registration": "gst"}, by=self.sam)

    def price(self):
        return plans.set_price(self.cast.pro, 5, self.cast.vendor.today + DAY, by=self.sam)

    def mail(self, state=MailState.QUEUED):
        with transaction() as turn:
            mail = db.session.get_one(OutgoingMail, letters.password_link(turn, self.cast.bob))
            mail.state = state
            return mail

    def lease(self):
        self.mail()
        return outbox.OUTBOX.claim(MINUTE)


# Each verb as it is called, and the tables whose rows it has locked by the time it decides.
LOCKS = {
    "update_plan": (
        lambda desk: (plans.update_plan, desk.cast.pro, edited(plans, desk.cast.pro)),
        ["plans"],
    ),
    "set_price": (lambda desk: (plans.set_price, desk.cast.pro, 7, desk.cast.vendor.today), ["plans"]),
    "withdraw_price": (lambda desk: (plans.withdraw_price, desk.price()), ["plans"]),
    "update_rate": (
        lambda desk: (tax_rates.update_rate, rate := desk.rate(), edited(tax_rates, rate, rate=1)),
        ["tax_rates"],
    ),
    "withdraw_rate": (lambda desk: (tax_rates.withdraw_rate, desk.rate()), ["tax_rates"]),
    "update_vendor": (
        lambda desk: (vendor.update_vendor, edited(vendor, desk.cast.vendor, name="Boréale")),
        ["vendor"],
    ),
    "update_staff": (
        lambda desk: (accounts.update_person, desk.cast.sam, edited(accounts, desk.cast.sam, last_name="B")),
        ["users", "users"],
    ),
    "update_profile": (lambda desk: (oneself.change_profile, desk.cast.bob), ["users"]),
    "resend": (lambda desk: (outbox.resend, desk.mail(MailState.FAILED)), ["outgoing_mail"]),
    "claim": (lambda desk: (desk.mail() and outbox.OUTBOX.claim, MINUTE), ["outgoing_mail"]),
    "mark": (lambda desk: (outbox.OUTBOX.mark, desk.lease(), MailState.SENT), ["outgoing_mail"]),
    "add_vendor": (lambda desk: (in_a_turn, setup.add_vendor, "Boréal", "a@b.example"), ["vendor"]),
}
WITHOUT_ACTOR = {"claim", "mark", "add_vendor"}


def in_a_turn(step, *arguments):
    with transaction() as turn:
        step(turn, *arguments)


@pytest.fixture
def locked(scope):
    """The tables that were locked, in order, as PostgreSQL is asked to."""
    found = []

    def note(state):
        if state.is_select:
            words = str(state.statement.compile(dialect=postgresql.dialect()))
            if "FOR UPDATE" in words:
                found.append(re.search(r"FROM (\w+)", words)[1])

    sa.event.listen(Session, "do_orm_execute", note)
    yield found
    sa.event.remove(Session, "do_orm_execute", note)


@pytest.mark.parametrize("name", LOCKS)
def test_what_a_verb_decides_on_is_locked_first(cast, locked, name):
    call, tables = LOCKS[name]
    verb, *arguments = call(Desk(cast))
    options = {} if name in WITHOUT_ACTOR else {"by": Actor.of(cast.sam)}
    locked.clear()
    verb(*arguments, **options)
    assert locked == tables
