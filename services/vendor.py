"""Who sells: the vendor's single row, and the conditions in force."""

from __future__ import annotations

import sqlalchemy as sa

from models import DEFAULT_TIME_ZONE, Conditions, Vendor, db


def current() -> Vendor:
    """The vendor. An unsaved, empty one before `flask setup` has been run: pages must still open."""
    return db.session.get(Vendor, 1) or nobody()


def nobody() -> Vendor:
    """Nobody yet: unsaved and empty, for pages that must open all the same."""
    blank = {
        "name": "",
        "legal_name": "",
        "address": "",
        "gst_number": "",
        "qst_number": "",
        "support_email": "",
    }
    return Vendor(
        id=1,
        color="#1f5fbf",
        time_zone=DEFAULT_TIME_ZONE,
        revision=0,
        install_url_fr="",
        install_url_en="",
        **blank,
    )


def current_conditions() -> Conditions | None:
    """The latest published conditions of sale, which a buyer accepts."""
    return db.session.scalar(sa.select(Conditions).order_by(Conditions.id.desc()).limit(1))
