"""The pieces of a list, each by itself: ids, cursors, what the address asks, searches, counts, cells."""

from __future__ import annotations

import collections
import dataclasses

import pytest
import sqlalchemy as sa
from flask import request
from flask_babel import force_locale
from markupsafe import Markup

import access
from access import Scope
from admin_views.lists import cells, finding, keyset, listing, rows, theirs
from admin_views.lists.columns import Column, ListFilter
from admin_views.lists.finding import Begins, Whole, Words
from admin_views.lists.shown import Listing
from models import (
    Company,
    License,
    Link,
    Plan,
    StripeEvent,
    TaxRate,
    User,
    db,
    name_of,
)
from services.reports import counts
from services.search import codes, hits
from tests.admin_views.lists.on_screen import parts_of
from tests.factories import make_licenses, make_user

ACME_ONLY = [
    (User, 4),  # Alice, Bob, Dave, Erin
    (Company, 1),
    (Plan, 3),  # everybody's
    (StripeEvent, 0),
    (Link, 0),
]


# --- Rows -----------------------------------------------------------------------------------------------------------


@pytest.mark.one_database
@pytest.mark.parametrize(("model", "count"), ACME_ONLY)
def test_the_base_narrows_by_itself_to_a_company_to_all_and_to_nothing(cast, model, count):
    def found(scope):
        with access.scoped(scope):
            statement = rows.narrow(sa.select(model), model)
        return len(db.session.scalars(statement).all())

    assert found(Scope(company_id=cast.acme.id)) == count
    assert found(access.NOTHING) == (3 if model is Plan else 0)
    everything = {User: 7, Company: 2, Plan: 3, StripeEvent: 0, Link: 0}
    assert found(access.EVERYTHING) == everything[model]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("1", 1),
        (1, 1),
        ("0", 0),
        (str(2**63 - 1), 2**63 - 1),
        (str(2**63), None),
        ("00000000000000000001", None),
        ("-1", None),
        ("1.0", None),
        ("１", None),
        ("", None),
        (None, None),
        (["1"], None),
        ("1,2", None),
        (" 1", None),
    ],
)
def test_a_number_names_a_row_and_nonsense_names_none(app, text, key):
    assert rows.parse_id(User, text) == key


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("text", "key"),
    [("evt_1", "evt_1"), ("e" * 255, "e" * 255), ("e" * 256, None), ("", None), ("a\0", None)],
)
def test_stripes_own_ids_are_texts(app, text, key):
    assert rows.parse_id(StripeEvent, text) == key


def test_many_rows_come_in_the_order_that_was_asked_each_once_and_at_most_five_hundred(cast, monkeypatch):
    everybody = sa.select(User)
    ids = [cast.erin.id, cast.alice.id, "x", cast.erin.id, 999_999, cast.bob.id]
    assert [user.first_name for user in rows.many(everybody, User, ids)] == ["Erin", "Alice", "Bob"]
    assert rows.many(everybody, User, []) == rows.many(everybody, User, ["x"]) == []
    assert rows.MAX_ROWS == 500
    monkeypatch.setattr(rows, "MAX_ROWS", 2)
    assert [user.first_name for user in rows.many(everybody, User, ids)] == ["Erin", "Alice"]


def test_nonsense_asks_nothing_of_the_database(cast, count_queries):
    with count_queries() as statements:
        assert rows.one(sa.select(User), User, "abc") is None
        assert rows.many(sa.select(User), User, ["abc", ""]) == []
    assert statements == []


def test_one_row_is_found_by_its_key_alone(cast):
    assert rows.one(sa.select(User), User, str(cast.bob.id)).id == cast.bob.id
    assert rows.one(sa.select(User), User, "999999") is None
    assert rows.one(sa.select(User).where(User.id != cast.bob.id), User, cast.bob.id) is None


# --- What the address asks ------------------------------------------------------------------------------------------

COLUMNS = (Column("name", "Name", sort=(User.last_name, User.first_name)), Column("email", "Email"))
FILTERS = (
    ListFilter(
        "role", "Role", [("admin", "A"), ("member", "M")], lambda query, role: query.where(User.role == role)
    ),
    ListFilter(
        "company",
        "Company",
        None,
        lambda query, key: query.where(User.company_id == int(key)),
        lambda key: f"no. {key}",
    ),
)


def asked(app, address):
    with app.test_request_context(address):
        return listing.read_request(request.args, COLUMNS, FILTERS, 20)


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("address", "size", "sort", "descending", "filters"),
    [
        ("/", 20, None, False, {}),
        ("/?size=50&sort=name", 50, "name", False, {}),
        ("/?size=100&sort=-name&role=admin", 100, "name", True, {"role": "admin"}),
        ("/?size=21&sort=email&role=boss&company=x", 20, None, False, {}),
        ("/?size=x&sort=-nothing&company=12", 20, None, True, {"company": "12"}),
        ("/?company=1234567890123456789", 20, None, False, {}),
        ("/?company=123456789012345678", 20, None, False, {"company": "123456789012345678"}),
        ("/?company=１", 20, None, False, {}),
    ],
)
def test_what_the_address_asks_is_checked_part_by_part(app, address, size, sort, descending, filters):
    found = asked(app, address)
    assert (found.size, found.sort and found.sort.name, found.descending) == (size, sort, descending)
    assert found.filters == filters


@pytest.mark.one_database
def test_a_search_is_read_up_to_a_hundred_characters(app):
    assert asked(app, f"/?q=%20{'a' * 100}%20").search == "a" * 100
    assert asked(app, f"/?q={'a' * 101}").search == "a" * 100


def shown(app, address, **changes):
    """The page of a list that shows nothing, at an address."""
    question = asked(app, address)
    declared = {"columns": COLUMNS, "filters": FILTERS, "tabs": (), "counts": (), "asked": question}
    page = {"path": "/list/", "rows": [], "count": 0, "write": Markup, "total": listing.Total(0)}
    place = {"before": None, "after": None, "sort_name": "name", "descending": question.descending}
    return Listing(**declared, **page, **place, language="en", default_size=20, **changes)


@pytest.mark.one_database
def test_links_keep_what_was_asked_and_a_new_order_starts_at_the_first_page(app):
    page = shown(app, "/list/?q=a&sort=-name&after=x&role=admin&company=3&stray=1")
    with app.test_request_context("/list/"):
        assert page.url(size=50) == "?q=a&role=admin&company=3&sort=-name&size=50"
        assert page.url(after="y") == "?q=a&role=admin&company=3&sort=-name&after=y"
        assert page.url(role=None) == "?q=a&company=3&sort=-name"
        assert page.here() == "/list/?q=a&role=admin&company=3&sort=-name&after=x"
        heads = page.heads()
        assert heads[0].href == "?q=a&role=admin&company=3&sort=name"
        assert [head.state for head in heads] == ["descending", None]
        assert page.query_string() == "?q=a&role=admin&company=3&sort=-name"
        chips = {chip.name: (chip.words, chip.off) for chip in page.chips()}
        assert chips == {
            "role": ("A", "?q=a&company=3&sort=-name"),
            "company": ("no. 3", "?q=a&role=admin&sort=-name"),
        }
        assert page.hidden_args() == [("role", "admin"), ("company", "3")]
        assert page.is_narrowed
    page = shown(app, "/list/")
    with app.test_request_context("/list/"):
        assert (page.url(), page.here(), page.query_string(), page.is_narrowed) == ("?", "/list/", "", False)
        assert (page.heads()[0].href, page.heads()[0].state) == ("?sort=-name", "ascending")
        assert [option.href for option in page.chips()[0].options] == ["?role=admin", "?role=member"]


# --- Searches and counts --------------------------------------------------------------------------------------------

SEARCH = (Whole(User.email), Words(User))


def searched(text, search=SEARCH, model=User):
    statement = finding.found(sa.select(rows.primary_key(model)), text, search, model)
    return set(db.session.scalars(statement))


def test_a_whole_address_wins_alone_and_parts_are_found_anywhere(cast):
    zoe = make_user(cast.acme, "Zoé", last_name="Côté-Bob")
    assert searched("BOB@acme.example") == {cast.bob.id}
    assert searched("bob") == {cast.bob.id, zoe.id}
    assert searched("ZOÉ côté") == searched("cote zoe") == searched("cotebob") == {zoe.id}
    assert searched("bob tremblay") == {cast.bob.id}
    assert searched("%") == searched("_") == searched("\0") == set()


def test_a_search_reads_eight_words_and_no_more(cast):
    assert searched("bob bo tremblay trem remb embl mbla blay nothing") == {cast.bob.id}
    assert searched("bob bo tremblay trem remb embl mbla nothing blay") == set()


def test_a_search_through_another_table_stays_within_the_company(cast):
    (ours,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob)
    (theirs,) = make_licenses(1, cast.carol, cast.pro, holder=cast.charlie)
    holders = (Whole(User.email, via=License.user_id), Words(User, via=License.user_id), Begins(License.key))
    with access.scoped(Scope(company_id=cast.acme.id)):
        assert searched("tremblay", holders, License) == {ours.id}
        assert searched("charlie@globex.example", holders, License) == set()
        assert searched(theirs.key, holders, License) == set()
    assert searched("tremblay", holders, License) == {ours.id, theirs.id}
    for typed in (ours.key.lower(), ours.key.replace("-", ""), ours.key[:7], f" {ours.key[:9]} "):
        assert searched(typed, holders, License) == {ours.id}, typed
    by_person = (Whole(User.email, via=Company.id, key=User.company_id),)
    assert searched("bob@acme.example", by_person, Company) == {cast.acme.id}


@pytest.mark.parametrize("key", ["ACME_2024/0017", "AB.12:99", "ABCD-1234", "Mixed Case 7", "50%off-key"])
def test_a_key_of_before_is_found_as_it_is_whatever_signs_are_in_it(cast, key):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    license.key = key
    make_licenses(1, cast.carol, cast.pro)
    db.session.commit()
    for typed in (key, key.lower(), f" {key} ", key[:6], key.replace("-", "").replace(" ", "")):
        assert searched(typed, (Begins(License.key),), License) == {license.id}, typed


def test_ones_own_key_is_found_however_many_of_others_begin_alike(cast, monkeypatch):
    """Keys that were brought may all begin with the name of the product."""
    monkeypatch.setattr(codes, "MOST", 1)
    theirs = make_licenses(3, cast.carol, cast.pro)
    (ours,) = make_licenses(1, cast.alice, cast.pro)
    for number, license in enumerate([*theirs, ours]):
        license.key = f"BOREAL-{number:04}"
    db.session.commit()
    with access.scoped(Scope(company_id=cast.acme.id)):
        assert searched("boreal", (Begins(License.key),), License) == {ours.id}
    assert len(searched("boreal", (Begins(License.key),), License)) == 4


@pytest.mark.parametrize("sampled", [0, 100])
@pytest.mark.parametrize("most", [0, 1_000])
@pytest.mark.parametrize(("gathered", "enough"), [(0, 0), (0, 60), (5_000, 60)])
def test_few_and_many_hits_find_the_same_rows(cast, monkeypatch, gathered, enough, most, sampled):
    """Of many the list is read in its own order, of few they are gathered: what is found is the same."""
    monkeypatch.setattr(theirs, "GATHERED", gathered)
    monkeypatch.setattr(theirs, "SAMPLED", sampled)
    monkeypatch.setattr(theirs, "ENOUGH", enough)
    monkeypatch.setattr(hits, "MOST", {User: most, Company: most})
    free = {one.id for one in make_licenses(3, cast.alice, cast.pro)}
    held = {one.id for one in make_licenses(1, cast.carol, cast.pro, holder=cast.charlie)}
    search = (Words(User, via=License.user_id), Words(Company, via=License.company_id), Begins(License.key))
    assert searched("acme", search, License) == free
    assert searched("globex charlie", search, License) == held
    assert searched("charlie") == {cast.charlie.id}
    with access.scoped(Scope(company_id=cast.acme.id)):
        assert searched("globex", search, License) == set()


def test_a_count_is_exact_up_to_its_limit(cast, monkeypatch):
    monkeypatch.setattr(counts, "COUNT_LIMIT", 3)
    monkeypatch.setattr(listing, "COUNT_LIMIT", 3)
    everybody = sa.select(User.id).order_by(User.id)
    assert listing.count(everybody, User, estimate=False) == listing.Total(3, capped=True)
    # Of this table the database has made no guess.
    rates = sa.select(TaxRate.id)
    assert listing.count(rates, TaxRate, estimate=True) == listing.Total(3)
    assert listing.count(rates.where(sa.false()), TaxRate, estimate=True) == listing.Total(0)


def test_a_whole_table_may_be_estimated_where_the_database_can(cast, monkeypatch):
    monkeypatch.setattr(listing, "COUNT_LIMIT", 3)
    monkeypatch.setattr(counts, "COUNT_LIMIT", 3)
    everybody = sa.select(User.id)
    total = listing.Total(3, capped=True)
    if db.engine.dialect.name == "postgresql":
        db.session.commit()
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("ANALYZE users"))
        total = listing.Total(7, estimated=True)
    assert listing.count(everybody, User, estimate=True) == total


@pytest.mark.one_database
def test_a_count_reads_as_what_it_is(app, cast):
    with app.app_context(), force_locale("en_CA"):
        assert listing.Total(1).text("en") == "1\u00a0result"
        assert listing.Total(1_234).text("en") == "1,234\u00a0results"
        assert listing.Total(10_000, capped=True).text("en") == "more than 10,000"
        assert listing.Total(12_345, estimated=True).text("en") == "about 12,345"


@pytest.mark.one_database
def test_rows_by_their_keys_are_those_and_no_others(cast, count_queries):
    wanted = [cast.dave.id, cast.bob.id]
    with access.scoped(access.EVERYTHING):
        statement = sa.select(User)
        assert rows.many(statement, User, [*map(str, wanted), "nonsense"]) == [cast.dave, cast.bob]
    db.session.expunge_all()
    found = rows.many(sa.select(User), User, wanted)
    assert [user.id for user in found] == wanted
    with count_queries() as statements:
        rows.many(sa.select(User), User, wanted)
    assert " IN (" in statements[0], "everybody is read to find two"


# --- Pages ----------------------------------------------------------------------------------------------------------


def page(app, address, size=2):
    order = keyset.Order((), User.id, False)
    question = dataclasses.replace(asked(app, address), size=size)

    def read(edge, backwards):
        statement = listing.page_of(
            sa.select(User.id), order, edge, backwards=backwards, size=size, columns=[User.id]
        )
        return db.session.execute(statement).all()

    with app.test_request_context(address), access.everything():
        found = listing.slice_of(question, order, read, key=0)
    return Page([row[0] for row in found.rows], found.before, found.after)


Page = collections.namedtuple("Page", "keys before after")


def test_a_page_knows_whether_there_is_one_before_and_after_it(app, cast):
    first = page(app, "/")
    assert (len(first.keys), first.before, bool(first.after)) == (2, None, True)
    second = page(app, f"/?after={first.after}")
    assert (len(second.keys), bool(second.before), bool(second.after)) == (2, True, True)
    assert page(app, f"/?before={second.before}").keys == first.keys
    last = page(app, f"/?after={page(app, f'/?after={second.after}').after}")
    assert (len(last.keys), bool(last.before), last.after) == (1, True, None)
    whole = page(app, "/", size=7)
    assert (len(whole.keys), whole.before, whole.after) == (7, None, None)
    # Nothing after the last one any more: the first page.
    assert page(app, f"/?after={keyset.encode([last.keys[-1]])}").keys == first.keys
    back = page(app, f"/?before={second.before}")
    assert (back.before, bool(back.after)) == (None, True)


# --- Files ----------------------------------------------------------------------------------------------------------


@pytest.mark.one_database
def test_a_person_has_the_same_face_in_a_list_as_on_a_page(app):
    people = [
        ("Jean-Pierre", "de la Tour", "jp@acme.example"),
        ("", "", "nobody@acme.example"),
        ("שרה", "כהן", "s@acme.example"),
    ]
    drawn = app.jinja_env.from_string('{% import "ui.html" as ui %}{{ ui.face(name, size) }}')
    with app.test_request_context():
        for person in people:
            for size in ("", "sm"):
                page = drawn.render(name=name_of(*person), size=size).strip()
                assert parts_of(cells.face(person, f" {size}" if size else "")) == parts_of(page)
