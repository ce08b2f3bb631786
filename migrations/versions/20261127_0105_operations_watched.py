"""what operations watch, and returns of several parcels"""

import sqlalchemy as sa
from alembic import op

from app.database import Id, UtcTime

revision = "20261127_0105"
down_revision = "20261127_0104"
branch_labels = None
depends_on = None

OPEN_REFUNDS = "status IN ('awaiting_approval','pending','unknown')"
OVERDUE = "overdue_at IS NOT NULL AND status IN ('approved','label_issued','in_transit')"
DAYS = "scope = 'day'"


LIVE = "status IN ('pending','unknown','active','voiding')"


def _one_live_label_per(*columns: str) -> None:
    op.drop_index("uq_return_labels_active", table_name="return_labels")
    op.create_index(
        "uq_return_labels_active",
        "return_labels",
        list(columns),
        unique=True,
        sqlite_where=sa.text(LIVE),
        postgresql_where=sa.text(LIVE),
    )


def upgrade() -> None:
    """Indexes of what is open alone, so that a look at it costs the same in a shop that is old."""
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("traceparent", sa.String(), nullable=True))
    with op.batch_alter_table("returns", schema=None) as batch_op:
        batch_op.add_column(sa.Column("due_at", UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("overdue_at", UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("overdue_reason", sa.String(), nullable=True))
        batch_op.create_index("ix_returns_due_at", ["due_at"], unique=False)
    with op.batch_alter_table("return_labels", schema=None) as batch_op:
        batch_op.alter_column("operation_id", existing_type=Id, nullable=True)
        batch_op.add_column(sa.Column("credited", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("used_at", UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("next_look_at", UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("parcel_number", sa.BigInteger(), nullable=False, server_default="1"))
        batch_op.create_index("ix_return_labels_next_look_at", ["next_look_at"], unique=False)
    _one_live_label_per("return_id", "parcel_number")
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reversed_at", UtcTime(), nullable=True))
    op.create_index(
        "ix_returns_overdue",
        "returns",
        ["overdue_reason"],
        sqlite_where=sa.text(OVERDUE),
        postgresql_where=sa.text(OVERDUE),
    )
    op.create_index(
        "ix_refunds_open",
        "refunds",
        ["status", "id"],
        sqlite_where=sa.text(OPEN_REFUNDS),
        postgresql_where=sa.text(OPEN_REFUNDS),
    )
    op.create_index(
        "ix_spend_counters_day",
        "spend_counters",
        ["scope_id"],
        sqlite_where=sa.text(DAYS),
        postgresql_where=sa.text(DAYS),
    )


def downgrade() -> None:
    """the way back"""
    op.drop_index("ix_spend_counters_day", table_name="spend_counters")
    op.drop_index("ix_refunds_open", table_name="refunds")
    op.drop_index("ix_returns_overdue", table_name="returns")
    _one_live_label_per("return_id")
    with op.batch_alter_table("return_labels", schema=None) as batch_op:
        batch_op.drop_index("ix_return_labels_next_look_at")
        batch_op.drop_column("parcel_number")
        batch_op.alter_column("operation_id", existing_type=Id, nullable=False)
        batch_op.drop_column("next_look_at")
        batch_op.drop_column("used_at")
        batch_op.drop_column("credited")
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        batch_op.drop_column("reversed_at")
    with op.batch_alter_table("returns", schema=None) as batch_op:
        batch_op.drop_index("ix_returns_due_at")
        batch_op.drop_column("overdue_reason")
        batch_op.drop_column("overdue_at")
        batch_op.drop_column("due_at")
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.drop_column("traceparent")
