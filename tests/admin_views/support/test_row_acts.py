"""Acts of one row that begin in the lists of staff: who is offered them, and the page that asks."""

from __future__ import annotations

import pytest

from models import OutgoingMail, db
from tests import factories
from tests.admin_views.portal.pages import words
from tests.client import sign_in

pytestmark = pytest.mark.one_database


@pytest.fixture
def staff(client, cast):
    return sign_in(client, cast.sam)


def test_a_mail_and_a_payment_are_looked_at_again_from_their_rows(staff, cast):
    """Each row that takes the act leads to a page that asks, and says what it is about."""
    mail = OutgoingMail(
        user_id=cast.bob.id,
        template="password_link",
        language="fr",
        state="failed",
        dedupe_key="1",
        message_id="1",
    )
    on_its_way = OutgoingMail(
        user_id=cast.bob.id,
        template="password_link",
        language="fr",
        state="queued",
        dedupe_key="2",
        message_id="2",
    )
    db.session.add_all([mail, on_its_way])
    db.session.commit()
    page = staff.get("/support/mail/").text
    assert f'href="resend/?id={mail.id}" data-panel=0' in page
    assert f"resend/?id={on_its_way.id}" not in page
    asks = staff.get(f"/support/mail/resend/?id={mail.id}")
    assert cast.bob.email in words(asks)
    assert f'name="id" value="{mail.id}"' in asks.text
    assert 'action="/support/mail/resend/"' in asks.text
    asked = factories.make_order(cast.alice, cast.pro, stripe_session_id="cs_test_unknown")
    unopened = factories.make_order(cast.alice, cast.pro)
    page = staff.get("/support/orders/").text
    assert f'href="check/?id={asked.id}" data-panel=1' in page
    assert f"check/?id={unopened.id}" not in page
    asks = staff.get(f"/support/orders/check/?id={asked.id}")
    assert asked.reference in words(asks)
    assert 'action="/support/orders/check-many/"' in asks.text
