"""How fast the desk is read, beside a floor, in one run.

    python -m benchmarks read [--quick] [--database sqlite|postgresql] [--only WORDS] [--quote docs/performance.md]
    python -m benchmarks read --fill [--database …]
    python -m benchmarks read --profile /support/licenses/

Filled databases are kept in ~/.cache/trousseau-benchmarks (XDG_CACHE_HOME) for the next run; `--forget` deletes them.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from app import create_app
from benchmarks.fill import STAFF
from benchmarks.read import databases, measures, profiling, screens, statements, table
from benchmarks.read.client import Client
from benchmarks.read.screens import Screen
from benchmarks.read.servers import FLOOR, OURS, STOCK, Server, serving, write_floor
from models import db

FULL = {"large": 1_000_000, "small": 10_000, "rounds": 15, "values": 8, "seconds": 4.0, "rate_rounds": 3}
QUICK = {"large": 10_000, "small": 0, "rounds": 3, "values": 2, "seconds": 1.0, "rate_rounds": 1}


def main() -> None:
    """Read the arguments, and measure or profile."""
    asked = _parser().parse_args()
    if asked.forget:
        databases.forget()
        return
    usual = QUICK if asked.quick or asked.profile else FULL
    for name, value in usual.items():
        if getattr(asked, name) is None:
            setattr(asked, name, value)
    engines = [asked.database] if asked.database else list(databases.ENGINES)
    if asked.profile:
        engines = engines[:1]
    printed = []
    for engine in engines:
        with databases.server(engine, asked.postgresql) as postgresql:
            if asked.profile:
                profiling.profile(databases.filled(asked.large, postgresql, _say), asked.profile)
                return
            if asked.fill:
                for licenses in filter(None, (asked.large, asked.small)):
                    print(databases.filled(licenses, postgresql, _say))
                continue
            printed.append(_run(engine, postgresql, asked))
            print(printed[-1], flush=True)
    if asked.quote and printed:
        table.quote(asked.quote, "\n".join(printed))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="10,000 licences, few rounds: under two minutes")
    parser.add_argument("--database", choices=databases.ENGINES, help="one of the two alone")
    parser.add_argument("--postgresql", help="the address of a server to use instead of a private one")
    parser.add_argument("--large", type=int, help="licences")
    parser.add_argument(
        "--small", type=int, help="licences of the database that growth is counted from; 0: none"
    )
    parser.add_argument("--rounds", type=int, help="requests of each page")
    parser.add_argument("--values", type=int, help="of each filter that are asked for, at most")
    parser.add_argument("--seconds", type=float, help="that requests a second are counted for")
    parser.add_argument("--rate-rounds", type=int, help="times that they are counted")
    parser.add_argument("--workers", type=int, default=2, help="processes of each server")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="WORDS", help="lines with one of these alone"
    )
    parser.add_argument(
        "--fill", action="store_true", help="fill the databases alone, and say where they are"
    )
    parser.add_argument("--profile", metavar="PAGE", help="print where the time of a page goes")
    parser.add_argument("--quote", type=Path, metavar="FILE", help="put the run into a page of docs/")
    parser.add_argument("--forget", action="store_true", help="delete the databases that were kept")
    return parser


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A filled database, its screens, and what the floor asks it for a CSV of all."""

    url: str
    screens: list[Screen]
    export: str
    engine: str
    version: str


def _prepared(licenses: int, postgresql: sa.URL | None, values: int) -> Prepared:
    url = databases.filled(licenses, postgresql, _say)
    with tempfile.TemporaryDirectory() as instance:
        app = create_app({"DATABASE_URL": url, "INSTANCE": instance, "LOG_LEVEL": "ERROR"})
        found = screens.found(app, values)
        with app.app_context():
            export = statements.export()
            version = ".".join(str(part) for part in db.engine.dialect.server_version_info or ())
            name = db.engine.dialect.name
            db.engine.dispose()
    return Prepared(url, found, export, name, version)


def _run(engine: str, postgresql: sa.URL | None, asked: argparse.Namespace) -> str:
    """Measure on one database; the table."""
    began = time.monotonic()
    large = _prepared(asked.large, postgresql, asked.values)
    small = _prepared(asked.small, postgresql, asked.values) if asked.small else None
    sizes = f"{asked.large:,} licences" + (f", growth from {asked.small:,}" if small else "")
    about = table.machine(f"{engine} {large.version}", sizes)
    with tempfile.TemporaryDirectory() as folder:
        paths, spec = _floor_of(large)
        floor = write_floor(Path(folder), spec)
        with _everything(large, small, floor, asked.workers) as running:
            lines = _measured(asked, large, small, paths, running)
        if _wants(asked, table.EXPORTS):
            lines += _exported(large, floor)
    about += f" {time.monotonic() - began:.0f} s in all; {table.tally(lines)}."
    return table.text(engine, about, lines)


@dataclasses.dataclass(frozen=True)
class Servers:
    """What runs while pages are measured: ours over much data and over little, the floor, stock Flask-Admin."""

    ours: Server
    floor: Server
    stock: Server
    little: Server | None


@contextlib.contextmanager
def _everything(large: Prepared, small: Prepared | None, floor: str, workers: int) -> Iterator[Servers]:
    with contextlib.ExitStack() as stack:
        yield Servers(
            stack.enter_context(serving(OURS, large.url, workers)),
            stack.enter_context(serving(FLOOR, large.url, workers, FLOOR=floor)),
            stack.enter_context(serving(STOCK, large.url, workers)),
            stack.enter_context(serving(OURS, small.url, workers)) if small else None,
        )


def _measured(
    asked: argparse.Namespace,
    large: Prepared,
    small: Prepared | None,
    paths: dict[int, str],
    running: Servers,
) -> list[table.Line]:
    desk, floor = measures.Desk(running.ours), Client(running.floor)
    little = measures.Desk(running.little) if running.little else None
    less = _by_name(small.screens) if small else {}
    pairs = [
        (screen, less.get(name), paths.get(number))
        for number, (name, screen) in enumerate(_by_name(large.screens).items())
        if _wants(asked, screen.line)
    ]
    lines = table.of_times(measures.times(pairs, desk, little, floor, asked.rounds), large.engine)
    if _wants(asked, table.RATES):
        numbered = enumerate(large.screens)
        first = next(number for number, screen in numbered if screen.path.startswith(measures.LICENSES))
        least = (floor, paths[first])
        lines += table.of_rates(
            measures.rates(desk, least, running.stock, seconds=asked.seconds, rounds=asked.rate_rounds)
        )
    if _wants(asked, table.SIZES):
        lines += table.of_sizes(measures.sizes(desk))
    return lines


def _wants(asked: argparse.Namespace, line: str) -> bool:
    return not asked.only or any(words.lower() in line.lower() for words in asked.only)


def _by_name(found: list[Screen]) -> dict[tuple[str, int], Screen]:
    """The screens by line and place in it, which another size of the same data has too."""
    seen: dict[str, int] = {}
    named = {}
    for screen in found:
        seen[screen.line] = seen.get(screen.line, 0) + 1
        named[screen.line, seen[screen.line]] = screen
    return named


def _floor_of(large: Prepared) -> tuple[dict[int, str], str]:
    """The floor's path by the number of its screen, and what the floor is told."""
    paths, pages = {}, []
    engine = sa.create_engine(large.url)
    with engine.connect() as connection:
        for number, screen in enumerate(large.screens):
            if screen.floor:
                paths[number] = f"/page/{number}"
                cells = len(connection.exec_driver_sql(screen.floor.statement).keys())
                page = {"path": paths[number], "statement": screen.floor.statement, "cells": cells}
                pages.append(page | {"fields": screen.floor.fields})
    engine.dispose()
    return paths, json.dumps({"pages": pages, "csv": large.export})


def _exported(large: Prepared, floor: str) -> list[table.Line]:
    """By processes that have done nothing else: their memory is the export's."""
    with serving(OURS, large.url, 1) as ours, serving(FLOOR, large.url, 1, FLOOR=floor) as bare:
        client = Client(ours)
        client.sign_in(STAFF)
        least = measures.export(Client(bare), "/csv")
        whole = measures.export(client, f"{measures.LICENSES}export/csv/")
    with serving(OURS, large.url, 1) as ours:
        client = Client(ours)
        client.sign_in(STAFF)
        sheet = measures.export(client, f"{measures.LICENSES}export/xlsx/")
    return table.of_exports(whole, least, sheet)
