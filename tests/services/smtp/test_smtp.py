"""What a reply of the mail server means for the mail in hand, and for the next one. No word of it is kept."""

from __future__ import annotations

import smtplib

import pytest

from services.smtp import courier

RECIPIENT = smtplib.SMTPRecipientsRefused({"a@acme.example": (550, b"5.1.1 a@acme.example: no such person")})


@pytest.mark.parametrize(
    ("error", "kind", "reply", "for_good", "everyone"),
    [
        (RECIPIENT, "recipient_refused", "550 5.1.1", True, False),
        (smtplib.SMTPSenderRefused(451, b"4.7.1 later", "d@d"), "sender_refused", "451 4.7.1", False, False),
        (smtplib.SMTPDataError(500, b"no"), "content_refused", "500", True, False),
        (smtplib.SMTPDataError(499, b"not now"), "content_refused", "499", False, False),
        # The server goes, wants a password, or said nothing: no other mail would fare better.
        (smtplib.SMTPDataError(421, b"closing"), "unreachable", "421", False, True),
        (smtplib.SMTPSenderRefused(530, b"5.7.0 sign in", "d@d"), "unreachable", "530 5.7.0", False, True),
        *[
            (smtplib.SMTPSenderRefused(code, b"no", "d@d"), "unreachable", str(code), False, True)
            for code in (454, 534, 535, 538)
        ],
        (smtplib.SMTPSenderRefused(-1, b"", "d@d"), "unreachable", "SMTPSenderRefused", False, True),
        (smtplib.SMTPRecipientsRefused({}), "unreachable", "SMTPRecipientsRefused", False, True),
        (smtplib.SMTPServerDisconnected("gone"), "unreachable", "SMTPServerDisconnected", False, True),
        (TimeoutError(), "unreachable", "TimeoutError", False, True),
        (smtplib.SMTPHeloError(550, b"who are you"), "unreachable", "550", False, True),
    ],
)
def test_what_a_reply_means(error, kind, reply, for_good, everyone):
    meaning = courier.meaning_of(error)
    assert (meaning.trouble, meaning.reply, meaning.for_good, meaning.everyone) == (
        kind,
        reply,
        for_good,
        everyone,
    )
    assert "acme" not in meaning.reply
