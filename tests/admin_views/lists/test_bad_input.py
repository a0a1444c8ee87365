"""Whatever stands in the address of a list, or is chosen in it, is answered right or with a sentence: every list, both databases.

A list that is added tomorrow enters these tests by itself.
"""

from __future__ import annotations

import itertools
from urllib.parse import quote, urlencode

import pytest
import sqlalchemy as sa
from flask import Flask

from admin_views import portal, support
from admin_views.base import DeskModelView
from admin_views.lists import keyset
from models import BatchRow, License, db
from tests.admin_views.lists.crowd import make_crowd
from tests.admin_views.lists.test_lists import link, rows_of
from tests.client import Client, make_client, sign_in
from tests.conftest import Cast

# The page of plans in the portal is no list.
LISTS = [
    (site, view)
    for site, views in (("portal", portal.VIEWS), ("support", support.VIEWS))
    for view in views
    if issubclass(view, DeskModelView) and view.list_template == DeskModelView.list_template
]
ODD_SEARCHES = (
    "a" * 10_000,
    "%",
    "_",
    "'",
    '"; DROP TABLE users; --',
    "\\",
    "🦊🦊",
    "مرحبا",
    "\u202eabc\u202c",
    "é" * 5_000,
    "😀" * 300,
    "(*",
    "a b c d e f g h i j k l",
    "\ud800",
)


def visitors(app: Flask, cast: Cast) -> dict[str, Client]:
    return {"portal": sign_in(make_client(app), cast.alice), "support": sign_in(make_client(app), cast.sam)}


def cursors() -> list[str]:
    """Cursors of other lists, of other orders, altered, and of no list at all."""
    real = keyset.encode([7])
    made = [
        keyset.encode(values)
        for values in ([0], ["x"], [None], [1, 2], ["Zola", "Zoé", 4], [True, "a", "b", 1])
    ]
    made += [keyset.encode(["2026-01-01T00:00:00+00:00", 3]), keyset.encode([2**70]), keyset.encode([-1])]
    return [*made, real[:-1], real[::-1], real + "A", "%00", "é", "a" * 2_000, "null", ""]


def test_an_address_that_makes_no_sense_is_a_page_all_the_same(app: Flask, cast: Cast) -> None:
    make_crowd(cast, 240)
    clients = visitors(app, cast)
    for site, view in LISTS:
        address, client = f"/{site}/{view.slug}/", clients[site]
        whole = rows_of(client.get(address).text)
        assert whole, address
        sorts = [column.name for column in view.columns if column.sort is not None]
        for query in (
            "sort=gone",
            "sort=-",
            "size=x",
            "size=99999",
            "tab=nothing",
            "tab[]=1",
            "page=-1",
            "x=1&y=2",
        ):
            assert rows_of(client.get(f"{address}?{query}").text) == whole, (address, query)
        orders = ("", *sorts, *(f"-{name}" for name in sorts))
        for number, (cursor, sort) in enumerate(itertools.product(cursors(), orders)):
            way = ("after", "before")[number % 2]
            answer = client.get(f"{address}?sort={sort}&{way}={quote(cursor)}")
            assert answer.status_code == 200, (address, sort, way, cursor)
            assert rows_of(answer.text), (address, sort, way, cursor)


def test_a_cursor_of_yesterdays_order_is_the_first_page_of_todays(app: Flask, cast: Cast) -> None:
    make_crowd(cast, 240)
    staff = visitors(app, cast)["support"]
    following = link(staff.get("/support/licenses/?sort=last_day&size=20").text, "next")
    assert following is not None
    first = rows_of(staff.get("/support/licenses/?size=20").text)
    assert rows_of(staff.get(following.replace("sort=last_day&", "")).text) == first
    assert rows_of(staff.get(following).text) != rows_of(
        staff.get("/support/licenses/?sort=last_day&size=20").text
    )


def test_two_hundred_chips_and_any_search_are_answered(app: Flask, cast: Cast) -> None:
    make_crowd(cast, 240)
    clients = visitors(app, cast)
    for site, view in LISTS:
        address, client = f"/{site}/{view.slug}/", clients[site]
        names = [choice.name for choice in view.filters] or ["x"]
        many = urlencode([(names[number % len(names)], f"v{number}") for number in range(200)])
        for query in (many, urlencode([(f"chip{number}", "1") for number in range(200)])):
            answer = client.get(f"{address}?{query}")
            assert answer.status_code in {200, 302}, (address, query)
            assert "chip7" not in answer.text.partition('id="list"')[2].partition("</main>")[0]
            # The way back stands in each form of the frame; rows do not repeat what made no sense.
            assert len(answer.data) < 85_000, (address, query[:20], len(answer.data))
        for text in ODD_SEARCHES:
            typed = quote(text.encode("utf-8", "surrogatepass"))
            answer = client.get(f"{address}?q={typed}")
            assert answer.status_code in {200, 400}, (address, text[:20])
            assert "<h1" in answer.text, (address, text[:20])
        answer = client.get(f"{address}?q=a%00b")
        assert (answer.status_code, "<h1" in answer.text) == (400, True), address


def test_what_is_typed_in_a_filter_of_numbers_is_never_a_fault(app: Flask, cast: Cast) -> None:
    make_crowd(cast, 240)
    clients = visitors(app, cast)
    for site, view in LISTS:
        for choice in view.filters:
            for value in ("9" * 18, "9" * 40, "-1", "٣", "1.5", "x" * 3_000, "null", "' OR 1=1", "0"):
                answer = clients[site].get(f"/{site}/{view.slug}/?{choice.name}={quote(value)}")
                assert answer.status_code == 200, (site, view.slug, choice.name, value)


def test_a_selection_whose_rows_have_gone_is_a_sentence(app: Flask, cast: Cast) -> None:
    make_crowd(cast, 240)
    clients = visitors(app, cast)
    for site, view in LISTS:
        address, client = f"/{site}/{view.slug}/", clients[site]
        if view.bulk and site == "portal":
            foreign = sa.select(view.model.id).where(view.model.company_id != cast.acme.id)
            theirs = db.session.scalars(foreign).first()
        for name in view.bulk:
            gone = ["999999", "abc", str(10**30), "-1", *(["0"] * 2_000)]
            if site == "portal":
                gone.append(str(theirs))
            answer = client.post(f"{address}action/", data={"action": name, "rowid": gone, "url": address})
            assert answer.status_code == 302, (address, name)
            assert 'role="alert"' in client.get(answer.location).text, (address, name)
        assert client.post(f"{address}action/", data={"action": "delete", "rowid": ["1"]}).status_code in {
            302,
            404,
        }


@pytest.mark.one_database
@pytest.mark.parametrize(
    "where", ["?q=nobody-is-called-so", "?tab=suspended&plan=999", "https://evil.example/?q=x", "//x", ""]
)
def test_all_that_match_is_what_the_list_shows_and_nothing_else(app: Flask, cast: Cast, where: str) -> None:
    make_crowd(cast, 240)
    alice = visitors(app, cast)["portal"]
    url = where if "//" in where else f"/portal/licenses/{where}"
    answer = alice.post("/portal/licenses/action/", data={"action": "release", "every": "1", "url": url})
    if "nobody" in where:
        assert answer.status_code == 302
        assert 'role="alert"' in alice.get(answer.location).text
        return
    assert answer.status_code == 303
    chosen = set(db.session.scalars(sa.select(BatchRow.license_id)))
    own = db.session.scalars(sa.select(License.id).where(License.company_id == cast.acme.id))
    assert chosen
    assert chosen <= set(own)


def test_every_choice_of_a_filter_acts_on_the_filtered_alone(app: Flask, cast: Cast) -> None:
    make_crowd(cast, 240)
    alice = visitors(app, cast)["portal"]
    alice.post(
        "/portal/licenses/action/",
        data={"action": "release", "every": "1", "url": f"/portal/licenses/?plan={cast.pro.id}&after=x"},
    )
    chosen = set(db.session.scalars(sa.select(BatchRow.license_id)))
    plans = set(db.session.scalars(sa.select(License.plan_id).where(License.id.in_(chosen))))
    assert plans == {cast.pro.id}
