"""Choosing one row among many: a search on the server, narrowed to what one may see.

The field is a plain text input. Without JavaScript one types, submits, and is asked to choose among what was
found; with it (`static/js/picker.js`) the same lookup answers while one types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from flask import Response, jsonify, render_template, url_for
from flask_admin.model.ajax import AjaxModelLoader
from flask_babel import gettext as _
from markupsafe import Markup
from wtforms import Field
from wtforms.utils import unset_value
from wtforms.validators import StopValidation

from admin_views.lists import finding, listing, rows
from admin_views.lists.finding import Part, Whole, Words
from models import User, db
from services.foundation import checks
from services.search import words
from services.text.characters import isolated

MAX_FOUND = 20
MAX_OFFSET = 1_000


class Lookup(AjaxModelLoader):
    """The rows a picker offers: searched by text, never more than `MAX_FOUND`, never of another company.

    Args:
        name: The field's name, and the lookup's in the URL.
        model: Whose rows.
        search: Where to look.
        label: What people read for a row.
        where: Narrows the select further: `lambda statement: statement.where(User.active)`.
        order: Columns to sort by, before the key.
    """

    def __init__(
        self,
        name: str,
        model: type,
        search: Sequence[Part],
        *,
        label: Callable[[Any], str] = str,
        where: Callable[[sa.Select[Any]], sa.Select[Any]] | None = None,
        order: Sequence[Any] = (),
    ) -> None:
        super().__init__(name, {})
        self.model, self.search, self.label, self.where = model, search, label, where
        self.order = (*order, rows.primary_key(model))

    def select(self) -> sa.Select[Any]:
        statement = rows.narrow(sa.select(self.model), self.model)
        return self.where(statement) if self.where else statement

    def format(self, model: Any) -> tuple[Any, str] | None:
        if model is None:
            return None
        return getattr(model, rows.primary_key(self.model).key), str(self.label(model))

    def get_one(self, pk: Any) -> Any:
        with db.session.no_autoflush:
            return rows.one(self.select(), self.model, pk)

    def get_list(self, query: str, offset: int, limit: int) -> list[Any]:
        """At most `MAX_FOUND` rows that `query` finds, from `offset` on; negative numbers count as none."""
        text = checks.sought(query)[: listing.MAX_SEARCH]
        statement = self.select()
        if text:
            statement = finding.found(statement, text, self.search, self.model)
        first = min(max(offset, 0), MAX_OFFSET)
        size = min(max(limit, 1), MAX_FOUND)
        statement = statement.order_by(*self.order).offset(first).limit(size)
        return list(db.session.scalars(statement).unique())

    def meant(self, query: str) -> str | None:
        """What somebody may have meant by a text that finds nobody here."""
        text = checks.sought(query)[: listing.MAX_SEARCH]
        if not text or not any(isinstance(one, Words) for one in self.search):
            return None
        return words.corrected(text, lambda other: bool(self.get_list(other, 0, 1)))

    def answer(self, args: Mapping[str, str]) -> Response:
        """[[id, text], …] for the picker's script; where they are those of another text, which one, in `X-Meant`."""
        query, offset, limit = args.get("query", ""), _number(args, "offset", 0), _number(args, "limit", 10)
        found = self.get_list(query, offset, limit)
        meant = None if found or offset else self.meant(query)
        if meant is not None:
            found = self.get_list(meant, 0, limit)
        answer = jsonify([self.format(row) for row in found])
        if meant is not None:
            answer.headers["X-Meant"] = quote(meant)
        return answer


def _number(args: Mapping[str, str], name: str, usual: int) -> int:
    try:
        return int(args.get(name, usual))
    except ValueError:
        return usual


def person_text(user: User) -> str:
    """« Bob Tremblay (bob@acme.example) »"""
    return f"{user.name} ({user.email})"


def people_lookup(
    name: str,
    *,
    label: Callable[[Any], str] = person_text,
    where: Callable[[sa.Select[Any]], sa.Select[Any]] | None = None,
) -> Lookup:
    """People, by their whole address or a part of their name."""
    search = (Whole(User.email), Words(User))
    return Lookup(name, User, search, label=label, where=where, order=(User.sort_key,))


def _meant_sentence(typed: str, meant: str) -> str:
    return _(
        "Nothing was found for “%(typed)s”. This is what “%(meant)s” finds.",
        typed=isolated(typed),
        meant=isolated(meant),
    )


class PickerField(Field):
    """One row of a `Lookup`. `data` is the row, or None.

    It reads three names from the form: its own (an id), `<name>-choice` (an id ticked among what a search found)
    and `<name>-text` (what was typed). An id that cannot be had is an error even where the field is optional.
    """

    def __init__(self, lookup: Lookup, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.lookup = lookup
        self.found: list[tuple[Any, str]] = []
        self.typed: str | None = None
        self._problem: str | None = None

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        names = (self.name, f"{self.name}-choice", f"{self.name}-text")
        self.data = self.default() if callable(self.default) else self.default
        if data is not unset_value:
            self.data = data
        self.process_errors = []
        if formdata is not None and any(name in formdata for name in names):
            chosen, ticked, typed = (formdata.get(name, "").strip() for name in names)
            self.raw_data = [ticked or chosen or typed]
            self._read(ticked or chosen, typed if f"{self.name}-text" in formdata else None, bool(ticked))

    def _read(self, key: str, typed: str | None, ticked: bool) -> None:
        self.typed, self.data = typed, None
        row = self.lookup.get_one(key) if key else None
        if key and row is None:
            self._problem = _("This choice is not available.")
        elif ticked or typed is None or typed == self._text_of(row):
            self.data = row
        elif typed:
            self._search(typed)

    def _search(self, typed: str) -> None:
        """Without JavaScript: take the only row that the text finds, or ask which of them is meant."""
        found, meant = self.lookup.get_list(typed, 0, MAX_FOUND), None
        if not found and (meant := self.lookup.meant(typed)) is not None:
            found = self.lookup.get_list(meant, 0, MAX_FOUND)
        if len(found) == 1 and meant is None:
            self.data = found[0]
        elif found:
            self.found = [pair for row in found if (pair := self.lookup.format(row))]
            self._problem = _meant_sentence(typed, meant) if meant else _("Choose one of the results below.")
        else:
            self._problem = _("Nothing was found for this text.")

    def pre_validate(self, form: Any) -> None:
        # An optional field stops at an empty value before its other validators run; this runs before them all.
        if self._problem:
            raise StopValidation(self._problem)

    def _text_of(self, row: Any) -> str:
        pair = self.lookup.format(row)
        return pair[1] if pair else ""

    @property
    def text(self) -> str:
        """What stands in the text input: what was typed, else the chosen row."""
        if self.data is not None:
            return self._text_of(self.data)
        return self.typed or ""

    @property
    def key(self) -> str:
        pair = self.lookup.format(self.data)
        return str(pair[0]) if pair else ""

    def widget(self, field: Field, **kwargs: Any) -> Markup:
        css = [kwargs.pop(name) for name in ("class", "class_") if name in kwargs]
        html = render_template(
            "admin/picker.html",
            field=self,
            url=self.lookup_url(),
            css=css[0] if css else "form-control",
            attributes=kwargs,
        )
        return Markup(html)  # noqa: S704 - our own template, which escapes what it is given

    def lookup_url(self) -> str:
        """Where the page asks what a text finds."""
        return url_for(".ajax_lookup", name=self.lookup.name)
