"""Checks of values before they are stored: each returns the value to store, or raises `Refused`."""

from __future__ import annotations

import functools
import re
import zoneinfo
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from flask_babel import gettext as _

from models import MailAddress, ascii_address, is_erased_address
from services.foundation.errors import Code, Refused
from services.text import characters

# The library would refuse `.local` and `.test`, where the mail server of a company or of a rehearsal may well be.
SPECIAL_USE_DOMAIN_NAMES.clear()

_COLOR = re.compile(r"#[0-9a-f]{6}")
_MAILTO = re.compile("mailto:", re.IGNORECASE)
# As a mail program writes an address beside a name: RFC 5322, section 3.4.
_IN_BRACKETS = re.compile("[^<>]*<([^<>]*)>")
# RFC 5321, 4.5.3.1: of an address between the brackets of a path, and of what is before its @.
MAX_EMAIL_LENGTH = 254
MAX_LOCAL_LENGTH = 64
MAX_NAME_LENGTH = 100
# Of what is refused, in the sentence that says so.
MAX_SHOWN = 100
SPACES_IN_NUMBERS = " \u00a0\u202f\u2009"
# Characters, where the column has no limit of its own.
MAX_TEXT_LENGTH = 50_000


def texts(model: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with their texts as `text` gives them; only a column of type Text holds several lines.

    Raises:
        Refused: `bad_text`, or `too_long` for more characters than the column holds.
    """
    columns = model.__table__.columns
    return {name: _of_column(value, columns[name].type) for name, value in values.items()}


def _of_column(value: Any, kind: Any) -> Any:
    if type(value) is not str:
        return value
    if isinstance(kind, MailAddress):
        # `email` checks it, and knows how long it may be.
        return address(value)
    return text(value, getattr(kind, "length", None), lines=isinstance(kind, sa.Text))


def text(value: str, limit: int | None = None, *, lines: bool = False) -> str:
    """A text as it is stored: in NFC, without spaces around it and without what pasting brings (`characters.written`).

    Args:
        limit: How many characters at most; None for `MAX_TEXT_LENGTH`.
        lines: Whether it may have several, each break one line feed; else they are spaces.

    Raises:
        Refused: `bad_text` for a control character or one that turns the line around (UAX 9), `too_long`.
    """
    value = readable(value, lines=lines)
    if found := characters.forbidden(value):
        raise Refused(
            Code.BAD_TEXT,
            _(
                "This text contains a character that nobody sees and that could change how it is read (%(code)s): "
                "type it again instead of pasting it.",
                code=f"U+{ord(found):04X}",
            ),
        )
    limit = limit or MAX_TEXT_LENGTH
    if len(value) > limit:
        raise Refused(
            Code.TOO_LONG,
            _("“%(start)s…” is too long: at most %(count)s characters.", start=value[:20], count=limit),
        )
    return value


def readable(value: str, *, lines: bool = False) -> str:
    """What `text` stores, unless it refuses it: nothing, where there is nothing to be seen."""
    value = characters.written(value).strip()
    if not characters.is_visible(value) and not characters.forbidden(value):
        return ""
    return value if lines else re.sub(r"\s*[\n\t]\s*", " ", value)


def person_name(value: str) -> str:
    """A first or last name, with single spaces in it.

    Raises:
        Refused: `bad_text`, or `bad_name` for one that nobody sees, that is too long or an advertisement.
    """
    value = " ".join(text(value).split())
    if not characters.is_visible(value) or len(value) > MAX_NAME_LENGTH or "://" in value:
        raise Refused(
            Code.BAD_NAME,
            _(
                "A name has 1 to %(count)s characters, something to be seen and no web address.",
                count=MAX_NAME_LENGTH,
            ),
        )
    return value


def filled(values: Mapping[str, Any], *names: str) -> None:
    """Refuse (`empty`) unless each of `names` has a value; a text must have something to be seen."""
    if any(values[name] is None or _is_blank(values[name]) for name in names):
        raise Refused(Code.EMPTY, _("A mandatory field is empty. Nothing was changed."))


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not characters.is_visible(value)


def sought(value: str) -> str:
    """What somebody looks for, written as what is stored. Nothing is refused: what cannot be there is not found."""
    return characters.without_bidi_controls(characters.written(value)).strip()


def address(value: str) -> str:
    """An address as it was meant: as `sought`, without what copying it brings: « mailto: », and the name of its person with
    brackets around the address.
    """
    value = sought(value)
    if inner := _IN_BRACKETS.fullmatch(value):
        value = inner[1].strip()
    return value[found.end() :].partition("?")[0].strip() if (found := _MAILTO.match(value)) else value


def sought_email(value: str) -> str:
    """An address that somebody types to be recognised by: as `email` stores it, or as it is where that is refused."""
    try:
        return email(value)
    except Refused:
        return address(value).lower()


def email(value: str) -> str:
    """An address that mail can be sent to, in lower case, its domain in letters, by its syntax alone (RFC 5321).

    What pasting brings and nobody sees is dropped; nothing is looked up. A domain may have accents (its A-label is what is
    stored: `MailAddress`). What is before the @ may not: it takes SMTPUTF8 (RFC 6531), which our mail does not speak, so
    that its person would never hear from the desk.

    Raises:
        Refused: `bad_address`, with the reason.
    """
    value = address(value)
    try:
        # Whoever has an address there was erased, and nobody else may be taken for them.
        if len(value.rpartition("@")[0]) > MAX_LOCAL_LENGTH or is_erased_address(value.lower()):
            raise EmailNotValidError
        found = validate_email(value, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise Refused(Code.BAD_ADDRESS, _why_no_address(value)) from error
    return found.normalized.lower()


def domain(value: str) -> str:
    """The domain of addresses, typed with or without what is before it, as `email` stores it.

    Raises:
        Refused: `bad_domain`.
    """
    name = sought(value).rpartition("@")[2]
    try:
        return email(f"x@{name}").rpartition("@")[2]
    except Refused as refused:
        raise Refused(
            Code.BAD_DOMAIN,
            _(
                "“%(domain)s” is no domain of addresses: it is what follows the @, such as company.example.",
                domain=name[:MAX_SHOWN],
            ),
            fields=("domain",),
        ) from refused


def _why_no_address(value: str) -> str:
    """What is the matter with an address, as far as its writer can see it."""
    local, at, domain = value.rpartition("@")
    if not (at and local and domain):
        why = _("%(email)s is not an email address: it is written name@company.example.")
    elif len(local) > MAX_LOCAL_LENGTH or any(
        len(spelled.encode(errors="replace")) > MAX_EMAIL_LENGTH for spelled in (value, ascii_address(value))
    ):
        why = _("%(email)s… is too long: no mail could be sent to it.")
    elif "." not in domain.rstrip("."):
        why = _("%(email)s cannot be mailed: its domain is incomplete, it is written company.example.")
    elif not local.isascii():
        why = _(
            "%(email)s cannot be mailed: before the @, only letters without accents, numbers and signs reach a mailbox."
        )
    elif ".." in value or "." in {local[0], local[-1], domain[0], domain[-1]}:
        why = _("%(email)s cannot be mailed: a dot stands where it has nothing to part.")
    else:
        why = _("%(email)s is not an email address: a sign in it is not allowed where it stands.")
    return str(why) % {"email": characters.isolated(value[:MAX_SHOWN])}


def whole_number(value: str) -> int | None:
    """`1000` or « 1 000 », in ASCII digits, below a billion; None for anything else.

    Thousands stand apart by a space of any kind, as French is written: U+0020, U+00A0, U+202F or U+2009.
    """
    plain = value.strip(SPACES_IN_NUMBERS)
    if re.fullmatch(f"[0-9]{{1,3}}([{SPACES_IN_NUMBERS}][0-9]{{3}})+", plain):
        plain = without_spaces(plain)
    return int(plain) if re.fullmatch("[0-9]{1,9}", plain) else None


def without_spaces(value: str) -> str:
    """A number without the spaces that people write in it."""
    return re.sub(f"[{SPACES_IN_NUMBERS}]", "", value)


def url(value: str) -> str:
    """`value` as an http(s) address, or "" when it is empty. Raises Refused `bad_url`."""
    value = sought(value)
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
    value = sought(value).lower()
    if not _COLOR.fullmatch(value):
        raise Refused(Code.BAD_COLOR, _("A color is written #rrggbb, such as #1f5fbf."))
    return value


@functools.cache
def _zones() -> set[str]:
    """Each of six hundred files is opened to know them."""
    return zoneinfo.available_timezones()


def time_zone(value: str) -> str:
    """`value`, the IANA name of a time zone. Raises Refused `unknown_time_zone`."""
    if value not in _zones():
        raise Refused(Code.UNKNOWN_TIME_ZONE, _("This time zone does not exist."))
    return value
