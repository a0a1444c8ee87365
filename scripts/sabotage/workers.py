"""Private copies of the tree, and pytest on the one mutation that each holds at a time."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from scripts.sabotage.covermap import Map, plan
from scripts.sabotage.rooms import ROOT
from scripts.sabotage.source import Mutation
from tests.databases import SHARED_FOLDER, PostgreSQLServer

_NOT_COPIED = (".git", ".venv", ".sabotage", "instance*", ".*_cache", ".hypothesis", ".probe")
# A test hangs when it takes that much longer than it did.
_PATIENCE, _TIMES = 20.0, 6.0
# Beside its tests, a run starts, makes two databases and stops.
_OVERHEAD = 60.0
_ALL_PASSED, _NO_TESTS, _HUNG = 0, 5, 86


@dataclasses.dataclass(frozen=True)
class Result:
    """What came of a mutation.

    Attributes:
        caught_by: The test that failed, or what else gave it away; None for a survivor.
        tried: How many tests were to be tried.
        left_out: How many more there would have been without the budget.
        seconds: How long that took.
    """

    mutation: Mutation
    caught_by: str | None
    tried: int
    left_out: int
    seconds: float


class Worker:
    """A copy of the tree with a PostgreSQL server of its own, which all its runs of pytest share."""

    def __init__(self, root: Path, server: PostgreSQLServer) -> None:
        self.root = root
        self._plan = root.parent / "chosen.json"
        self._answer = self._plan.with_suffix(".answer")
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopped = False
        self._env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST")},
            "SABOTAGE_CHOSEN": str(self._plan),
            SHARED_FOLDER: str(server.folder),
        }

    def warm_up(self) -> None:
        """Compile everything once; the runs write no bytecode, so that none of a mutation is left behind."""
        self._plan.write_text("{}")
        self._pytest(["tests"], 120, "--collect-only")
        self._env["PYTHONDONTWRITEBYTECODE"] = "1"

    def attempt(self, mutation: Mutation, known: Map, budget: float) -> Result:
        """Apply the mutation, run its tests until one fails, and put the file back."""
        began = time.monotonic()
        batches, left_out = plan(mutation, known, budget)
        with self._applied(mutation):
            caught = next(filter(None, (self._notice(batch, known) for batch in batches)), None)
        tried = sum(map(len, batches))
        return Result(mutation, caught, tried, left_out, round(time.monotonic() - began, 1))

    @contextlib.contextmanager
    def _applied(self, mutation: Mutation) -> Iterator[None]:
        path = self.root / mutation.path
        before, times = path.read_bytes(), path.stat()
        path.write_text(mutation.after)
        try:
            yield
        finally:
            path.write_bytes(before)
            # Python knows its bytecode by the time of the source.
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def stop(self) -> None:
        """End the run that is under way; there is no other after it."""
        self._is_stopped = True
        if self._process is not None:
            _end(self._process)

    def failing(self, tests: list[str], known: Map) -> set[str]:
        """Which of the tests fail here without any mutation: they have caught nothing."""
        code, failed = self._run(tests, known)
        return set(failed) if code != _ALL_PASSED else set()

    def _notice(self, tests: list[str], known: Map) -> str | None:
        """Who noticed, or None."""
        code, failed = self._run(tests, known, "-x")
        if code in {_ALL_PASSED, _NO_TESTS}:
            return None
        if failed:
            return f"{failed[0]} (hangs)" if code == _HUNG else failed[0]
        return "hangs" if code is None else "does not start"

    def _run(self, tests: list[str], known: Map, *options: str) -> tuple[int | None, list[str]]:
        """The exit code of pytest, and the tests that failed."""
        self._answer.unlink(missing_ok=True)
        limits = {test: _PATIENCE + _TIMES * known.seconds[test] for test in tests}
        self._plan.write_text(json.dumps(limits))
        files = sorted({test.partition("::")[0] for test in tests})
        expected = sum(known.seconds[test] for test in tests)
        code = self._pytest(files, _OVERHEAD + 3 * expected, *options)
        return code, self._answer.read_text().splitlines() if self._answer.is_file() else []

    def _pytest(self, files: list[str], timeout: float, *options: str) -> int | None:
        """The exit code, or None after `timeout`. Whatever the run started ends with it."""
        if self._is_stopped:
            return None
        command = [sys.executable, "-m", "pytest", "-p", "no:xdist", "-p", "scripts.sabotage.chosen"]
        self._process = process = subprocess.Popen(
            [*command, *options, *files],
            cwd=self.root,
            env=self._env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and all that it started: sandbox, browser, workers."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def workers(count: int) -> Iterator[list[Worker]]:
    """That many workers, ready to run; their folders and servers go at the end."""
    with contextlib.ExitStack() as at_the_end:
        made = []
        for _number in range(count):
            folder = Path(at_the_end.enter_context(tempfile.TemporaryDirectory(prefix="sabotage-")))
            shutil.copytree(ROOT, folder / "tree", ignore=shutil.ignore_patterns(*_NOT_COPIED), symlinks=True)
            (folder / "tree" / ".venv").symlink_to(ROOT / ".venv")
            server = at_the_end.enter_context(PostgreSQLServer())
            made.append(Worker(folder / "tree", server))
        for worker in made:
            worker.warm_up()
        yield made
