"""approvals and confirmation tokens"""

import sqlalchemy as sa
from alembic import op

from app.database import Id, Json, UtcTime

revision = "20261121_0005"
down_revision = "20261121_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """approvals and confirmation tokens"""
    op.create_table(
        "approvals",
        sa.Column("id", Id, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("order_id", Id, nullable=True),
        sa.Column("subject_type", sa.String(), nullable=False),
        sa.Column("subject_id", Id, nullable=True),
        sa.Column("parameters", Json, nullable=False),
        sa.Column("asker", Json, nullable=False),
        sa.Column("requested_by", Json, nullable=False),
        sa.Column("approvers", sa.BigInteger(), nullable=False),
        sa.Column("votes", Json, nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("reasons", Json, nullable=False),
        sa.Column("rules", Json, nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("decision_id", Id, nullable=True),
        sa.Column("result_type", sa.String(), nullable=True),
        sa.Column("result_id", Id, nullable=True),
        sa.Column("remind_at", UtcTime(), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("settled_at", UtcTime(), nullable=True),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_approvals_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.create_index("ix_approvals_store", ["store_id", "livemode", "id"], unique=False)
        batch_op.create_index("ix_approvals_waiting", ["status", "expires_at"], unique=False)
        batch_op.create_index("ix_approvals_subject_id", ["subject_id"], unique=False)
        batch_op.create_index("ix_approvals_order_id", ["order_id"], unique=False)

    op.create_table(
        "confirmations",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("bound_to", sa.String(), nullable=False),
        sa.Column("facts", sa.String(), nullable=False),
        sa.Column("shown", Json, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_confirmations_store_id")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_confirmations")),
    )
    with op.batch_alter_table("confirmations", schema=None) as batch_op:
        batch_op.create_index("ix_confirmations_expires_at", ["expires_at"], unique=False)


def downgrade() -> None:
    """back to the state before"""
    with op.batch_alter_table("confirmations", schema=None) as batch_op:
        batch_op.drop_index("ix_confirmations_expires_at")

    op.drop_table("confirmations")
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.drop_index("ix_approvals_order_id")
        batch_op.drop_index("ix_approvals_subject_id")
        batch_op.drop_index("ix_approvals_waiting")
        batch_op.drop_index("ix_approvals_store")

    op.drop_table("approvals")
