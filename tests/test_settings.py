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
TYPES = {name: field.annotation for name, field in config.Settings.model_fields.items()}
SWITCHES = [name for name, kind in TYPES.items() if kind is bool]
WHOLE_NUMBERS = [name for name, kind in TYPES.items() if kind is int]
NUMBERS = [name for name, kind in TYPES.items() if kind in {int, float}]
# Types whose value may be any text.
TEXTS = (str, str | None, list[str], Path)
SPELLINGS = {
    True: ["1", "true", "True", "TRUE", "yes", "Yes", "on", "ON"],
    False: ["0", "false", "False", "FALSE", "no", "No", "off", "OFF"],
}
PRODUCTION = {
    "TROUSSEAU_ENV": "production",
    "SECRET_KEY": "x" * 32,
    "DATABASE_URL": "postgres://desk:secret@db.example/desk",
    "BASE_URL": "https://desk.example",
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
    assert list(_example()) == list(TYPES)


def test_env_example_explains_every_setting_in_the_same_sentence_as_the_code():
    meanings = _meanings_in_the_class()
    assert [name for name, _ in meanings] == list(TYPES)
    assert _meanings_in_the_example() == meanings
    assert [name for name, meaning in meanings if not re.fullmatch(r".{15,}[.)]", meaning)] == []


def test_env_example_shows_what_holds_when_nothing_is_said():
    assert config.read(_example()).model_dump() == config.read({}).model_dump()


def test_the_web_server_starts_with_the_same_defaults(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # no .env
    for name in TYPES:
        monkeypatch.delenv(name, raising=False)
    server, settings = runpy.run_path(str(ROOT / "gunicorn.conf.py")), config.read({})
    assert server["bind"] == f"{settings.HOST}:{settings.PORT}"
    assert (server["workers"], server["threads"]) == (settings.WEB_CONCURRENCY, settings.WEB_THREADS)


def test_the_web_server_reads_no_setting_of_its_own():
    read = re.findall(r"""environ\.get\(['"](\w+)""", (ROOT / "gunicorn.conf.py").read_text())
    assert read
    assert set(read) <= set(TYPES)


# --- Every setting, by its type -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TYPES)
def test_a_setting_left_empty_is_not_set(name):
    assert config.read({name: ""}).model_dump() == config.read({}).model_dump()


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_is_spelled_in_many_ways(name):
    for value, spellings in SPELLINGS.items():
        assert {getattr(config.read({name: spelling}), name) for spelling in spellings} == {value}


@pytest.mark.parametrize("wrong", ["maybe", "2", "t", "Y", " ", "10", "enabled"])
@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_refuses_anything_else(name, wrong):
    said = re.escape(f"{name} must be 1 or 0 (or true or false, yes or no, on or off), not {wrong!r}.")
    with pytest.raises(config.SettingsError, match=f"^{said}$"):
        config.read({name: wrong})


@pytest.mark.parametrize("written", ["debug", "Debug", "DEBUG"])
def test_a_level_is_written_in_any_case(written):
    assert config.read({"LOG_LEVEL": written}).LOG_LEVEL == "DEBUG"


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_refuses_what_is_none(name):
    with pytest.raises(config.SettingsError, match=rf"^{name} must be a (whole )?number, not 'soon'\.$"):
        config.read({name: "soon"})


@pytest.mark.parametrize("wrong", ["-1", "1.5", "nan", "inf"])
@pytest.mark.parametrize("name", WHOLE_NUMBERS)
def test_a_whole_number_refuses_other_numbers(name, wrong):
    with pytest.raises(config.SettingsError, match=rf"^{name} must be a whole number, not '{wrong}'\.$"):
        config.read({name: wrong})


@pytest.mark.parametrize("name", [name for name, kind in TYPES.items() if kind not in TEXTS])
def test_what_can_be_wrong_is_refused_in_words(name):
    with pytest.raises(config.SettingsError, match=rf"^{name} must be .+, not 'nonsense'\.$"):
        config.read({name: "nonsense"})


@pytest.mark.parametrize("name", [name for name, kind in TYPES.items() if kind in TEXTS])
def test_text_is_taken_as_it_is(name):
    assert "anything/Ünï" in str(getattr(config.read({name: "anything/Ünï"}), name))


def test_all_that_is_wrong_is_said_at_once():
    wrong = {
        "PORT": "x",
        "MAIL_PORT": "y",
        "MAIL_USE_TLS": "z",
        "STRIPE_TIMEOUT": "soon",
        "TROUSSEAU_ENV": "prod",
    }
    with pytest.raises(config.SettingsError) as refused:
        config.load(wrong)
    assert re.findall(r"(\w+) must be", str(refused.value)) == [name for name in TYPES if name in wrong]


@pytest.mark.parametrize("command", [["-m", "flask", "worker"], ["run.py"], ["-m", "gunicorn"]])
def test_a_wrong_setting_stops_a_command_with_its_sentence_and_no_traceback(command, tmp_path):
    environ = {
        "PATH": os.environ["PATH"],
        "INSTANCE": str(tmp_path),
        "PORT": str(free_port()),
        "MAIL_PORT": "smtp",
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
    assert [line for line in said if " [ERROR] " not in line] == [
        "MAIL_PORT must be a whole number, not 'smtp'."
    ]


@pytest.mark.parametrize("spelling", ["off", "OFF", "no", "on", "1"])
def test_flask_reads_its_debug_switch_as_we_do(monkeypatch, tmp_path, spelling):
    for name in TYPES:
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
        ({"DATABASE_URL": "sqlite:///desk.sqlite"}, "DATABASE_URL"),
        ({"BASE_URL": "http://desk.example"}, "BASE_URL"),
        ({"SANDBOX_URL": "http://127.0.0.1:8001"}, "SANDBOX_URL"),
        ({"SANDBOX_URL": "http://127.0.0.1:8001", "STRIPE_SECRET_KEY": "rk_live_1"}, "SANDBOX_URL"),
        ({"STRIPE_SECRET_KEY": "sk_org_live_1"}, "STRIPE_CONTEXT"),
        ({"PAYMENT_PAGE_ORIGIN": "http://pay.example"}, "PAYMENT_PAGE_ORIGIN"),
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
        ({"FLASK_DEBUG": "on"}, "FLASK_DEBUG"),
        ({"TROUSSEAU_ENV": "prod"}, "TROUSSEAU_ENV"),
        ({"MAIL_PORT": "smtp"}, "MAIL_PORT"),
        ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES"),
        ({"STRIPE_TIMEOUT": "soon"}, "STRIPE_TIMEOUT"),
    ],
)
def test_production_refuses_what_is_unsafe_or_unreadable(change, said):
    with pytest.raises(config.SettingsError, match=said):
        config.load(PRODUCTION | change)


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
        ("sk_liver", False),
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
        ({"PAYMENT_PAGE_ORIGIN": "https://pay.desk.example/c/pay/"}, "https://pay.desk.example"),
    ],
)
def test_browsers_may_go_to_the_payment_page_where_it_is(given, origin):
    assert config.load(PRODUCTION | given)["PAYMENT_PAGE_ORIGIN"] == origin


def test_a_restart_waits_for_whoever_waits_for_stripe():
    server, settings = runpy.run_path(str(ROOT / "gunicorn.conf.py")), config.read({})
    assert server["timeout"] >= server["graceful_timeout"] > 2 * settings.STRIPE_TIMEOUT
