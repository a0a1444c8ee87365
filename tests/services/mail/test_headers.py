"""Who a mail says it is from and to: every reader finds one mailbox and the name as it was typed."""

from __future__ import annotations

import base64
import email
import email.policy
import quopri
import re

import pytest

from access import Actor
from models import MailKind, ascii_address, db
from services.foundation.transaction import transaction
from services.mail import letters, outbox
from services.mail.headers import mailbox, sentence
from tests.services.mail.test_words import queue

NAMES = [
    "Boréal",
    "Boréal, inc.",
    'Chez "Élise"',
    'Chez "Elise"',
    "A\\B",
    "Plain Name",
    "=?x?= <y@z>",
    "=?utf-8?q?Eve?=",
    "Anne-Marie / Beauchesne-Desrosiers, CPA",
    "Anne-Marie / Beauchesne-Desrosiers, CPA auditrice et associée principale, Québec",
    "Beauchesne, Desrosiers, Tremblay & Associates, Chartered Professional Accountants (Quebec) LLP",
    "Coopérative de développement technologique et d’entreprises réunies du Saguenay–Lac-Saint-Jean et de la Côte",
    "Entreprises",
    "Ententreprisesetdéveloppementtechnologiquedusaguenaylacsaintjeanréunies" + "é" * 29,
    "a" * 100,
    "Dupont; DROP: <eve@evil.example>, (x)",
    "O'Brien @ Acme",
    "Saint-Jean, Jr.",
    "Étienne: groupe;",
    "שרה כהן",
    "محمد عبد الله, ش.م.",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 famille",
    "東京株式会社" * 10,
    ".",
    "a  b",
    "é",
]


# --- A reader of our own, as RFC 5322 and RFC 2047 have it ------------------------------------------------------------


def unfolded(raw: bytes, name: str) -> str:
    """The value of the header, of which there must be one, from the bytes that came over the wire."""
    head = raw.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    lines = re.sub(rb"\r\n([ \t])", rb"\1", head).split(b"\r\n")
    values = [
        line.partition(b":")[2] for line in lines if line.lower().startswith(name.lower().encode() + b":")
    ]
    assert len(values) == 1, name
    return values[0].decode().strip()


def mailboxes(value: str) -> list[str]:
    """The parts of an address list: a comma or semicolon outside quotes, comments and brackets ends one."""
    parts, quoted, depth, angle, at = [""], False, 0, False, 0
    while at < len(value):
        character = value[at]
        if quoted and character == "\\":
            parts[-1] += value[at : at + 2]
            at += 2
            continue
        quoted ^= character == '"' and not depth
        depth += (not quoted) * ((character == "(") - (character == ")"))
        angle = not quoted and not depth and (character == "<" or (angle and character != ">"))
        if character in ",;:" and not (quoted or depth or angle):
            parts.append("")
        else:
            parts[-1] += character
        at += 1
    return [part.strip() for part in parts]


def decoded(words: str) -> str:
    """A phrase or a sentence as it is read: white space between two encoded words is none."""
    words = re.sub(r"(=\?[^?]+\?[bqBQ]\?[^?]*\?=)\s+(?==\?)", r"\1", words)
    parts = re.split(r"(=\?[^?]+\?[bqBQ]\?[^?]*\?=)", words)
    return "".join(_word(part) if part.startswith("=?") else part for part in parts)


def _word(word: str) -> str:
    assert len(word) <= 75
    charset, how, text = word[2:-2].split("?")
    if how in "bB":
        return base64.b64decode(text, validate=True).decode(charset)
    # In a phrase, RFC 2047, 5 (3) leaves these alone.
    assert re.fullmatch(r"[A-Za-z0-9!*+/=_-]*", text)
    return quopri.decodestring(text.replace("_", "=20")).decode(charset)


def read(value: str) -> tuple[str, str]:
    """(name, address) of the one mailbox that a header holds."""
    (found,) = mailboxes(value)
    if "<" not in found:
        return "", found
    name, _, address = found.rpartition("<")
    name = name.strip()
    if name.startswith('"'):
        assert name.endswith('"')
        return re.sub(r"\\(.)", r"\1", name[1:-1]), address.removesuffix(">")
    assert not re.search(r'[()<>\[\]:;@\\,."]', name), "an atom holds none of these (RFC 5322, 3.2.3)"
    return decoded(name), address.removesuffix(">")


# --- What is sent -----------------------------------------------------------------------------------------------------


@pytest.mark.one_database
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_one_mailbox_and_reads_as_it_was_typed(cast, postman, name):
    cast.vendor.name = cast.bob.first_name = name
    cast.bob.last_name = name[:100]
    db.session.commit()
    with transaction() as turn:
        letters.sign_in_link(turn, cast.bob)
    outbox.send_due()
    (raw,) = postman.raw
    shown = re.sub(" +", " ", name)
    assert read(unfolded(raw, "From")) == (shown, "desk@trousseau.example")
    assert read(unfolded(raw, "To")) == (re.sub(" +", " ", cast.bob.name), cast.bob.email)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    # Python's reader, which keeps the space between two encoded words, finds the same but for that.
    for header, typed in (("To", cast.bob.name), ("From", name)):
        (box,) = postman.messages[0][header].addresses
        assert "".join(box.display_name.split()) == "".join(typed.split())


@pytest.mark.parametrize("name", [name for name in NAMES if name.count(" ") > 3])
def test_a_reader_that_keeps_the_space_between_encoded_words_cuts_no_word_of_a_name_in_two(name):
    raw = f"To: {mailbox(name, 'bob@acme.example', 'To')}\r\n\r\n".encode()
    (box,) = email.message_from_bytes(raw, policy=email.policy.default)["To"].addresses
    assert box.display_name.split() == name.split()


@pytest.mark.one_database
@pytest.mark.parametrize("kind", list(MailKind))
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_mail_has_headers_that_read_as_they_were_meant(cast, postman, kind, language):
    long = "Forfait « Entreprises, réunies » de l’été: 100 %, plus / CPA; pour tous et partout au Québec"
    cast.pro.name_fr = cast.pro.name_en = long
    cast.vendor.name = cast.acme.name = NAMES[9][:100]
    cast.vendor.support_email = "aide@québec.example"
    db.session.commit()
    row = queue(kind, cast, language, by=Actor.of(cast.sam))
    outbox.send_due()
    sent = {unfolded(raw, "Message-ID"): raw for raw in postman.raw}
    raw = sent[row.message_id]
    assert read(unfolded(raw, "From"))[0] == cast.vendor.name
    address = row.user.email if row.user else ascii_address(row.address)
    assert read(unfolded(raw, "To")) == (row.user.name if row.user else "", address)
    assert unfolded(raw, "Reply-To") == "aide@xn--qubec-csa.example"
    assert unfolded(raw, "Auto-Submitted") == "auto-generated"
    subject = decoded(unfolded(raw, "Subject"))
    assert "=?" not in subject
    assert (long in subject) == (kind in {"license_assigned", "license_released"})
    # A bare line feed could smuggle a second mail through some servers (CVE-2023-51764).
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    for name in ("From", "To", "Subject", "Reply-To", "Date", "Message-ID"):
        assert raw.count(f"\r\n{name}:".encode()) == 1


@pytest.mark.parametrize("length", range(1, 101, 3))
@pytest.mark.parametrize("letter", ["é", "a", "a b", "é, ", '"', "\\", "日", "\U0001f600"])
def test_no_length_of_a_name_or_a_subject_breaks_it(length, letter):
    text = (letter * length).strip()
    value = mailbox(text, "bob@acme.example", "To")
    assert read(value.replace("\r\n ", " ")) == (text, "bob@acme.example")
    assert all(len(line) <= 998 for line in value.split("\r\n"))
    said = sentence(f"Order {text} ready", "Subject")
    assert decoded(said.replace("\r\n ", " ")) == f"Order {text} ready"


@pytest.mark.parametrize("text", ["a\r\nBcc: eve@evil.example", "a\nb", "a\x0bb", "a\u2028b", "a\0b"])
def test_a_line_break_in_a_name_starts_no_header(text):
    for value in (mailbox(text, "bob@acme.example", "To"), sentence(text, "Subject")):
        assert not re.search(r"\r\n(?! )|(?<!\r)\n|\0|\x0b", value)


@pytest.mark.one_database
def test_mail_reaches_a_domain_with_accents(cast, postman):
    cast.bob.email = "bob@école.example"
    db.session.commit()
    with transaction() as turn:
        letters.sign_in_link(turn, cast.bob)
    outbox.send_due()
    assert postman.messages[0]["To"].addresses[0].addr_spec == "bob@xn--cole-9oa.example"
