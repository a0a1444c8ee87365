"""`python -m benchmarks read`: it measures everything that is declared, over data that the application could have written.

No time is asserted: `make bench` prints them.
"""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys

import pytest
import sqlalchemy as sa
from flask import Flask

import access
from admin_views.base import DeskModelView
from benchmarks import following
from benchmarks.fill import fill
from benchmarks.read import screens, statements, table
from benchmarks.read.measures import Times
from benchmarks.read.screens import LIST, Screen
from config_types import ROOT
from models import Base, License, User, db
from services.search import following as search_following
from tests.databases import migrate


@pytest.fixture
def filled(database, make_app):
    """The application over two hundred licences."""
    app = make_app(database.another())
    migrate(app)
    with app.app_context(), access.everything():
        try:
            before = catalogue()
            fill(200)
            assert catalogue() == before
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


# What holds the data together: indexes, constraints, triggers.
CATALOGUE = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type IN ('index', 'trigger')",
    "postgresql": "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"
    " UNION ALL SELECT conname FROM pg_constraint WHERE convalidated"
    " UNION ALL SELECT tgname FROM pg_trigger WHERE tgenabled = 'O' AND NOT tgisinternal",
}


def catalogue() -> list[str]:
    return sorted(db.session.scalars(sa.text(CATALOGUE[db.engine.dialect.name])))


# What a desk in use may well have none of. Whatever else is empty was forgotten by the filler.
EMPTY = {
    "batch_files",
    "batch_rows",
    "batches",
    "cart_item_licenses",
    "cart_items",
    "dismissals",
    "jobs",
    "journal_personal",
    "firm_links",
    "join_requests",
    "kept_forms",
    "license_requests",
    "links",
    "operation_rows",
    "order_line_licenses",
    "payments",
    "refused_webhooks",
    # Gathered when all are there.
    "search_words",
    "submissions",
}


def count(what: str, table: str) -> int:
    return db.session.scalar(sa.text(f"SELECT count({what}) FROM {table}"))


def test_what_is_read_is_filled_and_every_column_of_a_page_is_in_its_floor(filled):
    """An empty table makes ours faster; a column behind which the floor finds nothing would make the floor faster."""
    assert {name for name in Base.metadata.tables if not count("*", name)} - EMPTY == set()
    assert search_following.reindex() == 0
    for name, column in following.known():
        assert count(column, name), (name, column)
    for view in lists(filled):
        for names in (screens.declared(view).columns, screens.declared(view).details):
            assert statements.shown(view.model, names).unknown == [], view.url


def lists(app: Flask) -> list[DeskModelView]:
    """Every list of both sites."""
    views = [
        view for site in app.extensions["admin"] for view in site._views if isinstance(view, DeskModelView)
    ]
    return [view for view in views if view.url not in screens.PAGES]


def test_every_filter_and_sort_of_every_list_is_measured_and_has_a_floor_that_runs(filled, monkeypatch):
    view = next(view for view in lists(filled) if view.endpoint == "support_people")
    another = dataclasses.replace(view.filters[0], name="of_tomorrow")
    monkeypatch.setattr(type(view), "filters", (*view.filters, another))
    column = dataclasses.replace(view.columns[-1], name="active", sort=User.active)
    monkeypatch.setattr(type(view), "columns", (*view.columns[:-1], column))

    found = screens.found(filled)
    paths = {screen.path for screen in found}
    for view in lists(filled):
        of_view = {path for path in paths if path.startswith(f"{view.url}/?")}
        assert of_view, view.url
        for choice in view.filters:
            assert any(f"&{choice.name}=" in path for path in of_view), (view.url, choice.name)
        for column in view.columns:
            if column.sort_columns:
                ends = {path.partition("&sort=")[2] for path in of_view}
                assert {column.name, f"-{column.name}"} <= ends, (view.url, column.name)
    assert any("of_tomorrow=" in path for path in paths)
    with db.engine.connect() as connection:
        for screen in found:
            if screen.floor:
                connection.exec_driver_sql(screen.floor.statement).fetchall()
        assert (
            len(connection.exec_driver_sql(statements.export()).fetchall())
            == db.session.query(License).count()
        )


@pytest.mark.one_database
def test_a_run_prints_every_line_with_its_machine_and_its_goal(tmp_path):
    sizes = {"large": 200, "small": 0, "rounds": 1, "seconds": 0.1, "rate-rounds": 1, "workers": 1}
    options = [part for name, value in sizes.items() for part in (f"--{name}", str(value))]
    only = [
        "--only",
        "support, licenses: first",
        "edit form",
        "home",
        "8 clients",
        "HTML",
        "CSV",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "read", "--database", "sqlite", *options, *only],
        cwd=ROOT,
        env=os.environ | {"XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(
        r"^\d{4}-\d\d-\d\d .* cores, .* Python 3\..* goals met\.$", done.stdout, flags=re.MULTILINE
    )
    for line in (
        r"support, licenses: first page +\| \d+\.\d ms +\| \d+\.\d ms +\| \d+\.\d +\| ≤ 2\.5 +\| (met|missed)",
        r"support, customers: edit form",
        r"portal, home, large company .*≤ 50 ms",
        r"list, 8 clients +\| \d+/s +\| \d+/s",
        r"HTML of a list of 50 +\| \d+\.\d kB",
        r"CSV of all, .* s +\| ",
        r"XLSX of all",
    ):
        assert re.search(rf"^\| {line}", done.stdout, flags=re.MULTILINE), (line, done.stdout)


def test_of_several_values_of_a_filter_the_worst_is_shown():
    def times(value: str, ours: float) -> Times:
        path = f"/support/licenses/?size=50&state={value}"
        screen = Screen("licences: filter state", LIST, path, "", screens.Floor(""))
        return Times(screen, ours=ours, floor=2.0, small=4.0)

    (line,) = table.of_times([times("free", 4.0), times("expired", 6.0)], "sqlite")
    assert (line.ratio, line.met) == ("3.0", False)
    assert "state=expired" in line.name
    assert (line.growth, line.grown) == ("1.50", False)
    (line,) = table.of_times([times("expired", 6.0)], "postgresql")
    assert line.met


def test_a_run_is_quoted_between_the_marks_of_the_page(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text(f"Before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    table.quote(page, "new\n")
    assert page.read_text() == f"Before\n{table.BEGIN}\n\nnew\n\n{table.END}\nafter\n"
    page.write_text("no marks")
    with pytest.raises(ValueError, match="has no"):
        table.quote(page, "new")
