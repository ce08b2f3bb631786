"""passes over a shop's orders that fill the mirror or hold it against the shop"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.database import Id, UtcTime

revision = "20261128_0402"
down_revision = "20261127_0601"
branch_labels = None
depends_on = None

Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
OPEN = sa.text("ended_at IS NULL")
WHOSE = ["store_id", "livemode", "connection", "kind"]


def upgrade() -> None:
    """A new table."""
    op.create_table(
        "mirror_passes",
        sa.Column("id", Id, nullable=False),
        sa.Column("connection", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("night", UtcTime(), nullable=True),
        sa.Column("since", UtcTime(), nullable=True),
        sa.Column("cursor", sa.String(), nullable=True),
        sa.Column("pages", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("read", sa.BigInteger(), nullable=False),
        sa.Column("missing", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("unreadable", sa.BigInteger(), nullable=False),
        sa.Column("examples", Json, nullable=False),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("leased_until", UtcTime(), nullable=True),
        sa.Column("next_try_at", UtcTime(), nullable=True),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_mirror_passes_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mirror_passes")),
    )
    op.create_index(
        "uq_mirror_passes_open", "mirror_passes", WHOSE, unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_index("uq_mirror_passes_night", "mirror_passes", [*WHOSE[:3], "night"], unique=True)
    op.create_index("ix_mirror_passes_last", "mirror_passes", [*WHOSE, "id"])
    op.create_index("ix_mirror_passes_ended_at", "mirror_passes", ["kind", "ended_at"])


def downgrade() -> None:
    """Back to the schema before this revision."""
    op.drop_table("mirror_passes")
