"""A mailbox that takes every message and lets tests read it."""

import sqlite3
from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.clock import now, rfc3339
from app.ids import new
from app.sandbox.effects import Call, Done, effect, read
from app.sandbox.store import dumps, loads, next_position, rows
from app.sandbox.wire import Problem, Strict


class MessageIn(Strict):
    """One message; `key` becomes its Message-ID, so that a copy can be told."""

    key: str = Field(min_length=1, max_length=255)
    channel: str = Field(min_length=1, max_length=32)
    to: str = Field(min_length=1, max_length=320)
    subject: str | None = Field(default=None, max_length=998)
    text: str = Field(max_length=100_000)
    language: str | None = Field(default=None, max_length=35)
    in_reply_to: str | None = Field(default=None, max_length=998)


def _deliver(call: Call, wanted: MessageIn) -> Done:
    for name in ("key", "channel", "to", "subject", "language", "in_reply_to"):
        value = getattr(wanted, name)
        if value is not None and any(ord(letter) < 32 or letter == "\x7f" for letter in value):
            raise Problem(
                422,
                "header_invalid",
                f"{name} holds a line break or a control character.",
                errors=[{"pointer": f"/{name}", "code": "header_invalid", "detail": "no control characters"}],
            )
    message = {"id": new("sbxmsg"), "message_id": f"<{wanted.key}@sandbox.example>", "status": "delivered"}
    message |= wanted.model_dump() | {"at": rfc3339(now())}
    call.db.execute(
        "INSERT INTO messages (shop, id, position, key, recipient, body) VALUES (?, ?, ?, ?, ?, ?)",
        (
            call.shop,
            message["id"],
            next_position(call.db, "messages", call.shop),
            wanted.key,
            wanted.to.casefold(),
            dumps(message),
        ),
    )
    return Done({name: message[name] for name in ("id", "message_id", "key", "to", "status", "at")}, message["id"], 201)


async def post_message(request: Request) -> Response:
    """POST /mail/v1/messages: the same key is delivered once."""
    return await effect(request, "mail", MessageIn, _deliver, key_of=lambda wanted: wanted.key)


async def get_messages(request: Request) -> Response:
    """GET /mail/v1/messages?to=&key= : oldest first, the last 500 that match."""

    def answer(db: sqlite3.Connection, shop: str) -> dict[str, Any]:
        to, key = request.query_params.get("to"), request.query_params.get("key")
        found = rows(
            db,
            "SELECT body FROM messages WHERE shop = ? AND (? IS NULL OR recipient = ?) AND (? IS NULL OR key = ?)"
            " ORDER BY position DESC LIMIT 500",
            shop,
            to,
            to.casefold() if to else None,
            key,
            key,
        )
        return {"data": [loads(row["body"]) for row in reversed(found)]}

    return read(request, "lookup", answer)


ROUTES = [
    Route("/mail/v1/messages", post_message, methods=["POST"]),
    Route("/mail/v1/messages", get_messages),
]
