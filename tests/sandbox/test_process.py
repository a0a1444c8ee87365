"""The sandbox as one process: its start, its end, its switches, and addresses that lead nowhere."""

import time
from typing import Any

import pytest
import requests

from tests.sandbox_process import SandboxProcess


def test_the_sandbox_starts_within_a_second_and_stops_within_one(sandbox: SandboxProcess) -> None:
    began = time.monotonic()
    sandbox.stop()
    stopped = time.monotonic()
    sandbox.start()
    started = time.monotonic()
    assert sandbox.process.poll() is None
    assert stopped - began < 1
    assert started - stopped < 3  # A second alone; more when other tests share the machine.


@pytest.mark.parametrize(
    "wanted",
    [{"colour": 1}, {"webhooks": "maybe"}, {"fail_next": "two"}, {"fail_next": True}, {"retry_schedule": 3}],
)
def test_a_wrong_switch_is_refused(sandbox: SandboxProcess, wanted: dict[str, Any]) -> None:
    answer = requests.post(f"{sandbox.url}/sandbox/settings", json=wanted, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "path", ["/pay/cs_test_nobody", "/pay/%00", "/inbox/999", "/inbox/99999999999999999999"]
)
def test_what_is_not_there_is_a_page_that_says_so(sandbox: SandboxProcess, path: str) -> None:
    answer = requests.get(sandbox.url + path, timeout=10)
    assert answer.status_code == 404
    assert "<h1>" in answer.text
