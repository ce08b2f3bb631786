"""what a shop asks because of a person's rights"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.database import Id, UtcTime

revision = "20261128_0611"
down_revision = "20261128_0601"
branch_labels = None
depends_on = None
Json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
OPEN = sa.text("status IN ('waiting','erasing')")


def upgrade() -> None:
    """A new table."""
    op.create_table(
        "privacy_requests",
        sa.Column("id", Id, nullable=False),
        sa.Column("connection_id", Id, nullable=False),
        sa.Column("delivery_id", Id, nullable=False),
        sa.Column("asked", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("customer_id", Id, nullable=True),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("starts_at", UtcTime(), nullable=True),
        sa.Column("next_look_at", UtcTime(), nullable=True),
        sa.Column("erased", sa.BigInteger(), nullable=False),
        sa.Column("outcome", Json, nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], name=op.f("fk_privacy_requests_connection_id")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_privacy_requests_store_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_privacy_requests_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_requests")),
    )
    op.create_index("ix_privacy_requests_store", "privacy_requests", ["store_id", "livemode", "id"])
    op.create_index("ix_privacy_requests_customer_id", "privacy_requests", ["customer_id"])
    op.create_index("uq_privacy_requests_delivery_id", "privacy_requests", ["delivery_id"], unique=True)
    op.create_index(
        "ix_privacy_requests_open", "privacy_requests", ["next_look_at"], sqlite_where=OPEN, postgresql_where=OPEN
    )


def downgrade() -> None:
    """Back to the schema before this revision."""
    op.drop_table("privacy_requests")
