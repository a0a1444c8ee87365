"""How a verb says no."""

from __future__ import annotations


class Refused(Exception):
    """A verb will not act: the rules of the desk, not a fault. Nothing was changed.

    Attributes:
        code: A stable word for programs and tests, such as `no_free_license`.
        sentence: What a person reads, already in their language: what happened, what was kept, what to do.
    """

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = str(sentence)
