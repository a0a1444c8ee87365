"""What goes back to people is their own file, and runs nothing."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest

from services.files import reading, writing
from services.files.headers import matched
from services.files.tables import Encoding, Kind
from services.text.inert import FORMULA_STARTS
from tests.services.files.books import written
from tests.services.files.test_headers import FIELDS

pytestmark = pytest.mark.one_database

LIVE = [f'{start}HYPERLINK("https://evil.example")' for start in sorted(FORMULA_STARTS)]


@pytest.mark.parametrize("kind", [Kind.CSV, Kind.XLSX])
def test_a_template_is_understood_when_it_comes_back(kind):
    content = writing.template(["Prénom", "Nom", "Courriel"], [["Léa", "Roy", "lea@acme.example"]], kind)
    table = reading.read(content)
    assert table.kind is kind
    assert dict(matched(table, FIELDS).columns) == {"first": 0, "last": 1, "email": 2}
    assert table.lines[1].cells == ("Léa", "Roy", "lea@acme.example")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_wrong_rows_of_a_csv_are_one_again_with_its_separator(separator):
    text = (
        separator.join(["Nom", "Courriel"])
        + "\r\n"
        + separator.join(["Côté", "a@b"])
        + "\r\n"
        + separator.join(["Roy", "r@acme.example"])
    )
    table = reading.read(text.encode("windows-1252"))
    content = writing.with_column(
        table, "Problème", {2: "L’adresse « a@b » n’est pas complète."}, header=table.lines[0]
    )
    assert content.startswith(b"\xef\xbb\xbf")
    back = reading.read(content)
    assert (back.encoding, back.separator) == (Encoding.UTF_8, separator)
    assert [line.cells for line in back.lines] == [
        ("Nom", "Courriel", "Problème"),
        ("Côté", "a@b", "L’adresse « a@b » n’est pas complète."),
    ]


def test_the_wrong_rows_of_a_workbook_and_of_a_paste_are_a_workbook():
    rows = [["Nom", "Courriel"], ["Côté"], ["Roy", "r@acme.example"]]
    for table in (reading.read(written(*rows)), reading.read_text("\n".join("\t".join(row) for row in rows))):
        back = reading.read(
            writing.with_column(table, "Problème", {2: "Sans adresse", 3: "Deux fois"}, header=table.lines[0])
        )
        assert back.kind is writing.written_kind(table) is Kind.XLSX
        assert [line.cells for line in back.lines] == [
            ("Nom", "Courriel", "Problème"),
            ("Côté", "", "Sans adresse"),
            ("Roy", "r@acme.example", "Deux fois"),
        ]


def test_without_a_header_only_the_new_column_has_one():
    table = reading.read(b"Roy;r@acme\nBob;b@acme")
    back = reading.read(writing.with_column(table, "Problem", {2: "Not an address"}))
    assert [line.cells for line in back.lines] == [("", "", "Problem"), ("Bob", "b@acme", "Not an address")]


@pytest.mark.parametrize("text", LIVE)
def test_no_cell_that_goes_back_is_run(text):
    table = reading.read_text("a\tb\n")
    table = type(table)(Kind.CSV, [type(table.lines[0])(1, ("a", text))], separator=";")
    content = writing.with_column(table, text, {1: text})
    assert f';"{text[0]}'.encode() not in content
    assert f";\"'{text[0]}".encode() in content
    back = reading.read(content).lines[1].cells
    assert back == ("a", *[text.replace("\r", "\n")] * 2)


@pytest.mark.parametrize("text", [*LIVE, "https://evil.example", "mailto:a@b.example", "{=1+1}", "0123"])
def test_no_cell_of_a_workbook_that_goes_back_is_a_formula_a_link_or_a_number(text):
    content = writing.template(["Nom", text], [["Léa", text]], Kind.XLSX)
    page = openpyxl.load_workbook(io.BytesIO(content)).active
    assert {cell.data_type for row in page.iter_rows() for cell in row} == {"s"}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b"hyperlink" not in sheet


def test_what_was_read_and_went_back_is_read_as_the_same():
    text = 'Nom;Note\n"\'=1+1";"une\ndeux"\n\' x;#N/A\n'
    table = reading.read(text.encode())
    said = {line.number: "!" for line in table.lines[1:]}
    back = reading.read(writing.with_column(table, "Problème", said, header=table.lines[0]))
    assert [line.cells[:2] for line in back.lines] == [line.cells for line in table.lines]
