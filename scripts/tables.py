"""Draw the tables: which row belongs to which, from the models, into `docs/data.md`.

`make tables` writes the pictures, one for each file of `tables/`; `tests/scripts/test_tables.py` fails when they are not the
ones that the models give.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from models import Base

PAGE = Path(__file__).resolve().parent.parent / "docs" / "data.md"
BEGIN, END = "<!-- The tables of {part}, drawn by `make tables` -->", "<!-- The end of {part} -->"
# The files of `tables/` that hold tables, in the order in which `models.py` hands them out.
EVERYWHERE = {"id", "company_id"}
PARTS = (
    "who",
    "catalogue",
    "buying",
    "payments",
    "issues",
    "owning",
    "counted",
    "terms",
    "journal",
    "operations",
    "batches",
    "submissions",
    "jobs",
    "requests",
    "dismissals",
    "firm_links",
    "kept",
    "mail",
    "search",
)


def tables_of(part: str) -> list[sa.Table]:
    """The tables that `tables/<part>.py` declares, in its order."""
    mapped = [mapper for mapper in Base.registry.mappers if mapper.class_.__module__ == f"tables.{part}"]
    return [mapper.local_table for mapper in sorted(mapped, key=lambda mapper: _line_of(mapper.class_))]


def _line_of(kind: type) -> int:
    return inspect.getsourcelines(kind)[1]


def picture(part: str) -> str:
    """The tables of a file as a Mermaid diagram, with lines to those of the other files that they point at."""
    tables = tables_of(part)
    lines = ["```mermaid", "erDiagram"]
    for table in tables:
        lines += [
            f"    {table.name} {{",
            *(
                f"        {_column(column)}"
                for column in table.columns
                # What points at another table is a line.
                if column.name not in EVERYWHERE and not column.foreign_keys
            ),
            "    }",
        ]
    lines += sorted(f"    {line}" for table in tables for line in _lines(table))
    return "\n".join([*lines, "```"])


def _column(column: sa.Column[Any]) -> str:
    """`date last_day "or nothing"`."""
    kind = str(column.type.compile()).split("(")[0].lower().replace(" ", "_")
    marks = ["PK" if column.primary_key else "", '"or nothing"' if column.nullable else ""]
    return " ".join(filter(None, [kind, column.name, *marks]))


def _lines(table: sa.Table) -> Iterator[str]:
    """One for each column that points at another table. Whose a row is, is said in words: every row would have it."""
    for constraint in table.foreign_key_constraints:
        for key in constraint.elements:
            if key.parent.name not in EVERYWHERE:
                one = "o|" if key.parent.nullable else "||"
                yield f"{table.name} }}o--{one} {key.column.table.name} : {key.parent.name}"


def drawn(page: str) -> str:
    """`page` with the current pictures between their marks. Raises ValueError when a part has no marks."""
    for part in PARTS:
        begin, end = BEGIN.format(part=part), END.format(part=part)
        head, found, rest = page.partition(begin)
        _old, closed, tail = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"{PAGE.name} has no place for the tables of {part}")
        page = f"{head}{begin}\n{picture(part)}\n{end}{tail}"
    return page


def main() -> int:
    PAGE.write_text(drawn(PAGE.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
