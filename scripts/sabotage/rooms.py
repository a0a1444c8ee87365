"""Which folders are sabotaged, and where the tests of each live. Edit here when rooms or tests move."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
STORE = ROOT / ".sabotage"
# The name, among tests, of what runs outside of any: imports, and the making of the shared applications.
START = "start"

# Folders, or single files, that hold the rooms: each folder below is a room of its own.
SOURCES = ("services", "access", "admin_views")
# Tests that belong to a room beside `tests/<its path>`.
MORE_TESTS = {
    "services/buying": ("tests/faults",),
    "services/payments": ("tests/faults",),
    "services/events": ("tests/faults",),
}


def source_files(root: Path = ROOT) -> list[str]:
    """Every Python file of the rooms, as a path below `root`, in order."""
    found: list[Path] = []
    for source in SOURCES:
        path = root / source
        found += path.rglob("*.py") if path.is_dir() else [path] if path.is_file() else []
    return sorted(path.relative_to(root).as_posix() for path in found)


def room_of(path: str) -> str:
    """`services/buying/cart.py` is in `services/buying`; `access/rows.py` is in `access`."""
    parent = Path(path).parent.as_posix()
    return Path(path).stem if parent == "." else parent


def is_named(room: str, wanted: str) -> bool:
    """Whether `wanted` (a path or a folder's last name) names the room, or a folder that holds it."""
    wanted = wanted.strip("/")
    return room == wanted or wanted in room.split("/") or room.startswith(f"{wanted}/")


def folders_of_tests(room: str, root: Path = ROOT) -> tuple[str, ...]:
    """Where the room's tests are: `tests/<room>`, or the nearest folder above it that exists."""
    folder = Path("tests") / room
    while not (root / folder).is_dir():
        folder = folder.parent
    # `tests` itself is no room's: it would make every test the room's own.
    nearest = () if folder == Path("tests") else (folder.as_posix(),)
    more = [name for name in MORE_TESTS.get(room, ()) if (root / name).is_dir()]
    return (*nearest, *more)
