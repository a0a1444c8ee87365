"""What every request passes, in this order: its scope, unreadable input, CSRF tokens, other sites, rate limits."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, g, request
from flask_login import current_user
from flask_wtf import CSRFProtect
from werkzeug.exceptions import BadRequest

import access
from web import limits

log = logging.getLogger(__name__)
csrf = CSRFProtect()

# Methods that change nothing (RFC 9110, 9.2.1).
SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
# Pages to which people send a file or paste many rows, and how many bytes may come with it: the verb refuses most of them with a
# sentence (`services/files/limits.py`), and what is beyond leads back to the page with one (`web/errors.py`).
UPLOADS = {"portal_imports.begin", "support_imports.begin", "support_base.begin"}
MAX_UPLOAD = 50_000_000
# Endpoints whose answers are the same for everybody: no session is read for them.
IMPERSONAL = {"static", "web.health", "web.vendor_css", "web.vendor_logo", "web.validate"}


class OtherSite(BadRequest):
    """A change was asked for from another site's page, or from one that the browser does not name."""


def init_app(app: Flask) -> None:
    """Install the guards. The scope comes first, so that a refusal's page can show the person's own menu."""
    app.before_request(_make_room)
    app.before_request(_set_scope)
    app.before_request(_refuse_unreadable)
    # Ours below, which knows more than one sign of where a form comes from.
    app.config["WTF_CSRF_SSL_STRICT"] = False
    csrf.init_app(app)
    app.before_request(_refuse_other_sites)
    limits.init_app(app)


def is_impersonal() -> bool:
    """Whether this request's answer is the same for everybody."""
    endpoint = request.endpoint or ""
    return endpoint in IMPERSONAL


def _make_room() -> None:
    """Before anything reads the form."""
    if request.endpoint in UPLOADS:
        request.max_content_length = request.max_form_memory_size = MAX_UPLOAD


def _set_scope() -> None:
    if not is_impersonal():
        g.scope = access.scope_of(current_user)


def _refuse_unreadable() -> None:
    """Answer 400 to a NUL in the path or in any field: PostgreSQL cannot store one."""
    pairs = [(request.path, ""), *request.args.items(multi=True)]
    if request.mimetype in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        pairs += request.form.items(multi=True)
    if any("\0" in text for pair in pairs for text in pair):
        abort(400)


def _refuse_other_sites() -> None:
    """Beside the form's token, which a network that can set cookies could plant, ask where a change comes from.

    Browsers say it in Sec-Fetch-Site (W3C Fetch Metadata), Origin (RFC 6454) or Referer, and each is missing somewhere: any one
    that names us is enough. Over plain HTTP all of them could be forged on the way as well.
    """
    if request.method in SAFE or not request.endpoint or not current_app.config["SESSION_COOKIE_SECURE"]:
        return
    if csrf._is_exempt():  # noqa: SLF001 - the same exceptions as for the token
        return
    if comes_from_us():
        return
    log.warning(
        "a form was refused: Sec-Fetch-Site %.20r, Origin %.100r, Referer's origin %.100r, expected %s",
        request.headers.get("Sec-Fetch-Site"),
        request.headers.get("Origin", ""),
        origin_of(request.referrer or ""),
        sorted(_ours()),
    )
    raise OtherSite


def comes_from_us() -> bool:
    """Whether the browser says that a page of this desk sent the request: one header that says so is enough."""
    said = (request.headers.get("Origin", ""), request.referrer or "")
    return request.headers.get("Sec-Fetch-Site") in {"same-origin", "none"} or any(
        origin_of(url) in _ours() for url in said
    )


def _ours() -> set[str]:
    return {current_app.config["BASE_URL"], f"{request.scheme}://{request.host}"}


def origin_of(url: str) -> str | None:
    """`https://desk.example/profile` → `https://desk.example`, in lower case and without the scheme's own port."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname:
        return None
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}" + (f":{port}" if port not in {None, usual} else "")
