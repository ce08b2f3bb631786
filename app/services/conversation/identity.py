"""Who writes, how well that is proved, and which orders it is about. A wrong guess looks like no guess."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import ids
from app.errors import (
    CustomerNotFound,
    NotConnected,
    NotOwner,
    OrderAmbiguous,
    OrderNotFound,
    ProviderUnavailable,
    TicketNotFound,
)
from app.integrations.commerce.contract import OrderQuery
from app.models.orders import Order, TrackingNumber
from app.services import customers, order_lists, orders, steps, ticket_views
from app.services.callers import Caller
from app.services.conversation import guesses
from app.services.conversation.guesses import Guess
from app.services.conversation.inbound import Inbound
from app.services.proofs import email_key, phone_key
from app.services.runtime import Runtime
from app.services.triage.contract import Triage

SPOKEN = frozenset({"chat", "web", "api"})
"""Channels whose ticket id comes from the storefront's own session, not from the sender."""
MAX_REFS = 3
MAX_ORDERS = 10


@dataclass(frozen=True, slots=True)
class Who:
    """The sender: level of proof, customer where one is proved, and the orders that the proof reaches."""

    proof: int
    customer_id: str | None = None
    orders: tuple[str, ...] = ()
    named: bool = False
    """The orders were named in the message, not looked up from the customer."""
    reachable: bool = True
    """The shop could be asked; where it does not answer, a person takes over."""
    by: str | None = None
    """What proved it: the `storefront`, the `channel`, a `contact` on the order, or the `ticket` where it was given."""


async def identify(runtime: Runtime, caller: Caller, inbound: Inbound, triage: Triage) -> Who:
    """Level 2: the storefront vouches. Level 1: the channel does, or an order number with its contact. Else 0.

    A web page's publishable key proves nothing, whatever is said with it: that takes a shopper's session.
    """
    if caller.anonymous:
        return Who(proof=0)
    refs = await _refs(runtime, caller, inbound, triage)
    try:
        if caller.shopper is not None:
            return await _of_customer(runtime, caller, caller.shopper, 2, refs)
        if inbound.identity in {"session", "channel_verified"}:
            proof = 2 if inbound.identity == "session" else 1
            customer_id = await _customer(runtime, caller, inbound, by_id=proof == 2)
            if customer_id is not None:
                return await _of_customer(runtime, caller, customer_id, proof, refs)
        carried = await _carried(runtime, caller, inbound, refs)
        if carried is not None:
            return carried
        return await _by_contact(runtime, caller, inbound, triage, refs)
    except (ProviderUnavailable, NotConnected):
        return Who(proof=0, reachable=False)


async def _refs(runtime: Runtime, caller: Caller, inbound: Inbound, triage: Triage) -> list[str]:
    """What may name an order: the field first, then a button, numbers in the text, tracking numbers."""
    named: list[str] = [inbound.order_number] if inbound.order_number else []
    if inbound.button and ":" in inbound.button:
        named += [part for part in inbound.button.split(":")[1:2] if ids.is_id(part, "ord")]
    named += list(triage.entities.order_numbers)
    if not named and triage.entities.tracking_numbers:
        named += await runtime.db.read(_tracked, caller, triage.entities.tracking_numbers)
    return list(dict.fromkeys(named))[:MAX_REFS]


def _tracked(session: Session, caller: Caller, numbers: tuple[str, ...]) -> list[str]:
    return list(
        session.scalars(
            select(TrackingNumber.order_id).where(
                TrackingNumber.store_id == caller.store_id,
                TrackingNumber.livemode == caller.livemode,
                TrackingNumber.number.in_(numbers),
            )
        )
    )


async def _customer(runtime: Runtime, caller: Caller, inbound: Inbound, *, by_id: bool) -> str | None:
    """The one customer whom the proved contact names; the shop's own id counts only where the storefront says it."""
    claimed = inbound.customer
    external_id, email, phone = claimed.get("external_id"), claimed.get("email"), claimed.get("phone")
    if by_id and external_id:
        try:
            await customers.fetch_missing(runtime, caller, external_id)
            return (await runtime.db.read(customers.get, caller, external_id)).id
        except CustomerNotFound:
            return None
    if not email and not phone:
        return None
    await customers.fetch(runtime, caller, email=email, phone=None if email else phone, external_id=None)
    filters = {"email": email, "phone": None if email else phone}
    found = await runtime.db.read(customers.listed, caller, filters, before=None, limit=2)
    return found[0].id if len(found) == 1 else None


async def _of_customer(runtime: Runtime, caller: Caller, customer_id: str, proof: int, refs: list[str]) -> Who:
    """Their own orders: those that they named, or else all of the newest."""
    acting = caller.acting_for(customer_id, proof)
    by = "storefront" if proof > 1 else "channel"
    if refs:
        return Who(proof, customer_id, tuple(await _loaded(runtime, acting, refs)), named=True, by=by)
    customer = await runtime.db.read(customers.get, acting, customer_id)
    if customer.external_id is None:
        return Who(proof, customer_id, by=by)
    query = OrderQuery(customer_id=customer.external_id, limit=MAX_ORDERS)
    found, _ = await order_lists.search(runtime, acting, query)
    return Who(proof, customer_id, tuple(found), by=by)


async def _loaded(runtime: Runtime, acting: Caller, refs: list[str]) -> list[str]:
    found: list[str] = []
    for ref in refs:
        try:
            found.append(await orders.load(runtime, acting, ref))
        except (OrderNotFound, NotOwner, OrderAmbiguous):
            continue
    return list(dict.fromkeys(found))


async def _carried(runtime: Runtime, caller: Caller, inbound: Inbound, refs: list[str]) -> Who | None:
    """In a running chat the proof given before still holds, for the same orders and at level 1."""
    if inbound.ticket_id is None or inbound.channel not in SPOKEN:
        return None
    return await runtime.db.read(_shown_before, caller, inbound.ticket_id, inbound.channel, refs)


def _shown_before(session: Session, caller: Caller, ticket_id: str, channel: str, refs: list[str]) -> Who | None:
    """What everybody has proved who proved something in the ticket: one of them knows no more than what all did.

    Several write in a ticket (who guessed a postal code, and the customer by mail), and whoever holds its id may be
    any of those who wrote on this channel.
    """
    try:
        ticket = ticket_views.get(session, caller, ticket_id)
    except TicketNotFound:
        return None
    proofs = [row for row in ticket_views.messages_of(session, ticket) if row.details.get("proved")]
    if not any(row.channel == channel for row in proofs):
        return None
    common = set[str].intersection(*(set(row.details["proved"]) for row in proofs))
    asked = tuple(dict.fromkeys(_mirrored(session, caller, ref) for ref in refs)) or tuple(sorted(common, reverse=True))
    if not common or not common.issuperset(asked):
        return None
    return Who(1, ticket.customer_id, tuple(order for order in asked if order), named=True, by="ticket")


def _mirrored(session: Session, caller: Caller, ref: str) -> str | None:
    """Our id of an order that we know: what was proved is in the mirror, and the shop need not be asked for more."""
    try:
        found = orders.resolve(session, caller, ref)
    except OrderAmbiguous:
        return None
    return None if found is None else found.id


async def _by_contact(runtime: Runtime, caller: Caller, inbound: Inbound, triage: Triage, refs: list[str]) -> Who:
    """An order number and the e-mail, phone or postal code that stands on that order."""
    guess = Guess.of(caller, inbound, triage, refs, contact_key(caller, inbound))
    if not guess:  # a number alone proves nothing, whatever it names
        return Who(proof=0)
    began = time.monotonic()
    found = [await guesses.proved(runtime, caller, guess, ref) for ref in refs]
    proved = await runtime.db.read(_owned, caller, list(dict.fromkeys(order for order in found if order)))
    if not proved:
        await steps.wait_for_next(began)
        return Who(proof=0)
    first = proved[0]
    same = tuple(order.id for order in proved if order.customer_id == first.customer_id)
    return Who(1, first.customer_id, same, named=True, by="contact" if inbound.identity == "none" else "channel")


def _owned(session: Session, caller: Caller, order_ids: list[str]) -> list[Order]:
    return [orders.get(session, caller, order_id) for order_id in order_ids]


def contact_key(caller: Caller, inbound: Inbound) -> str | None:
    """Channel and address of the sender, so that their next message finds the ticket.

    None for a web page's key: that chat goes on by its own token, not for whoever names the same address.
    """
    if caller.anonymous:
        return None
    claimed = inbound.customer
    email, phone, handle = claimed.get("email"), claimed.get("phone"), claimed.get("handle")
    address = (
        (email_key(email) if email else None)
        or (phone_key(phone, caller.store.country_code) if phone else None)
        or (handle or "").strip().casefold()
        or None
    )
    return None if address is None else f"{inbound.channel}:{address}"[:400]
