"""Signing in with a password, asking for a mailed link, signing out. No answer tells whether an address exists."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from flask import current_app, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from flask_security import logout_user
from werkzeug.wrappers import Response

from access import Actor, current_actor
from models import User
from services.foundation import urls
from services.people import links, oneself
from web import demonstration, limits, lost
from web.accounts import home_of, start_session
from web.blueprint import bp
from web.forms import EmailForm, SignInForm, status_of
from web.limits import limit_guesses, limit_guesses_per_account, limit_mails, limit_mails_per_account

log = logging.getLogger(__name__)
MAIL_PAGES = {
    "web.request_link": "web/request_link.html",
    "web.forgot_password": "web/forgot_password.html",
}
# What a visitor sees before there is a session worth speaking of.
PAGES = {"web.sign_in", *MAIL_PAGES}


@bp.route("/sign-in", methods=["GET", "POST"])
@limit_guesses
@limit_guesses_per_account
def sign_in() -> ResponseReturnValue:
    """The sign-in page. `next` is the page that the visitor wanted."""
    if current_user.is_authenticated:
        return redirect(home_of(current_user))
    form = SignInForm()
    if form.validate_on_submit():
        if user := oneself.authenticate(form.email.data or "", form.password.data or ""):
            return _enter(user)
        limits.note_wrong_password()
        log.warning("sign-in failed: %s", limits.account())
        flash(_("This address and this password do not go together, or the account is not active."), "danger")
    return _page(form), status_of(form)


def shown_again(sentence: str, status: int) -> Response:
    """The page that was posted, with its address and a fresh token, and what was the matter: it goes on from here."""
    flash(sentence, "danger")
    if request.endpoint == "web.sign_in":
        return make_response(_page(SignInForm()), status)
    return make_response(render_template(MAIL_PAGES[request.endpoint or ""], form=EmailForm()), status)


def _page(form: SignInForm) -> str:
    return render_template("web/sign_in.html", form=form, next=_next(), doors=demonstration.doors())


def _enter(user: User) -> Response:
    wanted = _next()
    oneself.sign_in_recorded(user, by=Actor.of(user, request.remote_addr), via="password")
    start_session(user, "password")
    return redirect(lost.way_on(user, wanted or home_of(user)))


def _next() -> str | None:
    """The page that the visitor wanted, or None if it is another site's."""
    return urls.local(request.values.get("next"), request.host)


@bp.post("/sign-out")
def sign_out() -> Response:
    """End the person's sessions. POST only: a link or an image must not be able to sign anybody out."""
    if current_user.is_authenticated:
        oneself.sign_out(current_user, by=current_actor())
    logout_user()
    session.clear()
    flash(_("You are signed out, on your other devices too."), "success")
    return redirect(url_for("web.sign_in"))


@bp.route("/sign-in/link", methods=["GET", "POST"])
@limit_mails
@limit_mails_per_account
def request_link() -> ResponseReturnValue:
    """Ask for a one-time sign-in link by mail."""
    return _mail_form(links.request_sign_in)


@bp.route("/forgot-password", methods=["GET", "POST"])
@limit_mails
@limit_mails_per_account
def forgot_password() -> ResponseReturnValue:
    """Ask for a link by mail to choose a new password."""
    return _mail_form(links.request_password)


def _mail_form(ask: Callable[..., None]) -> ResponseReturnValue:
    form = EmailForm()
    if not form.validate_on_submit():
        return render_template(MAIL_PAGES[request.endpoint or ""], form=form), status_of(form)
    started = time.monotonic()
    ask(form.email.data or "", by=Actor(address=request.remote_addr))
    wait_until(started + current_app.config["LINK_ANSWER_SECONDS"])
    return render_template("web/mail_sent.html", again=request.path)


def wait_until(moment: float) -> None:
    """Sleep until `moment` (of `time.monotonic`): an address without an account must not be answered sooner."""
    time.sleep(max(0.0, moment - time.monotonic()))
