"""Customers, as mirrored from the shop."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id
from app.models.ownership import Eventful, Owned


class Customer(Owned, Eventful, Base):
    """A person who buys; `external_id` is the shop's own id."""

    __tablename__ = "customers"
    __table_args__ = (
        Index("uq_customers_external_id", "store_id", "livemode", "external_id", unique=True),
        Index("ix_customers_email_key", "store_id", "livemode", "email_key"),
        Index("ix_customers_phone_key", "store_id", "livemode", "phone_key"),
        Index(
            "ix_customers_merged_into",
            "merged_into",
            sqlite_where=text("merged_into IS NOT NULL"),
            postgresql_where=text("merged_into IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    external_id: Mapped[str | None]
    email: Mapped[str | None]
    email_key: Mapped[str | None]
    phone: Mapped[str | None]
    phone_key: Mapped[str | None]
    name: Mapped[str | None]
    locale: Mapped[str | None]
    addresses: Mapped[list[Any]] = mapped_column(default=list)
    payment_methods: Mapped[list[Any]] = mapped_column(default=list)
    merged_into: Mapped[str | None] = mapped_column(Id)
    """Who goes on with all that was theirs; never one who was merged themselves."""
    updated_at: Mapped[datetime]
