"""The form of the payment page: reading and checking."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.base.store import Object
from sandbox.stripe import cards

FIELDS = ("email", "name", "method", "number", "expiry", "cvc", "institution", "transit", "account")
LONGEST = 200  # Characters of a field; the rest is dropped.


@dataclass
class Form:
    """The typed `values` and the `errors` (keys of `wording.py`), both by field, and what was recognised.

    `expires` is (month, year) of the card, `payer` has `name` and `email`.
    """

    values: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    card: cards.Card | None = None
    account: cards.Account | None = None
    expires: tuple[int, int] = (0, 0)
    payer: Object = field(default_factory=dict)

    @classmethod
    def empty(cls, session: Object, email: str | None) -> "Form":
        """Build the form before anything is typed; `email` is the payer's address when it is known."""
        values = dict.fromkeys(FIELDS, "")
        return cls(values | {"method": session["payment_method_types"][0], "email": email or ""})

    @classmethod
    def read(cls, session: Object, email: str | None, typed: Mapping[str, str]) -> "Form":
        """Check what was typed for a session; the number of a card that is no test card is dropped."""
        form = cls({name: typed.get(name, "").strip()[:LONGEST] for name in FIELDS})
        # As at Stripe, an address that the merchant gave can't be changed by the payer.
        form.values["email"] = email or form.values["email"]
        form._check_payer()
        if session["amount_total"] == 0:
            return form
        methods = session["payment_method_types"]
        form.values["method"] = form.values["method"] or methods[0]
        if form.values["method"] not in methods:
            form.errors["method"] = "bad_method"
            form.values["method"] = methods[0]
        elif form.values["method"] == "card":
            form._check_card()
        else:
            form._check_account()
        return form

    def _check_payer(self) -> None:
        email, name = self.values["email"], self.values["name"]
        if not re.fullmatch(r"[^@\s\0]+@[^@\s\0]+\.[^@\s\0]+", email):
            self.errors["email"] = "bad_email"
        if not name or "\0" in name:
            self.errors["name"] = "bad_name"
        self.payer = {"email": email, "name": name}

    def _check_card(self) -> None:
        number = re.sub(r"[\s-]", "", self.values["number"])
        self.card = cards.CARDS.get(number)
        if not re.fullmatch(r"[0-9]{13,19}", number) or not cards.luhn(number):
            self.errors["number"] = "bad_number"
        elif self.card is None:
            self.errors["number"] = "not_test_card"
        if "number" in self.errors:
            self.values["number"] = ""
        if not re.fullmatch(r"[0-9]{3,4}", self.values["cvc"]):
            self.errors["cvc"] = "bad_cvc"
        self._check_expiry()

    def _check_expiry(self) -> None:
        match = re.fullmatch(r"(0?[1-9]|1[0-2])\s*/?\s*(?:20)?([0-9]{2})", self.values["expiry"], re.ASCII)
        if not match:
            self.errors["expiry"] = "bad_expiry"
            return
        month, year = int(match[1]), 2000 + int(match[2])
        today = time.localtime()
        if (year, month) < (today.tm_year, today.tm_mon):
            self.errors["expiry"] = "past_expiry"
        self.expires = (month, year)

    def _check_account(self) -> None:
        self.account = cards.ACCOUNTS.get(re.sub(r"[\s-]", "", self.values["account"]))
        if self.account is None:
            self.errors["account"] = "bad_account"
            self.values["account"] = ""
        if self.values["institution"] != cards.INSTITUTION:
            self.errors["institution"] = "bad_institution"
        if self.values["transit"] != cards.TRANSIT:
            self.errors["transit"] = "bad_transit"
