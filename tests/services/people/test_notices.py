"""When an address, a password or a role changes: what was open before ends, and whoever needs to know is told."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from access import Actor
from models import Link, LinkPurpose, MailKind, OutgoingMail, Role, User, db
from services.foundation.transaction import transaction
from services.links import tokens
from services.people import accounts, companies, deactivation, links, oneself
from tests.factories import hold, make_licenses


def told(kind):
    """(person's id or bare address) of each mail of this kind."""
    mails = db.session.scalars(
        sa.select(OutgoingMail).where(OutgoingMail.template == kind).order_by(OutgoingMail.id)
    )
    return [mail.user_id or mail.address for mail in mails]


def change(user, by, **values):
    before = {name: getattr(user, name) for name in accounts.EDITABLE}
    return accounts.update_person(user, before | values, by=Actor.of(by))


def open_links(user):
    return set(
        db.session.scalars(sa.select(Link.purpose).where(Link.user_id == user.id, Link.used_at.is_(None)))
    )


@pytest.fixture
def busy(cast):
    """Bob has a session, and an unused link of each purpose."""
    license = make_licenses(1, cast.alice, cast.pro)[0]
    hold(license, cast.bob)
    with transaction() as turn:
        for purpose in LinkPurpose:
            tokens.mint(turn, purpose, cast.bob, license if purpose == LinkPurpose.ACTIVATION else None)
    return cast


CHANGES = {
    "address": ({"email": "robert@acme.example"}, True, set()),
    "role": ({"role": Role.ADMIN}, True, {LinkPurpose.ACTIVATION}),
    "name": ({"last_name": "Roy"}, False, set(LinkPurpose)),
    "capitals": ({"email": "BOB@acme.example"}, False, set(LinkPurpose)),
}


@pytest.mark.parametrize("what", CHANGES)
def test_sessions_and_links_of_before_end_with_what_they_were_given_for(busy, what):
    values, ends, left = CHANGES[what]
    session = busy.bob.fs_uniquifier
    change(busy.bob, busy.alice, **values)
    assert (busy.bob.fs_uniquifier != session) == ends
    assert open_links(busy.bob) == left


def test_the_old_and_the_new_address_are_told_in_the_persons_language(cast):
    change(cast.dave, cast.alice, email="david@acme.example")
    assert told(MailKind.ADDRESS_CHANGED) == ["dave@acme.example", cast.dave.id]
    languages = set(db.session.scalars(sa.select(OutgoingMail.language)))
    assert languages == {cast.dave.language}
    change(cast.dave, cast.alice, last_name="Roy")
    assert len(told(MailKind.ADDRESS_CHANGED)) == 2


def test_a_password_that_replaces_another_is_told_to_its_owner_and_a_first_one_is_not(cast):
    cast.dave.password = None
    db.session.commit()
    for person in (cast.bob, cast.dave):
        oneself.set_password(person, "a new password", by=Actor.of(person))
    with transaction() as turn:
        token = tokens.mint(turn, LinkPurpose.PASSWORD, cast.carol)
    links.set_password(token, "a new password", address=None)
    assert sorted(told(MailKind.PASSWORD_CHANGED)) == [cast.bob.id, cast.carol.id]


def test_the_customers_other_administrators_are_told_of_a_new_one_however_they_became_it(cast):
    others = [cast.alice.id, cast.erin.id]
    change(cast.bob, cast.alice, role=Role.ADMIN)
    assert sorted(told(MailKind.NEW_ADMINISTRATOR)) == others
    change(cast.bob, cast.alice, last_name="Roy")
    deactivation.deactivate(cast.dave, deactivation.Seats.KEEP, by=Actor.of(cast.alice))
    assert sorted(told(MailKind.NEW_ADMINISTRATOR)) == others
    # A deactivated administrator is told nothing, and coming back counts as new.
    deactivation.deactivate(cast.bob, deactivation.Seats.KEEP, by=Actor.of(cast.alice))
    deactivation.reactivate(cast.bob, by=Actor.of(cast.sam))
    assert sorted(told(MailKind.NEW_ADMINISTRATOR)) == sorted(others * 2)
    values = dict.fromkeys(accounts.EDITABLE) | {
        "email": "new@acme.example",
        "first_name": "New",
        "last_name": "One",
        "role": Role.ADMIN,
        "language": "fr",
    }
    accounts.create_person(values, company_id=cast.acme.id, by=Actor.of(cast.sam))
    assert sorted(told(MailKind.NEW_ADMINISTRATOR)[4:]) == sorted([*others, cast.bob.id])


def test_a_member_a_first_administrator_and_another_customer_cause_no_notice(cast):
    change(cast.erin, cast.alice, role=Role.MEMBER)
    values = {name: getattr(cast.acme, name) for name in companies.EDITABLE} | {"name": "Nouvelle"}
    companies.create_company(
        values,
        by=Actor.of(cast.sam),
        administrator={"email": "first@nouvelle.example", "first_name": "First", "last_name": "One"},
    )
    assert told(MailKind.NEW_ADMINISTRATOR) == []


def test_whoever_reads_the_mailbox_of_before_cannot_confirm_the_new_address(busy):
    with transaction() as turn:
        license = db.session.scalar(sa.select(User).where(User.id == busy.bob.id)).licenses[0]
        token = tokens.mint(turn, LinkPurpose.ACTIVATION, busy.bob, license)
    change(busy.bob, busy.alice, email="robert@acme.example")
    with pytest.raises(tokens.DeadLinkError):
        links.activate(token, address=None)
    assert busy.bob.confirmed_at is None
