"""What people read in their mail: every mail, in both languages."""

from __future__ import annotations

import datetime as dt
import html as html_module
import re

import pytest
from flask_babel import force_locale, ngettext

import config
from access import SYSTEM, Actor
from models import (
    Assignment,
    IssueKind,
    JoinRequest,
    Language,
    LicenseRequest,
    Link,
    MailKind,
    OrderState,
    OutgoingMail,
    db,
    utcnow,
)
from services.catalogue import colors
from services.foundation.errors import Refused
from services.foundation.transaction import transaction
from services.links import tokens
from services.mail import letters
from services.mail.contents import CONTEXTS
from services.mail.rendering import render_preview
from tests.factories import make_firm_link, make_issue, make_licenses, make_order
from tests.french import never_said
from tests.isolation import mixed, mixed_blocks, mixed_lines

TEMPLATES = config.ROOT / "templates" / "mail"
NAMES = sorted(folder.name for folder in TEMPLATES.iterdir() if folder.is_dir())
LANGUAGES = [language.value for language in Language]


def queue(name, cast, language, *, quantity=2, by=None):
    """A mail of this name to a reader of this language, queued as the verb would."""
    buyer, reader = (cast.alice, cast.bob) if language == "fr" else (cast.erin, cast.dave)
    actor = by or Actor.of(buyer)
    with_license = make_licenses(quantity, buyer, cast.pro, holder=reader)[0]
    assignment = db.session.scalars(db.select(Assignment).filter_by(user_id=reader.id)).one()
    order = with_license.order_line.order
    failed = make_order(buyer, cast.pro, quantity, state=OrderState.FAILED)
    issue = make_issue(order, "wrong_amount")
    with transaction() as turn:
        if name == "license_released":
            assignment.ended_at = utcnow()
        queued = {
            "receipt": lambda: letters.receipt(turn, order),
            "payment_failed": lambda: letters.payment_failed(turn, failed),
            "license_assigned": lambda: letters.license_assigned(
                turn, [letters.Given(with_license, assignment.user, assignment.id)], actor
            ),
            "license_released": lambda: _released(turn, with_license, assignment, reader, actor),
            "sign_in_link": lambda: letters.sign_in_link(turn, reader),
            "password_link": lambda: letters.password_link(turn, reader),
            "join_link": lambda: letters.join_link(turn, _asked(buyer, language)),
            "invitation": lambda: letters.invitation(turn, reader, actor),
            "address_asked": lambda: letters.address_asked(turn, _to_move(reader, turn), actor),
            "address_confirmation": lambda: letters.address_confirmation(
                turn, _to_move(reader, turn), "new@acme.example", actor
            ),
            "address_moved": lambda: letters.address_moved(turn, reader, "before@acme.example"),
            "address_changed": lambda: letters.address_changed(turn, reader, "before@acme.example", actor),
            "password_changed": lambda: letters.password_changed(turn, reader),
            "license_requested": lambda: _requested(turn, reader),
            "request_declined": lambda: _declined(turn, reader, actor),
            "new_administrator": lambda: _new_administrator(turn, reader, actor),
            "staff_alert": lambda: letters.staff_alert(turn, issue),
        }[name]()
    return db.session.get_one(OutgoingMail, queued or newest())


def newest():
    """The last mail that was queued: of several about money the one to a person comes after the one to the company."""
    return db.session.scalar(db.select(db.func.max(OutgoingMail.id)))


def _to_move(person, turn):
    """A person who is to have another address."""
    person.new_email, person.new_email_at = "new@acme.example", turn.now
    return person


def _asked(maker, language):
    request = JoinRequest(
        firm_link_id=make_firm_link(maker).id,
        email="nadia@acme.example",
        first_name="Nadia",
        last_name="Roy",
        language=language,
        expires_at=utcnow() + dt.timedelta(days=1),
        **tokens.sow(),
    )
    db.session.add(request)
    db.session.flush()
    return request


def _released(turn, license, assignment, holder, by):
    letters.license_released(turn, [(license, assignment, holder)], by)


def _requested(turn, reader):
    """The mail to the administrator who reads the person's language."""
    letters.license_requested(turn, asked_by(reader))
    return db.session.scalar(
        db.select(OutgoingMail.id).where(
            OutgoingMail.template == "license_requested", OutgoingMail.language == reader.language
        )
    )


def _declined(turn, reader, by):
    asked = asked_by(reader)
    asked.answer = "En janvier.\nAvec le budget."
    return letters.request_declined(turn, asked, by)


def asked_by(reader):
    asked = LicenseRequest(company_id=reader.company_id, user_id=reader.id, word="Je dois signer.\nMerci!")
    db.session.add(asked)
    db.session.flush()
    return asked


def _new_administrator(turn, person, by):
    """The mail to the other administrator who reads the person's language."""
    person.role = "admin"
    letters.new_administrator(turn, person, by)
    return db.session.scalar(
        db.select(OutgoingMail.id).where(
            OutgoingMail.template == "new_administrator", OutgoingMail.language == person.language
        )
    )


@pytest.fixture
def boreal(cast):
    """A cast whose vendor has no address under our own example domain."""
    cast.vendor.support_email = "aide@boreal.example"
    db.session.commit()
    return cast


def words(html):
    """What is read of an HTML body: no tags, no styles."""
    body = re.sub(r"<(style|title)\b.*?</\1>", "", html, flags=re.DOTALL)
    return html_module.unescape(re.sub(r"<[^>]+>", " ", body))


def test_every_mail_has_a_function_its_contents_and_three_files():
    assert set(NAMES) == set(CONTEXTS) == set(MailKind)
    for name in NAMES:
        assert callable(getattr(letters, name))
        assert {file.name for file in (TEMPLATES / name).iterdir()} == {
            "subject.txt",
            "body.txt",
            "body.html",
        }


@pytest.mark.one_database
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_mail_is_complete_and_speaks_for_the_vendor(name, language, boreal):
    row = queue(name, boreal, language)
    subject, text, html = render_preview(row)
    assert subject
    assert "\n" not in subject
    assert len(subject) < 80
    # Neither the templates' own indents nor their empty lines.
    assert not re.search(r"^ |[ \t]$|\n\n\n", text, re.MULTILINE)
    for said in (subject + text, html, words(html)):
        for leftover in ("{{", "{%", "%(", "None", "Undefined", "Trousseau", "trousseau"):
            assert leftover not in said
    for body in (text, words(html)):
        assert boreal.vendor.name in body
        assert boreal.vendor.legal_name in body
    assert ("aide@boreal.example" in text) == (name != "staff_alert")
    assert f'lang="{row.language}"' in html
    assert html.count("<h1") == 1
    links = re.findall(r'href="([^"]+)"', html)
    assert all(re.match(r"https?://|mailto:", link) for link in links)
    # Whoever reads text alone can go wherever the others can.
    assert all(link in text or link.startswith("mailto:") for link in map(html_module.unescape, links))


@pytest.mark.one_database
@pytest.mark.parametrize("name", NAMES)
def test_french_is_set_as_a_printer_would(name, cast):
    subject, text, html = render_preview(queue(name, cast, "fr"))
    for said in (subject, text, words(html)):
        assert not re.search(r"\s[;!?]", said)
        assert not re.search(r"(?<!\u00a0)[%$»]", said)
        assert not re.search(r"«(?!\u00a0)", said)
        assert not re.search(r"(?<!\u00a0):(?=\s|$)", said)
        assert not re.search(r"\w'\w", said)
        assert never_said(re.sub(r"\S+@\S+|https?://\S+", "", said)) == []


@pytest.mark.one_database
@pytest.mark.parametrize("name", NAMES)
def test_english_is_not_left_in_french_nor_the_other_way(name, cast):
    french, english = (render_preview(queue(name, cast, language)) for language in ("fr", "en"))
    if name == "staff_alert":  # to an address without a language: always French
        assert "commande" in english.text
    else:
        assert "Hello" in english.text
        assert not re.search(r"\b(licence|votre|vous|commande)\b", english.text + words(english.html))
    assert not re.search(r"\b(license|your|you|order)\b", french.text + words(french.html))


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("language", "quantity", "words_read"),
    [
        ("fr", 1, "1\u00a0licence est prête à être assignée"),
        ("fr", 2, "2\u00a0licences sont prêtes à être assignées"),
        ("en", 1, "1\u00a0license is ready"),
        ("en", 2, "2\u00a0licenses are ready"),
    ],
)
def test_a_receipt_counts_as_people_do(language, quantity, words_read, cast):
    assert words_read in render_preview(queue("receipt", cast, language, quantity=quantity)).text


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("locale", "read"),
    [
        ("fr_CA", ["0\u00a0licence", "1\u00a0licence", "2\u00a0licences"]),
        ("en_CA", ["0\u00a0licenses", "1\u00a0license", "2\u00a0licenses"]),
    ],
)
def test_zero_is_singular_in_french_only(locale, read, scope):
    with force_locale(locale):
        assert [ngettext("%(num)s license", "%(num)s licenses", count) for count in range(3)] == read


@pytest.mark.one_database
def test_a_receipt_has_every_line_tax_and_the_total(cast):
    text = render_preview(queue("receipt", cast, "fr", quantity=2)).text.replace("\u00a0", " ")
    assert "Pro : 2 licences × 100,00 $, 1 an = 200,00 $" in text
    assert "Sous-total : 200,00 $" in text
    assert "TPS 5 % (123456789 RT0001) : 10,00 $" in text
    assert "TVQ 9,975 % (123456789 RT0001) : 19,95 $" in text
    assert "Total : 229,95 $" in text
    assert "/portal/users/" in text


@pytest.mark.one_database
def test_the_person_reads_who_gave_them_the_license_until_when_and_how_to_start(cast):
    subject, text, _html = render_preview(queue("license_assigned", cast, "fr"))
    assert subject == "Votre licence Pro est prête"
    assert "Alice Tremblay vous a assigné une licence du forfait Pro" in text
    assert "Valide jusqu’au" in text
    assert cast.vendor.install_url_fr in text
    assert "/l/" in text


@pytest.mark.one_database
@pytest.mark.parametrize("name", ["license_assigned", "license_released"])
def test_staff_are_named_as_the_support_team_and_the_system_not_at_all(name, cast):
    by_staff = render_preview(queue(name, cast, "fr", by=Actor.of(cast.sam))).text
    assert "L’équipe de soutien de Boréal" in by_staff
    assert "Sam" not in by_staff
    by_nobody = render_preview(queue(name, cast, "en", by=SYSTEM)).text
    assert "Assigned by" not in by_nobody


@pytest.mark.one_database
def test_people_who_serve_themselves_are_told_so(cast):
    assert (
        "Vous vous êtes assigné"
        in render_preview(queue("license_assigned", cast, "fr", by=Actor.of(cast.bob))).text
    )


@pytest.mark.one_database
def test_without_installation_instructions_the_mail_has_no_empty_step(cast):
    cast.vendor.install_url_en = ""
    db.session.commit()
    assert "Install" not in render_preview(queue("license_assigned", cast, "en")).text


@pytest.mark.one_database
@pytest.mark.parametrize("kind", [*IssueKind, "something new"])
def test_staff_read_what_each_alert_means(kind, cast):
    order = make_order(cast.alice, cast.pro)
    issue = make_issue(order, "paid_twice")
    with transaction() as turn:
        row = db.session.get_one(OutgoingMail, letters.staff_alert(turn, issue))
    row.context = row.context | {"note": kind}
    db.session.commit()
    text = render_preview(row).text
    assert ("Le paiement est à vérifier dans Stripe." in text) == (kind == "something new")
    assert kind in text
    assert f"/support/orders/details/?id={order.id}" in text
    assert row.company_id is None


@pytest.mark.one_database
@pytest.mark.parametrize(("name", "minutes"), [("sign_in_link", 30), ("password_link", 60)])
def test_a_one_time_link_says_how_long_it_works(name, minutes, cast):
    assert f"{minutes} minutes" in render_preview(queue(name, cast, "fr")).text.replace("\xa0", " ")


@pytest.mark.one_database
def test_names_cannot_write_html_into_a_mail(cast):
    cast.acme.name = "<b>Clou & fils</b>"
    cast.alice.first_name = "<img src=x>"
    db.session.commit()
    preview = render_preview(queue("license_assigned", cast, "fr"))
    assert "<b>Clou & fils</b>" in preview.text
    assert "<b>Clou" not in preview.html
    assert "<img" not in preview.html
    assert "&lt;b&gt;Clou &amp; fils&lt;/b&gt;" in preview.html


@pytest.mark.one_database
@pytest.mark.parametrize("name", ["sign_in_link", "password_link", "license_assigned"])
def test_a_preview_makes_no_link_that_works(name, cast):
    preview = render_preview(queue(name, cast, "fr"))
    assert "/l/…" in preview.text
    assert db.session.scalar(db.select(db.func.count()).select_from(Link)) == 0


@pytest.mark.one_database
def test_a_preview_of_a_mail_that_cannot_be_rendered_is_refused_in_words(cast):
    with transaction() as turn:
        mail = letters.queue(turn, "receipt", to=cast.bob, context={"order": 404}, dedupe_key="x")
    row = db.session.get_one(OutgoingMail, mail)
    with pytest.raises(Refused, match="cannot_render"):
        render_preview(row)


@pytest.mark.one_database
def test_the_look_is_written_into_the_tags_and_fetched_from_nowhere(cast):
    html = render_preview(queue("receipt", cast, "fr")).html
    assert re.search(r"<h1 style=\"[^\"]*font-size", html)
    assert "prefers-color-scheme: dark" in html
    assert not re.search(r"<(img|link|script)\b|url\(|@import", html)


@pytest.mark.parametrize(
    ("color", "ink"),
    [("#1f5fbf", "#ffffff"), ("#ffd400", "#000000"), ("#000000", "#ffffff"), ("#ffffff", "#000000")],
)
def test_the_button_can_be_read_in_any_colour_of_the_vendor(color, ink):
    assert colors.as_hex(colors.ink_on(colors.parse(color))) == ink


@pytest.mark.one_database
def test_a_colour_that_is_none_does_not_reach_the_mail(cast):
    cast.vendor.color = "red;}x{"
    db.session.commit()
    assert "red;" not in render_preview(queue("receipt", cast, "fr")).html


@pytest.mark.one_database
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_name_from_right_to_left_moves_nothing_in_a_mail(name, language, cast):
    for person in (cast.alice, cast.bob, cast.dave, cast.erin):
        person.first_name, person.last_name = "שרה", "כהן,"
    cast.acme.name, cast.vendor.name, cast.vendor.legal_name = "شركة (محمد)", "ספק!", "ספק!"
    cast.pro.name_fr = cast.pro.name_en = "תוכנית!"
    db.session.commit()
    subject, text, html = render_preview(queue(name, cast, language))
    assert not mixed(subject)
    assert mixed_lines(text) == []
    assert mixed_blocks(html) == []
