"""Taking back: from whom one meant, whatever happened since the page was shown, and many at once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from access import Actor
from models import Assignment, JournalEntry, License, LicenseStatus, Operation, OutgoingMail, db
from services import licenses
from services.foundation.errors import Refused
from tests.factories import hold, make_licenses, make_user


def holders():
    db.session.rollback()
    return dict(db.session.execute(sa.select(License.id, License.user_id)).all())


def test_a_click_that_is_a_minute_old_takes_no_seat_from_whoever_got_it_meanwhile(cast, alice):
    (license,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    licenses.release(license, alice, held_by=cast.bob.id)
    licenses.assign_license(license, cast.dave, alice)
    with pytest.raises(Refused, match="holder_changed") as refused:
        licenses.release(license, alice, held_by=cast.bob.id)
    assert "Dave Tremblay" in refused.value.sentence
    assert holders() == {license.id: cast.dave.id}
    # Whoever saw nobody has chosen nobody.
    with pytest.raises(Refused, match="holder_changed"):
        licenses.release(license, alice, held_by=None)


def test_one_that_is_refused_keeps_no_other_and_all_are_one_operation(cast, alice):
    seats = make_licenses(4, cast.alice, cast.pro, holder=cast.bob)
    hold(seats[1], cast.dave)
    hold(seats[2], cast.erin)
    seats[2].status = LicenseStatus.SUSPENDED
    db.session.commit()
    ids = [seat.id for seat in seats]
    seen = {ids[0]: cast.bob.id, ids[1]: cast.alice.id, ids[2]: cast.erin.id, ids[3]: None}
    released = licenses.release_all(cast.acme.id, seen, alice)
    assert (released.count, {key: why.code for key, why in released.refused.items()}) == (
        1,
        {ids[1]: "holder_changed", ids[2]: "suspended"},
    )
    assert holders() == {ids[0]: None, ids[1]: cast.dave.id, ids[2]: cast.erin.id, ids[3]: None}


def test_a_licence_of_another_company_is_not_found_and_nothing_is_released(cast, alice):
    (own,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    (foreign,) = make_licenses(1, cast.carol, cast.pro, holder=cast.charlie)
    seen = {own.id: cast.bob.id, foreign.id: cast.charlie.id}
    with pytest.raises(LookupError):
        licenses.release_all(cast.acme.id, seen, alice)
    assert holders() == seen


@pytest.mark.parametrize("many", [40, 2_000])
def test_many_are_taken_back_in_twelve_statements_and_few_a_further_thousand_as_one_operation(
    cast, count_queries, many
):
    # An order has a thousand at most.
    seats = [
        seat
        for start in range(0, many, 1_000)
        for seat in make_licenses(min(1_000, many - start), cast.alice, cast.pro)
    ]
    people = [{"company_id": cast.acme.id, "email": f"p{n}@acme.example"} for n in range(many)]
    template = make_user(cast.acme)
    common = {"first_name": "P", "last_name": "Q", "role": "member", "language": "fr", "active": True}
    db.session.execute(
        sa.insert(type(template)),
        [
            one | common | {"fs_uniquifier": f"{n}", "created_at": template.created_at}
            for n, one in enumerate(people)
        ],
    )
    db.session.commit()
    ids = db.session.scalars(sa.select(type(template).id).where(type(template).first_name == "P")).all()
    seen = {}
    for seat, person_id in zip(seats, ids, strict=True):
        seen[seat.id] = person_id
    _hand_out(seats, ids)
    actor, acme_id = Actor.of(cast.alice, "192.0.2.1"), cast.acme.id
    db.session.commit()
    with count_queries() as statements:
        assert licenses.release_all(acme_id, seen, actor).count == many
    # SQLite is given five hundred rows of each of eight tables at a time.
    further = 8 * (many // 500) if db.engine.name == "sqlite" else max(0, many - 1_000) // 1_000
    assert len(statements) <= 12 + further, "\n".join(statement[:90] for statement in statements)
    assert set(holders().values()) == {None}
    taken = db.session.scalars(sa.select(JournalEntry.operation).filter_by(verb="license_released")).all()
    assert (len(taken), len(set(taken))) == (many, 1)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(OutgoingMail)) == many
    assert db.session.get_one(Operation, taken[0]).company_id == acme_id


def _hand_out(seats, ids):
    now = seats[0].valid_from
    rows = [
        {"company_id": seat.company_id, "license_id": seat.id, "user_id": person, "started_at": now}
        for seat, person in zip(seats, ids, strict=True)
    ]
    db.session.execute(sa.insert(Assignment), rows)
    db.session.execute(
        sa.update(License),
        [{"id": row["license_id"], "user_id": row["user_id"], "assigned_at": now} for row in rows],
    )
