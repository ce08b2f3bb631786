"""Stores (tenants) and their secret keys."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.database import Base, Id

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
    "operations:read",
    "operations:write",
    "events:read",
    "policies:read",
    "policies:write",
    "decisions:read",
    "approvals:read",
    "approvals:write",
    "actions:read",
)


class Store(Base):
    """A merchant's shop; everything else hangs on one."""

    __tablename__ = "stores"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str]
    timezone: Mapped[str] = mapped_column(default="UTC")
    locale: Mapped[str] = mapped_column(default="en")
    country_code: Mapped[str] = mapped_column(default="DE")
    sandbox_shop: Mapped[str] = mapped_column(default="demo")
    """Which of the sandbox's shops is this store's test data."""
    return_address: Mapped[dict[str, Any]] = mapped_column(default=dict)
    cursor_secret: Mapped[str] = mapped_column(default=lambda: secrets.token_hex(16))
    """Binds this store's cursors to it."""
    policy: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The plain guard's rules and caps; see `services/policy`."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class ApiKey(Base):
    """A secret key of one store and mode, kept as a hash."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("ix_api_keys_hash", "hash", unique=True),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    store_id: Mapped[str] = mapped_column(Id, ForeignKey("stores.id"), index=True)
    livemode: Mapped[bool]
    name: Mapped[str]
    prefix: Mapped[str]
    """The first characters, so that a person can tell keys apart."""
    hash: Mapped[str]
    """SHA-256 of the whole key: it has 256 bits of its own, so no salt and no slow hash is needed."""
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
