"""A text written once and filled for each reader: what differs from one to the next is a slot of it, never part of what is kept."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

# Anew in each process: nobody can be called like a slot. Letters and figures alone, which no escaping changes.
_SECRET = secrets.token_hex(8)
_SLOT = re.compile(f"{_SECRET}([a-z_]+)0")


def slot(name: str) -> str:
    """What stands in a text for what `name` (small letters and _) will be."""
    return f"{_SECRET}{name}0"


class Slotted:
    """A text with slots."""

    def __init__(self, text: str) -> None:
        self._parts = _SLOT.split(text)
        self._names = self._parts[1::2]

    def text(self) -> str:
        """What is kept, without the slots."""
        return "\n".join(self._parts[::2])

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with `values` in its slots, as they are: where there is HTML, they are HTML already.

        Raises:
            KeyError: a slot has no value.
        """
        parts = self._parts.copy()
        parts[1::2] = [values[name] for name in self._names]
        return "".join(parts)
