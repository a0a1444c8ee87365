"""A column is found by its header wherever it stands, by hand, or not at all: never by a guess."""

from __future__ import annotations

import pytest

from services.files import reading
from services.files.headers import Field, Matching, looks_like_address, matched
from services.foundation.errors import Code, Refused

pytestmark = pytest.mark.one_database

FIELDS = (
    Field("email", ("Courriel", "Adresse courriel", "Email", "E-mail"), looks_like_address),
    Field("first", ("Prénom", "First name")),
    Field("last", ("Nom", "Nom de famille", "Last name")),
)


def found(text):
    table = reading.read(text.encode())
    matching = matched(table, FIELDS)
    return table, matching


@pytest.mark.parametrize(
    "heading",
    ["Courriel", "COURRIEL", " courriel : ", "E-Mail", "e mail", "Adresse\u00a0courriel*", "« Courriel »"],
)
def test_case_accents_punctuation_and_spaces_do_not_matter(heading):
    _table, matching = found(f"prenom;{heading};FIRST NAME")
    assert dict(matching.columns) == {"first": 0, "email": 1}


def test_a_header_on_row_three_and_a_title_above():
    table, matching = found(
        "Liste des employés\r\n\r\nNom;Prénom;Courriel\r\nRoy;Léa;lea@acme.example\r\n;;bob@acme.example\r\n"
    )
    assert matching.header is not None
    assert matching.header.number == 3
    lines = matching.lines(table)
    assert [line.number for line in lines] == [4, 5]
    assert [matching.cell(lines[1], name) for name in ("email", "first", "plan")] == [
        "bob@acme.example",
        "",
        "",
    ]


def test_each_column_is_of_one_field_and_each_field_of_one_column():
    _table, matching = found("Nom;Courriel;Nom;Email\r\na;b@c.example;d;e@f.example")
    assert dict(matching.columns) == {"last": 0, "email": 1}


def test_a_line_with_an_address_is_no_header():
    _table, matching = found("Nom;lea@acme.example\r\nRoy;bob@acme.example")
    assert matching.header is None
    assert dict(matching.columns) == {"email": 1}


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("Léa;lea@acme.example\r\nBob;\r\nEve;mailto:eve@acme.example", {"email": 1}),
        ("lea@acme.example", {"email": 0}),
        # Which of the two, and is it a column of addresses at all?
        ("lea@acme.example;lea@home.example", {}),
        ("Léa;lea@acme.example\r\nBob;none", {}),
        ("Léa;Roy\r\nBob;Côté", {}),
    ],
)
def test_without_a_header_only_what_is_certain_is_found(text, columns):
    table, matching = found(text)
    assert (matching.header, dict(matching.columns)) == (None, columns)
    assert matching.lines(table) == table.lines


def test_people_choose_by_hand():
    table, _matching = found("a;b;c\r\nLéa;lea@acme.example;x")
    matching = Matching.chosen(table, {"email": 1, "last": 2}, header=1)
    assert [matching.cell(line, "email") for line in matching.lines(table)] == ["lea@acme.example"]
    assert len(Matching.chosen(table, {"email": 1}, header=None).lines(table)) == 2


@pytest.mark.parametrize(
    ("columns", "header"),
    [({"email": 3}, None), ({"email": -1}, None), ({"email": 1, "last": 1}, None), ({"email": 1}, 9)],
)
def test_a_choice_that_does_not_fit_is_refused(columns, header):
    table, _matching = found("a;b;c\r\nLéa;lea@acme.example;x")
    with pytest.raises(Refused) as refused:
        Matching.chosen(table, columns, header)
    assert refused.value.code is Code.FILE_CHOICE
