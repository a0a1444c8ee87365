"""What the columns of a list are in a file: a page of rows at a time, each column as a list of plain values.

A list declares its columns once: what is a kind on the screen (`cells.py`) is a kind of cell here. Nobody builds an object, and what
depends on a few values alone is asked once: a file may have a million rows.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import sqlalchemy as sa
from flask_babel import gettext as _

from admin_views.lists.columns import Column, several
from admin_views.lists.writers import Needed
from models import MailAddress, UtcDateTime, name_of, readable_address

# `money` is cents, `day` is `2026-11-24`, `moment` is `2026-11-24 14:30` by the reader's clock.
Cell = Literal["text", "number", "money", "day", "moment"]
# The values of a page, by SQL column; and what the view tells of its rows, by their key.
Page = Sequence[Sequence[Any]]
Read = Callable[[Page, Mapping[Any, Any]], Sequence[Any]]
# In the domain of every address that is not stored as it is read (RFC 5890, section 2.3.1).
HYPHENS = "--"
# Hours of which the reader's hour is remembered.
HOURS = 20_000
CELLS: dict[str, Cell] = {
    "number": "number",
    "money": "money",
    "day": "day",
    "ends": "day",
    "moment": "moment",
}


@dataclasses.dataclass(frozen=True)
class Filed:
    """A column of a file.

    Attributes:
        label: Its heading.
        cell: What its values are. None is nothing.
        read: The values of a page.
        blank: The words where there is nothing.
        gathers: Whether the lines of one row stand in one cell.
    """

    label: str
    cell: Cell
    read: Read
    blank: str = ""
    gathers: bool = False


class FileSheet:
    """How the rows of a list become the cells of a file, for one reader.

    Args:
        model: The list's table, whose key is `key`.
        columns: What the screen shows, then what is in files alone.
        dialect: The name of the database's.
    """

    def __init__(
        self,
        model: type,
        key: Any,
        columns: Sequence[Column],
        *,
        language: str,
        zone: zoneinfo.ZoneInfo,
        dialect: str,
    ) -> None:
        self._dialect = dialect
        self._needed = Needed(model, language)
        self._key = self._needed.place(key)
        self._local = Clock(zone)
        self._texts: dict[int, tuple[Any, Any]] = {}
        self.columns = [filed for column in columns for filed in self._filed(column)]
        self.gathers = any(column.gathers for column in columns)

    @property
    def needed(self) -> Sequence[Any]:
        """The SQL columns of a row."""
        return self._needed.columns

    def keys(self, page: Page) -> list[Any]:
        return list(dict.fromkeys(page[self._key]))

    def cells(self, page: Page, told: Mapping[Any, Any]) -> list[Sequence[Any]]:
        """The columns of the file: of a page of rows, each with all of its lines."""
        read = [filed.read(page, told) for filed in self.columns]
        return self._gathered(page[self._key], read) if self.gathers else read

    # --- Lines of one row -------------------------------------------------------------------------------------------

    def _gathered(self, keys: Sequence[Any], read: list[Sequence[Any]]) -> list[Sequence[Any]]:
        """One line for each row, as on the screen: a total that stood twice would be added twice."""
        lines: dict[Any, list[int]] = {}
        for place, key in enumerate(keys):
            lines.setdefault(key, []).append(place)
        if len(lines) == len(keys):
            return read
        return [
            [_together([values[place] for place in places], filed) for places in lines.values()]
            for filed, values in zip(self.columns, read, strict=True)
        ]

    # --- Kinds: what reads a column ---------------------------------------------------------------------------------

    def _filed(self, column: Column) -> list[Filed]:
        label, blank = str(column.label), str(column.blank or "").strip()
        if column.kind in {"person", "holder"}:
            name, address = self._person(column)
            email = _("%(person)s (email)", person=label)
            return [
                Filed(label, "text", name, blank, column.gathers),
                Filed(email, "text", address, "", column.gathers),
            ]
        cell = CELLS.get(column.kind, "text")
        return [Filed(label, cell, getattr(self, f"_{cell}")(column), blank, column.gathers)]

    def _values(self, column: Column) -> Read:
        """What the column shows, as a list of Python values."""
        needs = getattr(self._needed.model, column.name) if column.needs is None else column.needs
        places = [self._needed.place(part) for part in several(needs)]
        make = column.value
        if len(places) == 1:
            (place,) = places
            if make is None:
                return lambda page, told: page[place]
            return lambda page, told: _each(make, page[place])
        if make is None:
            return lambda page, told: list(zip(*(page[place] for place in places), strict=True))
        return lambda page, told: [
            make(*values) for values in zip(*(page[place] for place in places), strict=True)
        ]

    def _plain(self, column: Column, of: type) -> Any:
        """The one SQL column of type `of` that `column` shows as it is, or None."""
        if column.value is not None:
            return None
        needs = several(getattr(self._needed.model, column.name) if column.needs is None else column.needs)
        return needs[0] if len(needs) == 1 and isinstance(getattr(needs[0], "type", None), of) else None

    def _person(self, column: Column) -> tuple[Read, Read]:
        """The name in the order in which lists are sorted, as on the screen; and the address."""
        given_name, family_name, address = several(column.needs)
        first, last = self._needed.place(given_name), self._needed.place(family_name)
        email, emails = self._address(address)

        def names(page: Page, told: Mapping[Any, Any]) -> Sequence[Any]:
            return [
                f"{family}, {given}"
                if given and family
                else address and name_of(given, family, readable_address(address))
                for given, family, address in zip(page[first], page[last], page[email], strict=True)
            ]

        return names, emails

    def _address(self, column: Any) -> tuple[int, Read]:
        """A mail address, of which the few that are not stored as they are read are looked at."""
        place = self._needed.place(self._as_text(column))

        def addresses(page: Page, told: Mapping[Any, Any]) -> Sequence[Any]:
            return [
                readable_address(text) if text is not None and HYPHENS in text else text
                for text in page[place]
            ]

        return place, addresses

    def _text(self, column: Column) -> Read:
        if column.kind == "told":
            say = column.plain or str
            return lambda page, told: [say(told[key]) or None for key in page[self._key]]
        if column.kind == "state" and column.words is not None:
            return self._state(column, column.words)
        read = self._values(column)
        if (mail := self._plain(column, MailAddress)) is not None:
            return self._address(mail)[1]
        if self._plain(column, sa.String) is not None and self._plain(column, sa.Enum) is None:
            return read
        return lambda page, told: _each(_said, read(page, told))

    def _state(self, column: Column, words: Callable[[Any], str]) -> Read:
        """The words of a state, which is read as the code that the database holds."""
        stored = column.in_sql() if column.in_sql is not None else self._plain(column, sa.Enum)
        if stored is None:
            read = self._values(column)
            return lambda page, told: _each(
                lambda state: None if state is None else words(state), read(page, told)
            )
        place, kind = self._needed.place(self._as_text(stored)), stored.type.enum_class
        return lambda page, told: _each(lambda code: None if code is None else words(kind(code)), page[place])

    def _number(self, column: Column) -> Read:
        return self._values(column)

    def _money(self, column: Column) -> Read:
        read = self._values(column)
        return lambda page, told: [None if value is None else value[0] for value in read(page, told)]

    def _day(self, column: Column) -> Read:
        plain = self._plain(column, sa.Date)
        if plain is not None:
            # As the text that SQLite holds: a date is made of it for nothing.
            place = self._needed.place(self._as_text(plain, "YYYY-MM-DD"))
            return lambda page, told: page[place]
        read = self._values(column)
        return lambda page, told: [None if day is None else day.isoformat() for day in read(page, told)]

    def _moment(self, column: Column) -> Read:
        plain = self._plain(column, UtcDateTime)
        if plain is not None:
            place = self._needed.place(self._as_text(plain, "YYYY-MM-DD HH24:MI"))
            return lambda page, told: self._local.texts(page[place])
        read = self._values(column)
        return lambda page, told: [
            None if at is None else self._local.text(f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M}")
            for at in read(page, told)
        ]

    def _as_text(self, column: Any, pattern: str | None = None) -> Any:
        """The column as the database holds it; made once, so that it is fetched once."""
        if id(column) not in self._texts:
            # Beside the column itself, so that no other one is ever known by its number.
            self._texts[id(column)] = (column, self._made_text(column, pattern))
        return self._texts[id(column)][1]

    def _made_text(self, column: Any, pattern: str | None) -> Any:
        if pattern is not None and self._dialect == "postgresql":
            text = sa.func.to_char(column, pattern, type_=sa.String)
        else:
            text = sa.type_coerce(column, sa.String)
        # By a name of its own: the column itself may be fetched too.
        return text.label(f"text_{len(self._texts)}")


class Clock:
    """Instants as text, from UTC to the reader's clock: `2026-11-24 19:30…` → `2026-11-24 14:30`."""

    def __init__(self, zone: zoneinfo.ZoneInfo) -> None:
        self._zone = zone
        self._hours: dict[str, str] = {}

    def texts(self, instants: Sequence[str | None]) -> list[str | None]:
        known = self._hours
        if len(known) > HOURS:
            known.clear()
        return [
            None if at is None else hour + at[13:16] if (hour := known.get(at[:13], "")) else self.text(at)
            for at in instants
        ]

    def text(self, at: str) -> str:
        instant = dt.datetime.fromisoformat(f"{at[:16]}+00:00")
        local = instant.astimezone(self._zone)
        # An hour may be remembered where the whole of it is one there: not in Newfoundland, nor where a clock is put on by half of one.
        start, end = (
            instant.replace(minute=minute).astimezone(self._zone).replace(tzinfo=None) for minute in (0, 59)
        )
        if start.minute == 0 and end - start == dt.timedelta(minutes=59):
            self._hours[at[:13]] = f"{start:%Y-%m-%d %H}"
        return f"{local:%Y-%m-%d %H:%M}"


def _each(make: Callable[[Any], Any], values: Sequence[Any]) -> Sequence[Any]:
    """What `make` makes of each value, asked once for each that a page has."""
    made = {value: make(value) for value in set(values)}
    return [made[value] for value in values]


def _said(value: Any) -> str | None:
    return None if value is None else str(value.value if isinstance(value, enum.Enum) else value)


def _together(values: list[Any], filed: Filed) -> Any:
    """The values of the lines of one row: of what does not gather, those of the first."""
    if not filed.gathers or len(values) == 1:
        return values[0]
    return ", ".join(str(value) for value in values if value is not None) or None
