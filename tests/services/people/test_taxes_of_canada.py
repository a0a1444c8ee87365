"""The rates that `flask setup` stores, by the day: a wrong one would be charged to every customer of a province."""

from __future__ import annotations

import datetime as dt

import pytest

from models import Vendor, db
from services.catalogue import taxes
from services.foundation.transaction import transaction
from services.people import setup

DAY = dt.timedelta(days=1)
# Canada Revenue Agency and Revenu Québec: (place, first day of the rates, (name, thousandths of a percent) from then on).
KNOWN = [
    *[(f"CA-{code}", "2008-01-01", [("GST", 5_000)]) for code in ("AB", "BC", "MB", "NT", "NU", "SK", "YT")],
    ("CA-QC", "2013-01-01", [("GST", 5_000), ("QST", 9_975)]),
    ("CA-ON", "2010-07-01", [("HST", 13_000)]),
    ("CA-NB", "2016-07-01", [("HST", 15_000)]),
    ("CA-NL", "2016-07-01", [("HST", 15_000)]),
    ("CA-PE", "2016-10-01", [("HST", 15_000)]),
    ("CA-NS", "2010-07-01", [("HST", 15_000)]),
    ("CA-NS", "2025-04-01", [("HST", 14_000)]),
]


@pytest.mark.one_database
def test_each_province_has_its_rates_from_their_first_day(scope):
    with transaction() as turn:
        setup.add_vendor(turn, "Boréal", "desk@boreal.example")
        setup.add_missing(turn)
        registered = db.session.get_one(Vendor, 1)
        registered.gst_number = registered.qst_number = "1"

    def on(place, day):
        return [(tax.name_en, tax.rate) for tax in taxes.taxes_on(100_000, place, day, registered)]

    for place, first, expected in KNOWN:
        day = dt.date.fromisoformat(first)
        assert [on(place, day), on(place, day + 60 * DAY)] == [expected, expected], place
        assert on(place, day - DAY) != expected, place
