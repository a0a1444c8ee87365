"""The fixtures of every test. A test that uses `database`, directly or not, runs on SQLite and PostgreSQL; marked
`one_database` (its result cannot depend on the database), on SQLite alone, or on the one that the mark names.

`time_machine` comes from the package of that name: `time_machine.move_to("2026-03-31 12:00Z")`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import gc
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pydantic_core
import pytest
import sqlalchemy as sa
from flask import Flask

import access
import config
from app import create_app
from models import Company, Language, Plan, Role, User, Vendor, db
from services.reports import kept
from services.reports.kept import SETTING as FIGURES_KEPT
from tests import factories
from tests.chromium import browser
from tests.client import Client, make_client
from tests.databases import ENGINES, Database, PostgreSQLDatabase, PostgreSQLServer, SQLiteDatabase
from tests.sandbox_process import SandboxProcess
from tests.servers import Inbox, WebServer, free_port
from tests.together import Outcome, run_together

__all__ = ["browser"]  # a fixture that lives elsewhere


@pytest.fixture(scope="session", autouse=True)
def _json_as_python_has_it() -> Iterator[None]:
    """A document that holds more than JSON has types for is an error: it would not be read back as it was."""

    def to_json(value: Any) -> bytes:
        json.dumps(value, allow_nan=False)
        return pydantic_core.to_json(value)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tables.base.to_json", to_json)
        yield


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """What lists remember for a while is of another test's database."""
    kept.forget()


# --- Databases ----------------------------------------------------------------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames:
        metafunc.parametrize("database", ENGINES, indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Once is enough where a test, or one of its cases, is marked so."""
    items[:] = [item for item in items if not _is_one_too_many(item)]


def _is_one_too_many(item: pytest.Item) -> bool:
    case, mark = getattr(item, "callspec", None), item.get_closest_marker("one_database")
    if case is None or mark is None or "database" not in case.params:
        return False
    return bool(case.params["database"] != (mark.args or ENGINES)[0])


@dataclasses.dataclass
class Ports:
    """Where this worker's servers listen. Chosen before the application is made, because its settings name them."""

    web: int = dataclasses.field(default_factory=free_port)
    sandbox: int = dataclasses.field(default_factory=free_port)
    sandbox_smtp: int = dataclasses.field(default_factory=free_port)


@pytest.fixture(scope="session")
def ports() -> Ports:
    return Ports()


@pytest.fixture(scope="session")
def environ(ports: Ports, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of the application under test; nothing comes from the developer's own."""
    return {
        "PATH": os.environ["PATH"],
        "INSTANCE": str(tmp_path_factory.mktemp("instance")),
        "PORT": str(ports.web),
        "SANDBOX_URL": f"http://127.0.0.1:{ports.sandbox}",
        "MAIL_PORT": str(ports.sandbox_smtp),
        "SECRET_KEY": "for tests only, and long enough to be one",
        "LOG_LEVEL": "WARNING",
        "RATELIMIT_ENABLED": "0",
    }


TEST_SETTINGS = {
    "TESTING": True,
    # A page shows what a test has just done.
    FIGURES_KEPT: dt.timedelta(0),
    # By default Flask-Mail sends nothing while testing; our mail goes to a real server (`smtp`).
    "MAIL_SUPPRESS_SEND": False,
    # Hashing as in production would take most of the tests' time.
    "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {
        "argon2__rounds": 1,
        "argon2__memory_cost": 64,
        "argon2__parallelism": 1,
    },
}
MakeApp = Callable[..., Flask]


@pytest.fixture(scope="session")
def make_app(environ: dict[str, str]) -> MakeApp:
    """`make_app(url, **overrides)`: an application of its own, for tests of settings and start-up."""

    def make(url: str, **overrides: Any) -> Flask:
        settings = environ | {"DATABASE_URL": url}
        # Races need a connection for each rival.
        engine = config.load(settings)["SQLALCHEMY_ENGINE_OPTIONS"] | {"max_overflow": 75}
        app = create_app(settings, **(TEST_SETTINGS | {"SQLALCHEMY_ENGINE_OPTIONS": engine} | overrides))
        app.test_client_class = Client
        return app

    return make


@pytest.fixture(scope="session")
def _databases(
    make_app: MakeApp, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Database]]:
    """One database and application per engine and worker, made when a test first asks for it."""
    opened: dict[str, Database] = {}
    with contextlib.ExitStack() as at_the_end:

        def get(engine: str) -> Database:
            if engine not in opened:
                opened[engine] = (
                    SQLiteDatabase(tmp_path_factory.mktemp("sqlite"), make_app)
                    if engine == "sqlite"
                    else PostgreSQLDatabase(at_the_end.enter_context(PostgreSQLServer()), make_app)
                )
                at_the_end.callback(opened[engine].close)
                # An application is hundreds of thousands of objects that stay: looking through them again and again would be
                # a seventh of the time of all tests.
                gc.freeze()
            return opened[engine]

        yield get


@pytest.fixture
def database(request: pytest.FixtureRequest, _databases: Callable[[str], Database]) -> Database:
    """An empty database, SQLite and PostgreSQL in turn."""
    database = _databases(request.param)
    database.clear()
    return database


# --- The application ----------------------------------------------------------------------------------------------


@pytest.fixture
def app(database: Database) -> Iterator[Flask]:
    """The application on `database`. Settings that a test changes in `app.config` are put back after it."""
    before = dict(database.app.config)
    yield database.app
    database.app.config.clear()
    database.app.config.update(before)


@pytest.fixture
def client(app: Flask) -> Client:
    """A browser at which nobody is signed in; `sign_in(client, user)` does."""
    return make_client(app)


@pytest.fixture
def scope(app: Flask) -> Iterator[None]:
    """An app context with every company visible, for tests of the verbs. Requests don't inherit it."""
    with app.app_context(), access.everything():
        yield


@pytest.fixture
def together(app: Flask) -> Callable[..., list[Outcome]]:
    """`together(50, lambda number: …)`: run it in 50 threads at once, each with its own context and session."""

    def run(count: int, action: Callable[[int], Any]) -> list[Outcome]:
        return run_together(app, count, action)

    return run


@pytest.fixture
def count_queries(app: Flask) -> Callable[..., contextlib.AbstractContextManager[list[str]]]:
    """`with count_queries() as statements: client.get(…)` lists the SQL statements; `count_queries(app)` another app's."""

    @contextlib.contextmanager
    def count(counted: Flask = app) -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA", "SET ", "SAVEPOINT", "RELEASE")):
                statements.append(statement)

        with counted.app_context():
            engine = db.engine
        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)

    return count


# --- The cast -----------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Cast:
    """The people and plans of most tests. Everybody's password is `factories.PASSWORD`."""

    vendor: Vendor
    acme: Company
    alice: User  # administers Acme, buys and assigns
    bob: User  # works at Acme
    dave: User  # works at Acme, in English
    erin: User  # administers Acme too, in English
    globex: Company
    carol: User  # administers Globex: must see nothing of Acme
    charlie: User  # works at Globex: likewise
    sam: User  # the vendor's support
    eco: Plan  # 50 $
    avance: Plan  # 100 $
    pro: Plan  # 180 $


@pytest.fixture
def cast(scope: None) -> Cast:
    """Acme and Globex, their people, support, plans and taxes, within an open `scope`. Nothing is bought yet."""
    with factories.all_in_one():
        acme, globex = factories.make_company("Acme"), factories.make_company("Globex", "ON", city="Toronto")
        with factories.at_once():
            return _cast(acme, globex)


def _cast(acme: Company, globex: Company) -> Cast:
    english = Language.EN
    cast = Cast(
        vendor=factories.make_vendor(),
        acme=acme,
        alice=factories.make_user(acme, "Alice", Role.ADMIN),
        bob=factories.make_user(acme, "Bob"),
        dave=factories.make_user(acme, "Dave", language=english),
        erin=factories.make_user(acme, "Erin", Role.ADMIN, language=english),
        globex=globex,
        carol=factories.make_user(globex, "Carol", Role.ADMIN),
        charlie=factories.make_user(globex, "Charlie"),
        sam=factories.make_user(None, "Sam"),
        eco=factories.make_plan("eco", 5_000, name_fr="Éco", position=1),
        avance=factories.make_plan("avance", 10_000, name_fr="Avancé", name_en="Advanced", position=2),
        pro=factories.make_plan("pro", 18_000, position=3),
    )
    factories.make_tax_rates()
    return cast


# --- Servers ------------------------------------------------------------------------------------------------------


@pytest.fixture
def live_server(app: Flask, ports: Ports) -> Iterator[WebServer]:
    """The application behind a real threaded web server at `live_server.url`, for browsers, webhooks and races."""
    with WebServer(app, ports.web) as server:
        yield server


@pytest.fixture(scope="session")
def _sandbox(ports: Ports, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    webhook_url = f"http://127.0.0.1:{ports.web}/stripe/webhook"
    folder = tmp_path_factory.mktemp("sandbox")
    with SandboxProcess(folder, webhook_url, port=ports.sandbox, smtp_port=ports.sandbox_smtp) as process:
        yield process


@pytest.fixture
def sandbox(app: Flask, _sandbox: SandboxProcess, request: pytest.FixtureRequest) -> SandboxProcess:
    """The sandbox as a real process, empty: the application's Stripe and mail server.

    Its webhooks go to `live_server`; they are off in a test that has none (`sandbox.settings(webhooks="on")`).
    """
    _sandbox.reset()
    _sandbox.settings(webhooks="on" if "live_server" in request.fixturenames else "off")
    return _sandbox


@pytest.fixture
def smtp(app: Flask) -> Iterator[Inbox]:
    """A real mail server, to which the application's mail goes; `smtp.messages` is what arrived."""
    with Inbox() as inbox:
        app.extensions["mail"].port = inbox.port
        yield inbox
    app.extensions["mail"].port = app.config["MAIL_PORT"]
