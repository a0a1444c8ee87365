"""What the box shows of what was found: groups by kind, each hit with its state and customer, and where it leads."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup, escape

from admin_views.lists.cells import SHORT_KEY
from models import Company, License, LicenseState, Order, Role, User, plain, sought, utcnow
from services.search import everywhere, marks
from services.text.characters import isolated
from services.text.formats import current_language, money, number, short_day


@dataclasses.dataclass(frozen=True)
class Hit:
    """One line.

    Attributes:
        name: What it is called, with what was typed marked.
        detail: What tells it from another of the same name.
        state: Its state, where it has one.
        ends: What else stands at the end of the line.
        face: Whose initials stand before it; else `icon`.
    """

    name: Markup
    href: str
    detail: Markup | str = ""
    state: enum.StrEnum | None = None
    ends: Sequence[str] = ()
    face: str = ""
    icon: str = ""


@dataclasses.dataclass(frozen=True)
class Group:
    """Hits of one kind.

    Attributes:
        count: How many there are, in words.
        all: The list that shows every one of them, and its name.
    """

    title: str
    hits: Sequence[Hit]
    count: str = ""
    all: tuple[str, str] | None = None


@dataclasses.dataclass(frozen=True)
class Site:
    """Where what was found leads on one site, and of what its people may see anything."""

    prefix: str
    most: int
    is_staff: bool
    people: bool = True
    orders: bool = True

    @property
    def people_slug(self) -> str:
        return "people" if self.is_staff else "users"

    def address(self, slug: str, view: str, **values: Any) -> str:
        return url_for(f"{self.prefix}_{slug}.{view}", **values)

    def person(self, row: User) -> str:
        """The page of a person."""
        if self.is_staff:
            return self.address("people", "details_view", id=row.id)
        return self.address("users", "license", user_id=row.id)

    def order(self, row: Order) -> str:
        """The page of an order."""
        if self.is_staff:
            return self.address("orders", "details_view", id=row.id)
        return self.address("orders", "show", reference=row.reference)


def found(site: Site, text: str) -> list[Group]:
    """The groups of rows that `text` finds, those without any left out."""
    who = everywhere.people(text, site.most) if site.people else everywhere.NONE
    firms = everywhere.companies(text, site.most) if site.is_staff else everywhere.NONE
    held = everywhere.licenses(text, who.rows, site.most) if site.people else everywhere.NONE
    bought = everywhere.orders(text, firms.rows, site.most) if site.orders else everywhere.NONE
    slug = site.people_slug
    kinds: list[tuple[str, str, everywhere.Found, Callable[[Any], Hit]]] = [
        (_("People"), slug, who, lambda row: _person(site, row, text)),
        (_("Customers"), "customers", firms, lambda row: _company(site, row, text, firms.told)),
        (_("Licenses"), "licenses", held, lambda row: _license(site, row, text)),
        (_("Orders"), "orders", bought, lambda row: _order(site, row, text)),
    ]
    groups = [
        Group(
            title,
            [made(row) for row in rows.rows],
            _count(rows),
            (title, site.address(slug, "index_view", q=text)),
        )
        for title, slug, rows, made in kinds
        if rows.rows
    ]
    acts = [Hit(escape(name), href, icon=icon) for name, href, icon in _acts_on(site, who)]
    return [*groups, Group(_("Actions"), acts)] if acts else groups


def elsewhere(site: Site, text: str) -> list[tuple[str, str]]:
    """The lists that can be opened with the text: name and address."""
    lists = [(_("People"), site.people_slug, site.people)]
    lists += [(_("Customers"), "customers", site.is_staff), (_("Licenses"), "licenses", site.people)]
    lists += [(_("Orders"), "orders", site.orders)]
    return [(name, site.address(slug, "index_view", q=text)) for name, slug, may in lists if may]


def called(entries: Sequence[tuple[str, str, str]], text: str) -> list[Hit]:
    """Of pages and acts (name, address, icon), those whose name has every word of the text; all of them without any."""
    words = sought(text)
    return [
        Hit(marked(name, text), href, icon=icon or "arrow-right")
        for name, href, icon in entries
        if all(word in plain(name) for word in words) and (words or not text)
    ]


def marked(text: str, typed: str) -> Markup:
    """`text` with the parts that were typed marked."""
    pieces = (
        Markup("<mark>%s</mark>") % part if is_marked else escape(part)
        for part, is_marked in marks.parts(text, typed)
    )
    return Markup("").join(pieces)


def _acts_on(site: Site, rows: everywhere.Found) -> Iterator[tuple[str, str, str]]:
    """What is often done next to the first person that was found."""
    person = rows.rows[0] if rows.rows else None
    if person is None or person.company_id is None or not person.active:
        return
    assign = site.address("people", "assign", id=person.id) if site.is_staff else site.person(person)
    yield _("License of %(name)s", name=isolated(person.name)), assign, "key"
    edit = site.address(site.people_slug, "edit_view", id=person.id)
    yield _("Edit %(name)s", name=isolated(person.name)), edit, "pencil"


# --- One of each kind -------------------------------------------------------------------------------------------------


def _person(site: Site, row: User, text: str) -> Hit:
    now = utcnow()
    held = next((license for license in row.licenses if license.is_live(now)), None)
    ends = [] if held or row.role == Role.SUPPORT else [_("No license")]
    if site.is_staff:
        ends.append(row.company.name if row.company else _("Support"))
    return Hit(
        marked(row.name, text),
        site.person(row),
        marked(row.email, text),
        _state(held) if held else None,
        [_("Deactivated"), *ends] if not row.active else ends,
        face=row.name,
    )


def _company(site: Site, row: Company, text: str, seats: dict[int, int]) -> Hit:
    count = seats.get(row.id, 0)
    told = ngettext("%(count)s license", "%(count)s licenses", count, count=number(count, current_language()))
    return Hit(
        marked(row.name, text),
        site.address("customers", "details_view", id=row.id),
        marked(row.billing_email, text),
        ends=[told],
        icon="buildings",
    )


def _license(site: Site, row: License, text: str) -> Hit:
    language = current_language()
    plan = row.plan.name(language)
    name = (
        _("%(plan)s: %(name)s", plan=plan, name=row.user.name)
        if row.user
        else _("%(plan)s, available", plan=plan)
    )
    ends = [_("until %(day)s", day=short_day(row.last_day))]
    return Hit(
        marked(name, text),
        site.address("licenses", "details_view", id=row.id),
        row.key[:SHORT_KEY] + "…" if len(row.key) > SHORT_KEY else row.key,
        _state(row),
        [*ends, row.company.name] if site.is_staff else ends,
        icon="key",
    )


def _order(site: Site, row: Order, text: str) -> Hit:
    language = current_language()
    return Hit(
        marked(_("Order %(number)s", number=row.reference), text),
        site.order(row),
        f"{money(row.total, row.currency, language)}, {short_day(row.placed_on)}",
        row.state,
        [row.customer_name] if site.is_staff else [],
        icon="receipt",
    )


def _state(license: License) -> LicenseState:
    return license.state(utcnow())


def _count(rows: everywhere.Found) -> str:
    shown = number(rows.count, current_language())
    return _("more than %(count)s", count=shown) if rows.more else shown
