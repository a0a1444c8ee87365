"""What a run says: a line for each mutation as it goes, then figures and survivors."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from scripts.sabotage.operators import FAMILY_OF
from scripts.sabotage.rooms import STORE, room_of
from scripts.sabotage.workers import Result

Figures = list[tuple[str, int, int]]


def line(result: Result) -> str:
    """`caught    3.1 s  services/buying/cart.py:39:check-call:8fd92485  by tests/…`"""
    if result.caught_by:
        return f"caught   {result.seconds:5.1f} s  {result.mutation.id}  by {result.caught_by}"
    return f"SURVIVED {result.seconds:5.1f} s  {result.mutation.id}  {tried(result)}"


def tried(result: Result) -> str:
    if not result.tried:
        return "no test runs this line"
    more = f"; {result.left_out} more were left out by the budget" if result.left_out else ""
    return f"{result.tried} tests did not notice{more}"


def figures(results: Sequence[Result], kind: Callable[[Result], str]) -> Figures:
    """(kind, tried, survived), the kinds in order."""
    tried_of = Counter(kind(one) for one in results)
    survived_of = Counter(kind(one) for one in results if not one.caught_by)
    return [(name, tried_of[name], survived_of[name]) for name in sorted(tried_of)]


def markdown(results: Sequence[Result], title: str) -> str:
    """The whole report."""
    survivors = sorted((one for one in results if not one.caught_by), key=lambda one: one.mutation.id)
    share = 100 * len(survivors) / len(results) if results else 0
    parts = [
        f"# {title}",
        f"{len(results)} mutations, {len(survivors)} survived ({share:.0f} %).",
        _table("Family", figures(results, lambda one: FAMILY_OF[one.mutation.operator])),
        _table("Room", figures(results, lambda one: room_of(one.mutation.path))),
        "## Survivors",
        *(_survivor(one) for one in survivors),
    ]
    return "\n\n".join(parts) + "\n"


def _table(heading: str, rows: Figures) -> str:
    width = max([len(heading), *(len(name) for name, _tried, _survived in rows)])
    lines = [f"| {heading:{width}} | tried | survived |", f"|{'-' * (width + 2)}|------:|---------:|"]
    lines += [f"| {name:{width}} | {count:5} | {survived:8} |" for name, count, survived in rows]
    return "\n".join(lines)


def _survivor(result: Result) -> str:
    one = result.mutation
    return f"### {one.path}:{one.edit.line}\n\n`{one.id}`: {tried(result)}.\n\n```diff\n{one.diff()}\n```"


def write(results: Sequence[Result], title: str, name: str) -> Path:
    """Keep the report as Markdown, and as JSON beside it."""
    STORE.mkdir(exist_ok=True)
    path = STORE / f"{name}.md"
    path.write_text(markdown(results, title))
    rows = [
        {
            "id": one.mutation.id,
            "operator": one.mutation.operator,
            "room": room_of(one.mutation.path),
            "file": one.mutation.path,
            "line": one.mutation.edit.line,
            "caught_by": one.caught_by,
            "tests": one.tried,
            "left_out": one.left_out,
            "seconds": one.seconds,
            "diff": one.mutation.diff(),
        }
        for one in results
    ]
    path.with_suffix(".json").write_text(json.dumps(rows, indent=1, ensure_ascii=False))
    return path


def survivors(name: str) -> list[str]:
    """The ids of the survivors of that report. Raises OSError where there is none."""
    rows = json.loads((STORE / f"{name}.json").read_text())
    return [row["id"] for row in rows if not row["caught_by"]]
