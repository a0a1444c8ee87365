"""The words of states and codes: a new one without words, and an old one that is no longer a member."""

from __future__ import annotations

import enum
import inspect
import re

import pytest
from flask_babel import force_locale

import config
import models
from admin_views import labels
from admin_views.batches import words
from models import JournalEntry, MailKind, OutgoingMail, StripeEvent, db, utcnow
from services.foundation import errors
from tests import factories
from tests.client import sign_in

KINDS = sorted(
    {
        kind
        for module in (models, errors)
        for _name, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, enum.StrEnum)
    }
    # What is stored and never shown: people read a licence's state, open a link's page, and are told who answered a request.
    # `admin_views/batches/words.py` says what a batch is and how far; an option of it has a sentence of its own.
    - {models.LicenseStatus, models.LinkPurpose, models.RequestState}
    - {models.BatchKind, models.BatchState, models.RowOutcome, models.Post},
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_reads_a_bare_code_because_a_new_one_has_no_words(kind):
    assert set(labels.WORDS.get(kind) or labels.LABELS[kind]) == set(kind)


def test_each_act_state_and_outcome_of_a_batch_has_its_words():
    assert set(words.TITLES) == set(models.BatchKind)
    assert set(words.STATES) == set(models.BatchState)
    for kind in models.BatchKind:
        assert set(words.tabs(kind, done=False)) == set(models.RowOutcome)
        for say in (words.chosen, words.act, words.came):
            assert "2" in say(kind, 2).replace("%(num)s", "2")


@pytest.mark.one_database
@pytest.mark.parametrize("kind", sorted(labels.WORDS, key=lambda kind: kind.__name__))
def test_every_code_is_said_in_french(kind, app):
    with app.app_context(), force_locale("fr_CA"):
        french = {member: labels.word(kind, member) for member in kind}
    with app.app_context(), force_locale("en_CA"):
        english = {member: labels.word(kind, member) for member in kind}
    assert all(french.values())
    # A few words are the same in both languages; a catalogue that was not filled in would make nearly all so.
    assert sum(french[member] == english[member] for member in kind) <= len(kind) // 4


def test_a_code_of_an_older_version_shows_itself_on_every_page_of_the_back_office(client, cast):
    factories.make_order(cast.alice, cast.pro)
    mail = OutgoingMail(
        user_id=cast.bob.id,
        company_id=cast.acme.id,
        template="old_mail",
        language="fr",
        dedupe_key="old",
        message_id="<old@trousseau.example>",
        last_error="old_trouble 550",
    )
    entry = JournalEntry(
        operation="0" * 32,
        verb="old_verb",
        subject_type="old_subject",
        subject_id=1,
        company_id=cast.acme.id,
        related={"old_kind": 1},
        after={"note": "old_note", "state": "old_state", "role": "old_role"},
    )
    now = utcnow()
    event = StripeEvent(
        id="evt_1",
        type="t",
        object_id="cs_1",
        livemode=False,
        created_at=now,
        handled_at=now,
        outcome="old_outcome",
    )
    db.session.add_all([mail, entry, event])
    db.session.commit()
    shown = {
        "/support/mail/": "old_mail",
        f"/support/mail/details/?id={mail.id}": "old_trouble (550)",
        "/support/mail/export/csv/": "old_mail",
        "/support/journal/": "old_verb",
        f"/support/journal/details/?id={entry.id}": "old_subject",
        "/support/journal/export/csv/": "old_subject",
        "/support/stripe-events/": "old_outcome",
        "/support/stripe-events/export/csv/": "old_outcome",
        f"/support/customers/details/?id={cast.acme.id}": "old_verb",
    }
    browser = sign_in(client, cast.sam)
    for address, code in shown.items():
        page = browser.get(address, buffered=True)
        assert (page.status_code, code in page.text) == (200, True), address


def test_every_kind_of_mail_has_its_folder():
    folders = {path.name for path in (config.ROOT / "templates" / "mail").iterdir() if path.is_dir()}
    assert folders == {str(kind) for kind in MailKind}


def test_no_verb_writes_a_code_as_bare_text():
    """Codes are said once, in their enums: a verb's call names a member."""
    calls = re.compile(
        r"\b(?:record|move|open_issue|settle|queue|Refused)\(\s*(?:turn,\s*)?(?:order,\s*)?\"[a-z_]+\""
    )
    found = [
        str(path)
        for room in ("services", "admin_views", "web")
        for path in (config.ROOT / room).rglob("*.py")
        if calls.search(path.read_text())
    ]
    assert found == []
    assert StripeEvent.__table__.c.outcome.type.length >= max(map(len, models.Outcome))


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("last_error", "said"),
    [
        (None, ""),
        ("recipient_refused 550 5.1.1", "Le serveur de courriel refuse le destinataire. (550 5.1.1)"),
        ("person_inactive", "La personne a été désactivée."),
    ],
)
def test_staff_read_why_a_mail_was_not_sent(last_error, said, app):
    with app.app_context(), force_locale("fr_CA"):
        assert labels.mail_trouble(last_error) == said


@pytest.mark.one_database
def test_yes_is_said_of_what_is_true(app):
    with app.test_request_context(), force_locale("en_CA"):
        assert (labels.yes_no(True), labels.yes_no(False)) == ("Yes", "No")
