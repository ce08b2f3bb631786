"""What a shop passes on of a person's rights: a ticket for a person, marked and with its day, once for each request.

Nothing is erased or sent by itself: what is open of theirs has to end first, and there is no way back. One request does
either (`services/privacy/`), and its answer tells what the law keeps.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.connections import Connection, TicketLink
from app.models.customers import Customer
from app.services import audit, events, handovers, tickets
from app.services.callers import Caller
from app.services.inbound import Delivered
from app.services.tickets import TicketSpec

TAG = "privacy"
DAYS = 30
"""Within which a shop wants it done."""
SUBJECTS = {
    "data_request": "{shop} asks for the data of customer {customer}",
    "customer_redact": "{shop} asks to erase customer {customer}",
    "shop_redact": "{shop} asks to erase the shop's data",
}
NEXT_STEPS = {
    "data_request": "Give the merchant what GET /v1/customers/{id}/export tells of this customer.",
    "customer_redact": "Erase them by DELETE /v1/customers/{id}; its answer says what the law keeps, and why.",
    "shop_redact": "The app was taken out of the shop: erase the shop's data, and delete the connection.",
}


def take(session: Session, caller: Caller, delivered: Delivered) -> dict[str, Any]:
    """Open the ticket, handed to a person; the delivery's own where it was opened before. Gives its id."""
    connection = session.get_one(Connection, delivered.connection_id, with_for_update=True)
    known = f"privacy:{delivered.id}"
    link = session.get(TicketLink, (connection.id, known))
    if link is not None:
        return {"ticket": link.ticket_id}
    document, asked = delivered.document, delivered.document["asked"]
    customer = _customer(session, caller, document.get("customer_id"))
    named = document.get("customer_id") or "without an id"
    subject = SUBJECTS[asked].format(shop=connection.name, customer=named)
    with events.caused_by(caller.connection):
        spec = TicketSpec(
            channel="api",
            subject=subject,
            priority="high",
            priority_reasons=(TAG,),
            customer_id=None if customer is None else customer.id,
            tags=(TAG, asked),
        )
        ticket = tickets.create(session, caller, spec)
        due = delivered.received + timedelta(days=DAYS)
        pack: dict[str, Any] = {
            "reason": f"{TAG}_{asked}",
            "summary": f"{subject}. It is to be done by {clock.rfc3339(due)[:10]}. {_orders(document)}".strip(),
            "next_step": NEXT_STEPS[asked],
            "asked": None,
            "proof": ticket.proof,
            "language": ticket.language,
            **handovers.gathered(session, ticket),
        }
        tickets.hand_off(session, ticket, pack)
    session.add(TicketLink(connection_id=connection.id, external_id=known, ticket_id=ticket.id, seen_at=clock.now()))
    audit.write(
        session,
        action=f"privacy.{asked}",
        subject_type="ticket",
        subject_id=ticket.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"delivery": delivered.id, "request": document.get("request_id")},
    )
    return {"ticket": ticket.id}


def _customer(session: Session, caller: Caller, external_id: str | None) -> Customer | None:
    query = select(Customer).where(
        Customer.store_id == caller.store_id,
        Customer.livemode == caller.livemode,
        Customer.external_id == external_id,
    )
    return None if external_id is None else session.scalar(query)


def _orders(document: dict[str, Any]) -> str:
    listed = cast("list[str]", document.get("order_ids") or [])
    return f"Orders, by the shop's ids: {', '.join(listed[:50])}." if listed else ""
