"""Who is written down as having acted, and from where."""

from __future__ import annotations

import pytest
from flask_login import login_user

from access import SYSTEM, Actor, current_actor


@pytest.mark.one_database
def test_who_acts_is_the_person_signed_in_at_the_address_of_the_request(cast, app):
    for person, is_staff in ((cast.alice, False), (cast.sam, True)):
        with app.test_request_context(environ_base={"REMOTE_ADDR": "203.0.113.9"}):
            login_user(person)
            assert current_actor() == Actor(person.id, person.company_id, is_staff, "203.0.113.9")


def test_the_system_is_nobody():
    assert Actor(None, None, is_staff=False, address=None) == SYSTEM
