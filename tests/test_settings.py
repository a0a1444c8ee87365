"""Settings: every one is explained, and a desk that would be unsafe does not open."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

import config

ROOT = Path(__file__).resolve().parent.parent
READS = re.compile(
    r"""(?:environ|env)\.get\(\s*['"](\w+)['"]|['"](\w+)['"]\s+in\s+env|env\[['"](\w+)['"]\]"""
    r"""|_(?:number|whole)\(env, ['"](\w+)['"]"""
)
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


def _example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line[2:].split("=", 1) for line in lines if re.match(r"# [A-Z_]+=", line))


def _read_by_the_code() -> set[str]:
    code = (ROOT / "config.py").read_text() + (ROOT / "gunicorn.conf.py").read_text()
    return {name for match in READS.findall(code) for name in match if name}


def test_env_example_names_every_setting_and_no_other():
    assert set(_example()) == _read_by_the_code()


def test_env_example_explains_every_setting_in_a_sentence():
    lines = (ROOT / ".env.example").read_text().splitlines()
    for above, line in itertools.pairwise(lines):
        if re.match(r"# [A-Z_]+=", line):
            assert re.fullmatch(r"# .{15,}[.)]", above), f"no sentence above {line}"


def test_env_example_shows_what_holds_when_nothing_is_said(tmp_path):
    elsewhere = {"INSTANCE": str(tmp_path)}
    plain, example = config.load(elsewhere), config.load(_example() | elsewhere)
    assert {name for name in plain if plain[name] != example[name]} == set()


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
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
        ({"TROUSSEAU_ENV": "prod"}, "TROUSSEAU_ENV"),
        ({"MAIL_PORT": "smtp"}, "MAIL_PORT"),
        ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES"),
        ({"STRIPE_TIMEOUT": "soon"}, "STRIPE_TIMEOUT"),
    ],
)
def test_production_refuses_what_is_unsafe_or_unreadable(change, said):
    with pytest.raises(config.SettingsError, match=said):
        config.load(PRODUCTION | change)


def test_a_setting_left_empty_is_not_set(tmp_path):
    assert (
        config.load({"PORT": "", "BASE_URL": "", "INSTANCE": str(tmp_path)})["BASE_URL"]
        == "http://127.0.0.1:8000"
    )
