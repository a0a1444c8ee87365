"""A pytest plugin that runs the chosen tests in the chosen order, and says which failed or hung.

`SABOTAGE_CHOSEN` names a file with the tests and the seconds each may take; the answer is written beside it.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

HUNG = 86
_chosen = Path(os.environ["SABOTAGE_CHOSEN"])
_limits: dict[str, float] = json.loads(_chosen.read_text())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: number for number, name in enumerate(_limits)}
    items[:] = sorted((item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """A test that takes much longer than it did hangs: nothing of it could be waited for, not even its end."""
    watch = threading.Timer(_limits[item.nodeid], _hang, [item.nodeid])
    watch.daemon = True
    watch.start()
    try:
        return (yield)
    finally:
        watch.cancel()


def _hang(name: str) -> None:
    _answer(name)
    os._exit(HUNG)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        _answer(report.nodeid)


def _answer(name: str) -> None:
    with _chosen.with_suffix(".answer").open("a") as answer:
        answer.write(f"{name}\n")
