"""Tickets and their messages."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.database import Base, Id
from app.models.ownership import Eventful, IllegalMove, Owned

MOVES: dict[str, frozenset[str]] = {
    "open": frozenset({"pending_customer", "pending_internal", "solved", "closed"}),
    "pending_customer": frozenset({"open", "pending_internal", "solved", "closed"}),
    "pending_internal": frozenset({"open", "pending_customer", "solved", "closed"}),
    "solved": frozenset({"open", "pending_customer", "pending_internal", "closed"}),
    "closed": frozenset(),
}
KEPT = "status = 'closed' AND erased_at IS NULL"
"""The closed tickets whose texts are still there, as their own index has it."""
UPDATE_MOVES: dict[str, frozenset[str]] = {
    "pending": frozenset({"running", "failed"}),
    "running": frozenset({"completed", "failed"}),
    "completed": frozenset(),
    "failed": frozenset(),
}


def _where_given(column: str, *columns: str, named: str = "") -> Index:
    """An index of the rows that have something there: what most tickets have not costs them nothing."""
    given = text(f"{column} IS NOT NULL")
    return Index(f"ix_tickets_{named or column}", *columns, sqlite_where=given, postgresql_where=given)


class Ticket(Owned, Eventful, Base):
    """A conversation about one thing. `version` grows with each change; `If-Match` names it."""

    __tablename__ = "tickets"
    __table_args__ = (
        Index("ix_tickets_store", "store_id", "livemode", "id"),
        Index("ix_tickets_status", "store_id", "livemode", "status", "id"),
        Index("ix_tickets_customer_id", "customer_id", "id"),
        Index("ix_tickets_contact", "store_id", "livemode", "contact_key", "id"),
        _where_given("assignee", "store_id", "livemode", "assignee", "id"),
        _where_given("team", "store_id", "livemode", "team", "id"),
        _where_given("order_id", "store_id", "livemode", "order_id", "id"),
        _where_given("intent", "store_id", "livemode", "intent", "id"),
        # Beside the one led by the customer: without statistics SQLite takes what has more columns to hold on to.
        _where_given("customer_id", "store_id", "livemode", "customer_id", "id", named="of_customer"),
        _where_given("merged_into", "merged_into", "id"),
        _where_given("snoozed_until", "snoozed_until"),
        _where_given("due_at", "due_at"),
        Index("ix_tickets_kept", "updated_at", sqlite_where=text(KEPT), postgresql_where=text(KEPT)),
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
    priority_reasons: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """Why it has its priority: the signs that triage saw, or what the person said who set it."""
    snoozed_until: Mapped[datetime | None]
    merged_into: Mapped[str | None] = mapped_column(Id)
    """The ticket that goes on with what was said here; this one is closed."""
    clocks: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """What its store promises, running or stopped; see `services/ticket_clocks.py`."""
    due_at: Mapped[datetime | None]
    """When the next of its clocks runs out that has not yet."""
    external_ids: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """What connected systems call it, by connection."""
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_message_at: Mapped[datetime] = mapped_column(default=clock.now)
    erased_at: Mapped[datetime | None]
    """When its texts were erased: its person was, or its days were over."""


class TicketTag(Base):
    """A tag of a ticket, for filtering."""

    __tablename__ = "ticket_tags"
    __table_args__ = (Index("ix_ticket_tags_tag", "tag", "ticket_id"),)

    ticket_id: Mapped[str] = mapped_column(Id, ForeignKey("tickets.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)


class TicketWord(Base):
    """That a word of a store stands in a ticket; see `services/ticket_search.py`.

    No foreign key: on PostgreSQL it would be checked once per word of every message.
    """

    __tablename__ = "ticket_words"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  SQLAlchemy's own hook

    word: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """Store, mode and word as a number: `services.search_words.key`."""
    ticket_id: Mapped[str] = mapped_column(Id, primary_key=True)
    weight: Mapped[int] = mapped_column(SmallInteger)


class TicketRating(Owned, Base):
    """One answer of a shopper's to how it went: `csat` 1 to 5, `effort` 1 to 7; each is given once."""

    __tablename__ = "ticket_ratings"
    __table_args__ = (Index("ix_ticket_ratings_store", "store_id", "livemode", "created_at"),)

    ticket_id: Mapped[str] = mapped_column(Id, ForeignKey("tickets.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    score: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str | None] = mapped_column(Text)
    by: Mapped[dict[str, Any]]


class TicketUpdate(Owned, Eventful, Base):
    """The same change to many tickets, done piece by piece; `outcomes` are what came of those that are done."""

    __tablename__ = "ticket_updates"
    __table_args__ = (Index("ix_ticket_updates_store", "store_id", "livemode", "id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    status: Mapped[str] = mapped_column(default="pending")
    tickets: Mapped[list[Any]]
    """Ids, each once, in the order in which they are done."""
    changes: Mapped[dict[str, Any]]
    outcomes: Mapped[list[Any]] = mapped_column(default=list)
    actor: Mapped[dict[str, Any]]
    request_id: Mapped[str | None]
    failure: Mapped[str | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    def move(self, status: str) -> None:
        """Go to `status`, or raise where the table of moves does not lead there."""
        if status != self.status and status not in UPDATE_MOVES[self.status]:
            raise IllegalMove(f"ticket update {self.id}: {self.status} -> {status}")
        self.status = status


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
