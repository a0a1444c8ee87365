"""Checks of values before they are stored: each returns the value to store, or raises `Refused`."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from flask_babel import gettext as _

from services.foundation.errors import Code, Refused

# The library would refuse `.local` and `.test`, where the mail server of a company or of a rehearsal may well be.
SPECIAL_USE_DOMAIN_NAMES.clear()

_COLOR = re.compile(r"#[0-9a-f]{6}")
MAX_EMAIL_LENGTH = 254
# Characters, where the column has no limit of its own.
MAX_TEXT_LENGTH = 50_000


def texts(model: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with their texts stripped, and each line break as one line feed.

    Raises:
        Refused: `bad_text` for NUL, `too_long` for more characters than the column holds.
    """
    columns = model.__table__.columns
    return {name: _text(value, getattr(columns[name].type, "length", None)) for name, value in values.items()}


def _text(value: Any, limit: int | None) -> Any:
    if type(value) is not str:
        return value
    value = value.strip().replace("\r\n", "\n")
    if "\0" in value:
        raise Refused(Code.BAD_TEXT, _("This text contains a character that cannot be stored."))
    limit = limit or MAX_TEXT_LENGTH
    if len(value) > limit:
        raise Refused(
            Code.TOO_LONG,
            _("“%(start)s…” is too long: at most %(count)s characters.", start=value[:20], count=limit),
        )
    return value


def filled(values: Mapping[str, Any], *names: str) -> None:
    """Refuse (`empty`) unless each of `names` has a value; a text must have something to be seen."""
    if any(values[name] is None or _is_blank(values[name]) for name in names):
        raise Refused(Code.EMPTY, _("A mandatory field is empty. Nothing was changed."))


def _is_blank(value: Any) -> bool:
    """Whether a text is empty, or holds nothing but spaces and characters without a shape (U+200B)."""
    return isinstance(value, str) and not any(
        character.isprintable() and not character.isspace() for character in value
    )


def email(value: str) -> str:
    """An address that mail can be sent to, in lower case, by its syntax alone (RFC 5321): nothing is looked up.

    The domain may have accents. What is before the @ may not: few mail servers take it (RFC 6531), and Flask-Mail cannot
    send it, so that its person would never hear from the desk.

    Raises:
        Refused: `bad_address`.
    """
    try:
        found = validate_email(value.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise Refused(
            Code.BAD_ADDRESS, _("%(email)s is not an email address.", email=value.strip()[:100])
        ) from error
    return found.normalized.lower()


def url(value: str) -> str:
    """`value` as an http(s) address, or "" when it is empty. Raises Refused `bad_url`."""
    value = value.strip()
    if value and not _is_web_address(value):
        raise Refused(
            Code.BAD_URL, _("“%(url)s” is not a web address: it must begin with https://.", url=value[:100])
        )
    return value


def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"[\s\0]", value)


def color(value: str) -> str:
    """`#rrggbb` in lower case. Raises Refused `bad_color`."""
    value = value.strip().lower()
    if not _COLOR.fullmatch(value):
        raise Refused(Code.BAD_COLOR, _("A color is written #rrggbb, such as #1f5fbf."))
    return value


def time_zone(value: str) -> str:
    """`value`, the IANA name of a time zone. Raises Refused `unknown_time_zone`."""
    if value not in zoneinfo.available_timezones():
        raise Refused(Code.UNKNOWN_TIME_ZONE, _("This time zone does not exist."))
    return value
