"""Stores (tenants) and their secret keys."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.database import Base, Id
from app.models.ownership import ReadOnce

SCOPES = (
    "messages:write",
    "triage:read",
    "tickets:read",
    "tickets:write",
    "orders:read",
    "orders:write",
    "returns:read",
    "returns:write",
    "labels:read",
    "labels:write",
    "refunds:read",
    "refunds:write",
    "claims:read",
    "claims:write",
    "withdrawals:read",
    "withdrawals:write",
    "credits:read",
    "credits:write",
    "customers:read",
    "customers:write",
    "privacy:read",
    "privacy:write",
    "files:read",
    "files:write",
    "operations:read",
    "operations:write",
    "events:read",
    "policies:read",
    "policies:write",
    "decisions:read",
    "approvals:read",
    "approvals:write",
    "actions:read",
    "sessions:write",
    "agents:read",
    "agents:write",
    "connections:read",
    "connections:write",
    "webhooks:read",
    "webhooks:write",
)
PUBLISHABLE_SCOPES = frozenset({"sessions:write", "messages:write"})
"""What a key that stands in a web page may, whoever reads it there."""
SHOPPERS_SCOPES = frozenset(
    {
        "files:read",
        "files:write",
        "messages:write",
        "tickets:read",
        "tickets:write",
        "orders:read",
        "orders:write",
        "returns:read",
        "returns:write",
        "labels:read",
        "labels:write",
        "refunds:read",
        "refunds:write",
        "claims:read",
        "claims:write",
        "withdrawals:read",
        "withdrawals:write",
        "credits:read",
        "customers:read",
        "customers:write",
        "operations:read",
        "actions:read",
    }
)
"""What a shopper's own token may, where the order is theirs; all else is the store's."""


class Store(ReadOnce, Base):
    """A merchant's shop; everything else hangs on one."""

    __tablename__ = "stores"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str]
    timezone: Mapped[str] = mapped_column(default="UTC")
    locale: Mapped[str] = mapped_column(default="en")
    country_code: Mapped[str] = mapped_column(default="DE")
    currencies: Mapped[list[Any]] = mapped_column(default=list)
    """What the store sells in; empty: nobody has said, so any."""
    sandbox_shop: Mapped[str] = mapped_column(default="demo")
    """Which of the sandbox's shops is this store's test data."""
    return_address: Mapped[dict[str, Any]] = mapped_column(default=dict)
    cursor_secret: Mapped[str] = mapped_column(default=lambda: secrets.token_hex(16))
    """Binds this store's cursors to it."""
    policy: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The plain guard's rules and caps; see `services/policy`."""
    delays: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """When a parcel counts as silent or lost, and whether a ticket is opened then; see `services/delays`."""
    service_levels: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """How soon tickets are answered and solved, and when the store works; see `services/service_levels.py`."""
    connected: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """What its connections serve, by mode: a copy of their rows, so that whoever knows the store need not ask."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class ApiKey(Base):
    """A key of one store and mode, kept as a hash: a secret one, or a publishable one for web pages."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("ix_api_keys_hash", "hash", unique=True),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    store_id: Mapped[str] = mapped_column(Id, ForeignKey("stores.id"), index=True)
    livemode: Mapped[bool]
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="secret", server_default="secret")
    """`secret` or `publishable`."""
    prefix: Mapped[str]
    """The first characters, so that a person can tell keys apart; of a publishable key, which is no secret, all."""
    hash: Mapped[str]
    """SHA-256 of the whole key: it has 256 bits of its own, so no salt and no slow hash is needed."""
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
