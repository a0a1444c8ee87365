"""What cannot come in is named by its own row, with why; nothing else waits for it, and nobody else's is touched."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from flask_babel import force_locale

from models import BatchState, Company, License, Post, User, db, utcnow
from services.bases import base
from services.batches import applying
from services.files.tables import Kind
from services.foundation.errors import Code
from tests.asked import refused
from tests.factories import make_company, make_licenses, make_user
from tests.services.bases.conftest import again, customer, outcomes, problem

NEXT = (utcnow() + dt.timedelta(days=300)).date()
HEAD = "Client;Courriel de facturation;Province;Nom;Courriel;Forfait;Clé;Début;Fin;Attribuée le;Activée le\n"
FIRST = f"Levis;a@levis.example;QC;Marie Roy;marie@levis.example;Pro;KEY-001;;{NEXT};;\n"


def row(**cells):
    names = [
        "customer",
        "billing",
        "province",
        "name",
        "email",
        "plan",
        "key",
        "start",
        "end",
        "given",
        "used",
    ]
    usual = {"customer": "Levis", "plan": "Pro", "end": str(NEXT)}
    return ";".join((usual | cells).get(name, "") for name in names) + "\n"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"customer": ""}, "manque"),
        ({"plan": "Platine"}, "Platine\xa0» n’est pas un forfait"),
        ({"plan": ""}, "Il y a"),
        ({"end": ""}, "manque"),
        ({"end": "bientôt"}, "bientôt\xa0»"),
        ({"end": "9999-12-31"}, "1970"),
        ({"end": "2031-02-30"}, "2031-02-30\xa0»"),
        ({"start": "2031-01-01", "end": "2031-12-31"}, "n’est pas encore venu"),
        ({"start": "2020-06-01", "end": "2020-01-01"}, "avant le premier jour"),
        ({"used": "2024-01-01"}, "qui a la licence"),
        ({"name": "Luc Roy", "email": "luc@levis.example", "used": "2199-01-01"}, "n’est pas encore venu"),
        (
            {"name": "Luc Roy", "email": "luc@levis.example", "given": "2024-05-01", "used": "2024-04-01"},
            "avant le jour",
        ),
        ({"name": "Luc Roy", "email": "luc arobase levis"}, "luc arobase levis"),
        ({"email": "inconnu@levis.example"}, "nom"),
        ({"key": "key-001"}, "ligne 2"),
        ({"key": "x" * 41}, "40"),
        ({"key": "clé-é"}, "accents"),
        ({"key": "ab"}, "40"),
        ({"billing": "other@levis.example"}, "ligne 2"),
        ({"email": "marie@levis.example", "key": "KEY-002"}, "personne n’en a deux"),
        (
            {
                "customer": "Autre",
                "billing": "b@autre.example",
                "province": "QC",
                "name": "Marie Roy",
                "email": "MARIE@levis.example",
            },
            "Levis",
        ),
        ({"customer": "Nouveau"}, "Courriel de facturation"),
        ({"customer": "Nouveau", "billing": "b@n.example"}, "Province"),
        ({"customer": "Nouveau", "billing": "pas une adresse", "province": "QC"}, "pas une adresse"),
        ({"customer": "Nouveau", "billing": "b@n.example", "province": "Texas"}, "Province"),
    ],
)
def test_a_wrong_row_is_named_with_what_is_wrong_and_the_others_come_in(cast, brought, cells, said):
    with force_locale("fr_CA"):
        batch = brought(HEAD + FIRST + row(**cells))
    assert outcomes(batch) == {2: "ready", 3: "left"}
    assert said in problem(batch, 3)
    assert [one.key for one in db.session.scalars(sa.select(License))] == ["KEY-001"]
    assert not db.session.scalars(sa.select(Company).where(Company.name.in_(["Nouveau", "Autre"]))).all()


def test_a_key_of_the_desk_is_not_taken_by_another_customer(cast, brought):
    (seat,) = make_licenses(1, cast.alice, cast.pro)
    batch = brought(HEAD + FIRST + row(key=seat.key.lower()))
    assert outcomes(batch) == {2: "ready", 3: "left"}
    assert "client" in problem(batch, 3) or "customer" in problem(batch, 3)


def test_a_key_of_the_customer_with_another_end_is_changed_in_the_desk_and_not_here(cast, brought, prepared):
    brought(HEAD + FIRST)
    batch = prepared(HEAD + FIRST.replace(str(NEXT), str(NEXT + dt.timedelta(days=1))))
    assert outcomes(batch) == {2: "left"}


def test_somebody_of_another_customer_holds_nothing_here(cast, brought):
    batch = brought(
        HEAD + FIRST + row(name="Carol T", email=cast.carol.email) + row(name="Sam", email=cast.sam.email)
    )
    assert outcomes(batch) == {2: "ready", 3: "left", 4: "left"}
    assert db.session.get_one(User, cast.carol.id).company_id == cast.globex.id
    assert cast.globex.name in problem(batch, 3)


def test_who_holds_one_in_the_desk_gets_no_second_and_what_is_over_makes_room(cast, brought):
    make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    over = {"starts": utcnow() - dt.timedelta(days=800), "ends": utcnow() - dt.timedelta(days=400)}
    (old,) = make_licenses(1, cast.alice, cast.pro, holder=cast.dave, **over)
    batch = brought(
        HEAD
        + row(customer="Acme", email=cast.bob.email)
        + row(customer="Acme", email=cast.dave.email, key="NEW-1")
    )
    assert outcomes(batch) == {2: "left", 3: "ready"}
    held = db.session.scalars(sa.select(License).where(License.user_id == cast.dave.id)).all()
    assert [one.key for one in held] == ["NEW-1"]
    assert db.session.get_one(License, old.id, populate_existing=True).user_id is None


def test_two_customers_of_one_name_are_told_apart_by_the_billing_email(cast, brought):
    first, second = (
        make_company("Twins", billing_email="one@twins.example"),
        make_company("Twins", billing_email="two@twins.example"),
    )
    batch = brought(HEAD + row(customer="Twins", key="T-001"))
    assert outcomes(batch) == {2: "left"}
    brought(HEAD + row(customer="TWINS", billing="Two@twins.example", key="T-001"))
    (seat,) = db.session.scalars(sa.select(License)).all()
    assert seat.company_id == second.id != first.id


def test_a_customer_that_somebody_opens_in_the_meantime_is_named_and_the_others_stand(cast, prepared, sam):
    batch = prepared(
        HEAD + FIRST + row(customer="Autre", billing="b@autre.example", province="QC", key="A-001")
    )
    make_company("LEVIS")
    applying.confirm(batch, sam)
    applying.do_due()
    batch = again(batch)
    assert batch.state == BatchState.DONE
    assert outcomes(batch) == {2: "moved", 3: "ready"}
    assert [one.key for one in db.session.scalars(sa.select(License))] == ["A-001"]


def test_an_address_and_a_key_taken_in_the_meantime_leave_their_rows_alone(cast, prepared, sam):
    batch = prepared(
        HEAD + FIRST + row(name="Luc Roy", email="luc@levis.example", key="KEY-2") + row(key="KEY-3")
    )
    make_user(cast.acme, "Luc", email="luc@levis.example")
    make_licenses(1, cast.alice, cast.pro)
    db.session.scalars(sa.select(License)).one().key = "KEY-3"
    db.session.commit()
    applying.confirm(batch, sam)
    applying.do_due()
    assert outcomes(again(batch)) == {2: "ready", 3: "moved", 4: "moved"}
    assert (
        len(db.session.scalars(sa.select(License).where(License.company_id == customer("Levis").id)).all())
        == 1
    )


def test_whose_rights_went_brings_nothing_over(cast, prepared, sam):
    batch = prepared(HEAD + FIRST)
    applying.confirm(batch, sam)
    db.session.get_one(User, cast.sam.id).active = False
    db.session.commit()
    applying.do_due()
    assert outcomes(again(batch)) == {2: "moved"}
    assert not db.session.scalars(sa.select(License)).all()


def test_wrong_rows_come_back_as_the_file_they_came_from(cast, prepared):
    batch = prepared(HEAD + FIRST + row(plan="Platine"))
    content, kind = base.wrong_rows(batch, 0)
    assert kind is Kind.CSV
    lines = content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "Platine" in lines[1]


def test_a_file_that_says_no_customer_asks_for_the_column(cast, sam):
    batch = base.begin([("x.csv", b"Nom;Courriel;Forfait;Fin\nA B;a@b.example;Pro;2031-01-01\n")], sam)
    assert refused(Code.FILE_CHOICE, base.proceed, batch, base.chosen(batch), {"post": Post.NONE}, sam)


def test_no_more_than_three_files_and_none_is_none(cast, sam):
    assert refused(Code.FILE_CHOICE, base.begin, [], sam)
    assert refused(Code.FILE_CHOICE, base.begin, [("x.csv", b"a;b\n")] * 4, sam)
    assert refused(
        Code.FILE_DAMAGED,
        base.begin,
        [("x.csv", b"Client;Fin\nA;2031-01-01\n"), ("y.xlsx", b"PK\x03\x04x")],
        sam,
    )


def test_a_template_that_is_filled_in_comes_in(cast, brought):
    assert outcomes(brought(base.template(Kind.XLSX, ";"))) == {2: "ready", 3: "ready"}
    assert set(outcomes(brought(base.template(Kind.CSV, ","))).values()) == {"same"}
