"""Whatever bytes come, they are read or refused: never an error, and never a table that cannot go back."""

from __future__ import annotations

import io
import zipfile

import hypothesis
import pytest
from hypothesis import strategies as st

from services.files import reading, writing
from services.files.headers import matched
from services.files.tables import Encoding
from services.foundation.errors import Refused
from tests.services.files.books import book, cell, written, zipped
from tests.services.files.test_headers import FIELDS

pytestmark = pytest.mark.one_database

settings = hypothesis.settings(max_examples=150, deadline=None, derandomize=True, database=None)
WORKBOOK = written(
    ["Nom", "Courriel", 1.5, True], ["Léa", "lea@acme.example", None, False], [], ["=1+1", "@", 46082]
)
BY_HAND = book(
    f'<row r="1">{cell("A1", "Nom")}<c r="B1" s="1"><f>A1</f><v>46082</v></c></row><row r="3"><c r="A3" t="b"><v>1</v></c></row>'
)
CSV = 'Prénom;Nom\r\n"Léa";"Roy\r\ndeux"\r\n\'=1;#N/A\r\n'
# Where a damage tells: marks of structure, extremes of numbers.
PIECES = st.sampled_from(
    [
        b"",
        b"\0",
        b"<",
        b">",
        b"&",
        b'"',
        b"9" * 30,
        b"-1",
        b"1e999",
        b"\xff\xfe",
        b"PK\x01\x02",
        b"xmlns",
        b"/",
        b"\xc3",
    ]
)


def held(content: bytes, **choices) -> None:
    """It is read, its columns looked for, and written back; or refused."""
    try:
        table = reading.read(content, **choices)
    except Refused:
        return
    assert [line.number for line in table.lines] == sorted({line.number for line in table.lines})
    assert all(line.cells and (line.cells[-1].strip() or line.faults) for line in table.lines)
    matched(table, FIELDS)
    back = reading.read(writing.with_column(table, "?", {line.number: "!" for line in table.lines}))
    assert [line.cells[-1] for line in back.lines[1:]] == ["!"] * len(table.lines)


def damaged(content: bytes, damage: list[tuple[float, int, bytes]]) -> bytes:
    for place, length, piece in damage:
        at = int(place * len(content))
        content = content[:at] + piece + content[at + length :]
    return content


DAMAGE = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 40), PIECES | st.binary(max_size=6)), min_size=1, max_size=4
)


@settings
@hypothesis.given(st.binary(max_size=300))
def test_any_bytes(content):
    held(content)


@settings
@hypothesis.given(st.binary(max_size=300), st.sampled_from(Encoding), st.sampled_from(",;\t"))
def test_any_bytes_in_any_encoding_that_people_choose(content, encoding, separator):
    held(content, encoding=encoding, separator=separator)


@settings
@hypothesis.given(st.text(max_size=300), st.sampled_from(Encoding))
def test_any_text(text, encoding):
    held(text.encode(encoding, "ignore"))


@settings
@hypothesis.given(DAMAGE, st.sampled_from(Encoding))
def test_a_damaged_csv(damage, encoding):
    held(damaged(CSV.encode(encoding), damage))


@settings
@hypothesis.given(DAMAGE, st.sampled_from([WORKBOOK, BY_HAND]))
def test_a_damaged_archive(damage, content):
    held(damaged(content, damage))


@settings
@hypothesis.given(st.data(), DAMAGE, st.sampled_from([WORKBOOK, BY_HAND]))
def test_a_damaged_part(data, damage, content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = data.draw(st.sampled_from(sorted(members)))
    held(zipped({**members, name: damaged(members[name], damage)}))


@settings
@hypothesis.given(st.data(), st.sampled_from([WORKBOOK, BY_HAND]))
def test_a_part_that_is_missing_or_another(data, content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name, other = (data.draw(st.sampled_from(sorted(members))) for _ in range(2))
    held(zipped({key: value for key, value in members.items() if key != name}))
    held(zipped({**members, name: members[other]}))
