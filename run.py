"""What `make run` runs in the foreground: web server, mail worker and sandbox, which stop together.

It is for trying Trousseau and for working on it. The web server is gunicorn, as in production: `flask run` stops
without finishing the requests under way, and a page must not work on a development server only.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

from dotenv import load_dotenv

import config

BIN = Path(sys.executable).parent
STOP_SECONDS = 10
START_SECONDS = 60

BANNER = """
  Trousseau serves at {base_url}

    administrators of Acme     admin@acme.example, admin2@acme.example
    standard user of Acme      user@acme.example
    administrator of Globex    admin@globex.example
    support                    support@trousseau.example
    password for all of them   demo-trousseau (the sign-in page lets you in without)

    portal, for customers      {base_url}/portal/
    support, for the vendor    {base_url}/support/
    every mail that was sent   {sandbox_url}/inbox
    payments that cost nothing {sandbox_url}/

  Ctrl-C stops everything.
"""


def main() -> int:
    """Run until Ctrl-C or until one of the three ends; returns the exit status."""
    load_dotenv(".env")
    try:
        settings = config.load()
    except config.SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    port = settings["PORT"]
    if taken := [number for number in (port, port + 1, port + 2) if _is_taken(number)]:
        print(
            f"Port {taken[0]} is in use: stop what uses it, or choose other ports, such as: "
            f"make run PORT={port + 10}",
            file=sys.stderr,
        )
        return 1
    # SIGINT too: a shell starts what runs in the background with it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, (command, environ) in _commands(settings).items():
            # A process group of its own, so that Ctrl-C reaches only us and `_stop` signals each child once: gunicorn
            # hangs after a second signal.
            processes[name] = subprocess.Popen(
                command, env=os.environ | environ, cwd=config.ROOT, process_group=0
            )
        _announce(settings["BASE_URL"], port, processes)
        return _wait(processes)
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(processes)


def _commands(settings: dict[str, object]) -> dict[str, tuple[list[str], dict[str, str]]]:
    """For each process, its command and what to add to its environment."""
    port = int(str(settings["PORT"]))
    sandbox = {
        "INSTANCE": str(settings["INSTANCE"]),
        "SANDBOX_PORT": str(port + 1),
        "SANDBOX_SMTP_PORT": str(port + 2),
        "SANDBOX_WEBHOOK_URL": f"http://127.0.0.1:{port}/stripe/webhook",
        "SANDBOX_WEBHOOK_SECRET": config.SANDBOX_WEBHOOK_SECRET,
        "SANDBOX_SECRET_KEY": config.SANDBOX_SECRET_KEY,
    }
    return {
        "web server": ([sys.executable, "serve.py"], {"DEMONSTRATION": os.environ.get("DEMONSTRATION", "1")}),
        "mail worker": ([str(BIN / "flask"), "worker"], {}),
        "sandbox": ([sys.executable, "-m", "sandbox"], sandbox),
    }


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port with connections in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def _announce(base_url: str, port: int, processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """Say where everything is, once the web server answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and not _ended(processes):
        if _answers(f"http://127.0.0.1:{port}/healthz"):
            print(BANNER.format(base_url=base_url, sandbox_url=f"http://127.0.0.1:{port + 1}"), flush=True)
            return
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        # The answer says what is wrong: show it.
        print(f"{url} answers {error.code}: {error.read().decode(errors='replace')}", file=sys.stderr)
        return True
    except OSError:
        return False


def _ended(processes: dict[str, subprocess.Popen[bytes]]) -> str | None:
    """The name of a process that has ended, if one has."""
    return next((name for name, process in processes.items() if process.poll() is not None), None)


def _wait(processes: dict[str, subprocess.Popen[bytes]]) -> int:
    """Wait until one process ends; returns 1, because the others cannot do without it."""
    while (name := _ended(processes)) is None:
        time.sleep(0.2)
    print(
        f"The {name} has ended (status {processes[name].returncode}): stopping the others.", file=sys.stderr
    )
    return 1


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _stop(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """End every process, by force after `STOP_SECONDS`. Ignores a second Ctrl-C, so that none is left behind."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for process in processes.values():
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes.values():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0, deadline - time.monotonic()))
        # What is left of its group: a process that hangs, or the children of one that was killed.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
