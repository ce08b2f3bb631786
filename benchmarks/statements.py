"""The yardstick's SQL: what our hot paths do, each in one statement, on our own tables.

pgbench runs the same texts, so that the yardstick itself is held against what the database alone can do.
"""

from __future__ import annotations

import re

STORE = "sto_00000000000000000000000000"
TEXT = "My lamp arrived broken, what can you do about it? Order #1001, thank you."
SUBJECT = "A broken lamp"

CREATE = """
WITH t AS (
    INSERT INTO tickets (id, store_id, livemode, created_at, updated_at, last_message_at, subject, status, priority,
        channel, contact, contact_key, proof, tags, version, event_sequence)
    VALUES ($1, $2, false, now(), now(), now(), $6, 'open', 'normal', 'chat', $8, NULL, 0, '[]', 1, 2)
    RETURNING id
), m AS (
    INSERT INTO messages (id, ticket_id, store_id, livemode, created_at, direction, channel, author, text, buttons,
        cards, details, occurred_at)
    VALUES ($3, $1, $2, false, now(), 'inbound', 'chat', $9, $7, '[]', '[]', '{}', now())
)
INSERT INTO events (id, store_id, livemode, created_at, type, resource_type, resource_id, sequence, position, object)
VALUES ($4, $2, false, now(), 'ticket.created', 'ticket', $1, 1, pg_current_xact_id()::text::bigint, $10),
       ($5, $2, false, now(), 'message.received', 'message', $1, 2, pg_current_xact_id()::text::bigint, $10)
"""
GET = """
SELECT row_to_json(t)::text, (
    SELECT coalesce(json_agg(m ORDER BY m.id), '[]')::text FROM messages m WHERE m.ticket_id = t.id
)
FROM tickets t WHERE t.id = $1 AND t.store_id = $2 AND NOT t.livemode
"""
LIST = """
SELECT id, subject, status, priority, channel, contact::text, tags::text, version, created_at, updated_at,
    last_message_at
FROM tickets WHERE store_id = $1 AND NOT livemode AND id < $2 ORDER BY id DESC LIMIT 50
"""


def for_pgbench(sql: str, values: dict[int, str]) -> str:
    """A script of pgbench's: each parameter replaced by the expression that `values` has for it."""
    return re.sub(r"\$(\d+)", lambda found: values[int(found[1])], sql).replace("\n", " ") + ";\n"
