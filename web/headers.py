"""The headers of every answer. A view that needs another policy sets the header itself."""

from __future__ import annotations

from flask import Flask, current_app
from werkzeug.wrappers import Response

# Not the domains below: they are not ours to decide for.
HSTS = "max-age=31536000"


def init_app(app: Flask) -> None:
    """Add the headers to every answer, errors and files included."""
    policy = content_security_policy(app.config["PAYMENT_PAGE_ORIGIN"])

    @app.after_request
    def _add(response: Response) -> Response:
        set_default = response.headers.setdefault
        set_default("Content-Security-Policy", policy)
        set_default("X-Content-Type-Options", "nosniff")
        set_default("Referrer-Policy", "same-origin")
        set_default(
            "X-Robots-Tag", "noindex"
        )  # a desk is no shop window: nothing of it belongs in a search engine
        set_default("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
        set_default("Cross-Origin-Opener-Policy", "same-origin")
        # A page holds personal data or a form's token: it must not stay in a cache.
        set_default("Cache-Control", "no-store")
        if current_app.config["BASE_URL"].startswith("https://"):
            set_default("Strict-Transport-Security", HSTS)
        return response


def content_security_policy(payment_origin: str) -> str:
    """Own sources only; forms may also lead to `payment_origin`, because confirming a purchase redirects there."""
    return (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"form-action 'self' {payment_origin}; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    )
