"""A hand-over with everything filled in: who, which order, what was asked, tried, decided, and what to do next."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app.models.tickets import Ticket
from app.services import handovers
from app.services.conversation.inbound import Inbound
from app.services.triage.contract import Triage

NEXT_STEP = {
    "shopper_asked": "Answer the shopper; they asked for a person.",
    "unsure": "Read the message: what it wants was not clear enough to act on.",
    "not_automated": "Answer the shopper; this kind of request is not automated.",
    "urgent": "Answer first: the message is urgent or threatens legal steps.",
    "shop_unreachable": "Look the order up by hand: the shop did not answer.",
    "limit_reached": "Decide on the refund: it is above what automation may spend.",
    "order_not_pending": "The order has left the pending state: offer a return, or stop the parcel.",
    "return_window_closed": "The return window is over: decide whether to accept it all the same.",
    "item_not_returnable": "The item is sold without a right to return: decide whether to make an exception.",
    "refund_exceeds_captured": "Less is left to refund than was asked: look at earlier refunds.",
    "claim_opened": "Decide on the claim: it waits among the approvals.",
    "needs_return": "The parcel is still on its way: wait for it, or refund by hand.",
    "delivery_unknown": "The day of delivery is not known: look it up and decide on the return.",
    "no_address": "The reply was not mailed, no address is proved to be the shopper's: reach them another way.",
    "refund_failed": "A refund failed at the payment provider: pay it back another way.",
}


def pack(
    session: Session,
    ticket: Ticket,
    inbound: Inbound,
    triage: Triage,
    *,
    reason: str,
    order_id: str | None,
    message_id: str,
    proof: int,
) -> dict[str, Any]:
    """What the person who takes over sees first."""
    facts = handovers.gathered(session, ticket, order_id)
    return {
        "reason": reason,
        "summary": _summary(inbound, triage, facts["order"], reason),
        "next_step": NEXT_STEP.get(reason, "Decide; automation may not do this."),
        "asked": {
            "intent": triage.intent.name.value,
            "confidence": triage.intent.confidence,
            "text": inbound.text[:500],
            "message": message_id,
        },
        "proof": proof,
        "language": triage.language.code,
        "sentiment": triage.sentiment.model_dump(mode="json"),
        "urgency": triage.urgency.model_dump(mode="json"),
        **facts,
        "department": inbound.department,
    }


def _summary(inbound: Inbound, triage: Triage, order: dict[str, Any] | None, reason: str) -> str:
    about = f" about order {order['number']} ({order['status']})" if order is not None else ""
    mood = ", angry" if triage.sentiment.anger else ""
    wish = triage.intent.name.value
    return f"{wish}{about} by {inbound.channel} in {triage.language.code}{mood}; handed over because: {reason}."
