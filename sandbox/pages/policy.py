"""The Content-Security-Policy of every page that does not set its own."""

from urllib.parse import urlsplit

from flask import Response, g


def allow_forms_to(*urls: str | None) -> None:
    """Let the page's forms end, after their redirect, on the sites of these addresses."""
    parts = [urlsplit(url) for url in urls if url]
    g.form_targets = sorted({f"{part.scheme}://{part.netloc}" for part in parts})


def set_headers(response: Response) -> Response:
    """Add the security headers; a route that set its own policy keeps it."""
    targets = " ".join(["'self'", *g.get("form_targets", [])])
    response.headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'self'; form-action {targets}; frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
