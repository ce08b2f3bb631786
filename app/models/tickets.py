"""Tickets and their messages."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.database import Base, Id
from app.models.ownership import Eventful, Owned

MOVES: dict[str, frozenset[str]] = {
    "open": frozenset({"pending_customer", "pending_internal", "solved", "closed"}),
    "pending_customer": frozenset({"open", "pending_internal", "solved", "closed"}),
    "pending_internal": frozenset({"open", "pending_customer", "solved", "closed"}),
    "solved": frozenset({"open", "pending_customer", "pending_internal", "closed"}),
    "closed": frozenset(),
}


class Ticket(Owned, Eventful, Base):
    """A conversation about one thing. `version` grows with each change; `If-Match` names it."""

    __tablename__ = "tickets"
    __table_args__ = (
        Index("ix_tickets_store", "store_id", "livemode", "id"),
        Index("ix_tickets_status", "store_id", "livemode", "status", "id"),
        Index("ix_tickets_customer_id", "customer_id", "id"),
        Index("ix_tickets_contact", "store_id", "livemode", "contact_key", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    subject: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="open")
    priority: Mapped[str] = mapped_column(default="normal")
    channel: Mapped[str]
    intent: Mapped[str | None]
    sentiment: Mapped[str | None]
    language: Mapped[str | None]
    department: Mapped[str | None]
    assignee: Mapped[str | None]
    team: Mapped[str | None]
    customer_id: Mapped[str | None] = mapped_column(Id, ForeignKey("customers.id"))
    """Only once the customer was proved; what an unproved sender claims stands in `contact`."""
    order_id: Mapped[str | None] = mapped_column(Id, ForeignKey("orders.id"))
    contact: Mapped[dict[str, Any]] = mapped_column(default=dict)
    contact_key: Mapped[str | None]
    """Channel and address of an unproved sender, so that their next message finds the ticket."""
    proof: Mapped[int] = mapped_column(default=0)
    tags: Mapped[list[Any]] = mapped_column(default=list)
    handoff: Mapped[dict[str, Any] | None]
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_message_at: Mapped[datetime] = mapped_column(default=clock.now)


class TicketTag(Base):
    """A tag of a ticket, for filtering."""

    __tablename__ = "ticket_tags"
    __table_args__ = (Index("ix_ticket_tags_tag", "tag", "ticket_id"),)

    ticket_id: Mapped[str] = mapped_column(Id, ForeignKey("tickets.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)


class Message(Owned, Base):
    """One message of a ticket: from the shopper, to the shopper, or an internal note."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_ticket_id", "ticket_id", "id"),
        Index(
            "uq_messages_external_id",
            "store_id",
            "livemode",
            "channel",
            "external_id",
            unique=True,
            sqlite_where=text("external_id IS NOT NULL"),
            postgresql_where=text("external_id IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    ticket_id: Mapped[str] = mapped_column(Id, ForeignKey("tickets.id"))
    direction: Mapped[str]
    """`inbound`, `outbound` or `internal`."""
    channel: Mapped[str]
    author: Mapped[dict[str, Any]]
    text: Mapped[str] = mapped_column(Text)
    language: Mapped[str | None]
    external_id: Mapped[str | None]
    in_reply_to: Mapped[str | None] = mapped_column(Id)
    triage: Mapped[dict[str, Any] | None]
    outcome: Mapped[str | None]
    buttons: Mapped[list[Any]] = mapped_column(default=list)
    cards: Mapped[list[Any]] = mapped_column(default=list)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the caller sent beside the text: context, button, files, the claimed identity."""
    answer: Mapped[dict[str, Any] | None]
    """What the sender was first answered, so that a repeated delivery gets the same."""
    operation_id: Mapped[str | None] = mapped_column(Id)
    """The operation that delivers it, where a channel does."""
    delivery: Mapped[str | None]
    occurred_at: Mapped[datetime]
