"""What a signed webhook may not be all the same: of the future, or a text that no database takes."""

from __future__ import annotations

import re
import time


def check_not_from_the_future(signature: str, tolerance: int) -> None:
    """Raise ValueError where the header says that it was signed more than `tolerance` seconds from now.

    Stripe's library asks only whether a signature is too old: one of next year could be sent again until then.
    """
    signed_at = re.search(r"(?:^|,)t=(\d+)", signature)
    if signed_at is None or int(signed_at[1]) > time.time() + tolerance:
        raise ValueError("signed in the future")


def text(value: str, limit: int) -> str:
    """`value`, a text of at most `limit` characters that every database takes.

    Raises:
        ValueError: it is longer, or holds NUL or half of a surrogate pair, which cannot be encoded.
        TypeError, AttributeError: it is no text.
    """
    value.encode()
    if len(value) > limit or "\0" in value:
        raise ValueError("not a text that can be kept")
    return value
