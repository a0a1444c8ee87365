"""The page of the one box, and the part of it that the palette shows (`static/js/palette.js`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user

import access
from access import Permission
from admin_views import menu
from admin_views.guard import DeskPage
from admin_views.lists.listing import MAX_SEARCH
from admin_views.search import groups
from admin_views.search.groups import Group, Site
from services.foundation import checks
from services.search import words

# Of each kind, in the palette and on the page.
IN_PALETTE, ON_PAGE = 5, 20


class SearchPage(DeskPage):
    """What a text finds on a site.

    Attributes:
        acts: What can be begun anywhere, by whoever may open its page: (words, endpoint, icon).
    """

    title = _l("Search")
    slug = "search"
    in_menu = False
    acts: ClassVar[Sequence[tuple[Any, str, str]]] = ()

    @expose("/")
    def index(self) -> ResponseReturnValue:
        text = checks.sought(request.args.get("q", ""))[:MAX_SEARCH]
        part = request.args.get("part") == "palette"
        site = self.site(IN_PALETTE if part else ON_PAGE)
        called = self._called(text)
        found, meant = _found(site, text, is_called=bool(called))
        shown = [*found, *called]
        lists = groups.elsewhere(site, meant or text) if text else []
        template = "admin/search_part.html" if part else "admin/search.html"
        return self.render(
            template,
            q=text,
            # Both may be in one document.
            place="palette" if part else "found",
            meant=meant,
            groups=shown,
            count=sum(len(group.hits) for group in shown) + len(lists),
            nothing=not shown,
            elsewhere=lists,
        )

    def site(self, most: int) -> Site:
        raise NotImplementedError

    def _called(self, text: str) -> list[Group]:
        """The pages of the menu and the acts that are called so."""
        site, role = self.admin, current_user.role
        entries = menu.entries(site, role, None, menu.numbers(site, role))
        pages = [(str(entry.name), entry.href, entry.icon) for entry in entries]
        pages.append((_("My profile"), url_for("web.profile"), "person"))
        may_open = {view.endpoint for view in site._views if view.is_accessible()}
        acts = [
            (str(name), url_for(endpoint), icon)
            for name, endpoint, icon in self.acts
            if endpoint.partition(".")[0] in may_open
        ]
        kinds = [(_("What you can do"), acts), (_("Pages"), pages)]
        called = [(title, groups.called(entries, text)) for title, entries in kinds]
        return [Group(title, hits) for title, hits in called if hits]


def _found(site: Site, text: str, *, is_called: bool) -> tuple[list[Group], str | None]:
    """What the text finds; where it finds nothing and no page is called so, what it may have been meant to be, and what that finds."""
    if not text:
        return [], None
    found = groups.found(site, text)
    # Whoever may see nobody is not told what anybody is called.
    if not found and not is_called and site.people and (meant := words.corrected(text)) is not None:
        return groups.found(site, meant), meant
    return found, None


class SupportSearch(SearchPage):
    permission = Permission.SUPPORT
    acts = (
        (_l("New customer"), "support_customers.create_view", "plus-lg"),
        (_l("Add a user"), "support_people.create_view", "person-plus"),
        (_l("Add a plan"), "support_plans.create_view", "plus-lg"),
        (_l("Import an existing base"), "support_base.index", "buildings"),
    )

    def site(self, most: int) -> Site:
        return Site("support", most, is_staff=True)


class PortalSearch(SearchPage):
    permission = Permission.OWN_LICENSES
    acts = (
        (_l("Add a user"), "portal_users.create_view", "person-plus"),
        (_l("Import users"), "portal_imports.index", "people"),
        (_l("Buy licenses"), "portal_plans.index_view", "cart"),
        (_l("As of…"), "portal_as-of.index", "clock-history"),
    )

    def site(self, most: int) -> Site:
        return Site(
            "portal",
            most,
            is_staff=False,
            people=access.can(current_user, Permission.MANAGE_USERS),
            orders=access.can(current_user, Permission.BILLING),
        )
