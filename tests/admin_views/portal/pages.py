"""What the tests of the portal share: reading pages as people read them."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urljoin

NBSP = "\u00a0"


def words(page: Any) -> str:
    """The text of a page, with each run of white space as one space."""
    text = page if isinstance(page, str) else page.text
    text = re.sub(r"(?s)<(script|style|svg)\b.*?</\1>", " ", text)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def listed(first: str, last: str = "Tremblay") -> str:
    """What `words` makes of a person in a list: the family name first, as it is sorted."""
    return f"{last} , {first}"


def links(page: Any) -> list[str]:
    """Where the links of a page lead, as paths of the site."""
    found = re.findall(r'<a\s[^>]*?href="([^"]*)"', page.text)
    return [urljoin(page.request.path, html.unescape(link)) for link in found]


def field(page: Any, name: str) -> str:
    """The value of the page's first hidden field called `name`."""
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', page.text)
    assert found, f"no field {name} in the page"
    return html.unescape(found[1])


def path_of(url: str) -> str:
    """The path and query of an absolute URL, to be opened with a test client."""
    return "/" + url.split("://", 1)[-1].split("/", 1)[1]
