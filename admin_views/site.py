"""Making the two Flask-Admin sites, and what every template of theirs can rely on."""

from __future__ import annotations

import datetime as dt
import functools
import secrets
from collections.abc import Sequence
from typing import Any

from flask import Flask, Response, current_app, has_request_context, redirect, request, url_for
from flask_admin import Admin
from flask_admin.theme import Theme
from jinja2 import pass_context
from jinja2.runtime import Context

from admin_views import labels, undo
from admin_views.base import DeskModelView
from admin_views.frame import THEMES, Frame, current_site, frame_of, has_keys, here, theme_choice
from admin_views.guard import DeskIndexView, DeskPage, local_url
from admin_views.slim import Slim
from admin_views.tongues import called, in_tongue, other_tongue
from services.text.terms import term

COOKIE_LIFETIME = dt.timedelta(days=365)

View = type[DeskPage] | type[DeskModelView]


def make_site(app: Flask, *, prefix: str, home: type[DeskIndexView], views: Sequence[View]) -> Admin:
    """The site at `/<prefix>/`, with endpoints `<prefix>_home.index`, `<prefix>_<slug>.index_view` and so on.

    Raises:
        TypeError: when a view does not say who may open it, or uses what `DeskModelView` forbids.
    """
    site = Admin(
        app,
        name=str(home.title),
        url=f"/{prefix}",
        endpoint=f"{prefix}_home",
        index_view=home(endpoint=f"{prefix}_home", url=f"/{prefix}"),
        # No such folder: a template that we forgot to write fails loudly instead of showing the stock one.
        theme=Theme(folder="none", base_template="layout.html"),
    )
    for view in views:
        site.add_view(view(endpoint=f"{prefix}_{view.slug}", url=f"/{prefix}/{view.slug}"))
    return site


def init_theme(app: Flask) -> None:
    """The routes and template names of the theme and of the menu."""
    app.jinja_env.add_extension(Slim)
    app.add_url_rule("/theme", "theme", choose_theme, methods=["POST"])
    app.add_url_rule("/keys", "keys", choose_keys, methods=["POST"])
    app.jinja_env.globals.update(
        new_token=secrets.token_urlsafe, frame_of=_frame_of, undo_address=undo.address
    )
    app.jinja_env.filters.update(
        label=labels.label,
        tone=labels.tone,
        told=labels.told,
        verb_words=labels.verb_words,
        subject_words=labels.subject_words,
        mail_words=labels.mail_words,
        refusal_words=labels.refusal_words,
        outcome_words=labels.outcome_words,
        issue_words=labels.issue_words,
        paid_with=labels.paid_with,
        who=labels.who,
        term_words=labels.term_words,
        renewal_words=labels.renewal_words,
        term=term,
        called=called,
        in_tongue=in_tongue,
        other_tongue=other_tongue,
    )
    if not app.debug:
        # In development, a file that was changed has another address at once.
        app.jinja_env.globals["url_for"] = address
    app.context_processor(
        lambda: {
            "site": current_site(app),
            "theme_choice": theme_choice(),
            "keys": has_keys(),
            "here": here(),
        }
    )


@pass_context
def _frame_of(context: Context) -> Frame:
    """For the layout: the frame of this page, for whoever asks."""
    return frame_of(context.get("admin_view"), context.get("q") or "")


def address(endpoint: str, **values: Any) -> str:
    """`url_for` for templates: the address of a page or a file is found once. What is on it is asked by whoever opens it."""
    if any(name.startswith("_") for name in values):
        return url_for(endpoint, **values)
    blueprint = request.blueprint if has_request_context() and endpoint.startswith(".") else None
    root = request.script_root if has_request_context() else None
    return _address(current_app._get_current_object(), root, blueprint, endpoint, tuple(values.items()))  # type: ignore[attr-defined]  # noqa: SLF001


@functools.lru_cache(maxsize=4096)
def _address(
    app: Flask, root: str | None, blueprint: str | None, endpoint: str, values: tuple[tuple[str, Any], ...]
) -> str:
    return url_for(endpoint, **dict(values))


def choose_keys() -> Any:
    """Switch single keys on or off, for a year, on this device."""
    answer: Response = redirect(local_url(request.form.get("url")) or "/")  # type: ignore[assignment]
    _remember(answer, "keys", "on" if request.form.get("keys") == "on" else "off")
    return answer


def choose_theme() -> Any:
    """Remember the theme chosen in the menu, for a year, on this device."""
    answer: Response = redirect(local_url(request.form.get("url")) or "/")  # type: ignore[assignment]
    choice = request.form.get("theme", "")
    if choice in THEMES:
        _remember(answer, "theme", choice)
    return answer


def _remember(answer: Response, name: str, choice: str) -> None:
    answer.set_cookie(
        name, choice, max_age=COOKIE_LIFETIME, samesite="Lax", httponly=True, secure=request.is_secure
    )
