"""The pages of one-time links. Opening a page, as mail scanners do, does not use the link; its button does."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

import access
from models import License, Link, LinkPurpose, db
from services.foundation import tokens
from services.foundation.errors import Code, Refused
from services.foundation.tokens import DeadLinkError
from services.people import links
from web.accounts import home_of, start_session
from web.blueprint import bp
from web.forms import NewPasswordForm
from web.guards import limit_dead_links


@bp.route("/l/<token>", methods=["GET", "POST"])
@limit_dead_links
def link(token: str) -> ResponseReturnValue:
    """The page of a link (GET), or what its button does (POST). A link that cannot be used gives the same 404 page."""
    with access.everything():
        found = tokens.find(token)
        if found is None:
            return _dead()
        if request.method != "POST":
            return _private(_page(found))
    try:
        return _private(USES[found.purpose](token))
    except DeadLinkError:
        return _dead()


def _page(found: Link) -> str:
    license = db.session.get(License, found.license_id) if found.license_id else None
    return render_template(
        f"web/link_{found.purpose.value}.html", person=found.user, license=license, form=NewPasswordForm()
    )


def _dead() -> Response:
    return _private(render_template("web/link_dead.html"), 404)


def _private(answer: ResponseReturnValue, status: int | None = None) -> Response:
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
    return redirect(home_of(user))


def _set_password(token: str) -> ResponseReturnValue:
    form = NewPasswordForm()
    if form.validate_on_submit():
        try:
            links.set_password(token, form.password.data or "", address=request.remote_addr)
        except Refused as refused:
            if refused.code == Code.DEAD_LINK:
                raise
            form.password.errors = [refused.sentence]
        else:
            flash(_("Your password is changed. Sign in with the new one."), "success")
            return redirect(url_for("web.sign_in"))
    with access.everything():
        if found := tokens.find(token):
            return render_template("web/link_password.html", form=form, person=found.user)
    return _dead()


def _activate(token: str) -> ResponseReturnValue:
    license = links.activate(token, address=request.remote_addr)
    with access.everything():
        return render_template("web/activated.html", license=license)


USES = {
    LinkPurpose.SIGN_IN: _sign_in,
    LinkPurpose.PASSWORD: _set_password,
    LinkPurpose.ACTIVATION: _activate,
}
