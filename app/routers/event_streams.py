"""Events as they happen, as server-sent events: for the store's own programs, and for browsers by a ticket."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import clock, errors
from app.models.records import Event
from app.routers import stream_examples as examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.schemas import In, Out
from app.services import event_streams, events, stream_tickets
from app.services.callers import Caller
from app.services.conversation import tokens
from app.services.event_streams import Interest
from app.services.events import Place
from app.services.runtime import Runtime

router = APIRouter(prefix="/v1/events", tags=["Events"], route_class=StrictRoute)
Speaker = Annotated[Caller, Depends(needs("messages:write"))]
LONGEST = 3600
BEAT = 15.0
"""Seconds after which a quiet stream says that it is there, so that nobody between us takes it for dead."""
AGAIN = b"retry: 1000\n\n"
"""Milliseconds after which a browser whose stream has ended opens it again."""


class StreamTicketIn(In):
    """`conversation_token`: of the chat that a page with a publishable key is in; it is told that chat alone."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.STREAM_TICKET_IN]})

    conversation_token: Annotated[str | None, Field(max_length=100)] = None


class StreamTicketOut(Out):
    """What `new EventSource(path)` opens until `expires_at`, however often the browser has to connect again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.STREAM_TICKET]})

    ticket: str
    path: str
    expires_at: str


@router.post(
    "/stream-tickets",
    summary="Make a ticket for a stream of events",
    status_code=201,
    response_model=StreamTicketOut,
    responses=refusals(errors.Forbidden, errors.TicketNotFound),
)
async def make_stream_ticket(body: StreamTicketIn, caller: Speaker) -> Json:
    """For a page, which cannot send a key with a stream: whose events it tells follows from who asks for it.

    A shopper's token, or a secret key with `Aftersale-Customer`: the shopper's conversations. A publishable key with a
    `conversation_token`: that chat. A secret key alone: all of the store's, which needs `events:read`.
    """
    conversation = None if body.conversation_token is None else tokens.ticket_of(caller, body.conversation_token)
    if caller.anonymous and conversation is None:
        missing = {"pointer": "/conversation_token", "code": "missing", "detail": "Which chat is it?"}
        raise errors.Invalid(errors=[missing])
    if caller.is_merchant:
        if conversation is not None:
            raise errors.Forbidden("A chat is told to the page that it is with.")
        caller.need("events:read")
    ticket, until = stream_tickets.made(caller, conversation)
    shown = {
        "ticket": ticket,
        "path": f"/v1/events/stream?ticket={ticket}",
        "expires_at": clock.rfc3339(until),
    }
    return Json(shown, status_code=201)


@router.get(
    "/stream",
    summary="Hear of events as they happen",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events: `id` is the event's, `event` its type, `data` the event as JSON.",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": examples.STREAM}},
        },
        **refusals(errors.EventNotFound, errors.Forbidden),
    },
)
async def stream_events(
    request: Request,
    means: Means,
    ticket: Annotated[str | None, Query(max_length=600, description="Instead of a key, in a browser.")] = None,
    kinds: Annotated[
        list[str] | None, Query(alias="type", max_length=50, description="Only these; `return.*` is all of returns'.")
    ] = None,
    resource: Annotated[str | None, Query(max_length=64, description="Only of this resource.")] = None,
    after: Annotated[str | None, Query(max_length=64, description="An event's id: what came behind it first.")] = None,
    seconds: Annotated[int, Query(ge=0, le=LONGEST, description="How long at most; 0: what is there now.")] = LONGEST,
    last_event_id: Annotated[
        str | None, Header(max_length=64, description="The last event that was seen: what came behind it first.")
    ] = None,
) -> StreamingResponse:
    """Every change within a moment of its commit. Whoever comes back with `Last-Event-ID` has missed nothing.

    Shoppers hear of their conversations: messages whole, of a ticket only how it stands, never of notes.
    """
    origin = request.headers.get("origin")
    if ticket is None:
        caller = await STORE(request)
        if caller.shopper is not None:
            raise errors.Forbidden("The event log is the store's: make a ticket for a shopper.")
        interest = Interest(caller.store_id, caller.livemode, types=tuple(kinds or ()), resource=resource)
        most = float(seconds)
    else:
        opened = await means.db.read(stream_tickets.opened, ticket, origin)
        interest = await _of_ticket(means, opened, tuple(kinds or ()), resource)
        most = min(float(seconds), max(0.0, (opened.until - clock.now()).total_seconds()))
    seen = last_event_id or after
    start = None if not seen else await means.db.read(_place, interest, seen)
    means.streams.admit(interest)
    told = means.streams.listen(interest, start, most, BEAT)
    headers = {"X-Accel-Buffering": "no"}  # nginx would keep it until there is more of it
    if ticket is not None and origin is not None:  # the edge knows origins by the credential, and here is none
        headers["Access-Control-Allow-Origin"] = origin
    return StreamingResponse(_written(interest, told), media_type="text/event-stream", headers=headers)


STORE = needs("events:read")


async def _of_ticket(
    means: Runtime, opened: stream_tickets.Opened, types: tuple[str, ...], resource: str | None
) -> Interest:
    interest = Interest(opened.store.id, opened.livemode)
    if opened.ticket is not None:
        interest.tickets = {opened.ticket}
    elif opened.customer is not None:
        interest.customer = opened.customer
        interest.tickets = await means.db.read(
            event_streams.conversations, opened.store.id, opened.livemode, opened.customer
        )
    else:
        interest.types, interest.resource = types, resource
    return interest


def _place(session: Session, interest: Interest, event_id: str) -> Place:
    return events.place(session, store_id=interest.store_id, livemode=interest.livemode, event_id=event_id)


async def _written(interest: Interest, told: AsyncGenerator[Event | None]) -> AsyncGenerator[bytes]:
    async with aclosing(told):
        yield AGAIN
        async for row in told:
            yield b": here\n\n" if row is None else _frame(interest, row)


def _frame(interest: Interest, row: Event) -> bytes:
    data = orjson.dumps(interest.shown(row))
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (row.id.encode(), row.type.encode(), data)
