"""parcels whose scans a carrier is asked to push"""

import sqlalchemy as sa
from alembic import op

from app.database import Id, UtcTime

revision = "20261128_0501"
down_revision = "20261128_0402"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A new table."""
    op.create_table(
        "parcel_subscriptions",
        sa.Column("tracking_number", sa.String(), nullable=False),
        sa.Column("connection_id", Id, nullable=True),
        sa.Column("taken_until", UtcTime(), nullable=True),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_parcel_subscriptions_connection_id")
        ),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_parcel_subscriptions_store_id")),
        sa.PrimaryKeyConstraint("store_id", "livemode", "tracking_number", name=op.f("pk_parcel_subscriptions")),
    )
    op.create_index("ix_parcel_subscriptions_due_at", "parcel_subscriptions", ["due_at"])


def downgrade() -> None:
    """Back to the schema before this revision."""
    op.drop_table("parcel_subscriptions")
