"""What a CRM may tell us to do: open, change, mirror and answer tickets, and run actions by the one door.

Two systems that mirror each other must come to rest. Four things see to that, whatever the other side does: what is the
same already changes nothing and makes no event; every event tells whose command caused it; older news, and news older
than a change of our own, come too late; and values that are turned back again and again are left alone for a while.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.database import insert_missing
from app.errors import Invalid, TicketNotFound
from app.models.connections import TicketLink
from app.models.tickets import Message, Ticket
from app.services import events, idempotency, inbound, ticket_mirrors, ticket_views, tombstones
from app.services.actions import answer_ticket, registry
from app.services.actions.answer_ticket import AnswerParams, NewTicket
from app.services.callers import Caller
from app.services.idempotency import Keyed, Replayed
from app.services.inbound import Delivered, Handler
from app.services.params import In, Line, Moment, Ref, Text
from app.services.runtime import Runtime

KIND = "crm"
ECHOES = timedelta(minutes=10)
"""The same words in the same ticket within this time are an echo."""
LOOKED_THROUGH = 20
Word = Annotated[Line, Field(max_length=100)]
Tags = Annotated[list[Annotated[Line, Field(max_length=50)]], Field(max_length=50)]
Status = Literal["open", "pending_customer", "pending_internal", "solved", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]
Outcome = dict[str, Any]


class CommandIn(In):
    """What every command may bring: its own id, and when it happened there."""

    id: Annotated[str, Field(min_length=1, max_length=255)] | int | None = None
    command: str
    occurred_at: Moment | None = None


class _State(CommandIn):
    subject: Annotated[Line, Field(max_length=500)] | None = None
    status: Status | None = None
    priority: Priority | None = None
    tags: Tags | None = None
    assignee: Word | None = None
    team: Word | None = None
    department: Word | None = None

    def state(self) -> dict[str, Any]:
        """The fields of the ticket that were given."""
        return self.model_dump(include=STATE & self.model_fields_set)


STATE = {"subject", "status", "priority", "tags", "assignee", "team", "department"}


class OpenTicketIn(_State):
    """A new ticket; with an `external_id` that is known already nothing is opened."""

    external_id: Ref | None = None
    text: Annotated[Text, Field(max_length=50_000)] | None = None
    channel: Literal["chat", "email", "sms", "whatsapp", "instagram", "facebook", "x", "phone", "web", "api"] = "api"
    customer: Ref | None = None
    order: Ref | None = None
    email: Annotated[Line, Field(max_length=320)] | None = None
    name: Annotated[Line, Field(max_length=255)] | None = None


class MirrorTicketIn(OpenTicketIn):
    """A ticket there as it is now: opened here where it is not known, else brought to the same state."""

    ticket: Ref | None = None


class UpdateTicketIn(_State):
    """What becomes another in a ticket, ours by `ticket`, theirs by `external_id`."""

    ticket: Ref | None = None
    external_id: Ref | None = None


class AnswerTicketIn(CommandIn):
    """A person's answer there, or a note."""

    ticket: Ref | None = None
    external_id: Ref | None = None
    text: Annotated[Text, Field(max_length=50_000)]
    internal: bool = False


class RunActionIn(CommandIn):
    """An action of `GET /v1/actions`, with its parameters."""

    action: Annotated[str, Field(max_length=100)]
    parameters: dict[str, Any] = Field(default_factory=dict[str, Any])


COMMANDS: dict[str, type[CommandIn]] = {
    "open_ticket": OpenTicketIn,
    "mirror_ticket": MirrorTicketIn,
    "update_ticket": UpdateTicketIn,
    "answer_ticket": AnswerTicketIn,
    "run_action": RunActionIn,
}


def parse(document: dict[str, Any]) -> CommandIn:
    """The command, or `validation_failed` with what is wrong."""
    name = document.get("command")
    if not isinstance(name, str) or name not in COMMANDS:
        detail = f"one of {', '.join(COMMANDS)}"
        raise Invalid(errors=[{"pointer": "/command", "code": "unknown_command", "detail": detail}])
    command = registry.checked(COMMANDS[name], document)
    if isinstance(command, UpdateTicketIn | AnswerTicketIn) and (command.ticket is None) == (
        command.external_id is None
    ):
        raise Invalid(errors=[{"pointer": "/ticket", "code": "one_of", "detail": "give ticket or external_id"}])
    if isinstance(command, MirrorTicketIn) and command.external_id is None:
        raise Invalid(errors=[{"pointer": "/external_id", "code": "missing", "detail": "Field required"}])
    if isinstance(command, RunActionIn):
        registry.given(registry.find(command.action), command.parameters)
    return command


def _check(document: dict[str, Any], topic: str | None) -> None:
    del topic
    parse(document)


async def _run(runtime: Runtime, caller: Caller, delivered: Delivered) -> Outcome:
    command = parse(delivered.document)
    keyed = _keyed(caller, delivered)
    if isinstance(command, RunActionIn):
        return await _act(runtime, caller, command, keyed)
    caller.need("tickets:write")
    if await runtime.db.read(_erased, caller, command):
        return {"ignored": "erased"}
    if isinstance(command, AnswerTicketIn):
        return await _answer(runtime, caller, command, keyed)
    happened = min(command.occurred_at or delivered.received, delivered.received)
    stamped = command.occurred_at is not None
    if isinstance(command, OpenTicketIn):
        known = await runtime.db.read(_linked, caller, command)
        if known is None:
            return await _open(runtime, caller, command, keyed, happened)
        if not isinstance(command, MirrorTicketIn):
            return {"ignored": "already_open", "ticket": known}
    assert isinstance(command, MirrorTicketIn | UpdateTicketIn)
    return await runtime.db.write(_update, caller, command, happened, stamped)


def _erased(session: Session, caller: Caller, command: Any) -> bool:
    """Whether the ticket that is meant was an erased person's: what is said of it here does not bring them back."""
    named = (f"ticket:{caller.connection}", command.external_id), ("ticket", getattr(command, "ticket", None))
    keys = [tombstones.key(caller.store, kind, ref) for kind, ref in named if ref is not None]
    return bool(keys and tombstones.find(session, caller, *keys))


def _keyed(caller: Caller, delivered: Delivered) -> Keyed:
    """Run again after a kill, it is the same request."""
    key = idempotency.fingerprint("INBOUND", delivered.id, None)
    return Keyed(caller.store_id, caller.livemode, "", key, key)


async def _act(runtime: Runtime, caller: Caller, command: RunActionIn, keyed: Keyed) -> Outcome:
    """Through the same door as everybody: the action's scope, the guard, a person's yes where that is asked for."""
    action = registry.find(command.action)
    caller.need(action.scope)
    params = registry.given(action, command.parameters)
    try:
        made = await registry.run(runtime, caller, action, params, keyed)
    except Replayed:
        made = await runtime.db.read(_replayed, keyed)
    return {"action": action.name, "resource": "approval" if made.startswith("apr_") else action.resource, "id": made}


def _replayed(session: Session, keyed: Keyed) -> str:
    found = idempotency.find(session, keyed)
    assert found is not None
    return found.resource_id or ""


# ---- tickets ------------------------------------------------------------------------------------------------------


async def _open(runtime: Runtime, caller: Caller, command: OpenTicketIn, keyed: Keyed, happened: Any) -> Outcome:
    state = {name: value for name, value in command.state().items() if name != "status" and value is not None}
    external = {} if command.external_id is None else {str(caller.connection): command.external_id}
    contact = {name: getattr(command, name) for name in ("text", "customer", "order", "email", "name")}
    given = NewTicket(**state, **contact, channel=command.channel, external_ids=external)

    def also(session: Session, ticket: Ticket) -> None:
        if command.external_id is not None:
            _link(session, caller, command.external_id, ticket, happened)
        if command.status is not None:
            ticket_mirrors.patch(session, caller, ticket, {"status": command.status})

    try:
        ticket_id = await answer_ticket.open_ticket(runtime, caller, given, keyed, also)
    except Replayed:
        ticket_id = await runtime.db.read(_replayed, keyed)
    return {"ticket": ticket_id}


def _linked(session: Session, caller: Caller, command: OpenTicketIn) -> str | None:
    """Our id of the ticket that is meant, where we have it."""
    if command.external_id is None:
        return None
    link = session.get(TicketLink, (caller.connection, command.external_id))
    if link is not None:
        return link.ticket_id
    named = command.ticket if isinstance(command, MirrorTicketIn) else None
    return None if named is None else ticket_views.get(session, caller, named).id


def _link(session: Session, caller: Caller, external_id: str, ticket: Ticket, happened: Any) -> TicketLink:
    """The row that ties the two tickets, locked; made where it is not there."""
    place = (caller.connection, external_id)
    insert_missing(
        session,
        TicketLink,
        {
            "connection_id": caller.connection,
            "external_id": external_id,
            "ticket_id": ticket.id,
            "seen_at": happened,
            "turns": [],
        },
    )
    return session.get_one(TicketLink, place, with_for_update=True)


def _ticket(session: Session, caller: Caller, command: Any) -> tuple[Ticket, TicketLink]:
    """The ticket, locked, and what ties it to the connection; raises `ticket_not_found`."""
    external_id, ours = command.external_id, command.ticket
    link = session.get(TicketLink, (caller.connection, external_id)) if external_id is not None else None
    if link is None and ours is None:
        raise TicketNotFound
    ticket = ticket_views.get(session, caller, link.ticket_id if link else ours, lock=True)
    ticket = ticket_views.gone_on(session, caller, ticket)
    made = _link(session, caller, external_id or ticket.id, ticket, ticket.created_at)
    if external_id is not None and ticket.external_ids.get(str(caller.connection)) != external_id:
        ticket.external_ids = {**ticket.external_ids, str(caller.connection): external_id}
    return ticket, made


def _update(
    session: Session,
    caller: Caller,
    command: Any,
    happened: Any,
    stamped: bool,  # noqa: FBT001
) -> Outcome:
    ticket, link = _ticket(session, caller, command)
    fields: dict[str, Any] = command.state()
    empty = [name for name in ("status", "priority", "tags") if name in fields and fields[name] is None]
    for name in empty:
        del fields[name]
    with events.caused_by(caller.connection):
        changed, why = ticket_mirrors.bring(session, caller, ticket, link, fields, happened, stamped=stamped)
    if why is not None:
        return {"ignored": why, "ticket": ticket.id}
    return {"ticket": ticket.id, "changed": changed}


async def _answer(runtime: Runtime, caller: Caller, command: AnswerTicketIn, keyed: Keyed) -> Outcome:
    ticket_id, echo = await runtime.db.read(_answered, caller, command, keyed)
    if echo:
        return {"ignored": "echo", "ticket": ticket_id}
    params = AnswerParams(ticket=ticket_id, text=command.text, internal=command.internal)
    try:
        made = await registry.run(runtime, caller, answer_ticket.ACTION, params, keyed)
    except Replayed:
        made = await runtime.db.read(_replayed, keyed)
    return {"ticket": ticket_id, "message": made}


def _answered(session: Session, caller: Caller, command: AnswerTicketIn, keyed: Keyed) -> tuple[str, bool]:
    """Our id of the ticket, and whether the same was said there a moment ago: our own words come back."""
    if command.external_id is not None:
        link = session.get(TicketLink, (caller.connection, command.external_id))
        if link is None:
            raise TicketNotFound
        ticket = ticket_views.get(session, caller, link.ticket_id)
    else:
        ticket = ticket_views.get(session, caller, command.ticket or "")
    ticket = ticket_views.gone_on(session, caller, ticket)
    if idempotency.find(session, keyed) is not None:
        return ticket.id, False
    newest = session.execute(
        select(Message.text, Message.created_at)
        .where(Message.ticket_id == ticket.id)
        .order_by(Message.id.desc())
        .limit(LOOKED_THROUGH)
    )
    said, since = _plain(command.text), clock.now() - ECHOES
    return ticket.id, any(created_at > since and _plain(words) == said for words, created_at in newest)


def _plain(words: str) -> str:
    return " ".join(words.split())


inbound.register(KIND, Handler(check=_check, run=_run))
