"""Who a mail says it is from and to."""

from __future__ import annotations

import pytest

from models import db
from services.foundation.transaction import transaction
from services.mail import letters, outbox


@pytest.mark.one_database
@pytest.mark.parametrize(
    "name", ["Boréal", "Boréal, inc.", 'Chez "Élise"', "A\\B", "Plain Name", "=?x?= <y@z>"]
)
def test_names_in_the_headers_are_read_as_they_are_written(cast, smtp, name):
    cast.vendor.name = cast.bob.first_name = name
    db.session.commit()
    with transaction() as turn:
        letters.sign_in_link(turn, cast.bob)
    outbox.send_due()
    message = smtp.messages[0]
    sender, recipient = message["From"].addresses[0], message["To"].addresses[0]
    assert (sender.display_name, sender.addr_spec) == (name, "desk@trousseau.example")
    assert (recipient.display_name, recipient.addr_spec) == (cast.bob.name, cast.bob.email)


@pytest.mark.one_database
def test_mail_reaches_a_domain_with_accents(cast, postman):
    cast.bob.email = "bob@école.example"
    db.session.commit()
    with transaction() as turn:
        letters.sign_in_link(turn, cast.bob)
    outbox.send_due()
    assert postman.messages[0]["To"].addresses[0].addr_spec == "bob@xn--cole-9oa.example"
