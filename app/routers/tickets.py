"""Tickets: conversations, answered by automation or by people."""

import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from app import errors
from app.models.tickets import Ticket
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.lanes import Asked, lane
from app.routers.pages import Cursor, Limit, seal, unseal
from app.routers.schemas import Confirmable, In, Line, Moment, Out, Page, PreviewOut, Ref, Text
from app.routers.versions import Version, version_in
from app.routers.writes import CONFIRMED, OptionalKey, act, keyed_by, perform
from app.services import orders, ratings, ticket_lists, ticket_reads, ticket_views, tickets, timelines
from app.services.actions import answer_ticket
from app.services.actions.answer_ticket import AnswerParams, NewTicket
from app.services.actions.hand_off import ACTION as HAND_OFF
from app.services.actions.hand_off import HandOffParams
from app.services.callers import Caller
from app.services.idempotency import Keyed, once
from app.services.runtime import Runtime
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


THE_STORES = ("priority", "tags", "assignee", "team", "department")
"""What of a new ticket the store alone says."""


class TicketPatchIn(In):
    """Fields to change; what is not named stays."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"status": "solved"}]})

    subject: Annotated[Line, Field(max_length=500)] | None = None
    status: Status | None = None
    priority: Priority | None = None
    tags: Tags | None = None
    assignee: Word | None = Field(None, description="An agent's id; null: nobody.")
    team: Word | None = None
    department: Word | None = None
    priority_reason: Annotated[Line, Field(max_length=200)] | None = Field(None, description="Why it has its priority.")
    snoozed_until: Moment | None = Field(
        None,
        description="Out of the pile (`pending_internal`) until then, or until the shopper writes; null: back in it.",
    )


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
    files: list[dict[str, Any]] = Field(description="What came with it: `id` of a file of ours, or a `name` alone.")
    delivery: str | None = Field(description="pending succeeded failed unknown; null where the caller delivers it.")
    occurred_at: str
    created_at: str


class ClockOut(Out):
    """One of the times that the store promises, in its hours of work."""

    status: str = Field(description="running paused stopped")
    due_at: str | None
    stopped_at: str | None
    breached: bool


class TicketOut(Out):
    """A ticket. `handoff` is filled in for the person who takes over."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.TICKET]})

    id: str
    livemode: bool
    subject: str | None
    status: str
    priority: str
    priority_reasons: list[str] = Field(description="The signs that triage saw, or what the person said who set it.")
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
    snoozed_until: str | None
    merged_into: str | None = Field(description="The ticket that goes on with what was said here.")
    external_ids: dict[str, str] = Field({}, description="What connected systems call it, by connection.")
    due_at: str | None = Field(description="When the next of its clocks runs out that has not yet.")
    breached: bool = Field(description="Whether one of its clocks has run out.")
    clocks: dict[str, ClockOut] = Field(description="first_answer next_answer resolution; none where none is promised.")
    version: int
    created_at: str
    updated_at: str
    last_message_at: str


class WholeTicketOut(TicketOut):
    """A ticket with its messages, oldest first, and what happened to it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.WHOLE_TICKET]})

    messages: list[MessageOut]
    timeline: list[dict[str, Any]] = Field(description="The newest 200; all of them: `GET {id}/timeline`.")
    ratings: dict[str, Any] = Field(description="csat effort comment; null where nobody has answered.")


@router.post(
    "",
    summary="Open a ticket",
    status_code=201,
    response_model=TicketOut,
    responses=refusals(errors.CustomerNotFound, errors.OrderNotFound, errors.NotOwner, errors.OrderAmbiguous, *KEYED),
)
async def create_ticket(request: Request, body: TicketIn, means: Means, caller: Writer, key: OptionalKey) -> Json:
    """Open a ticket by hand; a shopper's message comes in at `/v1/messages`.

    How urgent a ticket is and who gets it is not said by a shopper's own token: `forbidden`.
    """
    if caller.in_browser and any(getattr(body, name) != TicketIn.model_fields[name].default for name in THE_STORES):
        raise errors.Forbidden("Priority, tags, assignee, team and department are the store's to give.")
    references = {"customer": body.customer, "order": body.order}
    given: dict[str, Any] = {**await scrub(means, caller, body.model_dump(exclude=set(references))), **references}

    async def run(keyed: Keyed | None) -> str:
        return await answer_ticket.open_ticket(means, caller, NewTicket(**given), keyed)

    return await perform(request, means, caller, "ticket", run, key=key)


@lane(create_ticket)
async def _create(asked: Asked) -> Json | None:
    said = asked.json()
    caller = await asked.caller("tickets:write")
    key = asked.key()
    try:
        body = TicketIn.model_validate(said)
    except ValidationError:
        return None  # the long way says what is wrong
    given: dict[str, Any] = await scrub(
        asked.means, caller, body.model_dump(exclude={"customer", "order"}, exclude_unset=True)
    )
    new = NewTicket(**given, customer=body.customer, order=body.order)
    keyed = None if key is None else keyed_by(asked.method, asked.url_path, caller, key, said)
    made = await answer_ticket.open_alone(asked.means, caller, new, keyed)
    return None if made is None else Json(made, status_code=201)


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
    q: Annotated[
        str | None,
        Query(max_length=500, description="Words of the subject or a message, in any writing; all must be there."),
    ] = None,
    sort: Annotated[
        Literal["newest", "relevance"],
        Query(description="`relevance`, with `q`: of the newest 1,000 hits the best first."),
    ] = "newest",
) -> Json:
    """Newest first; every filter given must match.

    A search looks at 10,000 tickets per page at most: where they bring fewer than `limit` it still has a `next_cursor`.
    """
    if caller.in_browser and (tag, assignee, team) != (None, None, None):  # what they find would tell what is not shown
        raise errors.Forbidden("Tags, assignee and team are the store's.")
    order_id = None if order is None else await orders.load(means, caller, order)
    wanted = Filters(
        status, channel, tag, intent, priority, assignee, team, customer, order_id, created_after, created_before, q
    )
    filters = {**{name: str(getattr(wanted, name)) for name in Filters.__slots__}, "order": order, "sort": sort}
    ranked = sort == "relevance" and q is not None
    place = unseal(caller, "tickets", filters, cursor)
    if filters == PLAIN_LIST and caller.shopper is None:
        rows, following = await ticket_reads.page(means.db, caller, place, limit)
    else:
        rows, following = await means.db.read(_ranked if ranked else _listed, caller, wanted, place, limit)
    return Json(
        {"data": rows, "next_cursor": None if following is None else seal(caller, "tickets", filters, following)}
    )


def _listed(session: Session, caller: Caller, wanted: Filters, place: Any, limit: int) -> tuple[list[Any], Any]:
    found = ticket_lists.listed(session, caller, wanted, before=place, limit=limit)
    return [ticket_views.shown_to(row, caller) for row in found.tickets], found.place


def _ranked(session: Session, caller: Caller, wanted: Filters, place: Any, limit: int) -> tuple[list[Any], Any]:
    found = ticket_lists.ranked(session, caller, wanted, place=place, limit=limit)
    return [ticket_views.shown_to(row, caller) for row in found.tickets], found.place


PLAIN_LIST = {**dict.fromkeys(Filters.__slots__, "None"), "order": None, "sort": "newest"}
"""What a list without filters is bound to by its cursors."""
PLAIN_QUERY = re.compile(rb"limit=(\d{1,3})(?:&cursor=([A-Za-z0-9_-]{1,1000}))?")


@lane(list_tickets)
async def _list(asked: Asked) -> Json | None:
    plain = PLAIN_QUERY.fullmatch(asked.query)
    limit = int(plain[1]) if plain else 0
    if plain is None or not 1 <= limit <= 200:
        return None
    caller = await asked.caller("tickets:read")
    place = unseal(caller, "tickets", PLAIN_LIST, plain[2].decode() if plain[2] else None)
    rows, following = await ticket_reads.page(asked.means.db, caller, place, limit)
    told = None if following is None else seal(caller, "tickets", PLAIN_LIST, following)
    return Json({"data": rows, "next_cursor": told})


@router.get(
    "/{ticket_id}", summary="Get a ticket", response_model=WholeTicketOut, responses=refusals(errors.TicketNotFound)
)
async def get_ticket(ticket_id: str, means: Means, caller: Reader) -> Json:
    """The ticket with its messages and timeline; a shopper sees no notes."""
    return Json(await means.db.read(_whole, caller, ticket_id))


@lane(get_ticket)
async def _get(asked: Asked) -> Json | None:
    ticket_id = asked.path["ticket_id"]
    found = await asked.row("tickets:read", ticket_reads.WHOLE, lambda caller: ticket_reads.named(caller, ticket_id))
    return None if found is None else Json(ticket_reads.whole(found[1]))


def _whole(session: Session, caller: Caller, ticket_id: str) -> dict[str, Any]:
    ticket = ticket_views.get(session, caller, ticket_id)
    return {
        **ticket_views.shown_to(ticket, caller),
        "messages": [
            ticket_views.message_view(row)
            for row in ticket_views.messages_of(session, ticket, notes=caller.shopper is None)
        ],
        "timeline": timelines.of_ticket(
            session, ticket, before=None, limit=ticket_reads.TIMELINE, store=caller.shopper is None
        )[::-1],
        "ratings": ratings.of(session, ticket.id),
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
    fields = await changes_in(means, caller, body)

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> Ticket:
            return once(session, keyed, "ticket", tickets.patch, caller, ticket_id, fields, version)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "ticket", run, key=key, status=200)


async def changes_in(means: Runtime, caller: Caller, body: TicketPatchIn, at: str = "") -> dict[str, Any]:
    """What of a ticket becomes another; `at`: where in the body that stands."""
    fields: dict[str, Any] = await scrub(means, caller, body.model_dump(exclude_unset=True))
    for name in ("status", "priority", "tags"):
        if name in fields and fields[name] is None:
            raise errors.Invalid(errors=[{"pointer": f"{at}/{name}", "code": "null", "detail": "must not be null"}])
    return fields


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
