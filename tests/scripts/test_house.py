"""The rooms' bans: they hold, they leave no circle, and the picture of the house is the one that they give."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import house

ROOT = house.ROOT
RUFF = Path(sys.executable).with_name("ruff")
BANNED = [
    (room, other)
    for room, toml in house.ROOMS.items()
    for other in house.ROOMS
    if toml and room != other and not house.may_import(room, other)
]


def test_the_picture_of_the_house_is_the_one_that_the_bans_give():
    page = house.PAGE.read_text()
    assert house.drawn(page) == page, "make house"


def test_no_room_may_import_what_may_import_it():
    every = house.arrows()
    assert not {(room, other) for room, other in every if (other, room) in every}
    graphlib.TopologicalSorter({room: {b for a, b in every if a == room} for room in house.ROOMS}).prepare()


@pytest.mark.parametrize(("room", "other"), BANNED)
def test_an_import_upwards_does_not_pass_the_check(room, other):
    """Ruff itself is asked about a file of the room that imports the other one."""
    module = sorted(house.modules_of(other))[0].replace("app", "app.py").removesuffix(".py")
    folder = house.ROOMS[room].removesuffix("/ruff.toml")
    answer = subprocess.run(
        [RUFF, "check", "--select", "TID251", "--stdin-filename", f"{folder}/probe.py", "-"],
        cwd=ROOT,
        input=f"import {module}\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "TID251" in answer.stdout, f"{folder} may import {module}"


@pytest.mark.parametrize(
    "toml", sorted(path for path in house.ROOMS.values() if path and path.count("/") == 2)
)
def test_a_room_in_a_room_repeats_its_bans(toml):
    """Ruff replaces the table of the outer file instead of extending it."""
    outer = house.banned_by(f"{toml.partition('/')[0]}/ruff.toml")
    above = {
        "admin_views.batches",
        "admin_views.journal",
        "admin_views.portal",
        "admin_views.search",
        "admin_views.support",
    }
    assert outer - house.banned_by(toml) <= above


def test_every_room_of_the_services_is_in_the_picture_and_short_enough_to_read():
    rooms = {path.name for path in (ROOT / "services").iterdir() if (path / "__init__.py").exists()}
    assert {f"services/{room}" for room in rooms} == {
        room for room in house.ROOMS if room.startswith("services/")
    }
    for room in rooms:
        lines = sum(len(path.read_text().splitlines()) for path in (ROOT / "services" / room).glob("*.py"))
        assert lines <= 1_600, room
    assert len(list((ROOT / "services").glob("*.py"))) <= 3


def test_no_module_imports_another_in_a_circle():
    files = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path
        for folder in ("services", "access", "tables", "admin_views", "web", "demo")
        for path in (ROOT / folder).rglob("*.py")
    }
    files["models"] = ROOT / "models.py"
    graph = {
        name: {found for found in imports_of(path) if found in files and found != name}
        for name, path in files.items()
    }
    graphlib.TopologicalSorter(graph).prepare()


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
