"""Which tests can notice a change of a line: those that ran it when the map was made.

Why that is sound: a test that never reaches a changed line does exactly what it did before, so it cannot fail for
it. What a line does without being reached in a test is seen to apart:

- Lines that run at import, or while the applications are made that all tests share, work on everything after. They
  are tried on the tests whose file imports the module, on those that ran anything of it, and a constant on those that
  ran a line with its name.
- Tests that start processes of our code (`flask worker`, `run.py`) reach lines that no tracer sees. They are tried
  on what no other test reaches.
- A test that failed while the map was made proves nothing and is left out.

Without a limit (`--budget 0`, and `--only`) the last two of these are dropped: import lines are tried on all tests,
and everything on the tests that start processes. With one, a mutation gets that many seconds of tests, as most of
the suite runs through the hottest lines; a survivor says how many were left out. What remains unknown is a line
that only decides what a *later* test finds in the memory of the process; tests stand alone, so this is rare.
"""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scripts.sabotage.rooms import ROOT, START, STORE, folders_of_tests, room_of, source_files
from scripts.sabotage.source import Mutation

FILE = STORE / "map.json"


@dataclasses.dataclass
class Map:
    """What the recorder wrote down.

    Attributes:
        commit: The commit it was made for.
        digests: {path: digest of the source that was traced}
        lines: {path: {line: tests that ran it}}; `START` among them where it ran outside of any test.
        seconds: How long each test takes. A test that is not here is not tried.
        unseen: The tests that start processes of our own code.
    """

    commit: str
    digests: dict[str, str]
    lines: dict[str, dict[int, set[str]]]
    seconds: dict[str, float]
    unseen: set[str]

    def changed(self) -> list[str]:
        """The files whose line numbers are not those of the map any more."""
        now = digests()
        return sorted(
            path for path in self.digests.keys() | now.keys() if self.digests.get(path) != now.get(path)
        )

    def ran(self, path: str, first: int, last: int) -> set[str]:
        """The tests that ran one of those lines, `START` among them."""
        lines = self.lines.get(path, {})
        return {test for line in range(first, last + 1) for test in lines.get(line, ())}

    def ran_names(self, names: Iterable[str]) -> set[str]:
        """The tests that ran a line which one of these names stands on, wherever."""
        wanted = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in names) or r"(?!)")
        return {
            test
            for path in self.lines
            if (ROOT / path).is_file()
            for number, text in enumerate((ROOT / path).read_text().splitlines(), 1)
            if wanted.search(text)
            for test in self.lines[path].get(number, ())
        }

    def ran_any(self, path: str) -> set[str]:
        return {test for tests in self.lines.get(path, {}).values() for test in tests}


def plan(mutation: Mutation, known: Map, budget: float) -> tuple[list[list[str]], int]:
    """The room's own tests and then the others, and how many the budget left out (0 is no limit)."""
    groups, last = _groups(mutation, known)
    folders = tuple(f"{folder}/" for folder in folders_of_tests(room_of(mutation.path)))
    taken: set[str] = set()
    ordered: list[str] = []
    for tests in groups if budget else [*groups, last]:
        new = (tests & known.seconds.keys()) - taken
        taken |= new
        own = {test for test in new if test.startswith(folders)}
        ordered += in_order(own, known.seconds) + in_order(new - own, known.seconds)
    chosen = _within(ordered, known.seconds, budget or math.inf)
    left_out = len(((taken | last) & known.seconds.keys()) - set(chosen))
    # Two runs of pytest: the first need not even read the files of the others.
    first = [test for test in chosen if test.startswith(folders)]
    batches = [first, [test for test in chosen if not test.startswith(folders)]]
    return [batch for batch in batches if batch], left_out


def _groups(mutation: Mutation, known: Map) -> tuple[list[set[str]], set[str]]:
    """The tests that ran it, in groups, the likeliest to notice first; and those to try where time does not count."""
    reached = known.ran(mutation.path, *mutation.edit.lines)
    in_lambda = not mutation.edit.at_import and _is_import_line(mutation)
    if in_lambda and reached - {START}:
        # The line ran at import to make the lambda; what ran it in a test has called it.
        return [reached], known.unseen
    if not (mutation.edit.at_import or START in reached):
        return [reached or known.unseen], known.unseen
    module = known.ran_any(mutation.path)
    users = known.ran_names(mutation.edit.names)
    return [*_naming(mutation, known), users & module, module, users], set(known.seconds)


def _naming(mutation: Mutation, known: Map) -> list[set[str]]:
    """The tests of the files that import the module by its name, then of those that import its package.

    A test that reads a constant, or holds all views of a package to a rule, runs no line of ours.
    """
    module = mutation.path.removesuffix(".py").replace("/", ".")
    package = module.rpartition(".")[0]
    return [
        _importing(rf"from {re.escape(module)} import\b|{_whole(module)}", known),
        _importing(_whole(package), known) if "." in package else set(),
    ]


def _whole(module: str) -> str:
    """The pattern of an import that takes the module whole."""
    package, _, name = module.rpartition(".")
    listed = rf"from {re.escape(package)} import (\([^)]*|[^\n]*)\b{name}\b|" if package else ""
    return rf"{listed}\bimport {re.escape(module)}\b"


def _importing(pattern: str, known: Map) -> set[str]:
    imported = re.compile(pattern)
    files = {test.partition("::")[0] for test in known.seconds}
    naming = {
        file for file in files if (ROOT / file).is_file() and imported.search((ROOT / file).read_text())
    }
    return {test for test in known.seconds if test.partition("::")[0] in naming}


def _is_import_line(mutation: Mutation) -> bool:
    """Whether the statement that holds the line stands outside of every function."""
    tree = ast.parse(mutation.before)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    line = mutation.edit.line
    return not any(one.body[0].lineno <= line <= (one.end_lineno or 0) for one in functions)


def in_order(tests: Iterable[str], seconds: dict[str, float]) -> list[str]:
    """The cheapest first. Of a test with many parameters, each counts as dearer than the one before it."""
    ranks: Counter[tuple[str, str]] = Counter()
    ranked: list[tuple[float, int, str]] = []
    for test in sorted(tests, key=lambda test: (seconds[test], test)):
        # The two databases are two tests: a lock is of use on one of them alone.
        engine = re.search(r"\[(sqlite|postgresql)\b", test)
        key = (test.partition("[")[0], engine[1] if engine else "")
        ranks[key] += 1
        ranked.append((seconds[test] * ranks[key], ranks[key], test))
    return [test for _cost, _rank, test in sorted(ranked)]


def _within(tests: list[str], seconds: dict[str, float], left: float) -> list[str]:
    """Those that fit in what is left; a dear one is passed over for cheaper ones after it."""
    chosen: list[str] = []
    for test in tests:
        if seconds[test] <= left:
            left -= seconds[test]
            chosen.append(test)
    return chosen


# --- Keeping it -----------------------------------------------------------------------------------------------------


def digests() -> dict[str, str]:
    return {path: hashlib.sha256((ROOT / path).read_bytes()).hexdigest() for path in source_files()}


def merge(folder: Path, commit: str) -> Map:
    """One map of what every worker wrote."""
    parts = [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]
    lines: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for part in parts:
        for path, of_file in part["lines"].items():
            for line, tests in of_file.items():
                lines[path][int(line)] |= set(tests)
    failed = {test for part in parts for test in part["failed"]}
    seconds = {test: time for part in parts for test, time in part["seconds"].items() if test not in failed}
    # A process may outlive the test that started it, and serve the others of the file.
    files = {test.partition("::")[0] for part in parts for test in part["spawned"]} - {START}
    unseen = {test for test in seconds if test.partition("::")[0] in files}
    return Map(commit, digests(), lines, seconds, unseen)


def save(made: Map, file: Path = FILE) -> None:
    """Tests are written once and then by their number: a hot line has a thousand of them."""
    names = sorted({START, *made.seconds, *(test for path in made.lines for test in made.ran_any(path))})
    numbers = {name: number for number, name in enumerate(names)}
    written: dict[str, Any] = {
        "commit": made.commit,
        "digests": made.digests,
        "tests": names,
        "lines": {
            path: {line: sorted(numbers[test] for test in tests) for line, tests in of_file.items()}
            for path, of_file in made.lines.items()
        },
        "seconds": made.seconds,
        "unseen": sorted(made.unseen),
    }
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(written))


def load(file: Path = FILE) -> Map:
    read = json.loads(file.read_text())
    names = read["tests"]
    lines = {
        path: {int(line): {names[number] for number in tests} for line, tests in of_file.items()}
        for path, of_file in read["lines"].items()
    }
    return Map(read["commit"], read["digests"], lines, read["seconds"], set(read["unseen"]))
