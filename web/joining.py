"""The pages of a firm's invitation link: who somebody is, and the mail that they answer. Every link by which nobody can come
in, whatever the reason, shows the same page.
"""

from __future__ import annotations

import time

from flask import current_app, flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

import access
from access import Actor
from models import Language
from services.foundation.errors import Refused
from services.joining import firm_links
from services.links.tokens import DeadLinkError
from services.text.formats import current_language
from web import lost
from web.accounts import home_of, start_session
from web.blueprint import bp
from web.forms import JoinForm, status_of
from web.limits import limit_dead_links, limit_mails, limit_mails_per_account
from web.links import private
from web.sign_in import wait_until

PAGES = {"web.firm_link", "web.join"}


@bp.route("/join/<token>", methods=["GET", "POST"])
@limit_dead_links
@limit_mails
@limit_mails_per_account
def firm_link(token: str) -> ResponseReturnValue:
    """Say who one is (GET), and ask for the mail by which one joins (POST)."""
    form = JoinForm()
    if form.validate_on_submit():
        started = time.monotonic()
        try:
            firm_links.ask(
                token,
                {name: form[name].data or "" for name in firm_links.TYPED},
                Language(current_language()),
                by=Actor(address=request.remote_addr),
            )
        except DeadLinkError:
            return _dead()
        except Refused as refused:
            for name in refused.fields:
                form[name].errors = [refused.sentence]
            if not refused.fields:
                form.form_errors.append(refused.sentence)
        else:
            # An address that nothing is sent to must not be answered sooner.
            wait_until(started + current_app.config["LINK_ANSWER_SECONDS"])
            return private(render_template("web/join_sent.html", address=form.email.data, again=request.path))
    return _asking(token, form, status_of(form))


@bp.route("/join/answer/<token>", methods=["GET", "POST"])
@limit_dead_links
def join(token: str) -> ResponseReturnValue:
    """The page of the mail (GET), as scanners open it, and its button (POST), which puts the person on the list."""
    if request.method != "POST":
        return _answering(token)
    try:
        user = firm_links.join(token, address=request.remote_addr)
    except DeadLinkError:
        return _dead()
    except Refused as refused:
        flash(refused.sentence, "danger")
        return _answering(token, 409)
    start_session(user, "link")
    flash(_("Welcome! You are on the list: your administrators can now assign a license to you."), "success")
    return redirect(lost.way_on(user, home_of(user)))


def shown_again(sentence: str, status: int) -> Response:
    """The page that was posted, with what was typed and a fresh token: nothing was done."""
    flash(sentence, "danger")
    token = (request.view_args or {})["token"]
    return (
        _asking(token, JoinForm(), status)
        if request.endpoint == "web.firm_link"
        else _answering(token, status)
    )


def _asking(token: str, form: JoinForm, status: int) -> Response:
    with access.everything():
        link = firm_links.find(token)
        if link is None:
            return _dead()
        return private(render_template("web/join.html", link=link, form=form), status)


def _answering(token: str, status: int = 200) -> Response:
    with access.everything():
        asked = firm_links.find_request(token)
        if asked is None:
            return _dead()
        return private(render_template("web/join_answer.html", asked=asked), status)


def _dead() -> Response:
    return private(make_response(render_template("web/join_dead.html")), 404)
