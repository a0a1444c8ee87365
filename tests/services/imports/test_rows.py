"""What is said of each row, before anything is done: exactly what is wrong, by its own number, and nothing of what is right."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from access import Actor
from models import Batch, BatchRow, JournalEntry, JournalVerb, Operation, RowOutcome, User, db
from services.batches import applying
from services.files.tables import Kind
from services.foundation import operations
from services.imports import names, people
from services.licenses import assign
from services.people import accounts, addresses, deactivation
from services.people.deactivation import Seats
from services.privacy import erasure
from tests import factories
from tests.asked import refused
from tests.services.files import books
from tests.services.imports.conftest import outcomes, people_of_acme, told

HEAD = "Prénom;Nom;Courriel;Rôle;Langue;Forfait\n"


@pytest.mark.parametrize(
    ("row", "field", "says"),
    [
        ("Zoé;Roy;;;;", "email", "l’adresse manque"),
        ("Zoé;;zoe@acme.example;;;", "last_name", "le nom de famille manque"),
        (";Roy;zoe@acme.example;;;", "first_name", "le prénom manque"),
        ("\u200b;Roy;zoe@acme.example;;;", "first_name", "le prénom manque"),
        (f"{'Z' * 101};Roy;zoe@acme.example;;;", "first_name", "100"),
        ("http://x.example;Roy;zoe@acme.example;;;", "first_name", "adresse Web"),
        ("Zoé;Roy;zoe@acme;;;", "email", "domaine est incomplet"),
        ("Zoé;Roy;zoé@acme.example;;;", "email", "avant le @"),
        ("Zoé;Roy;zoe@acme.example;Chef;;", "role", "« Chef » est inconnu"),
        ("Zoé;Roy;zoe@acme.example;Soutien;;", "role", "« Soutien » est inconnu"),
        ("Zoé;Roy;zoe@acme.example;;Latin;", "language", "« Latin » est inconnu"),
        ("Zoé;Roy;zoe@acme.example;;;Platine", "plan", "« Platine » est inconnu"),
        ("Zoé;Roy;zoe@acme.example;;;;de trop", "row", "plus de cellules que les en-têtes"),
        ("Zoé\u202e;Roy;zoe@acme.example;;;", "first_name", "U+202E"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_of_its_cell(cast, prepared, row, field, says):
    batch = prepared(f"{HEAD}{row}\nLéa;Côté;lea@acme.example;;;\n")
    found = db.session.scalars(
        sa.select(BatchRow).where(BatchRow.batch_id == batch.id, BatchRow.no == 2)
    ).one()
    assert (found.outcome, found.field) == (RowOutcome.LEFT, field)
    assert says in str(found.problem).replace("\u00a0", " ")
    assert outcomes(batch)[3] == "ready"


def test_all_that_is_wrong_with_a_row_is_said_at_once(cast, prepared):
    problem = str(told(prepared(f"{HEAD}Zoé;;zoe@acme;Chef;;\n"))[2][1])
    assert all(text in problem for text in ("nom de famille", "domaine", "Chef"))


@pytest.mark.parametrize(
    "second",
    [
        "zoe@acme.example",
        "ZOE@ACME.example",
        " zoe@acme.example\u00a0",
        "z\u200boe@acme.example\ufeff",
        "mailto:zoe@acme.example",
        "Zoé Roy <zoe@acme.example>",
    ],
)
def test_an_address_that_comes_twice_is_taken_once_and_the_other_row_names_it(cast, prepared, second):
    batch = prepared(f"{HEAD}Zoé;Roy;zoe@acme.example;;;\nZoé;Roy;{second};;;\n")
    assert outcomes(batch) == {2: "ready", 3: "left"}
    assert "ligne 2" in str(told(batch)[3][1]).replace("\u00a0", " ")


def test_the_two_spellings_of_an_accent_are_one_name_and_one_domain(cast, confirmed):
    batch = confirmed(f"{HEAD}Zoe\u0301;Roy;zoe@e\u0301cole.example;;;\nZoé;Roy;zoe@école.example;;;\n")
    assert outcomes(batch) == {2: "ready", 3: "left"}
    assert db.session.scalar(sa.select(User.first_name).where(User.email == "zoe@école.example")) == "Zoé"


def test_a_plus_sign_makes_another_person_of_an_address(cast, prepared):
    batch = prepared(f"{HEAD}Zoé;Roy;zoe@acme.example;;;\nZoé;Roy;zoe+desk@acme.example;;;\n")
    assert outcomes(batch) == {2: "ready", 3: "ready"}


def test_a_formula_is_never_computed_and_its_row_says_so(cast, prepared):
    rows = books.sheet(
        '<row r="1">' + books.cell("A1", "Nom") + books.cell("B1", "Courriel") + "</row>"
        '<row r="2">' + books.cell("A2", "Roy, Zoé") + '<c r="B2"><f>A2&amp;"@acme.example"</f></c></row>'
    )
    batch = prepared(books.zipped(books.parts(rows)))
    found = db.session.scalars(sa.select(BatchRow).where(BatchRow.batch_id == batch.id)).one()
    assert (found.outcome, found.field) == (RowOutcome.LEFT, "email")
    assert "formule" in str(found.problem)


def test_a_header_on_the_third_row_leaves_the_numbers_of_the_file(cast, prepared):
    batch = prepared("Embauches\n\nNom;Courriel\nRoy, Zoé;zoe@acme.example\n\nCôté, Léa;lea@acme\n")
    assert outcomes(batch) == {4: "ready", 6: "left"}


def test_whoever_was_deactivated_is_left_with_what_to_do(cast, prepared):
    deactivation.deactivate(db.session.get_one(User, cast.bob.id), Seats.KEEP, by=Actor.of(cast.alice))
    batch = prepared(f"{HEAD}Bob;T;{cast.bob.email};;;\n")
    outcome, problem = told(batch)[2]
    assert outcome == RowOutcome.LEFT
    assert "Réactivez" in str(problem)


def test_who_holds_a_licence_of_the_product_gets_no_second_one(cast, prepared):
    factories.make_licenses(1, cast.alice, cast.avance, holder=cast.bob)
    factories.make_licenses(1, cast.alice, cast.avance)
    batch = prepared(f"{HEAD}Bob;T;{cast.bob.email};;;Avancé\n")
    assert outcomes(batch) == {2: "same"}


def test_an_import_adds_no_crowd_of_administrators(cast, prepared):
    rows = "".join(f"P{number};Roy;p{number}@acme.example;Administrateur;;\n" for number in range(22))
    assert [one for _no, one in sorted(outcomes(prepared(HEAD + rows)).items())] == ["ready"] * 20 + [
        "left"
    ] * 2


def test_rows_that_were_wrong_come_back_as_a_workbook_that_can_be_read_again(cast, prepared):
    content = books.written(["Nom", "Courriel"], ["Roy, Zoé", "zoe@acme"], ["Côté, Léa", "lea@acme.example"])
    wrong, kind = people.wrong_rows(prepared(content))
    assert kind is Kind.XLSX
    again = prepared(wrong)
    assert list(outcomes(again).values()) == ["left"]


def test_preparing_goes_on_where_a_worker_died_and_remembers_the_rows_before(
    cast, prepared, monkeypatch, time_machine
):
    time_machine.move_to("2026-03-31 12:00Z", tick=False)
    monkeypatch.setattr("services.batches.preparing.PART", 2)
    real, calls = addresses.of_company, list[int]()

    def dies_at_the_second_part(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit
        return real(*arguments)

    monkeypatch.setattr("services.people.addresses.of_company", dies_at_the_second_part)
    rows = f"{HEAD}Zoé;Roy;zoe@acme.example;;;\nLéa;Roy;lea@acme.example;;;\nZoé;Roy;zoe@acme.example;;;\n"
    with pytest.raises(SystemExit):
        prepared(rows)
    db.session.rollback()
    batch = db.session.scalars(sa.select(Batch)).one()
    assert outcomes(batch) == {2: "ready", 3: "ready", 4: "waiting"}
    time_machine.move_to("2026-03-31 12:05Z", tick=False)
    applying.do_due()
    assert outcomes(batch) == {2: "ready", 3: "ready", 4: "left"}
    assert "ligne 2" in str(told(batch)[4][1]).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("name", "parted"),
    [
        ("Tremblay, Marie", ("Marie", "Tremblay")),
        ("Marie Tremblay", ("Marie", "Tremblay")),
        ("TREMBLAY Marie", ("Marie", "TREMBLAY")),
        ("Marie de la Tour", ("Marie", "de la Tour")),
        ("Jean Paul Bernier", ("Jean Paul", "Bernier")),
        ("Cher", ("Cher", "")),
        ("", ("", "")),
    ],
)
def test_a_name_in_one_column_is_cut_in_two(name, parted):
    assert names.parted(name) == parted


def test_a_column_that_says_the_family_name_first_is_believed(cast, confirmed):
    confirmed("Nom et prénom;Courriel\nTremblay Marie;marie@acme.example\n")
    assert db.session.scalar(sa.select(User.first_name).where(User.email == "marie@acme.example")) == "Marie"


# --- Beside imports ---------------------------------------------------------------------------------------------------


def test_one_person_added_by_hand_is_taken_back_and_woken_by_an_import(cast, confirmed):
    alice = Actor.of(cast.alice)
    values = {"email": "zoe@acme.example", "first_name": "Zoé", "last_name": "Roy"}
    zoe = accounts.create_person(values, company_id=cast.acme.id, by=alice).id
    added = db.session.scalars(sa.select(Operation).order_by(Operation.at.desc()).limit(1)).one()
    assert operations.undo(added, alice) == []
    assert not db.session.get_one(User, zoe).active
    undone = db.session.scalars(
        sa.select(JournalEntry).where(JournalEntry.verb == JournalVerb.PERSON_ADDITION_UNDONE)
    ).one()
    assert undone.subject_id == zoe
    confirmed(f"{HEAD}Zoé;Roy;zoe@acme.example;;;\n")
    assert db.session.get_one(User, zoe).active


def test_whoever_holds_a_licence_by_now_is_not_shut_out_by_an_undoing(cast, confirmed):
    batch = confirmed(f"{HEAD}Zoé;Roy;zoe@acme.example;;;\n")
    zoe = db.session.scalars(sa.select(User).where(User.email == "zoe@acme.example")).one()
    factories.make_licenses(1, cast.alice, cast.avance)
    assign(cast.avance, zoe, Actor.of(cast.alice))
    done = db.session.get_one(Operation, batch.operation_id)
    assert refused("all_moved", operations.undo, done, Actor.of(cast.alice))
    assert "zoe@acme.example" in people_of_acme(cast)


def test_erasing_somebody_blanks_what_an_import_holds_of_them(cast, confirmed):
    confirmed(f"{HEAD}Zoé;Roy;zoe@acme.example;;;\n")
    zoe = db.session.scalars(sa.select(User).where(User.email == "zoe@acme.example")).one()
    deactivation.deactivate(zoe, Seats.KEEP, by=Actor.of(cast.alice))
    zoe = db.session.get_one(User, zoe.id)
    erasure.erase(zoe, zoe.email, by=Actor.of(cast.alice))
    kept = [
        str(row.raw) + str(row.seen) + str(row.problem) for row in db.session.scalars(sa.select(BatchRow))
    ]
    assert not any("zoe" in text.lower() for text in kept)


def test_two_imports_of_the_same_people_at_once_add_each_once(cast, prepared, together):
    rows = HEAD + "".join(f"P{number};Roy;p{number}@acme.example;;;\n" for number in range(30))
    batches = [prepared(rows).id for _number in range(2)]
    by = Actor.of(cast.alice)

    def confirm(number):

        batch = db.session.get_one(Batch, batches[number])
        applying.confirm(batch, by)
        applying.work_on([batches[number]])

    raised = [outcome.error for outcome in together(2, confirm) if outcome.error]
    assert raised == []
    applying.do_due()
    counts = db.session.scalars(
        sa.select(sa.func.count()).where(User.email.like("p%@acme.example")).group_by(User.email)
    ).all()
    assert counts == [1] * 30
    states = sorted(
        str(outcome)
        for outcome in db.session.scalars(sa.select(BatchRow.outcome).where(BatchRow.batch_id.in_(batches)))
    )
    assert states == ["moved"] * 30 + ["ready"] * 30
