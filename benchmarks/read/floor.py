"""The floor: bare Flask views, each with one statement and a small template. Gunicorn serves `make_app()`.

A file that FLOOR names says which pages there are: the path, the statement, how many cells a row has, the names of a form's fields.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, request
from jinja2 import Environment

PAGE = 50
_HEAD = "<!doctype html><html lang=fr><meta charset=utf-8><title>{{ title }}</title><h1>{{ title }}</h1>"
_ROWS = (
    _HEAD
    + "<table><tr>%(heads)s</tr>{%% for row in rows %%}<tr><td><a href='/{{ row[0] }}'>{{ row[0] }}</a></td>%(cells)s</tr>"
    "{%% endfor %%}</table>{%% if more %%}<a rel=next href='?after={{ rows[-1][0] }}'>Suivant</a>{%% endif %%}"
)
_FORM = (
    _HEAD
    + "<form method=post>{% for name, value in fields %}<p><label>{{ name }} <input name='{{ name }}' value='{{ value }}'></label></p>{% endfor %}<button>Sauvegarder</button></form>"
)
# The same as ours: what a spreadsheet would run as a formula (OWASP, "CSV Injection").
FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
WORDS = {
    "available": "disponible",
    "assigned": "assignée",
    "activated": "activée",
    "suspended": "suspendue",
    "expired": "expirée",
    "revoked": "révoquée",
}


def make_app() -> Flask:
    """The floor over the database that DATABASE_URL names."""
    app = Flask(__name__)
    engine = sa.create_engine(
        os.environ["DATABASE_URL"], isolation_level="AUTOCOMMIT", pool_size=8, pool_reset_on_return=None
    )
    environment = Environment(autoescape=True)
    spec = json.loads(Path(os.environ["FLOOR"]).read_text())
    for number, page in enumerate(spec["pages"]):
        view = (_form if page["fields"] else _table)(engine, environment, page)
        app.add_url_rule(page["path"], f"page{number}", view)
    app.add_url_rule("/csv", "csv", lambda: Response(_lines(engine, spec["csv"]), mimetype="text/csv"))
    app.add_url_rule("/ready", "ready", lambda: "")
    return app


def _table(engine: sa.Engine, environment: Environment, page: dict[str, Any]) -> Callable[[], str]:
    cells = range(1, page["cells"])
    template = environment.from_string(
        _ROWS
        % {
            "heads": "<th>" * page["cells"],
            "cells": "".join(f"<td>{{{{ row[{cell}] }}}}</td>" for cell in cells),
        }
    )
    statement, title = page["statement"], page["path"]

    def view() -> str:
        # As a view of one's own would read where its page begins.
        request.args.get("after")
        with engine.connect() as connection:
            rows = connection.exec_driver_sql(statement).fetchall()
        return template.render(rows=rows[:PAGE], more=len(rows) > PAGE, title=title)

    return view


def _form(engine: sa.Engine, environment: Environment, page: dict[str, Any]) -> Callable[[], str]:
    template = environment.from_string(_FORM)
    statement, title, names = page["statement"], page["path"], page["fields"]

    def view() -> str:
        with engine.connect() as connection:
            row = connection.exec_driver_sql(statement).one()
        values = [*row[1:], *[""] * len(names)]
        return template.render(fields=list(zip(names, values, strict=False)), title=title)

    return view


def _lines(engine: sa.Engine, statement: str) -> Iterator[str]:
    """Every licence: key, customer, plan, state in words, names, address guarded, days and instants as text by the database."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield "\ufeff"
    # A cursor of PostgreSQL's lives in a transaction.
    level = "READ COMMITTED" if engine.dialect.name == "postgresql" else "AUTOCOMMIT"
    options: dict[str, Any] = {"stream_results": True, "yield_per": 2_000, "isolation_level": level}
    with engine.connect().execution_options(**options) as connection:
        for part in connection.exec_driver_sql(statement).partitions():
            writer.writerows([_written(row) for row in part])
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()


def _written(row: Any) -> list[Any]:
    key, customer, plan, state, *texts, first, last, assigned, activated = row
    cells = [key, customer, plan, WORDS[state], *texts]
    guarded = [f"'{cell}" if cell and cell[0] in FORMULA else cell for cell in cells]
    return [*guarded, first, last, assigned, activated]
