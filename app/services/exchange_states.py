"""An exchange's states, each move an event; and how the contract shows it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.exchanges import Exchange, ExchangeLine
from app.models.operations import Operation
from app.models.refunds import Refund
from app.models.returns import Return
from app.services import events, exchange_trust, operation_views, return_states
from app.services.order_views import money

OPEN = frozenset({"pending", "unknown"})


def move(session: Session, exchange: Exchange, status: str) -> None:
    """Take an exchange to `status`, with its event."""
    before = exchange.status
    exchange.move(status)
    if status in {"approved", "completed"}:
        setattr(exchange, f"{status}_at", clock.now())
    session.flush()
    exchange_trust.weigh(session, exchange)
    events.record(session, f"exchange.{status}", exchange, view(session, exchange), previous={"status": before})


def lines_in(session: Session, exchange_id: str) -> list[ExchangeLine]:
    """The exchange's lines."""
    return list(
        session.scalars(
            select(ExchangeLine).where(ExchangeLine.exchange_id == exchange_id).order_by(ExchangeLine.line_id)
        )
    )


def view(session: Session, exchange: Exchange) -> dict[str, Any]:
    """The exchange as the contract shows it."""
    behind = [
        session.get_one(Operation, operation_id)
        for operation_id in (exchange.operation_id, exchange.charge_operation_id)
        if operation_id is not None
    ]
    behind += exchange_trust.sendings(session, exchange)
    behind += operation_views.of_subject(session, "return", exchange.return_id)  # that the shop is to forget it
    shown = next((row for row in behind if row.status in OPEN), behind[0] if behind else None)

    def stamp(moment: Any) -> str | None:
        return None if moment is None else clock.rfc3339(moment)

    return {
        "id": exchange.id,
        "livemode": exchange.livemode,
        "order": exchange.order_id,
        "return": exchange.return_id,
        "customer": exchange.customer_id,
        "status": exchange.status,
        "lines": [_line(exchange, row) for row in lines_in(session, exchange.id)],
        "fee": money(session.get_one(Return, exchange.return_id).fee or 0, exchange.currency),
        "difference": money(exchange.difference, exchange.currency),
        "due": None if exchange.due is None else money(exchange.due, exchange.currency),
        "charged": money(exchange.charged or 0, exchange.currency),
        "payment_method_id": exchange.payment_method_id,
        "instant": exchange.instant,
        "refund": exchange.refund_id,
        "refunds": _refunds(session, exchange),
        "approval": return_states.asked(session, session.get_one(Return, exchange.return_id)),
        "operation": None if shown is None else operation_views.view(shown),
        "operations": [row.id for row in behind],
        "created_at": clock.rfc3339(exchange.created_at),
        "approved_at": stamp(exchange.approved_at),
        "sent_at": stamp(exchange.sent_at),
        "completed_at": stamp(exchange.completed_at),
    }


def _refunds(session: Session, exchange: Exchange) -> list[str]:
    """Ids of all that goes back for it, oldest first."""
    query = select(Refund.id).where(Refund.order_id == exchange.order_id, Refund.return_id == exchange.return_id)
    return list(session.scalars(query.order_by(Refund.id)))


def _line(exchange: Exchange, row: ExchangeLine) -> dict[str, Any]:
    return {
        "line_id": row.line_id,
        "quantity": row.quantity,
        "received_quantity": row.received_quantity,
        "variant_id": row.variant_id,
        "title": row.title,
        "options": row.options or {},
        "paid": money(row.paid, exchange.currency),
        "price": money(row.price, exchange.currency),
        "difference": money(row.price - row.paid, exchange.currency),
    }
