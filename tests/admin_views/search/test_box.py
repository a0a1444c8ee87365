"""The one box: what it finds of every kind, for whom, and what it says when it finds nothing."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from flask import Flask

from admin_views.support import lookups
from models import Company, Language, License, Order, Payment, Role, User, db
from services.search import everywhere, hits, words
from tests import factories
from tests.admin_views.lists.test_lists import spaced
from tests.client import Client, sign_in
from tests.conftest import Cast


def hits_of(page: str) -> dict[str, list[str]]:
    """The hits of each group, as they are read."""
    groups = {}
    for section in re.findall(r"<section.*?</section>", page, re.DOTALL):
        title = re.findall(r"<h2[^>]*>(.*?)(?: ?<span.*?)?</h2>", section, re.DOTALL)[0].strip()
        texts = [
            re.sub(r"<[^>]+>", "", one) for one in re.findall(r'<a class="hit".*?</a>', section, re.DOTALL)
        ]
        groups[html.unescape(title)] = [" ".join(html.unescape(one).split()) for one in texts]
    return groups


def found(client: Client, text: str, site: str = "support", **more: Any) -> dict[str, list[str]]:
    answer = client.get(f"/{site}/search/", query_string={"q": text, **more})
    assert answer.status_code == 200, text
    return hits_of(answer.text)


@pytest.fixture
def goods(cast: Cast) -> Cast:
    factories.make_user(cast.acme, "Béatrice", last_name="O’Brien-Lévesque", email="bea@acme.example")
    factories.make_licenses(3, cast.alice, cast.pro)
    factories.make_licenses(1, cast.carol, cast.pro, holder=cast.charlie)
    words.gather()
    return cast


@pytest.fixture
def sam(client: Client, goods: Cast) -> Client:
    goods.sam.language = Language.EN
    db.session.commit()
    return sign_in(client, goods.sam)


def test_support_finds_anybody_and_anything_by_what_a_caller_says(sam: Client, goods: Cast) -> None:
    order = db.session.scalars(db.select(Order).where(Order.company_id == goods.acme.id)).one()
    key = db.session.scalars(db.select(License.key).where(License.user_id == goods.charlie.id)).one()
    dollars = f"{order.total // 100:,}.{order.total % 100:02}"
    payment = Payment(
        company_id=order.company_id,
        order_id=order.id,
        stripe_session_id="cs_test_abc",
        stripe_payment_intent_id="pi_3Nabc",
        stripe_charge_id="ch_3Nabc",
        amount=order.total,
        livemode=False,
    )
    db.session.add(payment)
    db.session.commit()
    for text, group, shown in [
        ("beatrice obrien", "People", "Béatrice O’Brien-Lévesque bea@acme.example No license Acme"),
        ("lévesque BÉA", "People", "Béatrice O’Brien-Lévesque"),
        ("ALICE@acme.example", "People", "Alice Tremblay"),
        ("globex charlie", "People", "Charlie"),
        ("glob", "Customers", "Globex"),
        (key, "Licenses", key[:11]),
        (key.replace("-", "").lower()[:9], "Licenses", key[:11]),
        ("charlie globex", "Licenses", "Charlie"),
        (order.reference.lower(), "Orders", order.reference),
        (order.reference.replace("-", ""), "Orders", order.reference),
        (dollars, "Orders", order.reference),
        (f"{dollars.replace(',', ' ').replace('.', ',')} $", "Orders", order.reference),
        *((code, "Orders", order.reference) for code in ("cs_test_abc", "pi_3Nabc", "ch_3Nabc")),
        ("journal", "Pages", "Journal"),
        ("new customer", "What you can do", "New customer"),
    ]:
        groups = found(sam, text)
        assert shown in (groups.get(group) or [""])[0], (text, groups)


def test_whose_whole_address_it_is_stands_first(sam: Client, goods: Cast) -> None:
    factories.make_user(goods.globex, "Aaron", last_name="Aaa", email="x-bob@acme.example")
    assert found(sam, "bob@acme.example")["People"][0].startswith("BT Bob")


def test_what_was_typed_whole_stands_first_among_very_many(
    sam: Client, goods: Cast, monkeypatch: Any
) -> None:
    monkeypatch.setattr(everywhere, "COMPARED", 2)
    monkeypatch.setattr(hits, "MOST", {User: 2, Company: 2})
    first = factories.make_company("Roy")
    for number in range(5):
        factories.make_company(f"Groupe Roy {number}")
        factories.make_user(goods.globex, f"N{number}", last_name="Xu", email=f"{number}-bob@acme.example")
    assert found(sam, "roy")["Customers"][0].startswith(first.name)
    assert found(sam, "bob@acme.example")["People"][0].startswith("BT Bob")


def test_nothing_found_says_where_it_looked_and_leads_to_the_lists(sam: Client) -> None:
    page = sam.get("/support/search/?q=zzzzzz").text
    assert "Nothing was found for “\u2068zzzzzz\u2069”" in page or "Nothing was found for “zzzzzz”" in page
    assert "Names, addresses, companies" in page
    lists = hits_of(page)["Lists"]
    assert len(lists) == 4
    assert "/support/people/?q=zzzzzz" in page


def test_a_typing_error_is_put_right_and_said(sam: Client) -> None:
    page = sam.get("/support/search/?q=levesqe").text
    assert "This is what “levesque” finds" in spaced(page)
    assert "O’Brien-Lévesque" in hits_of(page)["People"][0]


def test_a_list_puts_a_typing_error_right_and_says_so(sam: Client) -> None:
    answer = sam.get("/support/people/?q=levesqe&role=member", follow_redirects=True)
    assert answer.request.args["q"] == "levesque"
    assert answer.request.args["role"] == "member"
    assert "Nothing was found for “levesqe”" in spaced(answer.text)
    assert "bea@acme.example" in answer.get_data(as_text=True)
    part = sam.get("/support/people/?q=levesqe&part=list", follow_redirects=True)
    assert "<html" not in part.text
    assert "bea@acme.example" in part.text
    # Nothing is said of what this list does not have, whoever is called so.
    other = sam.get("/support/licenses/?q=levesqe", follow_redirects=True)
    assert other.request.args["q"] == "levesqe"
    assert "hit-note" not in other.text
    # Nobody is called alike: the page says where it looked, and where else one can.
    nobody = sam.get("/support/people/?q=zzzzzz")
    assert "Looked at: Name, email or customer" in spaced(nobody.text)
    assert "/support/search/?q=zzzzzz" in nobody.text


def test_a_picker_puts_a_typing_error_right_and_says_so(goods: Cast) -> None:
    people = lookups.person_lookup("user")
    answer = people.answer({"query": "levesqe"})
    assert "bea@acme.example" in answer.get_data(as_text=True)
    assert answer.headers["X-Meant"] == "levesque"
    assert "X-Meant" not in people.answer({"query": "levesque"}).headers
    assert people.answer({"query": "levesqe", "offset": "x"}).headers["X-Meant"] == "levesque"


def test_what_is_a_page_is_not_said_to_be_nothing(sam: Client, client: Client, goods: Cast) -> None:
    factories.make_user(goods.acme, "Jo", last_name="Journel", email="jo@acme.example")
    words.gather()
    page = sam.get("/support/search/?q=journal").text
    assert hits_of(page)["Pages"] == ["Journal"]
    assert "hit-note" not in page
    assert "Journel" not in page


def test_an_administrator_finds_their_own_alone(app: Flask, client: Client, goods: Cast) -> None:
    sign_in(client, goods.carol)
    for text in ("alice", "acme", "bea@acme.example", "levesqe", "tremblay"):
        groups = str(found(client, text, "portal")).replace(text, "")
        assert "acme" not in groups, text
        assert "Lévesque" not in groups, text
    assert "Charlie" in found(client, "charlie", "portal")["Personnes"][0]
    theirs = db.session.scalars(db.select(License.key).where(License.company_id == goods.acme.id)).first()
    assert theirs is not None
    assert "Licences" not in found(client, theirs, "portal")


def test_whoever_manages_nobody_finds_pages_alone(client: Client, goods: Cast) -> None:
    sign_in(client, goods.bob)
    assert goods.bob.role == Role.MEMBER
    for text in ("alice", "bea@acme.example", "tremblay", "levesqe", "tremblya"):
        assert "levesque" not in client.get(f"/portal/search/?q={text}").text
        groups = found(client, text, "portal")
        assert set(groups) <= {"Pages"}, groups
    assert any("profil" in hit for hit in found(client, "profil", "portal")["Pages"])


@pytest.mark.parametrize("site", ["support", "portal"])
def test_the_palette_has_the_same_in_a_part(client: Client, goods: Cast, site: str) -> None:
    sign_in(client, goods.sam if site == "support" else goods.alice)
    part = client.get(f"/{site}/search/?part=palette&q=tremblay").text
    assert "<html" not in part
    assert hits_of(part)["Personnes"]
    # Nothing typed: where one can go.
    assert len(hits_of(client.get(f"/{site}/search/?part=palette").text)["Pages"]) > 5


NONSENSE = [
    "%",
    "_",
    "'",
    '"',
    "🙂",
    "\u202e",
    "a",
    "é",
    "´",
    "x" * 10_000,
    "a b c d e f g h i j k",
    'x" OR "y',
    "-",
    "0",
    "$",
]


@pytest.mark.parametrize("text", NONSENSE, ids=lambda text: text[:8])
def test_nonsense_is_answered_by_a_page(client: Client, goods: Cast, text: str) -> None:
    sign_in(client, goods.sam)
    assert client.get("/support/search/", query_string={"q": text}).status_code == 200


def test_a_name_cannot_write_the_page(sam: Client, goods: Cast) -> None:
    factories.make_user(goods.acme, "<b>Eve", last_name="<script>", email="eve@acme.example")
    page = sam.get("/support/search/?q=eve").text
    assert "<b>Eve" not in page
    assert "&lt;b&gt;<mark>Eve</mark>" in page
