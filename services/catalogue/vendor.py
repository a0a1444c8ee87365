"""Who sells: the vendor's single row, and the conditions in force."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from PIL import Image

from access import Actor
from models import DEFAULT_COLOR, DEFAULT_TIME_ZONE, MAX_GRACE_DAYS, Conditions, JournalVerb, Vendor, db
from services.catalogue import examples
from services.foundation import checks, edits, journal
from services.foundation.errors import Code, Refused
from services.foundation.transaction import transaction
from services.text import formats

EDITABLE = edits.Sheet(
    names=(
        "name",
        "legal_name",
        "address",
        "gst_number",
        "qst_number",
        "charges_no_tax",
        "support_email",
        "install_url_fr",
        "install_url_en",
        "color",
        "time_zone",
        "grace_days",
    ),
    added=JournalVerb.VENDOR_ADDED,
    changed=JournalVerb.VENDOR_CHANGED,
)
MAX_LOGO_BYTES = 200_000
# Pixels: four times what the sharpest screen shows of it.
MAX_LOGO_SIDE = 2_000
LOGO_FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
# Canada Revenue Agency, business number with its program account; Revenu Québec, identification number and file.
_GST = re.compile(r"([0-9]{9})\s*(RT[0-9]{4})", re.ASCII)
_QST = re.compile(r"([0-9]{10})\s*(TQ[0-9]{4})", re.ASCII)


def current() -> Vendor:
    """The vendor, read once per session. An unsaved, empty one before `flask setup` has been run."""
    row = db.session.get(Vendor, 1)
    remember(row)
    return row or nobody()


def remember(row: Vendor | None) -> None:
    """Keep the row for the several calls of a page: the session's own references are weak."""
    db.session.info["vendor"] = row


def nobody() -> Vendor:
    """An unsaved, empty vendor, for pages that must open without one."""
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
        color=DEFAULT_COLOR,
        time_zone=DEFAULT_TIME_ZONE,
        revision=0,
        grace_days=0,
        granted_days=0,
        charges_no_tax=False,
        install_url_fr="",
        install_url_en="",
        **blank,
    )


def current_conditions() -> Conditions | None:
    """The latest published conditions of sale, which a buyer accepts."""
    return db.session.scalar(sa.select(Conditions).order_by(Conditions.id.desc()).limit(1))


# --- Verbs --------------------------------------------------------------------------------------------------------


def update_vendor(
    values: Mapping[str, Any],
    *,
    by: Actor,
    logo: bytes | None = None,
    remove_logo: bool = False,
    seen: str | None = None,
    confirmed: str | None = None,
) -> Vendor:
    """Change the vendor's identity. Orders keep the name, address and numbers of the day they were placed.

    Args:
        values: The columns of `EDITABLE`.
        logo: The bytes of a new one: PNG, JPEG or WebP, at most 200 kB and 2,000 pixels a side.
        confirmed: As in `examples.asked_first`; tax numbers that change are asked about.

    Raises:
        Refused: `empty`, `too_long`, `bad_address`, `bad_url`, `bad_color`, `bad_number`, `bad_logo`,
            `unknown_time_zone`, `changed_meanwhile` or `not_confirmed`.
    """
    checked = _checked(values)
    logo_type = _logo_type(logo) if logo else None
    with transaction() as turn:
        row = db.session.get(Vendor, 1, with_for_update=True)
        if row is None:
            row = nobody()
            db.session.add(row)
        EDITABLE.check_seen(row, seen)
        change = _change(row, checked, confirmed)
        if logo or remove_logo:
            change.after["logo"], row.logo, row.logo_type = logo_type, logo, logo_type
        if change:
            row.revision += 1
            EDITABLE.record(turn, row, change, EDITABLE.changed, by=by)
        return row


def version_of(conditions: Conditions | None) -> str:
    """The number of a version, as a form sends it back."""
    return str(conditions.id) if conditions else ""


def publish_conditions(text_fr: str, text_en: str, *, by: Actor, seen: str | None = None) -> Conditions:
    """Publish a new version of the conditions of sale, for the orders to come. The text of the latest version again
    makes no new one.

    Args:
        seen: The number of the version that was edited, "" for none; None publishes after whichever there is.

    Raises:
        Refused: `empty`, `too_long`, or `changed_meanwhile` when there is a newer one than was `seen`.
    """
    checked = checks.texts(Conditions, {"text_fr": text_fr, "text_en": text_en})
    checks.filled(checked, "text_fr", "text_en")
    with transaction() as turn:
        latest = current_conditions()
        if latest and (latest.text_fr, latest.text_en) == (checked["text_fr"], checked["text_en"]):
            return latest
        if seen is not None and seen != version_of(latest):
            raise Refused(
                Code.CHANGED_MEANWHILE,
                _(
                    "Somebody else has published version %(number)s in the meantime, so yours was not published. What "
                    "you typed is kept below: compare it with that one, then publish again.",
                    number=version_of(latest),
                ),
            )
        conditions = Conditions(**checked)
        db.session.add(conditions)
        journal.record(turn, JournalVerb.CONDITIONS_PUBLISHED, by=by, subject=conditions)
        return conditions


def _change(row: Vendor, checked: dict[str, Any], confirmed: str | None) -> edits.Change:
    changes: list[edits.Change] = []
    shown = [(examples.HOME, row.today)]
    examples.asked_first(row, shown, lambda: changes.append(edits.apply(row, checked)), confirmed)
    return changes[0]


# --- Helpers: they check, and refuse --------------------------------------------------------------------------------


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    checked = checks.texts(Vendor, {name: values[name] for name in EDITABLE})
    checks.filled(checked, "name", "legal_name", "support_email")
    checked["support_email"] = checks.email(checked["support_email"])
    checked["install_url_fr"] = checks.url(checked["install_url_fr"])
    checked["install_url_en"] = checks.url(checked["install_url_en"])
    checked["color"] = checks.color(checked["color"])
    checked["time_zone"] = checks.time_zone(checked["time_zone"])
    if not 0 <= checked["grace_days"] <= MAX_GRACE_DAYS:
        raise Refused(
            Code.BAD_NUMBER, _("The days of grace are a number from 0 to %(most)s.", most=MAX_GRACE_DAYS)
        )
    checked["gst_number"] = _number(
        checked["gst_number"], _GST, _("The GST/HST number is written 123456789 RT0001.")
    )
    checked["qst_number"] = _number(
        checked["qst_number"], _QST, _("The QST number is written 1234567890 TQ0001.")
    )
    checked["charges_no_tax"] = bool(checked["charges_no_tax"])
    if checked["charges_no_tax"] and (checked["gst_number"] or checked["qst_number"]):
        raise Refused(
            Code.BAD_NUMBER,
            _("A vendor with a tax number charges that tax: empty the numbers, or take the tick away."),
        )
    return checked


def _number(value: str, pattern: re.Pattern[str], sentence: str) -> str:
    """A registration number as it is printed; "" when there is none, and that tax is not charged."""
    match = pattern.fullmatch(value.upper())
    if value and match is None:
        raise Refused(Code.BAD_NUMBER, sentence)
    return f"{match[1]} {match[2]}" if match else ""


def _logo_type(logo: bytes) -> str:
    """The logo's media type. It is decoded whole: what the upload claims, or its first bytes, is not trusted.

    Its size in pixels is read before it is decoded, so that a small file cannot become a huge picture.
    """
    if len(logo) > MAX_LOGO_BYTES:
        raise Refused(Code.BAD_LOGO, _("The logo is larger than 200 kB."))
    try:
        with Image.open(io.BytesIO(logo), formats=list(LOGO_FORMATS)) as image:
            if max(image.size) > MAX_LOGO_SIDE or getattr(image, "n_frames", 1) > 1:
                raise Refused(
                    Code.BAD_LOGO,
                    _(
                        "The logo must be one picture of at most %(most)s pixels a side.",
                        most=formats.number(MAX_LOGO_SIDE, formats.current_language()),
                    ),
                )
            image.load()
            return LOGO_FORMATS[str(image.format)]
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, Image.DecompressionBombError) as error:
        raise Refused(Code.BAD_LOGO, _("The logo must be a PNG, JPEG or WebP image.")) from error
