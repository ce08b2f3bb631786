"""customers who were merged into another"""

import sqlalchemy as sa
from alembic import op

from app.database import Id

revision = "20261127_0401"
down_revision = "20261127_0301"
branch_labels = None
depends_on = None

WHERE = sa.text("merged_into IS NOT NULL")


def upgrade() -> None:
    """One column more."""
    op.add_column("customers", sa.Column("merged_into", Id, nullable=True))
    op.create_index(
        "ix_customers_merged_into", "customers", ["merged_into"], sqlite_where=WHERE, postgresql_where=WHERE
    )


def downgrade() -> None:
    """Forget who was merged; what has moved stays where it is."""
    op.drop_index("ix_customers_merged_into", "customers")
    op.drop_column("customers", "merged_into")
