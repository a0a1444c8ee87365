"""Files that nobody should send, and everybody does: each is refused with a sentence, soon, and in little memory."""

from __future__ import annotations

import io
import random
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest
from PIL import Image

from services.files import limits, reading
from services.foundation.errors import Code, Refused
from tests.services.files.books import MAIN, STYLES, WORKBOOK, book, cell, parts, sheet, written, zipped

pytestmark = pytest.mark.one_database

LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)
OUTSIDE = '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
ROW = f'<row r="1">{cell("A1", "x")}</row>'


STYLED = "".join(f'<row r="{row}" ht="20"/>' for row in range(2, 200_000))
LAST = '<row r="200000"><c><v>1</v></c></row>'


def noise(count: int) -> bytes:
    """Bytes that do not compress: a bomb hides among them."""
    return random.Random(1).randbytes(count)


def picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(buffer, kind)
    return buffer.getvalue()


def of_office(*streams: str) -> bytes:
    """As much of a compound file (MS-CFB) as tells what it is: its signature, and the names in its directory."""
    directory = b"".join(name.encode("utf-16-le").ljust(64, b"\0") + bytes(64) for name in streams)
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + directory


def with_flag(content: bytes) -> bytes:
    """A zip whose members say that they are encrypted."""
    damaged = bytearray(content)
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(signature)
        while place >= 0:
            damaged[place + at] |= 1
            place = content.find(signature, place + 1)
    return bytes(damaged)


def lying_size(content: bytes) -> bytes:
    """A zip whose directory says that everything is small."""
    damaged = bytearray(content)
    place = content.find(b"PK\x01\x02")
    while place >= 0:
        damaged[place + 24 : place + 28] = struct.pack("<I", 100)
        place = content.find(b"PK\x01\x02", place + 1)
    return bytes(damaged)


def doubled() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in [*parts(sheet(ROW)).items(), ("xl/worksheets/sheet2.xml", sheet(""))]:
            archive.writestr(name, content)
    return buffer.getvalue().replace(b"sheet2.xml", b"sheet1.xml")


def many_members() -> bytes:
    return zipped({**parts(sheet(ROW)), **{f"xl/media/{number}": b"" for number in range(3_000)}})


def zip_bomb() -> bytes:
    """200 MB of empty rows in less than 1 MB."""
    return book('<row><c t="inlineStr"><is><t>x</t></is></c></row>' * 4_000_000)


def quine_like() -> bytes:
    return zipped({**parts(sheet(ROW)), "xl/media/image1.png": bytes(49_000_000)})


def nested() -> bytes:
    return book(ROW, after="<x>" * 200_000 + "</x>" * 200_000)


def wide_tag() -> bytes:
    attributes = "".join(f' a{number}=""' for number in range(1_000_000))
    return zipped(parts(sheet(f'<row r="1"{attributes}/>')))


# A new one joins by its name, what makes it, and why it is refused.
NASTY: dict[str, tuple[Callable[[], bytes], Code]] = {
    "nothing": (lambda: b"", Code.FILE_EMPTY),
    "spaces": (lambda: b" \r\n\r\n \t", Code.FILE_EMPTY),
    "byte order mark": (lambda: b"\xef\xbb\xbf", Code.FILE_EMPTY),
    "separators": (lambda: b";;;\r\n;;;\r\n", Code.FILE_EMPTY),
    "an empty workbook": (written, Code.FILE_EMPTY),
    "png": (lambda: picture("PNG"), Code.FILE_KIND),
    "jpeg": (lambda: picture("JPEG"), Code.FILE_KIND),
    "gif": (lambda: picture("GIF"), Code.FILE_KIND),
    "pdf": (lambda: b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n", Code.FILE_KIND),
    "html": (lambda: b"<!DOCTYPE html><p>a@b.example</p>", Code.FILE_KIND),
    "a page with a table": (
        lambda: b"\n<html><table><tr><td>a@b.example</td></tr></table></html>",
        Code.FILE_KIND,
    ),
    "xml of 2003": (
        lambda: b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>',
        Code.FILE_KIND,
    ),
    "rtf": (lambda: rb"{\rtf1\ansi a@b.example}", Code.FILE_KIND),
    "nul bytes": (lambda: b"a;b\r\n\0\0;c\r\n", Code.FILE_KIND),
    "docx": (
        lambda: zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"}),
        Code.FILE_KIND,
    ),
    "a zip of pictures": (lambda: zipped({"a.png": picture("PNG")}), Code.FILE_KIND),
    "doc": (lambda: of_office("Root Entry", "WordDocument"), Code.FILE_KIND),
    "xls of 1997": (lambda: of_office("Root Entry", "Workbook"), Code.FILE_KIND),
    "xls of 1995": (lambda: of_office("Root Entry", "Book"), Code.FILE_KIND),
    "xlsb": (
        lambda: zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.bin": b"\x83\x01"}),
        Code.FILE_KIND,
    ),
    "ods": (
        lambda: zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<o/>"}),
        Code.FILE_KIND,
    ),
    "a password": (lambda: of_office("Root Entry", "EncryptionInfo", "EncryptedPackage"), Code.FILE_LOCKED),
    "an encrypted zip": (lambda: with_flag(book(ROW)), Code.FILE_LOCKED),
    "truncated": (lambda: written(["a"], ["b"])[:-200], Code.FILE_DAMAGED),
    "half": (lambda: written(["a"], ["b"])[:2_000], Code.FILE_DAMAGED),
    "a directory that lies": (lambda: lying_size(book(ROW * 1)), Code.FILE_DAMAGED),
    "two members of one name": (doubled, Code.FILE_DAMAGED),
    "lzma": (lambda: zipped(parts(sheet(ROW)), zipfile.ZIP_LZMA), Code.FILE_DAMAGED),
    "no sheet": (
        lambda: zipped({**parts(sheet(ROW)), "xl/worksheets/sheet1.xml": b"\x89PNG"}),
        Code.FILE_DAMAGED,
    ),
    "half a sheet": (lambda: zipped(parts(sheet(ROW)[:-20])), Code.FILE_DAMAGED),
    "half a sheet that says its size": (
        lambda: zipped(parts(sheet(ROW, before='<dimension ref="A1"/>')[:-20])),
        Code.FILE_DAMAGED,
    ),
    "a sheet that breaks off after a row": (
        lambda: zipped(parts(sheet(ROW + "<row><c></row>", before='<dimension ref="A1"/>'))),
        Code.FILE_DAMAGED,
    ),
    "an encoding that nobody knows": (
        lambda: zipped(parts('<?xml version="1.0" encoding="klingon"?>' + sheet(ROW))),
        Code.FILE_DAMAGED,
    ),
    "laughs in the sheet": (
        lambda: zipped(parts(LAUGHS + sheet(ROW.replace("x<", "&i;<")))),
        Code.FILE_DAMAGED,
    ),
    "laughs in the strings": (
        lambda: book(
            '<row r="1"><c r="A1" t="s"><v>0</v></c></row>',
            strings=f'{LAUGHS}<sst xmlns="{MAIN}"><si><t>&i;</t></si></sst>',
        ),
        Code.FILE_DAMAGED,
    ),
    "laughs in the workbook": (lambda: book(ROW, workbook=LAUGHS + WORKBOOK), Code.FILE_DAMAGED),
    "laughs in UTF-16": (
        lambda: zipped(
            parts(('<?xml version="1.0" encoding="utf-16"?>' + LAUGHS + sheet(ROW)).encode("utf-16"))
        ),
        Code.FILE_DAMAGED,
    ),
    "another's file": (lambda: zipped(parts(OUTSIDE + sheet(ROW.replace("x<", "&a;<")))), Code.FILE_DAMAGED),
    "zip bomb": (zip_bomb, Code.FILE_TOO_LARGE),
    "a picture that unpacks": (quine_like, Code.FILE_TOO_LARGE),
    "many members": (many_members, Code.FILE_TOO_LARGE),
    "many megabytes": (lambda: bytes(limits.BYTES + 1), Code.FILE_TOO_LARGE),
    "many strings": (
        lambda: zipped(
            {
                **parts(sheet(ROW), strings=f'<sst xmlns="{MAIN}">{"<si/>" * 2_000_000}</sst>'),
                "a": noise(500_000),
            }
        ),
        Code.FILE_TOO_LARGE,
    ),
    "many styles": (
        lambda: zipped(
            {
                **parts(sheet(ROW), styles=STYLES.replace("<xf ", "<xf/>" * 600_000 + "<xf ", 1)),
                "a": noise(500_000),
            }
        ),
        Code.FILE_TOO_LARGE,
    ),
    "a row of millions": (
        lambda: zipped({**parts(sheet(f'<row r="1">{"<c/>" * 5_000_000}</row>')), "a": noise(500_000)}),
        Code.FILE_DAMAGED,
    ),
    "a cell of millions": (
        lambda: zipped(
            {**parts(sheet(f'<row r="1"><c>{"<v/>" * 5_000_000}</c></row>')), "a": noise(500_000)}
        ),
        Code.FILE_DAMAGED,
    ),
    "elements in elements": (nested, Code.FILE_TOO_LARGE),
    "a tag of a million attributes": (wide_tag, Code.FILE_DAMAGED),
    "the last cell of all": (
        lambda: book(f'<row r="1048576">{cell("XFD1048576", "x")}</row>'),
        Code.TOO_MANY,
    ),
    "a row beyond the last": (
        lambda: book(f'<row r="99999999999">{cell("A99999999999", "x")}</row>'),
        Code.FILE_DAMAGED,
    ),
    "a row 1e9": (lambda: book('<row r="1e9"><c><v>1</v></c></row>'), Code.FILE_DAMAGED),
    "a cell of no column": (lambda: book(f'<row r="1">{cell("1", "x")}</row>'), Code.FILE_DAMAGED),
    "a column beyond the last": (lambda: book(f'<row r="1">{cell("ZZZ1", "x")}</row>'), Code.FILE_DAMAGED),
    "rows out of order": (
        lambda: book(f'<row r="2">{cell("A2", "x")}</row><row r="1">{cell("A1", "y")}</row>'),
        Code.FILE_DAMAGED,
    ),
    "cells out of order": (
        lambda: book(f'<row r="1">{cell("B1", "x")}{cell("A1", "y")}</row>'),
        Code.FILE_DAMAGED,
    ),
    "a string that is not there": (
        lambda: book('<row r="1"><c r="A1" t="s"><v>7</v></c></row>'),
        Code.FILE_DAMAGED,
    ),
    "a number that is none": (
        lambda: book('<row r="1"><c r="A1"><v>twelve</v></c></row>'),
        Code.FILE_DAMAGED,
    ),
    "a number of 9,999 figures": (
        lambda: book(f'<row r="1"><c r="A1"><v>{"9" * 9_999}</v></c></row>'),
        Code.FILE_DAMAGED,
    ),
    "too many rows": (lambda: b"a;b\r\n" * (limits.ROWS + limits.ABOVE + 1), Code.TOO_MANY),
    "too many rows in a workbook": (
        lambda: written(*[["a"]] * (limits.ROWS + limits.ABOVE + 1)),
        Code.TOO_MANY,
    ),
    "too many rows without a value": (
        lambda: book(STYLED + LAST, before='<dimension ref="A1"/>'),
        Code.TOO_MANY,
    ),
    "a large sheet that does not say its size": (lambda: book(STYLED + LAST), Code.FILE_TOO_LARGE),
    "too many cells": (lambda: b";".join([b"a"] * (limits.CELLS + 1)), Code.TOO_MANY),
    "a comma a byte": (lambda: b"a" + b"," * 9_000_000 + b"b", Code.TOO_MANY),
    "too long a cell": (lambda: b"a;" + b"b" * (limits.CHARACTERS + 1), Code.TOO_LONG),
    "a quote that is not closed": (lambda: b'a;"b\r\n' + b"c;d\r\n" * 9_000, Code.TOO_LONG),
    "a quote that is not closed in megabytes": (lambda: b'a;"b\r\n' + b"c;d\r\n" * 900_000, Code.TOO_LONG),
    "every sheet hidden": (
        lambda: book(ROW, workbook=WORKBOOK.replace('sheetId="1"', 'sheetId="1" state="hidden"')),
        Code.FILE_EMPTY,
    ),
    "two encodings": (
        lambda: "Nom\r\nÉlise Gagné\r\nÉmilie Côté\r\n".encode() + "Hélène\r\n".encode("windows-1252"),
        Code.FILE_ENCODING,
    ),
}


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_file_is_refused_with_its_reason(name):
    make, code = NASTY[name]
    with pytest.raises(Refused) as refused:
        reading.read(make())
    assert refused.value.code is code
    assert refused.value.sentence.endswith(".")


@pytest.mark.parametrize(
    "name",
    ["zip bomb", "a picture that unpacks", "many members", "laughs in the sheet", "the last cell of all"],
)
def test_a_bomb_is_refused_within_a_second_and_in_little_memory(name):
    content = NASTY[name][0]()
    tracemalloc.start()
    before = time.process_time()
    with pytest.raises(Refused):
        reading.read(content)
    took, (_now, peak) = time.process_time() - before, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < 1
    assert peak < 50_000_000


@pytest.mark.parametrize(
    "name",
    [
        "many strings",
        "many styles",
        "a row of millions",
        "a cell of millions",
        "elements in elements",
        "a tag of a million attributes",
    ],
)
def test_what_a_library_would_build_in_memory_is_refused_before_it_does(name):
    content = NASTY[name][0]()
    tracemalloc.start()
    with pytest.raises(Refused):
        reading.read(content)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000_000


def test_the_workbook_that_the_nasty_ones_are_made_of_is_read():
    assert reading.read(book(ROW)).lines[0].cells == ("x",)


def test_rows_that_are_only_styled_cost_nothing():
    content = book(ROW + STYLED, before='<dimension ref="A1:B200000"/>')
    before = time.process_time()
    assert [line.number for line in reading.read(content).lines] == [1]
    assert time.process_time() - before < 1


def test_a_limit_names_the_cell():
    with pytest.raises(Refused, match="Cell XFD1048576 "):
        reading.read(NASTY["the last cell of all"][0]())
    with pytest.raises(Refused, match="cell C12 "):
        reading.read(written(*[["a"]] * 11, ["a", "b", "c" * 501]))
    with pytest.raises(Refused, match="cell B3 "):
        reading.read(b"a;b\r\n\r\nc;" + b"d" * 501)


def test_an_operators_file_may_be_of_any_size():
    content = b"\n".join(
        b"%d;user%d@acme.example;%s" % (number, number, b"x" * 400) for number in range(25_000)
    )
    assert len(content) > limits.BYTES
    assert len(reading.read(content, most=None).lines) == 25_000
    with pytest.raises(Refused) as refused:
        reading.read(b"a\n" * 200, most=100)
    assert refused.value.code is Code.TOO_MANY


def test_reading_takes_so_many_seconds_at_most(monkeypatch):
    monkeypatch.setattr(limits, "SECONDS", -1)
    for content in (b"a;b\r\nc;d", written(["a"], ["b"])):
        with pytest.raises(Refused) as refused:
            reading.read(content)
        assert refused.value.code is Code.FILE_TOO_LARGE


@pytest.mark.parametrize(
    "name", ["xls of 1997", "xls of 1995", "xlsb", "ods", "a page with a table", "xml of 2003"]
)
def test_a_workbook_of_another_format_is_told_what_to_become(name):
    with pytest.raises(Refused, match=r"save it as an Excel workbook \(\.xlsx\)"):
        reading.read(NASTY[name][0]())


def test_whoever_hid_every_sheet_is_told_so():
    with pytest.raises(Refused, match="Every sheet of this workbook is hidden"):
        reading.read(NASTY["every sheet hidden"][0]())
