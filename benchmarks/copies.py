"""A copy of a filled database, to be written to: what is kept stays as it was."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

import access
from app import create_app
from models import db


@contextlib.contextmanager
def copy(url: str) -> Iterator[str]:
    """The address of a copy of the database at `url`, which nobody else has open; gone afterwards."""
    address = sa.make_url(url)
    if address.get_backend_name() == "sqlite":
        with tempfile.TemporaryDirectory(dir=Path(str(address.database)).parent) as folder:
            path = Path(folder) / "copy.sqlite"
            shutil.copyfile(str(address.database), path)
            yield f"sqlite:///{path}"
        return
    with on_server(address, f'TEMPLATE "{address.database}"') as copied:
        yield copied


@contextlib.contextmanager
def on_server(server: sa.URL, made_from: str = "") -> Iterator[str]:
    """The address of a database of its own on a PostgreSQL server; gone afterwards."""
    name = f"trousseau_own_{uuid.uuid4().hex[:8]}"
    admin = sa.create_engine(server.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" {made_from}')
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
    admin.dispose()


@contextlib.contextmanager
def desk(url: str, **settings: str) -> Iterator[None]:
    """The application over a database, every row visible."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "DATABASE_URL": url, "INSTANCE": folder, "LOG_LEVEL": "ERROR", **settings}
        app = create_app(environ)
        with app.test_request_context(), access.everything():
            try:
                yield
            finally:
                db.session.remove()
                db.engine.dispose()
