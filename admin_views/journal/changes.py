"""What a journal entry says has changed, in words: the names of the fields, and their values as people read them."""

from __future__ import annotations

import difflib
import enum
import json
from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape

from admin_views import labels
from admin_views.journal.names import Names
from admin_views.tongues import in_tongue, tongue_of
from models import CURRENCY, IssueKind, Language, MailState, OrderState, Role, SubjectKind
from services.forms.words import FIELDS
from services.text import formats

# The field, and its value before and after.
Change = tuple[str, Any, Any]
# So many words are a text whose words are compared, if so much of them is the same.
LONG, ALIKE = 4, 0.4


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], names: Names | None = None
) -> list[Change]:
    """(field, before, after) of everything that an entry names. A field without words yet shows its own name.

    Args:
        names: Of the people that the values may mean; without them a person is a number.
    """
    return [
        (
            str(FIELDS.get(name, name)),
            *(_said(name, values.get(name), names or {}) for values in (before, after)),
        )
        for name in sorted({*before, *after})
    ]


def _said(name: str, value: Any, names: Names) -> Any:
    """The value as people read it; lists and the like are left to the page."""
    if isinstance(value, bool):
        return labels.yes_no(value)
    if name == "user" and (SubjectKind.USER, value) in names:
        return names[SubjectKind.USER, value].text
    if isinstance(value, str) and tongue_of(name):
        return in_tongue(value, tongue_of(name))
    return _VALUES[name](value) if value is not None and name in _VALUES else value


def _money(cents: int) -> str:
    return formats.money(cents, CURRENCY, formats.current_language())


def _rate(thousandths: int) -> str:
    return formats.percent(thousandths, formats.current_language())


def _person(user_id: int) -> str:
    return _("%(kind)s no. %(id)s", kind=labels.subject_words(SubjectKind.USER), id=user_id)


def _note(code: str) -> str:
    """What an order's note said, of before there were issues."""
    return labels.issue_words(code) if code in set(IssueKind) else labels.outcome_words(code)


def _one_of(*kinds: type[enum.StrEnum]) -> Callable[[str], str]:
    """The label of a stored value that is a member of the first of `kinds` that has it."""

    def say(value: str) -> str:
        members = (kind(value) for kind in kinds if value in list(kind))
        return next((labels.label(member) for member in members), value)

    return say


_VALUES: dict[str, Callable[[Any], Any]] = {
    "amount": _money,
    "total": _money,
    "rate": _rate,
    "user": _person,
    "issue": labels.issue_words,
    "note": _note,
    # A state is of an order or of a mail; no value is both.
    "state": _one_of(OrderState, MailState),
    "role": _one_of(Role),
    "language": _one_of(Language),
}


def words_of(before: Any, after: Any) -> Markup | None:
    """Of a text of several words, the whole of it with what was taken out and put in marked; None of what is short, or all another."""
    texts = [str(value).split() for value in (before, after)]
    if min(map(len, texts)) < LONG:
        return None
    compared = difflib.SequenceMatcher(None, *texts, autojunk=False)
    if compared.ratio() < ALIKE:
        return None
    pieces = []
    for _kind, i, j, k, m in compared.get_opcodes():
        out, into = " ".join(texts[0][i:j]), " ".join(texts[1][k:m])
        if out == into:
            pieces.append(escape(out))
            continue
        if out:
            pieces.append(Markup('<del><span class="vh">{} </span>{}</del>').format(_("removed:"), out))
        if into:
            pieces.append(Markup('<ins><span class="vh">{} </span>{}</ins>').format(_("added:"), into))
    return Markup('<span class="change words">{}</span>').format(Markup(" ").join(pieces))


def marked(before: Any, after: Any) -> Markup:
    """What was before and after, of which only a tag says which is which: in a list, which has hundreds."""
    found = words_of(before, after)
    if found is not None:
        return found
    return Markup('<span class="change"><del>{}</del> → <ins>{}</ins></span>').format(before, after)


def in_line(value: Any) -> Any:
    """The value as it stands in a line of text: nothing is a dash, what is more than a text is JSON."""
    if value is None or value == "":
        return "–"
    return as_json(value) if isinstance(value, (list, dict)) else value


def as_json(value: Any) -> str:
    """JSON as people read it in the back office: keys in order, accents kept."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
