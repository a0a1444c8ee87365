"""The payment page and the sandbox's other pages in a real browser."""

import smtplib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.sandbox.conftest import HOSTILE, Handler, letter, serve
from tests.sandbox_process import AUTHENTICATE, DECLINED, SUCCESS, SandboxProcess

Open = Callable[..., Any]


@pytest.fixture
def merchant() -> Iterator[str]:
    """A shop to come back to: its address. It answers every page with one heading."""

    class Shop(Handler):
        def do_GET(self) -> None:
            self.reply(200, b"<!DOCTYPE html><html lang=fr><title>Merci</title><h1>Merci</h1>")

    with serve(Shop) as url:
        yield url


def new_page(browser: Browser, **options: Any) -> Page:
    """A page in French that fails the test on any error or refusal the browser reports in its console."""
    page = browser.new_context(**({"locale": "fr-CA"} | options)).new_page()
    page.set_default_timeout(10_000)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.problems = problems  # type: ignore[attr-defined]
    return page


def close(page: Page) -> None:
    problems = page.problems  # type: ignore[attr-defined]
    page.context.close()
    assert problems == []


def type_card(page: Page, number: str) -> None:
    page.get_by_label("Nom du titulaire").fill("Une Personne")
    page.get_by_label("Numéro de carte").fill(number)
    page.get_by_label("Date d’expiration (MM/AA)").fill("12 / 34")
    page.get_by_label("Code de sécurité (CVC)").fill("123")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_person_is_declined_then_authenticates_and_comes_back(
    browser: Browser, open_session: Open, merchant: str, client: Any, scripts: bool
) -> None:
    session = open_session(
        success_url=f"{merchant}/ok?session={{CHECKOUT_SESSION_ID}}", cancel_url=f"{merchant}/cart"
    )
    page = new_page(browser, java_script_enabled=scripts)
    page.goto(session.url)
    expect(page.get_by_text("Bac à sable\u00a0: rien n’est facturé.")).to_be_visible()
    expect(page.get_by_role("row", name="Total 574,88\u00a0$")).to_be_visible()
    type_card(page, DECLINED)
    page.get_by_role("button", name="Payer 574,88\u00a0$").click()
    expect(page.get_by_role("alert")).to_contain_text("La carte a été refusée.")
    type_card(page, AUTHENTICATE)
    page.get_by_role("button", name="Payer 574,88\u00a0$").click()
    page.get_by_role("button", name="Réussir l’authentification").click()
    page.wait_for_url(f"{merchant}/ok?session={session.id}")
    assert client.checkout.sessions.retrieve(session.id).payment_status == "paid"
    page.context.close()


def test_a_button_fills_the_form_and_the_page_leads_back_to_the_shop(
    browser: Browser, open_session: Open, merchant: str
) -> None:
    session = open_session(success_url=f"{merchant}/ok", cancel_url=f"{merchant}/cart")
    page = new_page(browser)
    page.goto(session.url)
    page.get_by_role("button", name=f"Remplir avec {SUCCESS[:4]} 4242 4242 4242").click()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{merchant}/ok")
    close(page)


def test_choosing_bank_debit_shows_its_fields_and_hides_the_cards(
    browser: Browser, open_session: Open, merchant: str, client: Any
) -> None:
    session = open_session(success_url=f"{merchant}/ok", cancel_url=f"{merchant}/cart")
    page = new_page(browser, java_script_enabled=False)
    page.goto(session.url)
    expect(page.get_by_label("Numéro de compte")).to_be_hidden()
    page.get_by_label("Débit préautorisé").check()
    expect(page.get_by_label("Numéro de carte")).to_be_hidden()
    page.get_by_label("Nom du titulaire").fill("Acme inc.")
    page.get_by_label("Numéro d’institution").fill("000")
    page.get_by_label("Numéro de transit").fill("11000")
    page.get_by_label("Numéro de compte").fill("000123456789")
    page.get_by_role("button", name="Payer").click()
    page.wait_for_url(f"{merchant}/ok")
    after = client.checkout.sessions.retrieve(session.id)
    assert (after.status, after.payment_status) == ("complete", "unpaid")
    page.context.close()


def test_a_person_can_walk_away(browser: Browser, open_session: Open, merchant: str) -> None:
    page = new_page(browser)
    page.goto(open_session(success_url=f"{merchant}/ok", cancel_url=f"{merchant}/cart").url)
    page.get_by_role("link", name="Revenir sans payer").click()
    page.wait_for_url(f"{merchant}/cart")
    page.context.close()


def test_a_link_in_a_mail_opens_outside_its_frame(
    browser: Browser, sandbox: SandboxProcess, merchant: str
) -> None:
    message = letter()
    message.get_payload()[1].set_content(
        f"<p><a href='{merchant}/links/abc'>Activer ma licence</a>", subtype="html"
    )  # type: ignore[index,union-attr]
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as server:
        server.send_message(message)
    page = new_page(browser)
    page.goto(f"{sandbox.url}/inbox")
    page.get_by_role("link", name="Votre licence Pro est à vous").click()
    with page.expect_popup() as popup:
        page.frame_locator("iframe").get_by_role("link", name="Activer ma licence").click()
    popup.value.wait_for_url(f"{merchant}/links/abc")
    close(page)


def test_a_mail_cannot_run_scripts_or_send_forms(browser: Browser, sandbox: SandboxProcess) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as server:
        server.send_message(letter(more=HOSTILE))
    page = new_page(browser)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto(f"{sandbox.url}/inbox/{sandbox.inbox()[0]['id']}")
    page.frame_locator("iframe").get_by_role("button", name="OK").click()
    expect(page.frame_locator("iframe").get_by_role("button", name="OK")).to_be_visible()
    page.goto(f"{sandbox.url}/inbox/{sandbox.inbox()[0]['id']}/html")
    refusals = page.problems  # type: ignore[attr-defined]
    page.context.close()
    assert dialogs == []
    assert any("script" in text for text in refusals)
    assert any("form" in text for text in refusals)
