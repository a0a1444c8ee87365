"""How the time of the back office's lists grows with the data: each page at two sizes, in one run, as a ratio.

    python -m benchmarks.lists [--small 10000] [--large 500000] [--database URL]

A ratio of 1.0 means that a page is as fast over half a million licences as over ten thousand. Times are the median
of `ROUNDS` requests through the whole application, without the network. Each size has its own empty database: SQLite
files in a temporary folder or, with `--database`, new PostgreSQL databases on the server of the URL.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import html
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

import access
from app import create_app
from benchmarks.fill import PASSWORD, SEATS_PER_COMPANY, fill
from models import License, User, db

ROUNDS = 11
PAGES = {
    "licences": "/support/licenses/",
    "licences, page 3": "/support/licenses/",
    "licences, state filter": "/support/licenses/?state=assigned",
    "licences, plan filter": "/support/licenses/?plan={plan}",
    "licences, exact key": "/support/licenses/?q={key}",
    "licences, holder’s e-mail": "/support/licenses/?q={email}",
    "people": "/support/people/",
    "people, exact e-mail": "/support/people/?q={email}",
    "people, by name": "/support/people/?sort=name",
    "orders": "/support/orders/",
    "customers": "/support/customers/",
    "journal": "/support/journal/",
    "home": "/support/",
    "portal, users": "/portal/users/",
    "portal, licences": "/portal/licenses/",
    "portal, plans": "/portal/plans/",
}


def main() -> None:
    """Fill both sizes, time every page at both, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", type=int, default=10_000, help="licences in the small database")
    parser.add_argument("--large", type=int, default=500_000, help="licences in the large one")
    parser.add_argument("--database", help="a postgresql+psycopg:// URL; SQLite without it")
    options = parser.parse_args()
    times = [_times_at(size, options.database) for size in (options.small, options.large)]
    print(f"\n{'page':28} {options.small:>12,} {options.large:>12,}   ratio")
    for name in PAGES:
        small, large = (figures[name] for figures in times)
        print(f"{name:28} {small:>9.1f} ms {large:>9.1f} ms {large / small:>7.1f}")


def _times_at(size: int, url: str | None) -> dict[str, float]:
    """The median milliseconds of every page over `size` licences."""
    with _database(size, url) as database_url, tempfile.TemporaryDirectory() as instance:
        environ = {"DATABASE_URL": database_url, "INSTANCE": instance, "RATELIMIT_ENABLED": "0"}
        app = create_app(environ, WTF_CSRF_ENABLED=False)
        with app.app_context(), access.everything():
            flask_migrate.upgrade()
            fill(size)
            values = _examples()
        staff, admin = _signed_in(app, "support@vendor.example"), _signed_in(app, "admin@c1.example")
        figures = {}
        for name, path in PAGES.items():
            client = admin if path.startswith("/portal") else staff
            figures[name] = _median(client, path.format(**values), later="page" in name)
        with app.app_context():
            db.engine.dispose()
        return figures


@contextlib.contextmanager
def _database(size: int, url: str | None) -> Iterator[str]:
    if url is None:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'bench.sqlite'}"
        return
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"trousseau_bench_{size}"
    with server.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield sa.make_url(url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


def _examples() -> dict[str, str]:
    """A key, an address and a plan from the middle of the data."""
    middle = db.session.scalar(sa.select(sa.func.max(License.id))) or 0
    license = db.session.get_one(License, middle // 2)
    email = db.session.scalar(sa.select(User.email).where(User.id == license.user_id)) or "admin@c1.example"
    return {"key": license.key, "email": email, "plan": str(license.plan_id)}


def _signed_in(app: Flask, email: str) -> FlaskClient:
    client = app.test_client()
    answer = client.post("/sign-in", data={"email": email, "password": PASSWORD})
    assert answer.status_code in {302, 303}, answer.status_code
    return client


def _median(client: FlaskClient, path: str, later: bool) -> float:
    """The median of `ROUNDS` requests in milliseconds; with `later`, of the page after two clicks on « Suivant »."""
    for _ in range(2 if later else 0):
        path = _next_of(client.get(path).text)
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = client.get(path)
        taken.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, (path, answer.status_code)
    return statistics.median(taken)


def _next_of(page: str) -> str:
    """The address in the page's link to the next page."""
    link = re.search(r'<a\b[^>]*\brel="next"[^>]*>', page)
    href = link and re.search(r'href="([^"]+)"', link[0])
    assert href, "the list has no next page"
    return html.unescape(href[1])


if __name__ == "__main__":
    began = dt.datetime.now(dt.UTC)
    main()
    print(f"\n{(dt.datetime.now(dt.UTC) - began).seconds} s, {SEATS_PER_COMPANY} licences in a company")
