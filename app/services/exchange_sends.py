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
from app.services import events, exchange_trust, operations, return_registrations
from app.services.callers import Caller
from app.services.exchange_states import OPEN, view
from app.services.exchange_trust import SEND_KIND, gone, sendings
from app.services.operations import Effect


def request(session: Session, caller: Caller, exchange: Exchange) -> None:
    """Write the intent to have the shop send them now, once; nothing for an exchange that waits for its goods."""
    if not exchange.instant or exchange.status != "approved" or sendings(session, exchange):
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


def wait_for_answer(session: Session, exchange: Exchange) -> None:
    """Raise while nobody knows whether they are sent: what is owed for goods that did not come hangs on it."""
    if any(row.status in OPEN for row in sendings(session, exchange)):
        raise ReturnNotInState("The shop has not said yet whether it has sent the other goods: ask again.")


def settle(session: Session, operation: Operation, receipt: Receipt) -> None:
    """The shop's word: they are on their way, or go out when those that come back are here."""
    del receipt
    if operation.status in {"succeeded", "failed"}:
        _tell(session, operation)


def after_all(session: Session, operation: Operation, happened: bool) -> None:  # noqa: FBT001  a hook's argument
    """What is held as failed was sent all the same, or was not: its goods are owed or not, and so they count."""
    del happened
    _tell(session, operation)


def _tell(session: Session, operation: Operation) -> None:
    session.flush()
    return_id = session.get_one(Exchange, operation.subject_id).return_id
    session.get_one(Return, return_id, with_for_update=True, populate_existing=True)  # locked first, as elsewhere
    exchange = session.get_one(Exchange, operation.subject_id, with_for_update=True, populate_existing=True)
    exchange.sent_at = clock.now() if gone(session, exchange) else None  # a yes may be taken back later
    session.flush()
    exchange_trust.weigh(session, exchange)
    verb = "sent" if exchange.sent_at is not None else "not_sent"
    events.record(session, f"exchange.{verb}", exchange, view(session, exchange))


operations.register(
    Effect(
        kind=SEND_KIND,
        command=SendExchange,
        send=return_registrations.send,
        find=return_registrations.find,
        settle=settle,
        after_all=after_all,
    )
)
