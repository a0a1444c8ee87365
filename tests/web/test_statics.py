"""The files of every page: one sheet, one script, the icons, the font; how they travel and how long they are kept."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import brotli
import pytest
from fontTools.ttLib import TTFont

import config
import font
from tests.client import Client
from web import icons, statics

pytestmark = pytest.mark.one_database

CSS = config.ROOT / "static" / "css"
# All that a first visit takes, compressed (bytes); and the font beside it.
MOST, MOST_FONT = 120_000, 110_000


@pytest.mark.parametrize("name", sorted(statics.files()))
def test_a_file_travels_in_the_best_coding_that_the_browser_takes(client: Client, name: str) -> None:
    file = statics.files()[name]
    plain = client.get(file.url(name), headers={"Accept-Encoding": "identity"})
    assert plain.content_encoding is None
    assert plain.mimetype == file.mimetype
    if name.endswith(".woff2"):
        return
    undo = {"br": brotli.decompress, "gzip": gzip.decompress}
    for accepted, coding in (("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip")):
        answer = client.get(file.url(name), headers={"Accept-Encoding": accepted})
        assert answer.content_encoding == coding
        assert undo[coding](answer.data) == plain.data
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert answer.headers["ETag"] != plain.headers["ETag"]


def test_a_file_is_kept_for_a_year_under_its_hash_and_asked_for_again_without(client: Client) -> None:
    address = statics.files()["desk.css"].url("desk.css")
    answer = client.get(address)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    again = client.get("/static/desk.css", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.headers["Cache-Control"] == "no-cache"
    assert client.get("/static/desk.css?v=other").headers["Cache-Control"] == "no-cache"
    assert client.get("/static/../config.py").status_code == 404
    assert client.get("/static/css/base.css").status_code == 404


def test_a_first_visit_is_small() -> None:
    files = statics.files()
    assert sum(len(file.bodies["br"]) for file in files.values() if "br" in file.bodies) <= MOST
    if "inter.woff2" in files:
        assert len(files["inter.woff2"].bodies[""]) <= MOST_FONT


def test_every_source_is_joined_and_in_its_order() -> None:
    assert {path.stem for path in CSS.glob("*.css")} == set(statics.SHEETS)
    assert {path.stem for path in (CSS.parent / "js").glob("*.js")} == set(statics.SCRIPTS)
    sheet = statics.files()["desk.css"].bodies[""].decode()
    places = [sheet.index((CSS / f"{name}.css").read_text()) for name in statics.SHEETS]
    assert places == sorted(places)


def test_the_sheet_asks_nothing_of_the_browsers_of_2022() -> None:
    """Safari 15.4, Chromium 108, Firefox 102; what is newer stands behind @supports, or only improves."""
    sheet = re.sub(r"/\*.*?\*/", "", statics.files()["desk.css"].bodies[""].decode(), flags=re.DOTALL)
    sheet = re.sub(r"@supports[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", sheet)
    newer = (
        "color-mix(",
        "light-dark(",
        "oklch(",
        ":has(",
        "subgrid",
        "@container",
        "popover",
        "@layer",
        "@scope",
    )
    assert [word for word in newer if word in sheet] == []
    assert not re.search(r"@media[^{]*[<>]", sheet), "ranges in media queries"
    assert not re.search(r"\{[^{}]*\{[^{}]*&", sheet), "nested rules"


def test_an_icon_that_the_package_does_not_have_stops_the_start() -> None:
    with pytest.raises(KeyError):
        icons.cut(("no-such-icon",))
    assert icons.cut().count(b"<symbol") == len(icons.NAMES)


def test_the_font_has_the_letters_of_europes_names_and_hyphens_of_their_own_width(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(font, "path", lambda: tmp_path / "fonts" / "inter.woff2")
    assert font.make()
    made = TTFont(tmp_path / "fonts" / "inter.woff2")
    has = made.getBestCmap()
    wanted = "ÀÉÎÔÙÇŒœæßØøÅåÞþÐðŁłŠšŽžČčĆćĐđŐőŰűŞşȘșȚțĂăĢģĶķĻļŅņĖėĮįŲųĦħĠġẞ’«»…–—\u00a0\u202f€$½"
    assert [letter for letter in wanted if ord(letter) not in has] == []
    table = made["GSUB"].table
    tabular = [record.Feature for record in table.FeatureList.FeatureRecord if record.FeatureTag == "tnum"]
    moved = {
        name
        for feature in tabular
        for index in feature.LookupListIndex
        for part in table.LookupList.Lookup[index].SubTable
        for name in getattr(part, "ExtSubTable", part).mapping
    }
    assert {has[ord(figure)] for figure in "0123456789"} == moved
    assert (tmp_path / "fonts" / "inter.woff2").stat().st_size <= MOST_FONT
    assert [path.name for path in (tmp_path / "fonts").iterdir()] == ["inter.woff2"]


def test_without_the_font_the_systems_own_serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shut = tmp_path / "file"
    shut.write_text("no folder")
    monkeypatch.setattr(font, "path", lambda: shut / "inter.woff2")
    assert not font.make()
    made = statics.files.__wrapped__()
    assert "inter.woff2" not in made
    assert b"inter.woff2" not in made["desk.css"].bodies[""]
