"""What staff read after each act, where it leads them, and what a page shows of many rows."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from access import Actor
from models import (
    JournalEntry,
    JournalSubject,
    License,
    LicenseStatus,
    Order,
    OutgoingMail,
    StripeEvent,
    db,
    utcnow,
)
from services import licenses
from services.catalogue import vendor
from services.people import oneself
from tests import factories
from tests.admin_views.asked import begin, do_to_many, prepare, to_release
from tests.admin_views.portal.pages import listed, words
from tests.admin_views.support.forms import send
from tests.client import sign_in

pytestmark = pytest.mark.one_database


@pytest.fixture
def staff(client, cast):
    return sign_in(client, cast.sam)


def rows_of(page, title):
    """How many rows the table called `title` has."""
    named = re.split(rf'(?:aria-label="|<caption class="vh">){re.escape(title)}["<]', page.text)
    part = named[1].partition("</table>")[0]
    return part.count("<tr>") - 1


# --- Licences -------------------------------------------------------------------------------------------------------


def test_one_released_licence_leads_back_to_its_page_and_several_to_theirs(staff, cast):
    seats = factories.make_licenses(3, cast.alice, cast.pro, holder=cast.bob)
    factories.hold(seats[1], cast.dave)
    ids = [seat.id for seat in seats]
    answer = staff.post("/support/licenses/release/", data=to_release(ids[0]))
    assert answer.location == f"/support/licenses/details/?id={ids[0]}"
    assert "1\u00a0licence a été libérée." in staff.get(answer.location).text
    page = do_to_many(staff, "/support/licenses/", "release", *ids[1:])
    assert "1 licence a été libérée." in words(staff.get(page))
    answer = staff.post("/support/licenses/release/", data=to_release(ids[0]), follow_redirects=True)
    assert "rien n’a été changé" in answer.text
    page = begin(staff, "/support/licenses/", "release", *ids)
    prepare(staff, page)
    assert "Il n’y a rien à faire ici" in words(staff.get(page))


def test_a_release_that_was_refused_says_that_alone(staff, cast):
    (seat,) = factories.make_licenses(
        1, cast.alice, cast.pro, holder=cast.bob, status=LicenseStatus.SUSPENDED
    )
    answer = staff.post("/support/licenses/release/", data=to_release(seat.id), follow_redirects=True)
    assert "Cette licence est suspendue" in words(answer)
    assert "a été libérée" not in words(answer)
    assert "rien n’a été changé" not in words(answer)


def test_a_licence_shows_its_own_terms_and_holders_the_latest_first(staff, cast):
    ours, other = factories.make_licenses(2, cast.alice, cast.pro, holder=cast.bob)
    factories.hold(other, cast.erin)
    licenses.release(ours, Actor.of(cast.alice), held_by=ours.user_id)
    licenses.assign_license(ours, cast.dave, Actor.of(cast.alice))
    page = staff.get(f"/support/licenses/details/?id={ours.id}")
    text = words(page)
    assert text.index("Dave Tremblay") < text.index("Bob Tremblay")
    assert "Erin" not in text
    assert text.count("– aujourd’hui") == 1
    assert rows_of(page, "Périodes payées") == 1
    assert "Release" not in text


def test_a_list_of_an_orders_licences_holds_no_other(staff, cast):
    (first,), (second,) = (factories.make_licenses(1, cast.alice, cast.pro) for _ in range(2))
    order = db.session.get_one(License, first.id).order_line.order
    page = staff.get(f"/support/licenses/?order={order.id}")
    assert first.key in page.text
    assert second.key not in page.text
    assert order.reference in words(page)
    assert "999" in words(staff.get("/support/licenses/?order=999"))


# --- Orders ---------------------------------------------------------------------------------------------------------


def test_a_month_begins_and_ends_at_the_vendors_midnight(staff, cast):
    inside = [dt.datetime(2026, 11, 1, 4, tzinfo=dt.UTC), dt.datetime(2026, 12, 1, 4, 59, tzinfo=dt.UTC)]
    outside = [dt.datetime(2026, 11, 1, 3, 59, tzinfo=dt.UTC), dt.datetime(2026, 12, 1, 5, tzinfo=dt.UTC)]
    shown = [factories.make_order(cast.alice, cast.pro, placed_at=at).reference for at in inside]
    hidden = [factories.make_order(cast.alice, cast.pro, placed_at=at).reference for at in outside]
    page = staff.get("/support/orders/?month=2026-11").text
    assert [reference in page for reference in shown] == [True, True]
    assert [reference in page for reference in hidden] == [False, False]


def test_the_last_two_years_can_be_chosen_the_latest_first(staff, cast):
    page = staff.get("/support/orders/").text
    months = re.findall(r'href="\?month=(\d{4}-\d{2})"', page)
    today = cast.vendor.today
    assert (len(months), months[0], months) == (24, f"{today:%Y-%m}", sorted(months, reverse=True))


def test_several_orders_are_cancelled_with_one_sentence_and_lead_to_the_list(staff, cast):
    ids = [factories.make_order(cast.alice, cast.pro).id for _ in range(2)]
    answer = staff.post("/support/orders/cancel-many/", data={"rowid": ids})
    assert answer.location == "/support/orders/"
    assert "2 commandes annulées." in words(staff.get(answer.location))
    answer = staff.post("/support/orders/cancel-many/", data=to_release(ids[0]))
    assert answer.location == f"/support/orders/details/?id={ids[0]}"
    waiting = factories.make_order(cast.alice, cast.pro).id
    page = words(staff.post("/support/orders/cancel-many/", data={"rowid": waiting}, follow_redirects=True))
    assert "1 commande annulée." in page


def test_twenty_orders_at_once_are_asked_about_and_no_more(staff, cast):
    ids = [factories.make_order(cast.alice, cast.pro).id for _ in range(21)]
    for action in ("check", "cancel"):
        data = {"action": action, "rowid": ids[:20]}
        assert staff.post("/support/orders/action/", data=data).status_code == 200
        answer = staff.post(
            "/support/orders/action/", data={"action": action, "rowid": ids}, follow_redirects=True
        )
        assert "20" in words(answer)
    assert staff.post("/support/orders/cancel-many/", data={"rowid": ids[:20]}).location == "/support/orders/"


def test_only_several_checked_orders_are_counted(staff, cast, sandbox):
    session = {"stripe_session_id": "cs_test_unknown"}
    order = factories.make_order(cast.alice, cast.pro, **session)
    other = factories.make_order(cast.alice, cast.pro, stripe_session_id="cs_test_unknown_too")
    for ids in ([order.id], [order.id, other.id]):
        answer = staff.post("/support/orders/check-many/", data={"rowid": ids}, follow_redirects=True)
        assert "Stripe ne connaît pas ce paiement" in words(answer)
        assert "vérifiée" not in words(answer)


def test_an_order_shows_its_lines_events_journal_and_what_was_delivered(staff, cast):
    now = utcnow()
    order = factories.make_order(
        cast.alice, cast.pro, 3, stripe_session_id="cs_1", stripe_payment_intent_id="pi_1"
    )
    other = factories.make_order(cast.alice, cast.eco, 777)
    for number, key in enumerate(("cs_1", "pi_1", "cs_2")):
        db.session.add(
            StripeEvent(id=f"evt_{number}", type=f"type.{key}", object_id=key, livemode=False, created_at=now)
        )
    about = (("order", order.id, f"verb_{order.id}"), ("order", other.id, f"verb_{other.id}"))
    for kind, row_id, verb in (*about, ("user", order.id, "verb_of_a_user")):
        db.session.add(JournalEntry(operation="0" * 32, verb=verb, subject_type=kind, subject_id=row_id))
    db.session.flush()
    for entry in db.session.scalars(sa.select(JournalEntry).where(JournalEntry.verb.like("verb_%"))):
        db.session.add(JournalSubject(entry_id=entry.id, kind=entry.subject_type, row_id=entry.subject_id))
    db.session.commit()
    factories.make_licenses(2, cast.alice, cast.eco)
    text = words(staff.get(f"/support/orders/details/?id={order.id}"))
    assert "Rien pour le moment" in text, "another order's licences are told as delivered"
    assert "777" not in text
    assert "type.cs_1" in text
    assert "type.pi_1" in text
    assert "type.cs_2" not in text
    assert f"verb_{order.id}" in text
    assert f"verb_{other.id}" not in text
    assert "verb_of_a_user" not in text


# --- Customers and people -------------------------------------------------------------------------------------------


def test_a_customer_shows_five_of_each_its_administrators_first_and_nobody_elses(staff, cast):
    for number in range(5):
        factories.make_user(cast.acme, f"Anna{number}", last_name="Aaa")
        factories.make_order(cast.alice, cast.pro)
        factories.make_order(cast.carol, cast.pro)
        oneself.sign_in_recorded(cast.bob, by=Actor.of(cast.bob), via="password")
        db.session.add(
            OutgoingMail(
                user_id=cast.bob.id,
                company_id=cast.acme.id,
                template="receipt",
                language="fr",
                dedupe_key=f"{number}",
                message_id=f"{number}",
            )
        )
    factories.make_order(cast.alice, cast.pro)
    strangers = factories.make_order(cast.carol, cast.pro)
    db.session.commit()
    oneself.sign_in_recorded(cast.bob, by=Actor.of(cast.bob), via="password")
    page = staff.get(f"/support/customers/details/?id={cast.acme.id}")
    tables = re.findall(r'<caption class="vh">([^<]+)</caption>', page.text)
    assert {title: rows_of(page, title) for title in tables} == {"Commandes": 5, "Courriels envoyés": 5}
    people = page.text.partition('<ul class="people">')[2].partition("</ul>")[0]
    assert people.count("<li>") == 5
    assert people.index("Alice Tremblay") < people.index("Anna0 Aaa")
    text = words(page)
    assert "Carol" not in text
    assert strangers.reference not in text


def test_a_member_of_staff_is_given_no_licence(staff, cast):
    answer = staff.get(f"/support/people/assign/?id={cast.sam.id}")
    assert answer.location == f"/support/people/details/?id={cast.sam.id}"
    assert "sign-in-link" in staff.get(answer.location).text


def test_a_person_shows_their_own_history_the_latest_first(staff, cast):
    first, second = factories.make_licenses(2, cast.alice, cast.pro, holder=cast.bob)
    licenses.release(first, Actor.of(cast.alice), held_by=first.user_id)
    licenses.assign_license(second, cast.bob, Actor.of(cast.alice))
    (other,) = factories.make_licenses(1, cast.alice, cast.pro, holder=cast.dave)
    page = staff.get(f"/support/people/details/?id={cast.bob.id}")
    assert rows_of(page, "Historique des licences") == 2
    history = page.text.partition("Historique des licences</caption>")[2]
    assert history.index(second.key) < history.index(first.key)
    assert other.key not in page.text
    assert "Release" not in page.text


def test_people_are_narrowed_by_role_and_by_access(staff, cast):
    factories.make_user(cast.acme, "Gaston", active=False)
    names = {"Alice": "role=admin", "Bob": "role=member", "Sam": "role=support", "Gaston": "active=no"}
    for name, query in names.items():
        page = words(staff.get(f"/support/people/?{query}&size=100").text.partition("<tbody>")[2])
        shown = {other for other in names if listed(other) in page}
        expected = {name} if name != "Bob" else {"Bob", "Gaston"}
        assert shown == expected, query
    assert "Gaston" not in words(staff.get("/support/people/?active=yes"))


def test_a_form_does_not_offer_a_role_that_the_person_cannot_have(staff, cast):
    member = staff.get(f"/support/people/edit/?id={cast.bob.id}").text
    assert 'value="admin"' in member
    assert 'value="support"' not in member
    assert 'name="role"' not in staff.get(f"/support/people/edit/?id={cast.sam.id}").text
    assert send(staff, f"/support/people/edit/?id={cast.sam.id}", last_name="Roy").status_code == 302
    assert (cast.sam.last_name, cast.sam.role) == ("Roy", "support")


def test_adding_a_person_from_a_customers_page_has_that_customer_in_the_form(staff, cast):
    page = staff.get(f"/support/people/new/?company={cast.globex.id}").text
    assert "Globex (billing@globex.example)" in page
    assert "Globex" not in staff.get("/support/people/new/").text
    answer = send(
        staff,
        f"/support/people/new/?company={cast.globex.id}",
        email="new@globex.example",
        first_name="New",
        last_name="Body",
    )
    assert answer.status_code == 302
    new = db.session.scalar(sa.select(sa.func.max(OutgoingMail.user_id)))
    assert answer.location == f"/support/people/details/?id={new}"


# --- Records --------------------------------------------------------------------------------------------------------


def test_the_journal_says_for_whom_staff_acted_and_of_others_nothing(staff, cast):
    (seat,) = factories.make_licenses(1, cast.alice, cast.pro)
    licenses.assign_license(seat, cast.bob, Actor.of(cast.sam, "192.0.2.7"))
    licenses.release(seat, Actor.of(cast.alice), held_by=seat.user_id)
    given, taken = db.session.scalars(sa.select(JournalEntry).order_by(JournalEntry.id)).all()
    pages = [words(staff.get(f"/support/journal/details/?id={entry.id}")) for entry in (given, taken)]
    assert "Au nom de Acme" in pages[0]
    assert "Au nom de –" in pages[1]
    assert "192.0.2.7" in pages[0]
    assert given.operation in pages[0]
    assert taken.operation not in pages[0]


def test_an_entry_leads_to_the_others_of_its_operation(staff, cast):
    past = utcnow() - dt.timedelta(days=400)
    factories.make_licenses(
        1, cast.alice, cast.eco, holder=cast.bob, starts=past, ends=past + dt.timedelta(days=1)
    )
    factories.make_licenses(1, cast.alice, cast.pro)
    licenses.assign(cast.pro, cast.bob, Actor.of(cast.alice))
    first, second = db.session.scalars(sa.select(JournalEntry).order_by(JournalEntry.id)).all()
    page = staff.get(f"/support/journal/details/?id={first.id}").text
    assert f"/support/journal/details/?id={second.id}" in page


def test_only_a_mail_that_failed_is_sent_again_and_leads_back_to_its_page(staff, cast):
    oneself_mail = OutgoingMail(
        user_id=cast.bob.id,
        template="password_link",
        language="fr",
        state="failed",
        attempts=78,
        last_error="unreachable",
        dedupe_key="1",
        message_id="1",
    )
    db.session.add(oneself_mail)
    db.session.commit()
    mail_id = oneself_mail.id
    answer = staff.post("/support/mail/resend/", data={"id": mail_id})
    assert answer.location == f"/support/mail/details/?id={mail_id}"
    row = db.session.get_one(OutgoingMail, mail_id)
    assert (row.state, row.attempts, row.last_error) == ("queued", 0, None)
    staff.post("/support/mail/resend/", data={"id": mail_id})
    assert len(db.session.scalars(sa.select(JournalEntry)).all()) == 1


def test_an_order_is_found_in_every_state_by_its_filter(staff, cast):
    references = {}
    for state in ("pending", "failed", "cancelled"):
        references[state] = factories.make_order(cast.alice, cast.pro, state=state).reference
    for state, reference in references.items():
        page = staff.get(f"/support/orders/?state={state}").text
        assert [other for other, name in references.items() if name in page] == [state]
        assert reference in page
    assert db.session.scalar(sa.select(sa.func.count(Order.id))) == 3


# --- Home -----------------------------------------------------------------------------------------------------------


def test_what_waits_is_urgent_when_there_is_some_and_nothing_else_is(staff, cast):
    assert '"big bad"' not in staff.get("/support/").text
    noted = factories.make_order(cast.alice, cast.pro, issue="paid_twice")
    plain = factories.make_order(cast.alice, cast.pro, state="processing")
    page = staff.get("/support/")
    assert page.text.count('"big bad"') == 1
    waiting = page.text.partition("</h1>")[2]
    assert noted.reference in waiting
    assert plain.reference not in waiting


@pytest.mark.parametrize(
    ("text", "found", "not_found"),
    [
        ("acm", "Acme", "Globex"),
        ("BILLING@globex.example", "Globex", "Acme"),
        ("bob@ACME.example", "Bob Tremblay", "Dave"),
        ("tremb", "Dave Tremb lay", "Globex ("),
        ("%", "Aucun résultat", "Tremblay"),
        ("a\0", "", "Bob Tremblay"),
    ],
)
def test_the_box_finds_whom_one_names_and_nobody_else(staff, cast, text, found, not_found):
    (license,) = factories.make_licenses(1, cast.alice, cast.pro)
    order = factories.make_order(cast.alice, cast.pro)
    page = staff.get("/support/search/", query_string={"q": text})
    if page.status_code == 400:
        return
    results = words(page.text.partition("data-hits")[2].partition(">Listes<")[0])
    # Those of a customer that was found are found with it.
    assert (order.reference in results) == (text == "acm")
    assert license.key not in results
    assert found in results
    assert not_found not in results


def test_the_newest_event_of_stripe_comes_first(staff, cast):
    now = utcnow()
    for minutes in (3, 1, 2):
        at = now - dt.timedelta(minutes=minutes)
        db.session.add(
            StripeEvent(
                id=str(minutes),
                type=f"t{minutes}.x",
                object_id="o",
                livemode=False,
                created_at=at,
                received_at=at,
            )
        )
    db.session.commit()
    page = staff.get("/support/stripe-events/").text
    assert page.index("t1.x") < page.index("t2.x") < page.index("t3.x")
    assert "t1.x" in staff.get("/support/stripe-events/?handled=no").text
    db.session.execute(sa.update(StripeEvent).values(handled_at=now))
    db.session.commit()
    assert "t1.x" not in staff.get("/support/stripe-events/?handled=no").text


def test_the_list_of_conditions_shows_how_each_begins(staff, cast):

    vendor.publish_conditions("a" * 80 + "bcd", "x", by=Actor.of(cast.sam))
    page = staff.get("/support/conditions/").text
    assert "a" * 80 in page
    assert "a" * 80 + "b" not in page
