"""What one row of a file says of a person, checked as a form would be: by the same rules, and all that is wrong of it."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _

from models import Language, Plan, Role
from services.files.tables import Fault
from services.foundation import checks
from services.foundation.errors import Refused
from services.imports import columns, names
from services.text.alike import bare
from services.text.characters import isolated

# A file says the same few words in each of its rows.
_bare = functools.lru_cache(maxsize=1024)(bare)
# Of what was typed, in the sentence that says what is wrong with it.
_SHOWN = 40


@dataclasses.dataclass
class Typed:
    """What a row comes to.

    Attributes:
        email: As it is stored; nothing, where it is none.
        values: The columns of `accounts.EDITABLE` that it says.
        plans: Which plans it names, each with whether it is over, as in our own lists.
        is_shut: Whether it says that the account is deactivated.
        wrong: What is wrong, as (field, sentence).
    """

    email: str = ""
    values: dict[str, Any] = dataclasses.field(default_factory=dict)
    plans: list[tuple[Plan, bool]] = dataclasses.field(default_factory=list)
    is_shut: bool = False
    wrong: list[tuple[str, str]] = dataclasses.field(default_factory=list)

    def problem(self) -> str:
        """All that is wrong: « Nom : il manque. Rôle : … »."""
        return " ".join(
            _("%(label)s: %(text)s", label=str(columns.LABELS[field]), text=text)
            for field, text in self.wrong
        )


def read(raw: Mapping[str, Any], plans: Mapping[str, Plan], language: Language) -> Typed:
    """What a row says. Its language is the company's, where it says none."""
    found = Typed()
    if not any(str(raw.get(name, "")).strip() for name in columns.ORDER):
        found.wrong.append((columns.WHOLE_ROW, _("nothing stands in the columns that you chose.")))
        return found
    _faults(found, raw)
    _name(found, raw)
    _address(found, raw)
    found.values["role"] = _among(found, raw, columns.ROLE, columns.ROLES) or Role.MEMBER
    found.values["language"] = _among(found, raw, columns.LANGUAGE, columns.LANGUAGES) or language
    _plans(found, raw, plans)
    found.is_shut = bool(raw.get(columns.ACTIVE)) and _bare(raw[columns.ACTIVE]) in columns.SHUT
    return found


def _faults(found: Typed, raw: Mapping[str, Any]) -> None:
    """What is wrong with the cells themselves."""
    found.wrong += [(field, said_of(fault)) for field, fault in raw.get(columns.FAULTS, {}).items()]


def said_of(fault: str) -> str:
    """What is wrong with a cell itself, or with the row as such."""
    if fault == columns.TOO_MANY_CELLS:
        return str(_("it has more cells than the header: does a separator stand in one of them?"))
    if fault == Fault.UNCALCULATED:
        return str(_("it is a formula, which is not computed here. Put its value in its place."))
    return str(_("the formula of this cell ends in an error."))


def _name(found: Typed, raw: Mapping[str, Any]) -> None:
    first, last = str(raw.get(columns.FIRST_NAME, "")), str(raw.get(columns.LAST_NAME, ""))
    whole = str(raw.get(columns.NAME, ""))
    if not first.strip() and not last.strip():
        # « Marie Tremblay <marie@…> »: a mail program writes both in one.
        whole = whole.strip() or str(raw.get(columns.EMAIL, "")).partition("<")[0].strip(' "') * (
            "<" in str(raw.get(columns.EMAIL, ""))
        )
        first, last = names.parted(
            checks.readable(whole), family_first=bool(raw.get(columns.FAMILY_FIRST, False))
        )
    for field, text in ((columns.FIRST_NAME, first), (columns.LAST_NAME, last)):
        cell = field if field in raw else columns.NAME if columns.NAME in raw else field
        if not checks.readable(text):
            _say(found, cell, _missing(field))
        else:
            found.values[field] = _checked(found, cell, checks.person_name, text)


def _missing(field: str) -> str:
    if field == columns.FIRST_NAME:
        return str(_("the first name is missing."))
    return str(_("the last name is missing."))


def _address(found: Typed, raw: Mapping[str, Any]) -> None:
    text = str(raw.get(columns.EMAIL, ""))
    if not checks.address(text):
        _say(found, columns.EMAIL, _("the address is missing."))
        return
    found.email = _checked(found, columns.EMAIL, checks.email, text) or ""
    found.values["email"] = found.email


def _among(found: Typed, raw: Mapping[str, Any], field: str, words: Mapping[str, Any]) -> Any:
    """What a word stands for; None, where there is none or nobody knows it."""
    text = str(raw.get(field, ""))
    if not _bare(text):
        return None
    value = words.get(_bare(text))
    if value is None:
        _say(found, field, _("“%(text)s” is not known here.", text=_shown(text)))
    return value


def _plans(found: Typed, raw: Mapping[str, Any], plans: Mapping[str, Plan]) -> None:
    """The plans that are named, several of them as our own lists write what somebody holds: « Avancé, Éco »."""
    text, state = str(raw.get(columns.PLAN, "")), str(raw.get(columns.STATE, ""))
    if _bare(text) in columns.NO_PLAN:
        return
    named = [text] if _bare(text) in plans else text.split(",")
    states = state.split(",") if len(named) > 1 else [state]
    for place, one in enumerate(named):
        plan = plans.get(_bare(one))
        if plan is None:
            _say(found, columns.PLAN, _("“%(text)s” is not known here.", text=_shown(one)))
            return
        is_over = _bare(states[place] if place < len(states) else "") in columns.OVER
        found.plans.append((plan, is_over))


def _checked(found: Typed, field: str, check: Callable[[str], str], text: str) -> str | None:
    try:
        return check(text)
    except Refused as refused:
        _say(found, field, refused.sentence)
        return None


def _say(found: Typed, field: str, text: str) -> None:
    """Once of each cell: what is wrong with the cell itself comes first."""
    if (field, text) not in found.wrong and not (
        any(name == field for name, _text in found.wrong) and field not in {columns.NAME, columns.WHOLE_ROW}
    ):
        found.wrong.append((field, text))


def _shown(text: str) -> str:
    return isolated(checks.readable(text)[:_SHOWN])
