"""A cell that no spreadsheet will run, and back: the one rule for every file that we write or read."""

from __future__ import annotations

# A spreadsheet runs a cell that begins with one of these as a formula (OWASP, "CSV Injection"); some read the
# full-width ones as the plain ones.
FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")


def inert(text: str) -> str:
    """`text` as a cell that no spreadsheet will run."""
    return f"'{text}" if text and text[0] in FORMULA_STARTS else text


def plain(text: str) -> str:
    """What `inert` was given: a file of ours that comes back changes nothing."""
    return text[1:] if text[:1] == "'" and text[1:2] in FORMULA_STARTS and len(text) > 1 else text
