"""What the sender of a message is answered: as things are now, or the first answer where it was kept."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from app.models.operations import Operation
from app.models.tickets import Message, Ticket
from app.services import decision_views, label_views, operation_views, ticket_views
from app.services.callers import Caller

# Built once: every message asks them.
_REPLY = select(Message).where(Message.in_reply_to == bindparam("message"), Message.direction == "outbound").limit(1)
_BEHIND = select(Operation).where(Operation.message_id == bindparam("message")).order_by(Operation.id)


def view(session: Session, caller: Caller, message_id: str) -> dict[str, Any]:
    """What the sender's side is answered: the first answer where it was kept, else as things are now."""
    message = ticket_views.message(session, caller, message_id)
    if message.answer is not None:
        return message.answer
    ticket = session.get_one(Ticket, message.ticket_id)
    reply = session.scalar(_REPLY, {"message": message.id})
    behind = session.scalars(_BEHIND, {"message": message.id})
    return {
        "message": ticket_views.message_view(message),
        "ticket": ticket_views.view(ticket),
        "triage": message.triage,
        "outcome": message.outcome,
        "reply": None if reply is None else _reply(session, caller, reply),
        "operations": [operation_views.view(row) for row in behind],
        "decisions": [decision_views.view(row) for row in decision_views.of_message(session, message.id)],
    }


def _reply(session: Session, caller: Caller, reply: Message) -> dict[str, Any]:
    return {
        "id": reply.id,
        "text": reply.text,
        "language": reply.language,
        "buttons": reply.buttons,
        "cards": [_card(session, caller, card) for card in reply.cards],
    }


def _card(session: Session, caller: Caller, card: dict[str, Any]) -> dict[str, Any]:
    """A card with what it stands for as it is now: a label's file and number once it is there."""
    if card["type"] != "return_label":
        return card
    label = label_views.view(session, label_views.get(session, caller, card["id"]))
    return {**card, **{name: label[name] for name in ("status", "rma", "tracking_number", "file")}}


_MESSAGES = cast("Table", Message.__table__)
_KEPT = (
    update(_MESSAGES)
    .where(_MESSAGES.c.id == bindparam("of"), _MESSAGES.c.answer.is_(None))
    .values(answer=bindparam("first"))
)


def keep_answer(session: Session, message_id: str, answer: dict[str, Any]) -> None:
    """Keep the first answer, so that a repeated delivery gets the same."""
    session.execute(_KEPT, {"of": message_id, "first": answer})


def is_open(answer: dict[str, Any]) -> bool:
    """Whether something that the message set going has not ended yet."""
    return any(row["status"] == "pending" and row["next_try_at"] is not None for row in answer["operations"])
