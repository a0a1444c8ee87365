"""The journal, the outbox and Stripe's events: read by staff, changed by nobody."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from flask_babel import force_locale

from access import Actor
from admin_views.journal.changes import differences
from models import JournalEntry, MailState, OutgoingMail, db, utcnow
from services import licenses
from services.people import accounts
from tests import factories
from tests.admin_views.portal.pages import words
from tests.client import sign_in


@pytest.fixture
def staff(client, cast):
    return sign_in(client, cast.sam)


@pytest.fixture
def assigned(cast):
    """A licence that Alice gave to Bob."""
    (license,) = factories.make_licenses(1, cast.alice, cast.pro)
    return licenses.assign_license(license, cast.bob, Actor.of(cast.alice, "192.0.2.7"))


def entry_id(verb: str) -> int:
    return db.session.scalar(sa.select(JournalEntry.id).where(JournalEntry.verb == verb))


def test_the_journal_says_who_did_what_and_is_narrowed_by_every_filter(staff, cast, assigned):
    page = words(staff.get("/support/journal/"))
    end = assigned.key.rpartition("-")[2]
    assert f"Alice Tremblay a assigné la licence Pro …{end} à Bob Tremblay" in page
    for query in (
        "verb=license_assigned",
        "kind=license",
        f"license={assigned.id}",
        f"person={cast.bob.id}",
        f"person={cast.alice.id}&license={assigned.id}&kind=license",
        f"company={cast.acme.id}",
        f"actor={cast.alice.id}",
    ):
        assert 'href="details/?id=' in staff.get(f"/support/journal/?{query}").text, query
    for query in ("verb=order_placed", f"company={cast.globex.id}", f"actor={cast.bob.id}", "license=999"):
        assert 'href="details/?id=' not in staff.get(f"/support/journal/?{query}").text, query


def test_an_entry_says_what_changed_in_words(staff, cast, assigned):
    page = staff.get(f"/support/journal/details/?id={entry_id('license_assigned')}").text
    changed = page.partition('id="changes"')[2]
    assert "Bob Tremblay" in changed.partition("</section>")[0]
    concerned = page.partition('id="concerned"')[2].partition("</section>")[0]
    for site, row in (
        ("licenses", assigned),
        ("people", cast.bob),
        ("people", cast.alice),
        ("plans", cast.pro),
    ):
        assert f"/support/{site}/details/?id={row.id}" in concerned, site


@pytest.mark.one_database
def test_an_entry_is_shown_with_the_others_of_its_act_and_no_more(staff, cast):
    first, second = factories.make_licenses(2, cast.alice, cast.pro)
    licenses.assign_license(first, cast.dave, Actor.of(cast.alice))
    older = entry_id("license_assigned")
    first.valid_until = first.usable_until = utcnow() - dt.timedelta(seconds=1)
    first.valid_from = first.valid_until - dt.timedelta(days=1)
    db.session.commit()
    # One act: the expired licence goes back, the other is given.
    licenses.assign_license(second, cast.dave, Actor.of(cast.alice))
    taken = entry_id("license_released")
    given = db.session.scalar(sa.select(sa.func.max(JournalEntry.id)).filter_by(verb="license_assigned"))
    page = staff.get(f"/support/journal/details/?id={given}").text.partition('id="operation"')[2]
    section = page.partition("</section>")[0]
    assert {int(found) for found in re.findall(r"details/\?id=(\d+)", section)} == {taken} != {older}


def test_codes_and_cents_are_never_what_staff_read(app):
    with app.test_request_context(), force_locale("fr_CA"):
        assert differences({"state": "pending", "total": 57_488}, {"state": "paid", "on_sale": False}) == [
            ("En vente", None, "Non"),
            ("État", "En attente de paiement", "Payée"),
            ("Total", "574,88\u00a0$", None),
        ]


def test_an_entry_shows_personal_values_apart(staff, cast):
    values = {
        name: getattr(cast.bob, name)
        for name in ("email", "first_name", "last_name", "role", "language", "time_zone", "active")
    }
    accounts.update_person(
        cast.bob, values | {"last_name": "Roy", "language": "en"}, by=Actor.of(cast.sam, "192.0.2.9")
    )
    page = staff.get(f"/support/journal/details/?id={entry_id('person_changed')}").text
    plain, _, personal = page.partition('id="personal"')
    assert "Roy" in personal
    assert "192.0.2.9" in personal
    changed = plain.partition('id="changes"')[2].partition("</section>")[0]
    assert "Roy" not in changed
    assert all(word in changed for word in ("Langue", "Français", "Anglais"))
    assert "Acme" in plain  # on behalf of whom


def test_a_mail_is_shown_as_its_reader_sees_it_in_a_page_that_runs_nothing(staff, cast, assigned):
    mail_id = db.session.scalar(sa.select(OutgoingMail.id))
    page = staff.get(f"/support/mail/details/?id={mail_id}")
    frame = re.search(r"<iframe[^>]*>", page.text)[0]
    assert 'sandbox=""' in frame
    preview = staff.get(f"/support/mail/preview/?id={mail_id}")
    policy = preview.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert policy.endswith("sandbox")
    assert "Bob" in preview.text
    # No link that works: a preview opens nobody's account.
    tokens = re.findall(r"/l/([^\"'<\s]+)", preview.text)
    assert tokens
    assert all(len(token) < 12 for token in tokens)


def test_a_failed_mail_is_sent_again_once(staff, cast, assigned):
    mail_id = db.session.scalar(sa.select(OutgoingMail.id))
    answer = staff.post("/support/mail/resend/", data={"id": mail_id}, follow_redirects=True)
    assert "Seul un courriel envoyé ou en échec" in answer.text
    row = db.session.get(OutgoingMail, mail_id)
    row.state, row.last_error = MailState.FAILED, "recipient_refused 550 5.1.1"
    db.session.commit()
    reason = "Le serveur de courriel refuse le destinataire. (550 5.1.1)"
    assert reason in staff.get(f"/support/mail/details/?id={mail_id}").text
    assert f'value="{mail_id}"' in staff.get(f"/support/mail/details/?id={mail_id}").text
    assert staff.post("/support/mail/resend/", data={"id": mail_id}).status_code == 302
    assert db.session.get(OutgoingMail, mail_id).state == MailState.QUEUED
    assert entry_id("mail_resent")


def test_a_mail_that_cannot_be_shown_says_so(staff, cast, assigned):
    row = db.session.scalar(sa.select(OutgoingMail))
    row.context = {"license": 999, "assignment": 999}
    mail_id = row.id
    db.session.commit()
    assert staff.get(f"/support/mail/details/?id={mail_id}").status_code == 200
    assert staff.get(f"/support/mail/preview/?id={mail_id}").status_code == 302


def test_mail_is_found_by_state_kind_customer_and_person(staff, cast, assigned):
    for query in (
        "state=queued",
        "template=license_assigned",
        f"company={cast.acme.id}",
        f"person={cast.bob.id}",
        "q=bob@acme.example",
    ):
        assert "bob@acme.example" in table(staff.get(f"/support/mail/?{query}").text), query
    for query in ("state=failed", "template=receipt", f"company={cast.globex.id}", f"person={cast.dave.id}"):
        assert "bob@acme.example" not in table(staff.get(f"/support/mail/?{query}").text), query


def table(page: str) -> str:
    return page.partition("<tbody>")[2].partition("</tbody>")[0]


def test_what_a_screen_reader_says_of_a_row_is_no_address_of_the_machines_memory(staff, cast, assigned):
    for url in ("/support/journal/", "/support/mail/", "/support/conditions/", "/support/customers/"):
        page = staff.get(url).text
        assert 'href="details/?' in page, url
        assert " object at 0x" not in page, url
