"""Erasing somebody, and having what is known of them put together, as people do it on both sites and for themselves."""

from __future__ import annotations

import json

import pytest

from access import Actor
from models import Role, User, db
from services.people import deactivation
from services.people.deactivation import Seats
from services.privacy import erasure
from tests.admin_views.portal.pages import words
from tests.asked import entries
from tests.client import make_client, sign_in
from tests.factories import make_licenses, make_user

pytestmark = pytest.mark.one_database


@pytest.fixture
def alice(app, cast):
    return sign_in(make_client(app), cast.alice)


@pytest.fixture
def sam(app, cast):
    return sign_in(make_client(app), cast.sam)


def gone(user, by):
    deactivation.deactivate(user, Seats.KEEP, by=Actor.of(by))
    return user


def again(user):
    db.session.rollback()
    return db.session.get_one(User, user.id, populate_existing=True)


def erase_page(user, site="portal/users"):
    return f"/{site}/erase/?id={user.id}"


@pytest.mark.parametrize("site", ["portal/users", "support/people"])
def test_erasing_says_what_goes_and_what_stays_and_is_done_once_the_address_is_typed(cast, alice, sam, site):
    browser = alice if site.startswith("portal") else sam
    make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    gone(cast.bob, cast.alice)
    page = words(browser.get(erase_page(cast.bob, site)))
    assert "Effacer les renseignements personnels de Bob Tremblay" in page
    assert "Son nom, son adresse" in page
    assert "la loi demande de les conserver six ans" in page
    assert "Libéré Pro" in page
    answer = browser.post(erase_page(cast.bob, site), data={"email": "Bob@acme.example"})
    assert answer.status_code == 303
    person = browser.get(answer.location)
    assert "Personne effacée" in words(person)
    assert "ont été effacés le" in words(person)
    assert "erased.invalid" not in person.text
    for what in ("Bob", "Réactiver l’utilisateur", "Effacer ses renseignements", "/edit/"):
        assert what not in person.text.partition("<main")[2], what


@pytest.mark.parametrize("typed", ["", "dave@acme.example", "<script>", "a" * 10_000, "bob@ acme.example"])
def test_what_is_not_the_address_erases_nobody_and_says_so(cast, alice, typed):
    gone(cast.bob, cast.alice)
    answer = alice.post(erase_page(cast.bob), data={"email": typed})
    assert answer.status_code == 422
    assert "Rien n’a été" in words(answer)
    assert again(cast.bob).first_name == "Bob"


def test_who_is_active_is_not_erased_and_the_page_offers_to_deactivate_them(cast, alice):
    page = alice.get(erase_page(cast.bob))
    assert "désactivez-le d’abord" in words(page)
    assert f"/portal/users/deactivate/?id={cast.bob.id}" in page.text
    assert 'name="email"' not in page.text
    answer = alice.post(erase_page(cast.bob), data={"email": "bob@acme.example"}, follow_redirects=True)
    assert "désactivez-le d’abord" in words(answer)
    assert again(cast.bob).first_name == "Bob"


def test_nobody_erases_themselves_nor_another_companys_nor_the_vendors_staff(cast, alice):
    assert alice.post(erase_page(cast.alice), data={"email": cast.alice.email}).status_code == 302
    for stranger in (gone(cast.charlie, cast.sam), cast.sam):
        assert alice.get(erase_page(stranger)).status_code == 404
        assert alice.post(erase_page(stranger), data={"email": stranger.email}).status_code == 404
        known = f"/portal/users/known/?id={stranger.id}"
        assert alice.post(known, data={"form": "json"}).status_code == 404
    assert [again(user).erased_at for user in (cast.alice, cast.charlie, cast.sam)] == [None] * 3


@pytest.mark.parametrize("id", ["", "0", "x", "9" * 30, "1;--"])
def test_a_number_that_is_nobodys_finds_nobody(cast, alice, id):
    for page in ("erase", "known"):
        assert alice.get(f"/portal/users/{page}/", query_string={"id": id}).status_code == 404


def test_erased_once_more_in_another_tab_leads_to_the_person(cast, alice):
    erasure.erase(gone(cast.bob, cast.alice), cast.bob.email, by=Actor.of(cast.alice))
    for answer in (alice.get(erase_page(cast.bob)), alice.post(erase_page(cast.bob), data={"email": "x"})):
        assert answer.location == f"/portal/users/{cast.bob.id}/license"
    assert len(entries("person_erased")) == 1


def test_an_old_page_neither_lets_in_nor_renames_who_was_erased_since(cast, alice):
    erasure.erase(gone(cast.bob, cast.alice), cast.bob.email, by=Actor.of(cast.alice))
    answer = alice.post("/portal/users/reactivate/", data={"id": cast.bob.id}, follow_redirects=True)
    assert "son compte ne peut plus servir" in words(answer)
    edit = f"/portal/users/edit/?id={cast.bob.id}"
    renamed = {"first_name": "Bob", "last_name": "Tremblay", "language": "fr", "role": "member", "seen": ""}
    assert alice.post(edit, data=renamed).status_code == 422
    bob = again(cast.bob)
    assert (bob.active, bob.first_name) == (False, "")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/portal/users/", True),
        ("/portal/users/export/csv/", True),
        ("/portal/journal/", True),
        ("/support/people/", True),
        ("/support/people/export/csv/", True),
        ("/support/journal/", True),
        ("/portal/as-of/", False),
        ("/portal/licenses/", False),
    ],
)
@pytest.mark.parametrize(("language", "called"), [("fr", "Personne effacée"), ("en", "Erased person")])
def test_lists_and_files_call_them_so_in_the_readers_language(
    app, cast, alice, sam, path, shown, language, called
):
    make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    erasure.erase(gone(cast.bob, cast.alice), cast.bob.email, by=Actor.of(cast.alice))
    reader = cast.alice if path.startswith("/portal") else cast.sam
    reader = again(reader)
    reader.language = language
    db.session.commit()
    answer = sign_in(make_client(app), reader).get(path, buffered=True)
    assert answer.status_code == 200
    assert "Bob" not in answer.text
    assert (called in answer.text) == shown


def test_the_warning_names_an_address_of_the_firm_that_is_this_persons_too(cast, alice):
    gone(cast.bob, cast.alice)
    cast.acme.billing_email = cast.bob.email
    db.session.commit()
    page = words(alice.get(erase_page(cast.bob)))
    assert "bob@acme.example est aussi l’adresse de facturation d’Acme" in page


# --- What the desk knows ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("site", ["portal/users", "support/people"])
def test_what_is_known_of_somebody_is_shown_and_filed_and_stands_in_the_journal(cast, alice, sam, site):
    browser = alice if site.startswith("portal") else sam
    make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    path = f"/{site}/known/?id={cast.bob.id}"
    assert "Ne le remettez qu’à cette personne" in words(browser.get(path))
    assert entries("person_exported") == []
    shown = browser.post(path, data={"form": "page"})
    assert "Ce que le portail sait de Bob Tremblay" in words(shown)
    assert "bob@acme.example" in words(shown)
    assert "Utilisateur standard" in words(shown)
    file = browser.post(path, data={"form": "json"})
    assert file.mimetype == "application/json"
    assert file.headers["Content-Disposition"].startswith('attachment; filename="person-')
    assert file.headers["Cache-Control"] == "no-store"
    assert [part["code"] for part in json.loads(file.text)["parts"]] == ["account", "licenses"]
    assert [entry.after for entry in entries("person_exported")] == [{"format": "page"}, {"format": "json"}]


def test_anybody_reads_what_is_known_of_themselves(app, cast):
    for user in (cast.bob, cast.sam, make_user(cast.globex, "Gina", Role.MEMBER)):
        browser = sign_in(make_client(app), user)
        assert "/profile/known" in browser.get("/profile").text
        page = words(browser.post("/profile/known", data={"form": "page"}))
        assert f"Ce que le portail sait de {user.name}" in page
        file = json.loads(browser.post("/profile/known", data={"form": "json"}).text)
        assert file["person"] == user.id
    visitor = make_client(app).post("/profile/known", data={"form": "json"})
    assert visitor.location.startswith("/sign-in")


def test_a_form_that_is_none_of_ours_is_answered_by_the_page(cast, alice):
    answer = alice.post(f"/portal/users/known/?id={cast.bob.id}", data={"form": "../../etc/passwd"})
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
