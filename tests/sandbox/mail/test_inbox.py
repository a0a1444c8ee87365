"""The sandbox's mail server keeps what it is sent, and shows it as the person would see it."""

import datetime as dt
import re
import smtplib
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests

from tests.sandbox.conftest import HOSTILE, LINK, letter
from tests.sandbox_process import SandboxProcess


def send(sandbox: SandboxProcess, message: EmailMessage, *, to: list[str] | None = None) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as server:
        server.send_message(message, to_addrs=to)


def test_a_mail_arrives_whole(sandbox: SandboxProcess) -> None:
    send(sandbox, letter())
    [mail] = sandbox.inbox(to="User@Acme.example")
    assert mail["to"] == "user@acme.example"
    assert mail["from"] == "Trousseau <licences@vendor.example>"
    assert mail["subject"] == "Votre licence Pro est à vous"
    assert mail["message_id"] == "<license-1@vendor.example>"
    assert "Activez votre licence : " in mail["text"]
    assert "Activer ma licence" in mail["html"]
    assert mail["links"] == [LINK]


def test_the_inbox_is_newest_first_and_searched_by_recipient(sandbox: SandboxProcess) -> None:
    for to in ("a@acme.example", "b@acme.example", "aa@globex.example"):
        send(sandbox, letter(to))
    assert [mail["to"] for mail in sandbox.inbox()] == [
        "aa@globex.example",
        "b@acme.example",
        "a@acme.example",
    ]
    assert [mail["to"] for mail in sandbox.inbox(to="a@acme.example")] == ["a@acme.example"]
    page = requests.get(f"{sandbox.url}/inbox", params={"to": "globex"}, timeout=10).text
    assert "aa@globex.example" in page
    assert "b@acme.example" not in page


def test_the_inbox_tells_the_time_of_the_desk_and_not_that_of_its_machine(
    tmp_path: Path,
) -> None:
    with SandboxProcess(tmp_path, env={"TZ": "UTC", "SANDBOX_TIME_ZONE": "Pacific/Kiritimati"}) as sandbox:
        send(sandbox, letter())
        page = requests.get(f"{sandbox.url}/inbox", headers={"Accept-Language": "fr"}, timeout=10).text
    # Fourteen hours ahead of UTC, without a summer time; the hour as the desk writes it: « 9 h 05 ».
    said = re.search(r'<time datetime="([^"]+)">([^<]+)</time>', page)
    assert said, page
    at = dt.datetime.fromisoformat(said[1])
    assert at.utcoffset() == dt.timedelta(hours=14)
    assert said[2].replace("\xa0", " ") == f"{at:%Y-%m-%d} {at.hour} h {at:%M}"


def test_each_recipient_gets_it(sandbox: SandboxProcess) -> None:
    send(sandbox, letter(), to=["a@acme.example", "b@acme.example"])
    assert sorted(mail["to"] for mail in sandbox.inbox()) == ["a@acme.example", "b@acme.example"]


def test_an_empty_inbox_says_so(sandbox: SandboxProcess) -> None:
    assert "Aucun courriel pour l’instant." in requests.get(f"{sandbox.url}/inbox", timeout=10).text
    searched = requests.get(f"{sandbox.url}/inbox", params={"to": "<b>x\0"}, timeout=10)
    assert searched.ok
    assert "<b>x" not in searched.text


@pytest.mark.parametrize("view", ["html", "text", "headers", "source", "nonsense"])
def test_every_view_of_a_mail_opens(sandbox: SandboxProcess, view: str) -> None:
    send(sandbox, letter())
    page = requests.get(f"{sandbox.url}/inbox/{sandbox.inbox()[0]['id']}", params={"view": view}, timeout=10)
    assert page.ok
    assert "<h1>Votre licence Pro est à vous</h1>" in page.text


def test_the_mails_own_page_runs_nothing_and_opens_links_elsewhere(sandbox: SandboxProcess) -> None:
    send(sandbox, letter(more=HOSTILE))
    ident = sandbox.inbox()[0]["id"]
    frame = requests.get(f"{sandbox.url}/inbox/{ident}/html", timeout=10)
    assert frame.headers["Content-Security-Policy"].startswith(
        "default-src 'none'; img-src 'self' data: cid:;"
    )
    assert '<head><base target="_blank">' in frame.text
    page = requests.get(f"{sandbox.url}/inbox/{ident}", timeout=10)
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_inline_images_and_attachments_are_served(sandbox: SandboxProcess) -> None:
    message = letter(more="<img src='cid:logo' alt='logo'>")
    html = message.get_payload()[1]  # type: ignore[index]
    html.add_related(b"\x89PNG", "image", "png", cid="<logo>")  # type: ignore[union-attr]
    message.add_attachment(b"<script>", "text", "html", filename="reçu.html")
    send(sandbox, message)
    ident = sandbox.inbox()[0]["id"]
    frame = requests.get(f"{sandbox.url}/inbox/{ident}/html", timeout=10).text
    source = frame.partition("<img src='")[2].partition("'")[0]
    assert requests.get(sandbox.url + source, timeout=10).content == b"\x89PNG"
    page = requests.get(f"{sandbox.url}/inbox/{ident}", timeout=10).text
    where = page.rpartition(f'<a href="/inbox/{ident}/part/')[2].partition('"')[0]
    attachment = requests.get(f"{sandbox.url}/inbox/{ident}/part/{where}", timeout=10)
    assert attachment.content == b"<script>"
    assert attachment.headers["Content-Type"] == "application/octet-stream"
    assert attachment.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(("to", "code"), [("nobody@refuse.example", 550), ("nobody@busy.example", 451)])
def test_test_addresses_are_refused_as_they_promise(sandbox: SandboxProcess, to: str, code: int) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        send(sandbox, letter(to))
    assert caught.value.recipients[to][0] == code
    assert sandbox.inbox() == []


def test_a_server_that_is_down_takes_nothing_until_it_is_up(sandbox: SandboxProcess) -> None:
    sandbox.settings(smtp="down")
    with pytest.raises(smtplib.SMTPHeloError) as caught:
        send(sandbox, letter())
    assert caught.value.smtp_code == 421
    sandbox.settings(smtp="up")
    send(sandbox, letter())
    assert len(sandbox.inbox()) == 1


def test_mail_survives_a_restart(sandbox: SandboxProcess) -> None:
    send(sandbox, letter())
    sandbox.stop()
    sandbox.start()
    assert len(sandbox.inbox()) == 1


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe broken \x00", b"Content-Type: text/plain; charset=nonsense\n\nx"]
)
def test_a_broken_mail_is_shown_all_the_same(sandbox: SandboxProcess, raw: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as server:
        server.sendmail("a@vendor.example", ["user@acme.example"], raw)
    ident = sandbox.inbox()[0]["id"]
    for view in ("html", "text", "headers", "source"):
        assert requests.get(f"{sandbox.url}/inbox/{ident}", params={"view": view}, timeout=10).ok
