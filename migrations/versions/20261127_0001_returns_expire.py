"""returns end where their goods are never sent"""

import sqlalchemy as sa
from alembic import op

from app.database import UtcTime

revision = "20261127_0001"
down_revision = "20261121_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Returns that were approved before keep no clock: nobody was told of one."""
    with op.batch_alter_table("returns", schema=None) as batch_op:
        batch_op.add_column(sa.Column("expires_at", UtcTime(), nullable=True))
        batch_op.create_index("ix_returns_expires_at", ["expires_at"], unique=False)


def downgrade() -> None:
    """Without the clock."""
    with op.batch_alter_table("returns", schema=None) as batch_op:
        batch_op.drop_index("ix_returns_expires_at")
        batch_op.drop_column("expires_at")
