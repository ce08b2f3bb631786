"""Return labels: bought once per return, found again after a lost answer, voided when not used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import LabelExists, LabelNotActive, ReturnNotInState
from app.integrations.carriers.contract import BuyLabel, LabelFormat, LabelReceipt, Parcel, VoidLabel
from app.integrations.commerce.contract import Address
from app.integrations.receipts import Receipt
from app.models.operations import Operation
from app.models.orders import Order
from app.models.returns import MOVES, Label, Return
from app.services import (
    audit,
    decisions,
    events,
    guard_facts,
    label_views,
    operations,
    return_registrations,
    return_states,
)
from app.services.callers import Caller
from app.services.operations import Effect
from app.services.providers import Providers
from app.services.return_specs import LineSpec

KIND = "return_label"
VOID_KIND = "label_void"


@dataclass(frozen=True, slots=True)
class LabelSpec:
    """Which form the label should have, and what the parcel measures."""

    format: LabelFormat = "pdf"
    qr: bool = False
    parcel: Parcel = field(default_factory=Parcel)


def request(session: Session, caller: Caller, return_id: str, spec: LabelSpec) -> Label:
    """Ask the guard, and write the intent to buy a label for an approved return; the carrier is asked after the commit.

    Raises the refusal, and `Asked` where a person must say yes first.
    """
    return_ = return_states.get(session, caller, return_id, lock=True)
    if return_states.live_label(session, return_.id) is not None:
        raise LabelExists
    if return_.status != "approved":
        raise ReturnNotInState(f"A return that is {return_.status} gets no label.")
    if return_.method == "keep":
        raise ReturnNotInState("These goods need not come back: they get no label.")
    order = session.get_one(Order, return_.order_id)
    _guard(session, caller, return_, order)
    label_id = ids.new("lbl")
    operation = _purchase(session, caller, return_, order, spec, label_id)
    label = Label(
        id=label_id,
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=clock.now(),
        return_id=return_.id,
        order_id=return_.order_id,
        customer_id=return_.customer_id,
        operation_id=operation.id,
        status="pending",
        carrier="sandbox",
        format=spec.format,
        qr=spec.qr,
        parcel=spec.parcel.model_dump(mode="json"),
    )
    session.add(label)
    session.flush()
    events.record(session, "label.created", label, label_views.view(session, label))
    _audit(session, caller, label, "label.requested")
    return label


def _purchase(
    session: Session, caller: Caller, return_: Return, order: Order, spec: LabelSpec, label_id: str
) -> Operation:
    """The operation that buys it; it waits where the shop has not said yes to the return yet."""
    operation_id = ids.new("opr")
    return operations.request(
        session,
        operation_id=operation_id,
        caller=caller,
        kind=KIND,
        provider="sandbox",
        command=BuyLabel(
            key=operation_id,
            rma=return_.rma,
            sender=Address.model_validate(order.snapshot["shipping_address"] or {}),
            recipient=Address.model_validate(caller.store.return_address),
            parcel=spec.parcel,
            service=decisions.policy_of(session, caller).return_service,
            qr=spec.qr,
        ),
        subject=("label", label_id),
        message_id=session.info.get("message_id"),
        waits=return_registrations.waits(session, return_),
    )


def _guard(session: Session, caller: Caller, return_: Return, order: Order) -> None:
    """Whether a label may be bought; whether the goods may come back was decided with the return."""
    rows = return_states.lines_in(session, return_.id)
    facts = guard_facts.of_order(
        session,
        caller,
        order,
        "return_label",
        lines=[LineSpec(row.line_id, row.quantity, row.reason, resolution=row.resolution) for row in rows],
        order_status="delivered",  # its return stands, also one of a withdrawal from what is still on its way
        follows="return",
    )
    decisions.enforce(decisions.decide(session, caller, facts, subject=("order", order.id)))


def _registered(session: Session, return_: Return, said_yes: bool) -> None:  # noqa: FBT001  a hook's argument
    """The shop has answered: a label that waited for its yes is bought now, or never."""
    label = return_states.live_label(session, return_.id)
    operation = None if label is None else session.get_one(Operation, label.operation_id)
    if label is None or operation is None or operation.status != "pending" or operation.schedule:
        return
    if said_yes:
        operations.start(session, operation)
        return
    operations.cancel(session, operation)
    label.move("failed")
    label.failure_code, label.settled_at = "return_refused", clock.now()
    session.flush()
    events.record(session, "label.failed", label, label_views.view(session, label), previous={"status": "pending"})


return_registrations.FOLLOWERS.append(_registered)


def void(session: Session, caller: Caller, label_id: str) -> Label:
    """Write the intent to void an active label."""
    label = label_views.get(session, caller, label_id, lock=True)
    if label.status in {"voided", "voiding"}:
        return label
    if label.status != "active" or label.external_id is None:
        raise LabelNotActive
    operation_id = ids.new("opr")
    operations.request(
        session,
        operation_id=operation_id,
        caller=caller,
        kind=VOID_KIND,
        provider="sandbox",
        command=VoidLabel(key=operation_id, label_id=label.external_id),
        subject=("label", label.id),
        message_id=session.info.get("message_id"),
    )
    label.void_operation_id = operation_id
    label.move("voiding")
    session.flush()
    events.record(session, "label.voiding", label, label_views.view(session, label), previous={"status": "active"})
    _audit(session, caller, label, "label.void_requested")
    return label


def settle(session: Session, operation: Operation, receipt: Receipt) -> None:
    """The carrier's word on a purchase."""
    label = session.get_one(Label, operation.subject_id, with_for_update=True)
    after = {"succeeded": "active"}.get(operation.status, operation.status)
    before = label.status
    if after == before:
        return
    label.move(after)
    label.failure_code = receipt.failure_code
    label.settled_at = clock.now() if after in {"active", "failed"} else None
    if after == "active":
        label.external_id = receipt.external_id
        if isinstance(receipt, LabelReceipt):
            label.tracking_number, label.tracking_url = receipt.tracking_number, receipt.tracking_url
            label.service, label.cost, label.currency = receipt.service, receipt.cost, receipt.currency
            label.expires_at = receipt.expires_at
        return_ = session.get_one(Return, label.return_id, with_for_update=True)
        if "label_issued" in MOVES[return_.status]:
            return_states.move(session, return_, "label_issued")
    session.flush()
    kind = {"active": "label.issued"}.get(after, f"label.{after}")
    events.record(session, kind, label, label_views.view(session, label), previous={"status": before})


def settle_void(session: Session, operation: Operation, receipt: Receipt) -> None:
    """The carrier's word on a void: gone, or still good because it was used."""
    label = session.get_one(Label, operation.subject_id, with_for_update=True)
    if label.status != "voiding" or operation.status not in {"succeeded", "failed"}:
        return
    gone = operation.status == "succeeded"
    label.move("voided" if gone else "active")
    label.failure_code = receipt.failure_code
    if gone:
        return_ = session.get_one(Return, label.return_id, with_for_update=True)
        if return_.status == "label_issued":
            return_states.move(session, return_, "approved")
    else:  # it was used: the goods are on their way
        session.get_one(Return, label.return_id, with_for_update=True).expires_at = None
    session.flush()
    kind = "label.voided" if gone else "label.void_refused"
    events.record(session, kind, label, label_views.view(session, label), previous={"status": "voiding"})


async def _buy(providers: Providers, command: BuyLabel) -> Receipt:
    return _checked(await providers.carrier.buy_return_label(command))


async def _find(providers: Providers, command: BuyLabel) -> Receipt | None:
    found = await providers.carrier.find_label(command)
    if found is not None and found.voided:
        return Receipt(status="failed", failure_code="label_voided", external_id=found.external_id)
    return None if found is None else _checked(found)


def _checked(receipt: LabelReceipt) -> Receipt:
    """A label without a number is no label that anyone can use."""
    if receipt.status == "succeeded" and not (receipt.external_id and receipt.tracking_number):
        return Receipt(status="unknown", evidence=receipt.evidence)
    return receipt


async def _void(providers: Providers, command: VoidLabel) -> Receipt:
    return await providers.carrier.void_label(command)


async def _find_void(providers: Providers, command: VoidLabel) -> Receipt | None:
    return await providers.carrier.find_void(command)


operations.register(Effect(kind=KIND, command=BuyLabel, send=_buy, find=_find, settle=settle))
operations.register(Effect(kind=VOID_KIND, command=VoidLabel, send=_void, find=_find_void, settle=settle_void))


def _audit(session: Session, caller: Caller, label: Label, action: str) -> None:
    audit.write(
        session,
        action=action,
        subject_type="label",
        subject_id=label.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence={"return": label.return_id},
        request_id=caller.request_id,
    )


def parcel(given: dict[str, Any]) -> Parcel:
    """A parcel from its measures."""
    return Parcel.model_validate(given)
