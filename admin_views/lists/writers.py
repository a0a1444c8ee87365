"""A list's columns and acts as one function from rows to HTML, made once for each view and language.

What does not depend on the row is ready text: tags, labels, addresses up to the value in them. A row is a tuple of the SQL
columns that the columns say they need, each once; nobody builds an object, a URL or a macro for it.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape

from admin_views.lists import cells
from admin_views.lists.cells import Around
from admin_views.lists.columns import Act, ByLanguage, Column, Made, several
from services.text.characters import isolated

Row = Sequence[Any]
# Of a row, or of the lines of one row where a join gives several.
Get = Callable[[Row], Any]
# Of a row, what each of its columns says of it, the lines of the row, and what is around.
Cell = Callable[[Row, Sequence[str], Sequence[Row], Around], str]
MARK = "0mark0"
# Within a link that says its name, for which readers do not look into it.
ICON = '<svg class=i aria-hidden=true><use href="{sprite}#{name}"/></svg>'


class Needed:
    """The SQL columns of a row, each once, in the order in which they were first asked for."""

    def __init__(self, model: type, language: str) -> None:
        self.model, self.language = model, language
        self.columns: list[Any] = []
        self._places: dict[int, int] = {}

    def place(self, column: Any) -> int:
        """Where `column` stands in a row. A text in two languages is that of the reader's."""
        if isinstance(column, types.FunctionType):
            column = column(self.language)
        if id(column) not in self._places:
            self._places[id(column)] = len(self.columns)
            self.columns.append(column)
        return self._places[id(column)]

    def getter(self, needs: Any, value: Callable[..., Any] | ByLanguage | None = None) -> Get:
        """What `value` makes of the columns of `needs`; without it the one column, or all of them."""
        places = [self.place(column) for column in several(needs)]
        if isinstance(value, ByLanguage):
            value = value.make(self.language)
        elif value is not None and isinstance(getattr(needs, "type", None), (sa.Boolean, sa.Enum)):
            # Of a few values a few words, in the language of the sheet.
            value = functools.cache(value)
        # Of one column the value, of several a tuple of them.
        get: Get = operator.itemgetter(*places)
        if value is None:
            return get
        return (lambda row: value(get(row))) if len(places) == 1 else (lambda row: value(*get(row)))

    def getter_of(self, column: Column) -> Get:
        needs = getattr(self.model, column.name) if column.needs is None else column.needs
        return self.getter(needs, column.value)


def address(endpoint: str, argument: str, of_view: str) -> tuple[str, str, bool]:
    """What stands before and after the value in an address, and whether it is a page of the view itself.

    On the list itself such a page is named from there on: rows are most of what a list weighs.
    """
    whole = f"{of_view}{endpoint}" if endpoint.startswith(".") else endpoint
    own = whole.startswith(f"{of_view}.")
    before, _mark, after = url_for(whole, **{argument: MARK}).partition(MARK)
    if own:
        before = before.removeprefix(url_for(f"{of_view}.index_view"))
    return str(escape(before)), str(escape(after)), own


def around_mark(sentence: str) -> tuple[str, str]:
    """A sentence with the mark in it, as the HTML before and after it."""
    before, _mark, after = sentence.partition(MARK)
    return str(escape(before)), str(escape(after))


@dataclasses.dataclass(frozen=True)
class Declared:
    """What a sheet takes from its view: see `view.py`."""

    model: Any
    key: Any
    endpoint: str
    row_name: Made | None = None
    row_acts: Sequence[Act] = ()
    bulk: Mapping[str, Made | None] = dataclasses.field(default_factory=dict)
    dense: bool = False


def letter_of(bulk: Mapping[str, Any], name: str) -> str:
    """What the rows that take an act on many call it by: a letter, since each of them says it."""
    return chr(ord("a") + list(bulk).index(name))


class Sheet:
    """How a view writes its rows in one language.

    Args:
        view: What the view declares of its rows.
        columns: Those of its columns that are shown.
        sprite: Where the icons are.
    """

    def __init__(self, view: Declared, columns: Sequence[Column], language: str, sprite: str) -> None:
        self.view, self.columns, self.language, self.sprite = view, columns, language, sprite
        self.needed = Needed(view.model, language)
        self.key = self.needed.place(view.key)
        self.name = self._namer()
        # What a column says is written once, for its cell and for the line of a phone.
        self.inners = [self._inner(column) for column in columns]
        self.cells: list[Cell] = [self._lead(), *(self._cell(at) for at in range(1, len(columns)))]
        self.acts = [self._act(act) for act in view.row_acts]
        # An action that takes every row says nothing on each of them.
        self.accepts = [
            (letter_of(view.bulk, name), self._allowed(made))
            for name, made in view.bulk.items()
            if made is not None
        ]
        self.choose = around_mark(_("Choose %(row)s", row=MARK))
        self.acts_of = around_mark(_("Actions: %(row)s", row=MARK))
        self.gathers = any(column.gathers for column in columns)

    # --- Rows -------------------------------------------------------------------------------------------------------

    def rows(self, rows: Sequence[Row], around: Around, *, boxes: bool = False) -> Markup:
        """The table's body: a `<tr>` for each row."""
        lines = self._gathered(rows) if self.gathers else [(row, (row,)) for row in rows]
        written = [self._row(row, group, around, boxes) for row, group in lines]
        return Markup("".join(written))  # noqa: S704 - each value was escaped by its cell

    def keys(self, rows: Sequence[Row]) -> list[Any]:
        return list(dict.fromkeys(row[self.key] for row in rows))

    def _gathered(self, rows: Sequence[Row]) -> list[tuple[Row, Sequence[Row]]]:
        groups: dict[Any, list[Row]] = {}
        for row in rows:
            groups.setdefault(row[self.key], []).append(row)
        return [(group[0], group) for group in groups.values()]

    def _row(self, row: Row, group: Sequence[Row], around: Around, boxes: bool) -> str:
        name = cells.escaped(isolated(self.name(row, around)))
        texts = [inner(row, around) for inner in self.inners]
        parts = ["<tr>"]
        if boxes:
            parts.append(self._box(row, name))
        parts += [cell(row, texts, group, around) for cell in self.cells]
        if self.acts:
            parts.append(self._acts(row, name, around))
        parts.append("</tr>")
        return "".join(parts)

    def _box(self, row: Row, name: str) -> str:
        can = "".join([letter for letter, allowed in self.accepts if allowed(row)])
        said = f" data-can={can}" if can else ""
        return (
            "<td class=box-cell><input class=pick type=checkbox name=rowid"
            f' value={row[self.key]}{said} aria-label="{self.choose[0]}{name}{self.choose[1]}"></td>'
        )

    def _namer(self) -> Callable[[Row, Around], str]:
        """What a row is called for readers: what the view says, else what its first column shows."""
        if self.view.row_name is not None:
            needs, value = self.view.row_name
            named = self.needed.getter(needs, value)
            return lambda row, around: str(named(row))
        lead = self.columns[0]
        get, plain = self.needed.getter_of(lead), cells.plain(lead, self.language)

        def name(row: Row, around: Around) -> str:
            value = get(row)
            return "" if value is None else plain(value, around)

        return name

    # --- Cells ------------------------------------------------------------------------------------------------------

    def _inner(self, column: Column) -> Callable[[Row, Around], str]:
        """What one line of a cell holds, without its link: nothing where there is no value."""
        get, write = self.needed.getter_of(column), cells.WRITERS[column.kind](column, self.language)
        is_person = column.kind in {"person", "holder"}

        def inner(row: Row, around: Around) -> str:
            value = get(row)
            if value is None or value == "" or (is_person and cells.nobody(value)):
                return ""
            return write(value, around)

        return inner

    def _linked(self, column: Column) -> Callable[[Row, Around], tuple[str, str]]:
        """The tags around what leads somewhere: empty for a row that leads nowhere."""
        if column.to is None:
            return lambda row, around: ("", "")
        endpoint, of, *argument = column.to
        get = self.needed.getter(of)
        before, after, own = address(endpoint, argument[0] if argument else "id", self.view.endpoint)

        def tags(row: Row, around: Around) -> tuple[str, str]:
            value = get(row)
            if value is None:
                return "", ""
            target = value if isinstance(value, int) else quote(str(value), safe="")
            return f'<a href="{before}{target}{after}{self._back(around, before, own)}"', "</a>"

        return tags

    @staticmethod
    def _back(around: Around, before: str, own: bool) -> str:
        if not own or not around.back:
            return ""
        return ("&amp;" if "?" in before else "?") + around.back

    def _cell(self, at: int) -> Cell:
        column, inner = self.columns[at], self.inners[at]
        linked, blank, within = self._linked(column), self._blank(column), _within(column)
        opening = f"<td{class_of(css_of(column))}>"

        def line(row: Row, text: str, around: Around) -> str:
            if not text:
                return blank
            start, end = linked(row, around)
            return within(start, text, end) if start else text

        def gathered(row: Row, texts: Sequence[str], group: Sequence[Row], around: Around) -> str:
            if len(group) > 1:
                lines = [line(one, inner(one, around), around) for one in group]
                return f"{opening}{'<br>'.join(lines)}</td>"
            return f"{opening}{line(row, texts[at], around)}</td>"

        def alone(row: Row, texts: Sequence[str], group: Sequence[Row], around: Around) -> str:
            return f"{opening}{texts[at] or blank}</td>"

        def linked_one(row: Row, texts: Sequence[str], group: Sequence[Row], around: Around) -> str:
            return f"{opening}{line(row, texts[at], around)}</td>"

        return gathered if column.gathers else linked_one if column.to else alone

    @staticmethod
    def _blank(column: Column) -> str:
        words = str(column.blank) if column.blank else "–"
        # What is not seen has no colour.
        return words if words.isspace() else f"<span class=m>{escape(words)}</span>"

    def _lead(self) -> Cell:
        """The first column, with what a phone says below it."""
        column = self.columns[0]
        linked, blank, within = self._linked(column), self._blank(column), _within(column)
        below = self._below()
        wrap = self._person_wrap(column) if column.kind in {"person", "holder"} else None

        def cell(row: Row, texts: Sequence[str], group: Sequence[Row], around: Around) -> str:
            text, phone = texts[0], below(row, texts, group, around)
            if not text:
                return f"<td class=name>{blank}{phone}</td>"
            start, end = linked(row, around)
            if wrap is not None:
                return f"<td class=name>{wrap(row, text, start, end, phone)}</td>"
            return f"<td class=name>{within(start, text, end) if start else text}{phone}</td>"

        return cell

    def _person_wrap(self, column: Column) -> Callable[[Row, str, str, str, str], str]:
        """A person's circle, name and address round the link and the phone's line."""
        get = self.needed.getter_of(column)
        tag = self.needed.getter(*column.tag) if column.tag else None

        def two_lines(row: Row, text: str, start: str, end: str, phone: str) -> str:
            person = get(row)
            unusual = tag(row) if tag else None
            said = f' <span class="tag wide">{cells.escaped(str(unusual))}</span>' if unusual else ""
            name = f"{start}>{text}{said}{end}" if start else f"{text}{said}"
            return (
                f"<span class=who>{cells.face(person)}<span>{name}<small class=wide>{cells.escaped(person[2])}</small>"
                f"{phone}</span></span>"
            )

        def one_line(row: Row, text: str, start: str, end: str, phone: str) -> str:
            inner = f"{cells.face(get(row), ' sm')}<span class=nb>{text}</span>"
            opening = f"{start} class=who>" if start else "<span class=who>"
            return f"{opening}{inner}{end or '</span>'}{phone}"

        return two_lines if column.kind == "person" else one_line

    def _below(self) -> Cell:
        """The second line of a phone: « Avancé · 2027-07-07 », with the dot of a state that goes with it."""
        spoken = [(at, column) for at, column in enumerate(self.columns) if at and column.phone == "line"]
        states = [column for _at, column in spoken if column.kind == "state"]
        parts = [
            (at, self._spoken(column), self._blank(column)) for at, column in spoken if column not in states
        ]
        if not spoken:
            return lambda row, texts, group, around: ""
        known = [(self.needed.getter_of(column), cells.state_of(column)) for column in states]

        def below(row: Row, texts: Sequence[str], group: Sequence[Row], around: Around) -> str:
            lines = [texts[at] if own is None else own(row, around) for at, own, _blank in parts]
            text = " · ".join(filter(None, lines))
            for get, state in known:
                value = get(row)
                if value is not None:
                    tone, words = state(value)
                    hidden = f"<span class=vh>, {words}</span>" if text else words
                    text = f'<span class="state {tone}"><span>{text}{hidden}</span></span>'
            return f"<small class=phone>{text or parts[0][2]}</small>" if text or parts else ""

        return below

    def _spoken(self, column: Column) -> Callable[[Row, Around], str] | None:
        """What a phone says of a column if that is not what its cell does: its link, where that is the page of the row."""
        if column.to is None or not column.to[0].startswith("."):
            return None
        linked, get, plain = (
            self._linked(column),
            self.needed.getter_of(column),
            cells.plain(column, self.language),
        )

        def spoken(row: Row, around: Around) -> str:
            text = cells.escaped(plain(get(row), around))
            start, end = linked(row, around)
            return f"{start}>{text}{end}"

        return spoken

    # --- Acts -------------------------------------------------------------------------------------------------------

    def _allowed(self, made: Made | None) -> Get:
        return (lambda row: True) if made is None else self.needed.getter(*made)

    def _act(self, act: Act) -> tuple[Get, Callable[[Row, str, Around], tuple[str, str]]]:
        """Whether a row is offered the act; its button, and its line in the row's menu."""
        of = self.view.key if act.of is None else act.of
        get = self.needed.getter(of)
        before, after, own = address(act.endpoint, act.argument, self.view.endpoint)
        label = escape(str(act.label))
        named = around_mark(_("%(act)s: %(row)s", act=str(act.label), row=MARK))
        icon = "" if self.view.dense else ICON.format(sprite=escape(self.sprite), name=act.icon)
        # Which act it is: the panel goes on to the next row that takes the same.
        beside = f" data-panel={self.view.row_acts.index(act)}" if act.panel else ""
        # Where there is an icon, a phone shows it alone.
        words = f"{icon}<span class=wide> {label}</span>" if icon else label

        def write(row: Row, name: str, around: Around) -> tuple[str, str]:
            value = get(row)
            target = value if isinstance(value, int) else quote(str(value), safe="")
            href = f"{before}{target}{after}{self._back(around, before, own)}"
            start = f'href="{href}"{beside} aria-label="{named[0]}{name}{named[1]}">'
            return f'<a class="btn btn-sm btn-ghost" {start}{words}</a>', f"<li><a {start}{label}</a></li>"

        return self._allowed(act.when), write

    def _acts(self, row: Row, name: str, around: Around) -> str:
        """The first act that the row is offered is a button; the others stand in the row's own menu."""
        offered = [write(row, name, around) for allowed, write in self.acts if allowed(row)]
        if not offered:
            return "<td class=row-acts></td>"
        first, others = offered[0][0], "".join(line for _button, line in offered[1:])
        if not others:
            return f"<td class=row-acts>{first}</td>"
        return (
            f"<td class=row-acts>{first}<details class=row-menu><summary"
            f' class="btn btn-sm btn-icon btn-ghost" aria-label="{self.acts_of[0]}{name}{self.acts_of[1]}">⋯</summary>'
            f"<ul>{others}</ul></details></td>"
        )


def _within(column: Column) -> Callable[[str, str, str], str]:
    """What a cell holds, within its link: a key is its link."""
    if column.kind in {"key", "mono"}:
        return lambda start, text, end: start + text.removeprefix("<span").removesuffix("</span>") + end
    return lambda start, text, end: f"{start}>{text}{end}"


def class_of(css: str) -> str:
    """The attribute, without what HTML can do without: on each of a page's cells it would be a kilobyte."""
    return "" if not css else f' class="{css}"' if " " in css else f" class={css}"


def css_of(column: Column) -> str:
    """The classes of a column's cells and head: on which screens it is not shown, and how it is set."""
    narrow = {(True, False): "wide", (True, True): "far", (False, True): "not-mid"}
    hidden = narrow.get((column.phone != "cell", not column.mid), "")
    return " ".join(filter(None, ["n" if column.kind in {"number", "money"} else "", hidden]))
