"""The one way to change data: what a verb called at the wrong moment would lose."""

from __future__ import annotations

import pytest

from models import User, db
from services.foundation.transaction import PendingChangesError, company_lock, release_reads, transaction


def test_a_verb_called_inside_another_does_not_give_up_its_callers_lock(cast):
    with company_lock(cast.acme.id) as turn:
        turn.company.city = "Lévis"
        db.session.flush()
        with pytest.raises(PendingChangesError), transaction():
            raise AssertionError("it began")
        with pytest.raises(PendingChangesError), company_lock(cast.globex.id):
            raise AssertionError("it began")
        with pytest.raises(PendingChangesError):
            release_reads()
    db.session.rollback()
    assert cast.acme.city == "Lévis"


def test_a_verb_called_with_unsaved_changes_neither_saves_nor_loses_them(cast):
    cast.bob.first_name = "Robert"
    with pytest.raises(PendingChangesError), transaction():
        raise AssertionError("it began")
    db.session.commit()
    assert db.session.get_one(User, cast.bob.id).first_name == "Robert"


def test_a_verb_that_breaks_leaves_nothing_behind_and_the_next_one_works(cast):
    def move_and_break():
        with company_lock(cast.acme.id) as turn:
            turn.company.city = "Lévis"
            db.session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        move_and_break()
    with company_lock(cast.acme.id) as turn:
        assert turn.company.city == "Québec"


def test_a_verb_called_while_a_row_is_to_be_added_or_deleted_does_neither(cast):
    added = User(company_id=cast.acme.id, email="new@acme.example", first_name="New", last_name="One")
    for change in (db.session.add, lambda _row: db.session.delete(cast.bob)):
        change(added)
        with pytest.raises(PendingChangesError), transaction():
            raise AssertionError("it began")
        assert db.session.new or db.session.deleted
        db.session.rollback()
