"""The application: `create_app` puts its parts together, in the order in which they depend on each other."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask
from flask_mail import Mail
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

import access
import cli
import config
import web
from admin_views import portal, support
from admin_views.site import init_theme, make_site
from models import db
from services.foundation.transaction import configure_engine

log = logging.getLogger(__name__)


def create_app(environ: dict[str, str] | None = None, **overrides: Any) -> Flask:
    """The application, with settings from `environ` (the process's own by default).

    Raises:
        config.SettingsError: a setting is wrong; in production, also when one is missing or unsafe.
    """
    # Before Flask reads FLASK_DEBUG, for which it knows fewer spellings.
    settings = config.load(environ)
    # Files are served from memory (web/statics.py).
    app = Flask(__name__, static_folder=None)
    app.config.update(settings | overrides)
    if not app.config["PRODUCTION"]:
        app.config["INSTANCE"].mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=app.config["LOG_LEVEL"], format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    _say_mode(app)
    # At INFO it names the database at each health check.
    logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)

    if hops := app.config["TRUSTED_PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]

    _connect_database(app)
    Mail(app)
    # Sign-in, guards (scope, CSRF, limits), languages, links, webhook, health, errors, headers.
    web.init_app(app)
    init_theme(app)
    make_site(app, prefix="portal", home=portal.HOME, views=portal.VIEWS)
    make_site(app, prefix="support", home=support.HOME, views=support.VIEWS)
    cli.init_app(app)
    return app


def _say_mode(app: Flask) -> None:
    """The first line of the log. That nothing is really charged is said at any level."""
    mode = app.config["MODE"]
    level = logging.WARNING if mode == "trial" else logging.INFO
    payments = app.config["STRIPE_API_BASE"] or "Stripe"
    log.log(
        level,
        "mode: %s; payments go to %s%s",
        mode,
        payments,
        "" if mode == "live" else ", nothing is charged",
    )


def _connect_database(app: Flask) -> None:
    db.init_app(app)
    Migrate(app, db, directory=str(config.ROOT / "migrations"))
    access.install_query_hook()
    with app.app_context():
        configure_engine(db.engine)
