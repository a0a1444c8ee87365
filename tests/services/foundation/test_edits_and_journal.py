"""Edits that notice a rival's edit, and what the journal keeps of them."""

from __future__ import annotations

import pytest

from access import SYSTEM, Actor
from models import JournalEntry, JournalPersonal, JournalVerb, Plan, db
from services.foundation import journal
from services.foundation.errors import Refused
from services.foundation.transaction import transaction
from services.people import accounts, companies
from tests.factories import make_licenses, make_plan


def entries():
    return db.session.scalars(db.select(JournalEntry).order_by(JournalEntry.id)).all()


def test_a_version_changes_with_any_of_its_columns_and_with_no_other(cast):
    before = accounts.EDITABLE.version(cast.bob)
    assert [len(part) for part in before.split(".")] == [8] * len(accounts.EDITABLE.names)
    cast.bob.password = "another hash"
    assert accounts.EDITABLE.version(cast.bob) == before
    for name in ("email", "first_name", "last_name", "language", "time_zone"):
        held = getattr(cast.bob, name)
        setattr(cast.bob, name, "en" if name == "language" else "other")
        assert accounts.EDITABLE.version(cast.bob) != before, name
        setattr(cast.bob, name, held)
    db.session.rollback()


def test_only_what_differs_is_written_and_recorded_what_is_personal_apart(cast):
    seen = companies.EDITABLE.version(cast.acme)
    values = {name: getattr(cast.acme, name) for name in companies.EDITABLE} | {
        "city": "Lévis",
        "name": "Acmé",
    }
    companies.update_company(cast.acme, values, by=Actor.of(cast.sam), seen=seen)
    (entry,) = entries()
    assert (entry.verb, entry.before, entry.after) == ("company_changed", {"name": "Acme"}, {"name": "Acmé"})
    assert (entry.personal.before, entry.personal.after) == ({"city": "Québec"}, {"city": "Lévis"})
    assert (entry.company_id, entry.on_behalf_of_id) == (cast.acme.id, cast.acme.id)


def test_saving_what_is_there_already_records_nothing(cast):
    values = {name: getattr(cast.acme, name) for name in companies.EDITABLE}
    companies.update_company(cast.acme, values, by=Actor.of(cast.sam))
    assert entries() == []


def test_an_editor_who_saw_an_older_row_changes_nothing(cast):
    seen = companies.EDITABLE.version(cast.acme)
    values = {name: getattr(cast.acme, name) for name in companies.EDITABLE}
    companies.update_company(cast.acme, values | {"city": "Lévis"}, by=Actor.of(cast.sam), seen=seen)
    with pytest.raises(Refused, match="changed_meanwhile"):
        companies.update_company(cast.acme, values | {"city": "Laval"}, by=Actor.of(cast.sam), seen=seen)
    assert cast.acme.city == "Lévis"


def test_an_entry_says_who_acted_for_whom_from_where_and_in_which_operation(cast):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    with transaction() as turn:
        journal.record(
            turn, JournalVerb.LICENSE_ASSIGNED, by=Actor.of(cast.alice, "192.0.2.1"), subject=license
        )
        journal.record(turn, JournalVerb.LICENSE_ASSIGNED, by=Actor.of(cast.sam), subject=license)
        journal.record(turn, JournalVerb.LICENSE_ASSIGNED, by=SYSTEM, subject=license, related={"plan": 7})
    alice, sam, system = entries()
    assert {entry.operation for entry in entries()} == {turn.operation}
    assert {entry.at for entry in entries()} == {turn.now}
    assert [entry.company_id for entry in entries()] == [cast.acme.id] * 3
    assert [entry.actor_id for entry in entries()] == [cast.alice.id, cast.sam.id, None]
    assert [entry.on_behalf_of_id for entry in entries()] == [None, cast.acme.id, None]
    assert (alice.subject_type, alice.subject_id, system.related) == ("license", license.id, {"plan": 7})
    assert (alice.personal.address, alice.personal.company_id) == ("192.0.2.1", cast.acme.id)
    # Nothing personal: no row that erasure would have to find.
    assert (sam.personal, system.personal) == (None, None)


@pytest.mark.parametrize("side", ["personal_before", "personal_after"])
def test_what_is_personal_is_kept_apart_whichever_side_has_it(cast, side):
    with transaction() as turn:
        entry = journal.record(
            turn, JournalVerb.PERSON_CHANGED, by=SYSTEM, subject=cast.bob, **{side: {"last_name": "Roy"}}
        )
    assert entry.personal is not None
    assert entry.personal.before | entry.personal.after == {"last_name": "Roy"}


def test_what_belongs_to_the_vendor_is_in_no_customers_journal(cast):
    with transaction() as turn:
        journal.record(
            turn,
            JournalVerb.PLAN_CHANGED,
            by=Actor.of(cast.sam),
            subject=cast.pro,
            personal_after={"name": "x"},
        )
    (entry,) = entries()
    assert (entry.company_id, entry.on_behalf_of_id, entry.subject_type) == (None, None, "plan")
    assert db.session.scalars(db.select(JournalPersonal)).one().after == {"name": "x"}


def test_a_row_without_an_id_is_written_before_it_is_named(cast):
    with transaction() as turn:
        plan = Plan(code="new", product="p", name_fr="n", name_en="n")
        db.session.add(plan)
        entry = journal.record(turn, JournalVerb.PLAN_ADDED, by=SYSTEM, subject=plan)
        assert entry.subject_id == plan.id is not None
    assert make_plan("after").id > plan.id


def test_a_refusal_names_what_somebody_else_has_changed(cast):
    seen = companies.EDITABLE.version(cast.acme)
    cast.acme.city, cast.acme.street = "Lévis", "2, rue Neuve"
    db.session.commit()
    with pytest.raises(Refused, match="changed_meanwhile") as refused:
        companies.EDITABLE.check_seen(cast.acme, seen)
    assert refused.value.fields == ("street", "city")
    for nonsense in ("", "abc", "a.b"):
        with pytest.raises(Refused, match="changed_meanwhile") as refused:
            companies.EDITABLE.check_seen(cast.acme, nonsense)
        assert refused.value.fields == ()
