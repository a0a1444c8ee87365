"""Stripe's form encoding (`line_items[0][price_data][currency]=cad`): decoding, and checking against a description.

`read(pairs, Group({...}))` returns plain Python values or raises StripeError with Stripe's wording. The descriptions
of the calls are in `calls.py`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sandbox.stripe.errors import StripeError

KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
DEPTH = 12  # Levels of nesting.


def _bad(message: str, param: str, code: str | None = None) -> StripeError:
    return StripeError(message, code=code, param=param)


@dataclass(frozen=True)
class Text:
    """A text of at most `longest` characters: one of `choices` if given, an address if `kind` is url or email."""

    longest: int = 5000
    choices: tuple[str, ...] = ()
    kind: str = ""

    def read(self, value: Any, param: str) -> str:
        if not isinstance(value, str):
            raise _bad("Invalid string", param)
        if value == "":
            raise _bad(
                f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset a parameter; "
                f"however '{param}' cannot be unset. You should remove '{param}' from your request or supply a "
                "non-empty value.",
                param,
                "parameter_invalid_empty",
            )
        if len(value) > self.longest or "\0" in value:
            raise _bad(f"Invalid string: {value[:20]!r}…; must be at most {self.longest} characters", param)
        if self.choices and value not in self.choices:
            raise _bad(f"Invalid {param}: must be one of {', '.join(self.choices)}", param)
        self._check_kind(value, param)
        return value

    def _check_kind(self, value: str, param: str) -> None:
        if self.kind == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
            raise _bad(f"Invalid email address: {value}", param, "email_invalid")
        if self.kind == "url" and not is_url(value):
            raise _bad("Not a valid URL", param, "url_invalid")


def is_url(value: str) -> bool:
    """Say whether a text is an absolute http or https address."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


@dataclass(frozen=True)
class Whole:
    """A whole number from `least` to `most`; None means unbounded."""

    least: int | None = None
    most: int | None = 99_999_999

    def read(self, value: Any, param: str) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise _bad(f"Invalid integer: {str(value)[:40]}", param, "parameter_invalid_integer")
        number = int(value)
        if self.least is not None and number < self.least:
            raise _bad(
                f"This value must be greater than or equal to {self.least}.",
                param,
                "parameter_invalid_integer",
            )
        if self.most is not None and number > self.most:
            raise _bad(
                f"This value must be less than or equal to {self.most}.", param, "parameter_invalid_integer"
            )
        return number


@dataclass(frozen=True)
class Words:
    """Free keys with text values: Stripe's metadata, at most 50 keys of 40 characters and values of 500."""

    def read(self, value: Any, param: str) -> dict[str, str]:
        if not isinstance(value, dict):
            raise _bad("Invalid object", param)
        if len(value) > 50:
            raise _bad("Metadata can have at most 50 keys.", param)
        for key, text in value.items():
            if len(key) > 40:
                raise _bad(f"Metadata key {key[:40]!r}… is longer than 40 characters.", param)
            if not isinstance(text, str) or len(text) > 500 or "\0" in text:
                raise _bad(
                    f"Metadata value of {key!r} is not a text of at most 500 characters.", f"{param}[{key}]"
                )
        return {key: text for key, text in value.items() if text != ""}


@dataclass(frozen=True)
class Items:
    """A list of at most `most` items, each read by `of`; written `name[]=…` or `name[0]=…`."""

    of: Any
    most: int = 100

    def read(self, value: Any, param: str) -> list[Any]:
        if not isinstance(value, dict) or not all(key.isascii() and key.isdigit() for key in value):
            raise _bad("Invalid array", param)
        if len(value) > self.most:
            raise _bad(f"Invalid array: at most {self.most} items are allowed.", param)
        ordered = sorted(value.items(), key=lambda pair: int(pair[0]))
        return [self.of.read(item, f"{param}[{index}]") for index, item in ordered]


@dataclass(frozen=True)
class Group:
    """Named parameters. `required` ones must be given; `beyond` ones exist at Stripe and are refused here."""

    fields: dict[str, Any]
    required: tuple[str, ...] = ()
    beyond: frozenset[str] = field(default_factory=frozenset)

    def read(self, value: Any, param: str = "") -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _bad("Invalid object", param)
        for name in value:
            self._refuse_unknown(name, f"{param}[{name}]" if param else name)
        for name in self.required:
            if name not in value:
                where = f"{param}[{name}]" if param else name
                raise _bad(f"Missing required param: {where}.", where, "parameter_missing")
        return {
            name: self.fields[name].read(item, f"{param}[{name}]" if param else name)
            for name, item in value.items()
        }

    def _refuse_unknown(self, name: str, where: str) -> None:
        if name in self.beyond:
            raise _bad(f"The sandbox does not offer the parameter {where}; Stripe itself does.", where)
        if name not in self.fields:
            raise _bad(f"Received unknown parameter: {where}", where, "parameter_unknown")


def decode(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Turn form pairs into nested dictionaries; `name[]` takes the next index. A malformed key raises StripeError."""
    tree: dict[str, Any] = {}
    for name, text in pairs:
        path = _path(name)
        branch = tree
        for step in path[:-1]:
            branch = branch.setdefault(step if step else str(len(branch)), {})
            if not isinstance(branch, dict):
                raise _bad("Invalid object", name)
        last = path[-1] if path[-1] else str(len(branch))
        if isinstance(branch.get(last), dict):
            raise _bad("Invalid object", name)
        branch[last] = text
    return tree


def _path(name: str) -> list[str]:
    match = KEY.fullmatch(name)
    steps = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])] if match else []
    if not match or len(steps) > DEPTH or "\0" in name:
        raise _bad(f"Received unknown parameter: {name[:80]}", name[:80], "parameter_unknown")
    return steps


def read(pairs: Iterable[tuple[str, str]], description: Group) -> dict[str, Any]:
    """Decode and check form pairs; returns the given parameters, without defaults for the others."""
    return description.read(decode(pairs))
