"""Security headers of every answer; a route may set a Content-Security-Policy of its own."""

from urllib.parse import urlsplit

from flask import Response, g


def allow_forms_to(*urls: str | None) -> None:
    """Allow forms of the current page to be redirected to the origins of these addresses."""
    parts = [urlsplit(url) for url in urls if url]
    g.form_targets = sorted({f"{part.scheme}://{part.netloc}" for part in parts})


def set_headers(response: Response) -> Response:
    """Add the security headers, without replacing a policy that the route set."""
    targets = " ".join(["'self'", *g.get("form_targets", [])])
    response.headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'self'; form-action {targets}; frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
