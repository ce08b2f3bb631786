"""Two tickets about one thing become one: what was said in the first goes on in the second."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.errors import CustomersDiffer, Invalid, TicketClosed, TicketMerged
from app.models.tickets import Message, Ticket
from app.services import audit, events, ticket_clocks, ticket_search, ticket_views, tickets
from app.services.callers import Caller

PRIORITIES = ("low", "normal", "high", "urgent")


def merge(session: Session, caller: Caller, ticket_id: str, into: str) -> Ticket:
    """Move the messages of `ticket_id` into the ticket `into` and close it; the source, which points there.

    Raises `ticket_merged` and `ticket_closed` where one of them takes nothing any more (a circle ends there, too),
    `customers_differ` where the source's shopper is not the target's.
    """
    if ticket_id == into:
        fault = {"pointer": "/into", "code": "same_ticket", "detail": "must be another ticket"}
        raise Invalid("A ticket is not merged into itself.", errors=[fault])
    # In the order of the ids, so that two merges of the same pair wait for each other and do not lock each other out.
    held = {one: ticket_views.get(session, caller, one, lock=True) for one in sorted((ticket_id, into))}
    source, target = held[ticket_id], held[into]
    _check(source, target)
    moved = session.scalars(select(Message).where(Message.ticket_id == source.id).order_by(Message.id)).all()
    said = [message.text for message in moved if message.direction != "internal"]
    session.execute(update(Message).where(Message.ticket_id == source.id).values(ticket_id=target.id))
    ticket_search.reindex(session, source, *said)
    for text in said:
        ticket_search.add(session, target, text)
    target.last_message_at = max(target.last_message_at, source.last_message_at)
    waits = source.status == "open"
    tickets.change(session, target, _taken_over(source, target))
    if waits and moved:
        ticket_clocks.heard(session, target)
    tickets.change(session, source, {"status": "closed", "merged_into": target.id}, "ticket.merged")
    events.record(session, "ticket.absorbed", target, {**ticket_views.view(target), "absorbed": source.id})
    audit.write(
        session,
        action="ticket.merged",
        subject_type="ticket",
        subject_id=source.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"into": target.id, "messages": len(moved)},
        request_id=caller.request_id,
    )
    return source


def _check(source: Ticket, target: Ticket) -> None:
    for ticket in (source, target):
        if ticket.merged_into is not None:
            raise TicketMerged
        if ticket.status == "closed":
            raise TicketClosed
    if source.customer_id is not None and source.customer_id != target.customer_id:
        raise CustomersDiffer
    # Of two senders nobody has proved, only the address tells whether they are one.
    unproved = source.customer_id is None and target.customer_id is None
    if unproved and None not in (source.contact_key, target.contact_key) and source.contact_key != target.contact_key:
        raise CustomersDiffer


def _taken_over(source: Ticket, target: Ticket) -> dict[str, Any]:
    """What of the source becomes the target's: tags, the higher priority, that somebody waits, a person who has it."""
    fields: dict[str, Any] = {"tags": [*target.tags, *source.tags]}
    if PRIORITIES.index(source.priority) > PRIORITIES.index(target.priority):
        fields |= {"priority": source.priority, "priority_reasons": source.priority_reasons}
    if source.status == "open":
        fields["status"] = "open"
    if target.handoff is None and source.handoff is not None:
        fields["handoff"] = source.handoff
    if target.order_id is None:
        fields["order_id"] = source.order_id
    return fields
