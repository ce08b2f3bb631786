"""Where the sender of a message is answered, and what is written down as their contact: never more than is proved.

Whoever guesses an order's postal code proves no address: what is mailed about the order goes to the address on it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.models.customers import Customer
from app.models.orders import Order
from app.services import notices
from app.services.callers import Caller
from app.services.conversation.identity import Who
from app.services.conversation.inbound import Inbound
from app.services.proofs import email_key, phone_key


def reply_to(session: Session, inbound: Inbound, who: Who) -> str | None:
    """The e-mail address at which the sender may read what the message is answered; None where there is none."""
    claimed = _address(inbound.customer.get("email"))
    if who.proof < 1:  # an answer that tells nothing about anybody
        return claimed
    customer = session.get(Customer, who.customer_id) if who.customer_id else None
    on_file = _address(customer.email) if customer else None
    if who.by == "channel":
        return claimed or on_file
    if who.by == "storefront":
        return on_file or claimed
    proved = _orders(session, who)
    if claimed is not None and email_key(claimed) in {order.email_key for order in proved}:
        return claimed
    return next((found for order in proved if (found := notices.address(session, order))), None)


def contact(session: Session, caller: Caller, inbound: Inbound, who: Who) -> dict[str, Any]:
    """The claims that may stand on the ticket as its contact: of whoever proved an order, those that are on it."""
    claims = {name: value for name, value in inbound.customer.items() if value}
    if who.by not in {"contact", "ticket"}:
        return claims
    proved = _orders(session, who)
    emails, phones = {order.email_key for order in proved}, {order.phone_key for order in proved}
    if email_key(claims.get("email", "")) not in emails - {None}:
        claims.pop("email", None)
    if phone_key(claims.get("phone", ""), caller.store.country_code) not in phones - {None}:
        claims.pop("phone", None)
    return claims


def _orders(session: Session, who: Who) -> list[Order]:
    return [session.get_one(Order, order_id) for order_id in who.orders]


def _address(text: str | None) -> str | None:
    return text if text and email_key(text) is not None else None
