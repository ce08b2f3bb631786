"""Returns and exchanges that wait for a person: decided again on today's facts when one says yes, by either door."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Forbidden, NewItemNotFound, NewItemUnavailable, RefundExceedsCaptured, ReturnNotInState
from app.models.approvals import Approval
from app.models.exchanges import Exchange
from app.models.orders import Order, OrderPayment
from app.models.returns import Return
from app.services import (
    approval_views,
    approval_votes,
    approvals,
    catalogs,
    entitlements,
    exchange_states,
    orders,
    refunds,
    return_rulings,
    return_states,
    returns,
)
from app.services.approvals import Made, Waiting
from app.services.callers import Caller
from app.services.catalogs import Catalog
from app.services.decisions import Asked
from app.services.ledgers import Ledger
from app.services.order_views import lines_of
from app.services.orders import Ledgers
from app.services.return_rulings import Ruled
from app.services.return_specs import LineSpec, ReturnSpec
from app.services.runtime import Runtime

ENDS = {"expired": "expired"}
"""What becomes of the return when its question ends without a yes; else it is declined."""


async def _read(runtime: Runtime, caller: Caller, approval: Approval) -> tuple[Ledgers, Catalog | None]:
    assert approval.order_id is not None
    order_id = await orders.load(runtime, caller, approval.order_id, fresh=True)
    swaps = await runtime.db.read(_swaps, approval)
    catalog = await catalogs.of_order(runtime, caller, order_id, []) if swaps else None
    return await orders.ledgers(runtime, caller, order_id), catalog


def _swaps(session: Session, approval: Approval) -> bool:
    return session.scalar(select(Return.exchange_id).where(Return.id == approval.subject_id)) is not None


def _resume(session: Session, caller: Caller, approval: Approval, read: tuple[Ledgers, Catalog | None]) -> Made:
    assert approval.order_id is not None
    said, catalog = read
    order, payments = refunds.hold(session, caller, approval.order_id, said)
    return_ = session.get_one(Return, approval.subject_id, with_for_update=True, populate_existing=True)
    if return_.status not in return_states.WAITING:
        raise ReturnNotInState(f"A return that is {return_.status} cannot become approved.")
    exchange = None
    if return_.exchange_id is not None:
        exchange = session.get_one(Exchange, return_.exchange_id, with_for_update=True, populate_existing=True)
        _to_be_had(session, order, exchange, catalog)
    method = str(approval.parameters.get("method", return_.method))  # as it was asked for, whatever was granted then
    ruled = _ruled(session, caller, order, payments, return_, exchange, method)
    if ruled.asks:
        assert ruled.decision is not None
        raise Asked(ruled.decision)
    returns.approve(session, caller, return_, ruled.ruling, method)
    return ("return", return_.id) if exchange is None else ("exchange", exchange.id)


def _ruled(
    session: Session,
    caller: Caller,
    order: Order,
    payments: list[OrderPayment],
    return_: Return,
    exchange: Exchange | None,
    method: str,
) -> Ruled:
    """The guard's word as if it were asked for now: what it holds itself is not in its own way."""
    held = return_.status, None if exchange is None else exchange.status
    return_.status = "canceled"
    if exchange is not None:
        exchange.status = "canceled"
    session.flush()
    lines = tuple(
        LineSpec(row.line_id, row.quantity, row.reason, row.note, row.resolution, files=tuple(row.files or ()))
        for row in return_states.lines_in(session, return_.id)
    )
    if exchange is None:
        spec = ReturnSpec(lines, return_.destination, return_.payment_method_id, method)
        ruled = returns.rule(session, caller, order, spec, asked_at=return_.created_at)[1]
    else:
        ruled = return_rulings.decide(
            session,
            caller,
            order,
            lines,
            action="exchange",
            method=method,
            instant=exchange.instant,
            asked_at=return_.created_at,
        )
        _still_there(session, order, payments, exchange)
    return_.status = held[0]
    if exchange is not None and held[1] is not None:
        exchange.status = held[1]
    session.flush()
    return ruled


def _to_be_had(session: Session, order: Order, exchange: Exchange, catalog: Catalog | None) -> None:
    """Raise where the shop cannot send any more what was chosen; the price is the one that was told and agreed to."""
    products = {line.id: line.data["product_id"] for line in lines_of(session, order)}
    for row in exchange_states.lines_in(session, exchange.id):
        found = catalog and catalog.variant(products[row.line_id], row.variant_id)
        if not found:
            raise NewItemNotFound
        if not found.available:
            raise NewItemUnavailable


def _still_there(session: Session, order: Order, payments: list[OrderPayment], exchange: Exchange) -> None:
    """Raise where what was paid for the lines, and is to pay for others, has gone another way meanwhile."""
    known = {line.id: line for line in lines_of(session, order)}
    rows = exchange_states.lines_in(session, exchange.id)
    wanted = [(known[row.line_id], row.quantity) for row in rows]
    values = entitlements.take(wanted, payments, Ledger.of(session, order), order.currency)
    if any(value < row.paid for value, row in zip(values, rows, strict=True)):
        raise RefundExceedsCaptured("What was paid for these items has gone back already.")


def _end(session: Session, approval: Approval, status: str) -> None:
    return_ = session.get_one(Return, approval.subject_id, with_for_update=True, populate_existing=True)
    if return_.status in return_states.WAITING:
        return_states.move(session, return_, ENDS.get(status, "declined"))


approvals.register(return_states.KIND, Waiting(_read, _resume, _end))


# ---- the return's own route ---------------------------------------------------------------------------------------


def waiting(session: Session, caller: Caller, return_id: str) -> Approval:
    """The question about a return; raises `return_not_in_state` where none is open."""
    if not caller.is_merchant:
        raise Forbidden("Only the store may do that.")
    return_ = return_states.get(session, caller, return_id)
    approval = approval_views.of_subject(session, return_states.KIND, return_.id)
    if return_.status not in return_states.WAITING or approval is None or approval.status != "pending":
        raise ReturnNotInState(f"A return that is {return_.status} does not wait for a person.")
    return approval


def answer(
    session: Session,
    caller: Caller,
    return_id: str,
    yes: bool,  # noqa: FBT001
    note: str | None,
    ready: object,
) -> Return:
    """A person's word on a return by its own route: the same vote on the same approval."""
    approval = waiting(session, caller, return_id)
    approval_votes.vote(session, caller, approval.id, yes, note, ready, door=approval_votes.RETURN)
    return_ = return_states.get(session, caller, return_id)
    session.refresh(return_)
    return return_
