"""Keys, references, Stripe's ids and amounts, as somebody has typed or pasted them."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from models import bare, db
from services.search import hits

# Of fewer characters too many keys begin with them.
LEAST = 4
# A key of another system may be long; nothing is that is longer.
LONGEST = 60
# So many numbers are handed on.
MOST = 5_000
# Cents.
MOST_MONEY = 10**12


def begins_with(column: Any, text: str) -> sa.ColumnElement[bool] | None:
    """Whether a key or a reference begins so, with or without its hyphens, by its index (`code_index`); None where none can."""
    code = bare(text)
    if not LEAST <= len(code) <= LONGEST or not code.isascii():
        return None
    name = '"key"' if column.key == "key" else column.key
    stored = sa.literal_column(
        f"upper(replace(replace({column.class_.__tablename__}.{name}, '-', ''), ' ', ''))", sa.String()
    )
    if db.engine.dialect.name == "postgresql":
        return stored.startswith(code, autoescape=True)
    return sa.and_(stored >= code, stored < code[:-1] + chr(ord(code[-1]) + 1))


def beginning(column: Any, text: str) -> sa.ColumnElement[bool] | None:
    """As `begins_with`, by the ids of those rows, whosever they are: the caller's own statement keeps those of its company.

    Beside a company's condition SQLite would read all that the company has. Where very many begin alike, as keys with the name of a
    product, it is asked of each row.
    """
    if (begins := begins_with(column, text)) is None:
        return None
    table = column.class_.__table__
    ids = db.session.scalars(sa.select(table.c.id).where(begins).limit(MOST + 1)).all()
    return begins if len(ids) > MOST else hits.is_among(column.class_.id, ids)


def cents(text: str) -> int | None:
    """The amount that `text` is, in cents: « 4 369,05 $ », `4,369.05`, `$12`; None for anything else."""
    plain = re.sub(r"[\s\u00a0\u202f$]|CAD|CA(?=\$)", "", text, flags=re.IGNORECASE)
    if not (found := re.fullmatch(r"(\d{1,3}(?:[.,]\d{3})*|\d+)(?:[.,](\d{2}))?", plain, re.ASCII)):
        return None
    whole, part = re.sub(r"\D", "", found[1]), found[2] or "00"
    amount = int(whole[:15]) * 100 + int(part)
    return amount if 0 < amount < MOST_MONEY else None
