"""The address `/`, and the language switch of every page."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import abort, redirect, request, url_for
from flask.globals import request_ctx
from flask_login import current_user
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response

from access import current_actor
from models import Language
from services.foundation import urls
from services.people import oneself
from web import languages
from web.accounts import home_of
from web.blueprint import bp


@bp.get("/")
def home() -> Response:
    """Redirect staff to `/support/`, customers to `/portal/`, visitors to the sign-in page."""
    return redirect(home_of(current_user) if current_user.is_authenticated else url_for("web.sign_in"))


@bp.post("/language")
def language() -> Response:
    """Change the language of the pages, and of the mails to a signed-in person; back to the same page."""
    try:
        chosen = Language(request.form.get("language", ""))
    except ValueError:
        abort(400)
    if current_user.is_authenticated:
        oneself.change_profile(current_user, by=current_actor(), language=chosen)
    response = redirect(_page_they_were_on() or url_for("web.home"))
    languages.remember(response, chosen)
    return response


def _page_they_were_on() -> str | None:
    """The address in the form, unless it is another site's or answers POST alone (a form shown again)."""
    target = urls.local(request.form.get("url"), request.host)
    try:
        if target and request_ctx.url_adapter:
            request_ctx.url_adapter.match(urlsplit(target).path, method="GET")
    except MethodNotAllowed:
        return None
    except HTTPException:
        # Any other answer, such as "not found", can be shown in the new language.
        return target
    return target
