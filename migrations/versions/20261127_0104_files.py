"""files that shoppers and stores send"""

import sqlalchemy as sa
from alembic import op

from app.database import Id, UtcTime

revision = "20261127_0104"
down_revision = "20261127_0103"
branch_labels = None
depends_on = None
LOOSE, DROPPED = sa.text("linked_at IS NULL"), sa.text("dropped_at IS NOT NULL")


def upgrade() -> None:
    """Their bytes, what is known of them, what they hang on, and how much a store keeps."""
    op.create_table(
        "file_blobs",
        sa.Column("store_id", Id, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("dropped_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_file_blobs_store_id")),
        sa.PrimaryKeyConstraint("store_id", "digest", name=op.f("pk_file_blobs")),
    )
    op.create_index(
        "ix_file_blobs_dropped", "file_blobs", ["dropped_at"], sqlite_where=DROPPED, postgresql_where=DROPPED
    )
    op.create_table(
        "files",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", Id, nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=True),
        sa.Column("linked_at", UtcTime(), nullable=True),
        sa.Column("answer_shopper", sa.String(), nullable=False),
        sa.Column("answer_key", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_files_store_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_files_customer_id")),
        sa.ForeignKeyConstraint(
            ["store_id", "digest"], ["file_blobs.store_id", "file_blobs.digest"], name=op.f("fk_files_store_id_digest")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
    )
    op.create_index("ix_files_customer", "files", ["customer_id", "created_at"])
    op.create_index("ix_files_digest", "files", ["store_id", "digest"])
    op.create_index("ix_files_loose", "files", ["created_at"], sqlite_where=LOOSE, postgresql_where=LOOSE)
    op.create_table(
        "file_links",
        sa.Column("file_id", Id, nullable=False),
        sa.Column("resource_id", Id, nullable=False),
        sa.Column("resource_type", sa.String(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_file_links_file_id")),
        sa.PrimaryKeyConstraint("file_id", "resource_id", name=op.f("pk_file_links")),
    )
    op.create_index("ix_file_links_resource", "file_links", ["resource_id"])
    op.create_table(
        "file_usage",
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_file_usage_store_id")),
        sa.PrimaryKeyConstraint("store_id", "livemode", name=op.f("pk_file_usage")),
    )


def downgrade() -> None:
    """Without them; bytes in a folder stay there."""
    for table in ("file_usage", "file_links", "files", "file_blobs"):
        op.drop_table(table)
