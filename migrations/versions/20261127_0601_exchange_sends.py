"""when the other goods of an instant exchange were sent"""

import sqlalchemy as sa
from alembic import op

from app.database import UtcTime

revision = "20261127_0601"
down_revision = "20261127_0501"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column that is empty on what was there before."""
    op.add_column("exchanges", sa.Column("sent_at", UtcTime(), nullable=True))


def downgrade() -> None:
    """Back to the schema before this revision."""
    op.drop_column("exchanges", "sent_at")
