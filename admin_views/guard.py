"""Who may open a page, and how a verb's `Refused` is shown: common to every view of both sites."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import AdminIndexView, BaseView, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

import access
from access import ROLE_PERMISSIONS, Permission
from admin_views.menu import Entry
from models import Role, db
from services.foundation import urls
from services.foundation.errors import Refused


def local_url(target: str | None) -> str | None:
    """`target` when it is a path of this site, else None."""
    return urls.local(target, request.host)


class Guarded:
    """What a view declares about itself, and the permission it cannot be registered without.

    Attributes:
        permission: What a person must hold to open any route of the view. Mandatory.
        title: The page's name: its menu entry, its h1 and its title.
        slug: The last part of its URL, and of its endpoint: `users` is `/portal/users/`, `portal_users.index_view`.
        menu_category: The heading of the menu under which its entry stands; None puts it at the top.
        in_menu: Whether it has a menu entry at all.
        icon: Of `web/icons.py`, beside its entry.
        lead: What it is for, in a sentence, on the page of its heading.
        heads: The heading that leads to this page, which lists what stands under it.
    """

    permission: ClassVar[Permission]
    title: ClassVar[Any] = None
    slug: ClassVar[str] = ""
    menu_category: ClassVar[Any] = None
    in_menu: ClassVar[bool] = True
    icon: ClassVar[str] = ""
    lead: ClassVar[Any] = ""
    heads: ClassVar[Any] = None

    @classmethod
    def check_declaration(cls) -> None:
        """Raise TypeError unless the class says who may open it and what it is called."""
        if not isinstance(getattr(cls, "permission", None), Permission):
            raise TypeError(f"{cls.__name__} must declare `permission`")
        if not cls.title or not cls.slug:
            raise TypeError(f"{cls.__name__} must declare `title` and `slug`")

    def is_accessible(self) -> bool:
        return access.can(current_user, self.permission)

    def is_visible(self) -> bool:
        return self.in_menu

    def is_listed_for(self, role: Role) -> bool:
        """Whether whoever has this role finds it in the menu. Nothing of a person is asked: a menu is written once for a role."""
        return self.in_menu and self.permission in ROLE_PERMISSIONS[role]

    def menu_number(self) -> int:
        """What is in it for whoever asks: nothing else of its lines in the menu may differ from one person to the next."""
        return 0

    def menu_entries(self, current: bool, number: int) -> list[Entry]:
        """Its lines in the menu; `current` when the page that is shown is its own, `number` as `menu_number` says."""
        address = url_for(f"{self.endpoint}.{self._default_view}")  # type: ignore[attr-defined]
        return [Entry(self.title, address, self.menu_category, self.icon, self.lead, is_current=current)]

    def inaccessible_callback(self, name: str, **kwargs: Any) -> ResponseReturnValue:
        """Send a visitor to sign in and come back; tell a signed-in person that this is not theirs."""
        if current_user.is_authenticated:
            if request.method in {"GET", "HEAD"} and (own := self._own_site()):
                return redirect(own)
            abort(403)
        return current_app.login_manager.unauthorized()  # type: ignore[attr-defined, no-any-return]

    def _own_site(self) -> str | None:
        """The home of the vendor's staff, who have no page of their own on the customers' site; else None."""
        homes = [site.index_view for site in current_app.extensions["admin"] if site is not self.admin]  # type: ignore[attr-defined]
        return next(
            (
                url_for(f"{home.endpoint}.index")
                for home in homes
                if current_user.is_staff and home.is_accessible()
            ),
            None,
        )

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a route. Flask-Admin's own swallows TypeError and runs the route again."""
        try:
            return fn(self, *args, **kwargs)
        except Refused as refused:
            db.session.rollback()
            flash(refused.sentence, "danger")
        except sa.exc.IntegrityError:
            # Two people changed the same thing at once; the statement itself is for the log alone.
            db.session.rollback()
            current_app.logger.exception("integrity error in %s", request.endpoint)
            flash(conflict_sentence(), "danger")
        return redirect(self._way_back())

    def _way_back(self) -> str:
        """Where a refusal returns to: the page that posted, else the view's own, else home; never in a circle."""
        here = request.path
        own = self.get_url(f".{self._default_view}")  # type: ignore[attr-defined]
        home = url_for(f"{self.admin.index_view.endpoint}.index")  # type: ignore[attr-defined]
        if request.method == "POST":
            candidates = [
                local_url(request.form.get("url")),
                local_url(request.referrer),
                own,
            ]
        else:
            candidates = [own, home]
        for candidate in candidates:
            if candidate and (request.method == "POST" or urlsplit(candidate).path != here):
                return candidate
        abort(409)


def conflict_sentence() -> str:
    """What a person reads when the database refused what a form asked; nothing was changed."""
    return _(
        "This could not be saved: something changed in the meantime. Nothing was changed; please try again."
    )


class DeskPage(Guarded, BaseView):
    """A plain page. A subclass declares `permission`, `title`, `slug` and exposes its routes."""

    def __init__(self, endpoint: str, url: str) -> None:
        self.check_declaration()
        super().__init__(name=self.title, category=self.menu_category, endpoint=endpoint, url=url)


class DeskIndexView(Guarded, AdminIndexView):
    """A site's home. A subclass declares `permission`, `title` and overrides `index`.

    Attributes:
        finds: What the search box of every page finds, as it says itself.
        menu_word: What the button says that opens the menu on a phone.
    """

    slug = "home"
    icon = "house"
    finds: ClassVar[Any] = _l("Find")
    menu_word: ClassVar[Any] = _l("Menu")
    template: ClassVar[str] = "admin/index.html"

    def __init__(self, endpoint: str, url: str) -> None:
        self.check_declaration()
        super().__init__(name=self.title, endpoint=endpoint, url=url, template=self.template)
        # The theme is ours: Flask-Admin's jQuery and Select2 are served to nobody.
        self.static_folder = None

    @property
    def finder(self) -> str:
        """The endpoint of the page of what was found (`admin_views/search/`)."""
        return f"{self.endpoint.removesuffix('_home')}_search.index"

    @expose("/")
    def index(self) -> ResponseReturnValue:
        return self.render(self.template)
