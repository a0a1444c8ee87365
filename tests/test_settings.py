"""Settings: every one is explained, wrong ones are refused by name, and an unsafe desk does not start."""

from __future__ import annotations

import ast
import itertools
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from flask.helpers import get_debug_flag

import config
from tests.servers import free_port

ROOT = Path(__file__).resolve().parent.parent
FIELDS = config.Settings.model_fields
SWITCHES = [name for name, field in FIELDS.items() if field.annotation is bool]
SPELLINGS = {
    True: ["1", "true", "True", "TRUE", "yes", "Yes", "on", "ON"],
    False: ["0", "false", "False", "FALSE", "no", "No", "off", "OFF"],
}
PRODUCTION = {
    "TROUSSEAU_ENV": "production",
    "SECRET_KEY": "9f86d081884c7d659a2feaa0c55ad015",
    "DATABASE_URL": "postgres://desk:secret@db.example/desk",
    "BASE_URL": "https://desk.example",
    "TRUSTED_PROXIES": "1",
    "STRIPE_SECRET_KEY": "sk_live_1",
    "STRIPE_WEBHOOK_SECRET": "whsec_1",
    "MAIL_SERVER": "smtp.example",
    "MAIL_DEFAULT_SENDER": "desk@desk.example",
}


# --- .env.example -------------------------------------------------------------------------------------------------


def _example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line[2:].split("=", 1) for line in lines if re.match(r"# [A-Z_]+=", line))


def _meanings_in_the_example() -> list[tuple[str, str]]:
    """Each setting with the line above it, in the order of the page."""
    text = (ROOT / ".env.example").read_text()
    return [(name, meaning) for meaning, name in re.findall(r"^# (.+)\n# ([A-Z_]+)=", text, re.MULTILINE)]


def _meanings_in_the_class() -> list[tuple[str, str]]:
    """Each setting with the sentence below it, in the order of the class."""
    tree = ast.parse((ROOT / "config.py").read_text())
    (body,) = [node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings"]
    return [
        (setting.target.id, sentence.value.value)
        for setting, sentence in itertools.pairwise(body)
        if isinstance(setting, ast.AnnAssign) and isinstance(sentence, ast.Expr)
    ]


def test_env_example_names_every_setting_and_no_other():
    assert list(_example()) == list(FIELDS)


def test_env_example_explains_every_setting_in_the_same_sentence_as_the_code():
    meanings = _meanings_in_the_class()
    assert [name for name, _ in meanings] == list(FIELDS)
    assert _meanings_in_the_example() == meanings
    assert [name for name, meaning in meanings if not re.fullmatch(r".{15,}[.)]", meaning)] == []


def test_env_example_shows_what_holds_when_nothing_is_said():
    assert config.read(_example()).model_dump() == config.read({}).model_dump()


def test_the_web_server_starts_with_the_same_defaults(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # no .env
    for name in FIELDS:
        monkeypatch.delenv(name, raising=False)
    server, settings = runpy.run_path(str(ROOT / "gunicorn.conf.py")), config.read({})
    assert server["bind"] == f"{settings.HOST}:{settings.PORT}"
    assert (server["workers"], server["threads"]) == (settings.WEB_CONCURRENCY, settings.WEB_THREADS)


def test_the_web_server_reads_no_setting_of_its_own():
    read = re.findall(r"""environ\.get\(['"](\w+)""", (ROOT / "gunicorn.conf.py").read_text())
    assert read
    assert set(read) <= set(FIELDS)


# --- Every setting, by its type -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FIELDS)
def test_a_setting_left_empty_is_not_set(name):
    for empty in ("", " ", "\r"):
        assert config.read({name: empty}).model_dump() == config.read({}).model_dump()


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_is_spelled_in_many_ways(name):
    for value, spellings in SPELLINGS.items():
        assert {getattr(config.read({name: spelling}), name) for spelling in spellings} == {value}


# By the sentence that its type says: what is no such value, and what is one although it looks unusual (with what it becomes).
NUMBERS = ["soon", "-1", "1.5", "nan", "inf", "9" * 5_000]
WRONG: dict[str, list[str]] = {
    "development or production": ["prod", "live", "1"],
    "DEBUG, INFO, WARNING or ERROR": ["loud", "10"],
    "1 or 0 (or": ["maybe", "2", "t", "Y", "10", "enabled"],
    "a whole number": NUMBERS,
    "a whole number, at least 1": [*NUMBERS, "0"],
    "a whole number from 1 to 65535": [*NUMBERS, "0", "65536"],
    "a number of seconds up to 30": ["soon", "-1", "0", "nan", "inf", "31"],
    "an address such as https": [
        "desk.example",
        "https://",
        "https://desk.example/licences",
        "https://desk.example?a=b",
        "https://desk.example#a",
        "https://me:secret@desk.example",
        "https://desk.example:port",
        "https://desk.example:99999",
        "https://desk example",
        "https://-desk.example",
        "ftp://desk.example",
        "http://[::1",
        "https://ex\u2100mple.com",
    ],
    "an address such as postgresql": ["mysql://db/desk", "desk", "postgresql://desk:p/w@rd@db:x/desk"],
    "a secret key of Stripe": [
        "hello",
        "pk_live_x",
        "pk_test_x",
        "sk_live_…",
        "sk_live_",
        "sk_prod_1",
        "sk_live_a b",
    ],
    "the signing secret": ["hello", "whsec_", "whsec_…", "sk_live_1"],
    "limits such as": ["nonsense", "10", "10 per fortnight"],
    "memory://, or redis": ["nowhere://", "redis", "localhost:6379"],
    "names of machines": ["https://desk.example", "desk.example/x", "me@desk.example", "a b"],
}
RIGHT: dict[str, dict[str, object]] = {
    "TROUSSEAU_ENV": {"Development": "development"},
    "LOG_LEVEL": {"debug": "DEBUG", "Warning": "WARNING", " error ": "ERROR"},
    "BASE_URL": {
        "HTTPS://Desk.Example.COM/": "https://desk.example.com",
        "https://desk.example:443": "https://desk.example",
        "https://desk.example:8443/": "https://desk.example:8443",
        "https://québec.example": "https://xn--qubec-csa.example",
        "https://[2001:DB8::1]:8443": "https://[2001:db8::1]:8443",
        "http://127.0.0.1:8000": "http://127.0.0.1:8000",
    },
    "TRUSTED_HOSTS": {"Desk.Example, ,other.example": ["desk.example", "other.example"]},
    "WEB_CONCURRENCY": {"3": 3, " 2 ": 2},
    "SIGN_IN_LIMIT": {"5/minute": "5/minute"},
    "STRIPE_TIMEOUT": {"2.5": 2.5},
    # As a file written on Windows, or a careless copy, gives them.
    "STRIPE_SECRET_KEY": {"sk_live_1\r": "sk_live_1"},
    "MAIL_SERVER": {" smtp.example ": "smtp.example"},
}


def _wanted(name: str) -> str | None:
    return next((item.text for item in FIELDS[name].metadata if isinstance(item, config.Wanted)), None)


def _wrong_values(name: str) -> list[str]:
    wanted = _wanted(name)
    longest = max((start for start in WRONG if wanted and wanted.startswith(start)), key=len, default=None)
    return WRONG[longest] if longest else []


@pytest.mark.parametrize("name", FIELDS)
def test_a_wrong_value_is_refused_by_the_name_of_its_setting_and_a_secret_one_not_repeated(name: str) -> None:
    if _wanted(name) is None:
        # Any text is right.
        assert "anything/Ünï" in str(getattr(config.read({name: "anything/Ünï"}), name))
        return
    assert _wrong_values(name), f"the test knows no wrong value for {_wanted(name)!r}"
    for wrong in _wrong_values(name):
        with pytest.raises(config.SettingsError) as refused:
            config.read({name: wrong})
        said = str(refused.value)
        assert said.startswith(f"{name} must be {_wanted(name)}"), wrong
        assert said.count(" must be ") == 1
        secret = any(getattr(item, "secret", False) for item in FIELDS[name].metadata)
        assert (repr(wrong) in said) != secret


@pytest.mark.parametrize("name", RIGHT)
def test_an_unusual_spelling_means_what_its_writer_meant(name: str) -> None:
    for written, means in RIGHT[name].items():
        assert getattr(config.read({name: written}), name) == means


def test_all_that_is_wrong_is_said_at_once():
    wrong = {
        "PORT": "x",
        "MAIL_PORT": "y",
        "DATABASE_URL": "postgresql://desk:s3cr3t/@db:x/desk",
        "MAIL_USE_TLS": "z",
        "STRIPE_TIMEOUT": "soon",
        "TROUSSEAU_ENV": "prod",
    }
    with pytest.raises(config.SettingsError) as refused:
        config.load(wrong)
    assert re.findall(r"(\w+) must be", str(refused.value)) == [name for name in FIELDS if name in wrong]
    assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize(
    ("command", "name", "wrong"),
    [
        (["-m", "flask", "worker"], "MAIL_PORT", "smtp"),
        (["run.py"], "MAIL_PORT", "smtp"),
        (["serve.py"], "MAIL_PORT", "smtp"),
        (["-m", "gunicorn"], "MAIL_PORT", "smtp"),
        # Gunicorn's own: it would die of these before it reads a line of ours.
        (["serve.py"], "WEB_CONCURRENCY", "two"),
        (["serve.py"], "WEB_THREADS", "0"),
    ],
)
def test_a_wrong_setting_stops_a_command_with_its_sentence_and_no_traceback(command, name, wrong, tmp_path):
    environ = {
        "PATH": os.environ["PATH"],
        "INSTANCE": str(tmp_path),
        "PORT": str(free_port()),
        name: wrong,
    }
    run = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert run.returncode != 0
    said = run.stderr.removeprefix("Error: ").splitlines()
    # Gunicorn also logs that it stops.
    (line,) = (line for line in said if " [ERROR] " not in line)
    assert line.startswith(f"{name} must be a whole number")


def test_the_web_server_starts_with_an_empty_number_of_processes_and_says_its_mode_first(tmp_path):
    port = free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "INSTANCE": str(tmp_path),
        "PORT": str(port),
        "WEB_CONCURRENCY": "",
    }
    with subprocess.Popen(
        [sys.executable, "serve.py"], cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True
    ) as server:
        first = server.stderr.readline()
        server.terminate()
    assert re.search(r"INFO app mode: development; payments go to http\S+, nothing is charged$", first)


@pytest.mark.parametrize("spelling", ["off", "OFF", "no", "on", "1"])
def test_flask_reads_its_debug_switch_as_we_do(monkeypatch, tmp_path, spelling):
    for name in FIELDS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("INSTANCE", str(tmp_path))
    monkeypatch.setenv("FLASK_DEBUG", spelling)
    config.load()
    assert get_debug_flag() == (spelling in {"on", "1"})


# --- Development and production -----------------------------------------------------------------------------------


def test_development_needs_no_setting(tmp_path):
    settings = config.load({"INSTANCE": str(tmp_path), "PORT": "9000"})
    assert settings["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path}/trousseau.sqlite"
    assert settings["STRIPE_API_BASE"] == "http://127.0.0.1:9001"
    assert settings["MAIL_PORT"] == 9002
    assert settings["SECRET_KEY"] == config.load({"INSTANCE": str(tmp_path)})["SECRET_KEY"]


def test_production_opens_when_all_is_set():
    settings = config.load(PRODUCTION)
    assert settings["SQLALCHEMY_DATABASE_URI"] == "postgresql+psycopg://desk:secret@db.example/desk"
    assert settings["STRIPE_API_BASE"] is None
    assert settings["SESSION_COOKIE_SECURE"]
    assert settings["MAIL_USE_TLS"]


@pytest.mark.parametrize("name", [name for name in PRODUCTION if name != "TROUSSEAU_ENV"])
def test_production_refuses_to_open_without(name):
    with pytest.raises(config.SettingsError, match=name):
        config.load({key: value for key, value in PRODUCTION.items() if key != name})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": "x" * 64}, "SECRET_KEY"),
        ({"SECRET_KEY": "0123456789abcdef" * 4}, "SECRET_KEY"),
        ({"SECRET_KEY": "abababababababababababababababac"}, "SECRET_KEY"),
        ({"DATABASE_URL": "sqlite:///desk.sqlite"}, "DATABASE_URL"),
        ({"BASE_URL": "http://desk.example"}, "BASE_URL"),
        ({"SANDBOX_URL": "http://127.0.0.1:8001"}, "SANDBOX_URL"),
        ({"SANDBOX_URL": "http://127.0.0.1:8001", "STRIPE_SECRET_KEY": "rk_live_1"}, "SANDBOX_URL"),
        ({"STRIPE_SECRET_KEY": "sk_org_live_1"}, "STRIPE_CONTEXT"),
        ({"PAYMENT_PAGE_ORIGIN": "http://pay.example"}, "PAYMENT_PAGE_ORIGIN"),
        ({"SANDBOX_URL": "http://127.0.0.1:8001", "STRIPE_SECRET_KEY": "sk_org_live_1"}, "SANDBOX_URL"),
        ({"STRIPE_WEBHOOK_SECRET": config.SANDBOX_WEBHOOK_SECRET}, "STRIPE_WEBHOOK_SECRET"),
        ({"FLASK_DEBUG": "on"}, "FLASK_DEBUG"),
        ({"WEB_CONCURRENCY": "2"}, "RATELIMIT_STORAGE_URI"),
        ({"MAIL_USE_TLS": "0"}, "MAIL_USE_TLS"),
        ({"MAIL_USE_TLS": "1", "MAIL_USE_SSL": "1"}, "MAIL_USE_TLS"),
        ({"MAIL_USERNAME": "desk"}, "MAIL_PASSWORD"),
        ({"MAIL_DEFAULT_SENDER": "The desk"}, "MAIL_DEFAULT_SENDER"),
    ],
)
def test_production_refuses_what_is_unsafe(change, said):
    with pytest.raises(config.SettingsError, match=said) as refused:
        config.load(PRODUCTION | change)
    assert not any(value in str(refused.value) for name, value in change.items() if "SECRET_KEY" in name)


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        ({"TRUSTED_PROXIES": "0"}, "TRUSTED_PROXIES", 0),
        ({"MAIL_USE_TLS": "0", "MAIL_USE_SSL": "0"}, "MAIL_USE_TLS", False),
        ({"MAIL_USE_SSL": "1"}, "MAIL_USE_TLS", False),
        ({"MAIL_USE_SSL": "1"}, "MAIL_PORT", 465),
        ({"WEB_CONCURRENCY": "2", "RATELIMIT_ENABLED": "0"}, "RATELIMIT_ENABLED", False),
        ({"BASE_URL": "https://Desk.Example/"}, "BASE_URL", "https://desk.example"),
        ({"STRIPE_SECRET_KEY": "sk_test_1"}, "STRIPE_API_BASE", None),
        ({"STRIPE_SECRET_KEY": "sk_test_1"}, "MODE", "trial"),
        ({}, "MODE", "live"),
    ],
)
def test_production_takes_what_is_said_aloud(change, name, value):
    assert config.load(PRODUCTION | change)[name] == value


def test_a_rehearsal_of_production_pays_in_the_sandbox_under_a_test_key_and_a_webhook_secret_of_its_own():
    rehearsal = PRODUCTION | {"STRIPE_SECRET_KEY": "sk_test_1", "SANDBOX_URL": "https://pay.desk.example/"}
    settings = config.load(rehearsal)
    assert settings["MODE"] == "trial"
    assert settings["STRIPE_API_BASE"] == settings["PAYMENT_PAGE_ORIGIN"] == "https://pay.desk.example"
    with pytest.raises(config.SettingsError, match="STRIPE_WEBHOOK_SECRET"):
        config.load(rehearsal | {"STRIPE_WEBHOOK_SECRET": config.SANDBOX_WEBHOOK_SECRET})


def test_the_server_outlives_a_call_of_stripe_when_it_is_told_to_stop(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    server = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    (longest,) = (rule.le for rule in FIELDS["STRIPE_TIMEOUT"].metadata if hasattr(rule, "le"))
    assert longest < server["graceful_timeout"] < server["timeout"]


# --- Stripe ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "live"),
    [
        ("sk_live_1", True),
        ("rk_live_1", True),
        ("sk_org_live_1", True),
        ("sk_test_1", False),
        ("rk_test_1", False),
        ("sk_org_test_1", False),
        ("", False),
    ],
)
def test_a_key_of_any_kind_is_known_to_be_live_or_not(tmp_path, key, live):
    assert config.load({"INSTANCE": str(tmp_path), "STRIPE_SECRET_KEY": key})["STRIPE_LIVE"] == live


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ({}, "https://checkout.stripe.com"),
        ({"PAYMENT_PAGE_ORIGIN": "https://pay.desk.example"}, "https://pay.desk.example"),
    ],
)
def test_browsers_may_go_to_the_payment_page_where_it_is(given, origin):
    assert config.load(PRODUCTION | given)["PAYMENT_PAGE_ORIGIN"] == origin
