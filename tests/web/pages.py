"""What the tests of this room share: reading pages, making links, and signing in through the page itself."""

from __future__ import annotations

import html
import re
from typing import Any

from models import License, LinkPurpose, User, db
from services.foundation.transaction import transaction
from services.links import tokens
from tests.client import Client
from tests.factories import PASSWORD


def mint(purpose: LinkPurpose, user: User, license: License | None = None) -> str:
    """The path of a new link, as the worker makes it when it sends a mail."""
    with transaction() as turn:
        user, email = db.session.get_one(User, user.id), None
        if purpose == LinkPurpose.ADDRESS:
            email = user.new_email = f"new.{user.email}"
            user.new_email_at = turn.now
        token = tokens.mint(turn, purpose, user, license, email=email)
    return f"/l/{token}"


def sign_in_by_page(client: Client, email: str, password: str = PASSWORD, **fields: str) -> Any:
    return client.post("/sign-in", data={"email": email, "password": password, **fields})


def is_signed_in(client: Client) -> bool:
    return client.get("/profile").status_code == 200


def heading(response: Any) -> str:
    """The page's only h1. Its title starts with the same words."""
    found = re.findall(r"<h1[^>]*>(.*?)</h1>", response.text, re.DOTALL)
    assert len(found) == 1, response.text
    return html.unescape(re.sub(r"<.*?>", "", found[0])).strip()


def without_tokens(page: str) -> str:
    """A page without its CSRF tokens, which differ each time."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", page)
