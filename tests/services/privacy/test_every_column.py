"""Every column of every table has a rule: what becomes of it when a person is erased. A new column joins, or this fails."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter

import pytest

import services
from models import Base, Company, Plan, TaxRate, User, Vendor
from services.foundation import edits
from services.privacy.others import IMPERSONAL, OF_A_FIRM
from services.privacy.personal import PARTS, Rule

TABLES = Base.metadata.tables


def is_a_number(column) -> bool:
    """Whether it is the number of a row, its own or another's."""
    return column.primary_key or bool(column.foreign_keys) or column.name in {"row_id", "company_id"}


def ruled() -> Counter[tuple[str, str]]:
    """How many rules each column has; a table may be in several parts, for several reasons."""
    of_people = {(part.model.__tablename__, name) for part in PARTS for name in part.columns}
    return Counter(
        [
            *of_people,
            *(
                (table, name)
                for rules in (OF_A_FIRM, IMPERSONAL)
                for table, names in rules.items()
                for name in names.split()
            ),
        ]
    )


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_new_column_says_whether_it_is_somebodys(name):
    columns = {column.name for column in TABLES[name].columns if not is_a_number(column)}
    missing = {column for column in columns if not ruled()[name, column]}
    assert not missing, f"give {missing} of {name} a rule in services/privacy/personal.py"


def test_each_column_has_one_rule_and_no_rule_is_of_a_column_that_is_gone():
    there = {(name, column.name) for name, table in TABLES.items() for column in table.columns}
    assert ruled().keys() - there == set()
    # An address that mail goes to is a person's in one part and a firm's elsewhere.
    assert {column for column, count in ruled().items() if count > 1} == set()


def test_no_column_is_both_dropped_with_its_row_and_kept():
    for part in PARTS:
        rules = {column.rule for column in part.columns.values()}
        assert rules == {Rule.DROP} or Rule.DROP not in rules, part.code
        assert part.erased or part.stays or rules == {Rule.KEEP}, (
            f"{part.code}: what becomes of it is not said"
        )


SHEETS = {
    "accounts": User,
    "oneself": User,
    "companies": Company,
    "vendor": Vendor,
    "plans": Plan,
    "tax_rates": TaxRate,
}


def test_what_is_personal_of_an_edit_is_written_down_apart_where_it_can_be_erased():
    """The journal's entries are never changed: a personal value in one would stay for good."""
    found = {}
    for module in pkgutil.walk_packages(services.__path__, "services."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, edits.Sheet):
                found[value] = module.name.rpartition(".")[2]
    assert set(found.values()) == set(SHEETS), "say which table the new sheet is of"
    for sheet, module in found.items():
        table = SHEETS[module].__tablename__
        personal = {
            name
            for part in PARTS
            if part.model.__tablename__ == table
            for name, column in part.columns.items()
            if column.rule is not Rule.KEEP
        }
        assert personal & set(sheet) <= sheet.personal, module
