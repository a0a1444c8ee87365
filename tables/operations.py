"""Operations: what one act of somebody changed, however many rows, so that it can be told and taken back as one."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tables.base import Base, BigId, TenantRow, enum_column, utcnow
from tables.who import User, person_in


class Post(enum.StrEnum):
    """When those whom an act concerns are told by mail."""

    NOW = "now"
    # After the ten minutes in which it can be taken back: then nobody is told of either.
    HELD = "held"
    NONE = "none"


class Operation(Base, TenantRow):
    """One act: the entries of the journal with its id belong to it. Never changed.

    It belongs to the company whose rows it touched first; to none, as the vendor's own.
    """

    __tablename__ = "operations"
    __table_args__ = (sa.Index("ix_operations_company_id", "company_id", "at"),)

    # 32 hex digits, as in `JournalEntry.operation`.
    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    # A `JournalVerb`: that of its first entry.
    verb: Mapped[str] = mapped_column(sa.String(50))
    # None is the system itself.
    by_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("users.id"))
    company_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("companies.id"))
    on_behalf_of_id: Mapped[int | None] = mapped_column(BigId, sa.ForeignKey("companies.id"))
    at: Mapped[dt.datetime] = mapped_column(default=utcnow)
    post: Mapped[Post] = mapped_column(enum_column(Post, "post"), default=Post.NOW)
    # The operation that this one takes back: each can be taken back once.
    undoes_id: Mapped[str | None] = mapped_column(sa.String(32), sa.ForeignKey("operations.id"), unique=True)

    by: Mapped[User | None] = person_in("Operation.by_id")
    rows: Mapped[list[OperationRow]] = relationship(order_by="OperationRow.id", viewonly=True)


class OperationRow(Base, TenantRow):
    """What an operation changed of one row: the columns before and after. Ids and instants, nothing personal."""

    __tablename__ = "operation_rows"
    __table_args__ = (
        sa.Index("ix_operation_rows_operation_id", "operation_id"),
        sa.Index("ix_operation_rows_row", "table_name", "row_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # That of the row it is about, if that is a company's.
    company_id: Mapped[int | None] = mapped_column(BigId)
    operation_id: Mapped[str] = mapped_column(sa.String(32), sa.ForeignKey("operations.id"))
    table_name: Mapped[str] = mapped_column(sa.String(50))
    row_id: Mapped[int] = mapped_column(BigId)
    # Empty for a row that was added.
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
