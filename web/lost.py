"""A session that ended in the middle of a form: to the sign-in page, and back to what was typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from itsdangerous import BadSignature
from werkzeug.wrappers import Response

from models import User
from services.forms import kept_forms
from services.forms.words import FIELDS
from services.foundation import urls
from web import guards
from web.blueprint import bp

# The session's key with the number of its person; Flask-Login's own is another one once they have signed out elsewhere.
PERSON = "person"
# For how long after its end a session still tells whose it was: a long weekend.
REMEMBERED = dt.timedelta(days=5)
# Forms that ask for one of these are not kept: `tests/web/test_lost.py` holds every password field to this list.
SECRET_FIELDS = {"password", "again", "current", "proof"}
# Chosen from a list, as a code: it goes along with what was typed.
CHOSEN = {"role", "language", "country", "province", "time_zone", "registration", "on_sale", "charges_no_tax"}
# What stands on every page, and is not worth keeping.
SWITCHES = {"theme", "web.enter", "web.language", "web.sign_out"}


def to_sign_in() -> Response:
    """Ask the visitor to sign in: back to the page that they wanted to read, or to what they had typed."""
    if request.method in {"GET", "HEAD"}:
        return redirect(url_for("web.sign_in", next=request.full_path.rstrip("?")))
    if _keep():
        flash(
            _("You had been signed out in the meantime. What you typed is kept: sign in to go on."), "warning"
        )
    else:
        flash(_("You had been signed out in the meantime. Nothing was changed: sign in to go on."), "warning")
    return redirect(url_for("web.sign_in", next=urls.local(request.referrer, request.host)))


def go_on() -> Response:
    """From a form without its token that a visitor sent: as `to_sign_in`, or back to the page whose switch it was."""
    if request.endpoint in SWITCHES:
        flash(_("This page was open for too long. Nothing was changed: try once more."), "warning")
        return redirect(urls.local(request.referrer, request.host) or url_for("web.home"))
    return to_sign_in()


def way_on(user: User, otherwise: str) -> str:
    """Where a person who has just signed in goes: to what is kept for them, else to `otherwise`."""
    return url_for("web.kept_form") if kept_forms.waits_for(user) else otherwise


@bp.get("/kept-form")
def kept_form() -> ResponseReturnValue:
    """What was typed, once: to be sent as it would have been, or left."""
    if not current_user.is_authenticated:
        return to_sign_in()
    found = kept_forms.show(current_user)
    if found is None:
        return redirect(url_for("web.home"))
    path, fields = found
    return render_template("web/kept_form.html", path=path, fields=fields, typed=typed_in(fields))


@bp.post("/kept-form")
def leave_kept_form() -> ResponseReturnValue:
    """Forget what was typed."""
    if current_user.is_authenticated:
        kept_forms.forget(current_user)
    return redirect(url_for("web.home"))


def typed_in(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """(what the page calls it, what was typed) of the fields that people fill in; what a page adds by itself has no words."""
    return [
        (str(FIELDS[name]), value)
        for name, value in fields
        if name in FIELDS and name not in CHOSEN and value.strip()
    ]


def _keep() -> bool:
    """Keep what was typed; not a password, nothing that another site has sent, and nothing of a form that is but a button."""
    person, fields = whose(), [pair for pair in request.form.items(multi=True) if pair[0] != "csrf_token"]
    if person is None or not guards.comes_from_us() or SECRET_FIELDS & {name for name, _value in fields}:
        return False
    if not typed_in(fields):
        return False
    return kept_forms.keep(person, request.full_path.rstrip("?"), fields)


def whose() -> int | None:
    """The number of the person of this session, or of the one that ended: its cookie is still signed by us."""
    person = session.get(PERSON) or _ended_session().get(PERSON)
    return person if isinstance(person, int) else None


def _ended_session() -> dict[str, Any]:
    interface = current_app.session_interface
    cookie = request.cookies.get(current_app.config["SESSION_COOKIE_NAME"], "")
    if not isinstance(interface, SecureCookieSessionInterface):
        return {}
    signer = interface.get_signing_serializer(current_app)  # type: ignore[arg-type]
    try:
        found: dict[str, Any] = (
            signer.loads(cookie, max_age=int(REMEMBERED.total_seconds())) if signer else {}
        )
    except BadSignature:
        return {}
    return found
