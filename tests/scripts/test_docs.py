"""The docs name what exists: paths in backquotes, and links to other pages."""

from __future__ import annotations

import re

import pytest

from scripts.house import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FOLDERS = "access|admin_views|benchmarks|demo|docs|migrations|sandbox|scripts|services|static|tables|templates|tests|translations|web"
# `services/buying/cart.py`, `tests/faults/`; not `templates/mail/<kind>/` nor `docs/decisions/0001…`.
PATH = re.compile(rf"`((?:{FOLDERS})/[\w./-]*|[a-z_]+\.py)`")
# A file is named without its folder where the page is about that folder.
ROOMS = (
    "",
    "services/buying",
    "services/people",
    "services/mail",
    "admin_views",
    "scripts/sabotage",
    "tests",
    "sandbox",
)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_files_that_are_there(page):
    named = set(PATH.findall(page.read_text()))
    assert {path for path in named if not any((ROOT / room / path).exists() for room in ROOMS)} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_leads_to_a_page_that_is_there(page):
    assert {link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()} == set()


def test_code_names_files_that_are_there():
    files = [path for folder in FOLDERS.split("|") for path in (ROOT / folder).rglob("*.py")]
    wrong = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in [*files, *ROOT.glob("*.py")]
        if "tests/scripts" not in path.as_posix()
        for name in re.findall(rf"`((?:{FOLDERS})/[\w/-]+\.\w+)`", path.read_text())
        if not (ROOT / name).exists()
    }
    assert wrong == set()
