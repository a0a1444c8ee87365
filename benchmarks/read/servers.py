"""Gunicorn with ours, with the floor and with stock Flask-Admin, each set up by the same `gunicorn.conf.py`, on ports of their own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from config_types import ROOT

# What the processes are: the application that gunicorn is told of, and a page that answers when it is up.
OURS = ("app:create_app()", "/sign-in")
FLOOR = ("benchmarks.read.floor:make_app()", "/ready")
STOCK = ("benchmarks.read.stock:make_app()", "/admin/")


class Server:
    """A running web server: where it listens, and what its processes weigh."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, ready: str) -> None:
        self.port, self.ready = port, ready
        self._process = process

    def heaviest(self) -> float:
        """The memory of the worker that has most, in MB."""
        weights = [0]
        for worker in psutil.Process(self._process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                weights.append(worker.memory_info().rss)
        return max(weights) / 1e6

    def has_ended(self) -> bool:
        """Whether it died, which it says on standard error."""
        return self._process.poll() is not None


@contextlib.contextmanager
def serving(what: tuple[str, str], database: str, workers: int, **environ: str) -> Iterator[Server]:
    """Serve `what` over `database` until left."""
    target, ready = what
    with tempfile.TemporaryDirectory() as instance:
        port = free_port()
        settings = {
            "TROUSSEAU_ENV": "development",
            "DATABASE_URL": database,
            "INSTANCE": instance,
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "WEB_CONCURRENCY": str(workers),
            "LOG_LEVEL": "ERROR",
        }
        process = subprocess.Popen(  # noqa: S603 - our own server
            # A client that keeps its connection is not to be cut off while another one is measured.
            [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--keep-alive", "75", target],
            cwd=ROOT,
            env=os.environ | settings | environ,
        )
        try:
            yield Server(process, port, ready)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                # Its workers notice that it is gone, and go too.
                process.kill()
                process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def commit() -> str:
    """Which code is measured."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607 - of whoever calls
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "no commit"


def write_floor(folder: Path, spec: str) -> str:
    """The file that the floor reads; its path."""
    path = folder / "floor.json"
    path.write_text(spec)
    return str(path)
