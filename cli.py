"""The commands: `flask setup`, `worker`, `reconcile`, `check-mail`, `check-stripe`, `demo`."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the commands."""
