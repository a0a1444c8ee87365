"""A browser that keeps its connection, and eight of them at once."""

from __future__ import annotations

import gzip
import html
import http.client
import re
import selectors
import socket
import time
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from benchmarks.fill import PASSWORD
from benchmarks.read.servers import Server

HEADERS = {"Accept-Language": "fr-CA,fr;q=0.9", "Accept-Encoding": "gzip", "Accept": "text/html"}
# Of a server that is starting, and of the slowest page.
PATIENCE = 120


class Client:
    """One visitor of one server, perhaps signed in."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cookies: dict[str, str] = {}
        self._wait()
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self.server.has_ended() and time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.server.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("the server did not start")

    def headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return HEADERS | ({"Cookie": cookies} if cookies else {})

    def ask(
        self, path: str, form: dict[str, str] | None = None, *, said: str | None = None
    ) -> tuple[float, http.client.HTTPResponse, bytes]:
        """Seconds from the request to the last byte of the answer, the answer, and what travelled as its body.

        Args:
            said: JSON to be sent, as a program does.
        """
        try:
            taken, answer, data = self._ask(path, form, said)
        except (http.client.RemoteDisconnected, ConnectionResetError):
            # The server lets go of a connection on which nothing was asked for a while.
            self.connection.close()
            taken, answer, data = self._ask(path, form, said)
        for line in answer.headers.get_all("Set-Cookie", []):
            self.cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
        return taken, answer, data

    def _ask(
        self, path: str, form: dict[str, str] | None, said: str | None
    ) -> tuple[float, http.client.HTTPResponse, bytes]:
        body = urlencode(form) if form else said
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        more = {"Content-Type": kind} if body else {}
        if self.connection.sock is None:
            self.connection.connect()
        began = time.perf_counter()
        self.connection.request("POST" if body else "GET", path, body, self.headers() | more)
        answer = self.connection.getresponse()
        data = answer.read()
        return time.perf_counter() - began, answer, data

    def page(self, path: str, said: str | None = None) -> str:
        """The text of a page that has to be there."""
        _taken, answer, data = self.ask(path, said=said)
        if answer.status != 200:
            raise RuntimeError(f"{path} answers {answer.status}")
        return text_of(answer, data)

    def sign_in(self, email: str) -> None:
        """By password, with the form's token, as people do."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.page("/sign-in"))
        form = {"email": email, "password": PASSWORD, "csrf_token": html.unescape(token[1]) if token else ""}
        _taken, answer, _data = self.ask("/sign-in", form)
        if answer.status not in {302, 303}:
            raise RuntimeError(f"{email} cannot sign in: {answer.status}")


def text_of(answer: http.client.HTTPResponse, data: bytes) -> str:
    """The body of an answer as text, unpacked."""
    packed = answer.headers.get("Content-Encoding") == "gzip"
    return (gzip.decompress(data) if packed else data).decode()


def rate(client: Client, path: str, clients: int, seconds: float) -> float:
    """Requests a second that `clients` visitors, who all wait for their answer before they ask again, get answered.

    One thread asks for all of them, so that they take little of the cores that the server needs.
    """
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1:" + str(client.server.port)]
    lines += [f"{name}: {value}" for name, value in client.headers().items()]
    question = ("\r\n".join(lines) + "\r\n\r\n").encode()
    chosen = selectors.DefaultSelector()
    visitors = [socket.create_connection(("127.0.0.1", client.server.port), PATIENCE) for _ in range(clients)]
    for visitor in visitors:
        visitor.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        chosen.register(visitor, selectors.EVENT_READ, bytearray())
        visitor.sendall(question)
    answered, began = 0, time.perf_counter()
    # However slow it is, an answer for each is waited for.
    while (now := time.perf_counter()) - began < seconds or answered < clients:
        for visitor in _answered(chosen):
            answered += 1
            visitor.sendall(question)
    waiting = clients
    # What the server is still at would weigh on whoever is measured next.
    while waiting:
        waiting -= len(_answered(chosen))
    for visitor in visitors:
        visitor.close()
    return answered / (now - began)


def _answered(chosen: selectors.BaseSelector) -> list[socket.socket]:
    """The visitors whose answer has arrived to its end meanwhile.

    Raises:
        RuntimeError: the answer is not 200, or none comes.
    """
    whole = []
    heard = chosen.select(PATIENCE)
    if not heard:
        raise RuntimeError(f"no answer for {PATIENCE} seconds")
    for key, _mask in heard:
        asking: Any = key.fileobj
        received = asking.recv(1 << 20)
        if not received:
            raise RuntimeError("the server has closed a connection")
        key.data.extend(received)
        if _is_whole(key.data):
            key.data.clear()
            whole.append(asking)
    return whole


def _is_whole(received: bytearray) -> bool:
    """Whether an answer has arrived to its end."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = bytes(received[:end]).lower()
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(head.splitlines()[0].decode())
    length = re.search(rb"\r\ncontent-length: (\d+)", head)
    if length:
        return len(received) >= end + 4 + int(length[1])
    return received.endswith(b"0\r\n\r\n")
