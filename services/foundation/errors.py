"""Refusals: the exception that a verb raises when the rules of the desk forbid what was asked."""

from __future__ import annotations

import enum


class Code(enum.StrEnum):
    """Why a verb refused, for programs and tests. `admin_views/labels.py` has the words of each."""

    # What was typed, or brought as a file.
    BAD_ADDRESS = "bad_address"
    BAD_AMOUNT = "bad_amount"
    BAD_COLOR = "bad_color"
    BAD_DOMAIN = "bad_domain"
    BAD_LIMITS = "bad_limits"
    BAD_LOGO = "bad_logo"
    BAD_NAME = "bad_name"
    BAD_NUMBER = "bad_number"
    BAD_PLACE = "bad_place"
    BAD_QUANTITY = "bad_quantity"
    BAD_RATE = "bad_rate"
    BAD_TEXT = "bad_text"
    BAD_URL = "bad_url"
    EMPTY = "empty"
    FAR_DAY = "far_day"
    PASSWORD_LONG = "password_long"  # noqa: S105 - a code, not a secret
    PASSWORD_SHORT = "password_short"  # noqa: S105 - a code, not a secret
    PAST_DAY = "past_day"
    TOO_LONG = "too_long"
    UNKNOWN_LANGUAGE = "unknown_language"
    UNKNOWN_PLACE = "unknown_place"
    UNKNOWN_TIME_ZONE = "unknown_time_zone"
    FILE_CHOICE = "file_choice"
    FILE_DAMAGED = "file_damaged"
    FILE_EMPTY = "file_empty"
    FILE_ENCODING = "file_encoding"
    FILE_KIND = "file_kind"
    FILE_LOCKED = "file_locked"
    FILE_TOO_LARGE = "file_too_large"
    # What others hold, or have done meanwhile.
    ALREADY_BEGUN = "already_begun"
    CHANGED_MEANWHILE = "changed_meanwhile"
    CODE_TAKEN = "code_taken"
    EMAIL_TAKEN = "email_taken"
    PRODUCT_IN_USE = "product_in_use"
    RATE_EXISTS = "rate_exists"
    RATE_USED = "rate_used"
    # People and sign-in.
    ACCESS_ENDED = "access_ended"
    ADDRESS_CLAIMED = "address_claimed"
    ALREADY_JOINED = "already_joined"
    DEAD_LINK = "dead_link"
    ERASED_PERSON = "erased_person"
    HAS_STAFF = "has_staff"
    INACTIVE_PERSON = "inactive_person"
    LINK_FOR_OTHERS = "link_for_others"
    LAST_ADMINISTRATOR = "last_administrator"
    PUBLIC_DOMAIN = "public_domain"
    ROLE_AND_COMPANY = "role_and_company"
    STILL_ACTIVE = "still_active"
    YOURSELF = "yourself"
    # Seats.
    ALREADY_ACTIVATED = "already_activated"
    ALREADY_ANSWERED = "already_answered"
    ALREADY_HOLDS = "already_holds"
    HOLDER_CHANGED = "holder_changed"
    HOLDS_OTHER = "holds_other"
    NO_FREE_LICENSE = "no_free_license"
    NOT_ASSIGNABLE = "not_assignable"
    NOTHING_HELD = "nothing_held"
    OTHER_PRODUCT = "other_product"
    SAME_ADDRESS = "same_address"
    SAME_PERSON = "same_person"
    SAME_PLAN = "same_plan"
    SUSPENDED = "suspended"
    # Taking back what was done.
    ALL_MOVED = "all_moved"
    ALREADY_UNDONE = "already_undone"
    BATCH_EXPIRED = "batch_expired"
    BATCH_SETTLED = "batch_settled"
    BROKEN = "broken"
    NOT_UNDOABLE = "not_undoable"
    TOO_LATE_TO_UNDO = "too_late_to_undo"
    # Buying and paying.
    ALREADY_PAID = "already_paid"
    CART_EMPTY = "cart_empty"
    CHANGED_SINCE_REVIEW = "changed_since_review"
    ISSUE_CLOSED = "issue_closed"
    LINE_GONE = "line_gone"
    LOOKED_AT = "looked_at"
    NO_SESSION = "no_session"
    NOT_ACCEPTED = "not_accepted"
    NOT_CONFIRMED = "not_confirmed"
    NOT_WAITING = "not_waiting"
    OTHER_ORDER_WAITING = "other_order_waiting"
    PAGE_OPENED = "page_opened"
    PAYMENT_SETUP = "payment_setup"
    PAYMENT_UNAVAILABLE = "payment_unavailable"
    PLAN_WITHDRAWN = "plan_withdrawn"
    TOTAL_TOO_HIGH = "total_too_high"
    TOTAL_TOO_LOW = "total_too_low"
    UNKNOWN_SESSION = "unknown_session"
    # Pages of the back office.
    CANNOT_RENDER = "cannot_render"
    NOT_SENT = "not_sent"
    NO_LONGER_TRUE = "no_longer_true"
    NOTHING_CHOSEN = "nothing_chosen"
    TOO_MANY = "too_many"


class Refused(Exception):
    """The rules of the desk forbid what was asked. Nothing was changed.

    Attributes:
        code: Which rule.
        sentence: What a person reads, translated: what happened, what was kept, what to do.
        fields: The columns that it is about, where it is about some.
    """

    def __init__(self, code: Code, sentence: str, *, fields: tuple[str, ...] = ()) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = str(sentence)
        self.fields = fields
