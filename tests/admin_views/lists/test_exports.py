"""Files of lists: each list of both sites, by what it declares, beside its screen. A new list enters by itself."""

from __future__ import annotations

import contextvars
import csv
import datetime as dt
import html
import io
import re
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from access import Actor
from admin_views import portal, support
from admin_views.base import DeskModelView
from admin_views.lists import exports
from admin_views.lists.filed import Clock
from models import JournalEntry, JournalVerb, Language, License, User, db
from services.people import accounts
from tests import factories
from tests.admin_views.lists.on_screen import shown_in
from tests.admin_views.support.rows import furnish
from tests.client import make_client, sign_in

LISTS = [
    (site, view)
    for site, views in (("portal", portal.VIEWS), ("support", support.VIEWS))
    for view in views
    if issubclass(view, DeskModelView) and view.has_export
]
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
ASIDE = re.compile(
    r'(?s)<small\b.*?</small>|<(?:bdi|span) class="(?:face|tag|soon|vh)\b[^"]*"[^>]*>.*?</(?:bdi|span)>|<svg\b.*?</svg>|<button\b.*?</button>'
)


def reader(app: Any, cast: Any, site: str) -> Any:
    return sign_in(make_client(app), cast.alice if site == "portal" else cast.sam)


def in_french(answer: Any) -> list[list[str]]:
    """The rows of a file, its headings first."""
    assert answer.status_code == 200
    assert answer.text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))


def said(cell: str, kind: str) -> str:
    """What a cell of the screen says, as a file writes it."""
    text = html.unescape(re.sub(r"<[^>]+>", "", ASIDE.sub("", cell))).replace("\u00a0", " ").strip()
    if text == "–":
        return ""
    if kind == "moment":
        return re.sub(r" (\d+) h (\d\d)$", lambda found: f" {int(found[1]):02}:{found[2]}", text)
    if kind == "money":
        return text.removesuffix("$").replace(" ", "")
    return text.replace(" ", "") if kind == "number" else text


def screen(page: str, view: Any) -> list[list[str]]:
    """The rows of a list as people read them."""
    found = []
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    for row in re.findall(r"(?s)<tr>(.*?)</tr>", body):
        lines = [
            [said(line, column.kind) for line in cell.split("<br>")]
            for cell, column in zip(shown_in(row), view.columns, strict=True)
        ]
        found.append([", ".join(filter(None, line)) for line in lines])
    return found


def as_shown(rows: list[list[str]], view: Any) -> list[list[str]]:
    """Of the rows of a file, what the screen has of them."""
    return [list(_as_shown(row, view)) for row in rows]


def _as_shown(row: list[str], view: Any) -> Iterator[str]:
    place = 0
    for column in view.columns:
        text = row[place].replace("\u00a0", " ").removeprefix("'")
        yield f"{text[:11]}…" if column.kind == "key" else text
        place += 2 if column.kind in {"person", "holder"} else 1


def questions(view: Any) -> Iterator[str]:
    """What the address of a list may ask: nothing, each tab, each order, a value of each filter, a text; and a page, in vain."""
    yield ""
    yield "after=WzFd&before=WzFd"
    yield "q=acme"
    yield from (f"tab={tab.name}" for tab in view.tabs[1:])
    for column in view.columns:
        if column.sort is not None:
            yield f"sort={column.name}"
            yield f"sort=-{column.name}"
    for choice in view.filters:
        yield from (f"{choice.name}={value}" for value, _words in choice.choices()[:2])


def test_a_file_says_what_the_screen_says_in_its_order_whatever_the_address_asks(app, cast):
    furnish(cast, 3)
    counts: dict[str, set[int]] = {}
    for site, view in LISTS:
        person = reader(app, cast, site)
        with app.test_request_context():
            asked = list(questions(view))
        for query in asked:
            address = f"/{site}/{view.slug}/"
            shown = screen(person.get(f"{address}?{query}&size=100").text, view)
            heads, *rows = in_french(person.get(f"{address}export/csv/?{query}", buffered=True))
            # The journal, which tells of each of these files, has more than a page of them in the end.
            assert as_shown(rows[:100], view) == shown, (address, query)
            assert len(heads) == len(set(heads)), address
            counts.setdefault(address, set()).add(len(rows))
    # A list that is the same whatever is asked would prove nothing.
    assert all(max(found) > 0 for found in counts.values()), counts
    assert sum(len(found) > 1 for found in counts.values()) >= len(LISTS) - 3, counts


def test_a_file_is_the_whole_list_and_not_a_page_of_it(app, cast, monkeypatch):
    monkeypatch.setattr(exports, "ROWS_AT_A_TIME", 7)
    owned = {license.key for license in factories.make_licenses(30, cast.alice, cast.pro)}
    person = reader(app, cast, "portal")
    for query in ("", "sort=last_day", "sort=-last_day", "state=available"):
        rows = in_french(person.get(f"/portal/licenses/export/csv/?{query}", buffered=True))
        keys = [row[rows[0].index("Clé")] for row in rows[1:]]
        assert (len(keys), set(keys)) == (30, owned), query


def cells_of(sheet: bytes) -> list[dict[str, Any]]:
    """The rows of a workbook: each cell by its column, a text or a number."""
    with zipfile.ZipFile(io.BytesIO(sheet)) as book:
        root = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert root.find(f".//{MAIN}f") is None, "a formula"
    rows = []
    for row in root.iter(f"{MAIN}row"):
        found: dict[str, Any] = {}
        for cell in row.iter(f"{MAIN}c"):
            column = re.sub(r"\d", "", cell.attrib["r"])
            if cell.get("t") == "inlineStr":
                found[column] = "".join(text.text or "" for text in cell.iter(f"{MAIN}t"))
            else:
                found[column] = float(cell.findtext(f"{MAIN}v") or "nan")
        rows.append(found)
    return rows


def from_serial(number: float) -> str:
    """A day or an instant of a workbook as CSV has it."""
    at = dt.datetime(1899, 12, 30, tzinfo=dt.UTC) + dt.timedelta(minutes=round(number * 1440))
    return f"{at:%Y-%m-%d}" if number == int(number) else f"{at:%Y-%m-%d %H:%M}"


def test_a_workbook_holds_the_same_with_real_numbers_and_real_dates(app, cast):
    furnish(cast, 3)
    cast.acme.name = '=HYPERLINK("x")'
    db.session.commit()
    kinds = set()
    for site, view in LISTS:
        person = reader(app, cast, site)
        address = f"/{site}/{view.slug}/export/"
        if view.slug == "journal":
            continue
        heads, *rows = in_french(person.get(f"{address}csv/", buffered=True))
        answer = person.get(f"{address}xlsx/", buffered=True)
        first, *lines = cells_of(answer.data)
        letters = [chr(ord("A") + place) for place in range(len(heads))]
        assert [first[letter] for letter in letters] == heads
        assert len(lines) == len(rows), address
        for row, line in zip(rows, lines, strict=True):
            for letter, text in zip(letters, row, strict=True):
                value = line.get(letter, "")
                if isinstance(value, float):
                    numeric = text.replace(",", ".")
                    is_number = re.fullmatch(r"-?\d+(\.\d+)?", numeric)
                    kinds.add("number" if is_number else "day" if len(text) == 10 else "moment")
                    assert float(numeric) == value if is_number else from_serial(value) == text, (
                        address,
                        text,
                    )
                else:
                    # What CSV keeps from running is a text here by itself.
                    assert value == (text[1:] if text.startswith("'=") else text), (address, text)
    assert kinds == {"number", "day", "moment"}


def test_a_file_is_made_for_the_spreadsheet_of_its_reader(app, cast, time_machine):
    factories.make_order(cast.alice, cast.pro)
    # In Québec the day before, by 19:30.
    time_machine.move_to(dt.datetime(2026, 11, 27, 0, 30, tzinfo=dt.UTC))
    person = reader(app, cast, "support")
    answer = person.get("/support/licenses/export/csv/", buffered=True)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="licences-2026-11-26.csv"'
    assert answer.headers["Content-Type"].startswith("text/csv")
    accents = person.get("/support/stripe-events/export/xlsx/", buffered=True).headers["Content-Disposition"]
    assert "filename*=UTF-8''" in accents
    assert accents.isascii()
    french = person.get("/support/orders/export/csv/", buffered=True).text
    assert french.startswith('\ufeff"Référence";"Client";')
    assert re.search(r';"\d+,\d\d";', french)
    db.session.execute(sa.update(User).where(User.id == cast.sam.id).values(language=Language.EN))
    db.session.commit()
    english = person.get("/support/orders/export/csv/", buffered=True)
    assert 'filename="orders-2026-11-26.csv"' in english.headers["Content-Disposition"]
    assert '"Reference","Customer",' in english.text
    assert re.search(r',"\d+\.\d\d",', english.text)


def test_the_journal_knows_of_each_file_which_list_how_many_rows_and_not_what_was_typed(app, cast):
    factories.make_licenses(3, cast.alice, cast.pro)
    person = reader(app, cast, "portal")
    for kind in ("csv", "xlsx"):
        person.get(
            f"/portal/licenses/export/{kind}/?q=Tremblay&sort=-last_day&plan={cast.pro.id}", buffered=True
        )
    # Nobody reads on after the first bytes.
    apart = contextvars.Context()
    broken = apart.run(FlaskClient.open, person, "/portal/users/export/csv/")
    apart.run(next, iter(broken.response))
    apart.run(broken.close)
    # Only its headers are asked for.
    person.head("/portal/orders/export/csv/")
    entries = db.session.scalars(
        sa.select(JournalEntry)
        .where(JournalEntry.verb == JournalVerb.LIST_EXPORTED)
        .order_by(JournalEntry.id)
    ).all()
    assert [(entry.after["list"], entry.after["format"]) for entry in entries] == [
        ("portal_licenses", "csv"),
        ("portal_licenses", "xlsx"),
        ("portal_users", "csv"),
    ]
    asked = {"plan": str(cast.pro.id), "sort": "-last_day", "q": True}
    assert entries[0].after["filters"] == asked
    assert entries[2].after["rows"] == db.session.scalar(
        sa.select(sa.func.count()).select_from(User).where(User.company_id == cast.acme.id)
    )
    assert "Tremblay" not in str([entry.after for entry in entries])
    assert {(entry.actor_id, entry.company_id, entry.on_behalf_of_id) for entry in entries} == {
        (cast.alice.id, cast.acme.id, None)
    }
    page = person.get("/portal/journal/").text
    assert "Vous avez exporté la liste" in html.unescape(page)
    # Her own journal as a file: without the word of that very file.
    rows = in_french(person.get("/portal/journal/export/csv/", buffered=True))
    assert len([row for row in rows if "exporté" in row[1]]) == 3


def test_a_person_who_is_renamed_or_erased_is_called_by_what_is_left_in_a_file_of_the_journal(app, cast):
    values = {name: getattr(cast.bob, name) for name in accounts.EDITABLE}
    accounts.update_person(cast.bob, values | {"last_name": "Zwicky"}, by=Actor.of(cast.sam, "192.0.2.9"))
    accounts.update_person(cast.bob, values | {"last_name": "Roy"}, by=Actor.of(cast.sam, "192.0.2.9"))
    for site in ("portal", "support"):
        text = reader(app, cast, site).get(f"/{site}/journal/export/csv/", buffered=True).text
        assert "Roy" in text
        assert "Zwicky" not in text
        assert "192.0.2.9" not in text


def test_a_list_that_no_sheet_can_hold_says_so_in_a_sentence(app, cast, monkeypatch):
    monkeypatch.setattr(exports, "SHEET_ROWS", 3)
    factories.make_licenses(3, cast.alice, cast.pro)
    person = reader(app, cast, "portal")
    answer = person.get("/portal/licenses/export/xlsx/", follow_redirects=True)
    assert "Une feuille Excel contient au plus" in html.unescape(answer.text)
    assert len(in_french(person.get("/portal/licenses/export/csv/", buffered=True))) == 4


def test_no_file_of_a_workbook_stays_behind(app, cast, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    factories.make_licenses(3, cast.alice, cast.pro)
    person = reader(app, cast, "portal")
    answer = person.get("/portal/licenses/export/xlsx/")
    assert list(Path(tmp_path).iterdir()) == []
    assert next(iter(answer.response)).startswith(b"PK")
    answer.close()


def test_who_downloads_slowly_keeps_no_transaction_and_stops_no_writer(app, cast, monkeypatch):
    monkeypatch.setattr(exports, "ROWS_AT_A_TIME", 2)
    owned = factories.make_licenses(6, cast.alice, cast.pro)
    person = reader(app, cast, "portal")
    # A browser of its own: its request goes on while others come and go.
    apart = contextvars.Context()
    answer = apart.run(FlaskClient.open, person, "/portal/licenses/export/csv/")
    parts = iter(answer.response)
    lines = [apart.run(next, parts) for _ in range(2)]
    assert db.engine.pool.checkedout() <= 1
    with db.engine.connect() as other, other.begin():
        other.execute(sa.update(License).values(usable_until=License.usable_until))
    db.session.rollback()
    # What is sold meanwhile is not in it.
    factories.make_licenses(1, cast.alice, cast.pro)
    lines += apart.run(list, parts)
    assert b"".join(lines).count(b"\r\n") == 1 + len(owned)
    apart.run(answer.close)


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("zone", "instant", "local"),
    [
        ("America/Toronto", "2026-11-24 19:30:05.123456", "2026-11-24 14:30"),
        ("America/Toronto", "2026-11-24 03:05", "2026-11-23 22:05"),
        ("America/Toronto", "2026-11-01 05:30", "2026-11-01 01:30"),
        ("America/Toronto", "2026-11-01 06:30", "2026-11-01 01:30"),
        ("America/St_Johns", "2026-11-24 19:45", "2026-11-24 16:15"),
        ("Australia/Lord_Howe", "2026-10-03 15:29", "2026-10-04 01:59"),
        ("Australia/Lord_Howe", "2026-10-03 15:31", "2026-10-04 02:31"),
        ("Asia/Kathmandu", "2026-11-24 19:59", "2026-11-25 01:44"),
    ],
)
def test_an_instant_is_told_by_the_readers_clock(zone, instant, local):
    clock = Clock(ZoneInfo(zone))
    assert clock.texts([instant, None, instant]) == [local, None, local]


@pytest.mark.one_database
def test_an_amount_below_zero_is_a_number():
    assert exports.dollars(-123405, ",") == "-1234,05"
