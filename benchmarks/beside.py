"""What delivering, assigning, releasing and every list cost, beside another checkout of this repository, in one run.

    python -m benchmarks beside --beside ../parent [--rounds 7]

Each round measures all of it in a new process and on a new database of each checkout, one after the other, so that both meet the same
machine. Printed are the medians in milliseconds and their ratio: 1.0 is as fast as there. Without `--beside`, of this checkout alone.
"""

from __future__ import annotations

import argparse
import gc
import inspect
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
SEATS, ACTS = 1_000, 60
# Licences that the lists are over, and the requests that a list's time is the median of.
LISTED, REQUESTS = 10_000, 11
LISTS = (
    "/support/licenses/",
    "/support/licenses/?state=assigned",
    "/support/people/",
    "/support/people/?sort=name",
    "/support/orders/",
    "/support/customers/",
    "/support/journal/",
    "/support/",
    "/portal/users/",
    "/portal/licenses/",
    "/portal/plans/",
)


def main() -> None:
    """Measure, or, as the child of such a run, be measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--beside", type=Path, help="another checkout, with an environment of its own or ours"
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(_measure()))
        return
    places = [HERE, *([asked.beside.resolve()] if asked.beside else [])]
    rounds = [[_run(place) for place in places] for _ in range(asked.rounds)]
    for name in rounds[0][0]:
        medians = [statistics.median(one[number][name] for one in rounds) for number in range(len(places))]
        ratio = f"   {medians[0] / medians[-1]:.2f}" if len(places) > 1 else ""
        print(f"{name:34}" + "".join(f"{median * 1000:9.2f} ms" for median in medians) + ratio)


def _run(place: Path) -> dict[str, float]:
    """One round in a process of its own, with the code of `place` and this very file."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "DATABASE_URL": f"sqlite:///{folder}/benchmark.sqlite",
            "INSTANCE": folder,
            "PYTHONPATH": str(place),
        }
        done = subprocess.run(  # noqa: S603 - our own file
            [sys.executable, __file__, "--child"],
            cwd=place,
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measure() -> dict[str, float]:
    """Seconds of each verb, of one delivery of a thousand seats and of one act of the others, and of each list."""
    verbs: dict[str, float] = _on_new_data(200, lambda _app: _deliver() | _seats())
    return verbs | _on_new_data(LISTED, _lists)


def _on_new_data(licenses: int, measure: Callable[[Any], dict[str, float]]) -> dict[str, float]:
    """What `measure` finds of the application over an empty database that was filled with so many licences."""
    import flask_migrate  # noqa: PLC0415 - of the checkout that is measured

    import access  # noqa: PLC0415
    from app import create_app  # noqa: PLC0415
    from benchmarks.fill import fill  # noqa: PLC0415
    from models import db  # noqa: PLC0415

    # A file of its own for each.
    url = os.environ["DATABASE_URL"].replace("benchmark", f"benchmark-{licenses}")
    environ = {**os.environ, "DATABASE_URL": url, "RATELIMIT_ENABLED": "0"}
    app = create_app(environ, WTF_CSRF_ENABLED=False)
    with app.app_context(), access.everything():
        flask_migrate.upgrade()
        fill(licenses)
        found = measure(app)
        db.engine.dispose()
    return found


def _lists(app: Any) -> dict[str, float]:
    """The median of some requests of each list, through the whole application, without the network."""
    clients = {}
    for site, email in (("support", "support@vendor.example"), ("portal", "admin@c1.example")):
        clients[site] = app.test_client()
        answer = clients[site].post("/sign-in", data={"email": email, "password": "demo-trousseau"})
        assert answer.status_code in {302, 303}, answer.status_code
    times = {}
    for path in LISTS:
        client = clients[path.split("/")[1]]
        times[f"list: {path}"] = _each([lambda: _fetch(client, path)] * REQUESTS)  # noqa: B023 - called at once
    return times


def _fetch(client: Any, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)


def _deliver() -> dict[str, float]:
    from models import Order, OrderLine, OrderTax, Plan, User, db  # noqa: PLC0415
    from services.buying import delivery  # noqa: PLC0415
    from services.foundation.transaction import company_lock  # noqa: PLC0415

    buyer = db.session.query(User).filter_by(company_id=1).first()
    plan = db.session.query(Plan).first()
    names = {"plan_name_fr": plan.name_fr, "plan_name_en": plan.name_en, "term_months": 12, "position": 1}
    line = OrderLine(company_id=1, plan_id=plan.id, quantity=SEATS, unit_amount=100, net=100 * SEATS, **names)
    tax = OrderTax(
        company_id=1, position=1, name_fr="T", name_en="T", rate=1, registration_number="1", amount=777
    )
    papers = dict.fromkeys(("customer_name", "customer_address", "vendor_name", "vendor_address"), "")
    order = Order(
        company_id=1,
        placed_by_id=buyer.id,
        language="fr",
        net=100 * SEATS,
        tax=777,
        total=100 * SEATS + 777,
        fingerprint="verbs",
        lines=[line],
        taxes=[tax],
        **papers,
    )
    db.session.add(order)
    db.session.commit()
    order_id = order.id
    # Once only is measured: what filling left to be collected is not the delivery's.
    gc.collect()
    began = time.perf_counter()
    with company_lock(1) as turn:
        delivery.deliver(turn, db.session.get_one(Order, order_id))
    return {"deliver a thousand seats": time.perf_counter() - began}


def _seats() -> dict[str, float]:
    from access import Actor  # noqa: PLC0415
    from models import License, User, db  # noqa: PLC0415
    from services import licenses  # noqa: PLC0415

    by = Actor.of(db.session.query(User).filter_by(company_id=2).first())
    people = db.session.query(User).filter_by(company_id=2).filter(~User.licenses.any()).all()
    free = db.session.query(License).filter_by(company_id=2, user_id=None).all()
    pairs = [(seat.id, person.id) for seat, person in zip(free, people, strict=False)][:ACTS]
    given = _each(
        [
            lambda seat=seat, person=person: licenses.assign_license(
                _one(License, seat), _one(User, person), by
            )
            for seat, person in pairs
        ]
    )
    says = "held_by" in inspect.signature(licenses.release).parameters
    taken = _each(
        [
            lambda seat=seat, who={"held_by": person} if says else {}: licenses.release(
                _one(License, seat), by, **who
            )
            for seat, person in pairs
        ]
    )
    return {"assign a seat": given, "release a seat": taken}


def _one(kind: Any, key: int) -> Any:
    from models import db  # noqa: PLC0415

    return db.session.get_one(kind, key)


def _each(acts: list[Any]) -> float:
    """The median of the acts, in seconds."""
    times = []
    for act in acts:
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


if __name__ == "__main__":
    main()
