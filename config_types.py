"""How a setting is written: each type reads one kind of text, and says what it takes of one that it cannot read."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

import idna
import limits
import limits.storage
import sqlalchemy as sa
from pydantic import AfterValidator, BeforeValidator, Field

ROOT = Path(__file__).resolve().parent


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a setting of this type must be: the end of the sentence « PORT must be … ».

    Attributes:
        secret: Whether the value may hold a password, so that no message repeats it.
    """

    text: str
    secret: bool = False


def _spelled_out(text: str) -> str:
    # pydantic also takes single letters such as `y`, which are not documented.
    if text.isalpha() and len(text) == 1:
        raise ValueError("a single letter")
    return text


def _with_our_driver(url: str) -> str:
    # Hosting services still use the old scheme `postgres://`, and neither names our driver.
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            url = "postgresql+psycopg://" + url.removeprefix(scheme)
    try:
        known = sa.make_url(url).get_backend_name() in {"sqlite", "postgresql"}
    except sa.exc.ArgumentError:
        known = False
    if not known:
        raise ValueError("not an address of a database")
    return url


def _site(url: str) -> str:
    """`url` as browsers write an origin (RFC 6454): in lower case, without a path and its scheme's own port."""
    parts = urlsplit(url.strip())
    bare = parts._replace(scheme="", netloc="", path=parts.path.rstrip("/"))
    if parts.scheme not in {"http", "https"} or bare.geturl() or "@" in parts.netloc or re.search(r"\s", url):
        raise ValueError("more or less than an origin")
    return f"{parts.scheme}://{_host(parts)}"


def _host(parts: SplitResult) -> str:
    name = parts.hostname or ""
    if ":" in name:
        written = f"[{name}]"
    else:
        # `idna` refuses underscores and empty names; only a name with accents needs it.
        written = name if name.isascii() else idna.encode(name, uts46=True).decode()
        if not re.fullmatch(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", written):
            raise ValueError("not the name of a machine")
    usual = {"http": 80, "https": 443}[parts.scheme]
    return written if parts.port in {None, usual} else f"{written}:{parts.port}"


def _matching(pattern: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError("another kind of text")
        return text

    return check


def _limits(text: str) -> str:
    limits.parse_many(text)
    return text


def _storage(uri: str) -> str:
    try:
        limits.storage.storage_from_string(uri)
    except Exception as error:
        # A scheme that nobody knows, or whose package is not installed; it connects later.
        raise ValueError("no such storage") from error
    return uri


def _names(text: str) -> list[str]:
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    if any(re.search(r"[/\s@]", name) for name in names):
        raise ValueError("not names")
    return names


def _any_case(*known: str) -> Callable[[Any], Any]:
    return lambda text: next((name for name in known if name.lower() == text.strip().lower()), text)


Kind = Annotated[
    Literal["development", "production"],
    BeforeValidator(_any_case("development", "production")),
    Wanted("development or production"),
]
Level = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR"],
    BeforeValidator(_any_case("DEBUG", "INFO", "WARNING", "ERROR")),
    Wanted("DEBUG, INFO, WARNING or ERROR"),
]
Switch = Annotated[
    bool, BeforeValidator(_spelled_out), Wanted("1 or 0 (or true or false, yes or no, on or off)")
]
Whole = Annotated[int, Field(ge=0), Wanted("a whole number")]
AtLeastOne = Annotated[int, Field(ge=1), Wanted("a whole number, at least 1")]
Port = Annotated[int, Field(ge=1, le=65535), Wanted("a whole number from 1 to 65535")]
# Shorter than the web server's patience with a request (`gunicorn.conf.py`).
Seconds = Annotated[float, Field(gt=0, le=30, allow_inf_nan=False), Wanted("a number of seconds up to 30")]
Folder = Annotated[Path, AfterValidator(lambda path: (ROOT / path).resolve())]
Site = Annotated[
    str,
    AfterValidator(_site),
    Wanted("an address such as https://desk.example.com, with nothing after the name"),
]
DatabaseAddress = Annotated[
    str,
    AfterValidator(_with_our_driver),
    Wanted(
        "an address such as postgresql://name:password@machine/database (in the password, @ is written %40, "
        "/ is %2F, : is %3A and % is %25)",
        secret=True,
    ),
]
StripeKey = Annotated[
    str,
    AfterValidator(_matching(r"((sk|rk)_(test|live)|sk_org_(test|live))_[A-Za-z0-9_]+")),
    Wanted("a secret key of Stripe (sk_test_…, sk_live_…, rk_… or sk_org_…)", secret=True),
]
StripeSecret = Annotated[
    str,
    AfterValidator(_matching(r"whsec_[A-Za-z0-9_+/=-]+")),
    Wanted("the signing secret of a webhook endpoint (whsec_…)", secret=True),
]
Limits = Annotated[str, AfterValidator(_limits), Wanted("limits such as 10 per minute; 50 per hour")]
Storage = Annotated[
    str,
    AfterValidator(_storage),
    Wanted("memory://, or redis://… once the package is there (pip install redis)", secret=True),
]
Names = Annotated[
    list[str], BeforeValidator(_names), Wanted("names of machines, separated by commas, without https://")
]
