"""Lines: kinds and periods of what is bought, the seats that a line names, and each tax shared over the seats."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import click
import sqlalchemy as sa
from alembic import op

from migrations.altering import altered, replace_check

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SHOWN = 20
LINE_KINDS = ("new", "add", "renew", "change")
KIND_COLUMNS = (
    "CASE kind WHEN 'new' THEN from_plan_id IS NULL AND first_day IS NULL AND last_day IS NULL"
    " WHEN 'add' THEN from_plan_id IS NULL AND last_day IS NOT NULL"
    " WHEN 'renew' THEN from_plan_id IS NOT NULL AND (first_day IS NULL) = (last_day IS NULL)"
    " ELSE from_plan_id IS NOT NULL AND last_day IS NOT NULL END"
)
QUANTITY = "quantity >= 1 AND (kind IN ('renew', 'change') OR quantity <= 1000)"
CART_INDEXES = {
    "uq_cart_items_new": ("kind = 'new'", ["company_id", "plan_id"]),
    "uq_cart_items_add": ("kind = 'add'", ["company_id", "plan_id", "last_day"]),
    "uq_cart_items_renew": (
        "kind = 'renew' AND first_day IS NOT NULL",
        ["company_id", "plan_id", "from_plan_id", "first_day", "last_day"],
    ),
    "uq_cart_items_renew_lapsed": (
        "kind = 'renew' AND first_day IS NULL",
        ["company_id", "plan_id", "from_plan_id"],
    ),
    "uq_cart_items_change": ("kind = 'change'", ["company_id", "plan_id", "from_plan_id", "last_day"]),
}
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


def _enum(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=False, length=20)


def upgrade() -> None:
    _lines("cart_items")
    _lines("order_lines")
    with altered("cart_items") as table:
        table.drop_constraint(op.f("uq_cart_items_company_id_plan_id"), type_="unique")
        table.create_unique_constraint(op.f("uq_cart_items_company_id_id"), ["company_id", "id"])
    for name, (where, columns) in CART_INDEXES.items():
        op.create_index(
            name, "cart_items", columns, unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )
    with altered("order_lines") as table:
        table.add_column(sa.Column("cart_item_id", BIG_ID, nullable=True))
        table.create_foreign_key(
            op.f("fk_order_lines_cart_item_id"), "cart_items", ["cart_item_id"], ["id"], ondelete="SET NULL"
        )
    op.create_index("ix_order_lines_cart_item_id", "order_lines", ["cart_item_id"])
    with altered("order_taxes") as table:
        table.create_unique_constraint(op.f("uq_order_taxes_company_id_id"), ["company_id", "id"])
    with altered("licenses") as table:
        table.alter_column("order_line_id", existing_type=BIG_ID, nullable=True)
        table.alter_column("seat_no", existing_type=sa.Integer(), nullable=True)
        table.create_check_constraint(
            op.f("ck_licenses_seat_no_filled"), sa.text("(order_line_id IS NULL) = (seat_no IS NULL)")
        )
    _terms()
    _named_seats("cart_item_licenses", "cart_item_id", "cart_items", ondelete="CASCADE")
    _named_seats("order_line_licenses", "order_line_id", "order_lines")
    op.create_table(
        "term_taxes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("term_id", BIG_ID, nullable=False),
        sa.Column("order_tax_id", BIG_ID, nullable=False),
        sa.Column("amount", BIG_ID, nullable=False),
        sa.Column("company_id", BIG_ID, nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_term_taxes_amount_not_negative")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_term_taxes_company_id")),
        sa.ForeignKeyConstraint(
            ["company_id", "order_tax_id"],
            ["order_taxes.company_id", "order_taxes.id"],
            name=op.f("fk_term_taxes_company_id_order_tax_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "term_id"], ["terms.company_id", "terms.id"], name=op.f("fk_term_taxes_company_id_term_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term_taxes")),
        sa.UniqueConstraint("term_id", "order_tax_id", name=op.f("uq_term_taxes_term_id_order_tax_id")),
    )
    op.create_index("ix_term_taxes_order_tax_id", "term_taxes", ["order_tax_id"])
    _remember_what_was_ordered()
    _share_taxes()
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def _lines(name: str) -> None:
    """Kind and period, for carts and orders alike."""
    op.add_column(name, sa.Column("kind", _enum("kind", LINE_KINDS), nullable=True))
    for column in ("first_day", "last_day"):
        op.add_column(name, sa.Column(column, sa.Date(), nullable=True))
    op.execute(sa.text(f"UPDATE {name} SET kind = 'new'"))  # noqa: S608 - a table of ours
    with altered(name) as table:
        table.alter_column("kind", existing_type=sa.String(length=20), nullable=False)
        table.add_column(sa.Column("from_plan_id", BIG_ID, nullable=True))
        table.create_foreign_key(op.f(f"fk_{name}_from_plan_id"), "plans", ["from_plan_id"], ["id"])
        replace_check(table, f"ck_{name}_quantity_range", QUANTITY)
        table.create_check_constraint(op.f(f"ck_{name}_kind_columns"), sa.text(KIND_COLUMNS))
        table.create_check_constraint(op.f(f"ck_{name}_period"), sa.text("last_day >= first_day"))
        _check_enum(table, name, LINE_KINDS)


def _check_enum(table: Any, name: str, values: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{value}'" for value in values)
    table.create_check_constraint(op.f(f"ck_{name}_kind"), sa.text(f"kind IN ({listed})"))


def _terms() -> None:
    kinds = (*LINE_KINDS, "opening")
    op.add_column("terms", sa.Column("kind", _enum("kind", kinds), nullable=True))
    op.add_column("terms", sa.Column("plan_id", BIG_ID, nullable=True))
    op.execute(
        sa.text(
            "UPDATE terms SET kind = 'new',"
            " plan_id = (SELECT plan_id FROM order_lines WHERE order_lines.id = terms.order_line_id)"
        )
    )
    with altered("terms") as table:
        table.alter_column("kind", existing_type=sa.String(length=20), nullable=False)
        table.alter_column("plan_id", existing_type=BIG_ID, nullable=False)
        table.alter_column("order_line_id", existing_type=BIG_ID, nullable=True)
        table.create_foreign_key(op.f("fk_terms_plan_id"), "plans", ["plan_id"], ["id"])
        table.create_unique_constraint(op.f("uq_terms_company_id_id"), ["company_id", "id"])
        table.create_check_constraint(
            op.f("ck_terms_opening_has_no_line"), sa.text("(kind = 'opening') = (order_line_id IS NULL)")
        )
        table.create_check_constraint(
            op.f("ck_terms_opening_costs_nothing"), sa.text("kind <> 'opening' OR net + tax = 0")
        )
        _check_enum(table, "terms", kinds)


def _named_seats(name: str, line: str, lines: str, **options: Any) -> None:
    op.create_table(
        name,
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column(line, BIG_ID, nullable=False),
        sa.Column("license_id", BIG_ID, nullable=False),
        sa.Column("company_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f(f"fk_{name}_company_id")),
        sa.ForeignKeyConstraint(
            ["company_id", line], [f"{lines}.company_id", f"{lines}.id"], name=op.f(f"fk_{name}_company_id_{line}"), **options
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "license_id"],
            ["licenses.company_id", "licenses.id"],
            name=op.f(f"fk_{name}_company_id_license_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint(line, "license_id", name=op.f(f"uq_{name}_{line}_license_id")),
    )
    op.create_index(f"ix_{name}_license_id", name, ["license_id"])


def downgrade() -> None:
    _refuse_what_did_not_exist()
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.execute("DROP TRIGGER terms_apart ON terms")
        op.execute("DROP FUNCTION refuse_terms()")
    else:
        for name in ("apart", "inside"):
            for verb in ("insert", "update"):
                op.execute(f"DROP TRIGGER terms_{name}_{verb}")
    op.drop_table("term_taxes")
    op.drop_table("order_line_licenses")
    op.drop_table("cart_item_licenses")
    with altered("terms") as table:
        for check in ("opening_has_no_line", "opening_costs_nothing", "kind"):
            table.drop_constraint(op.f(f"ck_terms_{check}"), type_="check")
        table.drop_constraint(op.f("uq_terms_company_id_id"), type_="unique")
        table.drop_constraint(op.f("fk_terms_plan_id"), type_="foreignkey")
        table.alter_column("order_line_id", existing_type=BIG_ID, nullable=False)
        table.drop_column("plan_id")
        table.drop_column("kind")
    with altered("licenses") as table:
        table.drop_constraint(op.f("ck_licenses_seat_no_filled"), type_="check")
        table.alter_column("order_line_id", existing_type=BIG_ID, nullable=False)
        table.alter_column("seat_no", existing_type=sa.Integer(), nullable=False)
    with altered("order_taxes") as table:
        table.drop_constraint(op.f("uq_order_taxes_company_id_id"), type_="unique")
    op.drop_index("ix_order_lines_cart_item_id", "order_lines")
    with altered("order_lines") as table:
        table.drop_constraint(op.f("fk_order_lines_cart_item_id"), type_="foreignkey")
        table.drop_column("cart_item_id")
    for name in CART_INDEXES:
        op.drop_index(name, "cart_items")
    with altered("cart_items") as table:
        table.drop_constraint(op.f("uq_cart_items_company_id_id"), type_="unique")
        table.create_unique_constraint(op.f("uq_cart_items_company_id_plan_id"), ["company_id", "plan_id"])
    for name in ("order_lines", "cart_items"):
        with altered(name) as table:
            for check in ("kind_columns", "period", "kind"):
                table.drop_constraint(op.f(f"ck_{name}_{check}"), type_="check")
            replace_check(table, f"ck_{name}_quantity_range", "quantity BETWEEN 1 AND 1000")
            table.drop_constraint(op.f(f"fk_{name}_from_plan_id"), type_="foreignkey")
            for column in ("kind", "from_plan_id", "first_day", "last_day"):
                table.drop_column(column)


def _refuse_what_did_not_exist() -> None:
    """Renewals and seats that were brought over have no place in the older tables."""
    newer = {
        "cart_items": "kind <> 'new'",
        "order_lines": "kind <> 'new'",
        "terms": "kind <> 'new'",
        "licenses": "order_line_id IS NULL",
    }
    for name, condition in newer.items():
        count = op.get_bind().scalar(sa.text(f"SELECT COUNT(*) FROM {name} WHERE {condition}"))  # noqa: S608
        if count:
            raise RuntimeError(f"{count} rows of {name} are of a kind that version 0002 does not know: nothing was changed")


# --- Rows of before -------------------------------------------------------------------------------------------------


def _remember_what_was_ordered() -> None:
    """Orders whose lines are in the cart still: that of the same plan, which was the rule until now."""
    op.execute(
        sa.text("""
        UPDATE order_lines SET cart_item_id = (
            SELECT cart_items.id FROM cart_items
            WHERE cart_items.company_id = order_lines.company_id AND cart_items.plan_id = order_lines.plan_id)
        WHERE order_id IN (
            SELECT id FROM orders
            WHERE state IN ('pending', 'expired') AND stripe_payment_intent_id IS NULL)
        """)
    )


def _share_taxes() -> None:
    """Share each tax of an order over its seats; a seat's tax may move by a cent a tax, and is named then."""
    connection = op.get_bind()
    taxes, lines, terms = (_by(connection, query, key) for query, key in (
        ("SELECT order_id, id, amount FROM order_taxes ORDER BY order_id, position", "order_id"),
        ("SELECT order_id, id, net FROM order_lines ORDER BY order_id, position", "order_id"),
        ("SELECT order_line_id, id, company_id, tax FROM terms ORDER BY order_line_id, license_id", "order_line_id"),
    ))
    insert = sa.text(
        "INSERT INTO term_taxes (term_id, order_tax_id, amount, company_id) VALUES (:term, :tax, :amount, :company)"
    )
    moved: list[int] = []
    for order, ordered in lines.items():
        rows: list[dict[str, int]] = []
        owed: dict[int, int] = defaultdict(int)
        for tax in taxes.get(order, []):
            for line, part in zip(ordered, _share(tax.amount, [line.net for line in ordered]), strict=True):
                seats = terms.get(line.id, [])
                for term, amount in zip(seats, _share(part, [1] * len(seats)), strict=True):
                    rows.append({"term": term.id, "tax": tax.id, "amount": amount, "company": term.company_id})
                    owed[term.id] += amount
        if rows:
            connection.execute(insert, rows)
        changed = [term for line in ordered for term in terms.get(line.id, []) if term.tax != owed[term.id]]
        for term in changed:
            connection.execute(
                sa.text("UPDATE terms SET tax = :tax WHERE id = :id"), {"tax": owed[term.id], "id": term.id}
            )
        moved += [term.id for term in changed]
    if moved:
        shown = ", ".join(map(str, moved[:SHOWN])) + ("…" if len(moved) > SHOWN else "")
        click.echo(f"The tax of {len(moved)} terms moved by a cent or two; that of their orders did not. Terms: {shown}")


def _by(connection: sa.Connection, query: str, key: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(sa.text(query)):
        found[getattr(row, key)].append(row)
    return found


def _share(cents: int, weights: list[int]) -> list[int]:
    whole = sum(weights)
    shares, seen, given = [], 0, 0
    for weight in weights:
        seen += weight
        until_here = cents * seen // whole if whole else 0
        shares.append(until_here - given)
        given = until_here
    return shares

