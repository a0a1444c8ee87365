"""Importer des utilisateurs: from a file to people in the list, by the pages that an administrator sees."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import sqlalchemy as sa

from models import Batch, BatchRow, License, User, db
from tests.admin_views.portal.pages import field, words
from tests.admin_views.portal.test_batches import confirm
from tests.admin_views.support.forms import read_form
from tests.client import Client, sign_in
from tests.factories import make_licenses

PATH = "/portal/imports/"
TWO = "Prénom;Nom;Courriel;Rôle\nZoé;Roy;zoe@acme.example;\nLéa;Côté;lea@acme;Chef\n"


def upload(client: Client, content: bytes | str = TWO, name: str = "embauches.csv", path: str = PATH) -> Any:
    content = content.encode() if isinstance(content, str) else content
    # Written by hand: Werkzeug's own would leave a file open where there is much of it.
    start = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = start.encode() + content + b"\r\n--x--\r\n"
    return client.post(path, data=body, content_type="multipart/form-data; boundary=x")


def go_on(client: Client, page: str, **changes: str) -> Any:
    """Send the form of the columns as it is shown, with `changes`."""
    return client.post(page, data={**read_form(client.get(page).text), "go": "1", **changes})


def checked(client: Client, content: bytes | str = TWO, **changes: str) -> str:
    """The address of the batch's page, of a file whose rows were prepared."""
    answer = go_on(client, upload(client, content).location, **changes)
    assert answer.status_code == 303, words(answer)
    return str(answer.location).partition("?")[0]


def addresses(cast: Any) -> set[str]:
    db.session.rollback()
    return set(db.session.scalars(sa.select(User.email).where(User.company_id == cast.acme.id)))


def test_a_file_becomes_people_by_way_of_a_preview(cast, alice):
    begun = upload(alice)
    assert begun.status_code == 303
    shown = words(alice.get(begun.location))
    assert "embauches.csv" in shown
    assert "Zoé" in shown
    page = checked(alice)
    preview = words(alice.get(page))
    assert "Importer 1 personne" in preview
    assert "« Chef » est inconnu" in preview
    assert "zoe@acme.example" not in addresses(cast)
    confirm(alice, page)
    assert "zoe@acme.example" in addresses(cast)


def test_rows_that_were_pasted_are_read_too(cast, alice):
    pasted = "Nom\tCourriel\nRoy, Zoé\tzoe@acme.example\n"
    page = alice.post(PATH, data={"pasted": pasted}).location
    # Nobody is asked in which letters a paste is.
    assert 'id="encoding"' not in alice.get(page).text
    sent = go_on(alice, page)
    confirm(alice, sent.location.partition("?")[0])
    zoe = db.session.scalars(sa.select(User).where(User.email == "zoe@acme.example")).one()
    assert (zoe.first_name, zoe.last_name) == ("Zoé", "Roy")


def test_licences_that_lack_are_said_by_plan_and_can_be_bought(cast, alice):
    make_licenses(1, cast.alice, cast.avance)
    make_licenses(1, cast.alice, cast.pro)
    page = checked(
        alice,
        "Prénom;Nom;Courriel;Forfait\n"
        + "".join(
            f"P{number};N;p{number}@acme.example;{plan}\n"
            for number, plan in enumerate(["pro"] * 2 + [""] * 4)
        )
        + "Bob;Tremblay;bob@acme.example;\n",
        plan=str(cast.avance.id),
    )
    shown = alice.get(page)
    for plan, lacking in ((cast.avance, 4), (cast.pro, 1)):
        assert f"Licences disponibles, {plan.name_fr} : 1 → 0" in words(shown)
        assert f"Acheter {lacking} licence" in words(shown)
        assert shown.text.count(f"plan={plan.id}&amp;quantity={lacking}") == 1
    confirm(alice, page)
    held = db.session.scalars(sa.select(License.plan_id).where(License.user_id.is_not(None)))
    assert sorted(held) == sorted([cast.avance.id, cast.pro.id])


def test_columns_without_headings_are_said_by_hand(cast, alice):
    page = upload(alice, "Zoé;Roy;zoe@acme.example\nLéa;Côté;lea@acme.example\n").location
    assert go_on(alice, page).status_code == 422
    sent = go_on(alice, page, column_0="first_name", column_1="last_name")
    assert sent.status_code == 303
    confirm(alice, sent.location.partition("?")[0])
    assert {"zoe@acme.example", "lea@acme.example"} <= addresses(cast)


def test_one_thing_in_two_columns_is_refused_and_the_page_says_so(cast, alice):
    page = upload(alice).location
    answer = go_on(alice, page, column_0="email", column_2="email")
    assert answer.status_code == 422
    assert "Courriel" in words(answer)


def test_a_wrong_encoding_is_chosen_by_the_row_that_reads_well(cast, alice):
    mac = "Prénom;Nom;Courriel\nZoé;Roy;zoe@acme.example\n".encode("mac-roman")
    page = upload(alice, mac).location
    assert "Mac OS Roman" in words(alice.get(page))
    form = read_form(alice.get(page).text)
    answer = alice.post(page, data={**form, "encoding": "windows-1252", "again": "1"})
    assert answer.status_code == 303
    assert "PrŽnom" in alice.get(page).text
    alice.post(page, data={**form, "encoding": "mac-roman", "again": "1"})
    assert "Prénom" in alice.get(page).text


def test_a_licence_is_given_on_the_way(cast, alice):
    make_licenses(1, cast.alice, cast.avance)
    page = checked(alice, plan=str(cast.avance.id))
    confirm(alice, page)
    held = db.session.scalars(sa.select(License).where(License.user_id.is_not(None))).one()
    assert held.user.email == "zoe@acme.example"


def test_the_rows_that_are_wrong_come_back_as_the_same_file_with_why(cast, alice):
    page = checked(alice)
    answer = alice.get(f"{page.replace('/batches/', '/imports/')}wrong-rows")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert rows[0][:4] == ["Prénom", "Nom", "Courriel", "Rôle"]
    assert [row[:4] for row in rows[1:]] == [["Léa", "Côté", "lea@acme", "Chef"]]
    assert "Chef" in rows[1][4]


def test_who_is_not_in_the_file_is_listed(cast, alice):
    page = checked(alice).replace("/batches/", "/imports/")
    shown = words(alice.get(f"{page}missing"))
    assert "Bob Tremblay" in shown


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "Choisissez un fichier"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "tableau"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le"), ".xlsx"),
        (b"a" * 10_000_001, "10"),
    ],
    ids=["nothing", "a picture", "an xls of 1997", "too large"],
)
def test_what_is_no_list_gets_a_sentence_and_nothing_is_kept(cast, alice, content, says):
    answer = upload(alice, content, name="liste.xlsx" if content else "")
    assert answer.status_code == 422
    assert says in words(answer)
    assert not db.session.scalars(sa.select(Batch)).all()


def test_what_is_larger_than_any_list_gets_a_sentence_too(cast, alice):
    answer = upload(alice, b"a" * 50_000_001)
    assert answer.status_code == 303
    assert "trop volumineux" in words(alice.get(answer.location))


def test_templates_can_be_filled_in_and_read_again(cast, alice):
    for kind in ("csv", "xlsx"):
        content = alice.get(f"{PATH}template.{kind}").data
        page = checked(alice, content)
        assert "Importer 2 personnes" in words(alice.get(page))


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_the_list_of_people_exports_can_be_imported_and_changes_nothing(cast, client, kind, language):
    make_licenses(3, cast.alice, cast.avance, holder=cast.bob)
    expired = make_licenses(1, cast.alice, cast.eco, holder=cast.dave)[0]
    expired.valid_until = expired.usable_until = (
        expired.valid_from + (expired.valid_until - expired.valid_from) / 500
    )
    cast.erin.language = language
    off = db.session.get_one(User, cast.dave.id)
    off.last_name = "O’Neil, Jr"
    db.session.commit()
    sign_in(client, cast.erin)
    content = client.get(f"/portal/users/export/{kind}/", buffered=True).data
    before = [
        (user.id, user.name, user.email, user.role, user.active)
        for user in db.session.scalars(sa.select(User))
    ]
    page = checked(client, content)
    db.session.rollback()
    assert {str(row.outcome) for row in db.session.scalars(sa.select(BatchRow))} == {"same"}
    assert client.get(page).status_code == 200
    after = [
        (user.id, user.name, user.email, user.role, user.active)
        for user in db.session.scalars(sa.select(User))
    ]
    assert before == after


def test_another_company_s_import_is_not_there(cast, alice, client):
    page = upload(alice).location
    sign_in(client, cast.carol)
    for path in (page, f"{page}wrong-rows", f"{page}missing"):
        assert client.get(path).status_code == 404
    assert client.post(page, data={"go": "1"}).status_code == 404


def test_support_imports_for_a_customer_whom_the_address_names(cast, client):
    sign_in(client, cast.sam)
    assert "Choisissez d’abord un client" in words(client.get("/support/imports/"))
    assert upload(client, path="/support/imports/").status_code == 422
    begun = upload(client, path=f"/support/imports/?company={cast.acme.id}")
    page = go_on(client, begun.location).location.partition("?")[0]
    confirm(client, page)
    assert "zoe@acme.example" in addresses(cast)


def test_adding_one_person_can_be_taken_back_where_it_is_said(cast, alice):
    form = {
        "first_name": "Zoé",
        "last_name": "Roy",
        "email": "zoe@acme.example",
        "role": "member",
        "language": "fr",
    }
    page = alice.post("/portal/users/new/", data=form, follow_redirects=True)
    assert "Annuler" in words(page)
    answer = alice.post(
        "/portal/undo/", data={"operation": field(page, "operation"), "url": "/portal/users/"}
    )
    assert answer.status_code == 303
    zoe = db.session.scalars(sa.select(User).where(User.email == "zoe@acme.example")).one()
    assert not zoe.active
