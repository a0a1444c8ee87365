"""Whether names that are read from right to left are kept apart from the words around them, in a text or a page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

FSI, PDI = "\u2068", "\u2069"
_RIGHT = "\u0590-\u06ff"
_LEFT = "A-Za-zÀ-ÿ0-9"
_INLINE = {
    "a",
    "abbr",
    "b",
    "bdi",
    "br",
    "code",
    "em",
    "i",
    "small",
    "span",
    "strong",
    "sup",
    "time",
    "svg",
    "use",
}
_READ = {"title", "alt", "aria-label", "placeholder"}


def mixed(text: str) -> bool:
    """Whether a line has a name that is not isolated beside words that it could move."""
    inner = re.compile(f"{FSI}[^{FSI}{PDI}]*{PDI}")
    while inner.search(text):
        text = inner.sub("", text)
    return bool(re.search(f"[{_RIGHT}]", text) and re.search(f"[{_LEFT}]", text))


def mixed_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if mixed(line)]


class _Page(HTMLParser):
    """Collects each block's text, what is in `<bdi>` as what it is: isolated."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.isolated = 0
        self._block, self._quiet, self._pre = "", 0, 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [
            f"{name}={value}" for name, value in attributes if name in _READ and mixed(value or "")
        ]
        self._quiet += tag in {"script", "style"}
        self._pre += tag == "pre"
        if tag == "bdi":
            self.isolated += 1
            self._block += FSI
        if tag not in _INLINE or tag == "br":
            self._end_block()

    def handle_endtag(self, tag: str) -> None:
        self._quiet -= tag in {"script", "style"}
        self._pre -= tag == "pre"
        if tag == "bdi":
            self._block += PDI
        if tag not in _INLINE:
            self._end_block()

    def handle_data(self, data: str) -> None:
        for number, line in enumerate(data.split("\n") if self._pre else [data]):
            if number:
                self._end_block()
            self._block += "" if self._quiet else line

    def _end_block(self) -> None:
        text, self._block = " ".join(self._block.split()), ""
        if mixed(text):
            self.found.append(text)


def mixed_blocks(html: str) -> list[str]:
    """The blocks and labels of a page in which a name could move what stands beside it."""
    page = _Page()
    page.feed(html)
    page.close()
    return page.found
