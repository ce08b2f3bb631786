"""Answer a ticket, or leave a note in it; and open one by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy.orm import Session

from app.errors import Forbidden, TicketClosed
from app.models.customers import Customer
from app.models.orders import Order
from app.models.tickets import Message, Ticket
from app.services import (
    agents,
    customers,
    deliveries,
    events,
    handovers,
    notices,
    orders,
    ticket_openings,
    ticket_views,
    tickets,
)
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.idempotency import Keyed, once
from app.services.params import In, PathRef, Text
from app.services.proofs import email_key
from app.services.runtime import Runtime
from app.services.tickets import MessageSpec, TicketSpec

BY_REPLY: dict[str, Any] = {"reason": "answered_by_person", "summary": None, "team": None, "priority": None}
"""A person who answers has taken over, asked or not."""


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A ticket that somebody opens by hand."""

    subject: str | None = None
    text: str | None = None
    channel: str = "api"
    priority: str = "normal"
    customer: str | None = None
    order: str | None = None
    email: str | None = None
    name: str | None = None
    tags: list[str] = field(default_factory=list[str])
    assignee: str | None = None
    team: str | None = None
    department: str | None = None
    external_ids: dict[str, str] = field(default_factory=dict[str, str])


async def open_ticket(
    runtime: Runtime,
    caller: Caller,
    given: NewTicket,
    keyed: Keyed | None,
    also: Callable[[Session, Ticket], None] | None = None,
) -> str:
    """Our id of the new ticket; customer and order are looked up first, so that nothing hangs in the air.

    `also` is done in the same transaction.
    """
    order_id = None if given.order is None else await orders.load(runtime, caller, given.order)
    if given.customer is not None:
        await customers.fetch_missing(runtime, caller, given.customer)

    def write(session: Session) -> Ticket:
        with events.caused_by(caller.connection):
            ticket = once(session, keyed, "ticket", _open, caller, given, order_id)
            if also is not None:
                also(session, ticket)
            return ticket

    return (await runtime.db.write(write)).id


def _open(session: Session, caller: Caller, given: NewTicket, order_id: str | None) -> Ticket:
    agents.check(session, caller, assignee=given.assignee, team=given.team)
    customer_id = caller.shopper
    if given.customer is not None:
        customer_id = customers.get(session, caller, given.customer).id
    elif customer_id is None and order_id is not None:
        customer_id = session.get_one(Order, order_id).customer_id
    # A shopper is written to where the shop knows them; whom the store writes to is the store's word.
    said = given.email if caller.shopper is None else None
    spec = _spec(given, said or _on_file(session, customer_id, order_id), said, customer_id, order_id)
    ticket = tickets.create(session, caller, spec)
    if given.text is not None:
        tickets.add_message(session, ticket, _first(caller, given, given.text))
    return ticket


def _spec(
    given: NewTicket, email: str | None, said: str | None, customer_id: str | None, order_id: str | None
) -> TicketSpec:
    """`email`: where its customer is reached; `said`: what of that is the store's word."""
    claimed = {"email": email, "name": given.name}
    contact: dict[str, Any] = {name: value for name, value in claimed.items() if value}
    address = email_key(said) if said else None
    return TicketSpec(
        channel=given.channel,
        subject=given.subject,
        priority=given.priority,
        priority_reasons=(tickets.BY_PERSON,) if given.priority != "normal" else (),
        customer_id=customer_id,
        order_id=order_id,
        contact=contact,
        contact_key=f"{given.channel}:{address}" if address and customer_id is None else None,
        tags=tuple(given.tags),
        assignee=given.assignee,
        team=given.team,
        department=given.department,
        external_ids=given.external_ids,
    )


def _first(caller: Caller, given: NewTicket, text: str) -> MessageSpec:
    author = {"type": "shopper", "id": caller.shopper} if caller.shopper else caller.actor()
    return MessageSpec("inbound", given.channel, author, text)


async def open_alone(runtime: Runtime, caller: Caller, given: NewTicket, keyed: Keyed | None) -> bytes | None:
    """`open_ticket` by the store, and its answer, where nothing is to be looked up; None where something is."""
    if (given.customer, given.order, given.assignee, given.team) != (None, None, None, None):
        return None
    first = None if given.text is None else _first(caller, given, given.text)
    spec = _spec(given, given.email, given.email, None, None)
    return await ticket_openings.opened(runtime.db, caller, spec, first, keyed)


def _on_file(session: Session, customer_id: str | None, order_id: str | None) -> str | None:
    """The address that the shop has of the customer whom the ticket is about."""
    if order_id is not None and (found := notices.address(session, session.get_one(Order, order_id))):
        return found
    customer = session.get(Customer, customer_id) if customer_id else None
    return customer.email if customer else None


def reply(session: Session, caller: Caller, ticket_id: str, text: str, internal: bool) -> Message:  # noqa: FBT001
    """A person's reply, or a note for the store's eyes; a reply takes the ticket out of automation's hands."""
    ticket = ticket_views.gone_on(session, caller, ticket_views.get(session, caller, ticket_id, lock=True))
    if ticket.status == "closed":
        raise TicketClosed
    if caller.shopper is not None and internal:
        raise Forbidden("Notes are the store's.")
    direction = "internal" if internal else "inbound" if caller.shopper is not None else "outbound"
    answered = deliveries.answered_by(session, ticket) if direction == "outbound" else None
    channel = ticket.channel if answered is None else answered.channel
    spec = MessageSpec(direction, channel, caller.actor(), text, language=ticket.language)
    message = tickets.add_message(session, ticket, spec)
    if direction == "outbound":
        deliveries.deliver(session, caller, ticket, message, answered)
        if ticket.handoff is None:
            handovers.take(session, caller, ticket, BY_REPLY)
        tickets.change(session, ticket, {"status": "pending_customer"})
    elif direction == "inbound":
        tickets.change(session, ticket, {"status": "open"})
    return message


class AnswerParams(In):
    """Which ticket, and what is said; `internal`: a note that no shopper sees."""

    ticket: PathRef
    text: Annotated[Text, Field(max_length=50_000)]
    internal: bool = False


async def read(runtime: Runtime, caller: Caller, params: AnswerParams) -> Ready:
    """Nothing outside is asked."""
    del runtime, caller, params
    return Ready()


def write(session: Session, caller: Caller, params: AnswerParams, ready: Ready) -> Message:
    """Write it down, and have it delivered where the channel is ours."""
    del ready
    return reply(session, caller, params.ticket, params.text, params.internal)


ACTION = Action(
    name="answer_ticket",
    description="Answer a ticket, delivered where its channel is ours; or leave a note that no shopper sees.",
    params=AnswerParams,
    guard=None,
    proof=1,
    cost="none",
    scope="tickets:write",
    route="POST /v1/tickets/{ticket}/messages",
    resource="reply",
    status=201,
    read=read,
    write=write,
    free_text=("text",),
)
