"""The pages of `/support`, in the order of its menu."""

from __future__ import annotations

from admin_views.batches.base import Bases
from admin_views.batches.imports import SupportImports
from admin_views.batches.view import SupportBatches
from admin_views.requests import SupportRequests
from admin_views.search.page import SupportSearch
from admin_views.support.as_of import AsOf
from admin_views.support.companies import Companies
from admin_views.support.firm_links import FirmLinks
from admin_views.support.home import Home
from admin_views.support.issues import Issues
from admin_views.support.journal import Journal
from admin_views.support.licenses import Licenses
from admin_views.support.mail import Mail
from admin_views.support.orders import Orders
from admin_views.support.people import People
from admin_views.support.plans import Plans
from admin_views.support.settings import ConditionsView, TaxRates, VendorPage
from admin_views.support.stripe_events import StripeEvents
from admin_views.undo import SupportUndo

HOME = Home
VIEWS: list[type] = [
    Companies,
    People,
    FirmLinks,
    Licenses,
    Orders,
    Mail,
    Issues,
    Plans,
    ConditionsView,
    TaxRates,
    VendorPage,
    Journal,
    AsOf,
    StripeEvents,
    SupportBatches,
    SupportImports,
    Bases,
    SupportRequests,
    SupportUndo,
    SupportSearch,
]
