"""Sixteen people at once: they read lists, look for somebody, open pages and change people, on a copy of the filled database.

    python -m benchmarks mixed [--database sqlite|postgresql] [--large 1000000] [--seconds 20]

Six of the staff, six administrators who read and four who change their people, each waiting for an answer before they ask again.
"""

from __future__ import annotations

import random
import re
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import urlencode

from benchmarks import copies, engines
from benchmarks.fill import STAFF
from benchmarks.read import table
from benchmarks.read.client import Client, text_of
from benchmarks.read.servers import OURS, Server, serving
from benchmarks.search import ordered

STAFF_READERS, READERS, WRITERS = 6, 6, 4
TEXTS = ("marie tremblay", "roy", "levesqe", "gagnon groupe", "c17.example", "nobody at all", "jean")
Act = Callable[[Client, random.Random], str]


def main() -> None:
    """Read the arguments, measure, print."""
    made = engines.parser(__doc__)
    made.add_argument("--seconds", type=float, default=20.0)
    asked = made.parse_args()
    engines.each(asked, lambda engine, url: run(engine, url, asked.large, asked.seconds))


def run(engine: str, url: str, licenses_there: int, seconds: float) -> str:
    """Measure on one filled database; the table."""
    about = table.machine(engine, f"{licenses_there:,} licences, 2 processes")
    with copies.copy(url) as copy, serving(OURS, copy, 2) as server:
        taken, refused = _lived(server, licenses_there, seconds)
    head = "| 16 at once | answers a second | median, ms | 19 of 20 within, ms |\n| --- | --- | --- | --- |"
    rows = [
        f"| {name} | {len(times) / seconds:.1f} | {statistics.median(times):.0f} | {ordered(times):.0f} |"
        for name, times in sorted(taken.items())
    ]
    whole = [one for times in taken.values() for one in times]
    rows.append(
        f"| all | {len(whole) / seconds:.1f} | {statistics.median(whole):.0f} | {ordered(whole):.0f} |"
    )
    return (
        f"\n{engine}: {about} {refused} answers were none that one wants.\n\n{head}\n"
        + "\n".join(rows)
        + "\n"
    )


def _lived(server: Server, licenses_there: int, seconds: float) -> tuple[dict[str, list[float]], int]:
    """Milliseconds of each kind of answer, and how many were none that one wants."""
    taken: dict[str, list[float]] = defaultdict(list)
    wrong: list[int] = []
    companies = max(3, licenses_there // 100)
    parts = [*[(STAFF, _staff)] * STAFF_READERS]
    parts += [(f"admin@c{number % companies + 1}.example", _reads) for number in range(READERS)]
    parts += [
        (f"admin@c{number % companies + 1}.example", _writes) for number in range(READERS, READERS + WRITERS)
    ]
    clients = [(Client(server), act) for _email, act in parts]
    for (client, _act), (email, _same) in zip(clients, parts, strict=True):
        client.sign_in(email)
    until = time.monotonic() + seconds

    def live(client: Client, act: Act, draw: random.Random) -> None:
        while time.monotonic() < until:
            began = time.perf_counter()
            try:
                name = act(client, draw)
            except RuntimeError:
                wrong.append(1)
                continue
            taken[name].append((time.perf_counter() - began) * 1000)

    threads = [
        threading.Thread(target=live, args=(client, act, random.Random(number)))  # noqa: S311 - which page is next
        for number, (client, act) in enumerate(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken, len(wrong)


# --- Who does what ----------------------------------------------------------------------------------------------------


def _staff(client: Client, draw: random.Random) -> str:
    kind, path = draw.choice(
        [
            ("support: a list", "/support/licenses/"),
            ("support: a list", "/support/people/?sort=name"),
            ("support: a filter", "/support/licenses/?state=available"),
            ("support: home", "/support/"),
            ("support: a customer", f"/support/customers/details/?id={draw.randrange(1, 90)}"),
            ("search: the box", f"/support/search/?{urlencode({'q': draw.choice(TEXTS)})}"),
            ("search: a list", f"/support/licenses/?{urlencode({'q': draw.choice(TEXTS)})}"),
        ]
    )
    _answered(client, path)
    return kind


def _reads(client: Client, draw: random.Random) -> str:
    kind, path = draw.choice(
        [
            ("portal: home", "/portal/"),
            ("portal: a list", "/portal/users/"),
            ("portal: a list", "/portal/licenses/"),
            ("search: own people", f"/portal/users/?{urlencode({'q': draw.choice(TEXTS)})}"),
        ]
    )
    _answered(client, path)
    return kind


def _answered(client: Client, path: str) -> None:
    """Ask for a page. A typing error leads to what was meant: that is an answer too."""
    _seconds, answer, data = client.ask(path)
    if answer.status not in {200, 302}:
        raise RuntimeError(text_of(answer, data)[:200])


def _writes(client: Client, draw: random.Random) -> str:
    """Change somebody's last name, by the form."""
    people = re.findall(r"(\d+)/license", client.page("/portal/users/"))
    path = f"/portal/users/edit/?id={draw.choice(people)}"
    form = _Fields.of(client.page(path)).values
    form["last_name"] = f"Nouveau{draw.randrange(1000)}"
    _seconds, answer, data = client.ask(path, form)
    if answer.status not in {302, 303}:
        raise RuntimeError(text_of(answer, data)[:200])
    return "portal: a person is changed"


class _Fields(HTMLParser):
    """The fields of a page's form."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._select = ""

    @classmethod
    def of(cls, page: str) -> _Fields:
        found = cls()
        found.feed(page[page.find("<main") :])
        return found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if (
            tag == "input"
            and told.get("name")
            and (told.get("type") not in {"checkbox", "radio"} or "checked" in told)
        ):
            self.values.setdefault(told["name"], told.get("value", ""))
        elif tag == "select":
            self._select = told.get("name", "")
        elif tag == "option" and "selected" in told and self._select:
            self.values[self._select] = told.get("value", "")
