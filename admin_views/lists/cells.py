"""How each kind of column becomes HTML: functions made once for a language, of which the values alone are escaped."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import re
import zoneinfo
from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import escape

from admin_views.lists.columns import Column
from models import is_erased_address, name_of
from services.text import characters, formats, initials

# Days before a licence's end from which it needs somebody.
SOON = 30
# Of a key, this much is read aloud.
SHORT_KEY = 11
_SPECIAL = re.compile("[&<>\"']")


@dataclasses.dataclass(frozen=True)
class Around:
    """What of a page of rows is not the rows': the reader's calendar and clock, and the way back.

    Attributes:
        today: The day where the reader is.
        zone: Where that is.
        back: `&url=…`, or nothing where the way back is the list as it opens.
        told: What the view says of rows, by their key, all at once: the sentences of the journal.
    """

    today: dt.date
    zone: zoneinfo.ZoneInfo
    back: str = ""
    told: Mapping[Any, Any] = dataclasses.field(default_factory=dict)


# What a cell holds, of the value of its column.
Write = Callable[[Any, Around], str]


def escaped(text: str) -> str:
    """`text` as HTML. Nearly every value holds nothing to escape."""
    return text if _SPECIAL.search(text) is None else str(escape(text))


def said(text: Any) -> str:
    """`text` in HTML: what is read from right to left does not move what stands beside it."""
    plain = str(text)
    if _SPECIAL.search(plain) is None and characters.keeps_still(plain):
        return plain
    if characters.keeps_still(plain):
        return str(escape(plain))
    kept = characters.without_bidi_controls(plain)
    inner = str(escape(kept))
    return f"<bdi>{inner}</bdi>" if characters.reads_from_the_right(kept) else inner


def ends_words(language: str) -> list[str]:
    """« aujourd’hui », « demain », « dans 2 jours » … for `SOON` days."""
    later = [ngettext("in %(num)s day", "in %(num)s days", number) for number in range(2, SOON + 1)]
    return [_("today"), _("tomorrow"), *later]


def face(person: tuple[str, str, str], size: str = "") -> str:
    """The circle with a person's initials, as `face` of `ui.html`."""
    drawn = initials.face(name_of(*person))
    return f'<bdi class="face t{drawn.ground}{size}" aria-hidden=true>{escaped(drawn.initials)}</bdi>'


def person_name(person: tuple[str, str, str]) -> str:
    """A person's name as one says it, for readers: the address of who has none."""
    return name_of(*person)


def _sorted_name(person: tuple[str, str, str]) -> str:
    """The name in the order in which lists are sorted."""
    first, last, email = person
    if is_erased_address(email):
        return f"<b>{said(name_of(*person))}</b>"
    if first and last:
        return f"<b>{said(last)}</b>, {said(first)}"
    return f"<b>{said(first or last or email)}</b>"


def nobody(value: Any) -> bool:
    """Whether a joined person is not there."""
    return value is None or value[2] is None


# --- Kinds: (column, language) → what it writes of a value that is there --------------------------------------------


def _text(column: Column, language: str) -> Write:
    return lambda value, around: said(value)


def _number(column: Column, language: str) -> Write:
    return lambda value, around: formats.number(value, language)


def _money(column: Column, language: str) -> Write:
    return lambda value, around: formats.money(value[0], value[1], language)


@functools.lru_cache(maxsize=4096)
def day(value: dt.date) -> str:
    # The sheet keeps every `time` on one line: a class on each would be a kilobyte of a page.
    return f"<time>{value.isoformat()}</time>"


def _day(column: Column, language: str) -> Write:
    return lambda value, around: day(value)


def _ends(column: Column, language: str) -> Write:
    words = ends_words(language)

    def write(value: dt.date, around: Around) -> str:
        left = (value - around.today).days
        return (
            f'{day(value)} <span class="soon s nb">{words[left]}</span>' if 0 <= left <= SOON else day(value)
        )

    return write


def _moment(column: Column, language: str) -> Write:
    def write(value: dt.datetime, around: Around) -> str:
        text = formats.moment(value, language, around.zone)
        return f"<time>{text[:10]}</time>{formats.NBSP}{text[11:].replace(' ', formats.NBSP)}"

    return write


def state_of(column: Column) -> Callable[[Any], tuple[str, str]]:
    """The class and the words of a state, each asked once."""
    words, tone = column.words or str, column.tone or (lambda _member: "none")
    return functools.lru_cache(maxsize=256)(lambda member: (tone(member), str(escape(words(member)))))


def _state(column: Column, language: str) -> Write:
    known = state_of(column)

    def write(value: Any, around: Around) -> str:
        tone, words = known(value)
        return f'<span class="state {tone}">{words}</span>'

    return write


def _key(column: Column, language: str) -> Write:
    def write(value: str, around: Around) -> str:
        return f'<span class=key title="{escaped(value)}">{escaped(value[:SHORT_KEY])}…</span>'

    return write


def _mono(column: Column, language: str) -> Write:
    return lambda value, around: f"<span class=key>{escaped(str(value))}</span>"


def _name(column: Column, language: str) -> Write:
    return lambda value, around: _sorted_name(value)


def _told(column: Column, language: str) -> Write:
    write = column.words or str
    return lambda value, around: write(around.told[value])


WRITERS: dict[str, Callable[[Column, str], Write]] = {
    "text": _text,
    "number": _number,
    "money": _money,
    "day": _day,
    "ends": _ends,
    "moment": _moment,
    "state": _state,
    "key": _key,
    "mono": _mono,
    "person": _name,
    "holder": _name,
    "told": _told,
}


def plain(column: Column, language: str) -> Callable[[Any, Around], str]:
    """What a value is called where there is no HTML: the name of a row."""
    if column.kind in {"person", "holder"}:
        return lambda value, around: person_name(value)
    if column.kind == "state":
        return lambda value, around: str((column.words or str)(value))
    if column.kind == "moment":
        return lambda value, around: formats.moment(value, language, around.zone)
    if column.kind == "money":
        return lambda value, around: formats.money(value[0], value[1], language)
    if column.kind == "key":
        return lambda value, around: f"{value[:SHORT_KEY]}…"
    return lambda value, around: str(value)
