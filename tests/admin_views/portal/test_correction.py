"""What somebody may have meant, in the lists of a customer."""

from __future__ import annotations

import sqlalchemy as sa

from models import License, db
from services.search import words
from tests.client import make_client, sign_in
from tests.factories import make_licenses, make_user


def test_an_administrator_is_told_no_name_of_another_company_by_a_key_that_begins_so(app, cast):
    make_user(cast.globex, "Hanna", last_name="Kowack", email="h@globex.example")
    (seat,) = make_licenses(1, cast.alice, cast.avance)
    db.session.execute(sa.update(License).where(License.id == seat.id).values(key=f"HANNA{seat.key[5:]}"))
    db.session.commit()
    words.gather()
    page = sign_in(make_client(app), cast.alice).get("/portal/licenses/?q=hamna", follow_redirects=True)
    assert page.status_code == 200
    assert "hanna" not in page.get_data(as_text=True).casefold().replace(
        f"hanna{seat.key[5:].casefold()}", ""
    )
