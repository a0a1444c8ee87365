"""The page to read first: every table of the desk, by subject. It defines nothing itself.

The tables are in `tables/`, a file for each part. Three mixins say who may see one (`access/rows.py` enforces it on
every statement): `TenantRow` (the company in its `company_id`, and the staff), `StaffRow` (the staff alone),
`PublicRow` (everybody).
"""

from __future__ import annotations

# Mail addresses: one spelling is stored and compared, another is read.
from tables.addresses import (
    MailAddress,
    address_key,
    ascii_address,
    domain_of,
    lower_address,
    readable_address,
    same_address,
)

# Column types, and the three kinds of rows.
from tables.base import (
    CURRENCY,
    DEFAULT_TIME_ZONE,
    KEY_ALPHABET,
    MAX_QUANTITY,
    Base,
    BigId,
    Bilingual,
    Language,
    PublicRow,
    StaffRow,
    TenantRow,
    UtcDateTime,
    clock,
    day_in,
    db,
    random_code,
    utcnow,
)

# Many rows in one statement.
from tables.many import in_parts, insert_or_ignore, insert_rows, made, update_rows

# How names are found and put in order.
from tables.spelling import MAX_WORDS, bare, name_words, plain, search_text, sort_key, sought

# Who: a company is a customer; a person is of one company, or of the vendor's staff.
from tables.who import (  # isort: skip
    ERASED_DOMAIN,
    ActorKind,
    Company,
    CompanyRow,
    Role,
    User,
    erased_address,
    is_erased_address,
    name_of,
)

# What is sold, by whom, with which taxes and under which conditions.
from tables.catalogue import (  # isort: skip
    DEFAULT_COLOR,
    MAX_GRACE_DAYS,
    Conditions,
    Plan,
    Price,
    Registration,
    TaxRate,
    Vendor,
)

# Buying: a cart becomes an order, which moves along its states as Stripe reports its payment.
from tables.buying import (  # isort: skip
    ORDER_TRANSITIONS,
    CartItem,
    LineKind,
    Order,
    OrderLine,
    OrderState,
    OrderTax,
)

# Payments: one row for each session of Stripe's payment page; the events that it sent; what a person must look at.
from tables.payments import (  # isort: skip
    Outcome,
    Payment,
    PaymentMethod,
    PaymentState,
    RefusedWebhook,
    StripeEvent,
    WebhookFault,
)
from tables.issues import HOLDING, IssueKind, OrderIssue  # isort: skip

# Owning: a licence is one seat; a term says which order line paid it and until when, an assignment who held it.
from tables.owning import (  # isort: skip
    ENDS_SOON,
    LIVE_STATUSES,
    NARROW_STATES,
    REMOVABLE,
    Assignment,
    CartItemLicense,
    GoneWhy,
    License,
    LicenseState,
    LicenseStatus,
    OrderLineLicense,
    Renewal,
    Suspension,
    SuspensionReason,
    state_of,
)
from tables.terms import Term, TermKind, TermTax  # isort: skip

# Asked for: who would like a licence, and what came of it.
from tables.requests import LicenseRequest, RequestState  # isort: skip

# Counted: how many seats of each kind a company has, kept true by triggers.
from tables.counted import SeatCount  # isort: skip

# The journal: who did what, and, in a table apart, the personal data in it.
from tables.journal import (
    AppendOnlyError,
    JournalEntry,
    JournalPersonal,
    JournalSubject,
    JournalVerb,
    SubjectKind,
)  # isort: skip

# Operations: what one act changed, so that it can be taken back.
from tables.operations import Operation, OperationRow, Post  # isort: skip

# Many at once: rows that were chosen or imported, what would come of each, and what was done.
from tables.batches import Batch, BatchFile, BatchKind, BatchRow, BatchState, RowOutcome  # isort: skip

# Forms that were done, so that none is done twice.
from tables.submissions import Submission  # isort: skip

# What an administrator has put away from their home page.
from tables.dismissals import Dismissal  # isort: skip

# Work in the background that is no mail.
from tables.jobs import Job, JobState  # isort: skip

# Invitation links of a firm, and who asked to come in by one.
from tables.firm_links import (  # isort: skip
    MAX_PLACES,
    FirmLink,
    FirmLinkState,
    JoinRequest,
    firm_link_state,
)

# What was typed when a session ended.
from tables.kept import KeptForm  # isort: skip

# Mail that waits to be sent, and the one-time links that it carries.
from tables.mail import Lane, Link, LinkPurpose, MailKind, MailState, MailTrouble, OutgoingMail  # isort: skip

# What a search that found nothing is corrected by.
from tables.search import SearchWord  # isort: skip
