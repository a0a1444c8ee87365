"""How the rows of a batch are to be treated: the plan that is given, whom each licence goes to, when mail leaves."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload
from wtforms import RadioField, TextAreaField
from wtforms.validators import StopValidation

from admin_views import moves
from admin_views.forms import REQUIRED, DeskForm, choices
from admin_views.lists.rows import narrow
from admin_views.pickers import PickerField, people_lookup
from models import Batch, BatchKind, BatchRow, License, Plan, Post, User, address_key, db, utcnow
from services.foundation import checks
from services.people import addresses
from services.people.deactivation import Seats
from services.seats import seat_counts
from services.seats.seat_counts import FreeSeats

_GIVES = frozenset({BatchKind.ASSIGN, BatchKind.CHANGE})
# So many licences of a transfer are each asked for by name; of more, the addresses are typed or pasted, one in a line.
BY_NAME = 50


def post_field(*validators: Any) -> RadioField:
    """When those whom it concerns are told."""
    return RadioField(
        _l("When are they told by email?"),
        validators,
        choices=choices(
            [
                (
                    Post.HELD.value,
                    _l("In 10 minutes: until then you can take it all back, and nobody was told."),
                ),
                (Post.NOW.value, _l("At once")),
                (Post.NONE.value, _l("No email")),
            ]
        ),
        default=Post.HELD.value,
    )


class Form(DeskForm):
    """What is asked of every kind; `seats` of deactivating alone."""

    seats = RadioField(
        _l("What becomes of their licenses?"),
        [REQUIRED],
        choices=choices(
            [
                (
                    Seats.RELEASE.value,
                    _l("Release them: they go back to the account and can be assigned at once."),
                ),
                (Seats.KEEP.value, _l("Keep them until they end: they are theirs if they come back.")),
            ]
        ),
        default=Seats.RELEASE.value,
    )
    post = post_field(REQUIRED)

    batches: Sequence[Batch]

    @property
    def kind(self) -> BatchKind:
        return self.batches[0].kind

    @property
    def total(self) -> int:
        return sum(batch.total for batch in self.batches)

    @property
    def gives(self) -> bool:
        return self.kind in _GIVES

    @property
    def chosen(self) -> str:
        """The plan that is ticked: what was said before, else the only one."""
        if "plan" in request.form:
            return request.form["plan"]
        plan, day = (self.batches[0].options.get(name) for name in ("plan", "last_day"))
        if plan:
            return f"{plan}:{day}" if day else str(plan)
        return str(self.offered[0].plan.id) if len(self.offered) == 1 else ""

    # What can be given of each plan, and what is wrong with what was said of it.
    offered: Sequence[FreeSeats] = ()
    plan_error = ""

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        fine: bool = super().validate(*args, **kwargs)
        if self.gives and moves.chosen_seats()[0] is None:
            self.plan_error = _("Choose a plan that has an available license.")
            fine = False
        return fine

    def of_batch(self, batch: Batch) -> dict[str, Any]:
        """The options of one customer's batch."""
        wanted: dict[str, Any] = {"post": self.post.data if self.post else Post.NOW}
        if self.gives:
            plan, last_day = moves.chosen_seats()
            wanted |= {"plan": plan.id if plan else None}
            wanted |= {"last_day": last_day.isoformat()} if last_day else {}
        if self.seats:
            wanted["seats"] = self.seats.data
        if self.kind == BatchKind.TRANSFER:
            wanted["to"] = self._receivers(batch)
        return wanted

    def _receivers(self, batch: Batch) -> list[int | None]:
        """Whom each row's licence goes to, in their order."""
        lines = getattr(self, f"lines_{batch.id}", None)
        if lines is not None:
            found: list[int | None] = lines.people
            return found
        people: list[int | None] = [None] * batch.total
        for field in self:
            if isinstance(field, Receiver) and field.batch_id == batch.id and field.data:
                people[field.no - 1] = field.data.id
        return people


class Receiver(PickerField):
    """Whom one licence goes to: an active person of the same customer, who holds none of its product."""

    def __init__(self, row: BatchRow, label: Any, **kwargs: Any) -> None:
        self.batch_id, self.no, self.license_id = row.batch_id, row.no, row.license_id
        given = License.id == row.license_id
        lookup = people_lookup("newcomer", where=lambda statement: moves.may_receive(statement, given))
        super().__init__(lookup, label, **kwargs)

    def lookup_url(self) -> str:
        return url_for(".ajax_lookup", name=self.lookup.name, id=self.license_id)


class Receivers(TextAreaField):
    """An address in each line, in the order of the rows; an empty line leaves a licence where it is."""

    def __init__(self, batch: Batch, label: Any, **kwargs: Any) -> None:
        self.company_id, self.most = batch.company_id, batch.total
        self.people: list[int | None] = []
        super().__init__(label, **kwargs)

    def _value(self) -> str:
        """As it was typed: an empty line at its beginning says something too."""
        return str(self.raw_data[0]) if self.raw_data else ""

    def pre_validate(self, form: Any) -> None:
        lines = [checks.sought(line) for line in self._value().rstrip().splitlines()]
        if len(lines) > self.most:
            raise StopValidation(
                _("There are more lines than licenses: one address in a line, in their order.")
            )
        known = _by_address(self.company_id, filter(None, lines))
        for number, line in enumerate(lines, 1):
            if line and address_key(line) not in known:
                raise StopValidation(
                    _(
                        "Line %(number)s: nobody here has the address %(address)s.",
                        number=number,
                        address=line[:254],
                    )
                )
        self.people = [known[address_key(line)] if line else None for line in lines]


def _by_address(company_id: int | None, typed: Iterable[str]) -> dict[str, int]:
    """The active people of the customer who have these addresses, by their `address_key`."""
    found = addresses.of_company(company_id, typed)
    return {address_key(user.email): user.id for user in found if user.active}


def of(batches: Sequence[Batch]) -> Form:
    """The form of `batches`, filled in as they were settled before."""
    kind, kept = batches[0].kind, batches[0].options
    fields = _transfers(batches) if kind == BatchKind.TRANSFER else {}
    data = {name: kept[name] for name in ("post", "seats") if name in kept}
    form: Form = type("BatchForm", (Form,), fields)(data=data)
    form.batches = batches
    if kind in _GIVES:
        form.offered = _offered(batches)
    if kind != BatchKind.DEACTIVATE:
        del form.seats
    if kind == BatchKind.RESEND:
        # The link of before dies at once: the new one waits for nothing.
        del form.post
    return form


def _transfers(batches: Sequence[Batch]) -> dict[str, Any]:
    """The fields that ask whom each licence goes to."""
    if sum(batch.total for batch in batches) > BY_NAME:
        return {f"lines_{batch.id}": _of_batch(batch, several=len(batches) > 1) for batch in batches}
    fields: dict[str, Any] = {}
    for batch in batches:
        # Where nobody holds anything nothing is asked: the row is left out.
        found = narrow(sa.select(BatchRow), BatchRow).where(
            BatchRow.batch_id == batch.id, BatchRow.user_id.is_not(None), BatchRow.license_id.is_not(None)
        )
        for row in db.session.scalars(found.order_by(BatchRow.no).options(joinedload(BatchRow.user))):
            name = row.user.name if row.user else ""
            kept = batch.options.get("to") or []
            before = kept[row.no - 1] if row.no <= len(kept) else None
            fields[f"to_{row.id}"] = _of_row(row, _("From %(name)s to", name=name), before)
    return fields


def _of_row(row: BatchRow, label: str, before: int | None) -> Any:
    return Receiver(row, label, default=db.session.get(User, before) if before else None)


def _of_batch(batch: Batch, *, several: bool) -> Any:
    customer = batch.company.name if several and batch.company else ""
    label = _("To whom, one address in a line")
    if customer:
        label = _("%(label)s: %(text)s", label=label, text=customer)
    return Receivers(batch, label)


def _offered(batches: Sequence[Batch]) -> list[FreeSeats]:
    """What the customers together have to give, by plan; each gets of its own."""
    now, plans = utcnow(), dict[int, Plan]()
    ends: dict[int, Counter[dt.date]] = {}
    for batch in batches:
        for free in seat_counts.free_seats(batch.company_id, now) if batch.company_id else ():
            plans[free.plan.id] = free.plan
            found = ends.setdefault(free.plan.id, Counter())
            for part in free.ends:
                found[part.last_day] += part.available
    offered = []
    for plan in sorted(plans.values(), key=lambda plan: (plan.position, plan.id)):
        days = sorted(ends[plan.id].items(), reverse=True)
        offered.append(FreeSeats(plan, [seat_counts.FreeEnd(day, count) for day, count in days]))
    return offered
