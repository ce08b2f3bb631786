"""in which currencies a store sells"""

import sqlalchemy as sa
from alembic import op

from app.database import Json

revision = "20261127_0005"
down_revision = "20261127_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """in which currencies a store sells"""
    with op.batch_alter_table("stores") as stores:
        stores.add_column(sa.Column("currencies", Json, server_default="[]", nullable=False))


def downgrade() -> None:
    """the way back"""
    with op.batch_alter_table("stores") as stores:
        stores.drop_column("currencies")
