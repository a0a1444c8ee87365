"""Mail addresses with the A-label of their domain, which is what servers compare (RFC 5890); names in Unicode's NFC."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from tables.addresses import ascii_address, readable_address

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ADDRESSES = (
    ("users", "email"),
    ("companies", "billing_email"),
    ("vendor", "support_email"),
    ("outgoing_mail", "address"),
)
NAMES = (
    ("users", "first_name"),
    ("users", "last_name"),
    ("companies", "name"),
    ("companies", "street"),
    ("companies", "city"),
    ("vendor", "name"),
    ("vendor", "legal_name"),
    ("vendor", "address"),
    ("plans", "name_fr"),
    ("plans", "name_en"),
)


def upgrade() -> None:
    """Where two accounts have one address in two spellings, nothing is changed: a person has to say whose it is."""
    _refuse_twins()
    for table, column in ADDRESSES:
        _rewrite(table, column, ((key, text, ascii_address(text)) for key, text in _accented(table, column)))
    for table, column in NAMES:
        found = _accented(table, column)
        _rewrite(table, column, ((key, text, unicodedata.normalize("NFC", text)) for key, text in found))


def downgrade() -> None:
    """Addresses in letters, as the version before stores them. Names in NFC are the same names."""
    for table, column in ADDRESSES:
        there = sa.text(f"SELECT id, {column} FROM {table} WHERE lower({column}) LIKE '%xn--%'")
        rows = op.get_bind().execute(there).all()
        _rewrite(table, column, ((key, text, readable_address(text)) for key, text in rows))


def _accented(table: str, column: str) -> list[Any]:
    """(id, text) of the rows whose text is not all ASCII."""
    size = "octet_length({0})" if op.get_bind().dialect.name == "postgresql" else "length(CAST({0} AS BLOB))"
    there = f"SELECT id, {column} FROM {table} WHERE {size.format(column)} <> length({column})"
    return list(op.get_bind().execute(sa.text(there)).all())


def _rewrite(table: str, column: str, changes: Iterable[tuple[int, str, str]]) -> None:
    values = [{"id": key, "text": after} for key, before, after in changes if after != before]
    if values:
        op.get_bind().execute(sa.text(f"UPDATE {table} SET {column} = :text WHERE id = :id"), values)


def _refuse_twins() -> None:
    twins = [f"{sorted(ids)}" for ids in _twins()]
    if twins:
        raise RuntimeError(
            "These people (their id in /support) have one address in two spellings, such as québec.example and "
            f"xn--qubec-csa.example: {', '.join(twins)}. Nothing was changed. Give all but one of each another address "
            "in /support of the version before, then upgrade again."
        )


def _twins() -> Iterator[set[int]]:
    """The people who could no longer stand beside each other: of one company, of the staff, or both confirmed."""
    rows = op.get_bind().execute(sa.text("SELECT id, company_id, confirmed_at, email FROM users")).all()
    groups: dict[tuple[str, object], set[int]] = defaultdict(set)
    for row in rows:
        address = ascii_address(row.email).lower()
        groups[address, ("company", row.company_id)].add(row.id)
        if row.confirmed_at is not None:
            groups[address, "confirmed"].add(row.id)
    seen: set[frozenset[int]] = set()
    for ids in groups.values():
        if len(ids) > 1 and frozenset(ids) not in seen:
            seen.add(frozenset(ids))
            yield ids
