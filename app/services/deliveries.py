"""Messages to a shopper over a channel that we deliver to: sent once, looked up after a lost answer."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app import ids
from app.integrations.channels.contract import SendMessage
from app.integrations.receipts import Receipt
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


def deliver(session: Session, caller: Caller, ticket: Ticket, message: Message) -> Operation | None:
    """Write the intent to deliver an outgoing message where its channel is ours and an address is known."""
    to = ticket.contact.get("email")
    if message.channel not in DELIVERED_BY_US or not to or email_key(to) is None:
        return None
    operation_id = ids.new("opr")
    message.operation_id, message.delivery = operation_id, "pending"
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
            subject=f"Re: {ticket.subject}"[:200] if ticket.subject else None,
            text=message.text,
            language=message.language,
            in_reply_to=message.in_reply_to,
        ),
        subject=("message", message.id),
        message_id=session.info.get("message_id"),
    )


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


operations.register(Effect(kind=KIND, command=SendMessage, send=_send, find=_find, settle=settle))
