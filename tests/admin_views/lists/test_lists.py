"""Lists, exports, forms, pickers and actions of the base class, through the views of demo.py."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from admin_views.lists import keyset, listing
from models import License, User, db, utcnow
from tests import factories
from tests.admin_views.lists.on_screen import shown_in
from tests.client import Client
from tests.conftest import Cast

CountQueries = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def alice(browser: Client, goods: Cast) -> Client:
    """Alice's browser: she administers Acme."""
    browser.sign_in(goods.alice)
    return browser


def spaced(page: str) -> str:
    """A page with single spaces, so that how its template is laid out does not matter."""
    return " ".join(page.split())


def rows_of(page: str) -> list[str]:
    """Every cell of a list's rows that shows something of them, without its marks."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in shown_in(body)]


def first_column(page: str, width: int = 4) -> list[str]:
    return rows_of(page)[::width]


def link(page: str, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}"\s+href="([^"]+)"', page)
    return html.unescape(found[1]) if found else None


def make_crowd(cast: Cast, count: int) -> None:
    """Many people, of whom a third have never signed in."""
    for number in range(count):
        signed_in = None if number % 3 == 0 else utcnow() - dt.timedelta(hours=number // 2)
        factories.make_user(
            cast.acme,
            f"Person{number:03}",
            last_name=f"Name{number % 7}",
            email=f"p{number}@acme.example",
            signed_in_at=signed_in,
        )


# --- Pages --------------------------------------------------------------------------------------------------------


def walk(browser: Client, url: str | None, rel: str) -> tuple[list[list[str]], str]:
    """The e-mail addresses of each page from `url` on, following its links, and the last page's address."""
    pages: list[list[str]] = []
    last = ""
    while url:
        assert len(pages) < 20, f"{url} leads on for ever"
        page = browser.get(url).text
        pages.append(rows_of(page)[1::4])
        last, url = url, link(page, rel)
    return pages, last


@pytest.mark.parametrize("sort", ["", "name", "-name", "signed_in_at", "-signed_in_at"])
def test_walking_a_list_forward_and_back_shows_each_row_once(alice: Client, goods: Cast, sort: str) -> None:
    make_crowd(goods, 58)
    expected = db.session.scalar(sa.select(sa.func.count()).where(User.company_id == goods.acme.id))
    forward, last = walk(alice, f"/demo/people/?sort={sort}", "next")
    seen = [email for emails in forward for email in emails]
    assert len(seen) == len(set(seen)) == expected
    backward, _first = walk(alice, last, "prev")
    assert backward[::-1] == forward


@pytest.mark.one_database
def test_a_refusal_of_the_page_to_which_refusals_lead_is_said_and_goes_in_no_circle(alice: Client) -> None:
    assert alice.get("/demo/").status_code == 409


@pytest.mark.one_database
def test_where_a_list_declares_no_order_the_latest_row_comes_first(alice: Client, goods: Cast) -> None:
    factories.make_user(goods.acme, "Newest")
    assert "Newest" in rows_of(alice.get("/demo/people/").text)[0]


def test_a_page_whose_rows_are_gone_is_the_first_page(alice: Client) -> None:
    beyond_the_last = keyset.encode([0])
    first = rows_of(alice.get("/demo/people/").text)
    assert rows_of(alice.get(f"/demo/people/?after={beyond_the_last}").text) == first != []


def test_rows_without_a_value_come_last_in_both_directions(alice: Client, goods: Cast) -> None:
    make_crowd(goods, 12)
    for sort in ("signed_in_at", "-signed_in_at"):
        values = rows_of(alice.get(f"/demo/people/?sort={sort}&size=50").text)[2::4]
        filled = [value != "–" for value in values]
        assert filled == sorted(filled, reverse=True)
        assert any(filled)


@pytest.mark.parametrize(
    "query",
    [
        "page=-1", "page=zzz", "after=zzz", "after=W10", "before=" + "a" * 2_000, "after=WyIxIl0", "after=W251bGxd",
        "sort=password", "sort=email", "size=100000", "size=-1", "size=x", "role=admin", "plan=%27", "sort=name&after=WzFd",
        "after=W1tbW1tbW10", "after=WzFlOTk5XQ", "after=Wzk5OTk5OTk5OTk5OTk5OTk5OTk5XQ", "sort=signed_in_at&after=WyJ4IiwxXQ",
        "sort=signed_in_at&after=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwgMV0", "sort=signed_in_at&after=WyI5OTk5LTEyLTMxVDIzOjU5OjU5LTE0OjAwIiwgMV0",
    ],
)  # fmt: skip
def test_nonsense_in_the_address_is_the_first_page(alice: Client, query: str) -> None:
    page = alice.get(f"/demo/people/?{query}")
    assert page.status_code == 200
    assert (
        rows_of(page.text) == rows_of(alice.get("/demo/people/").text)
        or "sort=name" in query
        or "signed" in query
    )
    assert rows_of(page.text)


@pytest.mark.parametrize(
    "key", ["abc", "1,2", "-1", "99999999999999999999999", "９", "1.0", "", "1 OR 1=1", "null"]
)
def test_an_address_that_names_no_row_is_not_found(alice: Client, key: str) -> None:
    for path in ("details", "edit"):
        assert alice.get(f"/demo/people/{path}/", query_string={"id": key}).status_code == 404
    assert alice.post("/demo/people/delete/", data={"id": key}).status_code == 404


@pytest.mark.one_database
def test_reading_never_deletes(alice: Client, goods: Cast) -> None:
    for method in ("GET", "HEAD"):
        assert alice.open(f"/demo/people/delete/?id={goods.bob.id}", method=method).status_code == 405
        assert alice.open("/demo/licenses/mark/", method=method).status_code == 405


def test_a_list_asks_the_database_six_times_whatever_the_number_of_rows(
    alice: Client,
    goods: Cast,
    desk: Flask,
    count_queries: Callable[[Flask], AbstractContextManager[list[str]]],
) -> None:
    factories.make_licenses(60, goods.alice, goods.eco)
    for size in (20, 50):
        with count_queries(desk) as statements:
            assert alice.get(f"/demo/licenses/?size={size}").status_code == 200
        about_the_list = [
            text for text in statements if "fs_uniquifier =" not in text and "FROM vendor" not in text
        ]
        assert len(about_the_list) <= 6, "\n".join(about_the_list)


# --- Counts -------------------------------------------------------------------------------------------------------


def test_a_count_says_when_it_stopped_counting(
    alice: Client, goods: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "COUNT_LIMIT", 5)
    make_crowd(goods, 8)
    goods.alice.language = "en"
    db.session.commit()
    assert "more than 5" in alice.get("/demo/people/").text
    assert "1\u00a0result<" in alice.get("/demo/people/?q=bob@acme.example").text


# --- Search and filters -------------------------------------------------------------------------------------------


def test_a_whole_address_finds_one_person_whatever_its_case(alice: Client, goods: Cast) -> None:
    factories.make_user(goods.acme, "Bobby", email="xbob@acme.example")
    assert rows_of(alice.get("/demo/people/?q=BOB@acme.example").text)[1::4] == ["bob@acme.example"]


def test_every_word_of_a_search_must_be_found_somewhere(alice: Client, goods: Cast) -> None:
    factories.make_user(goods.acme, "Élise", last_name="Côté", email="elise@acme.example")
    for text in ("élise côté", "CÔTÉ", "Éli", "elise@"):
        assert "elise@acme.example" in rows_of(alice.get("/demo/people/", query_string={"q": text}).text), (
            text
        )
    assert rows_of(alice.get("/demo/people/", query_string={"q": "Élise Tremblay"}).text) == []


@pytest.mark.parametrize("text", ["%", "_", "\\", "'", '"; DROP TABLE users; --', "x" * 5_000, "(", "É" * 90])
def test_a_search_for_signs_finds_nothing_and_breaks_nothing(alice: Client, text: str) -> None:
    page = alice.get("/demo/people/", query_string={"q": text})
    assert (page.status_code, rows_of(page.text)) == (200, [])


def test_a_licence_is_found_by_its_holders_address(alice: Client, goods: Cast) -> None:
    held = db.session.scalars(sa.select(License).where(License.user_id == goods.bob.id)).one().key
    assert first_column(alice.get("/demo/licenses/?q=bob@acme").text, 5) == [held]
    assert first_column(alice.get(f"/demo/licenses/?holder={goods.bob.id}").text, 5) == [held]


def test_filters_and_search_survive_paging_and_sorting(alice: Client, goods: Cast) -> None:
    factories.make_licenses(30, goods.alice, goods.eco)
    page = alice.get(f"/demo/licenses/?plan={goods.eco.id}&holder=&q=").text
    following = link(page, "next")
    assert following is not None
    assert f"plan={goods.eco.id}" in following
    assert "Plan\N{NO-BREAK SPACE}: <b>Eco</b>" in page
    # The chip takes away its own filter, and the form of the search carries it along.
    assert f'name="plan" value="{goods.eco.id}"' in spaced(page)
    assert f"plan={goods.eco.id}" in re.findall(r'href="([^"]*sort=last_day[^"]*)"', page)[0]
    assert "after=" not in re.findall(r'href="([^"]*sort=last_day[^"]*)"', alice.get(following).text)[0]


# --- Forms --------------------------------------------------------------------------------------------------------


@pytest.mark.one_database
def test_a_form_says_what_is_wrong_beside_each_field_and_keeps_what_was_typed(
    alice: Client, goods: Cast
) -> None:
    answer = alice.post(
        f"/demo/people/edit/?id={goods.bob.id}",
        data={"first_name": "Robert", "last_name": "", "email": "x" * 300},
    )
    assert answer.status_code == 422
    assert 'value="Robert"' in answer.text
    assert 'aria-describedby="last_name-error"' in answer.text
    assert answer.text.count('aria-invalid="true"') == 2
    assert 'href="#last_name"' in answer.text
    db.session.expire_all()
    assert goods.bob.first_name == "Bob"


@pytest.mark.one_database
def test_a_form_changes_only_the_fields_it_declares(alice: Client, goods: Cast) -> None:
    fields = {
        "first_name": "Robert",
        "last_name": "T",
        "email": "bob@acme.example",
        "language": "fr",
        "role": "admin",
        "company_id": goods.globex.id,
    }
    assert alice.post(f"/demo/people/edit/?id={goods.bob.id}", data=fields).status_code == 302
    db.session.expire_all()
    assert (goods.bob.first_name, goods.bob.role, goods.bob.company_id) == ("Robert", "member", goods.acme.id)


@pytest.mark.one_database
def test_a_verb_that_refuses_a_form_is_quoted_above_what_was_typed(alice: Client) -> None:
    fields = {"first_name": "New", "last_name": "Person", "email": "new@acme.example", "language": "fr"}
    answer = alice.post("/demo/people/new/", data=fields)
    assert answer.status_code == 422
    assert "Nobody can be added today." in answer.text
    assert 'value="new@acme.example"' in answer.text


@pytest.mark.one_database
def test_a_post_without_token_changes_nothing(alice: Client, goods: Cast) -> None:
    answer = alice.post("/demo/people/delete/", data={"id": goods.bob.id}, csrf=False)
    assert answer.status_code == 400
    db.session.expire_all()
    assert goods.bob.active


@pytest.mark.one_database
def test_a_refusal_in_any_route_returns_with_its_sentence(alice: Client) -> None:
    answer = alice.post("/demo/licenses/refuse/", data={"url": "/demo/licenses/?size=50"})
    assert answer.location == "/demo/licenses/?size=50"
    assert "This is how it is." in alice.get(answer.location).text
    assert alice.get("/demo/licenses/refuse/").location == "/demo/licenses/"
    # A form that posts to its own page is shown again there.
    itself = {"Referer": "http://localhost/demo/licenses/refuse/?id=1"}
    assert alice.post("/demo/licenses/refuse/", headers=itself).location == "/demo/licenses/refuse/?id=1"
    for elsewhere in ("https://evil.example/", "//evil.example/", "/\\evil.example"):
        assert alice.post("/demo/licenses/refuse/", data={"url": elsewhere}).location == "/demo/licenses/"


def test_a_conflict_in_the_database_shows_no_statement(alice: Client) -> None:
    answer = alice.post("/demo/licenses/crash/", follow_redirects=True)
    assert answer.status_code == 200
    assert "INSERT" not in answer.text
    assert 'role="alert"' in answer.text


@pytest.mark.one_database
def test_a_fault_of_ours_is_a_fault_and_runs_once(alice: Client) -> None:
    assert alice.get("/demo/faults/").status_code == 500


# --- Pickers ------------------------------------------------------------------------------------------------------


def edit_holder(browser: Client, goods: Cast, **fields: Any) -> Any:
    held = db.session.scalars(sa.select(License).where(License.user_id == goods.bob.id)).one()
    return browser.post(f"/demo/licenses/edit/?id={held.id}", data=fields)


@pytest.mark.one_database
def test_a_picker_takes_the_only_person_that_a_text_finds(alice: Client, goods: Cast) -> None:
    answer = edit_holder(alice, goods, **{"user-text": "dave@acme.example"})
    assert answer.status_code == 302
    assert "holder: Dave Tremblay" in alice.get(answer.location).text


@pytest.mark.one_database
def test_a_picker_without_javascript_asks_which_of_several_is_meant(alice: Client, goods: Cast) -> None:
    asked = edit_holder(alice, goods, **{"user": "", "user-text": "Tremblay"})
    assert asked.status_code == 422
    assert f'name="user-choice" value="{goods.dave.id}"' in spaced(asked.text)
    assert "charlie@globex.example" not in asked.text
    chosen = edit_holder(alice, goods, **{"user-text": "Tremblay", "user-choice": goods.dave.id})
    assert "holder: Dave Tremblay" in alice.get(chosen.location).text


@pytest.mark.one_database
def test_typing_over_a_chosen_person_counts_more_than_the_old_choice(alice: Client, goods: Cast) -> None:
    answer = edit_holder(alice, goods, **{"user": goods.bob.id, "user-text": "erin@"})
    assert "holder: Erin Tremblay" in alice.get(answer.location).text


@pytest.mark.parametrize("key", ["999999", "abc", "1,2", "-1"])
def test_a_choice_that_cannot_be_had_is_an_error_even_where_none_is_needed(
    alice: Client, goods: Cast, key: str
) -> None:
    assert edit_holder(alice, goods, user=key).status_code == 422
    assert edit_holder(alice, goods, user=goods.carol.id).status_code == 422
    assert edit_holder(alice, goods, user="").status_code == 302


def test_a_lookup_never_answers_more_than_twenty_rows(alice: Client, goods: Cast) -> None:
    make_crowd(goods, 30)
    found = alice.get("/demo/licenses/ajax/lookup/?name=user&query=&limit=100000").json
    assert len(found) == 20
    assert len(alice.get("/demo/licenses/ajax/lookup/?name=user").json) == 10
    assert alice.get("/demo/licenses/ajax/lookup/?name=user&limit=1").json == found[:1]
    assert alice.get("/demo/licenses/ajax/lookup/?name=user&limit=1&offset=3").json == found[3:4]
    assert alice.get("/demo/licenses/ajax/lookup/?name=other").status_code == 404
    assert len(alice.get("/demo/licenses/ajax/lookup/?name=user&query=&offset=x").json) == 10
    assert alice.get("/demo/licenses/ajax/lookup/?name=user&limit=-1&offset=-9").status_code == 200


# --- Bulk actions -------------------------------------------------------------------------------------------------


def test_a_bulk_action_asks_then_posts_the_same_rows_in_the_same_order(alice: Client, goods: Cast) -> None:
    ids = list(
        db.session.scalars(
            sa.select(License.id).where(License.company_id == goods.acme.id).order_by(License.id)
        )
    )
    wanted = [ids[2], ids[0], "abc", ids[2], 10**30]
    asked = alice.post("/demo/licenses/action/", data={"action": "mark", "rowid": wanted})
    assert re.findall(r'name="rowid" value="(\d+)"', spaced(asked.text)) == [str(ids[2]), str(ids[0])]
    done = alice.post("/demo/licenses/mark/", data={"rowid": [ids[2], ids[0]]}, follow_redirects=True)
    assert "marked 2" in done.text


@pytest.mark.one_database
def test_a_bulk_action_without_rows_says_so(alice: Client) -> None:
    answer = alice.post("/demo/licenses/action/", data={"action": "mark"}, follow_redirects=True)
    assert 'role="alert"' in answer.text
    assert alice.post("/demo/licenses/action/", data={"action": "delete", "rowid": [1]}).status_code == 404
