"""wrong guesses at what proves a shopper"""

import sqlalchemy as sa
from alembic import op

from app.database import Id, UtcTime

revision = "20261127_0009"
down_revision = "20261121_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """wrong guesses at what proves a shopper"""
    op.create_table(
        "wrong_guesses",
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_wrong_guesses_store_id")),
        sa.PrimaryKeyConstraint("store_id", "livemode", "about", name=op.f("pk_wrong_guesses")),
    )
    op.create_index("ix_wrong_guesses_since", "wrong_guesses", ["since"])


def downgrade() -> None:
    """Without them."""
    op.drop_table("wrong_guesses")
