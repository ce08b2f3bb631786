"""Mails that stand for themselves (an acknowledgement, a confirmation): sent once, looked up after a lost answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from app import clock, ids
from app.integrations.channels.contract import SendMessage
from app.integrations.receipts import Receipt
from app.models.customers import Customer
from app.models.operations import Operation
from app.models.orders import Order
from app.services import operation_views, operations
from app.services.callers import Caller
from app.services.operations import Effect
from app.services.proofs import email_key
from app.services.providers import Providers
from app.services.wording import language_of

KIND = operation_views.NOTICE


class Notice(SendMessage):
    """A mail that stands for itself."""

    until: datetime | None = None
    """From then on it is not worth sending: a code that has ended."""


FOLLOWERS: dict[str, Callable[[Session, Operation], None]] = {}
"""By the kind of thing that a mail is about: told when the channel has said how it went."""


def send(
    session: Session,
    caller: Caller,
    order: Order,
    about: tuple[str, str],
    title: str,
    text: str,
    *,
    key: str | None = None,
    waits: bool = False,
) -> Operation | None:
    """Write the intent to mail the contact on the order; None where there is no address.

    `key`: what can be mailed once only, ever; it becomes the Message-ID. `waits`: until it is started or canceled.
    """
    to = address(session, order)
    if to is None:
        return None
    operation_id = ids.new("opr")
    return operations.request(
        session,
        operation_id=operation_id,
        caller=caller,
        kind=KIND,
        provider="sandbox",
        command=SendMessage(
            key=key or operation_id,
            channel="email",
            to=to,
            subject=" ".join(title.split())[:200],
            text=text,
            language=language(session, caller, order),
        ),
        subject=about,
        message_id=session.info.get("message_id"),
        waits=waits,
    )


def address(session: Session, order: Order) -> str | None:
    """The e-mail address that stands on the order, else its customer's."""
    customer = session.get(Customer, order.customer_id) if order.customer_id else None
    written: list[str | None] = [order.snapshot.get("email"), customer.email if customer else None]
    return next((found for found in written if found and email_key(found) is not None), None)


def language(session: Session, caller: Caller, order: Order) -> str:
    """The language in which the order's customer is written to."""
    customer = session.get(Customer, order.customer_id) if order.customer_id else None
    return language_of(customer.locale if customer else None, caller.store.locale)


def settle(session: Session, operation: Operation, receipt: Receipt) -> None:
    """The channel's word on the mail, passed on to what it is about."""
    del receipt
    told = FOLLOWERS.get(operation.subject_type)
    if told is not None:
        told(session, operation)


async def _send(providers: Providers, command: Notice) -> Receipt:
    if command.until is not None and command.until <= clock.now():
        return Receipt(status="failed", failure_code="too_late", failure_detail="What it says is no longer good.")
    return await providers.channel.send(SendMessage.model_validate(command.model_dump(exclude={"until"})))


async def _find(providers: Providers, command: Notice) -> Receipt | None:
    return await providers.channel.find_sent(command)


operations.register(Effect(kind=KIND, command=Notice, send=_send, find=_find, settle=settle, family="channel"))
