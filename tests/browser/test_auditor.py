"""An auditor's question, in French: who held which licence on a day of last October, on the screen and as a file. Each click is counted."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import expect

from demo.fill import PASSWORD
from models import utcnow
from tests.browser.article import FRENCH, Article
from tests.browser.conftest import Desk, OpenPage
from tests.browser.test_seats import ADMIN, Counted

pytestmark = pytest.mark.one_database


def test_who_held_what_last_october_is_answered_and_downloaded_in_four_clicks(
    desk: Desk, open_page: OpenPage
) -> None:
    now = utcnow()
    asked = f"{now.year if now.month > 10 else now.year - 1}-10-15"
    page, hand = open_page(), Counted()
    Article(page, desk.url, FRENCH).sign_in(ADMIN, PASSWORD)
    hand.click(page.get_by_role("link", name="Journaux", exact=True).first)
    hand.click(page.get_by_role("link", name="Situation au"))
    page.get_by_label("Jour").fill(asked)
    hand.click(page.get_by_role("button", name="Afficher"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Situation au 15 octobre")
    holders = page.locator("tbody .name small").all_inner_texts()
    assert any("@acme.example" in text for text in holders)
    with page.expect_download() as download:
        hand.click(page.get_by_role("link", name="Exporter (CSV)"))
    assert hand.clicks == 4
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    heads, *rows = csv.reader(io.StringIO(text), delimiter=";")
    email = heads.index("Titulaire (courriel)")
    assert {row[email] for row in rows if row[email]} == {text for text in holders if "@" in text}
