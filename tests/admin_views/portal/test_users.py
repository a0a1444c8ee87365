"""Gestion des utilisateurs: the list, and the page that gives a person a licence."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
import sqlalchemy as sa

from models import License, OutgoingMail, day_in, db, utcnow
from services.text import formats
from tests.admin_views.portal.pages import listed, words
from tests.client import make_client, sign_in
from tests.factories import make_licenses, make_order, make_user


def held_by(user):
    db.session.rollback()
    return db.session.scalars(sa.select(License).where(License.user_id == user.id)).all()


def assign(client, user, plan):
    return client.post(f"/portal/users/{user.id}/license", data={"plan": plan.id})


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"Alice", "Bob", "Dave", "Erin", "Gaston"}),
        ("license=with", {"Dave"}),
        ("license=without", {"Alice", "Bob", "Erin", "Gaston"}),
        ("plan={avance}", {"Dave"}),
        ("account=inactive", {"Gaston"}),
        ("account=unconfirmed", {"Bob", "Erin"}),
        ("q=bob%40acme.example", {"Bob"}),
        ("q=eri", {"Erin"}),
        ("q=charlie%40globex.example", set()),
        ("q=%25", set()),
        ("license=nonsense&plan=abc&sort=password&after=zzz", {"Alice", "Bob", "Dave", "Erin", "Gaston"}),
    ],
)
def test_people_are_found_by_words_licence_plan_and_account(cast, owned, alice, query, shown):
    make_user(cast.acme, "Gaston", active=False)
    confirm(cast.dave)
    page = alice.get(f"/portal/users/?{query.format(avance=cast.avance.id, pro=cast.pro.id)}")
    names = ("Bob", "Dave", "Erin", "Gaston", "Carol", "Charlie")
    assert {name for name in names if listed(name) in words(page)} == shown - {"Alice"}


def test_whose_licence_has_expired_counts_as_without(cast, owned, alice):
    (old,) = make_licenses(1, cast.alice, cast.pro, holder=cast.bob, ends=utcnow() - dt.timedelta(hours=1))
    for query in ("license=with", f"plan={old.plan_id}"):
        assert listed("Bob") not in words(alice.get(f"/portal/users/?{query}")), query
    assert listed("Bob") in words(alice.get("/portal/users/?license=without"))
    rows = alice.get("/portal/users/").text.partition("<tbody>")[2].split("</tr>")
    shown = {name: words(row) for row in rows for name in ("Bob", "Dave") if listed(name) in words(row)}
    assert "Pro Expirée" in shown["Bob"]
    assert "Sans licence" not in shown["Bob"]
    assert listed("Bob") in words(alice.get("/portal/users/?license=expired"))
    assert listed("Dave") not in words(alice.get("/portal/users/?license=expired"))
    assert ("Avancé" in shown["Dave"], "Sans licence" in shown["Dave"]) == (True, False)


def confirm(user):
    user.confirmed_at = utcnow()
    db.session.commit()


def test_an_administrator_sees_at_which_addresses_nobody_has_answered_yet(cast, alice):
    confirm(cast.dave)
    said = "Personne n’a encore répondu à cette adresse"
    assert said in words(alice.get(f"/portal/users/{cast.bob.id}/license"))
    assert said not in words(alice.get(f"/portal/users/{cast.dave.id}/license"))


@pytest.mark.one_database
def test_deactivated_people_come_last_on_the_last_page(cast, alice):
    make_user(cast.acme, "Aaron", last_name="Aubin", active=False)
    for number in range(20):
        make_user(cast.acme, f"Zoe{number}", last_name="Zola")
    first = alice.get("/portal/users/?size=20")
    assert listed("Aaron", "Aubin") not in words(first)
    after = html.unescape(re.search(r'rel="next"\s+href="([^"]+)"', first.text)[1])
    second = words(alice.get(after))
    assert second.index(listed("Aaron", "Aubin")) > second.index("Zola")
    assert "Désactivé" in second


@pytest.mark.one_database
def test_each_row_ends_with_a_licence_icon_that_says_whose(cast, owned, alice):
    page = alice.get("/portal/users/").text
    for user in (cast.bob, cast.dave):
        link = re.search(
            rf'<td class=row-acts><a [^>]*href="{user.id}/license"[^>]*aria-label="([^"]*)"', page
        )
        assert link
        assert link[1] == f"Gestion de licence\u00a0: {user.name}"
    assert "Sans licence" in words(page)
    # A role is said where it is unusual.
    assert words(page.partition("<tbody>")[2]).count("Administrateur") == 2


@pytest.mark.one_database
def test_the_assign_page_offers_plans_with_a_free_licence_alone(cast, owned, alice):
    make_licenses(1, cast.alice, cast.pro, holder=cast.erin)
    page = alice.get(f"/portal/users/{cast.bob.id}/license")
    assert re.findall(r'name="plan"\s+value="(\d+)"', page.text) == [str(cast.avance.id)]
    assert "2 licences disponibles, valides jusqu’au" in words(page)
    assert f'href="/portal/plans/?person={cast.bob.id}"' in page.text


def test_the_assign_page_says_when_each_batch_ends_and_which_one_is_given(cast, alice):
    now = utcnow()
    for count, days in ((3, 30), (5, 200)):
        make_licenses(count, cast.alice, cast.pro, ends=now + dt.timedelta(days=days))
    page = words(alice.get(f"/portal/users/{cast.bob.id}/license"))
    first, last = (
        formats.day(day_in(cast.acme.zone, now + dt.timedelta(days=days)), "fr") for days in (30, 200)
    )
    proposed, _other, others = page.partition("Autre date")
    assert f"5 licences disponibles, valides jusqu’au {last}" in proposed
    assert f"3 licences disponibles, valides jusqu’au {first}" in others
    assign(alice, cast.bob, cast.pro)
    assert f"Valide jusqu’au {last}" in words(alice.get(f"/portal/users/{cast.bob.id}/license"))


@pytest.mark.one_database
def test_without_a_free_licence_the_page_says_where_to_buy(cast, alice):
    page = words(alice.get(f"/portal/users/{cast.bob.id}/license"))
    assert "Aucune licence n’est disponible." in page
    assert "Acheter des licences" in page


def test_who_goes_to_buy_for_somebody_comes_back_to_them(cast, alice):
    link = f"/portal/plans/?person={cast.bob.id}"
    assert f'href="{link}"' in alice.get(f"/portal/users/{cast.bob.id}/license").text
    back = f'href="/portal/users/{cast.bob.id}/license"'
    assert "Vous achetez pour Bob Tremblay" in words(alice.get(link))
    assert back in alice.get("/portal/plans/").text, "until one is back"
    order = make_order(cast.alice, cast.pro, paid=True)
    result = alice.get(f"/portal/orders/{order.reference}/result")
    assert back in result.text
    assert "Assigner à Bob Tremblay" in words(result)
    alice.get(f"/portal/users/{cast.bob.id}/license")
    assert back not in alice.get("/portal/plans/").text
    for nobody in (cast.charlie.id, make_user(cast.acme, active=False).id, "abc", "9" * 30):
        assert "Vous achetez pour" not in words(alice.get(f"/portal/plans/?person={nobody}"))


def test_assigning_tells_the_person_by_mail(cast, owned, alice):
    answer = assign(alice, cast.bob, cast.avance)
    assert answer.status_code == 303
    assert "Bob Tremblay a maintenant une licence Avancé. Un courriel" in words(alice.get(answer.location))
    assert [row.plan_id for row in held_by(cast.bob)] == [cast.avance.id]
    mail = db.session.scalars(sa.select(OutgoingMail)).one()
    assert (mail.template, mail.user_id) == ("license_assigned", cast.bob.id)


@pytest.mark.one_database
def test_after_saving_the_list_is_narrowed_as_it_was(cast, owned, alice):
    narrowed = "/portal/users/?q=tremblay&license=without"
    icon = re.search(rf'href="({cast.bob.id}/license[^"]*)"', alice.get(narrowed).text)
    page = f"/portal/users/{html.unescape(icon[1])}"
    assert alice.post(page, data={"plan": cast.avance.id}).location == narrowed
    elsewhere = f"/portal/users/{cast.erin.id}/license?url=https%3A%2F%2Fevil.example%2F"
    assert alice.post(elsewhere, data={"plan": cast.avance.id}).location == "/portal/users/"


@pytest.mark.one_database
@pytest.mark.parametrize("plan", [None, "", "abc", "999999"])
def test_saving_without_a_plan_says_so(cast, owned, alice, plan):
    answer = alice.post(f"/portal/users/{cast.bob.id}/license", data={"plan": plan} if plan else {})
    assert answer.status_code == 422
    assert "Choisissez un forfait qui a une licence disponible." in words(answer)
    assert held_by(cast.bob) == []


def test_a_person_with_a_licence_must_give_it_back_first(cast, owned, alice):
    make_licenses(1, cast.alice, cast.pro)
    page = words(alice.get(f"/portal/users/{cast.dave.id}/license"))
    assert "Libérer la licence" in page
    assert "libérez celle-ci pour en assigner une autre" in page
    answer = assign(alice, cast.dave, cast.pro)
    assert "Dave Tremblay a déjà une licence Avancé." in words(alice.get(answer.location))
    assert [row.plan_id for row in held_by(cast.dave)] == [cast.avance.id]


def test_an_expired_licence_stands_in_nobodys_way(cast, alice):
    old = make_licenses(1, cast.alice, cast.eco, holder=cast.bob, starts=utcnow() - dt.timedelta(days=400))[0]
    make_licenses(1, cast.alice, cast.avance)
    assert "expirée le" in words(alice.get(f"/portal/users/{cast.bob.id}/license"))
    assert assign(alice, cast.bob, cast.avance).status_code == 303
    assert [row.plan_id for row in held_by(cast.bob)] == [cast.avance.id]
    assert db.session.get_one(License, old.id).user_id is None


def test_fault_29_a_person_of_another_company_is_not_found(cast, owned, alice):
    for nonsense in (cast.charlie.id, cast.sam.id, "abc", "9" * 30, "-1"):
        assert alice.get(f"/portal/users/{nonsense}/license").status_code == 404
        answer = alice.post(f"/portal/users/{nonsense}/license", data={"plan": cast.avance.id})
        assert answer.status_code == 404
    assert held_by(cast.charlie) == []


def test_a_deactivated_person_is_refused(cast, owned, alice):
    gone = make_user(cast.acme, "Gaston", active=False)
    assert "ne peut pas recevoir de licence" in words(alice.get(f"/portal/users/{gone.id}/license"))
    answer = assign(alice, gone, cast.avance)
    assert "ne peut pas recevoir de licence" in words(alice.get(answer.location))
    assert held_by(gone) == []


@pytest.mark.one_database
def test_nothing_is_assigned_without_a_token_of_our_own_page(cast, owned, alice):
    url = f"/portal/users/{cast.bob.id}/license"
    assert alice.post(url, data={"plan": cast.avance.id}, csrf=False).status_code == 400
    release = {"rowid": owned.held.id}
    assert alice.post("/portal/licenses/release/", data=release, csrf=False).status_code == 400
    assert held_by(cast.bob) == []
    assert len(held_by(cast.dave)) == 1


def test_of_two_administrators_who_want_the_last_licence_one_reads_why_not(cast, app, together):
    make_licenses(1, cast.alice, cast.avance)
    rivals = [
        (sign_in(make_client(app), admin), f"/portal/users/{person.id}/license")
        for admin, person in ((cast.alice, cast.bob), (cast.erin, cast.dave))
    ]
    plan_id = cast.avance.id
    db.session.rollback()

    def save(number):
        client, url = rivals[number]
        answer = client.post(url, data={"plan": plan_id, "url": url})
        return answer.status_code, words(client.get(answer.location))

    pages = [outcome.value[1] for outcome in together(2, save)]
    refused = ("Aucune licence Avancé n’est disponible", "No Advanced license is available")
    given = ("a maintenant une licence Avancé", "now holds a license of the Advanced plan")
    assert sum(any(words in page for words in refused) for page in pages) == 1
    assert sum(any(words in page for words in given) for page in pages) == 1
    db.session.rollback()
    assert len(held_by(cast.bob)) + len(held_by(cast.dave)) == 1
