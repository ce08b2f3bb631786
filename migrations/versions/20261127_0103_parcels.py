"""parcels, their scans and what was raised about them"""

import sqlalchemy as sa
from alembic import op

from app.database import Id, Json, UtcTime

revision = "20261127_0103"
down_revision = "20261127_0102"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """parcels, their scans and what was raised about them"""
    op.add_column("stores", sa.Column("delays", Json, nullable=False, server_default="{}"))
    op.create_table(
        "parcels",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("tracking_number", sa.String(), nullable=False),
        sa.Column("carrier", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("lost", sa.Boolean(), nullable=False),
        sa.Column("eta", UtcTime(), nullable=True),
        sa.Column("eta_told_at", UtcTime(), nullable=True),
        sa.Column("delivered_at", UtcTime(), nullable=True),
        sa.Column("scanned_at", UtcTime(), nullable=True),
        sa.Column("asked_at", UtcTime(), nullable=True),
        sa.Column("look_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_parcels_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcels")),
    )
    op.create_index("uq_parcels_number", "parcels", ["store_id", "livemode", "tracking_number"], unique=True)
    op.create_index("ix_parcels_look_at", "parcels", ["look_at"])
    op.create_table(
        "parcel_scans",
        sa.Column("parcel_id", Id, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("location", sa.String(), nullable=True),
        sa.Column("lost", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("heard_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcels.id"], name=op.f("fk_parcel_scans_parcel_id")),
        sa.PrimaryKeyConstraint("parcel_id", "digest", name=op.f("pk_parcel_scans")),
    )
    op.create_table(
        "parcel_alerts",
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("parcel_id", Id, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("ticket_id", Id, nullable=True),
        sa.Column("ticket_version", sa.BigInteger(), nullable=True),
        sa.Column("arrived_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_parcel_alerts_store_id")),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcels.id"], name=op.f("fk_parcel_alerts_parcel_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_parcel_alerts_order_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_parcel_alerts_ticket_id")),
        sa.PrimaryKeyConstraint("parcel_id", "kind", name=op.f("pk_parcel_alerts")),
    )
    op.create_index("ix_parcel_alerts_ticket_id", "parcel_alerts", ["ticket_id"])


def downgrade() -> None:
    """the way back"""
    op.drop_table("parcel_alerts")
    op.drop_table("parcel_scans")
    op.drop_table("parcels")
    op.drop_column("stores", "delays")
