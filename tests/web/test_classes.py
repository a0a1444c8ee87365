"""The sheet and the templates speak of the same classes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config_types import ROOT
from web import statics

PAGES = sorted(
    path
    for path in (ROOT / "templates").rglob("*.html")
    if "mail" not in path.relative_to(ROOT / "templates").parts[:-1]
)
SANDBOX = sorted((ROOT / "sandbox" / "templates").glob("*.html"))
MAIL = sorted((ROOT / "templates" / "mail").rglob("*.html"))


def _used(text: str) -> set[str]:
    """The class names that a template writes out; those that it composes (`t{{ ground }}`) are left to its pictures."""
    text = re.sub(r"\{%.*?%\}", " ", text, flags=re.DOTALL)
    text = re.sub(r"[^\s\"]*\{\{[^}]*\}\}[^\s\"]*", " ", text)
    return {
        name
        for value in re.findall(r'class_?="([^"]*)"', text)
        for name in value.split()
        if re.fullmatch(r"[a-z][\w-]*", name)
    }


def _styled(sheet: str) -> set[str]:
    return set(
        re.findall(r"\.([a-zA-Z][\w-]*)", re.sub(r"/\*.*?\*/|url\([^)]*\)", "", sheet, flags=re.DOTALL))
    )


@pytest.mark.parametrize(
    ("templates", "sheet"),
    [
        (PAGES, statics.files()["desk.css"].bodies[""].decode()),
        (SANDBOX, (ROOT / "sandbox/static/sandbox.css").read_text()),
        (MAIL, (ROOT / "templates/mail/layout.html").read_text()),
    ],
    ids=["pages", "sandbox", "mail"],
)
def test_every_class_of_a_template_is_in_its_sheet(templates: list[Path], sheet: str) -> None:
    styled = _styled(sheet)
    unknown = {path.name: sorted(_used(path.read_text()) - styled) for path in templates}
    assert {name: names for name, names in unknown.items() if names} == {}
    assert any(_used(path.read_text()) for path in templates)
