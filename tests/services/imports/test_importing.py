"""A list of people becomes accounts: what was shown comes true, once, and nobody else is touched."""

from __future__ import annotations

import sqlalchemy as sa

from access import Actor
from models import (
    Assignment,
    Batch,
    BatchState,
    JournalEntry,
    JournalVerb,
    License,
    MailKind,
    MailState,
    Operation,
    OutgoingMail,
    Post,
    Role,
    User,
    db,
)
from services.batches import applying
from services.foundation import operations
from services.imports import people
from tests import factories
from tests.asked import refused
from tests.services.imports.conftest import outcomes, people_of_acme, told

TWO = "Prénom;Nom;Courriel;Rôle;Langue\nZoé;Roy;zoe@acme.example;Administrateur;Anglais\nLéa;Côté;LEA@acme.example;;\n"


def person(email):
    return db.session.scalars(sa.select(User).where(User.email == email)).one()


def test_people_of_a_file_are_in_the_list_with_what_it_says_of_them(cast, confirmed):
    batch = confirmed(TWO)
    zoe, lea = person("zoe@acme.example"), person("lea@acme.example")
    assert (zoe.name, zoe.role, zoe.language) == ("Zoé Roy", Role.ADMIN, "en")
    assert (lea.name, lea.role, lea.language) == ("Léa Côté", Role.MEMBER, "fr")
    assert outcomes(batch) == {2: "ready", 3: "ready"}
    entries = db.session.scalars(
        sa.select(JournalEntry).where(JournalEntry.operation == batch.operation_id).order_by(JournalEntry.id)
    ).all()
    assert [(entry.verb, entry.subject_id) for entry in entries] == [
        (JournalVerb.PERSON_ADDED, zoe.id),
        (JournalVerb.PERSON_ADDED, lea.id),
        (JournalVerb.PERSON_INVITED, zoe.id),
        (JournalVerb.PERSON_INVITED, lea.id),
    ]
    assert entries[0].after == {"role": "admin", "language": "en"}
    assert entries[0].personal.after["email"] == "zoe@acme.example"


def test_invitations_wait_until_the_act_can_no_longer_be_taken_back(cast, confirmed):
    confirmed(TWO)
    mails = db.session.scalars(sa.select(OutgoingMail)).all()
    assert {mail.template for mail in mails} == {MailKind.INVITATION, MailKind.NEW_ADMINISTRATOR}
    assert all(mail.due_at - mail.created_at == operations.UNDO_WITHIN for mail in mails)


def test_nobody_is_written_to_where_no_mail_was_chosen(cast, confirmed):
    confirmed(TWO, post=Post.NONE)
    assert not db.session.scalars(sa.select(OutgoingMail)).all()


def test_whoever_is_in_the_list_already_keeps_what_is_theirs(cast, confirmed):
    batch = confirmed(f"Nom;Courriel;Rôle\nRobert Autre;{cast.bob.email.upper()};Administrateur\n")
    bob = person(cast.bob.email)
    assert (bob.first_name, bob.role) == ("Bob", Role.MEMBER)
    assert outcomes(batch) == {2: "same"}
    assert batch.operation_id is None


def test_another_company_s_person_gets_the_answer_that_anybody_gets(cast, prepared):
    batch = prepared(f"Nom;Courriel\nCarol Tremblay;{cast.carol.email}\nNia Roy;nia@nowhere.example\n")
    rows = told(batch)
    assert rows[2] == rows[3]


def test_a_plan_is_given_on_the_way_the_seat_that_lasts_longest_first(cast, confirmed):
    seats = factories.make_licenses(2, cast.alice, cast.avance)
    batch = confirmed(
        "Nom;Courriel;Forfait\nA Roy;a@acme.example;Avancé\nB Roy;b@acme.example;\nC Roy;c@acme.example;advanced\n"
        "D Roy;d@acme.example;Avancé\n"
    )
    assert person("a@acme.example").licenses[0].id in {seat.id for seat in seats}
    assert not person("b@acme.example").licenses
    assert person("c@acme.example").licenses
    assert not person("d@acme.example").licenses
    assert "licence Avancé" in str(told(batch)[5][1])
    assert outcomes(batch) == dict.fromkeys((2, 3, 4, 5), "ready")


def test_people_in_the_list_get_the_plan_that_was_chosen_if_they_hold_none(cast, confirmed):
    factories.make_licenses(1, cast.alice, cast.avance, holder=cast.dave)
    factories.make_licenses(2, cast.alice, cast.avance)
    batch = confirmed(
        f"Nom;Courriel\nBob T;{cast.bob.email}\nDave T;{cast.dave.email}\nZoé Roy;zoe@acme.example\n",
        plan=cast.avance.id,
    )
    assert outcomes(batch) == {2: "ready", 3: "same", 4: "ready"}
    held = {row.user_id for row in db.session.scalars(sa.select(License)) if row.user_id}
    assert held == {cast.bob.id, cast.dave.id, person("zoe@acme.example").id}


def test_everything_of_an_import_goes_back_as_one_and_nobody_is_told_of_either(cast, confirmed):
    factories.make_licenses(1, cast.alice, cast.avance)
    before = people_of_acme(cast)
    batch = confirmed(TWO, plan=cast.avance.id)
    left = operations.undo(db.session.get_one(Operation, batch.operation_id), Actor.of(cast.alice))
    assert left == []
    assert people_of_acme(cast) == before
    assert db.session.scalar(sa.select(sa.func.count()).where(License.user_id.is_not(None))) == 0
    assert db.session.scalar(sa.select(sa.func.count()).where(Assignment.ended_at.is_(None))) == 0
    assert {mail.state for mail in db.session.scalars(sa.select(OutgoingMail))} == {MailState.DROPPED}


def test_whoever_has_accepted_meanwhile_stays_and_is_named(cast, confirmed):
    batch = confirmed(TWO)
    zoe = person("zoe@acme.example")
    zoe.confirmed_at = zoe.created_at
    db.session.commit()
    left = operations.undo(db.session.get_one(Operation, batch.operation_id), Actor.of(cast.alice))
    assert len(left) == 1
    assert "Zoé Roy" in left[0]
    assert person("zoe@acme.example").active
    assert not person("lea@acme.example").active


def test_adding_again_whose_addition_was_taken_back_wakes_the_same_row(cast, confirmed):
    batch = confirmed(TWO)
    zoe = person("zoe@acme.example").id
    operations.undo(db.session.get_one(Operation, batch.operation_id), Actor.of(cast.alice))
    again = confirmed(TWO.replace("Zoé", "Zoë"))
    assert outcomes(again) == {2: "ready", 3: "ready"}
    woken = person("zoe@acme.example")
    assert (woken.id, woken.active, woken.first_name) == (zoe, True, "Zoë")
    operations.undo(db.session.get_one(Operation, again.operation_id), Actor.of(cast.alice))
    assert not person("zoe@acme.example").active


def test_confirming_twice_adds_everybody_once(cast, prepared):
    batch = prepared(TWO)
    for _time in range(2):
        applying.confirm(db.session.get_one(Batch, batch.id), Actor.of(cast.alice))
        applying.do_due()
    assert db.session.get_one(Batch, batch.id).state == BatchState.DONE
    assert db.session.scalar(sa.select(sa.func.count()).where(User.email == "zoe@acme.example")) == 1


def test_whoever_came_into_the_list_since_is_named_and_left(cast, prepared):
    batch = prepared(TWO)
    factories.make_user(cast.acme, "Autre", email="zoe@acme.example")
    applying.confirm(batch, Actor.of(cast.alice))
    applying.do_due()
    assert outcomes(batch) == {2: "moved", 3: "ready"}
    assert person("zoe@acme.example").first_name == "Autre"


def test_a_seat_that_was_given_between_showing_and_confirming_leaves_its_row(cast, prepared):
    (seat,) = factories.make_licenses(1, cast.alice, cast.avance)
    batch = prepared(TWO, plan=cast.avance.id)
    factories.hold(db.session.get_one(License, seat.id), cast.bob)
    applying.confirm(db.session.get_one(Batch, batch.id), Actor.of(cast.alice))
    applying.do_due()
    assert outcomes(batch) == {2: "moved", 3: "ready"}
    assert "zoe@acme.example" not in people_of_acme(cast)


def test_a_batch_is_applied_by_nobody_whose_rights_went(cast, prepared):
    batch = prepared(TWO)
    applying.confirm(batch, Actor.of(cast.erin))
    db.session.get_one(User, cast.erin.id).active = False
    db.session.commit()
    before = people_of_acme(cast)
    applying.do_due()
    assert db.session.get_one(Batch, batch.id).state == BatchState.FAILED
    assert people_of_acme(cast) == before


def test_another_administrator_may_confirm_what_was_prepared(cast, prepared):
    batch = prepared(TWO)
    applying.confirm(batch, Actor.of(cast.erin))
    applying.do_due()
    assert (
        db.session.get_one(Operation, db.session.get_one(Batch, batch.id).operation_id).by_id == cast.erin.id
    )


def test_what_is_shown_too_long_is_not_confirmed(cast, prepared, time_machine):
    time_machine.move_to("2026-03-31 12:00Z", tick=False)
    batch = prepared(TWO)
    time_machine.move_to("2026-04-01 12:01Z", tick=False)
    assert refused("batch_expired", applying.confirm, batch, Actor.of(cast.alice))
    assert "zoe@acme.example" not in people_of_acme(cast)


def test_who_is_in_the_desk_and_not_in_the_file_is_listed_and_never_touched(cast, confirmed):
    batch = confirmed(f"Nom;Courriel\nBob T;{cast.bob.email}\nZoé Roy;zoe@acme.example\n")
    missing = people.missing(batch)
    assert {user.email for user in missing.people} == {
        cast.alice.email,
        cast.dave.email,
        cast.erin.email,
    }
    assert missing.count == 3
    assert all(user.active for user in missing.people)


def test_more_invitations_than_may_leave_in_a_day_are_said_before_anything_is_done(
    cast, confirmed, prepared, monkeypatch
):
    monkeypatch.setattr("services.people.accounts.MAX_INVITATIONS", 3)
    confirmed(TWO)
    batch = prepared("Nom;Courriel\nA Roy;a@acme.example\nB Roy;b@acme.example\n")
    rows = told(batch)
    assert rows[2][0] == "ready"
    assert rows[3][0] == "left"
    assert "soutien" in str(rows[3][1])
    assert set(
        outcomes(prepared("Nom;Courriel\nA R;a@acme.example\nB R;b@acme.example\n", post=Post.NONE)).values()
    ) == {"ready"}
    assert set(
        outcomes(prepared("Nom;Courriel\nA R;a@acme.example\nB R;b@acme.example\n", by=cast.sam)).values()
    ) == {"ready"}
