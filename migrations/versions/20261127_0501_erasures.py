"""tombstones of erased persons; audit evidence that can be erased while its chain still verifies"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.database import Id, UtcTime

revision = "20261127_0501"
down_revision = "20261127_0401"
branch_labels = None
depends_on = None

Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
KEPT = sa.text("status = 'closed' AND erased_at IS NULL")
PERSON = sa.text("statement IS NOT NULL")


def upgrade() -> None:
    """A new table, and columns that are empty on what was there before."""
    op.create_table(
        "erasures",
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("customer_id", Id, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("statement", Json, nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_erasures_store_id")),
        sa.PrimaryKeyConstraint("store_id", "livemode", "key", name=op.f("pk_erasures")),
    )
    op.create_index("ix_erasures_person", "erasures", ["at"], sqlite_where=PERSON, postgresql_where=PERSON)
    op.add_column("tickets", sa.Column("erased_at", UtcTime(), nullable=True))
    op.create_index("ix_tickets_kept", "tickets", ["updated_at"], sqlite_where=KEPT, postgresql_where=KEPT)
    op.add_column("audit_log", sa.Column("evidence_digest", sa.String(), nullable=True))
    op.add_column("audit_log", sa.Column("evidence_salt", sa.String(), nullable=True))


def downgrade() -> None:
    """Back to the schema before this revision; rows sealed since no longer verify there."""
    op.drop_index("ix_tickets_kept", table_name="tickets")
    op.drop_column("tickets", "erased_at")
    op.drop_column("audit_log", "evidence_salt")
    op.drop_column("audit_log", "evidence_digest")
    op.drop_index("ix_erasures_person", table_name="erasures")
    op.drop_table("erasures")
