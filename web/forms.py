"""The forms of this room: their fields, and what each must look like. The verbs check the rest."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, HiddenField, PasswordField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import EqualTo, InputRequired, Length

from models import Language
from services.forms.fields import CheckedForm, SoughtEmailField
from services.foundation.checks import MAX_EMAIL_LENGTH, MAX_NAME_LENGTH
from services.people.oneself import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
from services.text.places import time_zones

# Each in its own language, and said to be.
LANGUAGE_NAMES = [
    SelectChoice(code.value, name, render_kw={"lang": code.value})
    for code, name in ((Language.FR, "Français"), (Language.EN, "English"))
]
FILLED = InputRequired(_l("Please fill in this field."))
TOO_LONG = _l("This text is too long.")


def status_of(form: CheckedForm) -> int:
    """Of the page that shows `form`: 422 where what was sent is refused, so that programs know it too."""
    return 422 if form.is_submitted() else 200


class EmailForm(CheckedForm):
    """Asks for a mail to an address."""

    email = SoughtEmailField(
        _l("Email"),
        [FILLED, Length(max=MAX_EMAIL_LENGTH, message=TOO_LONG)],
        render_kw={"autocomplete": "username", "spellcheck": "false"},
    )


class NamedForm(CheckedForm):
    """What somebody is called."""

    first_name = StringField(
        _l("First name"),
        [FILLED, Length(max=MAX_NAME_LENGTH, message=TOO_LONG)],
        render_kw={"autocomplete": "given-name"},
    )
    last_name = StringField(
        _l("Last name"),
        [FILLED, Length(max=MAX_NAME_LENGTH, message=TOO_LONG)],
        render_kw={"autocomplete": "family-name"},
    )


class JoinForm(NamedForm):
    """Who somebody is who follows a firm's invitation link."""

    email = EmailField(
        _l("Email"),
        [FILLED, Length(max=MAX_EMAIL_LENGTH, message=TOO_LONG)],
        render_kw={"autocomplete": "email", "spellcheck": "false"},
    )


class SignInForm(EmailForm):
    password = PasswordField(
        _l("Password"),
        [FILLED, Length(max=MAX_PASSWORD_LENGTH, message=TOO_LONG)],
        render_kw={"autocomplete": "current-password"},
    )


class NewPasswordForm(CheckedForm):
    """A new password, twice, because what is typed is not shown."""

    password = PasswordField(
        _l("New password"),
        [FILLED, Length(max=MAX_PASSWORD_LENGTH, message=TOO_LONG)],
        description=_l("At least %(count)s characters.", count=MIN_PASSWORD_LENGTH),
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        _l("Confirm the new password"),
        [FILLED, EqualTo("password", _l("The two passwords differ."))],
        render_kw={"autocomplete": "new-password"},
    )


class ChangePasswordForm(NewPasswordForm):
    """The same for a signed-in person, who types the current one too."""

    current = PasswordField(
        _l("Current password"),
        [FILLED, Length(max=MAX_PASSWORD_LENGTH, message=TOO_LONG)],
        render_kw={"autocomplete": "current-password"},
    )


class NewAddressForm(CheckedForm):
    """Another address for a signed-in person. Whoever has a password types it: an open session alone is not enough."""

    email = EmailField(
        _l("New address"),
        [FILLED, Length(max=MAX_EMAIL_LENGTH, message=TOO_LONG)],
        render_kw={"autocomplete": "email", "spellcheck": "false"},
    )
    # Not `current`: the page has two such fields.
    proof = PasswordField(
        _l("Current password"),
        [Length(max=MAX_PASSWORD_LENGTH, message=TOO_LONG)],
        render_kw={"autocomplete": "current-password"},
    )


class ProfileForm(NamedForm):
    """What a person says of themselves."""

    # What the row held when the form was made.
    seen = HiddenField()
    language = SelectField(_l("Language"), choices=LANGUAGE_NAMES)
    time_zone = SelectField(_l("Time zone"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [SelectChoice(name, name) for name in time_zones()]
        self.time_zone.choices = [SelectChoice("", _l("The same as my company")), *names]
