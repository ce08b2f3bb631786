"""The other goods of an instant exchange: sent before those that come back are here, once nothing is left to pay.

From then on the exchange is not canceled and does not expire: its goods are owed, and a person hears of what is late.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import ReturnNotInState
from app.integrations.commerce.contract import SendExchange
from app.integrations.receipts import Receipt
from app.models.exchanges import Exchange
from app.models.operations import Operation
from app.models.orders import Order
from app.models.returns import Return
from app.services import events, operation_views, operations, return_registrations
from app.services.callers import Caller
from app.services.exchange_states import OPEN, SEND_KIND, view
from app.services.operations import Effect

UNDONE = frozenset({"failed", "canceled"})


def request(session: Session, caller: Caller, exchange: Exchange) -> None:
    """Write the intent to have the shop send them now, once; nothing for an exchange that waits for its goods."""
    if not exchange.instant or exchange.status != "approved" or _asked(session, exchange):
        return
    order, return_ = session.get_one(Order, exchange.order_id), session.get_one(Return, exchange.return_id)
    operation_id = ids.new("opr")
    operations.request(
        session,
        operation_id=operation_id,
        caller=caller,
        kind=SEND_KIND,
        provider="sandbox",
        command=SendExchange(key=operation_id, order_id=order.external_id, rma=return_.rma),
        subject=("exchange", exchange.id),
    )
    session.flush()


def _asked(session: Session, exchange: Exchange) -> list[Operation]:
    return [row for row in operation_views.of_subject(session, "exchange", exchange.id) if row.kind == SEND_KIND]


def gone(session: Session, exchange: Exchange) -> bool:
    """Whether the other goods have been sent, or may have been for all that is known."""
    return any(
        row.status not in UNDONE and return_registrations.UNSUPPORTED not in row.evidence
        for row in _asked(session, exchange)
    )


def wait_for_answer(session: Session, exchange: Exchange) -> None:
    """Raise while nobody knows whether they are sent: what is owed for goods that did not come hangs on it."""
    if any(row.status in OPEN for row in _asked(session, exchange)):
        raise ReturnNotInState("The shop has not said yet whether it has sent the other goods: ask again.")


def settle(session: Session, operation: Operation, receipt: Receipt) -> None:
    """The shop's word: they are on their way, or go out when those that come back are here."""
    del receipt
    if operation.status not in {"succeeded", "failed"}:
        return
    session.flush()
    return_id = session.get_one(Exchange, operation.subject_id).return_id
    session.get_one(Return, return_id, with_for_update=True, populate_existing=True)  # locked first, as elsewhere
    exchange = session.get_one(Exchange, operation.subject_id, with_for_update=True, populate_existing=True)
    exchange.sent_at = clock.now() if gone(session, exchange) else None  # a yes may be taken back later
    session.flush()
    verb = "sent" if exchange.sent_at is not None else "not_sent"
    events.record(session, f"exchange.{verb}", exchange, view(session, exchange))


operations.register(
    Effect(
        kind=SEND_KIND,
        command=SendExchange,
        send=return_registrations.send,
        find=return_registrations.find,
        settle=settle,
    )
)
