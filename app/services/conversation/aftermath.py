"""What a shopper was promised and did not come true goes to a person, on the ticket where it was promised."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.models.operations import Operation
from app.models.tickets import Message, Ticket
from app.services import deliveries, events, handovers, operations, ticket_views

NEXT_STEP = {
    "order_cancel": "The shop did not cancel the order: tell the shopper, and offer a return.",
    "refund": "The payment provider did not pay the refund: pay it back another way.",
    "payout": "The payment provider did not pay the refund out: pay it another way.",
    "credit": "The store credit was not given: give it another way.",
    "notice": "A mail was not delivered: reach the shopper another way.",
    "return_label": "The carrier issued no label: issue another or send one by hand.",
    "label_announce": "The shop was not told of the label: enter its number there; the shopper's label is good.",
    "return_open": "The shop did not take the return: it has ended and no label is made; tell the shopper why.",
    "exchange_open": "The shop did not take the exchange: it has ended; tell the shopper why.",
    "order_charge": "What the order costs more now was not paid or was taken back: have it paid, or undo the change.",
    "exchange_send": "The shop did not send the exchange's goods at once: they go out when the others are back.",
    "exchange_charge": "What the exchange costs more was not paid or was taken back: have it charged again.",
    "label_void": "The carrier did not void the label: it may have been used.",
    "surplus_label_void": "The carrier made a second label and did not void it: void it by hand.",
}


def _what(operation: Operation) -> dict[str, Any]:
    kind, contradicted = operation.kind, operation.evidence.get("contradicted")
    if contradicted is not None:
        return {
            "reason": f"{kind}_contradicted",
            "summary": f"{kind} asked for in this conversation was told as {operation.status}, and the provider says "
            f"now that it {contradicted}.",
            "next_step": "Compare with the provider's record, and put right what the shopper was told.",
        }
    failed = operation.status == "failed"
    return {
        "reason": f"{kind}_{'failed' if failed else 'unknown'}",
        "summary": f"{kind} asked for in this conversation {'failed' if failed else 'has no known outcome'}.",
        "next_step": NEXT_STEP.get(kind, "Look at the operation and tell the shopper."),
    }


def follow_up(session: Session, operation: Operation) -> None:
    """Reopen the ticket of the message that asked for what has failed, or for what a person must look up."""
    if operation.message_id is None or operation.kind == deliveries.KIND:
        return
    message = session.get_one(Message, operation.message_id)
    ticket = session.get_one(Ticket, message.ticket_id, with_for_update=True)
    if ticket.status == "closed":
        return
    before = ticket.status
    pack: dict[str, Any] = {
        **_what(operation),
        "asked": {"intent": ticket.intent, "confidence": None, "text": message.text[:500], "message": message.id},
        "proof": ticket.proof,
        "language": ticket.language,
        **handovers.gathered(session, ticket),
    }
    ticket.handoff, ticket.status = pack, "open"
    ticket.version += 1
    ticket.updated_at = clock.now()
    session.flush()
    events.record(session, "ticket.handed_off", ticket, ticket_views.view(ticket), previous={"status": before})


operations.FOLLOW_UPS.append(follow_up)
