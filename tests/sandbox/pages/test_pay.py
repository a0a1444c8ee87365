"""The payment page: what it refuses, how it speaks, and where its forms may lead."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import line, page_of
from tests.sandbox_process import SUCCESS, SandboxProcess

Open = Callable[..., Any]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"number": "4242424242424241"}, "Ce numéro de carte n’est pas valide."),
        ({"number": ""}, "Ce numéro de carte n’est pas valide."),
        ({"number": "４２４２４２４２４２４２４２４２"}, "Ce numéro de carte n’est pas valide."),
        ({"number": "4539578763621486"}, "Ce n’est pas une carte d’essai."),
        ({"expiry": "01/20"}, "Cette date est passée."),
        ({"expiry": "13/34"}, "Entrez le mois et l’année"),
        ({"cvc": "12"}, "Entrez les trois chiffres du code."),
        ({"name": ""}, "Entrez le nom du titulaire."),
        ({"name": "a\0b"}, "Entrez le nom du titulaire."),
        ({"method": "cash"}, "Choisissez un mode de paiement offert."),
        ({"method": "acss_debit", "account": "123456"}, "Ce n’est pas un compte d’essai."),
    ],
)
def test_a_field_typed_wrong_is_named_beside_it_and_nothing_happens(
    open_session: Open, sandbox: SandboxProcess, typed: dict[str, str], sentence: str
) -> None:
    session = open_session()
    form = {
        "method": "card",
        "name": "Une Personne",
        "number": SUCCESS,
        "expiry": "12/34",
        "cvc": "123",
    } | typed
    answer = requests.post(session.url, data=form, timeout=10)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'aria-invalid="true"' in answer.text or "method" in typed
    assert sandbox.types() == []


def test_a_real_card_is_not_even_shown_again(open_session: Open) -> None:
    form = {"method": "card", "name": "n", "number": "4539578763621486", "expiry": "12/34", "cvc": "123"}
    assert "4539578763621486" not in requests.post(open_session().url, data=form, timeout=10).text


def test_an_unknown_address_asks_the_payer_for_one(open_session: Open, sandbox: SandboxProcess) -> None:
    session = open_session(customer_email=None)
    assert sandbox.pay(session.url, email="nobody") is None
    assert sandbox.pay(session.url, email="payer@globex.example")


@pytest.mark.parametrize(
    ("locale", "language", "total"),
    [
        ("fr-CA", "fr", "1\u00a0234,50\u00a0$"),
        ("fr", "fr", "1\u00a0234,50\u00a0$"),
        ("en", "en", "$1,234.50"),
    ],
)
def test_the_page_follows_the_sessions_language_and_its_way_of_writing_money(
    open_session: Open, sandbox: SandboxProcess, locale: str, language: str, total: str
) -> None:
    page = page_of(sandbox, open_session(locale=locale, line_items=[line(123_450)]))
    assert f'<html lang="{language}">' in page.text
    assert total in page.text


def test_the_page_says_whose_it_is(open_session: Open, sandbox: SandboxProcess) -> None:
    asked = {"display_name": "Boréal & fils"}
    page = page_of(sandbox, open_session(locale="fr", branding_settings=asked))
    assert "<h1>Paiement à Boréal &amp; fils</h1>" in page.text
    assert "<h1>Payment to Sandbox</h1>" in page_of(sandbox, open_session(locale="en")).text


def test_only_the_merchant_may_be_reached_by_the_pages_forms(
    open_session: Open, sandbox: SandboxProcess
) -> None:
    session = open_session(success_url="https://shop.example/ok", cancel_url="https://shop.example:8443/no")
    policy = page_of(sandbox, session).headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert "form-action 'self' https://shop.example https://shop.example:8443;" in policy
    assert "unsafe" not in policy
