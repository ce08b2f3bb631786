"""changes of orders and customers"""

import sqlalchemy as sa
from alembic import op

from app.database import Id, Json, UtcTime

revision = "20261121_0004"
down_revision = "20261121_0003"
branch_labels = None
depends_on = None

STILL_OPEN = sa.text("status IN ('pending','unknown')")


def upgrade() -> None:
    """changes of orders and customers"""
    op.create_table(
        "changes",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_id", Id, nullable=False),
        sa.Column("order_id", Id, nullable=True),
        sa.Column("customer_id", Id, nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("plan", Json, nullable=False),
        sa.Column("difference", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("payment_method_id", sa.String(), nullable=True),
        sa.Column("charge_operation_id", Id, nullable=True),
        sa.Column("operation_id", Id, nullable=False),
        sa.Column("refund_id", Id, nullable=True),
        sa.Column("actor", Json, nullable=False),
        sa.Column("failure_code", sa.String(), nullable=True),
        sa.Column("failure_detail", sa.String(), nullable=True),
        sa.Column("settled_at", UtcTime(), nullable=True),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_changes_customer_id")),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name=op.f("fk_changes_operation_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_changes_order_id")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_changes_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
    )
    with op.batch_alter_table("changes", schema=None) as batch_op:
        batch_op.create_index("ix_changes_customer_id", ["customer_id"], unique=False)
        batch_op.create_index("ix_changes_order_id", ["order_id"], unique=False)
        batch_op.create_index(
            "uq_changes_open",
            ["subject_id"],
            unique=True,
            sqlite_where=STILL_OPEN,
            postgresql_where=STILL_OPEN,
        )


def downgrade() -> None:
    """changes of orders and customers"""
    op.drop_table("changes")
