"""What is said after an act, on the next page: a sentence, and where there is one the act that takes it back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from flask import flash


@dataclasses.dataclass(frozen=True)
class Act:
    """A form of one button.

    Attributes:
        label: What the button shows.
        name: Its whole name for readers, which begins with `label`.
        url: Where it is sent, with `fields`.
    """

    label: str
    name: str
    url: str
    fields: Mapping[str, str | int]


def done(sentence: str, act: Act | None = None) -> None:
    """Say that something was done; `templates/ui.html` shows it, the script as a toast and in a live region."""
    flash({"text": sentence, "act": dataclasses.asdict(act)} if act else sentence, "success")  # type: ignore[arg-type]
