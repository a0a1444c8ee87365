"""What may be stored, whoever asks: each bound from both sides."""

from __future__ import annotations

import pytest

from models import Company, Conditions
from services.foundation import checks
from tests.asked import refused

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Bob@Acme.Example ", "bob@acme.example"),
        ("o'brien+desk@sub.acme.example", "o'brien+desk@sub.acme.example"),
        (f"{'a' * 64}@acme.example", f"{'a' * 64}@acme.example"),
        # A company's own mail server, and a rehearsal's.
        ("bob@acme.local", "bob@acme.local"),
        ("bob@acme.test", "bob@acme.test"),
        # One domain, written in two ways.
        ("Elodie@École.example", "elodie@école.example"),
        ("elodie@xn--cole-9oa.example", "elodie@école.example"),
        # The full stop of Japanese keyboards, their wide letters, a small dotless and a Kelvin K (Django CVE-2019-19844).
        ("elodie@école。example", "elodie@école.example"),
        ("elodie@ｅcole.example", "elodie@ecole.example"),
        ("mi\u212ae@acme.example", "mike@acme.example"),
        ("jean@xn--strae-oqa.example", "jean@straße.example"),
        # As a mail program and a link give it.
        ("<bob@acme.example>", "bob@acme.example"),
        ("Bob Roy <Bob@acme.example>", "bob@acme.example"),
        ("mailto:bob@acme.example", "bob@acme.example"),
        ("MailTo:bob@acme.example?subject=Bonjour", "bob@acme.example"),
        # Another mailbox than without: nobody else's.
        ("bob+desk@acme.example", "bob+desk@acme.example"),
    ],
)
def test_an_address_that_people_have_is_taken_in_lower_case(app, typed, stored):
    with app.app_context():
        assert checks.email(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "bob",
        "bob@",
        "@acme.example",
        "bob@acme",
        "bob smith@acme.example",
        # Nothing could be mailed to it, and what is like it is somebody else's.
        "bobı@acme.example",
        # Without its joiner, which the library does not take, it would be another domain.
        "ali@نامه\u200cای.example",
        "boſ@acme.example",
        "bob＠acme.example",
        "bob@acme..example",
        "bob@acme.example.",
        "bob@xn--zzzz.example",
        f"{'a' * 65}@acme.example",
        "élodie@acme.example",
        "bob@acme.example, eve@evil.example",
        "bob@acme.example\nBcc: eve@evil.example",
        "<bob@acme.example>, <eve@evil.example>",
        "<<bob@acme.example>>",
        "bob@acme.example\0",
        f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 63}.example",
    ],
)
def test_what_is_no_address_or_would_begin_another_header_is_refused(app, typed):
    with app.app_context():
        assert refused("bad_address", checks.email, typed)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("", ""),
        (" https://aide.boreal.example/installer ", "https://aide.boreal.example/installer"),
        ("http://localhost:8000", "http://localhost:8000"),
    ],
)
def test_a_web_address_or_none_is_taken(app, typed, stored):
    with app.app_context():
        assert checks.url(typed) == stored


@pytest.mark.parametrize(
    "typed", ["javascript:alert(1)", "ftp://a.example", "a.example", "https://", "https://a b", "http://[::1"]
)
def test_a_link_that_would_run_or_lead_nowhere_is_refused(app, typed):
    with app.app_context():
        assert refused("bad_url", checks.url, typed)


@pytest.mark.parametrize("typed", ["#12345", "#1234567", "123456", "#12345g", "red", "#123456;}"])
def test_a_colour_that_is_none_is_refused(app, typed):
    with app.app_context():
        assert checks.color(" #1F5FBF ") == "#1f5fbf"
        assert refused("bad_color", checks.color, typed)


def test_a_time_zone_that_is_none_is_refused(app):
    with app.app_context():
        assert checks.time_zone("America/Toronto") == "America/Toronto"
        assert refused("unknown_time_zone", checks.time_zone, "America/Nowhere")
        assert refused("unknown_time_zone", checks.time_zone, "")


def test_a_text_is_as_long_as_its_column_and_no_longer(app):
    """`companies.name` holds 200 characters; `conditions.text_fr` has no limit of its own."""
    with app.app_context():
        assert checks.texts(Company, {"name": f" {'a' * 200} "}) == {"name": "a" * 200}
        assert refused("too_long", checks.texts, Company, {"name": "a" * 201})
        longest = "a" * checks.MAX_TEXT_LENGTH
        assert checks.texts(Conditions, {"text_fr": longest}) == {"text_fr": longest}
        assert refused("too_long", checks.texts, Conditions, {"text_fr": longest + "a"})
        assert checks.MAX_TEXT_LENGTH == 50_000


def test_a_text_keeps_its_lines_and_loses_what_cannot_be_stored(app):
    with app.app_context():
        assert checks.texts(Conditions, {"text_fr": "a\r\nb\nc"}) == {"text_fr": "a\nb\nc"}
        assert refused("bad_text", checks.texts, Company, {"name": "a\0b"})
        assert checks.texts(Company, {"lock_version": 3}) == {"lock_version": 3}


@pytest.mark.parametrize("missing", [None, "", " ", "\u200b", "\u200b\u2060 "])
def test_a_mandatory_field_is_not_left_empty(app, missing):
    with app.app_context():
        assert checks.filled({"name": "Acme", "city": missing}, "name") is None
        assert refused("empty", checks.filled, {"name": "Acme", "city": missing}, "name", "city")
