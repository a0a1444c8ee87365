"""What a list's page says, read from its HTML: attributes stand in quotes or not, whichever weighs less."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

_CELL = re.compile(r'(?s)<td(?! class="?(?:box-cell|row-acts)\b)[^>]*>(.*?)</td>')


def shown_in(rows: str) -> list[str]:
    """The HTML within every cell that shows something of a row: neither its box nor its acts."""
    return _CELL.findall(rows)


class _Parts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Any] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def parts_of(fragment: str) -> list[Any]:
    """Tags with their attributes and the text between them, as a browser understands them."""
    parser = _Parts()
    parser.feed(fragment)
    parser.close()
    return parser.found
