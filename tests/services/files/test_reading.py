"""What people have in their files comes out as they saw it, by the row's own number."""

from __future__ import annotations

import datetime as dt
import io
import time
import tracemalloc

import openpyxl
import pytest
from xlsxwriter import Workbook

from services.files import reading
from services.files.tables import Encoding, Fault, Kind, cell_name
from services.foundation.errors import Code, Refused
from tests.services.files.books import book, cell, parts, sheet, written, zipped

pytestmark = pytest.mark.one_database


def rows(table):
    return [(line.number, list(line.cells)) for line in table.lines]


# --- CSV ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_separator_and_an_end_of_line_are_recognised(separator, end):
    text = end.join(
        separator.join(row) for row in (["Nom", "Courriel", "Ville"], ["Léa", "lea@acme.example", "Lévis"])
    )
    table = reading.read(text.encode())
    assert (table.kind, table.separator, table.encoding) == (Kind.CSV, separator, Encoding.UTF_8)
    assert rows(table) == [(1, ["Nom", "Courriel", "Ville"]), (2, ["Léa", "lea@acme.example", "Lévis"])]


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("Nom;Prix\r\nLéa;1,50\r\nBob;12,00\r\n", ";"),
        ('Nom;Prix\r\n"Roy; Léa";1\r\nBob;2\r\n', ";"),
        ("Tremblay, Léa;lea@acme.example\r\nRoy, Bob;bob@acme.example\r\n", ";"),
        ('"Tremblay, Léa","lea@acme.example"\r\n"Roy, Bob","bob@acme.example"\r\n', ","),
        ("Nom\tVille\r\nLéa\tMontréal, Québec\r\n", "\t"),
        ("Liste des employés\r\n\r\nNom,Courriel\r\nLéa,lea@acme.example\r\nBob,bob@acme.example", ","),
        ("sep=;\r\nNom;Prix\r\nLéa;1,5\r\n", ";"),
        ("sep=,\r\na;b,c;d\r\na;b,c;d\r\n", ","),
        ("lea@acme.example;bob@acme.example", ";"),
    ],
)
def test_the_separator_is_what_cuts_the_rows_alike(text, separator):
    assert reading.read(text.encode()).separator == separator


def test_people_choose_another_separator():
    assert rows(reading.read(b"a;b,c", separator=",")) == [(1, ["a;b", "c"])]
    with pytest.raises(Refused) as refused:
        reading.read(b"a;b,c", separator="x")
    assert refused.value.code is Code.FILE_CHOICE


def test_one_column_is_a_table():
    assert rows(reading.read(b"Courriel\nlea@acme.example\nbob@acme.example\n")) == [
        (1, ["Courriel"]),
        (2, ["lea@acme.example"]),
        (3, ["bob@acme.example"]),
    ]


def test_quotes_and_breaks_stay_in_their_cell_and_rows_keep_their_numbers():
    text = 'Nom;Note\r\n"Léa";"une\r\ndeux\r\ntrois"\r\n\r\nBob;"dit ""oui"""\r\n;;\r\n5" tuyau;x\r\n'
    assert rows(reading.read(text.encode())) == [
        (1, ["Nom", "Note"]),
        (2, ["Léa", "une\ndeux\ntrois"]),
        (4, ["Bob", 'dit "oui"']),
        (6, ['5" tuyau', "x"]),
    ]


def test_excels_own_first_line_is_no_row():
    assert rows(reading.read(b"sep=;\r\nNom;Ville\r\n")) == [(1, ["Nom", "Ville"])]
    assert rows(reading.read(b'\xef\xbb\xbf"SEP=,"\nNom,Ville')) == [(1, ["Nom", "Ville"])]


def test_empty_rows_and_cells_at_the_end_cost_nothing():
    table = reading.read(b"a;b;;;\n" + b";;;;\n" * 200_000 + b"c;;;;\n")
    assert rows(table) == [(1, ["a", "b"]), (200_002, ["c"])]


def test_what_our_lists_export_comes_back_as_it_was():
    assert rows(reading.read(b"'=1+1;'@lea;'tis;'\n")) == [(1, ["=1+1", "@lea", "'tis", "'"])]


def test_a_file_of_msdos_ends_where_it_says():
    assert rows(reading.read(b"a;b\r\nc;d\r\n\x1a")) == [(1, ["a", "b"]), (2, ["c", "d"])]


def test_what_was_pasted_is_read():
    table = reading.read_text("Nom\tCourriel\nLéa\tlea@acme.example\n\nBob\tbob@acme.example")
    assert (table.kind, table.separator, table.encoding) == (Kind.PASTED, "\t", None)
    assert rows(table)[-1] == (4, ["Bob", "bob@acme.example"])
    assert rows(reading.read_text("a \ud800 b")) == [(1, ["a ? b"])]
    for pasted, code in (("", Code.FILE_EMPTY), (" \n ", Code.FILE_EMPTY), ("a\0b", Code.FILE_KIND)):
        with pytest.raises(Refused) as refused:
            reading.read_text(pasted)
        assert refused.value.code is code


# --- Workbooks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12, "12"),
        (12.0, "12"),
        (-0.5, "-0.5"),
        (0.1 + 0.2, "0.3"),
        (5145550123, "5145550123"),
        (1e20, "100000000000000000000"),
        (1e-7, "0.0000001"),
        (True, "TRUE"),
        (False, "FALSE"),
        (dt.date(2026, 3, 1), "2026-03-01"),
        (dt.datetime(2026, 3, 1), "2026-03-01"),  # noqa: DTZ001 - a workbook knows no zone
        (dt.datetime(2026, 3, 1, 14, 30), "2026-03-01 14:30"),  # noqa: DTZ001
        (dt.datetime(2026, 3, 1, 14, 30, 5), "2026-03-01 14:30:05"),  # noqa: DTZ001
        (dt.datetime(9999, 12, 31, 23, 59, 59), "9999-12-31 23:59:59"),  # noqa: DTZ001
        (dt.time(14, 30), "14:30"),
        ("0123", "0123"),
        (" Léa\r\nRoy ", " Léa\nRoy "),
        ("日本 👩‍💻", "日本 👩‍💻"),
    ],
)
def test_a_cell_is_the_text_that_people_saw(value, text):
    content = written(["x", value], default_date_format="yyyy-mm-dd hh:mm", strings_to_numbers=False)
    assert reading.read(content).lines[0].cells == ("x", text)


@pytest.mark.parametrize("since_1904", [False, True])
def test_a_day_is_the_same_whenever_its_calendar_begins(since_1904):
    assert reading.read(written([dt.date(2026, 3, 1)], date_1904=since_1904)).lines[0].cells == (
        "2026-03-01",
    )


def test_a_day_without_a_format_is_the_number_that_people_saw():
    assert reading.read(book('<row r="1"><c r="A1"><v>46082</v></c></row>')).lines[0].cells == ("46082",)
    assert reading.read(book('<row r="1"><c r="A1" s="1"><v>46082</v></c></row>')).lines[0].cells == (
        "2026-03-01",
    )
    assert reading.read(book('<row r="1"><c r="A1" s="1"><v>-9e9</v></c></row>')).lines[0].faults == {
        0: Fault.ERROR
    }


def test_a_formula_is_the_value_that_was_kept_and_is_told_apart_without_one():
    buffer = io.BytesIO()
    made = openpyxl.Workbook()
    made.active.append(["=1+1", "x", '=HYPERLINK("https://evil.example","Léa")'])
    made.active.append([None, "=A1"])
    made.save(buffer)
    table = reading.read(buffer.getvalue())
    assert table.lines[0].cells == ("", "x", "")
    assert table.lines[0].faults == {0: Fault.UNCALCULATED, 2: Fault.UNCALCULATED}
    assert (table.lines[1].cells, table.lines[1].faults) == (("", ""), {1: Fault.UNCALCULATED})
    kept = book(
        '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>A9</f><v></v></c>'
        '<c r="C1" t="str"><f>"L"&amp;"a"</f><v>La</v></c></row>'
    )
    assert (reading.read(kept).lines[0].cells, reading.read(kept).lines[0].faults) == (("2", "", "La"), {})


def test_an_error_of_the_spreadsheet_is_told_apart():
    table = reading.read(book('<row r="1"><c r="A1" t="e"><v>#N/A</v></c><c r="B1"><v>1</v></c></row>'))
    assert (table.lines[0].cells, table.lines[0].faults) == (("#N/A", "1"), {0: Fault.ERROR})
    assert reading.read(b"a;#NOM?;#1").lines[0].faults == {1: Fault.ERROR}


def test_a_link_is_the_text_that_stands_there():
    buffer = io.BytesIO()
    with Workbook(buffer, {"in_memory": True}) as made:
        page = made.add_worksheet()
        page.write_url(0, 0, "mailto:lea@acme.example", string="lea@acme.example")
        page.write_url(1, 0, "mailto:bob@acme.example", string="Bob")
    assert rows(reading.read(buffer.getvalue())) == [(1, ["lea@acme.example"]), (2, ["Bob"])]


def test_a_merged_cell_has_its_value_once():
    buffer = io.BytesIO()
    with Workbook(buffer, {"in_memory": True}) as made:
        page = made.add_worksheet()
        page.merge_range(0, 0, 1, 2, "Ventes")
        page.write_row(2, 0, ["a", "b", "c"])
    assert rows(reading.read(buffer.getvalue())) == [(1, ["Ventes"]), (3, ["a", "b", "c"])]


def test_rich_text_comments_and_choices_are_read_past():
    buffer = io.BytesIO()
    with Workbook(buffer, {"in_memory": True}) as made:
        page, bold = made.add_worksheet(), made.add_format({"bold": True})
        page.write_rich_string(0, 0, "Lé", bold, "a R", "oy")
        page.write_comment(0, 0, "note")
        page.data_validation(0, 1, 9, 1, {"validate": "list", "source": ["a", "b"]})
        page.conditional_format(0, 0, 9, 1, {"type": "data_bar", "data_bar_2010": True})
        chart = made.add_chart({"type": "bar"})
        chart.add_series({"values": "=Sheet1!$A$1:$A$2"})
        made.add_chartsheet().set_chart(chart)
    assert rows(reading.read(buffer.getvalue())) == [(1, ["Léa Roy"])]


def test_hidden_sheets_are_never_read_and_people_choose_among_the_others():
    buffer = io.BytesIO()
    with Workbook(buffer, {"in_memory": True}) as made:
        for name in ("Secret", "Équipe", "Autre"):
            made.add_worksheet(name).write(0, 0, name)
        made.get_worksheet_by_name("Autre").activate()
        made.get_worksheet_by_name("Secret").hide()
        made.get_worksheet_by_name("Équipe").set_first_sheet()
    table = reading.read(buffer.getvalue())
    assert (table.sheet, table.sheets, rows(table)) == ("Autre", ("Équipe", "Autre"), [(1, ["Autre"])])
    assert reading.read(buffer.getvalue(), sheet="Équipe").lines[0].cells == ("Équipe",)
    for name in ("Secret", "Nulle part"):
        with pytest.raises(Refused) as refused:
            reading.read(buffer.getvalue(), sheet=name)
        assert refused.value.code is Code.FILE_CHOICE


def test_a_sheet_that_lies_about_its_size_is_read_whole():
    content = book(f'<row r="3">{cell("B3", "x")}</row>', before='<dimension ref="A1:A1"/>')
    assert rows(reading.read(content)) == [(3, ["", "x"])]


def test_a_far_row_is_found_soon():
    before = time.process_time()
    assert rows(reading.read(book(f'<row r="1048576">{cell("B1048576", "x")}</row>'))) == [
        (1_048_576, ["", "x"])
    ]
    assert time.process_time() - before < 1


def test_macros_are_bytes_that_nobody_opens():
    members = parts(sheet(f'<row r="1">{cell("A1", "x")}</row>'))
    manifest = str(members["[Content_Types].xml"]).replace(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    )
    content = zipped({**members, "[Content_Types].xml": manifest, "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"})
    assert rows(reading.read(content)) == [(1, ["x"])]


def test_a_file_is_what_its_bytes_are():
    """Nothing is told of its name: a workbook called .csv is a workbook, and a CSV called .xlsx a CSV."""
    assert reading.read(written(["a"])).kind is Kind.XLSX
    assert reading.read(b"PK;a\nPK;b").kind is Kind.CSV


def test_cells_are_named_as_a_spreadsheet_names_them():
    assert [cell_name(12, column) for column in (0, 2, 25, 26, 701, 702, 16_383)] == [
        f"{letters}12" for letters in ("A", "C", "Z", "AA", "ZZ", "AAA", "XFD")
    ]


def test_ten_thousand_rows_take_little_memory():
    """Their time is for `python -m benchmarks many`."""
    content = written(
        *([f"user{number}@acme.example", f"Élise {number}", "Tremblay", number] for number in range(10_000)),
        strings_to_urls=False,
    )
    tracemalloc.start()
    assert len(reading.read(content).lines) == 10_000
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_a_workbook_of_another_producer_is_read():
    """Some give every element a prefix, leave out the names of rows and cells, or break their lines."""
    page = (
        '<?xml version="1.0"?>\n<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main">\n<x:sheetData>\n'
        "<x:row>\n<x:c><x:v>1</x:v></x:c>\n<x:c/>\n<x:c><x:f>A1</x:f>\n<x:v>2</x:v>\n</x:c>\n<x:c><x:f>A1</x:f>\n</x:c></x:row>\n"
        '<x:row r="4"><x:c t="inlineStr"><x:is><x:r><x:t>Lé</x:t></x:r><x:r><x:t>a</x:t></x:r></x:is></x:c></x:row>\n'
        "</x:sheetData></x:worksheet>"
    )
    table = reading.read(zipped(parts(page)))
    assert rows(table) == [(1, ["1", "", "2", ""]), (4, ["Léa"])]
    assert table.lines[0].faults == {3: Fault.UNCALCULATED}
