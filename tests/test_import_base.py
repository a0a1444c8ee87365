"""`flask import-base`: what it says, what it writes down, and what it ends with."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

import access
from models import Batch, License, db, utcnow
from tests.client import sign_in
from tests.factories import make_plan, make_user


@pytest.fixture
def run(app):
    """`run("import-base", …, typed="…")`: the command's result."""

    def run(*arguments, typed=""):
        return app.test_cli_runner().invoke(args=arguments, input=typed)

    return run


BASE = "Client;Courriel de facturation;Province;Nom;Courriel;Forfait;Clé;Fin\n"


@pytest.fixture
def base_file(tmp_path, app):
    with app.app_context(), access.everything():
        make_plan("pro")
    path = tmp_path / "base.csv"
    day = (utcnow() + dt.timedelta(days=200)).date()
    path.write_text(BASE + f"Lévis;a@levis.example;QC;Marie Roy;m@levis.example;Pro;KEY-001;{day}\n")
    return path


def _keys(app):
    with app.app_context(), access.everything():
        return sorted(db.session.scalars(sa.select(License.key)))


def test_a_base_is_imported_by_a_command_and_a_second_time_changes_nothing(run, app, base_file):
    result = run("import-base", str(base_file), "--confirm")
    assert result.exit_code == 0, result.output
    assert "1 rows were brought over" in result.output
    assert _keys(app) == ["KEY-001"]
    again = run("import-base", str(base_file), "--confirm")
    assert again.exit_code == 0
    assert "nothing to bring over" in again.output
    assert _keys(app) == ["KEY-001"]


def test_nothing_is_imported_before_somebody_says_yes(run, app, base_file):
    result = run("import-base", str(base_file), typed="n\n")
    assert result.exit_code == 0
    assert "Nothing was changed" in result.output
    assert _keys(app) == []
    assert run("import-base", str(base_file), typed="y\n").exit_code == 0
    assert _keys(app) == ["KEY-001"]


def test_wrong_rows_are_written_down_and_keep_the_others_back_unless_they_are_skipped(
    run, app, base_file, tmp_path
):
    base_file.write_text(base_file.read_text() + "Lévis;;;;;Platine;=1+1;2031-01-01\n")
    wrong = tmp_path / "wrong.csv"
    result = run("import-base", str(base_file), "--confirm", "--wrong", str(wrong))
    assert result.exit_code == 1
    assert _keys(app) == []
    (line,) = wrong.read_text(encoding="utf-8-sig").splitlines()[1:]
    assert line.startswith('"base.csv","3"')
    assert "“Platine” is no plan" in line.replace("\u2068", "").replace("\u2069", "")
    assert '"=1+1"' not in line
    skipped = run("import-base", str(base_file), "--confirm", "--skip-wrong", "--wrong", str(wrong))
    assert skipped.exit_code == 0, skipped.output
    assert _keys(app) == ["KEY-001"]


def test_what_is_no_table_is_said_in_a_sentence(run, app, base_file):
    base_file.write_bytes(b"%PDF-1.7 ...")
    result = run("import-base", str(base_file))
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_support_reads_on_its_page_what_the_command_brought_over(run, app, base_file, client):
    assert run("import-base", str(base_file), "--confirm").exit_code == 0
    with app.app_context(), access.everything():
        together = db.session.scalar(sa.select(Batch.together))
        sam = make_user(None, "Sam")
        sign_in(client, sam)
    assert client.get(f"/support/batches/{together}/").status_code == 200
    assert client.get("/support/batches/").status_code == 200
    assert "KEY-001" in client.get(f"/support/batches/{together}/").text
