"""The table: each line ours, floor, ratio, goal, and whether it is met. The same text is printed and quoted in docs."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import platform
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import psutil

from benchmarks.read.measures import Export, Rates, Sizes, Times
from benchmarks.read.screens import KEY, LIST, OTHER, PORTAL
from benchmarks.read.servers import commit

# How many times the floor a page may take: on SQLite, on PostgreSQL.
LIST_GOAL = {"sqlite": 2.5, "postgresql": 3.0}
PAGE_GOAL = 4.0
KEY_GOAL = 2.0
GROWTH_GOAL = 1.3
LARGE_HOME_GOAL = 50.0
CSV_GOAL = 1.8
# What `--only` may name besides pages.
RATES, SIZES, EXPORTS = "list, 8 clients", "HTML of a list of 50", "CSV and XLSX of all"
# In the place of a figure.
NOT_THERE = "not there yet"
BEGIN, END = "<!-- a run -->", "<!-- end of the run -->"


@dataclasses.dataclass(frozen=True)
class Line:
    """One line: cells as they are printed, and whether its goals are met; None where it has none."""

    name: str
    ours: str
    floor: str = ""
    ratio: str = ""
    goal: str = ""
    met: bool | None = None
    growth: str = ""
    grown: bool | None = None


HEADS = ("page", "ours", "floor", "× floor", "goal", "", "growth", "≤ 1.3 ×")


def machine(version: str, licenses: str) -> str:
    """What was measured, on what, when."""
    names = re.findall(r"^model name\s*: (.*)$", _read("/proc/cpuinfo"), flags=re.MULTILINE)
    memory = psutil.virtual_memory().total / 2**30
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    # What waits for a core waits longer the longer it computes: ours more than the floor.
    busy = ", too high for figures to be trusted" if load > cores else ""
    return (
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC, commit {commit()}, {licenses}. "
        f"{names[0] if names else platform.processor()}, {cores} cores, {memory:.0f} GB, {platform.system()}, "
        f"Python {platform.python_version()}, {version}; load when it began: {load:.1f}{busy}."
    )


def _read(path: str) -> str:
    return Path(path).read_text() if Path(path).exists() else ""


# --- Lines --------------------------------------------------------------------------------------------------------------


def of_times(found: Sequence[Times], engine: str) -> list[Line]:
    """A line for each page; of several values of a filter, and of both directions of a sort, the worst."""
    groups: dict[str, list[Times]] = {}
    for one in found:
        groups.setdefault(one.screen.line, []).append(one)
    return [_of_page(name, group, engine) for name, group in groups.items()]


def _of_page(name: str, group: Sequence[Times], engine: str) -> Line:
    worst = max(group, key=lambda one: one.ours / one.floor if one.floor else one.ours)
    growths = [one.ours / one.small for one in group if one.small]
    growth = max(growths, default=None)
    goal = {LIST: LIST_GOAL[engine], OTHER: None, KEY: KEY_GOAL}.get(worst.screen.kind, PAGE_GOAL)
    ratio = worst.ours / worst.floor if worst.floor else None
    met = None if goal is None or ratio is None else ratio <= goal
    words = f"≤ {goal:g}" if goal else ""
    if worst.screen.large and worst.screen.kind == PORTAL and worst.screen.path == "/portal/":
        met = bool(met) and worst.ours <= LARGE_HOME_GOAL
        words += f", ≤ {LARGE_HOME_GOAL:g} ms"
    several = f" (worst of {len(group)}: {worst.screen.path.partition('&')[2]})" if len(group) > 1 else ""
    return Line(
        name=name + several,
        ours=f"{worst.ours:.1f} ms",
        floor=f"{worst.floor:.1f} ms" if worst.floor else "",
        ratio=f"{ratio:.1f}" if ratio else "",
        goal=words,
        met=met,
        growth=f"{growth:.2f}" if growth else "",
        grown=None if growth is None else growth <= GROWTH_GOAL,
    )


def of_rates(found: Rates) -> list[Line]:
    """How many requests a second, beside the floor and beside stock Flask-Admin."""
    beside, above = found.ours / found.floor, found.ours / found.stock
    ours = f"{found.ours:.0f}/s"
    return [
        Line(RATES, ours, f"{found.floor:.0f}/s", f"{beside:.2f}", "≥ 0.5", beside >= 0.5),
        Line(
            f"{RATES}, beside stock Flask-Admin",
            ours,
            f"{found.stock:.0f}/s",
            f"{above:.1f}",
            "≥ 15",
            above >= 15,
        ),
    ]


def of_sizes(found: Sizes) -> list[Line]:
    """Kilobytes of a page and of what it links to."""
    kilobytes = (
        (SIZES, found.page, 60),
        ("the same, compressed", found.packed, 8),
        (f"first visit, {found.files} files but fonts, compressed", found.assets, 120),
        ("fonts", found.font, 110),
    )
    return [
        Line(name, f"{size / 1000:.1f} kB", goal=f"≤ {most} kB", met=size / 1000 <= most)
        for name, size, most in kilobytes
    ]


def of_exports(ours: Export | None, floor: Export | None, sheet: Export | None) -> list[Line]:
    """The CSV of all, by the clock and by memory, and the XLSX."""
    lines = [Line(EXPORTS, NOT_THERE)]
    if ours and floor:
        ratio = ours.whole / floor.whole
        lines = [
            Line(
                f"CSV of all, {ours.size:.0f} MB (floor: {floor.size:.0f})",
                f"{ours.whole:.1f} s",
                f"{floor.whole:.1f} s",
                f"{ratio:.1f}",
                f"≤ {CSV_GOAL}",
                ratio <= CSV_GOAL,
            ),
            Line(
                "CSV, first byte",
                f"{ours.first:.2f} s",
                f"{floor.first:.2f} s",
                goal="≤ 0.5 s",
                met=ours.first <= 0.5,
            ),
            Line(
                "CSV, memory of the process",
                f"{ours.peak:.0f} MB",
                f"{floor.peak:.0f} MB",
                goal="≤ 90 MB",
                met=ours.peak <= 90,
            ),
        ]
    name = "XLSX of all, memory of the process"
    if sheet is None:
        return [*lines, Line(name, NOT_THERE, goal="≤ 150 MB")]
    words = f"{sheet.peak:.0f} MB, {sheet.whole:.0f} s"
    return [*lines, Line(name, words, goal="≤ 150 MB", met=sheet.peak <= 150)]


# --- Text ---------------------------------------------------------------------------------------------------------------


def text(title: str, about: str, lines: Iterable[Line]) -> str:
    """A table in Markdown, which a terminal shows just as well."""
    rows = [HEADS, *(_cells(line) for line in lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADS))]
    printed = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    rule = " | ".join("-" * max(3, width) for width in widths)
    table = "\n".join(f"| {row} |" for row in (printed[0], rule, *printed[1:]))
    return f"### {title}\n\n{about}\n\n{table}\n"


def _cells(line: Line) -> tuple[str, ...]:
    marks = {True: "met", False: "missed", None: ""}
    return (
        line.name,
        line.ours,
        line.floor,
        line.ratio,
        line.goal,
        marks[line.met],
        line.growth,
        marks[line.grown],
    )


def tally(lines: Iterable[Line]) -> str:
    """How many goals are met."""
    goals = [met for line in lines for met in (line.met, line.grown) if met is not None]
    return f"{sum(goals)} of {len(goals)} goals met"


def quote(path: Path, run: str) -> None:
    """Put a run between the marks of a page of `docs/`.

    Raises:
        ValueError: the page has no such marks.
    """
    page = path.read_text()
    before, begin, rest = page.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{path} has no {BEGIN} … {END}")
    path.write_text(f"{before}{BEGIN}\n\n{run.strip()}\n\n{END}{after}")
