"""Importing an existing base, from the list of customers to what was brought over."""

from __future__ import annotations

import datetime as dt
import io

import sqlalchemy as sa

from admin_views.batches import words
from models import Batch, BatchKind, BatchState, Company, License, OutgoingMail, db, utcnow
from tests.client import sign_in
from tests.services.bases.conftest import again

NEXT = (utcnow() + dt.timedelta(days=300)).date()
ONE = (
    "Client;Courriel de facturation;Province;Nom;Courriel;Forfait;Clé;Fin\n"
    f"Lévis;a@levis.example;QC;Marie Roy;marie@levis.example;Pro;KEY-001;{NEXT}\n"
    f"Lévis;;;;;Platine;KEY-002;{NEXT}\n"
)


def send(client, *files):
    data = {f"file_{n}": (io.BytesIO(text.encode()), f"f{n}.csv") for n, text in enumerate(files, 1)}
    return client.post("/support/base/", data=data, content_type="multipart/form-data")


def columns_of(batch):
    """What the page of columns would send back as it stands."""
    sent = {"order": "", "post": "none", "go": "1"}
    for place, file in enumerate(batch.options["files"]):
        sent[f"header_{place}"] = str(file["header"])
        sent |= {f"column_{place}_{column}": name for name, column in file["columns"].items()}
    return sent


def newest():
    db.session.rollback()
    return db.session.scalars(sa.select(Batch).order_by(Batch.id.desc())).first()


def test_a_base_comes_in_from_the_list_of_customers_to_the_result(cast, client):
    sign_in(client, cast.sam)
    assert "/support/base/" in client.get("/support/customers/").text
    answer = send(client, ONE)
    assert answer.status_code == 303
    batch = newest()
    assert (batch.kind, batch.company_id) == (BatchKind.BASE, None)
    page = client.get(answer.location).text
    assert "KEY-001" in page
    assert client.post(answer.location, data=columns_of(batch)).status_code == 303
    shown = client.get(f"/support/batches/{batch.together}/").text
    assert "Platine" in shown
    assert "marie@levis.example" in shown
    assert not db.session.scalars(sa.select(License)).all()
    until = again(batch).expires_at.isoformat()
    assert client.post(f"/support/batches/{batch.together}/confirm", data={"shown": until}).status_code == 303
    assert again(batch).state == BatchState.DONE
    told = client.get(f"/support/batches/{batch.together}/").text
    assert "data-toast" in told
    # What cannot be taken back is not offered to be.
    assert "/undo" not in told
    levis = db.session.scalars(sa.select(Company).where(Company.name == "Lévis")).one()
    (seat,) = db.session.scalars(sa.select(License)).all()
    assert (seat.key, seat.company_id) == ("KEY-001", levis.id)
    assert not db.session.scalars(sa.select(OutgoingMail)).all()
    wrong = client.get(f"/support/base/{batch.together}/wrong-rows/0")
    assert "Platine" in wrong.text
    assert "KEY-001" not in wrong.text
    assert client.get(f"/support/base/{batch.together}/wrong-rows/1").status_code == 404
    for path in ("customers", "people", "licenses"):
        assert client.get(f"/support/{path}/").status_code == 200
    assert client.get(f"/support/customers/details/?id={levis.id}").status_code == 200
    assert client.get(f"/support/licenses/details/?id={seat.id}").status_code == 200
    assert client.get(f"/support/people/details/?id={seat.user_id}").status_code == 200


def test_three_files_are_numbered_each_by_its_own_rows(cast, client):
    sign_in(client, cast.sam)
    send(
        client,
        "Nom;Courriel;Province\nNordik;c@nordik.example;QC\n",
        "Client;Nom;Courriel\nNordik;Léa Roy;lea@nordik.example\n",
        f"Client;Forfait;Clé;Fin;Courriel\nNordik;Platine;X-100;{NEXT};lea@nordik.example\n",
    )
    batch = newest()
    client.post(f"/support/base/{batch.together}/", data=columns_of(batch))
    shown = client.get(f"/support/batches/{batch.together}/").text
    assert "200000002" not in shown.replace("\xa0", "").replace(" ", "")
    assert "f3.csv" in shown
    # The only file with a row to correct is the only one that is offered.
    assert [place for place in range(3) if f"wrong-rows/{place}" in shown] == [2]
    assert words.number(200_000_002) == 2


def test_what_is_no_file_gets_a_sentence_and_changes_nothing(cast, client):
    sign_in(client, cast.sam)
    assert client.post("/support/base/", data={}).status_code == 422
    assert send(client, "").status_code == 422
    assert send(client, "%PDF-1.4 not a table").status_code == 422
    assert not db.session.scalars(sa.select(Batch)).all()


def test_a_column_that_is_lacking_or_said_twice_is_asked_for(cast, client):
    sign_in(client, cast.sam)
    send(client, "Nom;Forfait;Quand\nLévis;Pro;2031-01-01\n")
    batch = newest()
    path = f"/support/base/{batch.together}/"
    assert client.post(path, data=columns_of(batch)).status_code == 422
    twice = {"header_0": "1", "column_0_0": "customer", "column_0_1": "customer", "order": "", "post": "none"}
    assert client.post(path, data=twice).status_code == 422
    assert (
        client.post(
            path, data=twice | {"column_0_1": "plan", "column_0_2": "end", "column_0_9": "key"}
        ).status_code
        == 422
    )
    assert (
        client.post(path, data=twice | {"column_0_1": "plan", "column_0_2": "end", "order": "x"}).status_code
        == 422
    )
    assert client.post(path, data=twice | {"column_0_1": "plan", "column_0_2": "end"}).status_code == 303
    assert again(batch).state == BatchState.READY


def test_nobody_but_support_sees_any_of_it(cast, client):
    sign_in(client, cast.sam)
    send(client, ONE)
    batch = newest()
    sign_in(client, cast.alice)
    for path in ("", "template.csv", f"{batch.together}/", f"{batch.together}/wrong-rows/0"):
        assert client.get(f"/support/base/{path}").status_code in {302, 403, 404}
    assert client.get(f"/portal/batches/{batch.together}/").status_code == 404


def test_a_number_that_is_none_is_not_there(cast, client):
    sign_in(client, cast.sam)
    for name in ("x", "0" * 32):
        assert client.get(f"/support/base/{name}/").status_code == 404


def test_files_of_one_name_each_give_back_their_own_wrong_rows(cast, client):
    """Three exports of a spreadsheet are often all called the same."""
    sign_in(client, cast.sam)
    customers = (
        "Client;Courriel de facturation;Province\nLévis;a@levis.example;QC\nLaval;pas une adresse;QC\n"
    )
    seats = f"Client;Forfait;Clé;Fin\nLévis;Platine;KEY-002;{NEXT}\n"
    data = {
        f"file_{n}": (io.BytesIO(text.encode()), "export.csv") for n, text in enumerate((customers, seats), 1)
    }
    address = client.post("/support/base/", data=data, content_type="multipart/form-data").location
    assert client.post(address, data=columns_of(newest())).status_code == 303
    wrong = [client.get(f"/support/base/{newest().together}/wrong-rows/{place}").text for place in (0, 1)]
    assert ["Laval" in text for text in wrong] == [True, False]
    assert ["Platine" in text for text in wrong] == [False, True]


def test_a_row_of_each_file_says_in_which_letters_it_reads_well(cast, client):
    sign_in(client, cast.sam)
    files = (ONE.encode("mac-roman"), ONE.replace("KEY", "CLÉ").encode("cp1252"))
    data = {f"file_{n}": (io.BytesIO(content), f"f{n}.csv") for n, content in enumerate(files, 1)}
    address = client.post("/support/base/", data=data, content_type="multipart/form-data").location
    shown = client.get(address).text
    for place in (0, 1):
        fieldset = shown.partition(f'id="encoding_{place}"')[2].partition("</fieldset>")[0]
        assert "Clé" in fieldset
        assert fieldset.count("checked") == 1
    sent = columns_of(newest()) | {"encoding_0": "windows-1252", "again": "0"}
    assert client.post(address, data=sent).status_code == 303
    assert newest().options["files"][0]["encoding"] == "windows-1252"
    assert "LŽvis" in client.get(address).text
