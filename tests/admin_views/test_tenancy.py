"""One company attacks another by every path of every view. A new view enters these tests by being registered.

Each of the two layers is proved with the other switched off: the base class without the query hook, and the query
hook under stock views that know nothing of companies. Then both together, as in production.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session, aliased, joinedload

import access
from access.rows import narrow_statement
from admin_views import forms, pickers, portal
from admin_views.base import DeskModelView
from admin_views.lists import finding, keyset, rows
from models import CartItem, Company, License, SeatCount, StripeEvent, User, db, utcnow
from tests.admin_views import demo
from tests.admin_views.conftest import everything_of, keys_of, secrets_of, tenant_tables
from tests.client import Client
from tests.conftest import Cast


@pytest.fixture
def without_hook() -> Iterator[None]:
    """The query hook taken off: only the base class is left."""
    sa.event.remove(Session, "do_orm_execute", narrow_statement)
    yield
    access.install_query_hook()


@pytest.fixture
def without_base(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base class's own narrowing taken off: only the query hook is left."""
    for module in (rows, finding, forms):
        monkeypatch.setattr(module, "narrow", lambda statement, model: statement)


# Each layer by itself narrows the same statements, whatever runs them.
ALONE = [
    pytest.param(name, marks=pytest.mark.one_database) for name in ("base class alone", "query hook alone")
]


@pytest.fixture(params=["both layers", *ALONE])
def layer(request: pytest.FixtureRequest) -> str:
    off = {"base class alone": "without_hook", "query hook alone": "without_base"}
    if request.param in off:
        request.getfixturevalue(off[request.param])
    return str(request.param)


# --- The attacks --------------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Attack:
    """One request with another company's keys in it."""

    method: str
    url: str
    data: dict[str, Any] = dataclasses.field(default_factory=dict)
    # What the answer must be, besides telling nothing.
    status: set[int] = dataclasses.field(
        default_factory=lambda: {200, 302, 303, 400, 403, 404, 405, 409, 422}
    )

    def __str__(self) -> str:
        return f"{self.method} {self.url} {self.data or ''}"


def attacks_on(view: DeskModelView, foreign: list[Any], own: list[Any], words: list[str]) -> Iterator[Attack]:
    """Every path of the table in the base class's own words, for the keys of the other company."""
    yield from _attacks_on_list(view, foreign, words)
    for key in foreign:
        yield Attack("GET", f"{view.url}/details/?id={key}", status={404})
        yield Attack("GET", f"{view.url}/edit/?id={key}", status={404})
        yield Attack("POST", f"{view.url}/edit/?id={key}", {"first_name": "Mallory", "id": key}, {404})
        yield Attack("POST", f"{view.url}/delete/", {"id": key}, {404})
        yield Attack("POST", f"{view.url}/ajax/update/", {"list_form_pk": key, "company_id": 1}, {404})
        for name in view._actions_data:
            answers = {302, 303} if view.is_action_allowed(name) else {404}
            yield Attack("POST", f"{view.url}/action/", {"action": name, "rowid": [key]}, answers)
    for name in view._form_ajax_refs:
        for word in ["", *words]:
            query = urlencode({"name": name, "query": word, "limit": 100_000, "offset": -5})
            yield Attack("GET", f"{view.url}/ajax/lookup/?{query}", status={200})
    yield from _attacks_by_form(view, foreign, own)
    yield from _attacks_on_own_routes(view, foreign)


def _attacks_on_list(view: DeskModelView, foreign: list[Any], words: list[str]) -> Iterator[Attack]:
    for page in ("/", "/export/csv/"):
        allowed = {200, 404} if page != "/" else {200}
        yield Attack("GET", view.url + page, status=allowed)
        for word in words:
            yield Attack("GET", f"{view.url}{page}?{urlencode({'q': word})}", status=allowed)
        for choice in view.filters:
            for value in [*map(str, foreign), "1", "2"]:
                yield Attack("GET", f"{view.url}{page}?{choice.name}={value}", status=allowed)
    for key in foreign:
        cursor = keyset.encode([key + 1 if isinstance(key, int) else key])
        yield Attack("GET", f"{view.url}/?after={cursor}", status={200})
        yield Attack("GET", f"{view.url}/?before={cursor}", status={200})
    for column in view.columns:
        if column.sort is not None:
            yield Attack("GET", f"{view.url}/?sort=-{column.name}", status={200})


def _attacks_by_form(view: DeskModelView, foreign: list[Any], own: list[Any]) -> Iterator[Attack]:
    """Another company's key in every picker of the view's forms."""
    for name, lookup in view._form_ajax_refs.items():
        if lookup.model not in tenant_tables():
            continue
        for key in keys_of(lookup.model, _company_of(view, foreign)):
            if view.can_edit and own:
                yield Attack("POST", f"{view.url}/edit/?id={own[0]}", {name: key}, {422})
            if view.can_create:
                yield Attack("POST", f"{view.url}/new/", {name: key}, {422})


BASE_ROUTES = set(vars(DeskModelView))
KEY_NAMES = ("id", "user", "user_id", "license", "license_id", "order", "order_id", "plan", "item")


def _attacks_on_own_routes(view: DeskModelView, foreign: list[Any]) -> Iterator[Attack]:
    """Another company's keys, under every likely name, at each route that a view adds to the base class's."""
    for path, name, methods in view._urls:
        if name in BASE_ROUTES:
            continue
        for key in foreign[:2]:
            fields = dict.fromkeys(KEY_NAMES, key) | {"rowid": [key]}
            for word in (key, _name_of(view, key)) if "<" in path else (key,):
                url = view.url + filled(path, word)
                status = {404, 405} if "<" in path else Attack("", "").status
                if "GET" in methods:
                    yield Attack("GET", f"{url}?id={key}", status=status)
                if "POST" in methods:
                    yield Attack("POST", f"{url}?id={key}", fields, status)


def filled(path: str, word: object = 1) -> str:
    """A route's path with `word` in each of its `<places>`."""
    return re.sub(r"<[^>]+>", str(word), path)


def _name_of(view: DeskModelView, key: Any) -> str:
    """What a row is called in addresses: an order by its reference, a licence by its key."""
    return str(db.session.scalar(sa.select(view.model).where(rows.primary_key(view.model) == key)))


def _company_of(view: DeskModelView, foreign: list[Any]) -> int:
    key = rows.primary_key(view.model)
    return int(db.session.scalar(sa.select(view.model.company_id).where(key == foreign[0])))


def run(browser: Client, attack: Attack) -> tuple[int, str]:
    answer = browser.open(attack.url, method=attack.method, data=attack.data or None, buffered=True)
    text = answer.get_data(as_text=True)
    if answer.status_code in {302, 303} and answer.location.startswith("/"):
        text += browser.get(answer.location).get_data(as_text=True)
    return answer.status_code, text


def leaks_of(browser: Client, attacks: list[Attack], words: list[str]) -> list[str]:
    """What went wrong: an answer of the wrong kind, or with a word of the other company that we did not send."""
    wrong = []
    for attack in attacks:
        status, text = run(browser, attack)
        sent = str(attack)
        told = [
            word
            for word in words
            if word in text and word not in sent and urlencode({"": word})[1:] not in sent
        ]
        if status not in attack.status:
            wrong.append(f"{attack} answered {status}")
        if told:
            wrong.append(f"{attack} told {told}")
    return wrong


def model_views(desk: Flask) -> list[DeskModelView]:
    return [
        view for site in desk.extensions["admin"] for view in site._views if isinstance(view, DeskModelView)
    ]


# --- The tests ----------------------------------------------------------------------------------------------------


def tenant_views() -> list[Any]:
    """(site, view class) of every registered table view of the portal, and of these tests' own site."""
    registered = [("portal", view) for view in portal.VIEWS] + [("demo", view) for view in demo.VIEWS]
    return [
        pytest.param(site, view, id=f"{site}/{view.slug}")
        for site, view in registered
        if issubclass(view, DeskModelView) and view.model in tenant_tables()
    ]


@pytest.mark.parametrize(("site", "kind"), tenant_views())
def test_no_path_of_any_view_leads_to_another_company(
    desk: Flask, browser: Client, goods: Cast, layer: str, site: str, kind: type[DeskModelView]
) -> None:
    words, before = secrets_of(goods.acme.id), everything_of(goods.acme.id)
    (view,) = [view for view in model_views(desk) if type(view) is kind and view.url.startswith(f"/{site}/")]
    foreign, own = keys_of(kind.model, goods.acme.id), keys_of(kind.model, goods.globex.id)
    assert foreign, f"add rows of {kind.model.__name__} to the `goods` fixture"
    attacks = list(attacks_on(view, foreign, own, words[:1] + words[-2:-1]))
    browser.sign_in(goods.carol)
    assert leaks_of(browser, attacks, words) == []
    assert everything_of(goods.acme.id) == before


def test_the_attacks_find_the_holes_when_both_layers_are_off(
    desk: Flask, browser: Client, goods: Cast, without_hook: None, without_base: None
) -> None:
    """A test that cannot fail proves nothing."""
    words = secrets_of(goods.acme.id)
    browser.sign_in(goods.carol)
    view = next(
        view for view in model_views(desk) if view.slug == "licenses" and view.url.startswith("/demo")
    )
    foreign, own = keys_of(view.model, goods.acme.id), keys_of(view.model, goods.globex.id)
    found = "\n".join(leaks_of(browser, list(attacks_on(view, foreign, own, words[:1])), words))
    for path in ("GET /demo/licenses/", "/edit/?id=", "/ajax/lookup/", "/action/"):
        assert path in found


def test_no_customer_reaches_any_page_of_the_support_site(desk: Flask, browser: Client, goods: Cast) -> None:
    for person in (goods.carol, goods.charlie):
        browser.sign_in(person)
        for site in desk.extensions["admin"]:
            if site.url != "/support":
                continue
            for view in site._views:
                for path, _name, methods in view._urls:
                    for method in methods:
                        status = browser.open(view.url + filled(path), method=method).status_code
                        assert status == 403, (view.url, path, method)


def test_nobody_reaches_any_page_without_signing_in(desk: Flask, browser: Client, goods: Cast) -> None:
    for site in desk.extensions["admin"]:
        for view in site._views if site.url != "/stock" else []:
            for path, _name, methods in view._urls:
                for method in methods:
                    answer = browser.open(view.url + filled(path), method=method)
                    assert answer.status_code == 302, (view.url, path, method)
                    assert answer.location.startswith("/sign-in"), (view.url, path, method)


def test_every_view_says_who_may_open_it(desk: Flask) -> None:
    for site in desk.extensions["admin"]:
        for view in site._views if site.url != "/stock" else []:
            assert isinstance(view.permission, access.Permission), view


@pytest.mark.parametrize("kind", tenant_tables(), ids=lambda kind: kind.__name__)
def test_the_query_hook_alone_keeps_stock_views_within_the_company(
    browser: Client, goods: Cast, kind: type
) -> None:
    words, before = secrets_of(goods.acme.id), everything_of(goods.acme.id)
    foreign, own = keys_of(kind, goods.acme.id), keys_of(kind, goods.globex.id)
    assert foreign or kind.__name__ == "Device", f"add rows of {kind.__name__} to the `goods` fixture"
    browser.sign_in(goods.carol)
    url = f"/stock/{kind.__name__.lower()}"
    attacks = [Attack("GET", f"{url}/?page_size=100"), Attack("GET", f"{url}/export/csv/")]
    # Days in a key are no text: stock views find no such row, nor one's own.
    for key in [] if kind is SeatCount else foreign:
        attacks += [
            Attack("GET", f"{url}/details/?id={key}"),
            Attack("GET", f"{url}/edit/?id={key}"),
            Attack("POST", f"{url}/edit/?id={key}", {"company_id": goods.globex.id}),
            Attack("POST", f"{url}/delete/", {"id": key}),
            Attack(
                "POST",
                f"{url}/ajax/update/",
                {"list_form_pk": key, "company_id": goods.globex.id},
                {200, 500},
            ),
            # Stock bulk deletion breaks on psycopg 3 by itself: a crash is no leak.
            Attack("POST", f"{url}/action/", {"action": "delete", "rowid": [key]}, {302, 500}),
        ]
    assert leaks_of(browser, attacks, words) == []
    assert everything_of(goods.acme.id) == before
    # The same page shows one's own rows: it is the company that is hidden, not the table.
    assert f">{str(own[0]).partition(',')[0]}<" in "".join(browser.get(f"{url}/?page_size=100").text.split())


def test_the_query_hook_refuses_what_it_cannot_narrow(desk: Flask, goods: Cast) -> None:
    stranger = goods.alice.id
    with desk.app_context(), access.scoped(access.Scope(company_id=goods.globex.id)):
        with pytest.raises(access.UnscopedStatement):
            db.session.execute(sa.update(User), [{"id": stranger, "first_name": "Mallory"}])
        db.session.rollback()
    assert db.session.get_one(User, stranger).first_name == "Alice"


def test_the_query_hook_tells_two_companies_apart_in_many_threads(
    desk: Flask, goods: Cast, together: Any
) -> None:
    """SQLAlchemy caches a statement once for all threads: the company in it must not be cached with it."""
    companies = (goods.acme.id, goods.globex.id)
    own = {company: set(keys_of(License, company)) for company in companies}

    def look(number: int) -> set[bool]:
        company = companies[number % 2]
        answers = set()
        for _ in range(40):
            with access.scoped(access.Scope(company_id=company)):
                licenses = db.session.scalars(sa.select(License).options(joinedload(License.user))).all()
                answers.add({license.id for license in licenses} == own[company])
                answers.add({license.user.company_id for license in licenses if license.user} == {company})
            with access.scoped(access.NOTHING):
                answers.add(db.session.scalars(sa.select(License.id)).all() == [])
            db.session.rollback()
        return answers

    assert {frozenset(outcome.value or ["failed"]) for outcome in together(8, look)} == {frozenset([True])}


def test_the_query_hook_alone_tells_no_customer_who_the_others_are(cast: Cast) -> None:
    names = sa.select(Company.name).order_by(Company.id)
    other = aliased(Company)
    with access.scoped(access.Scope(company_id=cast.acme.id)):
        assert db.session.scalars(names).all() == ["Acme"]
        assert [company.name for company in db.session.scalars(sa.select(Company))] == ["Acme"]
        assert db.session.scalars(sa.select(other.name)).all() == ["Acme"]
        db.session.execute(sa.update(Company).values(city="Lévis"))
        db.session.commit()
    with access.scoped(access.NOTHING):
        assert db.session.scalars(names).all() == db.session.scalars(sa.select(Company)).all() == []
    assert db.session.scalars(sa.select(Company.city).order_by(Company.id)).all() == ["Lévis", "Toronto"]


def test_the_query_hook_lets_a_customer_add_change_and_delete_what_is_theirs_alone(cast: Cast) -> None:
    for user in (cast.alice, cast.carol):
        db.session.add(
            CartItem(company_id=user.company_id, plan_id=cast.pro.id, quantity=1, added_by_id=user.id)
        )
    db.session.commit()
    with access.scoped(access.Scope(company_id=cast.acme.id)):
        db.session.execute(sa.update(CartItem).values(quantity=5))
        db.session.execute(
            sa.insert(CartItem).values(
                company_id=cast.acme.id, plan_id=cast.eco.id, quantity=7, added_by_id=cast.bob.id
            )
        )
        db.session.commit()
        assert sorted(db.session.scalars(sa.select(CartItem.quantity))) == [5, 7]
        db.session.execute(sa.delete(CartItem))
        db.session.commit()
    assert db.session.execute(sa.select(CartItem.company_id, CartItem.quantity)).all() == [
        (cast.globex.id, 1)
    ]


def test_the_query_hook_shows_no_customer_what_is_the_vendors_own(cast: Cast) -> None:
    db.session.add(
        StripeEvent(
            id="evt_1",
            type="charge.refunded",
            object_id="o",
            livemode=False,
            created_at=utcnow(),
            received_at=utcnow(),
        )
    )
    db.session.commit()
    for events in (StripeEvent, aliased(StripeEvent)):
        assert len(db.session.scalars(sa.select(events)).all()) == 1
        with access.scoped(access.Scope(company_id=cast.acme.id)):
            assert db.session.scalars(sa.select(events)).all() == []


def test_with_no_scope_nothing_of_any_company_is_visible(desk: Flask, goods: Cast, layer: str) -> None:
    with desk.app_context():
        for kind in tenant_tables():
            statement = rows.narrow(sa.select(kind), kind)
            assert db.session.scalars(statement).all() == []
        assert pickers.Lookup("x", type(goods.bob), (), label=str).get_list("", 0, 20) == []


def test_nobody_sees_the_vendors_own_rows_which_are_of_no_company_either(desk: Flask, goods: Cast) -> None:
    with desk.app_context(), access.scoped(access.NOTHING):
        assert db.session.scalars(sa.select(User)).all() == []
        assert db.session.execute(sa.update(User).values(first_name="Mallory")).rowcount == 0
        assert db.session.execute(sa.delete(User)).rowcount == 0
        db.session.rollback()
