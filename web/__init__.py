"""What is not a Flask-Admin page: languages, sign-in, one-time links, Stripe's webhook, health, errors, headers."""

from __future__ import annotations

from flask import Flask

from web import (
    accounts,
    demonstration,
    errors,
    filters,
    guards,
    headers,
    health,
    home,
    joining,
    languages,
    links,
    logs,
    look,
    lost,
    profile,
    sign_in,
    statics,
    stripe_webhook,
    validation,
)
from web.blueprint import bp

PAGES = (
    demonstration,
    health,
    home,
    joining,
    links,
    look,
    lost,
    profile,
    sign_in,
    stripe_webhook,
    validation,
)  # importing a module registers its pages with `bp`


def init_app(app: Flask) -> None:
    """Install everything in this room, and register its pages."""
    logs.init_app(app)
    accounts.init_app(app)  # Flask-Security; who is signed in
    guards.init_app(app)  # whose rows, unreadable input, forged forms, too many tries
    languages.init_app(app)
    filters.init_app(app)
    demonstration.init_app(app)
    statics.init_app(app)
    headers.init_app(app)
    stripe_webhook.init_app(app)
    validation.init_app(app)
    health.init_app(app)
    errors.init_app(app)
    app.register_blueprint(bp)
