"""The documentation names only what exists: paths, functions of the walks through the code, links."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
import stripe

from sandbox.stripe import objects
from scripts.house import ROOT
from services.events import account, stripe_events
from services.payments import gateway

PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")], key=lambda page: page.relative_to(ROOT).as_posix()
)
SUFFIXES = ("py", "md", "html", "toml", "css", "js", "txt", "po", "webp", "svg", "example")
# Placeholders for a word of the reader's choice, and addresses.
NO_PATH = re.compile(r"[<>{}…*@]|^/|://")
# Paths in the code's own words: docstrings, comments, the messages of ruff's bans.
IN_CODE = re.compile(
    r"(?<![\w/.-])(?:services|access|tables|admin_views|web|sandbox|demo|scripts|benchmarks|tests|docs|migrations)"
    rf"/[\w./-]*\.(?:{'|'.join(SUFFIXES)})\b"
)


def id_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def named_paths(text: str) -> set[str]:
    """What the page names in backquotes that looks like a path in the repository; commands and addresses are none."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return {
        name
        for name in re.findall(r"`([^`\s]+)`", prose)
        if not NO_PATH.search(name)
        and ("/" in name or name.endswith(tuple(f".{suffix}" for suffix in SUFFIXES)))
    }


def links(text: str) -> set[str]:
    """Where the page's relative links and pictures lead, without the part of the page."""
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    return {target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)}


def walked(text: str) -> list[tuple[str, str]]:
    """(file, function) of each row of a table that shows a way through the code."""
    return re.findall(r"^\| \d+ \| `([\w/]+\.py)` \| `([\w.]+)` \|", text, flags=re.MULTILINE)


def functions_of(path: Path) -> set[str]:
    """`assign`, `Users.assign`: the functions of a module, and of its classes with their class."""
    tree = ast.parse(path.read_text())
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    methods = {
        f"{owner.name}.{node.name}"
        for owner in classes
        for node in owner.body
        if isinstance(node, ast.FunctionDef)
    }
    return methods | {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("page", PAGES, ids=id_of)
def test_every_path_in_backquotes_exists(page):
    assert {name for name in named_paths(page.read_text()) if not (ROOT / name).exists()} == set()


@pytest.mark.parametrize("page", PAGES, ids=id_of)
def test_every_relative_link_leads_somewhere(page):
    assert {target for target in links(page.read_text()) if not (page.parent / target).exists()} == set()


def test_every_step_of_the_tour_is_a_function_of_the_file_it_names():
    steps = walked((ROOT / "docs" / "tour.md").read_text())
    assert len(steps) > 10
    assert [step for step in steps if step[1] not in functions_of(ROOT / step[0])] == []


# --- The pages that are there in French too -----------------------------------------------------------------------------

TWINS = {"README.md": "LISEZ-MOI.md", "docs/buy-and-assign.md": "docs/acheter-et-assigner.md"}


def skeleton(text: str) -> dict[str, list[str]]:
    """What a page has whatever its language: levels of headings, commands, rows of tables, links, pictures, code."""
    blocks = re.findall(r"^```.*?^```", text, flags=re.MULTILINE | re.DOTALL)
    names = [(Path(name).stem, Path(twin).stem) for name, twin in TWINS.items()]
    for name, twin in names:
        text = re.sub(rf"\b({re.escape(name)}|{re.escape(twin)})\.md", f"{name}.md", text)
    return {
        "headings": re.findall(r"^#+(?= )", text, flags=re.MULTILINE),
        "commands": [re.sub(r"\s*#.*", "", line) for block in blocks for line in block.splitlines()],
        "cells": [str(row.count("|")) for row in text.splitlines() if row.startswith("|")],
        "entries": re.findall(r"^- \[?", text, flags=re.MULTILINE),
        # A picture may be of the reader's language.
        "links": sorted(
            re.sub(r"/(year|many)-(fr|en)-", r"/\1-", link) for link in re.findall(r"\]\(([^)\s]+)\)", text)
        ),
        "code": sorted(set(re.findall(r"`([^`\n]+)`", text))),
    }


@pytest.mark.parametrize("name", TWINS)
def test_a_page_says_as_much_in_french_as_in_english(name):
    english, french = ((ROOT / page).read_text() for page in (name, TWINS[name]))
    assert skeleton(french) == skeleton(english)
    # Québec's spacing: none before ; ! ?, a space that does not break before : % $ ».
    assert re.findall(r".{20}(?: [:;?%$»]| !(?!\[)|[\u00a0\u202f][;!?]).{10}", french) == []
    assert "'" not in re.sub(r"`[^`]*`|^```.*?^```", "", french, flags=re.MULTILINE | re.DOTALL)


def test_the_code_names_only_files_that_exist():
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "*.py", "*.toml", "Makefile", ".env.example", ":!tests/scripts"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert {
        f"{file}: {name}"
        for file in tracked.split("\0")
        if file
        for name in IN_CODE.findall((ROOT / file).read_text())
        # Templates are named from their own folder.
        if not (ROOT / name).exists() and not (ROOT / "templates" / name).exists()
    } == set()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("in `gone/for_good.py` and `gone.py`", {"gone/for_good.py", "gone.py"}),
        ("`services/`, `docs/tour.md`", {"services/", "docs/tour.md"}),
        ("`templates/mail/<kind>/`, `0002_…`, `/portal/`, `https://desk.example/l/x.html`", set()),
        ("`make run`, `checkout.session.completed`, `Plan.name`", set()),
        ("```sh\ncat `gone.py`\n```\n", set()),
    ],
)
def test_paths_are_told_from_commands_and_placeholders(text, found):
    assert named_paths(text) == found


# --- What an operator copies into Stripe's dashboard -------------------------------------------------------------------


def part_of(page: str, heading: str) -> str:
    """What stands below a heading of a page of `docs/`, up to the next one."""
    text = (ROOT / "docs" / page).read_text()
    return re.search(rf"^## {heading}$(.*?)^## ", text, flags=re.MULTILINE | re.DOTALL)[1]


def test_the_endpoint_in_the_docs_is_sent_every_event_that_we_use_and_no_other():
    named = re.findall(
        r"`((?:charge|checkout|payment_intent|refund)\.[a-z_.]+)`", part_of("deploy.md", r"4\. Stripe")
    )
    assert sorted(named) == sorted(stripe_events.EVENTS)


def test_the_docs_name_every_permission_that_the_key_needs_and_no_other():
    named = re.findall(
        r"^\| ([A-Z][\w ]+: (?:Read|Write)) \|", part_of("deploy.md", r"4\. Stripe"), flags=re.MULTILINE
    )
    assert named == list(account.NEEDED)


def test_the_docs_name_the_version_that_is_asked_for_and_the_library_and_the_sandbox_speak_it():
    assert f"`{gateway.API_VERSION}`" in part_of("deploy.md", r"4\. Stripe")
    assert gateway.API_VERSION == stripe.api_version == objects.API_VERSION
