"""What every write leaves behind: events, audit rows, decisions and stored answers."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.database import Base, Id
from app.models.ownership import Owned


class Event(Owned, Base):
    """One change of one resource, committed with it. Readers go by (`position`, `id`)."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("resource_id", "sequence"),
        Index("ix_events_log", "store_id", "livemode", "position", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    type: Mapped[str]
    resource_type: Mapped[str]
    resource_id: Mapped[str] = mapped_column(Id)
    sequence: Mapped[int]
    position: Mapped[int] = mapped_column(BigInteger)
    """PostgreSQL: the transaction's id, so that a reader can stay below the oldest that still runs.
    SQLite: a running number of the store and mode, as there is one writer."""
    object: Mapped[dict[str, Any]]
    previous: Mapped[dict[str, Any] | None]
    origin: Mapped[str | None] = mapped_column(Id)
    """The connection whose command caused it: whoever mirrors to that system need not tell it."""


class AuditRow(Base):
    """Who did what on which evidence; append-only, sealed into a chain of hashes after the commit."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_store", "store_id", "id"), Index("ix_audit_log_unsealed", "number", "id"))

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    store_id: Mapped[str | None] = mapped_column(Id)
    livemode: Mapped[bool | None]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    actor: Mapped[dict[str, Any]]
    action: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[str] = mapped_column(Id)
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    request_id: Mapped[str | None]
    number: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    hash: Mapped[str | None]
    """SHA-256 over the hash before it and this row; empty until it is sealed."""
    evidence_digest: Mapped[str | None]
    """What stands in the chain for the evidence: SHA-256 over salt and evidence; empty where it stands there itself."""
    evidence_salt: Mapped[str | None]
    """Gone once the evidence was erased: the chain still fits, and nobody can try out what stood there."""


class Decision(Owned, Base):
    """What the guard said, and the facts it said it on."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index("ix_decisions_message_id", "message_id"),
        Index("ix_decisions_store", "store_id", "livemode", "id"),
        Index("ix_decisions_order_id", "order_id", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    action: Mapped[str]
    outcome: Mapped[str]
    code: Mapped[str | None]
    reasons: Mapped[list[Any]]
    rules: Mapped[list[Any]]
    facts: Mapped[dict[str, Any]]
    policy_version: Mapped[str]
    policy_id: Mapped[str | None] = mapped_column(Id)
    """The version that decided; empty where the store had none and its plain policy did."""
    plain_policy: Mapped[dict[str, Any] | None]
    """The plain policy as it was then, where it decided: the store may change it later."""
    ruling: Mapped[dict[str, Any] | None]
    """The whole ruling but for its facts."""
    order_id: Mapped[str | None] = mapped_column(Id)
    subject_type: Mapped[str | None]
    subject_id: Mapped[str | None] = mapped_column(Id)
    message_id: Mapped[str | None] = mapped_column(Id)
    actor: Mapped[dict[str, Any]]


class Answer(Base):
    """An idempotency key, its request's fingerprint and what was answered."""

    __tablename__ = "answers"
    __table_args__ = (Index("ix_answers_expires_at", "expires_at"),)

    store_id: Mapped[str] = mapped_column(Id, ForeignKey("stores.id"), primary_key=True)
    livemode: Mapped[bool] = mapped_column(primary_key=True)
    shopper: Mapped[str] = mapped_column(primary_key=True)
    """The acting shopper's customer id, or empty for the merchant."""
    key: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of the key: a header may hold anything, and what it holds must not be written."""
    fingerprint: Mapped[str]
    status: Mapped[int | None]
    body: Mapped[str | None] = mapped_column(Text)
    resource_type: Mapped[str | None]
    resource_id: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime | None]
