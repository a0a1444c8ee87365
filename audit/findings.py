"""What an audit finds, and how it is told: one line for a fault that many pages, widths or rows share."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter, defaultdict
from collections.abc import Iterable

SHOWN = 3  # pages named for a fault that many have
ELEMENTS = 5
LONGEST = 160


@dataclasses.dataclass(frozen=True)
class Finding:
    """A fault.

    Attributes:
        part: Which part of the audit found it.
        page: The address, without the host; the audience stands before it.
        where: Under which conditions: "375 dark", "print", "en".
        selector: The element, as a CSS selector or its first characters.
        what: The fault, as a sentence.
    """

    part: str
    page: str
    where: str
    selector: str
    what: str

    @property
    def kind(self) -> tuple[str, str]:
        """The same for the same fault of another element, page or width: names, keys and counts apart."""
        what = re.sub(r"“[^”]*”", "“…”", self.what)
        return self.part, re.sub(r"\d+(\.\d+)?", "N", _unnumbered(what))

    @property
    def element(self) -> str:
        """The selector, the same in every row."""
        return re.sub(r"\d+", "N", _unnumbered(self.selector))[:LONGEST]


def _unnumbered(selector: str) -> str:
    return re.sub(r":nth-of-type\(\d+\)", "", selector)


def grouped(findings: Iterable[Finding]) -> list[list[Finding]]:
    """The findings of the same kind together, the most frequent first within each part."""
    kinds: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        kinds[finding.kind].append(finding)
    return sorted(kinds.values(), key=lambda same: (same[0].part, -len(same)))


def told(same: list[Finding]) -> str:
    """A fault: what and how often, then the elements that have it most, then where to see it."""
    first = same[0]
    pages = list(dict.fromkeys(finding.page for finding in same))
    wheres = list(dict.fromkeys(finding.where for finding in same))
    more = f" and {len(pages) - SHOWN} more" if len(pages) > SHOWN else ""
    elements = Counter(finding.element for finding in same)
    lines = [f"    {count} × {element}" for element, count in elements.most_common(ELEMENTS)]
    if len(elements) > ELEMENTS:
        lines.append(f"    and {len(elements) - ELEMENTS} other elements")
    return (
        f"[{first.part}] {len(same)} × {first.what[:LONGEST]}\n" + "\n".join(lines) + "\n"
        f"    {', '.join(wheres[:6])} on {', '.join(pages[:SHOWN])}{more}"
    )


def table(rows: list[tuple[str, ...]]) -> str:
    """Rows in columns, the first row being the head."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
