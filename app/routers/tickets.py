"""Tickets: conversations, answered by automation or by people."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.models.tickets import Ticket
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.pages import Cursor, Limit, page, unseal
from app.routers.schemas import Confirmable, In, Line, Moment, Out, Page, PreviewOut, Ref, Text
from app.routers.versions import Version, version_in
from app.routers.writes import CONFIRMED, OptionalKey, act, perform
from app.services import orders, ticket_lists, ticket_views, tickets
from app.services.actions import answer_ticket
from app.services.actions.answer_ticket import AnswerParams, NewTicket
from app.services.actions.hand_off import ACTION as HAND_OFF
from app.services.actions.hand_off import HandOffParams
from app.services.callers import Caller
from app.services.idempotency import Keyed, once
from app.services.scrubbing import scrub
from app.services.ticket_lists import Filters

router = APIRouter(prefix="/v1/tickets", tags=["Tickets"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("tickets:read"))]
Writer = Annotated[Caller, Depends(needs("tickets:write"))]

Status = Literal["open", "pending_customer", "pending_internal", "solved", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]
Channel = Literal["chat", "email", "sms", "whatsapp", "instagram", "facebook", "x", "phone", "web", "api"]
Word = Annotated[Line, Field(max_length=100)]
Tags = Annotated[list[Annotated[Line, Field(max_length=50)]], Field(max_length=50)]
KEYED = (errors.IdempotencyKeyReused, errors.IdempotencyKeyInUse)


class TicketIn(In):
    """A new ticket."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.TICKET_IN]})

    subject: Annotated[Line, Field(max_length=500)] | None = None
    text: Annotated[Text, Field(max_length=50_000, description="The first message.")] | None = None
    channel: Channel = "api"
    priority: Priority = "normal"
    customer: Ref | None = Field(None, description="`cus_…` or the shop's own id.")
    order: Ref | None = None
    email: Annotated[Line, Field(max_length=320)] | None = None
    name: Annotated[Line, Field(max_length=255)] | None = None
    tags: Tags = []
    assignee: Word | None = None
    team: Word | None = None
    department: Word | None = None


class TicketPatchIn(In):
    """Fields to change; what is not named stays."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"status": "solved"}]})

    subject: Annotated[Line, Field(max_length=500)] | None = None
    status: Status | None = None
    priority: Priority | None = None
    tags: Tags | None = None
    assignee: Word | None = None
    team: Word | None = None
    department: Word | None = None


class TicketMessageIn(Confirmable):
    """A reply to the shopper, or an internal note."""

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"examples": [{"text": "The lamp is on its way."}]}
    )

    text: Annotated[Text, Field(max_length=50_000)]
    internal: bool = False


class HandoffIn(Confirmable):
    """Why a person takes over."""

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"examples": [{"reason": "goodwill", "team": "returns"}]}
    )

    reason: Annotated[Line, Field(max_length=200)]
    summary: Annotated[Text, Field(max_length=2000)] | None = None
    team: Word | None = None
    priority: Priority | None = None


class MessageOut(Out):
    """A message of a ticket."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.MESSAGE]})

    id: str
    livemode: bool
    ticket: str
    direction: str = Field(description="inbound outbound internal")
    channel: str
    author: dict[str, Any]
    text: str
    language: str | None
    external_id: str | None
    in_reply_to: str | None
    outcome: str | None
    buttons: list[dict[str, Any]]
    cards: list[dict[str, Any]]
    delivery: str | None = Field(description="pending succeeded failed unknown; null where the caller delivers it.")
    occurred_at: str
    created_at: str


class TicketOut(Out):
    """A ticket. `handoff` is filled in for the person who takes over."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.TICKET]})

    id: str
    livemode: bool
    subject: str | None
    status: str
    priority: str
    channel: str
    intent: str | None
    sentiment: str | None
    language: str | None
    department: str | None
    assignee: str | None
    team: str | None
    customer: str | None
    order: str | None
    contact: dict[str, Any]
    proof: int
    tags: list[str]
    handoff: dict[str, Any] | None
    version: int
    created_at: str
    updated_at: str
    last_message_at: str


class WholeTicketOut(TicketOut):
    """A ticket with its messages, oldest first, and what happened to it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.WHOLE_TICKET]})

    messages: list[MessageOut]
    timeline: list[dict[str, Any]]


@router.post(
    "",
    summary="Open a ticket",
    status_code=201,
    response_model=TicketOut,
    responses=refusals(errors.CustomerNotFound, errors.OrderNotFound, errors.NotOwner, errors.OrderAmbiguous, *KEYED),
)
async def create_ticket(request: Request, body: TicketIn, means: Means, caller: Writer, key: OptionalKey) -> Json:
    """Open a ticket by hand; a shopper's message comes in at `/v1/messages`."""
    references = {"customer": body.customer, "order": body.order}
    given: dict[str, Any] = {**await scrub(means, caller, body.model_dump(exclude=set(references))), **references}

    async def run(keyed: Keyed | None) -> str:
        return await answer_ticket.open_ticket(means, caller, NewTicket(**given), keyed)

    return await perform(request, means, caller, "ticket", run, key=key)


@router.get(
    "",
    summary="List tickets",
    response_model=Page[TicketOut],
    responses=refusals(errors.InvalidCursor, errors.OrderNotFound, errors.NotOwner),
)
async def list_tickets(
    means: Means,
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[Status | None, Query()] = None,
    channel: Annotated[str | None, Query(max_length=40)] = None,
    tag: Annotated[str | None, Query(max_length=50)] = None,
    intent: Annotated[str | None, Query(max_length=60)] = None,
    priority: Annotated[Priority | None, Query()] = None,
    assignee: Annotated[str | None, Query(max_length=100)] = None,
    team: Annotated[str | None, Query(max_length=100)] = None,
    customer: Annotated[str | None, Query(max_length=255)] = None,
    order: Annotated[str | None, Query(max_length=255)] = None,
    created_after: Annotated[Moment | None, Query()] = None,
    created_before: Annotated[Moment | None, Query()] = None,
    q: Annotated[str | None, Query(max_length=500, description="Words of the subject or a message.")] = None,
) -> Json:
    """Newest first; every filter given must match."""
    order_id = None if order is None else await orders.load(means, caller, order)
    wanted = Filters(
        status, channel, tag, intent, priority, assignee, team, customer, order_id, created_after, created_before, q
    )
    filters = {**{name: str(getattr(wanted, name)) for name in Filters.__slots__}, "order": order}
    place = unseal(caller, "tickets", filters, cursor)
    rows = await means.db.read(_listed, caller, wanted, place, limit + 1)
    return Json(page(caller, "tickets", filters, rows, limit))


def _listed(session: Session, caller: Caller, wanted: Filters, place: str | None, limit: int) -> list[dict[str, Any]]:
    return [
        ticket_views.shown_to(row, caller)
        for row in ticket_lists.listed(session, caller, wanted, before=place, limit=limit)
    ]


@router.get(
    "/{ticket_id}", summary="Get a ticket", response_model=WholeTicketOut, responses=refusals(errors.TicketNotFound)
)
async def get_ticket(ticket_id: str, means: Means, caller: Reader) -> Json:
    """The ticket with its messages and timeline; a shopper sees no notes."""
    return Json(await means.db.read(_whole, caller, ticket_id))


def _whole(session: Session, caller: Caller, ticket_id: str) -> dict[str, Any]:
    ticket = ticket_views.get(session, caller, ticket_id)
    return {
        **ticket_views.shown_to(ticket, caller),
        "messages": [
            ticket_views.message_view(row)
            for row in ticket_views.messages_of(session, ticket, notes=caller.shopper is None)
        ],
        "timeline": ticket_views.timeline(session, ticket, notes=caller.shopper is None),
    }


@router.patch(
    "/{ticket_id}",
    summary="Change a ticket",
    response_model=TicketOut,
    responses=refusals(
        errors.TicketNotFound, errors.StatusNotAllowed, errors.PreconditionFailed, errors.Forbidden, *KEYED
    ),
)
async def patch_ticket(
    ticket_id: str,
    request: Request,
    body: TicketPatchIn,
    means: Means,
    caller: Writer,
    key: OptionalKey,
    if_match: Version = None,
) -> Json:
    """Change fields; with `If-Match` only if the version is still that one."""
    if caller.shopper is not None:
        raise errors.Forbidden("Only the store may do that.")
    version = version_in(if_match, "ticket")
    fields = await scrub(means, caller, body.model_dump(exclude_unset=True))
    for name in ("status", "priority", "tags"):
        if name in fields and fields[name] is None:
            raise errors.Invalid(errors=[{"pointer": f"/{name}", "code": "null", "detail": "must not be null"}])

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> Ticket:
            return once(session, keyed, "ticket", tickets.patch, caller, ticket_id, fields, version)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "ticket", run, key=key, status=200)


@router.post(
    "/{ticket_id}/messages",
    summary="Reply or note",
    status_code=201,
    response_model=MessageOut,
    responses={
        200: {"model": PreviewOut, "description": "With `preview`: what would happen; nothing has."},
        **refusals(errors.TicketNotFound, errors.TicketClosed, errors.Forbidden, *KEYED, *CONFIRMED),
    },
)
async def add_message(
    ticket_id: str, request: Request, body: TicketMessageIn, means: Means, caller: Writer, key: OptionalKey
) -> Json:
    """A person's reply, delivered where the channel is ours; or an internal note that no shopper sees."""
    params = AnswerParams(ticket=ticket_id, text=body.text, internal=body.internal)
    return await act(request, means, caller, answer_ticket.ACTION, params, key=key)


@router.post(
    "/{ticket_id}/handoff",
    summary="Hand a ticket to a person",
    response_model=TicketOut | PreviewOut,
    responses=refusals(errors.TicketNotFound, errors.TicketClosed, *KEYED, *CONFIRMED),
)
async def hand_off(
    ticket_id: str, request: Request, body: HandoffIn, means: Means, caller: Writer, key: OptionalKey
) -> Json:
    """Fill in what a person needs and put the ticket on top of their pile."""
    said = body.model_dump(exclude=set(Confirmable.model_fields))
    params = HandOffParams(ticket=ticket_id, **said)
    return await act(request, means, caller, HAND_OFF, params, key=key)
