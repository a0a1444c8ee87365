"""The pages of `/portal`, in the order of its menu."""

from __future__ import annotations

from admin_views.base import DeskModelView, DeskPage
from admin_views.batches.imports import PortalImports
from admin_views.batches.view import PortalBatches
from admin_views.portal.as_of import AsOf
from admin_views.portal.firm_links import FirmLinks
from admin_views.portal.home import Home
from admin_views.portal.journal import Journal
from admin_views.portal.licenses import Licenses
from admin_views.portal.my_license import MyLicense
from admin_views.portal.options import Options
from admin_views.portal.orders import Orders
from admin_views.portal.own_acts import OwnActs
from admin_views.portal.plans import Plans
from admin_views.portal.users import Users
from admin_views.requests import PortalRequests
from admin_views.search.page import PortalSearch
from admin_views.undo import PortalUndo

HOME = Home
VIEWS: list[type[DeskModelView] | type[DeskPage]] = [
    Users,
    FirmLinks,
    Licenses,
    MyLicense,
    Plans,
    Orders,
    Journal,
    AsOf,
    OwnActs,
    Options,
    PortalBatches,
    PortalImports,
    PortalRequests,
    PortalUndo,
    PortalSearch,
]
