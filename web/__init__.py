"""What is not an admin page: languages, sign-in, one-time links, Stripe's webhook, health, errors, headers."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the pages of this room."""
