"""The frame of a page: its head, menus and foot are the same for all who may open the same, so they are written once.

They are written with nobody there: no person, no session, no request, no row of a company. Where a person, their form's
token or the page's address belong there are slots, which each answer fills.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, NamedTuple

from flask import Flask, current_app, g, request
from flask_admin import Admin
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from admin_views import menu
from admin_views.guard import DeskIndexView
from models import Role
from services.reports import kept
from services.text import characters, initials, slots
from services.text.formats import current_language

_BLANK_LINES = re.compile(r"\n\s*\n")
THEMES = ("light", "dark", "auto")
PARTS = ("title", "head", "top", "foot")
_SLOTS = {
    name: slots.slot(name)
    for name in ("token", "here", "sought", "name", "said", "initials", "ground", "email", "customer")
}


class Seller(NamedTuple):
    """What a frame shows of the vendor."""

    name: str
    legal_name: str
    support_email: str
    logo_type: str | None
    revision: int


@dataclasses.dataclass(frozen=True)
class About:
    """All that what is kept of a frame depends on, and what it is kept under.

    Attributes:
        numbers: What is in each entry of the menu.
        root: Below which path of its host the desk is served.
    """

    site: Admin | None
    view: Any
    role: Role | None
    numbers: tuple[int, ...]
    theme: str
    keys: bool
    language: str
    vendor: Seller
    root: str


class Frame:
    """The parts of a frame for one reader: `{{ frame.head }}`. Each is filled when it is asked for."""

    def __init__(self, parts: Mapping[str, slots.Slotted], values: Mapping[str, str]) -> None:
        self._parts, self._values = parts, values

    def __getattr__(self, part: str) -> Markup:
        return Markup(self._parts[part].filled(self._values))  # noqa: S704 - a template's own, filled with HTML


def frame_of(view: Any, sought: str) -> Frame:
    """The frame around a page of `view`, or around one that is no view's (None), for whoever asks.

    Args:
        sought: What the finder holds.
    """
    about = _about(view)
    return Frame(_frame(about), _values(sought))


def kept_page(view: Any, key: Hashable, values: Mapping[str, str], write: Callable[..., str]) -> str:
    """A whole page of `view` that is written once for each `key` and frame, with slots that hold `values` and the reader's.

    Args:
        key: All that the page depends on, beside its frame.
        values: What is in its own slots, as HTML.
        write: Renders it; takes what its template must be given.
    """
    about = _about(view)

    def made() -> slots.Slotted:
        parts = _frame(about)
        with _nobody():
            # As the context of every page, which asks whose it is.
            given = {"site": about.site, "theme_choice": about.theme, "keys": about.keys}
            text = write(**_NOBODY, **given, frame_of=lambda: Frame(parts, _SLOTS))
            # What templates leave between their tags.
            return slots.Slotted(_BLANK_LINES.sub("\n", text))

    page = kept.for_everybody((about, key), made)
    return page.filled({**_values(""), **values})


def current_site(app: Flask) -> Admin | None:
    """The site whose menu the signed-in person sees, on error pages and in their profile too."""
    if not current_user:
        return None
    ours = (site for site in app.extensions.get("admin", []) if isinstance(site.index_view, DeskIndexView))
    return next((site for site in ours if site.index_view.is_accessible()), None)


def theme_choice() -> str:
    """`light`, `dark`, or `auto` for what the device says."""
    choice = request.cookies.get("theme", "auto")
    return choice if choice in THEMES else "auto"


def has_keys() -> bool:
    """Whether single keys such as `/` do something (WCAG 2.2, success criterion 2.1.4: they can be switched off)."""
    return request.cookies.get("keys") != "off"


def here() -> str:
    """Where the page's switches lead back to: the page itself, or `/` if it answers a POST."""
    return request.full_path if request.method in {"GET", "HEAD"} else "/"


def _person() -> Any:
    return current_user if current_user and current_user.is_authenticated else None


def _about(view: Any) -> About:
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    site, person = current_site(app), _person()
    # Which is an empty one where there is no database to ask.
    seller = app.jinja_env.globals["vendor"]._get_current_object()  # noqa: SLF001
    role = person.role if person else None
    return About(
        site=site,
        view=view,
        role=role,
        numbers=menu.numbers(site, role) if site and role else (),
        theme=theme_choice(),
        keys=has_keys(),
        language=current_language(),
        vendor=Seller(*(getattr(seller, name) for name in Seller._fields)),
        root=request.script_root,
    )


# --- What is kept ------------------------------------------------------------------------------------------------------

# A template that writes what is kept cannot reach who asks by these, nor where.
_NOBODY: dict[str, Any] = dict.fromkeys(
    ("current_user", "session", "request", "g", "can", "new_token", "here", "back_url")
)


@contextlib.contextmanager
def _nobody() -> Iterator[None]:
    """Nobody is signed in, and a form's token is its slot, for the code that a template calls."""
    names = ("_login_user", "csrf_token")
    before = {name: g.pop(name) for name in names if name in g}
    g._login_user, g.csrf_token = None, _SLOTS["token"]
    try:
        yield
    finally:
        for name in names:
            g.pop(name, None)
            if name in before:
                setattr(g, name, before[name])


def _frame(about: About) -> dict[str, slots.Slotted]:
    return kept.for_everybody(about, lambda: _written(about))


def _written(about: About) -> dict[str, slots.Slotted]:
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    usual: dict[str, Any] = {}
    app.update_template_context(usual)
    with _nobody():
        listed = about.site and about.role
        context = _NOBODY | {
            "demonstration": usual["demonstration"],
            **{field.name: getattr(about, field.name) for field in dataclasses.fields(about)},
            "groups": menu.groups(about.site, about.role, about.view, about.numbers) if listed else (),
            "slot": _SLOTS,
        }
        template = app.jinja_env.get_template("frame.html").make_module(context)
        around = ("side",) if about.site else ("door", "sign")
        return {part: slots.Slotted(str(getattr(template, part)())) for part in (*PARTS, *around)}


def _values(sought: str) -> dict[str, str]:
    """What the slots hold, as HTML."""
    person = _person()
    values = {"token": generate_csrf(), "here": here(), "sought": sought}
    if person is not None:
        name, bdi = person.name, current_app.jinja_env.filters["bdi"]
        face = initials.face(name)
        values |= {
            "said": characters.isolated(name),
            "initials": face.initials,
            "ground": str(face.ground),
            "email": person.email,
            "name": bdi(name),
            "customer": bdi(person.company.name) if person.company else "",
        }
    return {slot: str(escape(value)) for slot, value in values.items()}
