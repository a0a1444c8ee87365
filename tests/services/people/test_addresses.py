"""An address is claimed by whoever answers at it: nobody keeps it from them by typing it first, nor learns who has it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from access import Actor, everything
from models import Company, LinkPurpose, OutgoingMail, Role, User, db, utcnow
from services.foundation.errors import Refused
from services.foundation.transaction import transaction
from services.links import tokens
from services.people import accounts, links, oneself
from tests.client import make_client, sign_in
from tests.factories import PASSWORD, make_user

NEW = {
    "email": "charlie@globex.example",
    "first_name": "Charles",
    "last_name": "Roy",
    "role": Role.MEMBER,
    "language": "fr",
    "time_zone": "",
    "active": True,
}


@pytest.fixture
def twin(cast):
    """Acme's administrator types the address of Globex's Charlie."""
    return accounts.create_person(NEW, company_id=cast.acme.id, by=Actor.of(cast.alice), invite=False)


def token(user, purpose=LinkPurpose.SIGN_IN):
    with transaction() as turn:
        return tokens.mint(turn, purpose, user)


def confirmed():
    db.session.rollback()
    return set(db.session.scalars(sa.select(User.id).where(User.confirmed_at.is_not(None))))


def test_an_administrator_learns_nothing_of_who_is_a_customer_elsewhere(cast):
    by = Actor.of(cast.alice)
    answers = [
        accounts.create_person(NEW | {"email": email}, company_id=cast.acme.id, by=by)
        for email in ("charlie@globex.example", "nobody@globex.example")
    ]
    assert all(answers)
    with pytest.raises(Refused, match="email_taken"):
        accounts.create_person(NEW | {"email": "CHARLIE@globex.example"}, company_id=cast.acme.id, by=by)


@pytest.mark.parametrize("how", ["link", "password link", "password"])
def test_whoever_answers_first_has_the_address_and_no_other_account_can_be_entered_with_it(cast, twin, how):
    if how == "link":
        links.sign_in(token(cast.charlie), address=None)
    elif how == "password link":
        links.set_password(token(cast.charlie, LinkPurpose.PASSWORD), "a whole new one", address=None)
    else:
        oneself.sign_in_recorded(
            oneself.authenticate("charlie@globex.example", PASSWORD),
            by=Actor.of(cast.charlie),
            via="password",
        )
    assert confirmed() == {cast.charlie.id}
    with pytest.raises(Refused, match="address_claimed"):
        links.sign_in(token(twin), address=None)
    with pytest.raises(Refused, match="address_claimed"):
        links.set_password(token(twin, LinkPurpose.PASSWORD), "a whole new one", address=None)
    assert confirmed() == {cast.charlie.id}
    assert oneself.authenticate("charlie@globex.example", "a whole new one") is None or how == "password link"


def test_whoever_typed_an_address_first_does_not_keep_it_from_its_owner(cast):
    accounts.create_person(
        NEW | {"email": "new@globex.example"}, company_id=cast.acme.id, by=Actor.of(cast.alice)
    )
    own = accounts.create_person(
        NEW | {"email": "new@globex.example"}, company_id=cast.globex.id, by=Actor.of(cast.carol)
    )
    links.sign_in(token(own), address=None)
    assert confirmed() == {own.id}


@pytest.mark.parametrize("ask", [links.request_sign_in, links.request_password])
def test_a_link_goes_to_the_one_who_answered_else_each_account_gets_its_own(cast, twin, ask):
    def told():
        db.session.rollback()
        people = set(db.session.scalars(sa.select(OutgoingMail.user_id)))
        db.session.execute(sa.delete(OutgoingMail))
        db.session.commit()
        return people

    ask("Charlie@Globex.example", by=Actor())
    assert told() == {cast.charlie.id, twin.id}
    oneself.sign_in_recorded(cast.charlie, by=Actor.of(cast.charlie), via="password")
    ask("Charlie@Globex.example", by=Actor())
    assert told() == {cast.charlie.id}


def test_a_new_address_has_to_be_answered_at_anew(cast):
    oneself.sign_in_recorded(cast.bob, by=Actor.of(cast.bob), via="password")
    values = {name: getattr(cast.bob, name) for name in accounts.EDITABLE}
    accounts.update_person(cast.bob, values | {"last_name": "Roy"}, by=Actor.of(cast.alice))
    assert confirmed() == {cast.bob.id}
    accounts.update_person(cast.bob, values | {"email": "robert@acme.example"}, by=Actor.of(cast.alice))
    assert confirmed() == {cast.bob.id}
    assert (cast.bob.email, cast.bob.new_email) == ("bob@acme.example", "robert@acme.example")


def test_an_address_of_before_in_capitals_stays_confirmed_when_something_else_is_edited(cast):
    db.session.execute(sa.update(User).where(User.id == cast.bob.id).values(email="Bob@Acme.example"))
    db.session.commit()
    oneself.sign_in_recorded(cast.bob, by=Actor.of(cast.bob), via="password")
    values = {name: getattr(cast.bob, name) for name in accounts.EDITABLE} | {"last_name": "Roy"}
    accounts.update_person(cast.bob, values, by=Actor.of(cast.alice))
    assert confirmed() == {cast.bob.id}
    assert oneself.authenticate("bob@acme.example", PASSWORD).id == cast.bob.id


def test_the_password_of_before_does_not_answer_at_a_new_address(cast):
    """Somebody whose account was given another's address, by mistake or a trick, would own it by signing in."""
    oneself.sign_in_recorded(cast.bob, by=Actor.of(cast.bob), via="password")
    values = {name: getattr(cast.bob, name) for name in accounts.EDITABLE}
    accounts.update_person(
        cast.bob, values | {"email": "charlie@globex.example"}, by=Actor.of(cast.alice), seen=None
    )
    assert oneself.authenticate("charlie@globex.example", PASSWORD).id == cast.charlie.id
    oneself.sign_in_recorded(cast.charlie, by=Actor.of(cast.charlie), via="password")
    assert confirmed() == {cast.bob.id, cast.charlie.id}
    assert cast.bob.email == "bob@acme.example"


def test_of_two_who_answer_at_once_one_has_the_address(cast, twin, together):
    ids = [cast.charlie.id, twin.id]
    links_of = [token(cast.charlie), token(twin)]
    db.session.rollback()
    outcomes = together(2, lambda number: links.sign_in(links_of[number], address=None))
    codes = sorted(getattr(outcome.error, "code", "") for outcome in outcomes)
    assert codes == ["", "address_claimed"]
    assert len(confirmed() & set(ids)) == 1


def test_the_database_holds_each_address_once_a_company_once_among_staff_and_once_confirmed(cast, twin):
    for values in (
        {"company_id": cast.acme.id, "role": "member"},
        {"company_id": None, "role": "support"},
    ):
        make_user(
            db.session.get(Company, cast.acme.id) if values["company_id"] else None,
            "Twice",
            email="x@y.example",
        )
        db.session.add(User(email="X@y.example", first_name="a", last_name="b", **values))
        with pytest.raises(sa.exc.IntegrityError):
            db.session.commit()
        db.session.rollback()
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(
            sa.update(User).where(User.id.in_([cast.charlie.id, twin.id])).values(confirmed_at=utcnow())
        )
    db.session.rollback()


def test_the_owner_of_an_address_reads_why_a_link_to_another_account_does_not_open_it(client, cast, twin):
    oneself.sign_in_recorded(cast.charlie, by=Actor.of(cast.charlie), via="password")
    answer = client.post(f"/l/{token(twin)}", follow_redirects=True)
    assert "confirmé cette adresse pour un autre compte" in answer.text.replace("\xa0", " ")
    with everything():
        assert client.get("/portal/").status_code == 302


def test_staff_see_every_account_of_an_address_and_who_has_confirmed_it(app, cast, twin):
    oneself.sign_in_recorded(cast.charlie, by=Actor.of(cast.charlie), via="password")
    staff = sign_in(make_client(app), cast.sam)
    found = staff.get("/support/search/?q=charlie@globex.example").text
    assert all(f"/support/people/details/?id={key}" in found for key in (cast.charlie.id, twin.id))
    page = staff.get(f"/support/people/details/?id={twin.id}").text
    assert "Globex, adresse confirmée" in page
    other = staff.get(f"/support/people/details/?id={cast.charlie.id}").text
    assert "Acme" in other
    assert "Acme, adresse confirmée" not in other


def test_a_company_never_sees_that_another_has_its_persons_address(app, cast, twin):
    alice = sign_in(make_client(app), cast.alice)
    page = alice.get("/portal/users/").text
    assert page.count("charlie@globex.example") == 1
    assert "Globex" not in page.replace("globex.example", "")
