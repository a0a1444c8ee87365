"""The lists of the journal: by whom, what, about what and when; what changed; what can be taken back; one's own acts."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from access import Actor
from admin_views.journal.changes import marked
from admin_views.journal.listed import KINDS, verbs_about
from admin_views.journal.words import TOLD_TO_CUSTOMERS
from models import JournalEntry, License, db
from services import licenses
from services.foundation import journal
from services.people import accounts
from tests.admin_views.portal.pages import words
from tests.client import make_client, sign_in
from tests.factories import make_licenses

DAY = dt.timedelta(days=1)


@pytest.fixture
def week(cast, time_machine):
    """A licence that Alice gives and takes back, by turns, at noon in Toronto on each of seven days; the last of them."""
    start = dt.datetime(2026, 10, 12, 16, tzinfo=dt.UTC)
    time_machine.move_to(start, tick=False)
    (license,) = make_licenses(1, cast.alice, cast.pro)
    for number in range(7):
        time_machine.move_to(start + number * DAY, tick=False)
        if number % 2:
            licenses.release_all(cast.acme.id, {license.id: cast.bob.id}, Actor.of(cast.alice))
        else:
            licenses.assign_license(db.session.get_one(License, license.id), cast.bob, Actor.of(cast.alice))
    db.session.rollback()
    return start + 6 * DAY


def body(client, address):
    page = client.get(address)
    assert page.status_code == 200, address
    return page.text.partition("<tbody>")[2].partition("</tbody>")[0]


def moments(client, query, path="/portal/journal/"):
    return re.findall(r"<time>(2026-\d\d-\d\d)</time>", body(client, f"{path}?{query}"))


DAYS = {
    "since=2026-10-14&until=2026-10-15": ["2026-10-15", "2026-10-14"],
    "since=2026-10-18": ["2026-10-18"],
    "until=2026-10-12": ["2026-10-12"],
    "since=2027-01-01": [],
    "until=1999-12-31": [],
}
# One's own acts are narrowed by days alone.
NARROWED = {
    "since=2026-10-13&until=2026-10-16&verb=license_released": ["2026-10-15", "2026-10-13"],
    "kind=order&since=2026-10-01": [],
}
ASKED = [
    *((path, query) for path in ("/portal/journal/", "/support/journal/") for query in DAYS | NARROWED),
    *(("/portal/activity/", query) for query in DAYS),
]


@pytest.mark.parametrize(("path", "query"), ASKED)
def test_days_are_included_at_both_ends(app, cast, week, path, query):
    who = cast.sam if path.startswith("/support") else cast.alice
    assert moments(sign_in(make_client(app), who), query, path) == (DAYS | NARROWED)[query]


def test_a_day_is_the_readers(app, cast, week, time_machine):
    # At noon in Toronto it is four in the morning of the next day in Tokyo... on the other side of a date line.
    cast.alice.time_zone = "Pacific/Auckland"
    db.session.commit()
    alice = sign_in(make_client(app), cast.alice)
    assert moments(alice, "since=2026-10-19") == ["2026-10-19"]
    assert moments(alice, "until=2026-10-12") == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("since=yesterday", "Entrez une date"),
        ("until=2026-02-30", "Ce jour n’existe pas"),
        ("since=0001-01-01", "Entrez une date"),
        ("until=٢٠٢٦-01-01", "Entrez une date"),
        ("since=2026-10-15&until=2026-10-14", "Ce jour précède le premier"),
        ("person-text=Nobody+of+that+name", "Aucun résultat"),
    ],
)
@pytest.mark.parametrize("path", ["/portal/journal/", "/support/journal/"])
def test_what_is_no_day_and_no_person_gets_a_sentence_and_no_row(app, cast, week, query, sentence, path):
    client = sign_in(make_client(app), cast.sam if "support" in path else cast.alice)
    page = client.get(f"{path}?{query}")
    assert page.status_code == 200
    assert sentence in words(page) or "Rien n’a été trouvé" in words(page)
    assert "<tbody>" not in page.text


def test_the_place_of_a_day_is_found_without_reading_the_journal(app, cast, week):
    instants = db.session.scalars(sa.select(JournalEntry.at).order_by(JournalEntry.id)).all()
    for instant in {*instants, instants[0] - DAY, instants[-1] + DAY}:
        for condition, holds in (
            (journal.not_before(instant), lambda at, edge=instant: at >= edge),
            (journal.before(instant), lambda at, edge=instant: at < edge),
        ):
            found = db.session.scalars(sa.select(JournalEntry.at).where(condition).order_by(JournalEntry.id))
            assert found.all() == [at for at in instants if holds(at)]


def test_entries_are_found_by_person_and_by_what_they_are_about(app, cast, week):
    alice = sign_in(make_client(app), cast.alice)
    accounts.invite(cast.dave, Actor.of(cast.alice))
    about = f"person={cast.dave.id}"
    assert "Dave Tremblay" in body(alice, f"/portal/journal/?{about}")
    assert "Bob Tremblay" not in body(alice, f"/portal/journal/?{about}")
    assert "licence" not in words(body(alice, "/portal/journal/?kind=user"))
    assert "Dave" not in body(alice, "/portal/journal/?kind=license")
    answer = alice.get(f"/portal/journal/?person-text={cast.dave.email}")
    assert answer.location == f"/portal/journal/?person={cast.dave.id}"


def test_every_verb_that_customers_are_told_of_is_about_one_kind():
    found = [verb for kind in KINDS for verb in verbs_about(kind)]
    assert sorted(found) == sorted(TOLD_TO_CUSTOMERS)


def test_an_act_is_taken_back_from_the_journal_itself(app, cast):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    licenses.assign_license(license, cast.bob, Actor.of(cast.alice))
    license_id = license.id
    client = sign_in(make_client(app), cast.alice)
    page = client.get("/portal/journal/")
    assert "Revenir à l’état précédent (encore 10 min)" in words(page)
    # Once on a wide screen, once on a phone.
    (operation,) = set(re.findall(r'form="undo" name="operation" value="(\w+)"', page.text))
    assert '<span class="said">Vous avez assigné la licence <a href=' in page.text
    answer = client.post("/portal/undo/", data={"operation": operation, "url": "/portal/journal/"})
    assert answer.location == "/portal/journal/"
    db.session.rollback()
    assert db.session.get_one(License, license_id).user_id is None
    assert "Revenir à l’état précédent" not in words(client.get("/portal/journal/"))


def test_what_is_older_than_ten_minutes_offers_nothing(app, cast, week, time_machine):
    time_machine.move_to(week + dt.timedelta(minutes=10, seconds=1), tick=False)
    client = sign_in(make_client(app), cast.alice)
    assert "Revenir à l’état précédent" not in words(client.get("/portal/journal/"))


def test_everybody_reads_their_own_acts_and_nobody_elses(app, cast):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    licenses.assign_license(license, cast.bob, Actor.of(cast.alice))
    accounts.invite(cast.dave, Actor.of(cast.alice))
    told = {}
    for name in ("bob", "dave", "alice", "carol"):
        client = sign_in(make_client(app), getattr(cast, name))
        told[name] = words(body(client, "/portal/activity/"))
        # What was kept for one is not shown to another of the same company.
        assert words(body(client, "/portal/activity/")) == told[name]
    assert "Alice Tremblay a assigné la licence" in told["bob"]
    assert "Dave" not in told["bob"]
    assert "Bob" not in told["dave"]
    assert "Vous avez assigné la licence" in told["alice"]
    assert "Vous avez invité Dave Tremblay" in told["alice"]
    assert "Tremblay" not in told["carol"]


def test_own_acts_lead_a_member_nowhere_they_may_not_go(app, cast):
    (license,) = make_licenses(1, cast.alice, cast.pro)
    licenses.assign_license(license, cast.bob, Actor.of(cast.alice))
    bob = sign_in(make_client(app), cast.bob)
    assert "<a " not in body(bob, "/portal/activity/")
    assert 'href="/portal/activity/"' in bob.get("/profile").text
    staff = sign_in(make_client(app), cast.sam).get("/profile").text
    assert f"/support/journal/?actor={cast.sam.id}" in staff


def test_a_long_text_shows_which_of_its_words_changed():
    before = "Envoyer des courriels chiffrés avec leurs pièces jointes"
    found = marked(before, before.replace("leurs", "toutes leurs"))
    assert "<ins>" in found
    assert "<del>" not in found
    assert words(str(found)) == "Envoyer des courriels chiffrés avec added: toutes leurs pièces jointes"
    # What is short, or all another, is said whole.
    assert "<del>Pro</del>" in marked("Pro", "Expert")
    assert f"<del>{before}</del>" in marked(before, "Un tout autre texte de quelques mots sans rapport")
    assert "<script>" not in marked("<script> a b c d", "<script> a b c d e")
    assert "<script>" not in marked("<script>", "x")


def test_the_journal_of_support_has_the_same_filters(app, cast, week):
    sam = sign_in(make_client(app), cast.sam)
    page = sam.get("/support/journal/")
    for name in ("verb", "kind", "person", "since", "until", "company", "actor"):
        assert f'data-chip="{name}"' in page.text
    assert len(moments(sam, f"person={cast.bob.id}&since=2026-10-17", "/support/journal/")) == 2
