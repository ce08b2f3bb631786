"""claims withdrawals and credits"""

import sqlalchemy as sa
from alembic import op

from app.database import Id, Json, UtcTime

revision = "20261121_0002"
down_revision = "20261121_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """claims withdrawals and credits"""
    op.create_table(
        "credits",
        sa.Column("id", Id, nullable=False),
        sa.Column("customer_id", Id, nullable=False),
        sa.Column("order_id", Id, nullable=True),
        sa.Column("refund_id", Id, nullable=True),
        sa.Column("operation_id", Id, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("actor", Json, nullable=False),
        sa.Column("automated", sa.Boolean(), nullable=False),
        sa.Column("spending_day", sa.String(), nullable=True),
        sa.Column("failure_code", sa.String(), nullable=True),
        sa.Column("settled_at", UtcTime(), nullable=True),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_credits_amount")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_credits_customer_id")),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name=op.f("fk_credits_operation_id")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_credits_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credits")),
    )
    with op.batch_alter_table("credits", schema=None) as batch_op:
        batch_op.create_index("ix_credits_order_id", ["order_id"], unique=False)
        batch_op.create_index("ix_credits_refund_id", ["refund_id"], unique=False)
        batch_op.create_index("ix_credits_store", ["store_id", "livemode", "id"], unique=False)
        batch_op.create_index("uq_credits_operation_id", ["operation_id"], unique=True)

    op.create_table(
        "claims",
        sa.Column("id", Id, nullable=False),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("customer_id", Id, nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("wished", sa.String(), nullable=True),
        sa.Column("resolution", sa.String(), nullable=True),
        sa.Column("refund_id", Id, nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("failure_code", sa.String(), nullable=True),
        sa.Column("actor", Json, nullable=False),
        sa.Column("decided_by", Json, nullable=True),
        sa.Column("decided_at", UtcTime(), nullable=True),
        sa.Column("completed_at", UtcTime(), nullable=True),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_claims_order_id")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_claims_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
    )
    with op.batch_alter_table("claims", schema=None) as batch_op:
        batch_op.create_index("ix_claims_customer_id", ["customer_id"], unique=False)
        batch_op.create_index("ix_claims_order_id", ["order_id"], unique=False)
        batch_op.create_index("ix_claims_refund_id", ["refund_id"], unique=False)
        batch_op.create_index("ix_claims_store", ["store_id", "livemode", "id"], unique=False)

    op.create_table(
        "withdrawals",
        sa.Column("id", Id, nullable=False),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("customer_id", Id, nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("deadline_at", UtcTime(), nullable=True),
        sa.Column("declared_at", UtcTime(), nullable=True),
        sa.Column("refund_due_at", UtcTime(), nullable=True),
        sa.Column("overdue_at", UtcTime(), nullable=True),
        sa.Column("needs_person", sa.Boolean(), nullable=False),
        sa.Column("operation_id", Id, nullable=True),
        sa.Column("acknowledgement", sa.String(), nullable=True),
        sa.Column("acknowledged_at", UtcTime(), nullable=True),
        sa.Column("cancellation_id", Id, nullable=True),
        sa.Column("refund_id", Id, nullable=True),
        sa.Column("return_id", Id, nullable=True),
        sa.Column("actor", Json, nullable=False),
        sa.Column("completed_at", UtcTime(), nullable=True),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_withdrawals_order_id")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_withdrawals_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawals")),
    )
    with op.batch_alter_table("withdrawals", schema=None) as batch_op:
        batch_op.create_index("ix_withdrawals_cancellation_id", ["cancellation_id"], unique=False)
        batch_op.create_index("ix_withdrawals_customer_id", ["customer_id"], unique=False)
        batch_op.create_index("ix_withdrawals_due", ["status", "refund_due_at"], unique=False)
        batch_op.create_index("ix_withdrawals_order_id", ["order_id"], unique=False)
        batch_op.create_index("ix_withdrawals_refund_id", ["refund_id"], unique=False)
        batch_op.create_index("ix_withdrawals_return_id", ["return_id"], unique=False)
        batch_op.create_index("ix_withdrawals_store", ["store_id", "livemode", "id"], unique=False)

    op.create_table(
        "claim_lines",
        sa.Column("claim_id", Id, nullable=False),
        sa.Column("line_id", Id, nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("files", Json, nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_claim_lines_quantity")),
        sa.ForeignKeyConstraint(["claim_id"], ["claims.id"], name=op.f("fk_claim_lines_claim_id")),
        sa.ForeignKeyConstraint(["line_id"], ["order_lines.id"], name=op.f("fk_claim_lines_line_id")),
        sa.PrimaryKeyConstraint("claim_id", "line_id", name=op.f("pk_claim_lines")),
    )
    with op.batch_alter_table("claim_lines", schema=None) as batch_op:
        batch_op.create_index("ix_claim_lines_line_id", ["line_id"], unique=False)

    op.create_table(
        "window_extensions",
        sa.Column("id", Id, nullable=False),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("line_id", Id, nullable=True),
        sa.Column("until", UtcTime(), nullable=False),
        sa.Column("actor", Json, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["order_lines.id"], name=op.f("fk_window_extensions_line_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_window_extensions_order_id")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_window_extensions_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_window_extensions")),
    )
    with op.batch_alter_table("window_extensions", schema=None) as batch_op:
        batch_op.create_index("ix_window_extensions_order_id", ["order_id"], unique=False)

    op.create_table(
        "withdrawal_lines",
        sa.Column("withdrawal_id", Id, nullable=False),
        sa.Column("line_id", Id, nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_withdrawal_lines_quantity")),
        sa.ForeignKeyConstraint(["line_id"], ["order_lines.id"], name=op.f("fk_withdrawal_lines_line_id")),
        sa.ForeignKeyConstraint(["withdrawal_id"], ["withdrawals.id"], name=op.f("fk_withdrawal_lines_withdrawal_id")),
        sa.PrimaryKeyConstraint("withdrawal_id", "line_id", name=op.f("pk_withdrawal_lines")),
    )
    with op.batch_alter_table("withdrawal_lines", schema=None) as batch_op:
        batch_op.create_index("ix_withdrawal_lines_line_id", ["line_id"], unique=False)


def downgrade() -> None:
    """Undo it."""
    with op.batch_alter_table("withdrawal_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_withdrawal_lines_line_id")

    op.drop_table("withdrawal_lines")
    with op.batch_alter_table("window_extensions", schema=None) as batch_op:
        batch_op.drop_index("ix_window_extensions_order_id")

    op.drop_table("window_extensions")
    with op.batch_alter_table("claim_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_lines_line_id")

    op.drop_table("claim_lines")
    with op.batch_alter_table("withdrawals", schema=None) as batch_op:
        batch_op.drop_index("ix_withdrawals_store")
        batch_op.drop_index("ix_withdrawals_return_id")
        batch_op.drop_index("ix_withdrawals_refund_id")
        batch_op.drop_index("ix_withdrawals_order_id")
        batch_op.drop_index("ix_withdrawals_due")
        batch_op.drop_index("ix_withdrawals_customer_id")
        batch_op.drop_index("ix_withdrawals_cancellation_id")

    op.drop_table("withdrawals")
    with op.batch_alter_table("claims", schema=None) as batch_op:
        batch_op.drop_index("ix_claims_store")
        batch_op.drop_index("ix_claims_refund_id")
        batch_op.drop_index("ix_claims_order_id")
        batch_op.drop_index("ix_claims_customer_id")

    op.drop_table("claims")
    with op.batch_alter_table("credits", schema=None) as batch_op:
        batch_op.drop_index("uq_credits_operation_id")
        batch_op.drop_index("ix_credits_store")
        batch_op.drop_index("ix_credits_refund_id")
        batch_op.drop_index("ix_credits_order_id")

    op.drop_table("credits")
