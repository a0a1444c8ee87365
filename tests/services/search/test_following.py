"""People are found by what their company is called today, and all can be written anew while others write."""

from __future__ import annotations

import threading

import sqlalchemy as sa

import access
from models import Company, User, db
from services.foundation.transaction import transaction
from services.search import following, hits


def test_a_renamed_companys_people_follow_in_parts(cast, monkeypatch):
    monkeypatch.setattr(following, "PART", 2)
    before = set(hits.people("acme").ids)
    cast.acme.name = "Zénith"
    db.session.commit()
    # Its own row at once; its people when the worker comes by. Their addresses still say what they say.
    assert hits.companies("zenith").ids == (cast.acme.id,)
    assert hits.people("zenith").ids == ()
    assert following.follow_names() == 4
    assert set(hits.people("zenith").ids) == before
    assert following.follow_names() == 0


def test_a_name_that_is_taken_back_leaves_nobody_behind(cast):
    cast.acme.name = "Zénith"
    db.session.commit()
    cast.bob.last_name = "Éthier"
    db.session.commit()
    assert hits.people("ethier zenith").ids == (cast.bob.id,)
    cast.acme.name = "Acme"
    db.session.commit()
    following.follow_names()
    assert hits.people("zenith").ids == ()
    assert following.reindex() == 0


def test_reindexing_mends_what_is_wrong_and_changes_nothing_else(cast):
    people = sa.update(User).where(User.id == cast.bob.id).values(search_text=" wrong", sort_key="wrong")
    db.session.execute(people, execution_options={"synchronize_session": False})
    db.session.execute(
        sa.update(Company).values(search_text=""), execution_options={"synchronize_session": False}
    )
    db.session.commit()
    assert hits.people("bob tremblay").ids == ()
    assert following.reindex() == 3
    assert hits.people("bob tremblay").ids == (cast.bob.id,)
    assert hits.companies("globex").ids == (cast.globex.id,)
    assert following.reindex() == 0


def test_a_rebuild_under_writes_leaves_every_row_found(app, cast, monkeypatch):
    """People come and are renamed while all is written anew, again and again."""
    monkeypatch.setattr(following, "PART", 3)
    acme, bob, problems = cast.acme.id, cast.bob.id, []

    def write():
        with app.app_context(), access.everything():
            try:
                for number in range(12):
                    with transaction():
                        db.session.get_one(User, bob).last_name = f"Nouveau{number}"
                        company = db.session.get_one(Company, acme)
                        values = {"first_name": f"Venue{number}", "last_name": "Roy"}
                        db.session.add(User(company=company, email=f"v{number}@acme.example", **values))
            except Exception as problem:
                problems.append(problem)
            finally:
                db.session.remove()

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        following.reindex()
    writer.join()
    assert problems == []
    assert following.reindex() == 0
    assert hits.people("nouveau11").ids == (bob,)
    assert len(hits.people("venue acme").ids) == 12
