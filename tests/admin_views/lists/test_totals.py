"""Around a list: the number above it, the actions that it offers, and where one is led back to from it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

import access
from admin_views.lists import listing
from models import License, db
from services.reports import counts
from tests.client import Client
from tests.conftest import Cast


@pytest.mark.one_database
def test_an_action_that_a_view_does_not_allow_is_neither_offered_nor_done(
    browser: Client, goods: Cast
) -> None:
    browser.sign_in(goods.alice)
    page = browser.get("/demo/licenses/").text
    assert ('value="mark"' in page, 'value="closed"' in page) == (True, False)
    ids = db.session.scalars(sa.select(License.id).where(License.company_id == goods.acme.id)).all()
    answer = browser.post("/demo/licenses/action/", data={"action": "closed", "rowid": ids})
    assert answer.status_code == 404


def test_the_number_of_rows_is_guessed_for_nobody_but_staff_who_look_at_all_of_them(
    desk: Flask, goods: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's own guess counts every company's rows."""
    monkeypatch.setattr(listing, "COUNT_LIMIT", 1)
    monkeypatch.setattr(counts, "COUNT_LIMIT", 1)
    guesses = db.engine.dialect.name == "postgresql"
    db.session.commit()
    if guesses:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("ANALYZE users"))
    (view,) = [
        view for site in desk.extensions["admin"] for view in site._views if view.url == "/demo/people"
    ]
    everybody, acme = access.Scope(everything=True), access.Scope(company_id=goods.acme.id)
    for scope, query, guessed in (
        (everybody, "", guesses),
        (everybody, "?q=tremblay", False),
        (everybody, "?q=bob", False),
        (acme, "", False),
        (acme, "?q=tremblay", False),
    ):
        with desk.test_request_context(f"/demo/people/{query}"), access.scoped(scope):
            assert view.listing().total.estimated == guessed, (scope, query)


@pytest.mark.one_database
def test_whoever_deletes_comes_back_to_where_they_were(browser: Client, goods: Cast) -> None:
    browser.sign_in(goods.alice)
    for url, back in (
        ("/demo/people/?q=bob", "/demo/people/?q=bob"),
        ("https://evil.example/", "/demo/people/"),
    ):
        answer = browser.post("/demo/people/delete/", data={"id": goods.bob.id, "url": url})
        assert (answer.status_code, answer.location) == (302, back)
