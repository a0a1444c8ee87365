"""Draw the house: which room may import which, from the bans in the rooms' `ruff.toml`, into `docs/tour.md`.

`make house` writes the picture; `tests/scripts/test_house.py` fails when it is not the one that the bans give.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "tour.md"
BEGIN, END = "<!-- The house, drawn by `make house` -->", "<!-- The end of the house -->"

# Each room, and the file with its bans. `app` and `cli` stand above all rooms and have none.
ROOMS: dict[str, str | None] = {
    "app, cli": None,
    "admin_views/portal": "admin_views/portal/ruff.toml",
    "admin_views/support": "admin_views/support/ruff.toml",
    "admin_views/batches": "admin_views/batches/ruff.toml",
    "admin_views/journal": "admin_views/journal/ruff.toml",
    "admin_views/search": "admin_views/search/ruff.toml",
    "admin_views": "admin_views/ruff.toml",
    "admin_views/lists": "admin_views/lists/ruff.toml",
    "web": "web/ruff.toml",
    "demo": "demo/ruff.toml",
    "services/reports": "services/reports/ruff.toml",
    "services/worker": "services/worker/ruff.toml",
    "services/privacy": "services/privacy/ruff.toml",
    "services/joining": "services/joining/ruff.toml",
    "services/bases": "services/bases/ruff.toml",
    "services/imports": "services/imports/ruff.toml",
    "services/batches": "services/batches/ruff.toml",
    "services/people": "services/people/ruff.toml",
    "services/licenses": "services/licenses/ruff.toml",
    "services/events": "services/events/ruff.toml",
    "services/payments": "services/payments/ruff.toml",
    "services/buying": "services/buying/ruff.toml",
    "services/seats": "services/seats/ruff.toml",
    "services/search": "services/search/ruff.toml",
    "services/files": "services/files/ruff.toml",
    "services/mail": "services/mail/ruff.toml",
    "services/waiting": "services/waiting/ruff.toml",
    "services/links": "services/links/ruff.toml",
    "services/smtp": "services/smtp/ruff.toml",
    "services/catalogue": "services/catalogue/ruff.toml",
    "services/forms": "services/forms/ruff.toml",
    "services/foundation": "services/foundation/ruff.toml",
    "services/text": "services/text/ruff.toml",
    "access": "access/ruff.toml",
    "models, tables": "tables/ruff.toml",
}


def banned_by(toml: str) -> set[str]:
    """The modules that a room's `ruff.toml` bans, such as `{"flask.request", "services.people"}`."""
    lint = tomllib.loads((ROOT / toml).read_text())["lint"]
    return set(lint["flake8-tidy-imports"]["banned-api"])


def modules_of(room: str) -> set[str]:
    """The modules that an import from the room names: `services/mail` → `{"services.mail"}`."""
    if room == "admin_views":
        # The room is the files that lie directly in the folder; the folders in it are rooms of their own.
        files = (ROOT / "admin_views").glob("[!_]*.py")
        return {f"admin_views.{path.stem}" for path in files}
    return {name.strip().replace("/", ".") for name in room.split(",")}


def may_import(room: str, other: str) -> bool:
    """Whether the bans of `room` leave it free to import anything of `other`."""
    toml = ROOMS[room]
    if toml is None:
        return True
    banned = banned_by(toml)
    names = modules_of(other) - ({"tables"} if room != other else set())
    return not any(name == ban or name.startswith(f"{ban}.") for name in names for ban in banned)


def arrows() -> set[tuple[str, str]]:
    """Every (room, other) where `room` may import `other`."""
    return {(room, other) for room in ROOMS for other in ROOMS if room != other and may_import(room, other)}


def shortest(every: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """`every` without the arrows that follow from two others through a third room, in the order of `ROOMS`."""
    kept = [
        (room, other)
        for room, other in every
        if not any((room, between) in every and (between, other) in every for between in ROOMS)
    ]
    order = list(ROOMS)
    return sorted(kept, key=lambda arrow: (order.index(arrow[0]), order.index(arrow[1])))


def picture() -> str:
    """The house as a Mermaid diagram: a room may import all that its arrows lead to."""
    names = {room: f"r{number}" for number, room in enumerate(ROOMS)}
    lines = ["```mermaid", "flowchart TD"]
    lines += [f'    {names[room]}["{room}"]' for room in ROOMS]
    lines += [f"    {names[room]} --> {names[other]}" for room, other in shortest(arrows())]
    return "\n".join([*lines, "```"])


def drawn(page: str) -> str:
    """`page` with the current picture between its two marks. Raises ValueError when it has no marks."""
    head, begin, rest = page.partition(BEGIN)
    _old, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE.name} has no place for the house")
    return f"{head}{BEGIN}\n{picture()}\n{END}{tail}"


def main() -> int:
    PAGE.write_text(drawn(PAGE.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
