"""connections, what they send us, and where an event came from"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.database import Id, UtcTime

revision = "20261127_0201"
down_revision = "20261127_0106"
branch_labels = None
depends_on = None

Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """New columns are small and have a default: no row is written anew."""
    op.create_table(
        "connections",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("families", Json, nullable=False),
        sa.Column("config", Json, nullable=False),
        sa.Column("credentials", sa.Text(), nullable=True),
        sa.Column("sealed_by", sa.String(), nullable=True),
        sa.Column("shown", Json, nullable=False),
        sa.Column("former", sa.Text(), nullable=True),
        sa.Column("former_until", UtcTime(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("checks", Json, nullable=False),
        sa.Column("checked_at", UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("deleted_at", UtcTime(), nullable=True),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_connections_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connections")),
    )
    op.create_index("ix_connections_store", "connections", ["store_id", "livemode", "id"])
    op.create_index("ix_connections_sealed_by", "connections", ["sealed_by"])
    op.create_table(
        "connection_families",
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("connection_id", Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_connection_families_connection_id")
        ),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_connection_families_store_id")),
        sa.PrimaryKeyConstraint("store_id", "livemode", "family", name=op.f("pk_connection_families")),
    )
    op.create_index(op.f("ix_connection_families_connection_id"), "connection_families", ["connection_id"])
    op.create_table(
        "inbound_deliveries",
        sa.Column("id", Id, nullable=False),
        sa.Column("connection_id", Id, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=True),
        sa.Column("topic", sa.String(), nullable=True),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("document", Json, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("schedule", sa.BigInteger(), nullable=False),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("leased_until", UtcTime(), nullable=True),
        sa.Column("next_try_at", UtcTime(), nullable=True),
        sa.Column("outcome", Json, nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_inbound_deliveries_connection_id")
        ),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_inbound_deliveries_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_deliveries")),
    )
    table = "inbound_deliveries"
    op.create_index("uq_inbound_deliveries_key", table, ["connection_id", "key"], unique=True)
    op.create_index(
        "uq_inbound_deliveries_content",
        table,
        ["connection_id", "content"],
        unique=True,
        **_where("content IS NOT NULL"),
    )
    op.create_index("ix_inbound_deliveries_list", table, ["connection_id", "id"])
    op.create_index(
        "ix_inbound_deliveries_waiting", table, ["connection_id", "resource", "id"], **_where("status = 'pending'")
    )
    op.create_index("ix_inbound_deliveries_late", table, ["next_try_at"], **_where("status = 'pending'"))
    op.create_index("ix_inbound_deliveries_created_at", table, ["created_at"])
    op.create_table(
        "ticket_links",
        sa.Column("connection_id", Id, nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.Column("turns", Json, nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], name=op.f("fk_ticket_links_connection_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_links_ticket_id")),
        sa.PrimaryKeyConstraint("connection_id", "external_id", name=op.f("pk_ticket_links")),
    )
    op.create_index(op.f("ix_ticket_links_ticket_id"), "ticket_links", ["ticket_id"])
    op.add_column("stores", sa.Column("connected", Json, nullable=False, server_default="{}"))
    op.add_column("tickets", sa.Column("external_ids", Json, nullable=False, server_default="{}"))
    op.add_column("events", sa.Column("origin", Id, nullable=True))


def downgrade() -> None:
    """the way back"""
    op.drop_column("events", "origin")
    op.drop_column("tickets", "external_ids")
    op.drop_column("stores", "connected")
    for table in ("ticket_links", "inbound_deliveries", "connection_families", "connections"):
        op.drop_table(table)
