"""The two Flask-Admin sites: `portal/` for customers, `support/` for the vendor's staff, `base.py` under both."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Register both sites."""
