"""How changes end: the provider's word on the charge, then the shop's on the change, then what goes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.orm import Session

from app.integrations.commerce.contract import (
    ChangeAddress,
    ChangeCustomer,
    ChangePaymentMethod,
    SwapItems,
)
from app.integrations.commerce.subscription_contract import ChangeSubscription
from app.integrations.payments.contract import ChargeCommand
from app.integrations.receipts import Receipt
from app.models.changes import OPEN, Change
from app.models.operations import Operation
from app.models.orders import Order
from app.models.stores import Store
from app.services import (
    audit,
    changed_mirror,
    events,
    operations,
    order_changes,
    order_charges,
    payment_methods,
    refunds,
)
from app.services.callers import Caller
from app.services.destinations import Method
from app.services.operations import Effect
from app.services.order_changes import CHARGE, SHOP_KINDS
from app.services.providers import Providers

UNDONE = "change_refused"
"""Why a charge goes back; the provider is told."""


def settle_charge(session: Session, operation: Operation, receipt: Receipt) -> None:
    """Taken: the payment stands in our books and the shop is asked. Not taken: nothing was changed.

    Taken back later, the change stands and a person is told.
    """
    change, order = _locked(session, operation)
    shop = session.get_one(Operation, change.operation_id)
    if operation.status == "failed":
        assert order is not None
        order_charges.unbook(session, order, operation)
        if change.status in OPEN and operations.untouched(session, shop):
            operations.cancel(session, shop)
            _give_up(session, change, receipt)
        else:  # the shop was asked, so its word counts
            _taken_back(session, change, operation)
        return
    if change.status not in OPEN:
        return
    if operation.status == "succeeded":
        assert order is not None
        _book(session, change, order, operation)
        order_changes.move(session, change, "pending")
        operations.start(session, shop)
    else:
        order_changes.move(session, change, operation.status)


def settle_shop(session: Session, operation: Operation, receipt: Receipt) -> None:
    """The shop's yes: our mirror follows and the money that waited goes back. Its no: the charge goes back."""
    change, order = _locked(session, operation)
    if change.status not in OPEN:
        return
    if operation.status == "succeeded":
        changed_mirror.follow(session, change, order, receipt)
        order_changes.move(session, change, "succeeded")
        if change.refund_id is not None:
            refunds.begin(session, change.refund_id)
    elif operation.status == "failed":
        _give_up(session, change, receipt)
    else:
        order_changes.move(session, change, operation.status)


def _locked(session: Session, operation: Operation) -> tuple[Change, Order | None]:
    """The operation's change and order; the order first, as whoever asks for a change takes it first."""
    change = session.get_one(Change, operation.subject_id)
    order = None
    if change.order_id is not None:
        order = session.get_one(Order, change.order_id, with_for_update=True)
    session.refresh(change, with_for_update=True)
    return change, order


def _give_up(session: Session, change: Change, receipt: Receipt) -> None:
    """End a change that was refused: what waited to go back stays, what was charged goes back."""
    if change.refund_id is not None:
        refunds.withdraw(session, change.refund_id)
        change.refund_id = None
    charge = None if change.charge_operation_id is None else session.get_one(Operation, change.charge_operation_id)
    said = receipt.failure_code or "change_refused"
    change.failure_code, change.failure_detail = said, receipt.failure_detail
    if charge is not None and charge.status == "failed":
        change.failure_code = _declined(change, said)
    if charge is not None and charge.status == "succeeded":
        change.refund_id = _undo(session, change, charge)
    order_changes.move(session, change, "failed")


def _declined(change: Change, said: str) -> str:
    """The provider's word for why it took nothing, in ours."""
    holds_money = change.plan["method"]["kind"] in payment_methods.HOLD_MONEY
    if said == "insufficient_funds":
        return "gift_card_insufficient" if holds_money else "payment_declined"
    return said if said in {"payment_method_not_found", "currency_mismatch"} else "payment_declined"


def _undo(session: Session, change: Change, charge: Operation) -> str | None:
    """Write the refund of the charge in the transaction that ends the change; our id of it."""
    order, amount = session.get_one(Order, change.order_id), int(charge.command["amount"])
    refund = order_charges.give_back(session, _asker(session, change), order, [charge], amount, reason=UNDONE)
    return None if refund is None else refund.id


def _taken_back(session: Session, change: Change, charge: Operation) -> None:
    """A bank has had back what was charged for a change that the shop was told of, and may have made and shipped.

    What is owed then is for a person to claim.
    """
    change.failure_code, change.failure_detail = charge.error_code or "payment_declined", charge.error_detail
    session.flush()
    shown = order_changes.view(session, change)
    events.record(session, "change.payment_failed", change, shown, previous={"status": change.status})


def _asker(session: Session, change: Change) -> Caller:
    """Whoever asked for the change: what undoes it is written down under the same name."""
    actor = change.actor
    return Caller(
        store=session.get_one(Store, change.store_id),
        livemode=change.livemode,
        key_id=str(actor.get("key") or ""),
        scopes=frozenset(),
        request_id="",
        shopper=actor["id"] if actor["type"] in {"shopper", "automation"} else None,
        agent=actor["id"] if actor["type"] == "agent" else None,
        automation=actor["type"] in {"automation", "connection"},
        connection=actor["id"] if actor["type"] == "connection" else None,
    )


def _book(session: Session, change: Change, order: Order, charge: Operation) -> None:
    method = change.plan["method"]
    paid = order_charges.book(
        session, order, charge, Method(method["id"], method["kind"], paid=True, label=method["label"])
    )
    audit.write(
        session,
        action="change.charged",
        subject_type="change",
        subject_id=change.id,
        actor=change.actor,
        store_id=change.store_id,
        livemode=change.livemode,
        evidence={
            "order": order.id,
            "amount": change.plan["charged"],
            "currency": order.currency,
            "payment": paid.external_id,
        },
    )
    session.flush()


# ---- what the worker calls --------------------------------------------------------------------------------------


async def _apply(providers: Providers, command: Any) -> Receipt:
    return await providers.commerce.apply(command)


async def _find_applied(providers: Providers, command: Any) -> Receipt | None:
    return await providers.commerce.find_applied(command)


Commands = (
    type[ChangeAddress] | type[SwapItems] | type[ChangePaymentMethod] | type[ChangeCustomer] | type[ChangeSubscription]
)
_COMMANDS: dict[str, Commands] = {
    "address": ChangeAddress,
    "items": SwapItems,
    "payment_method": ChangePaymentMethod,
    "customer": ChangeCustomer,
    "subscription": ChangeSubscription,
}
_ASK: Callable[[Providers, Any], Awaitable[Receipt]] = _apply
for _kind, _command in _COMMANDS.items():
    operations.register(
        Effect(kind=SHOP_KINDS[_kind], command=_command, send=_ASK, find=_find_applied, settle=settle_shop)
    )
operations.register(
    Effect(
        kind=CHARGE,
        command=ChargeCommand,
        send=order_charges.send,
        find=order_charges.find,
        settle=settle_charge,
        rechecked=True,
    )
)
