"""The sandbox's pages owe people what every page does: they are the first that somebody who tries the desk sees."""

from __future__ import annotations

import smtplib
from typing import Any

import pytest
from playwright.sync_api import expect

from sandbox.server import create
from tests.browser import checks
from tests.browser.conftest import OpenPage
from tests.sandbox.conftest import connect, letter, order
from tests.sandbox_process import AUTHENTICATE, DECLINED, SandboxProcess

pytestmark = pytest.mark.one_database

# Files, answers for machines, and mails in their frame.
NO_PAGES = {"static", "inbox.mails_json", "inbox.mail_html", "inbox.mail_part"}
NO_PAGES_OF = ("api", "control")


def addresses(sandbox: SandboxProcess) -> dict[str, list[str]]:
    """Make one of everything; returns each route's addresses."""
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as server:
        server.send_message(letter())
    mail = f"{sandbox.url}/inbox/{sandbox.inbox()[0]['id']}"
    client: Any = connect(sandbox)
    declined, paid, fresh, challenged = (client.checkout.sessions.create(order()).url for _ in range(4))
    sandbox.pay(declined, DECLINED)
    sandbox.pay(paid)
    charge = sandbox.api("charges")["data"][0]["id"]
    sandbox.refund(charge, "1")
    sandbox.contest(charge)
    form = {"method": "card", "name": "n", "number": AUTHENTICATE, "expiry": "12/34", "cvc": "123"}
    sandbox.submit(challenged, form)
    return {
        "pages.index": [f"{sandbox.url}/", f"{sandbox.url}/no-such-page"],
        "pages.test_cards": [f"{sandbox.url}/cards"],
        "pages.events": [f"{sandbox.url}/events"],
        "payments.payments": [f"{sandbox.url}/payments/"],
        "payments.payment": [f"{sandbox.url}/payments/{charge}", f"{sandbox.url}/payments/none"],
        "inbox.mails": [f"{sandbox.url}/inbox", f"{sandbox.url}/inbox?to=nobody"],
        "inbox.mail": [f"{mail}?view={view}" for view in ("html", "text", "headers", "source")],
        "pay.show": [fresh, declined, paid],
        "pay.question": [f"{challenged}/authenticate"],
    }


def test_every_page_of_the_sandbox_is_accessible_still_and_fits_any_screen(
    sandbox: SandboxProcess, open_page: OpenPage
) -> None:
    page = open_page()
    page.context.add_init_script(checks.COUNT_SHIFTS)
    # A page that says so; and our own script, which a mail in its frame refuses as it must.
    page.watch.expected += ["status of 404", "frame is sandboxed"]  # type: ignore[attr-defined]
    wanted = addresses(sandbox)
    routes = {rule.endpoint for rule in create(None).url_map.iter_rules() if "GET" in (rule.methods or ())}  # type: ignore[arg-type]
    pages = {name for name in routes - NO_PAGES if not name.startswith(NO_PAGES_OF)}
    assert pages == set(wanted), "say above how the new page is reached"
    wrong = [
        f"{address}: {problem}"
        for found in wanted.values()
        for address in found
        for problem in checks.problems_of(page, address)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_payment_form_with_mistakes_is_as_readable(
    sandbox: SandboxProcess, open_page: OpenPage, scheme: str
) -> None:
    page = open_page(color_scheme=scheme, viewport=checks.PHONE)
    page.watch.expected.append("status of 422")  # type: ignore[attr-defined]  # the form, shown again
    client: Any = connect(sandbox)
    page.goto(client.checkout.sessions.create(order()).url)
    page.get_by_role("button", name="Payer").click()
    expect(page.get_by_role("alert")).to_contain_text("Corrigez les champs signalés.")
    # The text may be there before the sheet is.
    page.wait_for_load_state()
    page.evaluate(checks.AXE_SCRIPT)
    assert not checks.axe(page)
