"""What each verb of the journal is said with. A verb without words here does not pass `tests/admin_views/journal/`.

A message that names nobody who acts is for what happens by itself. In French no participle goes with a person's name: nobody's gender is known.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from flask_babel import lazy_gettext as _l

from models import JournalVerb


@dataclasses.dataclass(frozen=True)
class Said:
    """How a verb is told.

    Attributes:
        by_others: The sentence, with `%(who)s` where somebody acts.
        by_reader: The same of the reader's own act; None where nobody acts.
        shows_changes: Whether what was before and after stands below it.
        icon: The mark of what nobody did.
        internal: Whether customers are not told: what the vendor's staff must look at.
    """

    by_others: Any
    by_reader: Any = None
    shows_changes: bool = False
    icon: str = "gear"
    internal: bool = False


SAID: dict[str, Said] = {
    JournalVerb.ADDRESS_ASKED: Said(
        _l("%(who)s asked for another address of %(person)s"),
        _l("You asked for another address of %(person)s"),
        shows_changes=True,
    ),
    JournalVerb.ADDRESS_CONFIRMED: Said(
        _l("%(who)s confirmed their new address"), _l("You confirmed your new address"), shows_changes=True
    ),
    JournalVerb.ADDRESS_WITHDRAWN: Said(
        _l("%(who)s withdrew the new address that %(person)s was to have"),
        _l("You withdrew the new address that %(person)s was to have"),
    ),
    JournalVerb.CARD_DECLINED: Said(
        _l("A card was declined for order %(order)s"), icon="exclamation-triangle"
    ),
    JournalVerb.CART_CHANGED: Said(
        _l("%(who)s changed the %(plan)s licenses in the cart"),
        _l("You changed the %(plan)s licenses in the cart"),
        shows_changes=True,
    ),
    JournalVerb.COMPANY_ADDED: Said(
        _l("%(who)s opened the account of %(company)s"), _l("You opened the account of %(company)s")
    ),
    JournalVerb.COMPANY_CHANGED: Said(
        _l("%(who)s changed the details of %(company)s"),
        _l("You changed the details of %(company)s"),
        shows_changes=True,
    ),
    JournalVerb.COMPANY_IMPORTED: Said(
        _l("%(who)s brought over the people and licenses of %(company)s"),
        _l("You brought over the people and licenses of %(company)s"),
    ),
    JournalVerb.CONDITIONS_PUBLISHED: Said(
        _l("%(who)s published version %(id)s of the conditions of sale"),
        _l("You published version %(id)s of the conditions of sale"),
    ),
    JournalVerb.FIRM_LINK_MADE: Said(
        _l("%(who)s made an invitation link for addresses of %(link)s"),
        _l("You made an invitation link for addresses of %(link)s"),
    ),
    JournalVerb.FIRM_LINK_WITHDRAWN: Said(
        _l("%(who)s withdrew the invitation link for addresses of %(link)s"),
        _l("You withdrew the invitation link for addresses of %(link)s"),
    ),
    JournalVerb.ISSUE_CLOSED: Said(
        _l("%(who)s closed an issue of order %(order)s: %(issue)s"),
        _l("You closed an issue of order %(order)s: %(issue)s"),
        internal=True,
    ),
    JournalVerb.ISSUE_OPENED: Said(
        _l("Order %(order)s has an issue: %(issue)s"), icon="exclamation-triangle", internal=True
    ),
    JournalVerb.LICENSE_ACTIVATED: Said(
        _l("%(who)s activated their %(license)s license"), _l("You activated your %(license)s license")
    ),
    JournalVerb.LICENSE_ASSIGNED: Said(
        _l("%(who)s assigned the %(license)s license to %(person)s"),
        _l("You assigned the %(license)s license to %(person)s"),
    ),
    JournalVerb.LICENSE_BROUGHT_BACK: Said(
        _l("%(who)s brought the removed %(license)s license back"),
        _l("You brought the removed %(license)s license back"),
    ),
    JournalVerb.LICENSE_REMOVED: Said(
        _l("%(who)s removed the %(license)s license from the account"),
        _l("You removed the %(license)s license from the account"),
    ),
    JournalVerb.LICENSE_IMPORTED: Said(
        _l("%(who)s brought over the %(license)s license"), _l("You brought over the %(license)s license")
    ),
    JournalVerb.LICENSE_RELEASED: Said(
        _l("%(who)s released the %(license)s license of %(person)s"),
        _l("You released the %(license)s license of %(person)s"),
    ),
    JournalVerb.LICENSE_REQUESTED: Said(
        _l("%(who)s asked for a license"), _l("You asked for a license"), icon="chat-left-text"
    ),
    JournalVerb.LINK_SENT: Said(
        _l("%(who)s sent %(person)s the activation link of the %(license)s license again"),
        _l("You sent %(person)s the activation link of the %(license)s license again"),
        icon="send",
    ),
    JournalVerb.LINK_SHOWN: Said(
        _l("%(who)s had a new activation link of the %(license)s license of %(person)s shown"),
        _l("You had a new activation link of the %(license)s license of %(person)s shown"),
        icon="link-45deg",
    ),
    JournalVerb.LIST_EXPORTED: Said(
        _l("%(who)s exported the list “%(list)s”: %(rows)s, %(format)s"),
        _l("You exported the list “%(list)s”: %(rows)s, %(format)s"),
        icon="download",
    ),
    JournalVerb.MAIL_RESENT: Said(
        _l("%(who)s sent a mail again: %(mail)s"), _l("You sent a mail again: %(mail)s")
    ),
    JournalVerb.ORDER_CANCELLED: Said(
        _l("%(who)s cancelled order %(order)s"), _l("You cancelled order %(order)s")
    ),
    JournalVerb.ORDER_EXPIRED: Said(_l("Order %(order)s was abandoned before payment"), icon="x-circle"),
    JournalVerb.ORDER_FULFILLED: Said(
        _l("Order %(order)s was paid and its licenses delivered"), icon="check-lg"
    ),
    JournalVerb.ORDER_PLACED: Said(
        _l("%(who)s placed order %(order)s: %(total)s"), _l("You placed order %(order)s: %(total)s")
    ),
    JournalVerb.ORDER_WITHHELD: Said(
        _l("The delivery of order %(order)s is withheld"), icon="exclamation-triangle"
    ),
    JournalVerb.PASSWORD_LINK_REQUESTED: Said(
        _l("A link to choose a password was asked for: %(person)s"), icon="key"
    ),
    JournalVerb.PASSWORD_SET: Said(_l("%(who)s chose a password"), _l("You chose a password")),
    JournalVerb.PAYMENT_FAILED: Said(
        _l("The payment of order %(order)s was declined"), icon="exclamation-triangle"
    ),
    JournalVerb.PAYMENT_NOTED: Said(
        _l("A payment of order %(order)s needs somebody’s attention"), internal=True, shows_changes=True
    ),
    JournalVerb.PAYMENT_RETRIED: Said(
        _l("%(who)s resumed the payment of order %(order)s"), _l("You resumed the payment of order %(order)s")
    ),
    JournalVerb.PAYMENT_STARTED: Said(
        _l("The bank debit of order %(order)s is under way"), icon="credit-card"
    ),
    JournalVerb.PERSON_ADDED: Said(_l("%(who)s added %(person)s"), _l("You added %(person)s")),
    JournalVerb.PERSON_ADDITION_UNDONE: Said(
        _l("%(who)s took back the addition of %(person)s"), _l("You took back the addition of %(person)s")
    ),
    JournalVerb.PERSON_CHANGED: Said(
        _l("%(who)s changed the account of %(person)s"),
        _l("You changed the account of %(person)s"),
        shows_changes=True,
    ),
    JournalVerb.PERSON_DEACTIVATED: Said(
        _l("%(who)s deactivated the account of %(person)s"), _l("You deactivated the account of %(person)s")
    ),
    JournalVerb.PERSON_ERASED: Said(
        _l("%(who)s erased somebody’s personal information: %(person)s"),
        _l("You erased somebody’s personal information: %(person)s"),
    ),
    JournalVerb.PERSON_EXPORTED: Said(
        _l("%(who)s had what the desk knows of %(person)s put together"),
        _l("You had what the desk knows of %(person)s put together"),
        icon="download",
    ),
    JournalVerb.PERSON_INVITED: Said(_l("%(who)s invited %(person)s"), _l("You invited %(person)s")),
    JournalVerb.PERSON_JOINED: Said(
        _l("%(who)s joined with the invitation link for addresses of %(link)s"),
        _l("You joined with the invitation link for addresses of %(link)s"),
    ),
    JournalVerb.PERSON_REACTIVATED: Said(
        _l("%(who)s reactivated the account of %(person)s"), _l("You reactivated the account of %(person)s")
    ),
    JournalVerb.PLAN_ADDED: Said(_l("%(who)s added the %(plan)s plan"), _l("You added the %(plan)s plan")),
    JournalVerb.PLAN_CHANGED: Said(
        _l("%(who)s changed the %(plan)s plan"), _l("You changed the %(plan)s plan"), shows_changes=True
    ),
    JournalVerb.PRICE_SET: Said(
        _l("%(who)s set the price of the %(plan)s plan to %(amount)s from %(day)s"),
        _l("You set the price of the %(plan)s plan to %(amount)s from %(day)s"),
    ),
    JournalVerb.PRICE_WITHDRAWN: Said(
        _l("%(who)s withdrew the price of the %(plan)s plan from %(day)s"),
        _l("You withdrew the price of the %(plan)s plan from %(day)s"),
    ),
    JournalVerb.PROFILE_CHANGED: Said(
        _l("%(who)s changed their own profile"), _l("You changed your own profile"), shows_changes=True
    ),
    JournalVerb.RENEWAL_DECIDED: Said(
        _l("%(who)s decided on the renewal of the %(license)s license"),
        _l("You decided on the renewal of the %(license)s license"),
        shows_changes=True,
    ),
    JournalVerb.REQUEST_DECLINED: Said(
        _l("%(who)s declined the request of %(person)s for a license"),
        _l("You declined the request of %(person)s for a license"),
    ),
    JournalVerb.REQUEST_WITHDRAWN: Said(
        _l("%(who)s withdrew their request for a license"), _l("You withdrew your request for a license")
    ),
    JournalVerb.SIGN_IN_LINK_REQUESTED: Said(_l("A sign-in link was asked for: %(person)s"), icon="send"),
    JournalVerb.SIGN_IN_LINK_SENT: Said(
        _l("%(who)s sent a sign-in link to %(person)s"), _l("You sent a sign-in link to %(person)s")
    ),
    JournalVerb.SIGNED_IN: Said(_l("%(who)s signed in"), _l("You signed in")),
    JournalVerb.SIGNED_OUT: Said(_l("%(who)s signed out"), _l("You signed out")),
    JournalVerb.STAFF_ADDED: Said(_l("A support account was opened: %(person)s"), icon="person-plus"),
    JournalVerb.TAX_RATE_ADDED: Said(
        _l("%(who)s added a tax rate: %(tax)s"), _l("You added a tax rate: %(tax)s"), shows_changes=True
    ),
    JournalVerb.TAX_RATE_CHANGED: Said(
        _l("%(who)s changed a tax rate: %(tax)s"), _l("You changed a tax rate: %(tax)s"), shows_changes=True
    ),
    JournalVerb.TAX_RATE_WITHDRAWN: Said(
        _l("%(who)s withdrew a tax rate: %(tax)s"), _l("You withdrew a tax rate: %(tax)s")
    ),
    JournalVerb.UNDONE: Said(_l("%(who)s took an act back"), _l("You took an act back")),
    JournalVerb.VENDOR_ADDED: Said(_l("The vendor’s identity was written down"), shows_changes=True),
    JournalVerb.VENDOR_CHANGED: Said(
        _l("%(who)s changed the vendor’s identity"),
        _l("You changed the vendor’s identity"),
        shows_changes=True,
    ),
}
# Of a verb that an older version wrote.
UNKNOWN = Said(_l("%(who)s: %(verb)s"), _l("You: %(verb)s"))
# What customers are told of.
TOLD_TO_CUSTOMERS = tuple(sorted(verb for verb, said in SAID.items() if not said.internal))


@dataclasses.dataclass(frozen=True)
class Together:
    """How several acts of one kind are told as one; `of_one_plan` where all are about the same."""

    said: Said
    of_one_plan: Said | None = None


# Of one person, on one day.
OF_MANY: dict[str, Together] = {
    JournalVerb.LICENSE_ASSIGNED: Together(
        Said(_l("%(who)s assigned %(count)s licenses"), _l("You assigned %(count)s licenses")),
        Said(
            _l("%(who)s assigned %(count)s %(plan)s licenses"), _l("You assigned %(count)s %(plan)s licenses")
        ),
    ),
    JournalVerb.LICENSE_RELEASED: Together(
        Said(_l("%(who)s released %(count)s licenses"), _l("You released %(count)s licenses")),
        Said(
            _l("%(who)s released %(count)s %(plan)s licenses"), _l("You released %(count)s %(plan)s licenses")
        ),
    ),
    JournalVerb.LICENSE_IMPORTED: Together(
        Said(_l("%(who)s brought over %(count)s licenses"), _l("You brought over %(count)s licenses")),
        Said(
            _l("%(who)s brought over %(count)s %(plan)s licenses"),
            _l("You brought over %(count)s %(plan)s licenses"),
        ),
    ),
    JournalVerb.LICENSE_REMOVED: Together(
        Said(
            _l("%(who)s removed %(count)s licenses from the account"),
            _l("You removed %(count)s licenses from the account"),
        ),
        Said(
            _l("%(who)s removed %(count)s %(plan)s licenses from the account"),
            _l("You removed %(count)s %(plan)s licenses from the account"),
        ),
    ),
    JournalVerb.PERSON_ADDED: Together(
        Said(_l("%(who)s added %(count)s people"), _l("You added %(count)s people"))
    ),
    JournalVerb.PERSON_ADDITION_UNDONE: Together(
        Said(
            _l("%(who)s took back the addition of %(count)s people"),
            _l("You took back the addition of %(count)s people"),
        )
    ),
    JournalVerb.PERSON_DEACTIVATED: Together(
        Said(_l("%(who)s deactivated %(count)s accounts"), _l("You deactivated %(count)s accounts"))
    ),
}
# Of several people, each for themselves, on one day: `%(who)s` is « David Nguyen et 2 autres ».
BY_MANY: dict[str, Any] = {JournalVerb.LICENSE_ACTIVATED: _l("%(who)s activated their licenses")}
