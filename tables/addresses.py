"""Mail addresses in the database: one spelling of each domain is stored and compared, another is read.

A domain with accents has two spellings (RFC 5890, 2.3.2.1): `québec.example`, which people read and type, and its A-label
`xn--qubec-csa.example`, which mail servers know and which browsers send. A `MailAddress` column holds the second and
gives the first, so that no comparison can miss and nobody reads what they did not type.
"""

from __future__ import annotations

import re
from typing import Any

import idna
import sqlalchemy as sa

# What stands for a dot in a domain (UTS 46).
_DOTS = re.compile("[.\u3002\uff0e\uff61]")


def ascii_address(address: str) -> str:
    """`jean@québec.example` → `jean@xn--qubec-csa.example`. A label that is no part of a domain stays as it is."""
    local, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    return local + at + ".".join(map(_a_label, _DOTS.split(domain)))


def readable_address(address: str) -> str:
    """`jean@xn--qubec-csa.example` → `jean@québec.example`. An A-label that none can have made stays as it is."""
    local, at, domain = address.rpartition("@")
    if "xn--" not in domain.lower():
        return address
    return local + at + ".".join(map(_u_label, domain.split(".")))


def _a_label(label: str) -> str:
    if label.isascii():
        return label
    try:
        return idna.encode(label, uts46=True).decode()
    except idna.IDNAError:
        return label


def _u_label(label: str) -> str:
    try:
        return idna.decode(label) if label.lower().startswith("xn--") else label
    except idna.IDNAError:
        return label


def domain_of(address: str) -> str:
    """`Jean@Québec.example` → `xn--qubec-csa.example`: what follows the @, in the spelling by which domains are compared."""
    return ascii_address(address).rpartition("@")[2].lower()


class MailAddress(sa.types.TypeDecorator[str]):
    """An address, stored with the A-label of its domain and read in letters; so is whatever it is compared with."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else ascii_address(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else readable_address(value)


def address_key(address: str) -> str:
    """By which an address is compared in Python: as `lower_address` has it of a column."""
    return ascii_address(address).lower()


def lower_address(column: Any) -> Any:
    """What of the column is compared: its address in lower case; an index on its lower() serves it."""
    return sa.func.lower(column, type_=MailAddress())


def same_address(column: Any, address: str) -> sa.ColumnElement[bool]:
    """The condition that the column is `address`, in any case and either spelling; an index on its lower() serves it."""
    return lower_address(column) == address.lower()  # type: ignore[no-any-return]
