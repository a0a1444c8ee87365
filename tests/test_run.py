"""`make run`: it prints where everything is, its processes stop together, and none is left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.servers import free_port

ROOT = Path(__file__).resolve().parent.parent


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def port() -> int:
    """The first of three free ports in a row."""
    while True:
        port = free_port()
        if _is_free(port + 1) and _is_free(port + 2):
            return port


@pytest.fixture
def environ(port, tmp_path) -> dict[str, str]:
    environ = {"PATH": os.environ["PATH"], "INSTANCE": str(tmp_path), "PORT": str(port)}
    subprocess.run([sys.executable, "-m", "flask", "demo"], cwd=ROOT, env=environ, check=True)
    return environ


@pytest.fixture
def running(environ) -> Iterator[subprocess.Popen]:
    """`python run.py`, once it has printed where everything is."""
    process = subprocess.Popen(
        [sys.executable, "run.py"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    process.said = ""
    for line in process.stdout:
        process.said += line
        if "Ctrl-C" in line:
            break
    yield process
    process.terminate()
    process.communicate(timeout=30)


def test_it_says_where_everything_is_and_ctrl_c_stops_it_all(running, port):
    for words in (
        f"http://127.0.0.1:{port}/portal/",
        f"http://127.0.0.1:{port}/support/",
        f"http://127.0.0.1:{port + 1}/inbox",
        "admin@acme.example",
        "demo-trousseau",
    ):
        assert words in running.said
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
        assert answer.status == 200

    running.send_signal(signal.SIGINT)
    running.communicate(timeout=30)
    assert running.returncode == 0
    assert all(_is_free(port + offset) for offset in range(3))


def test_when_one_ends_the_others_are_stopped(running, port):
    (worker,) = [child for child in psutil.Process(running.pid).children() if "worker" in child.cmdline()]
    worker.kill()

    said, _ = running.communicate(timeout=30)
    assert "The mail worker has ended" in said
    assert running.returncode == 1
    assert all(_is_free(port + offset) for offset in range(3))


def test_a_taken_port_is_named_and_nothing_is_started(port, tmp_path):
    environ = {"PATH": os.environ["PATH"], "INSTANCE": str(tmp_path), "PORT": str(port)}
    with socket.create_server(("127.0.0.1", port + 1)):
        run = subprocess.run(
            [sys.executable, "run.py"],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert run.returncode == 1
    assert run.stderr.startswith(f"Port {port + 1} is in use")
    assert f"make run PORT={port + 10}" in run.stderr
    assert _is_free(port)
