"""What is written: assigning, releasing, delivering a thousand seats and sending mail, beside the least of the same.

    python -m benchmarks verbs [--database sqlite|postgresql] [--large 1000000]

Each is done on a copy of the filled database. The floor of a verb is what it wrote, sent again by the driver alone to another copy, in a
transaction for each act. The floor of the mail worker is `smtplib` handing the same mails to the same server over one connection.
"""

from __future__ import annotations

import gc
import smtplib
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa
from aiosmtpd.controller import Controller

from access import Actor
from benchmarks import again, copies, engines
from benchmarks.read import table
from benchmarks.read.servers import free_port
from models import (
    Assignment,
    License,
    MailKind,
    Order,
    OrderLine,
    OrderTax,
    OutgoingMail,
    Plan,
    User,
    db,
    insert_rows,
    utcnow,
)
from services import licenses
from services.buying import delivery
from services.foundation.transaction import company_lock, transaction
from services.mail import outbox

ACTS, SEATS, MAILS = 60, 1_000, 300
COMPANY = 2
Measured = dict[str, tuple[float, float]]


def main() -> None:
    """Read the arguments, measure, print."""
    made = engines.parser(__doc__)
    asked = made.parse_args()
    engines.each(asked, lambda engine, url: run(engine, url, asked.large))


def run(engine: str, url: str, licenses_there: int) -> str:
    """Measure on one filled database; the table."""
    about = table.machine(engine, f"{licenses_there:,} licences")
    found = {**_written(url), **_mailed(url)}
    rows = [
        f"| {name} | {ours * 1000:.1f} ms | {floor * 1000:.1f} ms | {ours / floor:.1f} |"
        for name, (ours, floor) in found.items()
    ]
    head = "| what is written | ours | floor | × floor |\n| --- | --- | --- | --- |"
    return f"\n{engine}: {about}\n\n{head}\n" + "\n".join(rows) + "\n"


# --- Verbs ------------------------------------------------------------------------------------------------------------


def _written(url: str) -> Measured:
    """Seconds of each verb and of the same rows alone."""
    with copies.copy(url) as copy, copies.desk(copy):
        given, taken, assigned, released = _seats()
        delivered, rows = _delivery()
    with copies.copy(url) as copy, copies.desk(copy):
        # In their order: each row has the number that it had.
        both = [
            (again.sent_again(one), again.sent_again(other))
            for one, other in zip(assigned, released, strict=True)
        ]
        floors = [statistics.median(seconds) for seconds in zip(*both, strict=True)]
        _order()
        least = again.sent_again(rows)
    return {
        "assign a seat": (given, floors[0]),
        "release a seat": (taken, floors[1]),
        "deliver a thousand seats": (delivered, least),
    }


def _seats() -> tuple[float, float, list[again.Sent], list[again.Sent]]:
    by = Actor.of(db.session.scalars(sa.select(User).where(User.company_id == COMPANY)).first())
    now = utcnow()
    free = db.session.scalars(
        sa.select(License.id).where(License.company_id == COMPANY, *_free(now)).order_by(License.id)
    ).all()
    people = db.session.scalars(
        sa.select(User.id).where(User.company_id == COMPANY, User.covered_until.is_(None), User.active)
    ).all()
    pairs = list(zip(free, people, strict=False))[:ACTS]
    # A company of ninety seats has few who hold none: they are given one and lose it again, turn by turn.
    while len(pairs) < ACTS and pairs:
        pairs += pairs[: ACTS - len(pairs)]
    given, taken = [], []
    for seat, person in pairs:
        given.append(_act(lambda: licenses.assign_license(_one(License, seat), _one(User, person), by)))  # noqa: B023 - called at once
        taken.append(_act(lambda: licenses.release(_one(License, seat), by, held_by=person)))  # noqa: B023
    medians = [statistics.median(seconds for seconds, _sent in acts) for acts in (given, taken)]
    return medians[0], medians[1], [sent for _s, sent in given], [sent for _s, sent in taken]


def _free(now: Any) -> Sequence[Any]:
    return (License.user_id.is_(None), License.status == "active", License.valid_until > now)


def _act(does: Callable[[], Any]) -> tuple[float, again.Sent]:
    db.session.remove()
    with again.recording() as sent:
        began = time.perf_counter()
        does()
        seconds = time.perf_counter() - began
    return seconds, sent


def _one(kind: Any, key: int) -> Any:
    return db.session.get_one(kind, key)


def _delivery() -> tuple[float, again.Sent]:
    order = _order()

    def deliver() -> None:
        with company_lock(COMPANY) as turn:
            delivery.deliver(turn, db.session.get_one(Order, order))

    # Once only is measured: what went before is not the delivery's.
    gc.collect()
    return _act(deliver)


def _order() -> int:
    """An order of a thousand seats that was paid just now; its number."""
    buyer = db.session.scalars(sa.select(User.id).where(User.company_id == COMPANY)).first()
    plan = db.session.scalars(sa.select(Plan).order_by(Plan.id)).first()
    assert plan is not None
    names = {"plan_name_fr": plan.name_fr, "plan_name_en": plan.name_en, "term_months": 12, "position": 1}
    net = 100 * SEATS
    line = OrderLine(company_id=COMPANY, plan_id=plan.id, quantity=SEATS, unit_amount=100, net=net, **names)
    tax = OrderTax(
        company_id=COMPANY, position=1, name_fr="T", name_en="T", rate=1, registration_number="1", amount=777
    )
    papers = dict.fromkeys(("customer_name", "customer_address", "vendor_name", "vendor_address"), "")
    amounts = {"net": net, "tax": 777, "total": net + 777}
    order = Order(
        company_id=COMPANY,
        placed_by_id=buyer,
        language="fr",
        fingerprint="verbs",
        lines=[line],
        taxes=[tax],
        **amounts,
        **papers,
    )
    with transaction():
        db.session.add(order)
        db.session.flush()
        number: int = order.id
    return number


# --- Mail -------------------------------------------------------------------------------------------------------------


class _Sink:
    """Takes every mail and keeps none."""

    def __init__(self) -> None:
        self.count, self.last = 0, b""
        self.all_there = threading.Event()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.count, self.last = self.count + 1, envelope.content
        return "250 OK"


def _mailed(url: str) -> Measured:
    """Seconds of a mail by the worker, from the outbox to the server's answer, and by `smtplib` alone."""
    sink = _Sink()
    port = free_port()
    server = Controller(sink, hostname="127.0.0.1", port=port)
    server.start()
    try:
        with (
            copies.copy(url) as copy,
            copies.desk(copy, MAIL_SERVER="127.0.0.1", MAIL_PORT=str(port), MAIL_USE_TLS="0"),
        ):
            ours = _by_worker()
        least = _by_smtplib(port, sink.last)
    finally:
        server.stop()
    assert sink.count == 2 * MAILS, sink.count
    return {"send a mail": (ours / MAILS, least / MAILS)}


def _by_worker() -> float:
    held = (
        sa.select(Assignment.id, Assignment.license_id, User)
        .join(User, User.id == Assignment.user_id)
        .join(License, License.id == Assignment.license_id)
        .where(
            Assignment.ended_at.is_(None),
            User.active,
            License.status == "active",
            License.valid_until > utcnow(),
        )
        .where(License.activated_at.is_(None))
    )
    rows = [
        {
            "company_id": user.company_id,
            "user_id": user.id,
            "template": MailKind.LICENSE_ASSIGNED,
            "language": user.language,
            "context": {"license": license_id, "assignment": assignment_id},
            "dedupe_key": f"verbs {assignment_id}",
            "message_id": f"<verbs-{assignment_id}@vendor.example>",
        }
        for assignment_id, license_id, user in db.session.execute(held.order_by(Assignment.id).limit(MAILS))
    ]
    with transaction():
        stop = sa.update(OutgoingMail).where(OutgoingMail.state == "queued").values(state="dropped")
        db.session.execute(stop, execution_options={"synchronize_session": False})
        insert_rows(OutgoingMail, rows)
    began = time.perf_counter()
    outbox.run(lambda: False, once=True)
    return time.perf_counter() - began


def _by_smtplib(port: int, content: bytes) -> float:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        "a@vendor.example",
        "b@customer.example",
        "Invitation",
    )
    message.set_content(content.decode(errors="replace"))
    began = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as client:
        for _mail in range(MAILS):
            client.send_message(message)
    return time.perf_counter() - began
