"""What would come of each row of a base: brought over, there already, or left with what is wrong of it.

Some hundreds of rows are decided of in a few statements. What is kept between them is bounded by the addresses and keys of the file.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from models import Batch, BatchRow, License, RowOutcome, User, address_key, db, utcnow
from services.bases import columns, customers, known, typed
from services.bases.customers import Customer
from services.bases.known import Known
from services.bases.typed import Said, Seat
from services.batches.rows import Row
from services.catalogue import vendor
from services.foundation.days import end_of
from services.foundation.operations import plain
from services.imports.columns import plans_by_word
from services.text import dates
from services.text.formats import current_language, short_day

# The numbers of a file's rows stand this far above those of the file before it (`place_of`).
OF_A_FILE = 100_000_000


def place_of(no: int) -> tuple[int, int]:
    """Which of the files a row is of, from 0, and its own number there."""
    return divmod(no, OF_A_FILE)


def prepare(batch: Batch) -> Callable[[Sequence[Row]], None]:
    """As `kinds.Kind.prepare`."""
    return _Decider(batch).decide


class _Decider:
    """What rows are decided on, of one batch."""

    def __init__(self, batch: Batch) -> None:
        self.batch, self.now = batch, utcnow()
        self.grace = dt.timedelta(days=vendor.current().grace_days)
        self.plans = plans_by_word()
        self.orders = [_orders(file, batch.options.get("order")) for file in batch.options["files"]]
        self.customers = customers.gathered(batch)
        self.brought: dict[int, Counter[known.Sort]] = {}
        # By address: whose it is and in which row; by key its row; by address and product the row of the live licence.
        self.owners: dict[str, tuple[str, int]] = {}
        self.keys: dict[str, int] = {}
        self.live: dict[tuple[str, str], int] = {}
        # Whose names were read, and which customers a row opens.
        self.named: set[str] = set()
        self.opened: set[str] = set()
        self._resume()

    def _resume(self) -> None:
        """Take up what the rows that are decided say already."""
        decided = sa.select(BatchRow.no, BatchRow.seen).where(
            BatchRow.batch_id == self.batch.id,
            BatchRow.outcome.in_([RowOutcome.READY, RowOutcome.SAME]),
        )
        for no, seen in db.session.execute(decided.order_by(BatchRow.no)):
            self._keep(no, seen)

    def _keep(self, no: int, seen: dict[str, Any]) -> None:
        email, seat = seen.get("email"), seen.get("seat")
        if found := seen.get("brought"):
            company_id, plan, day, user = found
            self._brought_to(company_id)[company_id, plan, dt.date.fromisoformat(day), user] -= 1
            return
        if email:
            self.owners.setdefault(address_key(email), (seen["customer"], no))
        if "person" in seen:
            self.named.add(address_key(email or ""))
        if "make" in seen:
            self.opened.add(seen["customer"])
        if seat and seat["key"]:
            self.keys.setdefault(seat["key"].upper(), no)
        if seat and email and seat["live"]:
            self.live.setdefault((address_key(email), seat["product"]), no)

    # --- Rows -------------------------------------------------------------------------------------------------------

    def decide(self, rows: Sequence[Row]) -> None:
        said: list[tuple[Customer | None, Said]] = []
        for row in rows:
            customer = self.customers.get(customers.key_of(str(row.raw.get(columns.CUSTOMER, ""))))
            orders = self.orders[place_of(row.no)[0]]
            said.append((customer, typed.read(row.raw, customer, self.plans, orders) if customer else Said()))
        there = known.of(
            (one.email for _customer, one in said),
            (one.seat.key for _customer, one in said if one.seat and one.seat.key),
        )
        for row, (customer, one) in zip(rows, said, strict=True):
            self._decide(row, customer, one, there)

    def _decide(self, row: Row, customer: Customer | None, said: Said, there: Known) -> None:
        if customer is None:
            said.wrong.append((columns.CUSTOMER, _("it is missing.")))
        elif customer.wrong is not None:
            field, text = customer.wrong
            said.wrong.append((field, text))
        else:
            self._check_customer(row, customer, said)
            self._check_person(row, customer, said, there)
            if said.seat is not None and not said.wrong:
                self._check_seat(row, customer, said, there)
        if said.wrong or customer is None:
            row.field = said.wrong[0][0]
            row.leave(said.problem())
            return
        if row.outcome == RowOutcome.WAITING:
            self._ready(row, customer, said, there)

    def _check_customer(self, row: Row, customer: Customer, said: Said) -> None:
        """One name is one customer: what else the file says of it may not be another's."""
        told, first = str(row.raw.get(columns.BILLING, "")).strip(), customer.told.get(columns.BILLING, "")
        if told and told.casefold() != first.casefold():
            text = _("row %(row)s says another one of this customer.", row=self._place(customer.row))
            said.wrong.append((columns.BILLING, text))

    def _check_person(self, row: Row, customer: Customer, said: Said, there: Known) -> None:
        """An address is of one customer, and of somebody whose name is known."""
        if not said.email:
            return
        email, key = said.email, address_key(said.email)
        owner, no = self.owners.get(key, (customer.key, row.no))
        stranger, own = there.stranger(email, customer.id), there.own(email, customer.id)
        if owner != customer.key:
            name = self.customers[owner].name
            text = _(
                "%(email)s is of %(customer)s, in row %(row)s.",
                email=email,
                customer=name,
                row=self._place(no),
            )
        elif stranger is not None and own is None:
            whose = stranger.company.name if stranger.company else _("the vendor’s own staff")
            text = _("%(email)s is in the desk already, of %(customer)s.", email=email, customer=whose)
        elif own is not None and not own.active and own.id not in there.asleep:
            text = _(
                "%(name)s is in the list, deactivated. Reactivate them on their page, then import this row again.",
                name=own.name,
            )
        elif said.person is None and key not in self.named and (own is None or not own.active):
            text = _("nobody has this address, and no row before this one says their name.")
        else:
            return
        said.wrong.append((columns.EMAIL, text))

    # --- Licences ---------------------------------------------------------------------------------------------------

    def _check_seat(self, row: Row, customer: Customer, said: Said, there: Known) -> None:
        """One key is one licence; nobody holds two of a product that can be used. What is there already stays."""
        seat = said.seat
        if seat is None:
            return
        if seat.key and (no := self.keys.get(seat.key.upper())) is not None:
            said.wrong.append((columns.KEY, _("this key is in row %(row)s already.", row=self._place(no))))
        elif seat.key and (other := there.keys.get(seat.key.upper())) is not None:
            self._of_key(row, customer, said, other, there)
        elif not seat.key and self._is_brought(customer, seat, there.own(said.email, customer.id), said):
            own = there.own(said.email, customer.id)
            row.outcome = RowOutcome.SAME
            row.seen = {"brought": [customer.id, seat.plan.id, plain(seat.last_day), own.id if own else None]}
        elif said.email and self._is_live(customer, seat):
            self._check_holder(row, customer, said, there)

    def _of_key(self, row: Row, customer: Customer, said: Said, other: License, there: Known) -> None:
        seat = said.seat
        if seat is None:
            return
        same = other.company_id == customer.id and other.plan_id == seat.plan.id
        if same and there.last_days.get(other.id, other.last_day) == seat.last_day:
            row.outcome, row.license_id = RowOutcome.SAME, other.id
            self.keys[seat.key.upper() if seat.key else ""] = row.no
            return
        if other.company_id != customer.id:
            text = _("a license of another customer has this key.")
        else:
            text = _(
                "the desk has this key already, of a %(plan)s license until %(day)s: change it there.",
                plan=other.plan.name(current_language()),
                day=short_day(other.last_day),
            )
        said.wrong.append((columns.KEY, text))

    def _is_brought(self, customer: Customer, seat: Seat, own: User | None, said: Said) -> bool:
        """Whether a licence without a key is one that an earlier import brought; each is found once."""
        if customer.id is None or (said.email and own is None):
            return False
        sort = (customer.id, seat.plan.id, seat.last_day, own.id if own else None)
        left = self._brought_to(customer.id)
        if left[sort] <= 0:
            return False
        left[sort] -= 1
        return True

    def _brought_to(self, company_id: int) -> Counter[known.Sort]:
        if company_id not in self.brought:
            self.brought[company_id] = known.brought(company_id)
        return self.brought[company_id]

    def _check_holder(self, row: Row, customer: Customer, said: Said, there: Known) -> None:
        seat, own = said.seat, there.own(said.email, customer.id)
        if seat is None:
            return
        product = seat.plan.product
        no = self.live.get((address_key(said.email), product))
        held = there.held.get((own.id, product)) if own else None
        if no is not None:
            text = _(
                "%(email)s has a license of this product in row %(row)s: nobody holds two.",
                email=said.email,
                row=self._place(no),
            )
        elif held is not None and not held.gives_way(self.now):
            text = _(
                "%(email)s holds a license of this product in the desk, %(key)s: nobody holds two.",
                email=said.email,
                key=held.key,
            )
        else:
            return
        said.wrong.append((columns.EMAIL, text))

    def _is_live(self, customer: Customer, seat: Seat) -> bool:
        return end_of(seat.last_day, customer.zone) + self.grace > self.now

    # --- What is written down ---------------------------------------------------------------------------------------

    def _ready(self, row: Row, customer: Customer, said: Said, there: Known) -> None:
        own = there.own(said.email, customer.id) if said.email else None
        seen: dict[str, Any] = {"customer": customer.key, "company": customer.id}
        if customer.id is None and customer.key not in self.opened and customer.values is not None:
            seen["make"] = customer.values
        if said.email:
            seen["email"] = said.email
        is_new = bool(said.email) and (own is None or not own.active)
        if is_new and said.person is not None and address_key(said.email) not in self.named:
            seen["person"] = said.person
        if said.seat is not None:
            seen["seat"] = self._written(customer, said.seat)
        row.user_id, row.seen = own.id if own else None, seen
        changes = said.seat is not None or "person" in seen or "make" in seen
        row.outcome = RowOutcome.READY if changes else RowOutcome.SAME
        self._keep(row.no, seen)

    def _written(self, customer: Customer, seat: Seat) -> dict[str, Any]:
        days = ("first_day", "last_day", "assigned", "activated")
        return {
            "plan": seat.plan.id,
            "product": seat.plan.product,
            "key": seat.key,
            "live": self._is_live(customer, seat),
            **{name: plain(getattr(seat, name)) for name in days},
        }

    def _place(self, no: int) -> str:
        """A row as people find it: its number, and its file where there are several."""
        place, number = place_of(no)
        if len(self.batch.options["files"]) == 1:
            return str(number)
        return str(_("%(row)s of %(file)s", row=number, file=self.batch.options["files"][place]["name"]))


def _orders(file: dict[str, Any], chosen: str | None) -> dict[str, dates.DayOrder | None]:
    """Of a file's columns of dates: what people said, else what was recognised."""
    if chosen:
        return dict.fromkeys(columns.DAYS, dates.DayOrder(chosen))
    return {name: dates.DayOrder(order) if order else None for name, order in file["orders"].items()}
