"""what waits for a person"""

import sqlalchemy as sa
from alembic import op

revision = "20261127_0106"
down_revision = "20261127_0105"
branch_labels = None
depends_on = None

DEAD = "dead_at IS NOT NULL"


def upgrade() -> None:
    """An index of the operations that wait for a person alone: also of those that ended and were contradicted."""
    op.create_index(
        "ix_operations_dead", "operations", ["dead_at"], sqlite_where=sa.text(DEAD), postgresql_where=sa.text(DEAD)
    )


def downgrade() -> None:
    """Back to the schema before this revision."""
    op.drop_index("ix_operations_dead", table_name="operations")
