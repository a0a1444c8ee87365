"""Who placed an order or filled a cart: a person, the vendor's staff on a company's behalf, or the system."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.altering import altered

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# table: (who, as what)
COLUMNS = {"cart_items": ("added_by_id", "added_as"), "orders": ("placed_by_id", "placed_as")}


def upgrade() -> None:
    for name, (who, kind) in COLUMNS.items():
        with altered(name) as table:
            table.drop_constraint(op.f(f"fk_{name}_company_id_{who}"), type_="foreignkey")
            table.alter_column(who, existing_type=BIG_ID, nullable=True)
            table.create_foreign_key(op.f(f"fk_{name}_{who}"), "users", [who], ["id"])
            kinds = sa.Enum(
                "person",
                "staff",
                "system",
                name=f"{kind}_kind",
                native_enum=False,
                create_constraint=True,
                length=20,
            )
            table.add_column(sa.Column(kind, kinds, nullable=False, server_default="person"))
        with altered(name) as table:
            table.alter_column(
                kind, existing_type=sa.String(length=20), existing_nullable=False, server_default=None
            )
            table.create_check_constraint(
                op.f(f"ck_{name}_{kind}"), sa.text(f"({kind} = 'system') = ({who} IS NULL)")
            )


def downgrade() -> None:
    _give_to_administrators()
    for name, (who, kind) in COLUMNS.items():
        with altered(name) as table:
            table.drop_constraint(op.f(f"ck_{name}_{kind}"), type_="check")
            table.drop_constraint(op.f(f"ck_{name}_{kind}_kind"), type_="check")
            table.drop_column(kind)
            table.drop_constraint(op.f(f"fk_{name}_{who}"), type_="foreignkey")
            table.alter_column(who, existing_type=BIG_ID, nullable=False)
            table.create_foreign_key(
                op.f(f"fk_{name}_company_id_{who}"), "users", ["company_id", who], ["company_id", "id"]
            )


def _give_to_administrators() -> None:
    """What staff or the system did had no place before: it becomes the company's first administrator's."""
    for name, (who, kind) in COLUMNS.items():
        first = f"SELECT MIN(id) FROM users WHERE users.company_id = {name}.company_id AND role = 'admin'"  # noqa: S608
        op.execute(sa.text(f"UPDATE {name} SET {who} = ({first}) WHERE {kind} <> 'person'"))  # noqa: S608
