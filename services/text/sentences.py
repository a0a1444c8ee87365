"""How a message becomes a sentence: every `gettext` of the code and of the templates goes through here.

Whatever a sentence takes up is kept apart from it (`characters.isolated`), a number does not part from its noun at the end of
a line, and « de » becomes « d’ » where a name wants it (`french.elided`); so nobody who writes a message or a translation has to think of any.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

import flask_babel
from flask import Flask, g, has_app_context  # noqa: TID251 - for the language alone
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from services.text.characters import isolated
from services.text.french import elided

# « %(num)s licences », “60 days”: the space after a number and before its noun, which “1 to 3 days” has after the 3.
_AFTER_A_NUMBER = re.compile(
    r"(%\((?:num|count|most)\)s|(?<![\w.,])[0-9][0-9.,]*) (?=[^\W\d_])(?!(?:to|and|or|of|à|et|ou|de)\b)"
)


@functools.lru_cache(maxsize=4096)
def unbroken(message: str) -> str:
    """The message with a no-break space between each number and its noun."""
    return _AFTER_A_NUMBER.sub("\\1\u00a0", message)


class Words:
    """What the messages are in one language, each looked up once: as text, and as the HTML of a message without variables."""

    def __init__(self, translations: Any) -> None:
        self.translations = translations
        self.texts: dict[str, str] = {}
        self.html: dict[str, Markup] = {}

    def text(self, message: str) -> str:
        found = self.texts.get(message)
        if found is None:
            found = self.texts[message] = unbroken(self.translations.ugettext(message))
        return found

    def as_html(self, message: str) -> Markup:
        """The message where HTML is made, filled with nothing."""
        found = self.html.get(message)
        if found is None:
            found = self.html[message] = Markup(self.text(message)) % {}  # noqa: S704 - our own messages
        return found


def filled(message: str, variables: Mapping[str, Any]) -> str:
    """The message with its variables in it: each text is kept apart from the words around it."""
    # What was HTML stays HTML.
    pattern = type(message)(elided(message, variables))
    return pattern % {name: _apart(value) for name, value in variables.items()}


def _apart(value: Any) -> Any:
    """Numbers stay numbers; HTML has its own `<bdi>` (the filter `bdi`)."""
    return value if isinstance(value, (int, float, Markup)) else isolated(str(value))


class Sentences(flask_babel.Domain):  # type: ignore[misc]
    """Flask-Babel's messages, as sentences."""

    def __init__(self) -> None:
        super().__init__()
        self._spoken: dict[Any, Words] = {}

    def words(self) -> Words:
        """The words of the language spoken now."""
        # Where Flask-Babel keeps the language of a request once it knows it, and forgets it when it changes. What was
        # found for it is put beside it: a page asks some hundred times, and to compare languages is slow.
        told = g.get("_flask_babel") if has_app_context() else None
        locale = getattr(told, "babel_locale", None)
        known: tuple[Any, Words] | None = getattr(told, "desk_words", None)
        if known is not None and known[0] is locale:
            return known[1]
        found = self._spoken.get(locale)
        if found is None:
            locale, found = flask_babel.get_locale(), Words(self.get_translations())
            if locale is not None:
                self._spoken[locale] = found
        if told is not None and locale is not None:
            told.desk_words = (locale, found)
        return found

    def gettext(self, string: str, **variables: Any) -> str:
        message = self.words().text(string)
        return filled(message, variables) if variables else message

    def ngettext(self, singular: str, plural: str, num: int, **variables: Any) -> str:
        message = unbroken(self.get_translations().ungettext(singular, plural, num))
        return filled(message, {"num": num, **variables})

    def pgettext(self, context: str, string: str, **variables: Any) -> str:
        message = unbroken(self.get_translations().upgettext(context, string))
        return filled(message, variables) if variables else message

    def npgettext(self, context: str, singular: str, plural: str, num: int, **variables: Any) -> str:
        message = unbroken(self.get_translations().unpgettext(context, singular, plural, num))
        return filled(message, {"num": num, **variables})


SENTENCES = Sentences()


def install(app: Flask, babel: flask_babel.Babel) -> None:
    """Make both the code's and the templates' messages sentences."""
    babel.domain_instance = SENTENCES
    app.jinja_env.globals.update(
        gettext=_gettext, ngettext=_ngettext, pgettext=_pgettext, npgettext=_npgettext
    )


# --- In templates -----------------------------------------------------------------------------------------------------
# As Jinja's own “newstyle” functions: a message is always a pattern, and where HTML is made, safe HTML.


def _said(context: Context, message: str, variables: Mapping[str, Any]) -> str:
    return filled(Markup(message) if context.eval_ctx.autoescape else message, variables)  # noqa: S704 - our own messages


def _translations() -> Any:
    return flask_babel.get_translations()


@pass_context
def _gettext(context: Context, string: str, /, **variables: Any) -> str:
    words = SENTENCES.words()
    if not variables and context.eval_ctx.autoescape:
        found: str = words.as_html(string)
        return found
    return _said(context, words.text(string), variables)


@pass_context
def _ngettext(context: Context, singular: str, plural: str, num: int, /, **variables: Any) -> str:
    message = unbroken(_translations().ungettext(singular, plural, num))
    return _said(context, message, {"num": num, **variables})


@pass_context
def _pgettext(context: Context, about: str, string: str, /, **variables: Any) -> str:
    return _said(context, unbroken(_translations().upgettext(about, string)), variables)


@pass_context
def _npgettext(
    context: Context, about: str, singular: str, plural: str, num: int, /, **variables: Any
) -> str:
    message = unbroken(_translations().unpgettext(about, singular, plural, num))
    return _said(context, message, {"num": num, **variables})
