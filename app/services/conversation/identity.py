"""Who writes, how well that is proved, and which orders it is about. A wrong guess looks like no guess."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

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
from app.services import customers, order_lists, orders, ticket_views
from app.services.callers import Caller
from app.services.conversation.inbound import Inbound
from app.services.orders import Contact
from app.services.proofs import email_key, phone_key, postal_key
from app.services.runtime import Runtime
from app.services.triage.contract import Triage

SPOKEN = frozenset({"chat", "web", "api"})
"""Channels whose ticket id comes from the storefront's own session, not from the sender."""
MAX_REFS = 3
MAX_ORDERS = 10
WORDS = re.compile(r"[0-9A-Za-z]{2,10}")


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


async def identify(runtime: Runtime, caller: Caller, inbound: Inbound, triage: Triage) -> Who:
    """Level 2: the storefront vouches. Level 1: the channel does, or an order number with its contact. Else 0."""
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
    if refs:
        return Who(proof, customer_id, tuple(await _loaded(runtime, acting, refs)), named=True)
    customer = await runtime.db.read(customers.get, acting, customer_id)
    if customer.external_id is None:
        return Who(proof, customer_id)
    query = OrderQuery(customer_id=customer.external_id, limit=MAX_ORDERS)
    found, _ = await order_lists.search(runtime, acting, query)
    return Who(proof, customer_id, tuple(found))


async def _loaded(runtime: Runtime, acting: Caller, refs: list[str]) -> list[str]:
    found: list[str] = []
    for ref in refs:
        try:
            found.append(await orders.load(runtime, acting, ref))
        except (OrderNotFound, NotOwner, OrderAmbiguous):
            continue
    return list(dict.fromkeys(found))


async def _carried(runtime: Runtime, caller: Caller, inbound: Inbound, refs: list[str]) -> Who | None:
    """In a running chat the proof given before still holds, for the same order and at level 1."""
    if inbound.ticket_id is None or inbound.channel not in SPOKEN:
        return None
    try:
        ticket = await runtime.db.read(ticket_views.get, caller, inbound.ticket_id)
    except TicketNotFound:
        return None
    if ticket.proof < 1 or ticket.order_id is None or ticket.channel != inbound.channel:
        return None
    asked = await _loaded(runtime, caller, refs) if refs else [ticket.order_id]
    if asked != [ticket.order_id]:
        return None
    return Who(1, ticket.customer_id, (ticket.order_id,), named=True)


async def _by_contact(runtime: Runtime, caller: Caller, inbound: Inbound, triage: Triage, refs: list[str]) -> Who:
    """An order number and the e-mail, phone or postal code that stands on that order."""
    proved: list[Order] = []
    claims = _claims(inbound, triage)
    for ref in refs:
        try:
            order_id = await orders.load(runtime, caller, ref)
        except (OrderNotFound, OrderAmbiguous):
            continue
        order = await runtime.db.read(orders.get, caller, order_id)
        country = caller.store.country_code
        if any(orders.matches(order, claim, country) for claim in claims) or _postal_in(inbound.text, order):
            proved.append(order)
    if not proved:
        return Who(proof=0)
    first = proved[0]
    same = tuple(order.id for order in proved if order.customer_id == first.customer_id)
    return Who(1, first.customer_id, same, named=True)


def _claims(inbound: Inbound, triage: Triage) -> list[Contact]:
    given = Contact(email=inbound.customer.get("email"), phone=inbound.customer.get("phone"))
    written = [Contact(email=email) for email in triage.entities.emails]
    return [given, *written, *(Contact(phone=phone) for phone in triage.entities.phones)]


def _postal_in(text: str, order: Order) -> bool:
    """Whether the order's postal code stands in the text, as one word or as two."""
    if order.postal_key is None or len(order.postal_key) < 4:
        return False
    words = WORDS.findall(text)[:200]
    pairs = [first + second for first, second in pairwise(words)]
    own_number = {order.number_key, order.external_id}
    return any(postal_key(word) == order.postal_key for word in (*words, *pairs) if word not in own_number)


def contact_key(caller: Caller, inbound: Inbound) -> str | None:
    """Channel and address of the sender, so that their next message finds the ticket."""
    claimed = inbound.customer
    email, phone, handle = claimed.get("email"), claimed.get("phone"), claimed.get("handle")
    address = (
        (email_key(email) if email else None)
        or (phone_key(phone, caller.store.country_code) if phone else None)
        or (handle or "").strip().casefold()
        or None
    )
    return None if address is None else f"{inbound.channel}:{address}"[:400]


def only(who: Who, order_id: str) -> Who:
    """The same sender, about one order."""
    return replace(who, orders=(order_id,))
