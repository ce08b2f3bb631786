"""Messages to a shopper over a channel that we deliver to: sent once, looked up after a lost answer."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import ids
from app.integrations.channels.contract import SendMessage
from app.integrations.receipts import Receipt
from app.models.customers import Customer
from app.models.operations import Operation
from app.models.tickets import Message, Ticket
from app.services import events, operations, ticket_views
from app.services.callers import Caller
from app.services.operations import Effect
from app.services.proofs import email_key
from app.services.providers import Providers

KIND = "message_delivery"
DELIVERED_BY_US = frozenset({"email"})
"""Channels that we carry ourselves; on the others the caller shows the reply that it is answered with."""


def answered_by(session: Session, ticket: Ticket) -> Message | None:
    """The message that a person's reply answers: the newest whose writer is proved, else the newest.

    What somebody unproved added to a customer's ticket draws no reply to where they say they are.
    """
    newest = (
        select(Message)
        .where(Message.ticket_id == ticket.id, Message.direction == "inbound")
        .order_by(Message.id.desc())
    )
    rows = session.scalars(newest).all()
    return next((row for row in rows if row.author.get("proof") or row.author.get("id")), rows[0] if rows else None)


def deliver(
    session: Session, caller: Caller, ticket: Ticket, message: Message, answered: Message | None
) -> Operation | None:
    """Write the intent to deliver an outgoing message where its channel is ours, to whoever wrote `answered`.

    Where no address of theirs is known the message counts as undelivered.
    """
    if message.channel not in DELIVERED_BY_US:
        return None
    to = _address(session, ticket, answered)
    if to is None:
        message.delivery = "failed"
        events.record(session, "message.undelivered", ticket, ticket_views.message_view(message))
        return None
    operation_id = ids.new("opr")
    message.operation_id, message.delivery = operation_id, "pending"
    subject = _subject(ticket, answered)
    return operations.request(
        session,
        operation_id=operation_id,
        caller=caller,
        kind=KIND,
        provider="sandbox",
        command=SendMessage(
            key=operation_id,
            channel=message.channel,
            to=to,
            subject=f"Re: {subject}"[:200] if subject else None,
            text=message.text,
            language=message.language,
            in_reply_to=message.in_reply_to,
        ),
        subject=("message", message.id),
        message_id=session.info.get("message_id"),
    )


def _address(session: Session, ticket: Ticket, answered: Message | None) -> str | None:
    """Where the writer of `answered` reads it, as was made out when it came in; else the ticket's own contact."""
    if answered is not None and "reply_to" in answered.details:
        return answered.details["reply_to"]
    customer = session.get(Customer, ticket.customer_id) if ticket.customer_id else None
    known = ticket.contact.get("email"), customer.email if customer else None
    return next((address for address in known if address and email_key(address) is not None), None)


def _subject(ticket: Ticket, answered: Message | None) -> str | None:
    """The subject of what is answered; the ticket's may be somebody else's words."""
    if answered is not None and "subject" in answered.details:
        return answered.details["subject"]
    return ticket.subject


def settle(session: Session, operation: Operation, receipt: Receipt) -> None:
    """The channel's word on a delivery."""
    del receipt
    message = session.get_one(Message, operation.subject_id, with_for_update=True)
    if message.delivery == operation.status:
        return
    message.delivery = operation.status
    ticket = session.get_one(Ticket, message.ticket_id)
    if operation.status in {"succeeded", "failed"}:
        kind = "message.delivered" if operation.status == "succeeded" else "message.undelivered"
        events.record(session, kind, ticket, ticket_views.message_view(message))


async def _send(providers: Providers, command: SendMessage) -> Receipt:
    return await providers.channel.send(command)


async def _find(providers: Providers, command: SendMessage) -> Receipt | None:
    return await providers.channel.find_sent(command)


operations.register(Effect(kind=KIND, command=SendMessage, send=_send, find=_find, settle=settle, family="channel"))
