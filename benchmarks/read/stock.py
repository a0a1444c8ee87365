"""Flask-Admin as it comes: a `ModelView` of the licences with the columns of our list, and default settings but for 50 rows a page."""

from __future__ import annotations

import os

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from flask_babel import Babel

from models import License, db

PATH = "/admin/license/"


class Licenses(ModelView):
    """What a list in its documentation looks like."""

    column_list = ("key", "company", "plan", "status", "user", "last_day")
    page_size = 50
    column_searchable_list = ("key", "user.first_name", "user.last_name", "user.email", "company.name")


def make_app() -> Flask:
    """Stock Flask-Admin over the database that DATABASE_URL names; gunicorn serves it."""
    app = Flask(__name__)
    app.config.update(SQLALCHEMY_DATABASE_URI=os.environ["DATABASE_URL"], SECRET_KEY="stock")  # noqa: S106 - of no session
    db.init_app(app)
    # Which Flask-Admin asks for as soon as the package is there.
    Babel(app)
    Admin(app).add_view(Licenses(License, db))
    return app
