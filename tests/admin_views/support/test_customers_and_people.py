"""Staff open and mend customers and people: what is right is kept and journalled, what is wrong changes nothing."""

from __future__ import annotations

import html
import re

import pytest
import sqlalchemy as sa

from models import Company, JournalEntry, Language, License, OutgoingMail, Role, User, db
from tests import factories
from tests.admin_views.asked import to_release
from tests.admin_views.support.forms import opened, read_form, send
from tests.asked import entries
from tests.client import make_client, sign_in

NEW_COMPANY = "/support/customers/new/"
NEW_PERSON = "/support/people/new/"


@pytest.fixture
def staff(client, cast):
    return sign_in(client, cast.sam)


def count(model: type) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model))


def address_of(kind: str, row_id: int) -> str:
    return f"/support/{kind}/edit/?id={row_id}"


# --- Customers ------------------------------------------------------------------------------------------------------


def test_a_new_customer_has_an_administrator_who_is_invited(staff, cast):
    answer = send(
        staff,
        NEW_COMPANY,
        name="  Initech  ",
        billing_email="Compta@Initech.example",
        street="1, rue Neuve",
        city="Montréal",
        province="QC",
        postal_code="H2X 1Y4",
        language="fr",
        admin_email="Peter@Initech.example",
        admin_first_name="Peter",
        admin_last_name="Gibbons",
    )
    assert answer.status_code == 302
    company = db.session.scalar(sa.select(Company).where(Company.name == "Initech"))
    assert (company.billing_email, company.place, company.currency) == (
        "compta@initech.example",
        "CA-QC",
        "CAD",
    )
    (person,) = company.users
    assert (person.email, person.role, person.active) == ("peter@initech.example", Role.ADMIN, True)
    assert db.session.scalar(sa.select(OutgoingMail.template)) == "invitation"
    (entry,) = entries("company_added")
    assert (entry.actor_id, entry.on_behalf_of_id) == (cast.sam.id, company.id)
    assert "compta" not in str(entry.after)
    assert entry.personal.after["billing_email"] == "compta@initech.example"
    (added,) = entries("person_added")
    assert "peter" not in str(added.after).lower()
    assert added.personal.after["email"] == "peter@initech.example"


def test_a_form_that_does_not_name_all_of_an_administrator_is_refused(staff, cast):
    customers = count(Company)
    values = {"name": "Initech", "billing_email": "c@initech.example", "city": "Montréal", "province": "QC"}
    answer = send(staff, NEW_COMPANY, **values, admin_first_name="Peter", admin_email=None)
    assert (answer.status_code, count(Company)) == (422, customers)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"billing_email": "nobody"},
        {"billing_email": ""},
        {"billing_email": "a@b.example,c"},
        {"billing_email": "a>,<b@c.example"},
        {"country": "XX"},
        {"country": "CA", "province": ""},
        {"country": "FR", "province": "QC"},
        {"time_zone": "Mars/Olympus"},
        {"language": "de"},
        {"admin_email": "not an address", "admin_first_name": "A", "admin_last_name": "B"},
        {"admin_email": "a@b.example", "admin_first_name": "", "admin_last_name": "B"},
        {"admin_email": "a@b.example", "admin_first_name": "A", "admin_last_name": ""},
    ],
)
def test_a_customer_that_makes_no_sense_is_refused_and_what_was_typed_is_kept(staff, cast, wrong):
    before = count(Company), count(User), count(JournalEntry)
    right = {
        "name": "Initech",
        "billing_email": "a@initech.example",
        "province": "QC",
        "city": "Ville gardée",
    }
    answer = send(staff, NEW_COMPANY, **(right | wrong))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "Ville gardée" in answer.text
    assert (count(Company), count(User), count(JournalEntry)) == before


def test_a_form_that_lost_the_name_of_the_administrator_is_refused(staff, cast):
    form = {"name": "Initech", "billing_email": "a@initech.example", "country": "FR", "language": "fr"}
    form |= {"time_zone": "Europe/Paris", "admin_email": "bill@initech.example"}
    answer = staff.post(NEW_COMPANY, data=form)
    assert answer.status_code == 422
    assert count(Company) == 2


def test_a_customer_is_found_by_the_address_of_one_of_its_people(staff, cast):
    found = staff.get("/support/customers/", query_string={"q": cast.carol.email.upper()}).text
    assert cast.globex.billing_email in found
    assert cast.acme.billing_email not in found


@pytest.mark.parametrize(
    ("url", "whole"),
    [("/support/customers/?sort=name&size=20", Company), ("/support/people/?sort=name&size=20", User)],
)
def test_every_one_is_reached_page_by_page_in_the_order_of_their_names(staff, cast, url, whole):
    for number in range(45):
        factories.make_user(factories.make_company(f"{'fF'[number % 2]}irm{number:02}"), "Zoé")
    pages = []
    while url:
        page = staff.get(url).text
        body = page.partition("<tbody>")[2].partition("</tbody>")[0]
        pages.append(set(re.findall(r'href="details/\?id=(\d+)', body)))
        following = re.search(r'rel="next"\s+href="([^"]+)"', page)
        url = html.unescape(following[1]) if following else None
        assert len(pages) <= 5, "the pages go in a circle"
    assert sum(map(len, pages)) == len(set.union(*pages)) == count(whole)


def test_a_customer_that_is_edited_keeps_what_was_not_touched(staff, cast):
    before = db.session.get(Company, cast.acme.id).street
    answer = send(staff, address_of("customers", cast.acme.id), name="Acme inc.")
    assert answer.status_code == 302
    company = db.session.get(Company, cast.acme.id)
    assert (company.name, company.street) == ("Acme inc.", before)
    (entry,) = entries("company_changed")
    assert (entry.before, entry.after) == ({"name": "Acme"}, {"name": "Acme inc."})


def test_saving_without_a_change_leaves_no_trace(staff, cast):
    assert send(staff, address_of("customers", cast.acme.id)).status_code == 302
    assert send(staff, address_of("people", cast.alice.id)).status_code == 302
    assert entries("company_changed") == entries("person_changed") == []


def test_two_staff_who_edit_one_customer_lose_nothing(app, staff, cast):
    url = address_of("customers", cast.acme.id)
    mine, hers = opened(staff, url), opened(staff, url)
    assert send(staff, url, hers, city="Lévis").status_code == 302
    answer = send(staff, url, mine, street="9, rue Perdue")
    assert answer.status_code == 422
    assert "Quelqu’un d’autre a changé ceci" in answer.text
    assert "9, rue Perdue" in answer.text
    company = db.session.get(Company, cast.acme.id)
    assert (company.city, company.street) == ("Lévis", "123, rue Saint-Jean")
    # Once told, saving again is a decision.
    again = read_form(answer.text)
    assert send(staff, url, again, city="Lévis").status_code == 302
    assert db.session.get(Company, cast.acme.id).street == "9, rue Perdue"


# --- People ---------------------------------------------------------------------------------------------------------


def test_a_person_is_added_to_the_company_that_was_picked(staff, cast):
    url = f"{NEW_PERSON}?company={cast.globex.id}"
    fields = opened(staff, url)
    assert fields["company"] == str(cast.globex.id)
    answer = send(
        staff,
        url,
        fields,
        email="New@Globex.example",
        first_name="New",
        last_name="Body",
        role="member",
        language="en",
    )
    assert answer.status_code == 302
    person = db.session.scalar(sa.select(User).where(User.email == "new@globex.example"))
    assert (person.company_id, person.role, person.language) == (cast.globex.id, Role.MEMBER, Language.EN)
    assert db.session.scalar(sa.select(OutgoingMail.user_id)) == person.id


def test_a_company_can_be_typed_without_javascript(staff, cast):
    answer = send(
        staff,
        NEW_PERSON,
        **{"company-text": "globex", "company": ""},
        email="new@globex.example",
        first_name="New",
        last_name="Body",
    )
    assert answer.status_code == 302
    person = db.session.scalar(sa.select(User).where(User.email == "new@globex.example"))
    assert person.company_id == cast.globex.id


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "CAROL@globex.example"},
        {"email": "nobody"},
        {"first_name": ""},
        {"last_name": "x" * 101},
        {"role": "emperor"},
        {"role": "support"},
        {"company": "", "company-text": ""},
        {"company": "999999", "company-text": ""},
        {"time_zone": "Nowhere"},
    ],
)
def test_a_person_who_makes_no_sense_is_refused(staff, cast, wrong):
    before = count(User), count(JournalEntry), count(OutgoingMail)
    fields = opened(staff, f"{NEW_PERSON}?company={cast.globex.id}")
    right = {"email": "new@globex.example", "first_name": "New", "last_name": "Body"}
    answer = send(staff, NEW_PERSON, fields | right | wrong)
    assert answer.status_code == 422
    assert (count(User), count(JournalEntry), count(OutgoingMail)) == before


def test_staff_are_opened_without_a_company(staff, cast):
    answer = send(
        staff, NEW_PERSON, email="new@trousseau.example", first_name="New", last_name="Agent", role="support"
    )
    assert answer.status_code == 302
    person = db.session.scalar(sa.select(User).where(User.email == "new@trousseau.example"))
    assert (person.company_id, person.role) == (None, Role.SUPPORT)


def deactivate(person: User) -> str:
    return f"/support/people/deactivate/?id={person.id}"


def test_the_last_administrator_of_a_company_stays(staff, cast):
    answer = send(staff, address_of("people", cast.carol.id), role="member")
    assert answer.status_code == 422
    assert "dernière personne active à administrer" in answer.text
    answer = send(staff, deactivate(cast.carol))
    assert "dernière personne active à administrer" in staff.get(answer.location).text
    carol = db.session.get(User, cast.carol.id)
    assert (carol.role, carol.active) == (Role.ADMIN, True)
    # Acme has two: one of them may go.
    assert send(staff, address_of("people", cast.erin.id), role="member").status_code == 302
    assert db.session.get(User, cast.erin.id).role == Role.MEMBER
    (entry,) = entries("person_changed")
    assert (entry.before, entry.after) == ({"role": "admin"}, {"role": "member"})
    assert entry.on_behalf_of_id == cast.acme.id


def test_staff_do_not_lock_themselves_out(staff, cast):
    answer = send(staff, deactivate(cast.sam))
    assert "pas retirer votre propre accès" in staff.get(answer.location).text
    assert db.session.get(User, cast.sam.id).active


def test_personal_values_are_kept_apart_in_the_journal(staff, cast):
    send(staff, address_of("people", cast.bob.id), email="Robert@acme.example", last_name="Roy")
    (entry,) = entries("person_changed")
    assert (entry.before, entry.after) == ({}, {})
    assert entry.personal.before == {"email": "bob@acme.example", "last_name": "Tremblay"}
    assert entry.personal.after == {"email": "robert@acme.example", "last_name": "Roy"}


def test_who_is_deactivated_is_signed_out_at_once(app, staff, cast):
    bob = sign_in(make_client(app), cast.bob)
    assert bob.get("/profile").status_code == 200
    assert send(staff, deactivate(cast.bob)).status_code == 303
    assert bob.get("/profile").status_code == 302
    assert sign_in_link_is_refused(staff, cast.bob.id)


def test_who_is_deactivated_by_mistake_is_let_in_again_by_the_button_beside_the_message(staff, cast):
    (seat,) = factories.make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    answer = send(staff, deactivate(cast.bob), seats="release").location
    (operation,) = set(re.findall(r'name="operation"\s+value="(\w+)"', staff.get(answer).text))
    assert staff.post("/support/undo/", data={"operation": operation}).status_code == 303
    db.session.rollback()
    bob, seat = (
        db.session.get_one(kind, row.id, populate_existing=True)
        for kind, row in ((User, cast.bob), (License, seat))
    )
    assert (bob.active, seat.user_id) == (True, bob.id)


def test_of_the_vendors_own_people_nothing_offers_to_take_back(staff, cast):
    other = factories.make_user(None, "Simone")
    answer = send(staff, deactivate(other))
    assert answer.status_code == 303
    assert 'name="operation"' not in staff.get(answer.location).text


def sign_in_link_is_refused(staff, user_id: int) -> bool:
    before = count(OutgoingMail)
    answer = staff.post("/support/people/sign-in-link/", data={"id": user_id}, follow_redirects=True)
    return "Rien n’a été envoyé" in answer.text and count(OutgoingMail) == before


def test_a_sign_in_link_is_mailed_and_journalled(staff, cast):
    answer = staff.post("/support/people/sign-in-link/", data={"id": cast.bob.id})
    assert answer.status_code == 302
    mail = db.session.scalar(sa.select(OutgoingMail))
    assert (mail.template, mail.user_id) == ("sign_in_link", cast.bob.id)
    (entry,) = entries("sign_in_link_sent")
    assert (entry.actor_id, entry.on_behalf_of_id) == (cast.sam.id, cast.acme.id)


def test_support_assigns_and_releases_with_the_verbs_of_the_portal(staff, cast):
    (license,) = factories.make_licenses(1, cast.alice, cast.pro)
    license_id = license.id
    url = f"/support/people/assign/?id={cast.bob.id}"
    assert send(staff, url, plan=str(cast.pro.id)).status_code == 303
    assert db.session.get(License, license_id).user_id == cast.bob.id
    (entry,) = entries("license_assigned")
    assert (entry.actor_id, entry.company_id, entry.on_behalf_of_id) == (
        cast.sam.id,
        cast.acme.id,
        cast.acme.id,
    )
    assert db.session.scalar(sa.select(OutgoingMail.template)) == "license_assigned"
    # Nothing is left to give.
    assert "Aucune licence n’est disponible" in staff.get(f"/support/people/assign/?id={cast.dave.id}").text
    page = staff.get(f"/support/licenses/release/?id={license_id}")
    assert all(words in page.text for words in ("Bob Tremblay", "Pro", "Acme")), "not a key alone"
    assert staff.post("/support/licenses/release/", data=to_release(license_id)).status_code == 303
    assert db.session.get(License, license_id).user_id is None
    (released,) = entries("license_released")
    assert released.on_behalf_of_id == cast.acme.id


@pytest.mark.parametrize("plan", ["", "abc", "999999", "-1"])
def test_a_plan_that_cannot_be_given_is_refused(staff, cast, plan):
    factories.make_licenses(1, cast.alice, cast.pro)
    answer = send(staff, f"/support/people/assign/?id={cast.bob.id}", plan=plan)
    assert answer.status_code == 422
    assert entries("license_assigned") == []


def test_an_export_cannot_run_in_a_spreadsheet(staff, cast):
    factories.make_user(cast.acme, "Eve", last_name="=HYPERLINK(1)")
    text = staff.get("/support/people/export/csv/", buffered=True).text
    assert "'=HYPERLINK(1)" in text
    assert '"=HYPERLINK' not in text
    narrowed = staff.get(f"/support/people/export/csv/?company={cast.globex.id}", buffered=True).text
    assert "carol@globex.example" in narrowed
    assert "alice@acme.example" not in narrowed
