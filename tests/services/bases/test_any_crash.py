"""Wherever the worker dies, each customer is whole or not there, and once; hundreds of them fit in little memory."""

from __future__ import annotations

import datetime as dt
import resource

import pytest
import sqlalchemy as sa

from models import Batch, BatchState, Company, License, Term, User, db, utcnow
from services.bases import applying as bases
from services.bases import seats
from services.batches import applying, preparing
from tests.services.bases.conftest import again, outcomes

NEXT = (utcnow() + dt.timedelta(days=300)).date()


class Killed(BaseException):
    """What a worker hears last."""


def base_of(count, seats_each=3):
    lines = ["Client;Courriel de facturation;Province;Nom;Courriel;Forfait;Clé;Fin"]
    for n in range(count):
        for m in range(seats_each):
            who = f"P{m} Roy;p{m}@c{n}.example" if m else ";"
            lines.append(f"Client {n};b@c{n}.example;QC;{who};Pro;C{n}-K{m};{NEXT}")
    return "\n".join(lines) + "\n"


def late(batch):
    """The lease of the dead worker runs out."""
    db.session.rollback()
    db.session.execute(sa.update(Batch).values(due_at=utcnow() - dt.timedelta(minutes=1)))
    db.session.commit()


def whole():
    """How many licences each customer of the base has."""
    found = sa.select(Company.name, sa.func.count(License.id)).outerjoin(
        License, License.company_id == Company.id
    )
    return dict(db.session.execute(found.where(Company.name.like("Client %")).group_by(Company.name)).all())


@pytest.mark.parametrize("where", range(6))
def test_a_worker_that_dies_while_applying_goes_on_with_the_customers_that_are_left(
    cast, prepared, sam, monkeypatch, where
):
    batch = prepared(base_of(4))
    applying.confirm(batch, sam)
    calls, record = [], seats.journal.record_all

    def die(*arguments, **options):
        calls.append(1)
        if len(calls) == where + 1:
            raise Killed
        return record(*arguments, **options)

    monkeypatch.setattr(seats.journal, "record_all", die)
    with pytest.raises(Killed):
        applying.do_due()
    assert set(whole().values()) <= {3}
    late(batch)
    applying.do_due()
    assert again(batch).state == BatchState.DONE
    assert whole() == {f"Client {n}": 3 for n in range(4)}
    assert len(db.session.scalars(sa.select(Term)).all()) == 12
    assert len(db.session.scalars(sa.select(User).where(User.email.like("%@c_.example"))).all()) == 8


def test_a_worker_that_dies_while_preparing_goes_on_where_it_was(cast, sam, prepared, brought, monkeypatch):
    text = (
        "Client;Courriel de facturation;Province;Forfait;Fin\n" + f"Solo;a@solo.example;QC;Pro;{NEXT}\n" * 4
    )
    brought(text)
    monkeypatch.setattr(preparing, "PART", 2)
    write, calls = preparing.rows.write, []

    def die(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise Killed
        return write(*arguments)

    monkeypatch.setattr(preparing.rows, "write", die)
    with pytest.raises(Killed):
        prepared(text + f"Solo;a@solo.example;QC;Pro;{NEXT}\n")
    batch = db.session.scalars(sa.select(Batch).order_by(Batch.id.desc())).first()
    late(batch)
    applying.do_due()
    assert sorted(outcomes(again(batch)).values()) == ["ready", "same", "same", "same", "same"]


def test_one_customer_that_breaks_stops_no_other(cast, prepared, sam, monkeypatch):
    batch = prepared(base_of(3))
    applying.confirm(batch, sam)
    bring, calls = seats.bring, []

    def breaks(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise ValueError
        return bring(*arguments)

    monkeypatch.setattr(seats, "bring", breaks)
    applying.do_due()
    assert again(batch).state == BatchState.DONE
    assert sorted(outcomes(batch).values()) == ["moved"] * 3 + ["ready"] * 6
    assert whole() == {"Client 0": 3, "Client 2": 3}


def test_others_have_their_turn_while_a_long_one_goes_on(cast, prepared, sam, monkeypatch):
    monkeypatch.setattr(bases, "SECONDS", 0.0)
    batch = prepared(base_of(3, 1))
    applying.confirm(batch, sam)
    applying.work_on([batch.id])
    assert again(batch).state == BatchState.CONFIRMED
    assert len(whole()) == 1
    applying.do_due()
    assert again(batch).state == BatchState.DONE
    assert len(whole()) == 3


def test_confirming_twice_brings_it_over_once(cast, prepared, sam):
    batch = prepared(base_of(2))
    for _time in range(2):
        applying.confirm(batch, sam)
        applying.do_due()
    assert whole() == {"Client 0": 3, "Client 1": 3}


@pytest.mark.one_database
def test_three_hundred_customers_take_bounded_memory(cast, brought):
    text = base_of(300, 2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    batch = brought(text)
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert set(outcomes(batch).values()) == {"ready"}
    assert len(whole()) == 300
    assert more < 45_000_000  # 150 MB for a thousand
