"""Terms: which days of a licence were bought, by which order line, for how much of each tax."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from tables.base import Base, BigId, create_with, enum_column
from tables.who import CompanyRow


class TermKind(enum.StrEnum):
    """What a period of a licence is. All but `CHANGE` are *base* terms: those of a licence never overlap.

    A *change* lies inside a base term and names the plan from its first day on. `OPENING`: a licence that was brought
    over from before the desk, without an order.
    """

    NEW = "new"
    ADD = "add"
    RENEW = "renew"
    CHANGE = "change"
    OPENING = "opening"


class Term(Base, CompanyRow):
    """A period of a licence and the order line that paid it. Amounts in cents; those of a line's terms add up to it.

    Its days are the customer's, frozen with the time zone of then; its instants follow from them, half-open
    (`services/foundation/days.py`). Triggers keep terms apart (below).
    """

    __tablename__ = "terms"
    __table_args__ = (
        sa.UniqueConstraint("license_id", "order_line_id"),
        sa.UniqueConstraint("company_id", "id"),
        sa.ForeignKeyConstraint(["company_id", "license_id"], ["licenses.company_id", "licenses.id"]),
        sa.ForeignKeyConstraint(
            ["company_id", "order_line_id"], ["order_lines.company_id", "order_lines.id"]
        ),
        sa.CheckConstraint("ends_at > starts_at AND last_day >= first_day", name="period"),
        sa.CheckConstraint("anchor_day BETWEEN 1 AND 31", name="anchor_day"),
        sa.CheckConstraint("net >= 0 AND tax >= 0 AND refunded BETWEEN 0 AND net + tax", name="amounts"),
        sa.CheckConstraint("(kind = 'opening') = (order_line_id IS NULL)", name="opening_has_no_line"),
        sa.CheckConstraint("kind <> 'opening' OR net + tax = 0", name="opening_costs_nothing"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    license_id: Mapped[int] = mapped_column(BigId)
    kind: Mapped[TermKind] = mapped_column(enum_column(TermKind, "kind"), default=TermKind.NEW)
    plan_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("plans.id"))
    order_line_id: Mapped[int | None] = mapped_column(BigId, index=True)
    first_day: Mapped[dt.date]
    last_day: Mapped[dt.date]
    zone: Mapped[str] = mapped_column(sa.String(64))
    # The day of the month on which its periods begin: a renewal keeps it, so that a 31st stays one.
    anchor_day: Mapped[int]
    starts_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    net: Mapped[int] = mapped_column(BigId)
    # The sum of its `TermTax`.
    tax: Mapped[int] = mapped_column(BigId)
    refunded: Mapped[int] = mapped_column(BigId, default=0)


class TermTax(Base, CompanyRow):
    """A seat's share of one tax of its order, in cents: those of a tax add up to it."""

    __tablename__ = "term_taxes"
    __table_args__ = (
        sa.UniqueConstraint("term_id", "order_tax_id"),
        sa.ForeignKeyConstraint(["company_id", "term_id"], ["terms.company_id", "terms.id"]),
        sa.ForeignKeyConstraint(["company_id", "order_tax_id"], ["order_taxes.company_id", "order_taxes.id"]),
        sa.CheckConstraint("amount >= 0", name="amount_not_negative"),
        sa.Index("ix_term_taxes_order_tax_id", "order_tax_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    term_id: Mapped[int] = mapped_column(BigId)
    order_tax_id: Mapped[int] = mapped_column(BigId)
    amount: Mapped[int] = mapped_column(BigId)


# What no constraint can hold on both databases: the base terms of a licence apart from each other, a change inside one.
# Nothing moves the ends of a base term in which a change lies: whoever writes such a verb has to look.
_OTHER_BASE = """
    SELECT 1 FROM terms AS other
    WHERE other.license_id = new.license_id AND other.id <> new.id AND other.kind <> 'change'"""
_OVERLAPS = f"""
    new.kind <> 'change'
    AND EXISTS ({_OTHER_BASE} AND other.starts_at < new.ends_at AND other.ends_at > new.starts_at)"""
_OUTSIDE = f"""
    new.kind = 'change'
    AND NOT EXISTS ({_OTHER_BASE} AND other.starts_at <= new.starts_at AND other.ends_at >= new.ends_at)"""
_APART, _INSIDE = "terms of a license overlap", "a change lies within no term"

TRIGGERS = {
    "sqlite": [
        f"""
        CREATE TRIGGER terms_{name}_{verb.lower()} AFTER {verb} ON terms WHEN {condition}
        BEGIN SELECT RAISE(ABORT, '{sentence}'); END
        """
        for name, condition, sentence in (("apart", _OVERLAPS, _APART), ("inside", _OUTSIDE, _INSIDE))
        for verb in ("INSERT", "UPDATE")
    ],
    "postgresql": [
        f"""
        CREATE OR REPLACE FUNCTION refuse_terms() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {_OVERLAPS} THEN RAISE EXCEPTION '{_APART}' USING ERRCODE = 'check_violation'; END IF;
            IF {_OUTSIDE} THEN RAISE EXCEPTION '{_INSIDE}' USING ERRCODE = 'check_violation'; END IF;
            RETURN NULL;
        END $$
        """,
        """
        CREATE TRIGGER terms_apart AFTER INSERT OR UPDATE ON terms
        FOR EACH ROW EXECUTE FUNCTION refuse_terms()
        """,
    ],
}
create_with(Term, TRIGGERS)
