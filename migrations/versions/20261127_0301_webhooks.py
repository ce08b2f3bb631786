"""webhook endpoints, deliveries, attempts, replays"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.database import Id, UtcTime

revision = "20261127_0301"
down_revision = "20261127_0201"
branch_labels = None
depends_on = None

Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _owned(table: str) -> tuple[Any, ...]:
    return (
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f(f"fk_{table}_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _endpoint(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["endpoint_id"], ["webhook_endpoints.id"], name=op.f(f"fk_{table}_endpoint_id"))


def upgrade() -> None:
    """New tables alone."""
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", Id, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("types", Json, nullable=False),
        sa.Column("connection_id", Id, nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("disabled_reason", sa.String(), nullable=True),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("former", sa.Text(), nullable=True),
        sa.Column("former_until", UtcTime(), nullable=True),
        sa.Column("sealed_by", sa.String(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("at_sequence", sa.BigInteger(), nullable=False),
        sa.Column("at_event", Id, nullable=False),
        sa.Column("numbered", sa.BigInteger(), nullable=False),
        sa.Column("failing_since", UtcTime(), nullable=True),
        sa.Column("leased_by", sa.String(), nullable=True),
        sa.Column("leased_until", UtcTime(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connections.id"], name=op.f("fk_webhook_endpoints_connection_id")),
        *_owned("webhook_endpoints"),
    )
    op.create_index("ix_webhook_endpoints_store", "webhook_endpoints", ["store_id", "livemode", "id"])
    op.create_index("ix_webhook_endpoints_enabled", "webhook_endpoints", ["id"], **_where("status = 'enabled'"))
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", Id, nullable=False),
        sa.Column("endpoint_id", Id, nullable=False),
        sa.Column("event_id", Id, nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("resource_id", Id, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", UtcTime(), nullable=True),
        sa.Column("delivered_at", UtcTime(), nullable=True),
        _endpoint("webhook_deliveries"),
        *_owned("webhook_deliveries"),
    )
    deliveries = "webhook_deliveries"
    op.create_index("uq_webhook_deliveries_event", deliveries, ["endpoint_id", "event_id"], unique=True)
    pending = _where("status = 'pending'")
    op.create_index("ix_webhook_deliveries_due", deliveries, ["endpoint_id", "next_attempt_at"], **pending)
    op.create_index("ix_webhook_deliveries_resource", deliveries, ["endpoint_id", "resource_id"], **pending)
    op.create_index("ix_webhook_deliveries_dead", deliveries, ["endpoint_id", "id"], **_where("status = 'dead'"))
    op.create_index("ix_webhook_deliveries_list", deliveries, ["endpoint_id", "id"])
    op.create_index("ix_webhook_deliveries_created_at", deliveries, ["created_at"])
    op.create_table(
        "webhook_attempts",
        sa.Column("delivery_id", Id, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("response", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["webhook_deliveries.id"],
            name=op.f("fk_webhook_attempts_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_webhook_attempts")),
    )
    op.create_table(
        "webhook_replays",
        sa.Column("id", Id, nullable=False),
        sa.Column("endpoint_id", Id, nullable=False),
        sa.Column("events", Json, nullable=True),
        sa.Column("since", UtcTime(), nullable=True),
        sa.Column("until", UtcTime(), nullable=True),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("after", Id, nullable=False),
        sa.Column("replayed", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        _endpoint("webhook_replays"),
        *_owned("webhook_replays"),
    )
    op.create_index("ix_webhook_replays_pending", "webhook_replays", ["endpoint_id", "id"], **pending)


def downgrade() -> None:
    """What was sent is forgotten with them."""
    op.drop_table("webhook_replays")
    op.drop_table("webhook_attempts")
    op.drop_table("webhook_deliveries")
    op.drop_table("webhook_endpoints")
