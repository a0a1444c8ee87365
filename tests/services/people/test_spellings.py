"""One mailbox, one spelling: a domain with accents is typed in letters, sent by browsers as its A-label, and is one domain."""

from __future__ import annotations

import re

import flask_migrate
import pytest
import sqlalchemy as sa

from access import Actor, everything
from models import (
    Company,
    JoinRequest,
    JournalPersonal,
    LinkPurpose,
    MailState,
    OutgoingMail,
    User,
    Vendor,
    db,
    same_address,
    utcnow,
)
from services.catalogue import vendor
from services.foundation.transaction import transaction
from services.links import tokens
from services.mail import letters, outbox
from services.people import accounts, companies
from tests.asked import refused
from tests.client import make_client, sign_in
from tests.factories import PASSWORD, make_firm_link, make_licenses, make_user

LETTERS, ASCII = "jean@québec.example", "jean@xn--qubec-csa.example"
# As people type it, as Chromium posts it, as it is pasted from a web page, from a Mac, with the caps lock on.
TYPED = [
    LETTERS,
    ASCII,
    f"\u200e{LETTERS}\ufeff",
    "jean@que\u0301bec.example",
    " Jean@QUÉBEC.Example",
    "jean@XN--QUBEC-CSA.example",
]
PERSON = {
    "email": LETTERS,
    "first_name": "Jean",
    "last_name": "Roy",
    "role": "member",
    "language": "fr",
    "time_zone": "",
    "active": True,
}


@pytest.fixture
def jean(cast):
    person = accounts.create_person(PERSON, company_id=cast.acme.id, by=Actor.of(cast.alice), invite=False)
    person.password = cast.bob.password
    db.session.commit()
    return person


def stored(table, column):
    return db.session.execute(sa.text(f"SELECT {column} FROM {table}")).scalars().all()


@pytest.mark.parametrize("typed", TYPED)
def test_a_person_signs_in_however_their_address_is_spelled(app, cast, jean, typed):
    answer = make_client(app).post("/sign-in", data={"email": typed, "password": PASSWORD})
    assert (answer.status_code, answer.location) == (302, "/portal/")


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize("page", ["/sign-in/link", "/forgot-password"])
def test_a_link_comes_however_the_address_is_spelled(app, cast, jean, typed, page):
    app.config["LINK_ANSWER_SECONDS"] = 0
    make_client(app).post(page, data={"email": typed})
    assert [mail.user_id for mail in db.session.scalars(sa.select(OutgoingMail))] == [jean.id]


@pytest.mark.parametrize("typed", TYPED)
def test_another_spelling_makes_no_second_account(cast, jean, typed):
    by = Actor.of(cast.alice)
    values = PERSON | {"email": typed}
    assert refused("email_taken", accounts.create_person, values, company_id=cast.acme.id, by=by)
    bob = {name: getattr(cast.bob, name) for name in accounts.EDITABLE} | {"email": typed}
    assert refused("email_taken", accounts.update_person, cast.bob, bob, by=by)


def test_the_database_itself_holds_one_spelling_and_refuses_the_other(cast, jean):
    assert ASCII in stored("users", "email")
    db.session.add(User(company_id=cast.acme.id, first_name="a", last_name="b", email=ASCII.upper()))
    with pytest.raises(sa.exc.IntegrityError):
        db.session.commit()
    db.session.rollback()


def test_every_column_that_holds_an_address_stores_the_one_spelling(cast, jean):
    by = Actor.of(cast.sam)
    company = {name: getattr(cast.acme, name) for name in companies.EDITABLE}
    companies.update_company(cast.acme, company | {"billing_email": LETTERS}, by=by)
    desk = {name: getattr(cast.vendor, name) for name in vendor.EDITABLE}
    vendor.update_vendor(desk | {"support_email": LETTERS}, by=by)
    asked = {"first_name": "J", "last_name": "R", "language": "fr", "expires_at": utcnow()}
    link = make_firm_link(cast.alice)
    db.session.add(JoinRequest(firm_link_id=link.id, email=LETTERS, **asked, **tokens.sow()))
    db.session.commit()
    with transaction() as turn:
        cast.bob.new_email, cast.bob.new_email_at = LETTERS, turn.now
        tokens.mint(turn, LinkPurpose.ADDRESS, cast.bob, email=LETTERS)
        letters.queue(
            turn, "receipt", to=db.session.get_one(Company, cast.acme.id), context={}, dedupe_key="x"
        )
    held = {
        f"{table}.{column.name}": set(stored(table, column.name))
        for table, columns in ((name, item.columns) for name, item in db.metadata.tables.items())
        for column in columns
        if column.name.endswith("email") or (table == "outgoing_mail" and column.name == "address")
    }
    assert len(held) == 7
    assert all(ASCII in addresses for addresses in held.values()), held
    assert all(address.isascii() for addresses in held.values() for address in addresses if address)
    # And whoever reads a row reads letters.
    assert db.session.scalar(sa.select(Vendor.support_email)) == LETTERS
    assert db.session.scalar(sa.select(Company.billing_email).where(Company.id == cast.acme.id)) == LETTERS
    assert LETTERS in str([row.after for row in db.session.scalars(sa.select(JournalPersonal))])


@pytest.mark.parametrize(
    "typed", [*TYPED, "québec.example", "xn--qubec-csa.example", "jean@québec", "@QUÉBEC.example"]
)
def test_support_finds_the_person_by_either_spelling_in_the_list_and_in_a_picker(app, cast, jean, typed):
    sam = sign_in(make_client(app), cast.sam)
    assert "Jean Roy" in sam.get("/support/people/", query_string={"q": typed}).text
    license = make_licenses(1, cast.alice, cast.pro)[0]
    picked = sam.get(
        "/support/licenses/ajax/lookup/", query_string={"name": "holder", "query": typed, "id": license.id}
    )
    assert "Jean Roy" in picked.get_data(as_text=True)
    if "jean@" in typed.lower() and "." in typed:
        assert "Jean Roy" in sam.get("/support/search/", query_string={"q": typed}).text


@pytest.mark.parametrize("typed", ["Le\u0301vesque", "\u200eLévesque\ufeff", "LÉVESQUE"])
def test_a_name_is_found_however_its_accents_are_typed(app, cast, jean, typed):
    jean.last_name = "Lévesque"
    db.session.commit()
    sam, alice = sign_in(make_client(app), cast.sam), sign_in(make_client(app), cast.alice)
    for client, page in ((sam, "/support/people/"), (alice, "/portal/users/")):
        assert "Jean Lévesque" in client.get(page, query_string={"q": typed}).text


@pytest.mark.one_database
def test_people_read_letters_on_pages_in_exports_and_in_mail_and_mail_servers_the_other(
    app, cast, jean, smtp
):
    cast.vendor.support_email = "aide@québec.example"
    db.session.commit()
    sam, alice = sign_in(make_client(app), cast.sam), sign_in(make_client(app), cast.alice)
    pages = [
        sam.get("/support/people/").text,
        sam.get(f"/support/people/details/?id={jean.id}").text,
        sam.get(f"/support/people/edit/?id={jean.id}").text,
        sam.get("/support/people/export/csv/", buffered=True).text,
        alice.get("/portal/users/").text,
    ]
    for page in pages:
        assert LETTERS in page
        assert "xn--" not in page
    with transaction() as turn:
        letters.sign_in_link(turn, jean)
    outbox.send_due()
    (mail,) = smtp.messages
    assert (mail["To"].addresses[0].addr_spec, mail["Reply-To"]) == (ASCII, "aide@xn--qubec-csa.example")
    assert "aide@québec.example" in mail.get_body(("plain",)).get_content()
    assert db.session.scalar(sa.select(OutgoingMail.state)) == MailState.SENT


@pytest.mark.parametrize("typed", ["rené@acme.example", "a@b", "\u202e@\u202e", "@", "\x01@\x02", "é" * 300])
@pytest.mark.parametrize("page", ["/sign-in", "/sign-in/link", "/forgot-password"])
@pytest.mark.one_database
def test_what_is_no_address_is_answered_as_an_unknown_one(app, cast, typed, page):
    app.config["LINK_ANSWER_SECONDS"] = 0
    said = [
        make_client(app).post(page, data={"email": email, "password": "x"}).text.replace(email, "")
        for email in ("nobody@acme.example", typed)
    ]
    if len(typed) < 255:
        assert [text.count("notice") for text in said] == [said[0].count("notice")] * 2
        assert ("mot de passe" in said[1]) == ("mot de passe" in said[0])


# --- A desk of before ---------------------------------------------------------------------------------------------------


@pytest.fixture
def before(database, make_app):
    """An application on a database of the version before, with a company and its people."""
    app = make_app(database.another())
    with app.app_context():
        flask_migrate.upgrade(revision="0014")
        change("INSERT INTO companies (id, name, billing_email, street, city, province, postal_code, country, language, "
               "time_zone, currency, lock_version, created_at) VALUES (1, 'Acme', 'a@québec.example', '', '', '', '', "
               "'CA', 'fr', 'America/Toronto', 'CAD', 0, '2026-01-01 00:00:00')")  # fmt: skip
        yield
        db.session.remove()
        db.engine.dispose()


def change(statement, **values):
    with db.engine.begin() as connection:
        return connection.execute(sa.text(statement), values)


def add(number, email, *, name="Jean"):
    change(
        "INSERT INTO users (id, company_id, email, first_name, last_name, role, language, fs_uniquifier, active, "
        "created_at) VALUES (:id, 1, :email, :name, 'Roy', 'member', 'fr', :email, :active, '2026-01-01 00:00:00')",
        id=number,
        email=email,
        name=name,
        active=True,
    )


def test_addresses_and_names_of_before_are_brought_along_and_back(before):
    add(1, LETTERS, name="Rene\u0301")
    add(2, "bob@acme.example")
    flask_migrate.upgrade()
    assert sorted(stored("users", "email")) == ["bob@acme.example", ASCII]
    assert stored("companies", "billing_email") == ["a@xn--qubec-csa.example"]
    assert "René" in stored("users", "first_name")
    db.session.rollback()
    with everything():
        assert db.session.scalar(sa.select(User.id).where(same_address(User.email, LETTERS))) == 1
    db.session.rollback()
    flask_migrate.downgrade(revision="0014")
    assert sorted(stored("users", "email")) == ["bob@acme.example", LETTERS]
    db.session.rollback()


def test_two_accounts_of_one_address_stop_the_upgrade_by_their_number_and_nothing_is_lost(before, caplog):
    add(1, LETTERS)
    add(2, ASCII)
    with pytest.raises(SystemExit):
        flask_migrate.upgrade()
    assert re.search(r"\[1, 2\].*Nothing was changed", caplog.text)
    assert sorted(stored("users", "email")) == sorted([ASCII, LETTERS])
    assert stored("companies", "billing_email") == ["a@québec.example"]
    db.session.rollback()


def test_two_companies_may_have_typed_the_same_address(cast, jean):
    twin = make_user(cast.globex, "Jean", email=ASCII)
    assert set(db.session.scalars(sa.select(User.id).where(same_address(User.email, LETTERS)))) == {
        jean.id,
        twin.id,
    }
