"""What staff take away as a file: what the list holds, in their language, without what could run or be personal."""

from __future__ import annotations

import csv
import datetime as dt
import io
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from access import Actor
from models import (
    JournalEntry,
    JournalSubject,
    Language,
    MailState,
    OutgoingMail,
    Price,
    TaxRate,
    User,
    db,
)
from services import licenses
from tests import factories
from tests.admin_views.portal.pages import words
from tests.client import make_client, sign_in

FORMULA = "=HYPERLINK(1)"


@pytest.fixture
def staff(client, cast):
    return sign_in(client, cast.sam)


def export(staff, slug: str, query: str = "") -> list[dict[str, str]]:
    """The rows of a file by the headings of its columns."""
    answer = staff.get(f"/support/{slug}/export/csv/?{query}", buffered=True)
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    text = answer.text.removeprefix("\ufeff")
    # French spreadsheets part cells by semicolons.
    return list(csv.DictReader(io.StringIO(text), delimiter=text[text.index('"', 1) + 1]))


def local(at: dt.datetime) -> str:
    """An instant where Sam reads it."""
    return f"{at.astimezone(ZoneInfo('America/Toronto')):%Y-%m-%d %H:%M}"


def speak_english(cast) -> None:
    db.session.execute(sa.update(User).where(User.id == cast.sam.id).values(language=Language.EN))
    db.session.commit()


@pytest.fixture
def assigned(cast):
    """A licence that Alice gave to Bob, and one that support gave to Dave for Acme."""
    mine, theirs = factories.make_licenses(2, cast.alice, cast.pro)
    licenses.assign_license(theirs, cast.dave, Actor.of(cast.sam, "192.0.2.9"))
    return licenses.assign_license(mine, cast.bob, Actor.of(cast.alice, "192.0.2.7"))


def test_the_journal_says_in_a_file_who_did_what_and_for_whom(staff, cast, assigned):
    own, for_acme, *_before = export(staff, "journal", "verb=license_assigned")
    entry = db.session.scalar(
        sa.select(JournalEntry).where(
            JournalEntry.subject_id == assigned.id, JournalEntry.verb == "license_assigned"
        )
    )
    assert own == {
        "Quand": local(entry.at),
        "Ce qui s’est passé": f"Alice Tremblay a assigné la licence Pro\u00a0…{assigned.key[-5:]} à Bob Tremblay",
        "Qui": "Tremblay, Alice",
        "Qui (courriel)": "alice@acme.example",
        "Client": "Acme",
        "Action": "Licence assignée",
        "Objet": "Licence",
        "Numéro": str(assigned.id),
        "Titulaire": "Bob Tremblay",
        "Au nom de": "",
        "Opération": entry.operation,
    }
    assert (for_acme["Qui (courriel)"], for_acme["Au nom de"]) == (cast.sam.email, "Acme")
    assert export(staff, "journal", f"company={cast.globex.id}") == []
    speak_english(cast)
    english = export(staff, "journal", f"license={assigned.id}&actor={cast.alice.id}")
    assert [(row["What"], row["About"]) for row in english] == [("License assigned", "License")]


def test_what_the_system_did_is_in_the_file_too(staff, cast):
    entry = JournalEntry(operation="0" * 32, verb="order_paid", subject_type="order", subject_id=7)
    entry.subjects = [JournalSubject(kind="order", row_id=7)]
    db.session.add(entry)
    db.session.commit()
    (row,) = export(staff, "journal", "order=7")
    assert (row["Qui"], row["Client"]) == ("Le système", "")


def test_licenses_are_exported_with_their_state_as_lists_show_it(staff, cast, assigned):
    (free,) = factories.make_licenses(1, cast.alice, cast.eco)
    states = {row["Clé"]: row["État"] for row in export(staff, "licenses")}
    assert (states[assigned.key], states[free.key]) == ("Assignée", "Disponible")


def test_outgoing_mail_is_exported_with_its_state_and_its_trouble(staff, cast, assigned):
    mail = db.session.scalar(sa.select(OutgoingMail).where(OutgoingMail.user_id == cast.bob.id))
    mail.state, mail.attempts, mail.last_error = MailState.FAILED, 3, "recipient_refused 550 5.1.1"
    created = local(mail.created_at)
    db.session.commit()
    (row,) = export(staff, "mail", f"person={cast.bob.id}")
    assert row == {
        "Mis en file le": created,
        "Courriel": "Licence assignée",
        "Destinataire": "bob@acme.example",
        "Client": "Acme",
        "État": "Non livré",
        "Tentatives": "3",
        "Envoyé le": "",
        "Raison du non-envoi": "Le serveur de courriel refuse le destinataire. (550 5.1.1)",
    }
    assert "refuse le destinataire. (550 5.1.1)" in staff.get(f"/support/mail/details/?id={mail.id}").text
    assert len(export(staff, "mail")) == 2
    assert export(staff, "mail", f"company={cast.globex.id}") == []
    speak_english(cast)
    (english,) = export(staff, "mail", "state=failed")
    assert (english["Mail"], english["State"]) == ("License assigned", "Not delivered")


def test_a_mail_to_a_bare_address_is_exported_with_it(staff, cast):
    db.session.add(
        OutgoingMail(
            address=cast.vendor.support_email,
            template="staff_alert",
            language=Language.FR,
            dedupe_key="alert:1",
            message_id="<alert-1@boreal.example>",
        )
    )
    db.session.commit()
    (row,) = export(staff, "mail", "template=staff_alert")
    assert row["Destinataire"] == "support@trousseau.example"


def test_plans_are_exported_with_the_price_of_today(staff, cast):
    tomorrow = cast.vendor.today + dt.timedelta(days=1)
    factories.make_price(cast.eco, 6_000, cast.vendor.today)
    factories.make_price(cast.eco, 7_000, tomorrow)
    factories.make_plan("unpriced", None, on_sale=False)
    # Another currency's price, newer: the file has the amounts that the list shows.
    db.session.add(Price(plan_id=cast.eco.id, currency="USD", amount=4_444, starts_on=cast.vendor.today))
    db.session.add(
        Price(plan_id=cast.pro.id, currency="USD", amount=3_333, starts_on=tomorrow - dt.timedelta(days=2))
    )
    db.session.commit()
    rows = {row["Code"]: row for row in export(staff, "plans")}
    assert rows["eco"]["Prix aujourd’hui"] == "60,00"
    assert rows["pro"]["Prix aujourd’hui"] == "180,00"
    assert rows["unpriced"]["Prix aujourd’hui"] == ""
    listed = words(staff.get("/support/plans/"))
    assert "60,00 $" in listed
    assert "44,44" not in listed
    assert (rows["eco"]["En vente"], rows["unpriced"]["En vente"]) == ("Oui", "Non")
    assert [row["Code"] for row in export(staff, "plans", "on_sale=no")] == ["unpriced"]


def test_the_price_of_today_in_a_file_is_another_one_tomorrow(app, cast, time_machine):
    today = cast.vendor.today
    factories.make_price(cast.eco, 7_000, today + dt.timedelta(days=1))
    prices = []
    for day in (today, today + dt.timedelta(days=1)):
        time_machine.move_to(dt.datetime.combine(day, dt.time(17), dt.UTC))
        rows = export(sign_in(make_client(app), cast.sam), "plans")
        prices += [row["Prix aujourd’hui"] for row in rows if row["Code"] == "eco"]
    assert prices == ["50,00", "70,00"]


def test_tax_rates_are_exported_in_percent(staff, cast):
    rows = export(staff, "tax-rates", "province=CA-QC")
    assert {(row["Lieu"], row["Nom en français"], row["Taux"], row["Du"]) for row in rows} == {
        ("CA-QC", "TPS", "5\u00a0%", "2020-01-01"),
        ("CA-QC", "TVQ", "9,975\u00a0%", "2020-01-01"),
    }
    assert {row["Perçue sous"] for row in rows} == {"Numéro de TPS/TVH", "Numéro de TVQ"}
    speak_english(cast)
    assert {row["Collected under"] for row in export(staff, "tax-rates")} == {
        "GST/HST number",
        "QST number",
    }


def test_no_export_of_the_back_office_can_run_in_a_spreadsheet(staff, cast, assigned):
    cast.acme.name = cast.eco.name_en = FORMULA
    cast.bob.email = "+bob@acme.example"
    db.session.execute(sa.update(OutgoingMail).values(last_error="@SUM(1)"))
    db.session.execute(sa.update(TaxRate).where(TaxRate.place == "CA-ON").values(name_en=FORMULA))
    db.session.commit()
    for slug, cell in [
        ("journal", FORMULA),
        ("mail", "+bob@acme.example"),
        ("mail", "@SUM(1)"),
        ("plans", FORMULA),
        ("tax-rates", FORMULA),
    ]:
        cells = [value for row in export(staff, slug) for value in row.values()]
        assert f"'{cell}" in cells, slug
        assert cell not in cells, slug
