"""Where the time of one page goes, in one process: by room and library, by function, and in the database."""

from __future__ import annotations

import cProfile
import pstats
import re
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from benchmarks.fill import PASSWORD, STAFF
from config_types import ROOT
from models import db

ROUNDS = 50
SHOWN = 40
LIBRARIES = Path(sysconfig.get_path("purelib"))


def profile(url: str, page: str) -> None:
    """Print it. The staff read pages of `/support`, the administrator of the second company those of `/portal`."""
    with tempfile.TemporaryDirectory() as instance:
        app = create_app(
            {"DATABASE_URL": url, "INSTANCE": instance, "LOG_LEVEL": "ERROR"}, WTF_CSRF_ENABLED=False
        )
        client = _signed_in(app, "admin@c2.example" if page.startswith("/portal") else STAFF)
        for _ in range(3):
            answer = client.get(page)
            assert answer.status_code == 200, answer.status_code
        _time(app, client, page)
        profiler = cProfile.Profile()
        with profiler:
            for _ in range(ROUNDS):
                client.get(page)
        _by_place(pstats.Stats(profiler))
        print(f"\n--- functions by their own time, of {ROUNDS} requests")
        pstats.Stats(profiler).sort_stats("tottime").print_stats(SHOWN)
        with app.app_context():
            db.engine.dispose()


def _signed_in(app: Flask, email: str) -> FlaskClient:
    client = app.test_client()
    answer = client.post("/sign-in", data={"email": email, "password": PASSWORD})
    assert answer.status_code in {302, 303}, answer.status_code
    return client


def _time(app: Flask, client: FlaskClient, page: str) -> None:
    """Milliseconds of a request, and of each of its statements, without the profiler's own weight."""
    taken: list[tuple[float, str]] = []
    with app.app_context():
        engine = db.engine

    def begin(
        _connection: Any, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool
    ) -> None:
        context.benchmark_began = time.perf_counter()

    def end(_connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool) -> None:
        taken.append((time.perf_counter() - context.benchmark_began, statement))

    sa.event.listen(engine, "before_cursor_execute", begin)
    sa.event.listen(engine, "after_cursor_execute", end)
    began = time.perf_counter()
    for _ in range(ROUNDS):
        client.get(page)
    whole = (time.perf_counter() - began) / ROUNDS * 1000
    sa.event.remove(engine, "before_cursor_execute", begin)
    sa.event.remove(engine, "after_cursor_execute", end)
    each = len(taken) // ROUNDS
    inside = sum(seconds for seconds, _statement in taken) / ROUNDS * 1000
    print(f"{page}: {whole:.2f} ms, of which {inside:.2f} ms in {each} statements")
    for place in range(each):
        mean = sum(seconds for seconds, _statement in taken[place::each]) / ROUNDS * 1000
        print(f"  {mean:7.2f} ms  {' '.join(taken[place][1].split())[:110]}")


def _by_place(stats: Any) -> None:
    """Own time summed by room of ours, template and library."""
    places: dict[str, float] = {}
    for (path, _line, name), (_calls, _primitive, own, _whole, _callers) in stats.stats.items():
        place = _place(path, name)
        places[place] = places.get(place, 0) + own
    whole = sum(places.values())
    print("\n--- own time by place, under the profiler")
    for place, seconds in sorted(places.items(), key=lambda pair: -pair[1])[:20]:
        print(f"  {seconds / whole:6.1%}  {place}")


def _place(path: str, name: str) -> str:
    if path == "~":
        method = re.search(r"of '(?:sqlite3|psycopg)[^']*'", name)
        return "database driver" if method else "built-in functions"
    for root, kind in ((LIBRARIES, "library"), (ROOT, "ours")):
        if Path(path).is_relative_to(root):
            parts = Path(path).relative_to(root).parts
            return f"{kind}: {parts[0]}"
    return "templates" if path == "<template>" or path.endswith(".html") else "standard library"
