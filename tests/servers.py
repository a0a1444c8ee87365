"""Real servers for tests: the application over HTTP, and a mail server that keeps what it is sent."""

from __future__ import annotations

import email
import email.policy
import random
import socket
import threading
import time
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from flask import Flask
from werkzeug.serving import make_server


def free_port() -> int:
    """A free port below the range for clients, so that no connection takes it before a server listens."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


class WebServer:
    """The application on `port`, each request in a thread, in this process. Use as a context manager."""

    def __init__(self, app: Flask, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._server = make_server("127.0.0.1", port, app, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> WebServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Inbox:
    """A mail server on a free port. Use as a context manager.

    Attributes:
        messages: What arrived, in order.
        reply: What it answers to the next mails instead of accepting them, such as `"550 no such person"`.
    """

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.reply = ""
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.reply:
            return self.reply
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.messages.append(message)  # type: ignore[arg-type]
        return "250 kept"

    def wait_for(self, count: int, seconds: float = 60) -> list[EmailMessage]:
        """The messages, once there are at least `count` of them."""
        deadline = time.monotonic() + seconds
        while len(self.messages) < count:
            assert time.monotonic() < deadline, f"{len(self.messages)} mails after {seconds} s, not {count}"
            time.sleep(0.05)
        return self.messages

    def __enter__(self) -> Inbox:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()
