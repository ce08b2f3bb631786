"""which version of a policy was in force since when"""

import sqlalchemy as sa
from alembic import op

from app.database import Id, UtcTime

revision = "20261127_0004"
down_revision = "20261127_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """which version of a policy was in force since when"""
    op.create_table(
        "policy_periods",
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("policy_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name=op.f("fk_policy_periods_policy_id")),
        sa.PrimaryKeyConstraint("store_id", "livemode", "since", name=op.f("pk_policy_periods")),
    )
    # Of a version that was activated twice only the last time is known.
    op.execute(
        "INSERT INTO policy_periods (store_id, livemode, since, policy_id)"
        " SELECT store_id, livemode, activated_at, id FROM policies WHERE activated_at IS NOT NULL"
    )


def downgrade() -> None:
    """the way back"""
    op.drop_table("policy_periods")
