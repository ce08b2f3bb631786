"""what automation sent at once in exchange counts against its caps"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_0601"
down_revision = "20261128_0501"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Columns that are empty on what was there before: it was never counted, so nothing of it is given back."""
    op.add_column("exchanges", sa.Column("reserved", sa.BigInteger(), nullable=True))
    op.add_column("exchanges", sa.Column("spending_day", sa.String(), nullable=True))


def downgrade() -> None:
    """Back to the schema before this revision."""
    op.drop_column("exchanges", "spending_day")
    op.drop_column("exchanges", "reserved")
