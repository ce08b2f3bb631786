"""Return labels: bought once per return, found again after a lost answer, voided when not used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import Forbidden, Invalid, LabelExists, ReturnNotInState
from app.integrations.carriers.contract import BuyLabel, LabelFormat, LabelReceipt, Parcel
from app.integrations.commerce.contract import Address
from app.integrations.receipts import Receipt
from app.models.operations import Operation
from app.models.orders import Order
from app.models.returns import MOVES, UNSENT, Label, Return
from app.models.stores import Store
from app.services import (
    decisions,
    events,
    guard_facts,
    instant_refunds,
    label_announcements,
    label_views,
    label_voids,
    label_watch,
    operations,
    parcel_subscriptions,
    return_registrations,
    return_states,
)
from app.services.callers import Caller
from app.services.operations import Effect
from app.services.providers import SANDBOX, Providers, serving
from app.services.return_specs import LineSpec

KIND = "return_label"


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A label that the shopper has already, by whom its parcel is carried and under which number."""

    carrier: str
    tracking_number: str


@dataclass(frozen=True, slots=True)
class LabelSpec:
    """Which form the label should have, which of the return's parcels it is for, and what that measures."""

    format: LabelFormat = "pdf"
    qr: bool = False
    parcel: Parcel = field(default_factory=Parcel)
    parcel_number: int = 1
    enclosed: Enclosed | None = None
    """It lay in the parcel of the order: nothing is bought."""


def request(session: Session, caller: Caller, return_id: str, spec: LabelSpec) -> Label:
    """Ask the guard, and write the intent to buy a label for an approved return; the carrier is asked after the commit.

    Raises the refusal, and `Asked` where a person must say yes first.
    """
    return_ = return_states.get(session, caller, return_id, lock=True)
    if any(label.parcel_number == spec.parcel_number for label in return_states.live_labels(session, return_.id)):
        raise LabelExists
    if return_.status not in (*UNSENT, "in_transit"):  # its other parcels may still be with the shopper
        raise ReturnNotInState(f"A return that is {return_.status} gets no label.")
    if return_.method == "keep":
        raise ReturnNotInState("These goods need not come back: they get no label.")
    _parcels(session, caller, return_, spec)
    if spec.enclosed is not None and not caller.is_merchant:
        raise Forbidden("Only the store knows which label it has sent along.")
    order = session.get_one(Order, return_.order_id)
    if spec.enclosed is None and instant_refunds.bars_label(session, return_, order.currency):
        raise ReturnNotInState("The shopper pays this label out of the return's money, which went first: buy none.")
    _guard(session, caller, return_, order)
    label_id = ids.new("lbl")
    bought = None if spec.enclosed is not None else _purchase(session, caller, return_, order, spec, label_id)
    label = _draft(caller, return_, spec, label_id, None if bought is None else bought.id)
    session.add(label)
    session.flush()
    events.record(session, "label.created", label, label_views.view(session, label))
    label_views.audited(session, caller, label, "label.requested")
    if spec.enclosed is not None:
        _issue(session, label, {"status": "pending"})
    return label


def _parcels(session: Session, caller: Caller, return_: Return, spec: LabelSpec) -> None:
    """Raise where a shopper wants labels for more parcels than the return has items; the store knows its boxes."""
    most = sum(row.quantity for row in return_states.lines_in(session, return_.id))
    if not caller.is_merchant and spec.parcel_number > most:
        said = f"A return of {most} items has no parcel {spec.parcel_number}."
        raise Invalid(said, errors=[{"pointer": "/parcel_number", "code": "too_many_parcels", "detail": said}])


def _draft(caller: Caller, return_: Return, spec: LabelSpec, label_id: str, operation_id: str | None) -> Label:
    lay = spec.enclosed
    return Label(
        id=label_id,
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=clock.now(),
        return_id=return_.id,
        order_id=return_.order_id,
        customer_id=return_.customer_id,
        operation_id=operation_id,
        status="pending",
        carrier=serving(caller.store, livemode=caller.livemode).get("carrier", SANDBOX) if lay is None else lay.carrier,
        tracking_number=None if lay is None else lay.tracking_number,
        format=spec.format,
        qr=spec.qr,
        parcel_number=spec.parcel_number,
        parcel=spec.parcel.model_dump(mode="json"),
    )


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
    """The shop has answered: the labels that waited for its yes are bought now, or never."""
    for label in return_states.live_labels(session, return_.id):
        operation = session.get(Operation, label.operation_id) if label.operation_id else None
        if operation is None and not said_yes:  # it lay in the parcel of the order: nobody is to use it now
            label_voids.gone(session, label)
        if said_yes:
            label_announcements.request(session, session.get_one(Store, label.store_id), label, return_)
        if operation is None or operation.status != "pending" or operation.schedule:
            continue
        if said_yes:
            operations.start(session, operation)
            continue
        operations.cancel(session, operation)
        label.move("failed")
        label.failure_code, label.settled_at = "return_refused", clock.now()
        session.flush()
        events.record(session, "label.failed", label, label_views.view(session, label), previous={"status": "pending"})


return_registrations.FOLLOWERS.append(_registered)


def settle(session: Session, operation: Operation, receipt: Receipt) -> None:
    """The carrier's word on a purchase."""
    label = session.get_one(Label, operation.subject_id, with_for_update=True)
    after = {"succeeded": "active"}.get(operation.status, operation.status)
    before = label.status
    if after == before:
        return
    label.failure_code = receipt.failure_code
    if after == "active":
        label.external_id = receipt.external_id
        if isinstance(receipt, LabelReceipt):
            label.tracking_number, label.tracking_url = receipt.tracking_number, receipt.tracking_url
            label.service, label.cost, label.currency = receipt.service, receipt.cost, receipt.currency
            label.expires_at = receipt.expires_at
        if label.external_id is None:  # a person's word: without it nobody prints, follows or voids the label
            raise Invalid("Name the carrier's id of the label: external_id.")
        _issue(session, label, {"status": before})
        return
    label.move(after)
    label.settled_at = clock.now() if after == "failed" else None
    session.flush()
    events.record(session, f"label.{after}", label, label_views.view(session, label), previous={"status": before})


def _issue(session: Session, label: Label, before: dict[str, Any]) -> None:
    """The shopper can use it: its return goes on, and its parcel is looked for from now on."""
    label.move("active")
    label.settled_at = clock.now()
    label.next_look_at = clock.now() + label_watch.LOOK_EVERY
    store = session.get_one(Store, label.store_id)
    parcel_subscriptions.want(session, store, [label.tracking_number], livemode=label.livemode)
    return_ = session.get_one(Return, label.return_id, with_for_update=True)
    if "label_issued" in MOVES[return_.status]:
        return_states.move(session, return_, "label_issued")
    session.flush()
    events.record(session, "label.issued", label, label_views.view(session, label), previous=before)
    label_announcements.request(session, store, label, return_)


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


operations.register(
    Effect(
        kind=KIND,
        command=BuyLabel,
        send=_buy,
        find=_find,
        settle=settle,
        found=label_voids.void_surplus,
        family="carrier",
    )
)


def parcel(given: dict[str, Any]) -> Parcel:
    """A parcel from its measures."""
    return Parcel.model_validate(given)
