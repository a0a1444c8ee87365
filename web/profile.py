"""*My profile*: name, language, time zone, password, and what the desk knows of whoever reads it."""

from __future__ import annotations

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import refresh
from flask_login import current_user
from wtforms import Field

from access import current_actor
from models import Language, User, db, utcnow
from services.foundation.errors import Code, Refused
from services.people import addresses, oneself
from services.privacy import known
from web import languages
from web.accounts import start_session
from web.blueprint import bp
from web.forms import ChangePasswordForm, NewAddressForm, ProfileForm, status_of
from web.limits import limit_guesses


@bp.route("/profile", methods=["GET", "POST"])
def profile() -> ResponseReturnValue:
    """The person's name, language and time zone. The password has its own form and address."""
    if not current_user.is_authenticated:
        return current_app.login_manager.unauthorized()  # type: ignore[attr-defined, no-any-return]
    form = ProfileForm(obj=current_user)
    if request.method != "POST":
        form.seen.data = oneself.PROFILE.version(current_user)
    if form.validate_on_submit() and _save(form):
        flash(_("Your profile is saved."), "success")
        response = redirect(url_for("web.profile"))
        languages.remember(response, Language(form.language.data))
        return response
    return _page(form, ChangePasswordForm(formdata=None))


def _save(form: ProfileForm) -> bool:
    try:
        oneself.change_profile(
            current_user,
            by=current_actor(),
            first_name=form.first_name.data,
            last_name=form.last_name.data,
            language=form.language.data,
            time_zone=form.time_zone.data,
            seen=form.seen.data or "",
        )
    except Refused as refused:
        if refused.code == Code.CHANGED_MEANWHILE:
            db.session.rollback()
            form.seen.data = oneself.PROFILE.version(current_user)
        return _wrong(form.first_name, refused)
    # So that the sentence that follows is in the language just chosen.
    languages.forget()
    refresh()
    return True


@bp.post("/profile/address")
@limit_guesses
def change_address() -> ResponseReturnValue:
    """Ask for another address: it is the person's once they have answered at it."""
    if not current_user.is_authenticated:
        return current_app.login_manager.unauthorized()  # type: ignore[attr-defined, no-any-return]
    form = NewAddressForm()
    if form.validate_on_submit() and _ask_for(form):
        flash(
            _(
                "A link is on its way to %(email)s. Until it is used, you sign in as before.",
                email=form.email.data,
            ),
            "success",
        )
        return redirect(url_for("web.profile"))
    return _page(_untouched(), ChangePasswordForm(formdata=None), form)


def _ask_for(form: NewAddressForm) -> bool:
    if current_user.password and not oneself.has_password(current_user, form.proof.data or ""):
        form.proof.errors = [_("This is not your current password.")]
        return False
    if not current_user.password and not oneself.came_in_lately(current_user, utcnow()):
        form.email.errors = [
            _(
                "You have no password: sign out, sign in by a link that is mailed to you, then ask again at once."
            )
        ]
        return False
    try:
        addresses.ask(current_user, form.email.data or "", by=current_actor())
    except Refused as refused:
        return _wrong(form.email, refused)
    return True


@bp.post("/profile/address/withdraw")
def withdraw_address() -> ResponseReturnValue:
    """Keep the address of today."""
    if not current_user.is_authenticated:
        return current_app.login_manager.unauthorized()  # type: ignore[attr-defined, no-any-return]
    addresses.withdraw(current_user, by=current_actor())
    flash(_("Your address stays as it is. The link that was mailed no longer works."), "success")
    return redirect(url_for("web.profile"))


@bp.post("/profile/password")
@limit_guesses
def change_password() -> ResponseReturnValue:
    """Change the password, given the current one; every other session of the person ends."""
    if not current_user.is_authenticated:
        return current_app.login_manager.unauthorized()  # type: ignore[attr-defined, no-any-return]
    form = ChangePasswordForm()
    if form.validate_on_submit() and _set_password(form):
        flash(_("Your password is changed. You are signed out everywhere else."), "success")
        return redirect(url_for("web.profile"))
    return _page(_untouched(), form)


def _untouched() -> ProfileForm:
    return ProfileForm(formdata=None, obj=current_user, seen=oneself.PROFILE.version(current_user))


def _set_password(form: ChangePasswordForm) -> bool:
    if not oneself.has_password(current_user, form.current.data or ""):
        form.current.errors = [_("This is not your current password.")]
        return False
    user_id = current_user.id
    try:
        oneself.set_password(current_user, form.password.data or "", by=current_actor())
    except Refused as refused:
        return _wrong(form.password, refused)
    start_session(db.session.get_one(User, user_id), "password")
    return True


@bp.post("/profile/known")
def known_of_me() -> ResponseReturnValue:
    """What the desk knows of whoever asks, as a page or a file."""
    if not current_user.is_authenticated:
        return current_app.login_manager.unauthorized()  # type: ignore[attr-defined, no-any-return]
    user_id, name, form = current_user.id, current_user.name, known.asked_form(request.form.get("form"))
    parts = known.put_together(current_user, form, by=current_actor())
    if form is known.Form.JSON:
        file, headers = known.file_of(user_id, parts)
        return Response(file, mimetype="application/json", headers=headers)
    back = (_("My profile"), url_for("web.profile"))
    return render_template("known.html", name=name, parts=parts, made_at=utcnow(), back=back)


def _wrong(field: Field, refused: Refused) -> bool:
    field.errors = [refused.sentence]
    return False


def _page(
    profile_form: ProfileForm,
    password_form: ChangePasswordForm,
    address_form: NewAddressForm | None = None,
) -> ResponseReturnValue:
    page = render_template(
        "web/profile.html",
        form=profile_form,
        password_form=password_form,
        address_form=address_form or NewAddressForm(formdata=None),
        asked=addresses.is_asked(current_user, utcnow()),
    )
    return page, status_of(profile_form)
