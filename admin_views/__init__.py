"""The two Flask-Admin sites: `/portal` for customers, `/support` for the vendor's staff."""

from __future__ import annotations

from flask import Flask

from admin_views import portal, support
from admin_views.site import init_theme, make_site


def init_app(app: Flask) -> None:
    """Register the theme and both sites. Each room lists its own pages: `HOME` and `VIEWS`."""
    init_theme(app)
    make_site(app, prefix="portal", home=portal.HOME, views=portal.VIEWS)
    make_site(app, prefix="support", home=support.HOME, views=support.VIEWS)
