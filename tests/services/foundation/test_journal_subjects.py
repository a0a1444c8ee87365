"""An entry is found from every row that it concerns, by an index, and by nobody of another company."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

import access
from access import SYSTEM, Actor
from admin_views.journal.words import TOLD_TO_CUSTOMERS
from admin_views.portal.activity import TOLD
from models import JournalEntry, JournalSubject, JournalVerb, OutgoingMail, SubjectKind, db, insert_rows
from services import licenses
from services.foundation import journal
from services.foundation.transaction import transaction
from services.mail import outbox
from tests.factories import make_licenses, make_order

MANY = 20_000


def found(kind, row_id):
    """The verbs of the entries, newest first, by the one way and by the other."""
    newest = sa.select(JournalEntry).where(journal.concerns(kind, row_id)).order_by(JournalEntry.id.desc())
    entries = db.session.scalars(newest).all()
    assert db.session.scalars(journal.latest(kind, row_id, 99)).all() == entries
    return [entry.verb for entry in entries]


def test_an_entry_is_found_from_the_licence_its_holder_its_plan_and_whoever_acted(cast):
    one, other = make_licenses(2, cast.alice, cast.pro)
    license = licenses.assign(cast.pro, cast.bob, Actor.of(cast.sam))
    licenses.release(license, Actor.of(cast.alice), held_by=cast.bob.id)
    both = ["license_released", "license_assigned"]
    for kind, row_id in (
        (SubjectKind.LICENSE, license.id),
        (SubjectKind.USER, cast.bob.id),
        (SubjectKind.PLAN, cast.pro.id),
        (SubjectKind.COMPANY, cast.acme.id),
    ):
        assert found(kind, row_id) == both, kind
    assert found(SubjectKind.USER, cast.alice.id) == ["license_released"]
    assert found(SubjectKind.USER, cast.sam.id) == ["license_assigned"]
    untouched = other if license.id == one.id else one
    for kind, row_id in (
        (SubjectKind.LICENSE, untouched.id),
        (SubjectKind.USER, cast.dave.id),
        (SubjectKind.COMPANY, cast.globex.id),
    ):
        assert found(kind, row_id) == [], kind


def test_an_order_is_its_buyers_and_a_mail_its_recipients_and_that_of_what_it_is_about(cast):
    order = make_order(cast.bob, cast.pro)
    mail = OutgoingMail(
        company_id=cast.acme.id,
        user_id=cast.dave.id,
        template="receipt",
        language="fr",
        context={"order": order.id, "by": cast.erin.id},
        state="failed",
        dedupe_key="k",
        message_id="<m@trousseau.example>",
    )
    db.session.add(mail)
    db.session.commit()
    with transaction() as turn:
        journal.record(turn, JournalVerb.ORDER_EXPIRED, by=SYSTEM, subject=order)
    outbox.resend(mail, Actor.of(cast.alice))
    assert found(SubjectKind.USER, cast.bob.id) == ["order_expired"]
    assert found(SubjectKind.USER, cast.dave.id) == ["mail_resent"]
    assert found(SubjectKind.ORDER, order.id) == ["mail_resent", "order_expired"]
    assert found(SubjectKind.USER, cast.erin.id) == []


def test_many_entries_of_one_act_each_keep_what_they_concern(cast):
    rows = make_licenses(3, cast.alice, cast.pro)
    people = [cast.bob, cast.dave, cast.erin]
    with transaction() as turn:
        told = [
            journal.Told(row, {"user": person.id}, {}, {"user": person.id})
            for row, person in zip(rows, people, strict=True)
        ]
        journal.record_all(turn, JournalVerb.LICENSE_ASSIGNED, told, by=Actor.of(cast.alice, "192.0.2.1"))
    for row, person in zip(rows, people, strict=True):
        (entry,) = db.session.scalars(journal.latest(SubjectKind.LICENSE, row.id, 9)).all()
        assert entry.related == {"user": person.id}
        (same,) = db.session.scalars(journal.latest(SubjectKind.USER, person.id, 9)).all()
        assert same.id == entry.id
    assert len(found(SubjectKind.USER, cast.alice.id)) == 3


def test_a_company_finds_no_other_companys_entries_through_what_both_have(cast):
    """Both have licences of the plan."""
    for buyer in (cast.alice, cast.carol):
        make_licenses(1, buyer, cast.pro)
    licenses.assign(cast.pro, cast.bob, Actor.of(cast.alice))
    licenses.assign(cast.pro, cast.charlie, Actor.of(cast.carol))
    assert len(found(SubjectKind.PLAN, cast.pro.id)) == 2
    with access.scoped(access.Scope(company_id=cast.acme.id)):
        assert len(found(SubjectKind.PLAN, cast.pro.id)) == 1
        assert found(SubjectKind.USER, cast.charlie.id) == []
        assert set(db.session.scalars(sa.select(JournalSubject.company_id))) == {cast.acme.id}


# --- With twenty thousand entries -------------------------------------------------------------------------------------


@pytest.fixture
def full(cast):
    """A licence and a person of whom one entry in two hundred tells, so is Globex; the plan of which all tell."""
    rows = [
        {
            "id": number,
            "operation": "0" * 32,
            "verb": "license_assigned",
            "company_id": cast.acme.id if number % 200 else cast.globex.id,
            "subject_type": "license",
            "subject_id": number % 200,
            "related": {"user": number % 200, "plan": cast.pro.id},
        }
        for number in range(1, MANY + 1)
    ]
    insert_rows(JournalEntry, rows)
    concerned = [
        {"entry_id": row["id"], "company_id": row["company_id"], "kind": kind, "row_id": key}
        for row in rows
        for kind, key in (("license", row["subject_id"]), *row["related"].items())
    ]
    insert_rows(JournalSubject, concerned)
    db.session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    return cast


def plan_of(statement):
    sql = statement.compile(db.engine, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if db.engine.dialect.name == "sqlite" else "EXPLAIN"
    with db.engine.connect() as connection:
        rows = connection.execute(sa.text(f"{explain} {sql}".replace(":", "\\:"))).all()
    return "\n".join(str(row[-1]) for row in rows)


def test_the_last_entries_of_a_row_are_read_from_the_index_in_order_among_twenty_thousand(full):
    keys = sa.select(JournalEntry.id).order_by(JournalEntry.id.desc())
    for kind, row_id in ((SubjectKind.LICENSE, 7), (SubjectKind.USER, 7), (SubjectKind.PLAN, full.pro.id)):
        page = keys.where(journal.concerns(kind, row_id))
        statements = [journal.latest(kind, row_id, 10).with_only_columns(JournalEntry.id)]
        if kind != SubjectKind.PLAN:
            statements += [page.limit(51), page.where(JournalEntry.id < MANY // 2).limit(51)]
        for statement in statements:
            assert len(db.session.scalars(statement).all()) >= 10
            plan = plan_of(statement)
            assert "ix_journal_subjects_row" in plan, plan
            wrong = ("SCAN journal", "Seq Scan", "TEMP B-TREE", "json")
            assert not any(word in plan for word in wrong), plan
            # PostgreSQL may put the few entries of a row in order itself; never the many of a plan.
            assert kind != SubjectKind.PLAN or "Sort" not in plan, plan


def test_a_kind_of_entry_and_what_a_company_is_told_are_read_from_their_indexes_in_order(full):
    found = sa.select(JournalEntry.id).where(JournalEntry.subject_type == "order")
    plan = plan_of(found.order_by(JournalEntry.id.desc()).limit(51))
    assert "ix_journal_entries_subject_type" in plan, plan
    # What a company is told, never by the verbs, of which every other company has entries too.
    newest = sa.select(JournalEntry.id).where(JournalEntry.company_id == full.globex.id)
    newest = newest.order_by(JournalEntry.id.desc()).limit(51)
    for verbs in (TOLD_TO_CUSTOMERS, TOLD):
        plan = plan_of(newest.where(JournalEntry.verb.in_(verbs)))
        assert "ix_journal_entries_company_id" in plan, plan
        # PostgreSQL may put a hundred in order itself.
        assert not any(word in plan for word in ("SCAN journal", "Seq Scan", "TEMP B-TREE")), plan
