"""policies, backtests, and decisions that can be replayed"""

import sqlalchemy as sa
from alembic import op

from app.database import Id, Json, UtcTime

revision = "20261121_0006"
down_revision = "20261121_0005"
branch_labels = None
depends_on = None


def _owned() -> list[sa.Column]:
    return [
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
    ]


def upgrade() -> None:
    """policies, backtests, and decisions that can be replayed"""
    op.create_table(
        "policies",
        *_owned(),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("document", Json, nullable=False),
        sa.Column("created_by", Json, nullable=False),
        sa.Column("activated_by", Json, nullable=True),
        sa.Column("activated_at", UtcTime(), nullable=True),
        sa.Column("retired_at", UtcTime(), nullable=True),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_policies_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
    )
    op.create_index("uq_policies_number", "policies", ["store_id", "livemode", "number"], unique=True)
    op.create_index(
        "uq_policies_active",
        "policies",
        ["store_id", "livemode"],
        unique=True,
        sqlite_where=sa.text("status = 'active'"),
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_table(
        "policy_backtests",
        *_owned(),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("policy_id", Id, nullable=True),
        sa.Column("document", Json, nullable=False),
        sa.Column("baseline", Json, nullable=False),
        sa.Column("options", Json, nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("place", Id, nullable=True),
        sa.Column("chunks", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("tally", Json, nullable=False),
        sa.Column("actor", Json, nullable=False),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("started_at", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_policy_backtests_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_backtests")),
    )
    op.create_index("ix_policy_backtests_store", "policy_backtests", ["store_id", "livemode", "id"])
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("policy_id", Id, nullable=True))
        batch_op.add_column(sa.Column("plain_policy", Json, nullable=True))
        batch_op.add_column(sa.Column("ruling", Json, nullable=True))
        batch_op.add_column(sa.Column("order_id", Id, nullable=True))
        batch_op.create_index("ix_decisions_store", ["store_id", "livemode", "id"], unique=False)
        batch_op.create_index("ix_decisions_order_id", ["order_id", "id"], unique=False)


def downgrade() -> None:
    """Without them."""
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index("ix_decisions_order_id")
        batch_op.drop_index("ix_decisions_store")
        for name in ("order_id", "ruling", "plain_policy", "policy_id"):
            batch_op.drop_column(name)
    op.drop_table("policy_backtests")
    op.drop_table("policies")
