"""Taking the figures: milliseconds of each screen, requests a second, sizes, exports. Ours, floor and stock take turns."""

from __future__ import annotations

import dataclasses
import gzip
import html
import http.client
import re
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from urllib.parse import urljoin

from benchmarks.fill import STAFF
from benchmarks.read import stock
from benchmarks.read.client import Client, rate, text_of
from benchmarks.read.screens import Screen
from benchmarks.read.servers import Server

CLIENTS = 8
# How often the memory of a process is looked at while it exports, in seconds.
LOOK = 0.02
LICENSES = "/support/licenses/"


class Desk:
    """Ours over one database, with a visitor for each person who reads."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._visitors: dict[str, Client] = {}

    def visitor(self, email: str) -> Client:
        if email not in self._visitors:
            self._visitors[email] = Client(self.server)
            self._visitors[email].sign_in(email)
        return self._visitors[email]


@dataclasses.dataclass(frozen=True)
class Times:
    """Medians of one screen, in milliseconds; None where there is nothing to compare with."""

    screen: Screen
    ours: float
    floor: float | None
    small: float | None


def times(
    pairs: Sequence[tuple[Screen, Screen | None, str | None]],
    desk: Desk,
    small: Desk | None,
    floor: Client,
    rounds: int,
) -> list[Times]:
    """Each screen of `desk` beside the same over little data and the page of the floor at its path, by turns.

    Raises:
        RuntimeError: a page does not answer 200.
    """
    found = []
    for screen, less, path in pairs:
        asked: list[tuple[Client, str, str | None] | None] = [
            (desk.visitor(screen.email), screen.path, screen.said),
            (floor, path, None) if path else None,
            (small.visitor(less.email), less.path, less.said) if small and less else None,
        ]
        # The first time compiles.
        for one in asked:
            if one:
                one[0].page(one[1], one[2])
        taken: list[list[float]] = [[], [], []]
        for _ in range(rounds):
            for one, seconds in zip(asked, taken, strict=True):
                if one:
                    seconds.append(one[0].ask(one[1], said=one[2])[0] * 1000)
        ours, least, little = (statistics.median(seconds) if seconds else None for seconds in taken)
        assert ours is not None
        found.append(Times(screen, ours, least, little))
    return found


@dataclasses.dataclass(frozen=True)
class Rates:
    """Requests a second of the list of licences."""

    ours: float
    floor: float
    stock: float


def rates(desk: Desk, floor: tuple[Client, str], plain: Server, *, seconds: float, rounds: int) -> Rates:
    """With eight visitors each, by turns; the median of the rounds. `floor` is its client and the path of the list."""
    asked = ((desk.visitor(STAFF), f"{LICENSES}?size=50"), floor, (Client(plain), stock.PATH))
    for client, path in asked:
        rate(client, path, CLIENTS, seconds / 4)
    found = [[rate(client, path, CLIENTS, seconds) for client, path in asked] for _ in range(rounds)]
    return Rates(*(statistics.median(one) for one in zip(*found, strict=True)))


# --- Sizes --------------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Sizes:
    """Bytes: of the page of a list, plain and compressed, and of all that its first visit fetches besides."""

    page: int
    packed: int
    assets: int
    font: int
    files: int


def sizes(desk: Desk) -> Sizes:
    """Of the list of licences and of what it links to."""
    client = desk.visitor(STAFF)
    text = client.page(f"{LICENSES}?size=50")
    packed = len(gzip.compress(text.encode(), 6))
    assets = font = 0
    left, seen = _linked(text, LICENSES), set[str]()
    while left:
        path = left.pop()
        if path in seen:
            continue
        seen.add(path)
        _taken, answer, data = client.ask(path)
        if re.search(r"\.(woff2?|ttf|otf)($|\?)", path):
            font += len(data)
            continue
        assets += _travelling(answer, data)
        if (answer.headers.get("Content-Type") or "").startswith("text/css"):
            left += _urls(text_of(answer, data), path)
    return Sizes(len(text.encode()), packed, assets, font, len(seen))


def _linked(text: str, page: str) -> list[str]:
    """What a browser fetches for a page by itself."""
    sheets = [
        tag for tag in re.findall(r"<link\b[^>]*>", text) if re.search(r'rel="[^"]*(stylesheet|icon)', tag)
    ]
    tags = sheets + re.findall(r"<(?:script|img|use|image)\b[^>]*>", text)
    links = [match[1] for tag in tags for match in [re.search(r'\b(?:href|src)="([^"#]+)', tag)] if match]
    return [urljoin(page, html.unescape(link)) for link in links if not link.startswith(("data:", "http"))]


def _urls(sheet: str, path: str) -> list[str]:
    links = [link.strip("'\"") for link in re.findall(r"url\(([^)]+)\)", sheet)]
    return [urljoin(path, link) for link in links if not link.startswith(("data:", "#", "http"))]


def _travelling(answer: http.client.HTTPResponse, data: bytes) -> int:
    """Bytes as they travel: as they came, or as the proxy in front would compress them."""
    if answer.headers.get("Content-Encoding"):
        return len(data)
    kind = answer.headers.get("Content-Type") or ""
    return (
        len(gzip.compress(data, 6))
        if re.match(r"text/|image/svg|application/(java|json)", kind)
        else len(data)
    )


# --- Exports ------------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Export:
    """A download: seconds until its first byte and its last, its MB, and the most MB of memory that a process had."""

    first: float
    whole: float
    size: float
    peak: float


def export(client: Client, path: str) -> Export | None:
    """Fetch `path` whole without keeping it. None where there is no such export."""
    peak = client.server.heaviest()
    over = threading.Event()

    def look() -> None:
        nonlocal peak
        while not over.wait(LOOK):
            peak = max(peak, client.server.heaviest())

    watch = threading.Thread(target=look, daemon=True)
    connection = http.client.HTTPConnection("127.0.0.1", client.server.port, timeout=600)
    watch.start()
    try:
        return _download(connection, client, path, lambda: peak)
    finally:
        over.set()
        watch.join()
        connection.close()


def _download(
    connection: http.client.HTTPConnection, client: Client, path: str, peak: Callable[[], float]
) -> Export | None:
    began = time.perf_counter()
    # The file itself is measured: a proxy would compress it.
    connection.request("GET", path, headers=client.headers() | {"Accept-Encoding": "identity"})
    answer = connection.getresponse()
    if answer.status == 404:
        return None
    if answer.status != 200:
        raise RuntimeError(f"{path} answers {answer.status}")
    size = len(answer.read(1))
    first = time.perf_counter() - began
    while part := answer.read(1 << 16):
        size += len(part)
    return Export(first, time.perf_counter() - began, size / 1e6, peak())
