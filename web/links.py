"""The pages of one-time links. Opening a page, as mail scanners do, does not use the link; its button does."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import logout_user
from werkzeug.wrappers import Response

import access
from models import License, Link, LinkPurpose, db
from services.foundation.errors import Code, Refused
from services.links import tokens
from services.links.tokens import DeadLinkError
from services.people import addresses, links
from web import lost
from web.accounts import home_of, start_session
from web.blueprint import bp
from web.forms import NewPasswordForm, status_of
from web.limits import limit_dead_links

PAGES = {"web.link"}


@bp.route("/l/<token>", methods=["GET", "POST"])
@limit_dead_links
def link(token: str) -> ResponseReturnValue:
    """The page of a link (GET), or what its button does (POST). A link that cannot be used gives the same 404 page."""
    with access.everything():
        found = tokens.find(token)
        if found is None:
            return _dead()
        if request.method != "POST":
            return private(_page(found))
    try:
        return private(USES[found.purpose](token))
    except DeadLinkError:
        return _dead()


def _page(found: Link, form: NewPasswordForm | None = None) -> str:
    license = db.session.get(License, found.license_id) if found.license_id else None
    return render_template(
        f"web/link_{found.purpose.value}.html",
        person=found.user,
        license=license,
        address=found.email,
        form=form or NewPasswordForm(),
    )


def shown_again(sentence: str) -> Response:
    """The page of the link that was posted, with a fresh token: the link is not used."""
    flash(sentence, "danger")
    with access.everything():
        found = tokens.find((request.view_args or {})["token"])
        return _dead() if found is None else private(_page(found), 400)


def _dead() -> Response:
    return private(render_template("web/link_dead.html"), 404)


def private(answer: ResponseReturnValue, status: int | None = None) -> Response:
    """Keep the answer out of caches, and the token out of referrers. The origin stays, for the CSRF check."""
    response = make_response(answer)
    if status:
        response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


# --- What the button does, by purpose -----------------------------------------------------------------------------


def _sign_in(token: str) -> ResponseReturnValue:
    user = links.sign_in(token, address=request.remote_addr)
    start_session(user, "link")
    return redirect(lost.way_on(user, home_of(user)))


def _set_password(token: str) -> ResponseReturnValue:
    def choose(password: str) -> Response:
        links.set_password(token, password, address=request.remote_addr)
        flash(_("Your password is changed. Sign in with the new one."), "success")
        return redirect(url_for("web.sign_in"))

    return _with_new_password(token, choose)


def _accept(token: str) -> ResponseReturnValue:
    def choose(password: str) -> Response:
        user = links.accept(token, password, address=request.remote_addr)
        start_session(user, "link")
        flash(_("Welcome! Your account is open, with the password that you have chosen."), "success")
        return redirect(home_of(user))

    return _with_new_password(token, choose)


def _with_new_password(token: str, choose: Callable[[str], Response]) -> ResponseReturnValue:
    """What `choose` answers to the password of the form; the link's page again where it is refused."""
    form = NewPasswordForm()
    if form.validate_on_submit():
        try:
            return choose(form.password.data or "")
        except Refused as refused:
            if refused.code == Code.DEAD_LINK:
                raise
            form.password.errors = [refused.sentence]
    with access.everything():
        if (found := tokens.find(token)) is None:
            raise DeadLinkError
        return _page(found, form), status_of(form)


def _activate(token: str) -> ResponseReturnValue:
    license = links.activate(token, address=request.remote_addr)
    with access.everything():
        return render_template("web/activated.html", license=license)


def _confirm_address(token: str) -> ResponseReturnValue:
    addresses.confirm(token, address=request.remote_addr)
    logout_user()
    flash(_("Your new address is confirmed. Sign in with it."), "success")
    return redirect(url_for("web.sign_in"))


USES = {
    LinkPurpose.SIGN_IN: _sign_in,
    LinkPurpose.PASSWORD: _set_password,
    LinkPurpose.ACTIVATION: _activate,
    LinkPurpose.INVITATION: _accept,
    LinkPurpose.ADDRESS: _confirm_address,
}
