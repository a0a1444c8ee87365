"""The pictures of the tables in `docs/data.md` are those of the models."""

from __future__ import annotations

from models import Base
from scripts import tables


def test_the_pictures_are_those_of_the_models():
    page = tables.PAGE.read_text()
    assert tables.drawn(page) == page, "make tables"


def test_no_table_is_left_out():
    drawn = {table.name for part in tables.PARTS for table in tables.tables_of(part)}
    assert drawn == set(Base.metadata.tables)


def test_a_picture_says_what_may_be_missing_and_what_a_row_points_at():
    picture = tables.picture("terms")
    assert "terms }o--o| order_lines : order_line_id" in picture
    assert "term_taxes }o--|| order_taxes : order_tax_id" in picture
