"""The front door, and the language switch that every page has."""

from __future__ import annotations

from flask import abort, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from access import current_actor
from admin_views.guard import local_url
from models import Language
from services import people
from web import languages
from web.accounts import home_of
from web.blueprint import bp


@bp.get("/")
def home() -> Response:
    """Everybody to where they work; a visitor to the sign-in page."""
    return redirect(home_of(current_user) if current_user.is_authenticated else url_for("web.sign_in"))


@bp.post("/language")
def language() -> Response:
    """Change the language of the pages, and of the mails to a signed-in person; back to the same page."""
    try:
        chosen = Language(request.form.get("language", ""))
    except ValueError:
        abort(400)
    if current_user.is_authenticated:
        people.change_profile(current_user, by=current_actor(), language=chosen)
    response = redirect(local_url(request.form.get("url")) or url_for("web.home"))
    languages.remember(response, chosen)
    return response
