"""tickets in depth: search, people and teams, clocks, merges, ratings, updates of many"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.database import Id, Json, UtcTime
from app.services import ticket_search

revision = "20261127_0102"
down_revision = "20261127_0101"
branch_labels = None
depends_on = None

BATCH = 1000
INDEXES = {
    "assignee": ["store_id", "livemode", "assignee", "id"],
    "team": ["store_id", "livemode", "team", "id"],
    "order_id": ["store_id", "livemode", "order_id", "id"],
    "intent": ["store_id", "livemode", "intent", "id"],
    "of_customer": ["store_id", "livemode", "customer_id", "id"],
    "merged_into": ["merged_into", "id"],
    "snoozed_until": ["snoozed_until"],
    "due_at": ["due_at"],
}


def upgrade() -> None:
    """tickets in depth: search, people and teams, clocks, merges, ratings, updates of many"""
    op.create_table(
        "ticket_words",
        sa.Column("word", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("weight", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("word", "ticket_id", name=op.f("pk_ticket_words")),
        sqlite_with_rowid=False,
    )
    _index_what_is_there()
    op.add_column("stores", sa.Column("service_levels", Json, server_default="{}", nullable=False))
    for column in (
        sa.Column("priority_reasons", Json, server_default="[]", nullable=False),
        sa.Column("snoozed_until", UtcTime(), nullable=True),
        sa.Column("merged_into", Id, nullable=True),
        sa.Column("clocks", Json, server_default="{}", nullable=False),
        sa.Column("due_at", UtcTime(), nullable=True),
    ):
        op.add_column("tickets", column)
    for name, columns in INDEXES.items():
        given = sa.text(f"{name.replace('of_customer', 'customer_id')} IS NOT NULL")
        op.create_index(f"ix_tickets_{name}", "tickets", columns, sqlite_where=given, postgresql_where=given)
    for table in ("return_labels", "credits"):
        op.create_index(f"ix_{table}_customer_id", table, ["customer_id"])
    _people()
    _ratings_and_updates()


def _owned() -> list[Any]:
    return [
        sa.Column("store_id", Id, nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
    ]


def _people() -> None:
    for table, more in (("agents", True), ("teams", False)):
        of_people = [
            sa.Column("email", sa.String(), nullable=True),
            sa.Column("teams", Json, nullable=False),
        ]
        op.create_table(
            table,
            sa.Column("id", Id, nullable=False),
            sa.Column("handle", sa.String(), nullable=False),
            sa.Column("name", sa.String(), nullable=True),
            *(of_people if more else []),
            sa.Column("active", sa.Boolean(), nullable=False),
            sa.Column("updated_at", UtcTime(), nullable=False),
            *_owned(),
            sa.Column("event_sequence", sa.BigInteger(), nullable=False),
            sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f(f"fk_{table}_store_id")),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        )
        op.create_index(f"uq_{table}_handle", table, ["store_id", "livemode", "handle"], unique=True)


def _ratings_and_updates() -> None:
    op.create_table(
        "ticket_ratings",
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("by", Json, nullable=False),
        *_owned(),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_ratings_ticket_id")),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_ticket_ratings_store_id")),
        sa.PrimaryKeyConstraint("ticket_id", "kind", name=op.f("pk_ticket_ratings")),
    )
    op.create_index("ix_ticket_ratings_store", "ticket_ratings", ["store_id", "livemode", "created_at"])
    op.create_table(
        "ticket_updates",
        sa.Column("id", Id, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("tickets", Json, nullable=False),
        sa.Column("changes", Json, nullable=False),
        sa.Column("outcomes", Json, nullable=False),
        sa.Column("actor", Json, nullable=False),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("started_at", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        *_owned(),
        sa.Column("event_sequence", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["stores.id"], name=op.f("fk_ticket_updates_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_updates")),
    )
    op.create_index("ix_ticket_updates_store", "ticket_updates", ["store_id", "livemode", "id"])


def _index_what_is_there() -> None:
    bind = op.get_bind()
    subjects = (
        "SELECT id, id AS ticket_id, store_id, livemode, subject AS said FROM tickets"
        " WHERE id > :after AND subject IS NOT NULL ORDER BY id LIMIT :batch"
    )
    spoken = (
        "SELECT id, ticket_id, store_id, livemode, text AS said FROM messages"
        " WHERE id > :after AND direction <> 'internal' ORDER BY id LIMIT :batch"
    )
    for query, subject in ((subjects, True), (spoken, False)):
        for row in _every(bind, query):
            whose = (row.ticket_id, row.store_id, bool(row.livemode))
            ticket_search.put(bind, bind.dialect.name, whose, row.said, subject=subject)


def _every(bind: sa.Connection, query: str) -> Iterator[Any]:
    after = ""
    while rows := bind.execute(sa.text(query), {"after": after, "batch": BATCH}).all():
        yield from rows
        after = rows[-1].id


def downgrade() -> None:
    """the way back"""
    for table in ("ticket_updates", "ticket_ratings", "teams", "agents", "ticket_words"):
        op.drop_table(table)
    for table in ("return_labels", "credits"):
        op.drop_index(f"ix_{table}_customer_id", table)
    for name in INDEXES:
        op.drop_index(f"ix_tickets_{name}", "tickets")
    with op.batch_alter_table("tickets") as tickets:
        for column in ("due_at", "clocks", "merged_into", "snoozed_until", "priority_reasons"):
            tickets.drop_column(column)
    with op.batch_alter_table("stores") as changed:
        changed.drop_column("service_levels")
