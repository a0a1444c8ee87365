"""A pytest plugin that writes down which lines of the rooms each test runs, and how long the test takes.

Loaded by `python -m scripts.sabotage map` through `PYTEST_PLUGINS`, so that it starts before the application is
imported, in every worker of xdist. Threads are traced as well: the live server answers from threads.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest

from scripts.sabotage.rooms import ROOT, START, source_files


class _Recorder:
    """The state of one process: the running test, and what is known of those before."""

    def __init__(self) -> None:
        files = [str(ROOT / path) for path in source_files()]
        self.coverage = coverage.Coverage(data_file=None, config_file=False, include=files)
        self.coverage.start()
        self.test = START
        self.coverage.switch_context(START)
        self.is_warm = False
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()
        self.spawned: set[str] = set()

    def switch(self, context: str) -> None:
        self.test = context
        self.coverage.switch_context(context)

    def lines(self) -> dict[str, dict[int, list[str]]]:
        """{path: {line: [test, …]}}"""
        self.coverage.stop()
        data = self.coverage.get_data()
        files = sorted(data.measured_files())
        return {Path(file).relative_to(ROOT).as_posix(): data.contexts_by_lineno(file) for file in files}


_recorder = _Recorder()


def _note_process(event: str, args: tuple[Any, ...]) -> None:
    """A process of our own code is not traced: what a test proves through it is known by the test's name alone."""
    if event == "subprocess.Popen" and args[1] and str(args[0]) == sys.executable:
        words = [str(word) for word in args[1]]
        if "sandbox" not in words:
            _recorder.spawned.add(_recorder.test)


sys.addaudithook(_note_process)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    _recorder.switch(item.nodeid)
    try:
        return (yield)
    finally:
        _recorder.switch(START)


@pytest.fixture(autouse=True)
def _shared_applications(request: pytest.FixtureRequest) -> None:
    """Make the application of each engine before its first test: otherwise its making would count as that test's."""
    from tests.databases import ENGINES  # noqa: PLC0415 - only where tests are

    if _recorder.is_warm or "database" not in request.fixturenames:
        return
    _recorder.is_warm = True
    test = _recorder.test
    _recorder.switch(START)
    for engine in ENGINES:
        request.getfixturevalue("_databases")(engine)
    _recorder.switch(test)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _recorder.seconds[report.nodeid] = _recorder.seconds.get(report.nodeid, 0) + report.duration
    if report.failed:
        _recorder.failed.add(report.nodeid)


def pytest_sessionfinish() -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    written = {
        "lines": _recorder.lines(),
        "seconds": _recorder.seconds,
        "failed": sorted(_recorder.failed),
        "spawned": sorted(_recorder.spawned),
    }
    Path(os.environ["SABOTAGE_RECORD"], f"{worker}.json").write_text(json.dumps(written))
