"""A mail server for tests that can refuse mail, answer late, and count connections."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage
from typing import Any

from tests.servers import Inbox


class Postman(Inbox):
    """An `Inbox` that can refuse mail and answer late.

    Attributes:
        refuses: What it answers at MAIL or RCPT to an address, such as `{"bob@acme.example": "550 unknown"}`.
        dawdles: How many seconds pass between taking a mail and saying so.
        connections: How many were made.
        lines: Every line of every mail, as it was sent.
        raw: The bytes of every mail.
    """

    def __init__(self) -> None:
        super().__init__()
        self.refuses: dict[str, str] = {}
        self.dawdles = 0.0
        self.connections = 0
        self.lines: list[bytes] = []
        self.raw: list[bytes] = []

    async def handle_EHLO(
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_MAIL(
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.lines += envelope.content.splitlines()
        self.raw.append(envelope.content)
        answer = await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(self.dawdles)
        return answer

    def to(self, address: str) -> list[EmailMessage]:
        """What arrived for this person."""
        return [message for message in self.messages if address in message["To"]]
