"""First tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# SQLite gives row ids only to INTEGER keys.
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# The journal is append-only. Written out here: a migration never changes with the models.
APPEND_ONLY = {
    "sqlite": [
        """
        CREATE TRIGGER journal_entries_no_UPDATE BEFORE UPDATE ON journal_entries
        BEGIN SELECT RAISE(ABORT, 'journal_entries is append-only'); END
        """,
        """
        CREATE TRIGGER journal_entries_no_DELETE BEFORE DELETE ON journal_entries
        BEGIN SELECT RAISE(ABORT, 'journal_entries is append-only'); END
        """,
    ],
    "postgresql": [
        """
        CREATE OR REPLACE FUNCTION refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'journal_entries is append-only'; END $$
        """,
        """
        CREATE TRIGGER journal_entries_append_only BEFORE UPDATE OR DELETE ON journal_entries
        FOR EACH ROW EXECUTE FUNCTION refuse_journal_change()
        """,
        """
        CREATE TRIGGER journal_entries_no_truncate BEFORE TRUNCATE ON journal_entries
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_journal_change()
        """,
    ],
}


def upgrade() -> None:
    op.create_table(
        "companies",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("billing_email", sa.String(length=254), nullable=False),
        sa.Column("street", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=100), nullable=False),
        sa.Column("province", sa.String(length=10), nullable=False),
        sa.Column("postal_code", sa.String(length=20), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column(
            "language",
            sa.Enum("fr", "en", name="language", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("stripe_customer_id", sa.String(length=255), nullable=True),
        sa.Column("lock_version", BIG_ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(trim(name)) > 0", name=op.f("ck_companies_name_filled")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
        sa.UniqueConstraint("stripe_customer_id", name=op.f("uq_companies_stripe_customer_id")),
    )
    op.create_index("ix_companies_lower_name", "companies", [sa.literal_column("lower(name)")], unique=False)
    op.create_table(
        "conditions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("text_fr", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conditions")),
    )
    op.create_table(
        "plans",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("code", sa.String(length=50), nullable=False),
        sa.Column("product", sa.String(length=50), nullable=False),
        sa.Column("name_fr", sa.String(length=100), nullable=False),
        sa.Column("name_en", sa.String(length=100), nullable=False),
        sa.Column("description_fr", sa.Text(), nullable=False),
        sa.Column("description_en", sa.Text(), nullable=False),
        sa.Column("term_months", sa.Integer(), nullable=False),
        sa.Column("devices_per_license", sa.Integer(), nullable=False),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("on_sale", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "devices_per_license BETWEEN 1 AND 100", name=op.f("ck_plans_devices_per_license")
        ),
        sa.CheckConstraint("term_months BETWEEN 1 AND 120", name=op.f("ck_plans_term_months")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint("code", name=op.f("uq_plans_code")),
        sa.UniqueConstraint("id", "product", name=op.f("uq_plans_id_product")),
    )
    op.create_table(
        "stripe_events",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("object_id", sa.String(length=255), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=50), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_events")),
    )
    op.create_index("ix_stripe_events_object_id", "stripe_events", ["object_id"], unique=False)
    op.create_index("ix_stripe_events_received_at", "stripe_events", ["received_at"], unique=False)
    op.create_index(
        "ix_stripe_events_unhandled",
        "stripe_events",
        ["received_at"],
        unique=False,
        sqlite_where=sa.text("handled_at IS NULL"),
        postgresql_where=sa.text("handled_at IS NULL"),
    )
    op.create_table(
        "tax_rates",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("place", sa.String(length=10), nullable=False),
        sa.Column("name_fr", sa.String(length=20), nullable=False),
        sa.Column("name_en", sa.String(length=20), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column(
            "registration",
            sa.Enum("gst", "qst", name="registration", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.CheckConstraint("rate BETWEEN 0 AND 100000", name=op.f("ck_tax_rates_rate_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rates")),
        sa.UniqueConstraint(
            "place", "name_en", "starts_on", name=op.f("uq_tax_rates_place_name_en_starts_on")
        ),
    )
    op.create_table(
        "vendor",
        sa.Column("id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("legal_name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("gst_number", sa.String(length=30), nullable=False),
        sa.Column("qst_number", sa.String(length=30), nullable=False),
        sa.Column("support_email", sa.String(length=254), nullable=False),
        sa.Column("install_url_fr", sa.String(length=500), nullable=False),
        sa.Column("install_url_en", sa.String(length=500), nullable=False),
        sa.Column("color", sa.String(length=7), nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("logo_type", sa.String(length=50), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_vendor_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor")),
    )
    op.create_table(
        "prices",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("plan_id", BIG_ID, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", BIG_ID, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_prices_amount_not_negative")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_prices_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prices")),
        sa.UniqueConstraint(
            "plan_id", "currency", "starts_on", name=op.f("uq_prices_plan_id_currency_starts_on")
        ),
    )
    op.create_table(
        "users",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("company_id", BIG_ID, nullable=True),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "member",
                "admin",
                "support",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "language",
            sa.Enum("fr", "en", name="language", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("password", sa.String(length=255), nullable=True),
        sa.Column("fs_uniquifier", sa.String(length=64), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(role = 'support') = (company_id IS NULL)", name=op.f("ck_users_staff_have_no_company")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_users_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_users_company_id_id")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_users_fs_uniquifier")),
    )
    op.create_index("ix_users_active", "users", ["active", sa.literal_column("id DESC")], unique=False)
    op.create_index(
        "ix_users_company_name", "users", ["company_id", "last_name", "first_name", "id"], unique=False
    )
    op.create_index("ix_users_name", "users", ["last_name", "first_name", "id"], unique=False)
    op.create_index("ix_users_role", "users", ["role", sa.literal_column("id DESC")], unique=False)
    op.create_index("uq_users_lower_email", "users", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "cart_items",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("plan_id", BIG_ID, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("added_by_id", BIG_ID, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("company_id", BIG_ID, nullable=False),
        sa.CheckConstraint("quantity BETWEEN 1 AND 1000", name=op.f("ck_cart_items_quantity_range")),
        sa.ForeignKeyConstraint(
            ["company_id", "added_by_id"],
            ["users.company_id", "users.id"],
            name=op.f("fk_cart_items_company_id_added_by_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_cart_items_company_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_cart_items_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cart_items")),
        sa.UniqueConstraint("company_id", "plan_id", name=op.f("uq_cart_items_company_id_plan_id")),
    )
    op.create_table(
        "journal_entries",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("operation", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verb", sa.String(length=50), nullable=False),
        sa.Column("actor_id", BIG_ID, nullable=True),
        sa.Column("company_id", BIG_ID, nullable=True),
        sa.Column("on_behalf_of_id", BIG_ID, nullable=True),
        sa.Column("subject_type", sa.String(length=50), nullable=False),
        sa.Column("subject_id", BIG_ID, nullable=False),
        sa.Column("related", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_journal_entries_actor_id")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_journal_entries_company_id")),
        sa.ForeignKeyConstraint(
            ["on_behalf_of_id"], ["companies.id"], name=op.f("fk_journal_entries_on_behalf_of_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entries")),
    )
    op.create_index(
        "ix_journal_entries_actor_id",
        "journal_entries",
        ["actor_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_journal_entries_company_id",
        "journal_entries",
        ["company_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_journal_entries_operation", "journal_entries", ["operation"], unique=False)
    op.create_index(
        "ix_journal_entries_subject",
        "journal_entries",
        ["subject_type", "subject_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_journal_entries_verb", "journal_entries", ["verb", sa.literal_column("id DESC")], unique=False
    )
    op.create_table(
        "orders",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("placed_by_id", BIG_ID, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "processing",
                "paid",
                "failed",
                "expired",
                "cancelled",
                "refunded",
                "disputed",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "language",
            sa.Enum("fr", "en", name="language", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net", BIG_ID, nullable=False),
        sa.Column("tax", BIG_ID, nullable=False),
        sa.Column("total", BIG_ID, nullable=False),
        sa.Column("refunded", BIG_ID, nullable=False),
        sa.Column("customer_name", sa.String(length=200), nullable=False),
        sa.Column("customer_address", sa.Text(), nullable=False),
        sa.Column("vendor_name", sa.String(length=200), nullable=False),
        sa.Column("vendor_address", sa.Text(), nullable=False),
        sa.Column("conditions_id", BIG_ID, nullable=True),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("stripe_session_id", sa.String(length=255), nullable=True),
        sa.Column("stripe_payment_intent_id", sa.String(length=255), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=50), nullable=True),
        sa.Column("company_id", BIG_ID, nullable=False),
        sa.CheckConstraint(
            "state NOT IN ('paid', 'refunded', 'disputed') OR paid_at IS NOT NULL",
            name=op.f("ck_orders_paid_at_filled"),
        ),
        sa.CheckConstraint("net >= 0 AND tax >= 0 AND total = net + tax", name=op.f("ck_orders_totals")),
        sa.CheckConstraint("refunded BETWEEN 0 AND total", name=op.f("ck_orders_refunded_range")),
        sa.ForeignKeyConstraint(
            ["company_id", "placed_by_id"],
            ["users.company_id", "users.id"],
            name=op.f("fk_orders_company_id_placed_by_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_orders_company_id")),
        sa.ForeignKeyConstraint(["conditions_id"], ["conditions.id"], name=op.f("fk_orders_conditions_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_orders_company_id_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_orders_reference")),
        sa.UniqueConstraint("stripe_payment_intent_id", name=op.f("uq_orders_stripe_payment_intent_id")),
        sa.UniqueConstraint("stripe_session_id", name=op.f("uq_orders_stripe_session_id")),
    )
    op.create_index(
        "ix_orders_company_id", "orders", ["company_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_index(
        "ix_orders_noted",
        "orders",
        ["id"],
        unique=False,
        sqlite_where=sa.text("note IS NOT NULL"),
        postgresql_where=sa.text("note IS NOT NULL"),
    )
    op.create_index("ix_orders_paid_at", "orders", ["paid_at"], unique=False)
    op.create_index("ix_orders_placed_at", "orders", ["placed_at"], unique=False)
    op.create_index("ix_orders_state_id", "orders", ["state", sa.literal_column("id DESC")], unique=False)
    op.create_index(
        "ix_orders_waiting",
        "orders",
        ["placed_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('pending', 'processing')"),
        postgresql_where=sa.text("state IN ('pending', 'processing')"),
    )
    op.create_table(
        "outgoing_mail",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("company_id", BIG_ID, nullable=True),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("address", sa.String(length=254), nullable=True),
        sa.Column("template", sa.String(length=50), nullable=False),
        sa.Column(
            "language",
            sa.Enum("fr", "en", name="language", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("dedupe_key", sa.String(length=200), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "sending",
                "sent",
                "failed",
                "dropped",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "state <> 'sending' OR lease_until IS NOT NULL", name=op.f("ck_outgoing_mail_lease_filled")
        ),
        sa.CheckConstraint(
            "(user_id IS NULL) <> (address IS NULL)", name=op.f("ck_outgoing_mail_one_recipient")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_outgoing_mail_company_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_outgoing_mail_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_mail")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outgoing_mail_dedupe_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outgoing_mail_message_id")),
    )
    op.create_index(
        "ix_outgoing_mail_company_id",
        "outgoing_mail",
        ["company_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_outgoing_mail_due",
        "outgoing_mail",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('queued', 'sending')"),
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
    )
    op.create_index(
        "ix_outgoing_mail_failed",
        "outgoing_mail",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'failed'"),
        postgresql_where=sa.text("state = 'failed'"),
    )
    op.create_index(
        "ix_outgoing_mail_template", "outgoing_mail", ["template", sa.literal_column("id DESC")], unique=False
    )
    op.create_index(
        "ix_outgoing_mail_user_id", "outgoing_mail", ["user_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_table(
        "journal_personal",
        sa.Column("entry_id", BIG_ID, nullable=False),
        sa.Column("company_id", BIG_ID, nullable=True),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_journal_personal_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entries.id"], name=op.f("fk_journal_personal_entry_id")
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_journal_personal")),
    )
    op.create_table(
        "order_lines",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("order_id", BIG_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("plan_id", BIG_ID, nullable=False),
        sa.Column("plan_name_fr", sa.String(length=100), nullable=False),
        sa.Column("plan_name_en", sa.String(length=100), nullable=False),
        sa.Column("term_months", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_amount", BIG_ID, nullable=False),
        sa.Column("net", BIG_ID, nullable=False),
        sa.Column("company_id", BIG_ID, nullable=False),
        sa.CheckConstraint("quantity BETWEEN 1 AND 1000", name=op.f("ck_order_lines_quantity_range")),
        sa.CheckConstraint(
            "unit_amount >= 0 AND net = unit_amount * quantity", name=op.f("ck_order_lines_net")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "order_id"],
            ["orders.company_id", "orders.id"],
            name=op.f("fk_order_lines_company_id_order_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_order_lines_company_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_order_lines_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_order_lines_company_id_id")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_lines_order_id_position")),
    )
    op.create_table(
        "order_taxes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("order_id", BIG_ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name_fr", sa.String(length=20), nullable=False),
        sa.Column("name_en", sa.String(length=20), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("registration_number", sa.String(length=30), nullable=False),
        sa.Column("amount", BIG_ID, nullable=False),
        sa.Column("company_id", BIG_ID, nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_order_taxes_amount_not_negative")),
        sa.ForeignKeyConstraint(
            ["company_id", "order_id"],
            ["orders.company_id", "orders.id"],
            name=op.f("fk_order_taxes_company_id_order_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_order_taxes_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_taxes")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_taxes_order_id_position")),
    )
    op.create_table(
        "licenses",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("order_line_id", BIG_ID, nullable=False),
        sa.Column("seat_no", sa.Integer(), nullable=False),
        sa.Column("plan_id", BIG_ID, nullable=False),
        sa.Column("product", sa.String(length=50), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "active",
                "suspended",
                "revoked",
                "removed",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("company_id", BIG_ID, nullable=False),
        sa.CheckConstraint(
            "status NOT IN ('revoked', 'removed') OR user_id IS NULL", name=op.f("ck_licenses_gone_is_unheld")
        ),
        sa.CheckConstraint(
            "(user_id IS NULL) = (assigned_at IS NULL)", name=op.f("ck_licenses_assigned_at_filled")
        ),
        sa.CheckConstraint(
            "activated_at IS NULL OR user_id IS NOT NULL", name=op.f("ck_licenses_activated_is_held")
        ),
        sa.CheckConstraint("valid_until > valid_from", name=op.f("ck_licenses_validity")),
        sa.ForeignKeyConstraint(
            ["company_id", "order_line_id"],
            ["order_lines.company_id", "order_lines.id"],
            name=op.f("fk_licenses_company_id_order_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["users.company_id", "users.id"],
            name=op.f("fk_licenses_company_id_user_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_licenses_company_id")),
        sa.ForeignKeyConstraint(
            ["plan_id", "product"], ["plans.id", "plans.product"], name=op.f("fk_licenses_plan_id_product")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licenses")),
        sa.UniqueConstraint("company_id", "id", name=op.f("uq_licenses_company_id_id")),
        sa.UniqueConstraint("key", name=op.f("uq_licenses_key")),
        sa.UniqueConstraint("order_line_id", "seat_no", name=op.f("uq_licenses_order_line_id_seat_no")),
    )
    op.create_index(
        "ix_licenses_activated",
        "licenses",
        ["id"],
        unique=False,
        sqlite_where=sa.text("activated_at IS NOT NULL AND status = 'active'"),
        postgresql_where=sa.text("activated_at IS NOT NULL AND status = 'active'"),
    )
    op.create_index(
        "ix_licenses_assigned",
        "licenses",
        ["id"],
        unique=False,
        sqlite_where=sa.text("user_id IS NOT NULL AND activated_at IS NULL AND status = 'active'"),
        postgresql_where=sa.text("user_id IS NOT NULL AND activated_at IS NULL AND status = 'active'"),
    )
    op.create_index(
        "ix_licenses_company_id", "licenses", ["company_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_index(
        "ix_licenses_free",
        "licenses",
        ["company_id", "plan_id", "valid_until", "id"],
        unique=False,
        sqlite_where=sa.text("user_id IS NULL AND status = 'active'"),
        postgresql_where=sa.text("user_id IS NULL AND status = 'active'"),
    )
    op.create_index(
        "ix_licenses_plan_id", "licenses", ["plan_id", sa.literal_column("id DESC")], unique=False
    )
    op.create_index(
        "ix_licenses_revoked",
        "licenses",
        ["id"],
        unique=False,
        sqlite_where=sa.text("status = 'revoked'"),
        postgresql_where=sa.text("status = 'revoked'"),
    )
    op.create_index(
        "ix_licenses_suspended",
        "licenses",
        ["id"],
        unique=False,
        sqlite_where=sa.text("status = 'suspended'"),
        postgresql_where=sa.text("status = 'suspended'"),
    )
    op.create_index("ix_licenses_user_id", "licenses", ["user_id"], unique=False)
    op.create_index("ix_licenses_valid_until", "licenses", ["valid_until"], unique=False)
    op.create_index(
        "uq_licenses_user_id_product",
        "licenses",
        ["user_id", "product"],
        unique=True,
        sqlite_where=sa.text("user_id IS NOT NULL AND status IN ('active', 'suspended')"),
        postgresql_where=sa.text("user_id IS NOT NULL AND status IN ('active', 'suspended')"),
    )
    op.create_table(
        "assignments",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("license_id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_by_id", BIG_ID, nullable=True),
        sa.Column("taken_by_id", BIG_ID, nullable=True),
        sa.Column("company_id", BIG_ID, nullable=False),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name=op.f("ck_assignments_period")),
        sa.ForeignKeyConstraint(
            ["company_id", "license_id"],
            ["licenses.company_id", "licenses.id"],
            name=op.f("fk_assignments_company_id_license_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["users.company_id", "users.id"],
            name=op.f("fk_assignments_company_id_user_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_assignments_company_id")),
        sa.ForeignKeyConstraint(["given_by_id"], ["users.id"], name=op.f("fk_assignments_given_by_id")),
        sa.ForeignKeyConstraint(["taken_by_id"], ["users.id"], name=op.f("fk_assignments_taken_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )
    op.create_index("ix_assignments_license_id", "assignments", ["license_id"], unique=False)
    op.create_index("ix_assignments_user_id", "assignments", ["user_id"], unique=False)
    op.create_index(
        "uq_assignments_open",
        "assignments",
        ["license_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "links",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "sign_in",
                "password",
                "activation",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("license_id", BIG_ID, nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["license_id"], ["licenses.id"], name=op.f("fk_links_license_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_links_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_links_token_hash")),
    )
    op.create_index("ix_links_user_id", "links", ["user_id"], unique=False)
    op.create_table(
        "terms",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("license_id", BIG_ID, nullable=False),
        sa.Column("order_line_id", BIG_ID, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("net", BIG_ID, nullable=False),
        sa.Column("tax", BIG_ID, nullable=False),
        sa.Column("refunded", BIG_ID, nullable=False),
        sa.Column("company_id", BIG_ID, nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_terms_period")),
        sa.CheckConstraint(
            "net >= 0 AND tax >= 0 AND refunded BETWEEN 0 AND net + tax", name=op.f("ck_terms_amounts")
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "license_id"],
            ["licenses.company_id", "licenses.id"],
            name=op.f("fk_terms_company_id_license_id"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "order_line_id"],
            ["order_lines.company_id", "order_lines.id"],
            name=op.f("fk_terms_company_id_order_line_id"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_terms_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms")),
        sa.UniqueConstraint("license_id", "order_line_id", name=op.f("uq_terms_license_id_order_line_id")),
    )
    op.create_index(op.f("ix_terms_order_line_id"), "terms", ["order_line_id"], unique=False)
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("terms")
    op.drop_table("links")
    op.drop_table("assignments")
    op.drop_table("licenses")
    op.drop_table("order_taxes")
    op.drop_table("order_lines")
    op.drop_table("journal_personal")
    op.drop_table("outgoing_mail")
    op.drop_table("orders")
    op.drop_table("journal_entries")
    op.drop_table("cart_items")
    op.drop_table("users")
    op.drop_table("prices")
    op.drop_table("vendor")
    op.drop_table("tax_rates")
    op.drop_table("stripe_events")
    op.drop_table("plans")
    op.drop_table("conditions")
    op.drop_table("companies")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_journal_change()")
