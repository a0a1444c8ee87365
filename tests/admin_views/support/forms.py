"""Using the real forms: what a page's form would send, changed as a person would change it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from tests.client import Client


class _Form(HTMLParser):
    """The fields of the page's main form (class `form`), as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = False
        self.fields: dict[str, str] = {}
        self.text_of: str | None = None
        self.select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.inside = "form" in (found.get("class") or "").split()
        if not self.inside:
            return
        name, value = found.get("name") or "", found.get("value") or ""
        if tag == "input" and found.get("type") in {"checkbox", "radio"}:
            if "checked" in found:
                self.fields[name] = value or "y"
        elif tag == "input" and found.get("type") != "file":
            self.fields[name] = value
        elif tag == "textarea":
            self.text_of, self.fields[name] = name, ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and ("selected" in found or self.select not in self.fields):
            self.fields[self.select] = value

    def handle_data(self, data: str) -> None:
        if self.text_of:
            self.fields[self.text_of] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "textarea":
            self.text_of = None
        elif tag == "select":
            self.select = None


def read_form(html: str) -> dict[str, str]:
    parser = _Form()
    parser.feed(html)
    assert parser.fields, "the page has no form"
    # A browser drops the line break that follows <textarea>.
    return {name: value.removeprefix("\r\n").removeprefix("\n") for name, value in parser.fields.items()}


def opened(client: Client, url: str) -> dict[str, str]:
    """What the form at `url` holds when it is opened."""
    answer = client.get(url)
    assert answer.status_code == 200, answer.status_code
    return read_form(answer.text)


def confirm(client: Client, url: str, **changes: Any) -> Any:
    """Send the form, read what would change for buyers, and save again, as one is told to. A file is a function that opens it."""

    def given() -> dict[str, Any]:
        return {name: value() if callable(value) else value for name, value in changes.items()}

    asked = send(client, url, **given())
    assert asked.status_code == 422, asked.status_code
    assert "sauvegardez de nouveau pour confirmer" in asked.text
    return client.post(url, data=read_form(asked.text) | given(), content_type="multipart/form-data")


def send(client: Client, url: str, fields: dict[str, Any] | None = None, **changes: Any) -> Any:
    """Open the form (unless its `fields` are given), change what is given (None unticks), and send it."""
    fields = dict(opened(client, url) if fields is None else fields)
    for name, value in changes.items():
        if value is None:
            fields.pop(name, None)
        else:
            fields[name] = value
    return client.post(url, data=fields, content_type="multipart/form-data")
