"""Texts that the database holds and nobody who copies it can read: sealed with a key of the desk's secret.

Fernet (the `cryptography` package): AES-128 in CBC mode with an HMAC, and the second of sealing inside.
"""

from __future__ import annotations

import base64
import datetime as dt

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app


def seal(text: str, whose: str) -> str:
    """`text`, for `unseal` with the same `whose` alone."""
    return _box(whose).encrypt(text.encode()).decode()


def unseal(sealed: str, whose: str, within: dt.timedelta) -> str | None:
    """The text; None when it was sealed for somebody else, with another secret, or longer ago than `within`."""
    try:
        return _box(whose).decrypt(sealed.encode(), ttl=int(within.total_seconds())).decode()
    except InvalidToken:
        return None


def _box(whose: str) -> Fernet:
    """A key of its own for each `whose`, so that a row moved to another person's place opens for neither."""
    derived = HKDF(SHA256(), length=32, salt=None, info=f"trousseau {whose}".encode())
    secret: str = current_app.config["SECRET_KEY"]
    return Fernet(base64.urlsafe_b64encode(derived.derive(secret.encode())))
