"""Fill an empty desk with demonstration data: a year of thirty customers, relative to today, with rows as the verbs write them."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from demo import catalogue
from demo.acme import acme, globex, out_of_the_ordinary
from demo.acts import Desk
from demo.customers import FIRMS
from demo.story import Story, firm
from models import Company, Conditions, Plan, Role, TaxRate, User, Vendor, db, utcnow
from services.foundation.transaction import transaction
from services.people import oneself, setup
from services.search import words

PASSWORD = "demo-trousseau"  # noqa: S105 - published on purpose
# Mail of the last hours waits for the worker: it is in the inbox once everything runs.
RECENT = dt.timedelta(hours=2)


def fill(*, everybody: bool = True) -> bool:
    """Add what the demonstration desk lacks; False when it is complete already.

    Args:
        everybody: Whether all thirty customers are there, or Acme and Globex alone, whose people sign in.

    Raises:
        RuntimeError: there are customers that are not the demonstration's.
    """
    if db.session.scalar(sa.select(User.id).where(User.email == "admin@globex.example")):
        return False
    if db.session.scalar(sa.select(Company.id).limit(1)):
        raise RuntimeError("This desk has customers already: remove the data and begin again.")
    password = oneself.hashed(PASSWORD)
    _sell(password)
    story = Story(Desk.of_the_database(sent_before=utcnow() - RECENT), password)
    acme(story)
    globex(story)
    if everybody:
        others = {spec.name: firm(story, spec, number) for number, spec in enumerate(FIRMS)}
        out_of_the_ordinary(story, others)
    story.play()
    words.gather()
    return True


def _sell(password: str) -> None:
    """Add the vendor, its support account, plans, conditions and taxes."""
    with transaction():
        if db.session.get(Vendor, 1) is None:
            db.session.add(catalogue.vendor())
            db.session.add(Conditions(text_fr=setup.CONDITIONS_FR, text_en=setup.CONDITIONS_EN))
        if db.session.scalar(sa.select(TaxRate.id).limit(1)) is None:
            db.session.add_all(setup.canadian_taxes())
        if db.session.scalar(sa.select(Plan.id).limit(1)) is None:
            db.session.add_all(catalogue.plans())
        if db.session.scalar(sa.select(User.id).where(User.role == Role.SUPPORT).limit(1)) is None:
            support = User(
                email="support@trousseau.example",
                first_name="Simone",
                last_name="Arsenault",
                role=Role.SUPPORT,
                password=password,
                confirmed_at=utcnow(),
            )
            db.session.add(support)
