"""who calls from a storefront"""

import sqlalchemy as sa
from alembic import op

from app.database import Id, Json, UtcTime

revision = "20261127_0101"
down_revision = "20261127_0005"
branch_labels = None
depends_on = None

READ_AND_WRITE = (
    "tickets", "orders", "returns", "labels", "refunds", "claims", "withdrawals", "credits", "customers", "operations",
    "policies", "approvals",
)  # fmt: skip
EVERYTHING = {
    *(f"{what}:{how}" for what in READ_AND_WRITE for how in ("read", "write")),
    "messages:write", "triage:read", "events:read", "decisions:read", "actions:read",
}  # fmt: skip
"""The scopes that there were."""


def upgrade() -> None:
    """who calls from a storefront"""
    op.add_column("api_keys", sa.Column("kind", sa.String(), nullable=False, server_default="secret"))
    op.create_table(
        "key_origins",
        sa.Column("key_id", Id, nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_key_origins_key_id")),
        sa.PrimaryKeyConstraint("key_id", "origin", name=op.f("pk_key_origins")),
    )
    op.create_index("ix_key_origins_origin", "key_origins", ["origin"])
    op.create_table(
        "signing_keys",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("algorithm", sa.String(), nullable=False),
        sa.Column("material", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("revoked_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_signing_keys_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_keys")),
    )
    op.create_index("ix_signing_keys_store", "signing_keys", ["store_id", "livemode"])
    op.create_table(
        "used_jwts",
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_used_jwts_store_id")),
        sa.PrimaryKeyConstraint("store_id", "livemode", "hash", name=op.f("pk_used_jwts")),
    )
    op.create_index("ix_used_jwts_expires_at", "used_jwts", ["expires_at"])
    _sessions()
    _may_open_sessions()


def _may_open_sessions() -> None:
    """A key that could do everything still can."""
    keys = sa.table("api_keys", sa.column("id", Id), sa.column("scopes", Json))
    connection = op.get_bind()
    for key_id, scopes in connection.execute(sa.select(keys.c.id, keys.c.scopes)).all():
        if set(scopes) >= EVERYTHING:
            connection.execute(keys.update().where(keys.c.id == key_id).values(scopes=[*scopes, "sessions:write"]))


def _sessions() -> None:
    op.create_table(
        "shopper_sessions",
        sa.Column("id", Id, nullable=False),
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("key_id", Id, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("order_ref", sa.String(), nullable=True),
        sa.Column("contact_kind", sa.String(), nullable=True),
        sa.Column("contact_key", sa.String(), nullable=True),
        sa.Column("order_id", Id, nullable=True),
        sa.Column("customer_id", Id, nullable=True),
        sa.Column("code_hash", sa.String(), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("verified_at", UtcTime(), nullable=True),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_shopper_sessions_store_id")),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_shopper_sessions_key_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_shopper_sessions_order_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_shopper_sessions_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shopper_sessions")),
    )
    op.create_index("ix_shopper_sessions_token", "shopper_sessions", ["token_hash"], unique=True)
    op.create_index("ix_shopper_sessions_order", "shopper_sessions", ["order_id", "created_at"])
    op.create_index("ix_shopper_sessions_expires_at", "shopper_sessions", ["expires_at"])


def downgrade() -> None:
    """Without them."""
    for table in ("shopper_sessions", "used_jwts", "signing_keys", "key_origins"):
        op.drop_table(table)
    op.execute("DELETE FROM api_keys WHERE kind <> 'secret'")
    op.drop_column("api_keys", "kind")
