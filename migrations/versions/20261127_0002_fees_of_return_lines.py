"""what each line of a return keeps back, and who pays its label"""

import sqlalchemy as sa
from alembic import op

revision = "20261127_0002"
down_revision = "20261127_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """what each line of a return keeps back, and who pays its label

    Returns that are on their way were told one fee for all of it: it stands on the first of their lines.
    """
    with op.batch_alter_table("returns") as returns:
        returns.add_column(sa.Column("label_payer", sa.String(), server_default="store", nullable=False))
    with op.batch_alter_table("return_lines") as lines:
        lines.add_column(sa.Column("fee", sa.BigInteger(), server_default="0", nullable=False))
        lines.add_column(sa.Column("fee_fixed", sa.BigInteger(), server_default="0", nullable=False))
    told = "(SELECT coalesce(r.fee, 0) FROM returns r WHERE r.id = return_lines.return_id)"
    op.execute(
        f"UPDATE return_lines SET fee = {told}, fee_fixed = {told} WHERE line_id ="  # noqa: S608  no outside text
        " (SELECT min(l.line_id) FROM return_lines l WHERE l.return_id = return_lines.return_id)"
    )


def downgrade() -> None:
    """Undo it."""
    with op.batch_alter_table("return_lines") as lines:
        lines.drop_column("fee_fixed")
        lines.drop_column("fee")
    with op.batch_alter_table("returns") as returns:
        returns.drop_column("label_payer")
