"""Return labels that are not used: voided when asked, and where the carrier made a second one for our purchase."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import ids
from app.errors import LabelNotActive
from app.integrations.carriers.contract import LabelReceipt, VoidLabel
from app.integrations.receipts import Receipt
from app.models.operations import Operation
from app.models.returns import Label, Return
from app.models.stores import Store
from app.services import events, label_announcements, label_views, operations, return_states
from app.services.callers import Caller
from app.services.operations import Effect
from app.services.providers import Providers

KIND = "label_void"
SURPLUS_KIND = "surplus_label_void"


def void(session: Session, caller: Caller, label_id: str) -> Label:
    """Write the intent to void an active label."""
    label = label_views.get(session, caller, label_id, lock=True)
    if label.status in {"voided", "voiding"}:
        return label
    if label.status == "active" and label.operation_id is None:
        label_views.audited(session, caller, label, "label.void_requested")
        gone(session, label)
        return label
    if label.status != "active" or label.external_id is None:
        raise LabelNotActive
    operation_id = ids.new("opr")
    operations.request(
        session,
        operation_id=operation_id,
        caller=caller,
        kind=KIND,
        provider="sandbox",
        command=VoidLabel(key=operation_id, label_id=label.external_id),
        subject=("label", label.id),
        message_id=session.info.get("message_id"),
    )
    label.void_operation_id = operation_id
    label.move("voiding")
    session.flush()
    events.record(session, "label.voiding", label, label_views.view(session, label), previous={"status": "active"})
    label_views.audited(session, caller, label, "label.void_requested")
    return label


def settle(session: Session, operation: Operation, receipt: Receipt) -> None:
    """The carrier's word on a void: gone, or still good because it was used."""
    label = session.get_one(Label, operation.subject_id, with_for_update=True)
    if label.status != "voiding" or operation.status not in {"succeeded", "failed"}:
        return
    label.failure_code = receipt.failure_code
    if operation.status == "succeeded":
        label.credited = receipt.amount if receipt.currency == label.currency else None
        gone(session, label)
        return
    label.move("active")
    session.get_one(Return, label.return_id, with_for_update=True).expires_at = None  # its goods are on their way
    session.flush()
    events.record(
        session, "label.void_refused", label, label_views.view(session, label), previous={"status": "voiding"}
    )


def gone(session: Session, label: Label) -> None:
    """Nobody can use it any more; with its last label the return is open for another."""
    before = label.status
    label.move("voided")
    label.next_look_at = None
    session.flush()
    return_ = session.get_one(Return, label.return_id, with_for_update=True)
    if return_.status == "label_issued" and not return_states.live_labels(session, return_.id):
        return_states.move(session, return_, "approved")
    session.flush()
    events.record(session, "label.voided", label, label_views.view(session, label), previous={"status": before})
    label_announcements.withdraw(session, label)


def void_surplus(session: Session, operation: Operation, receipt: Receipt) -> None:
    """Write the intent to void what lives at the carrier under our reference beside the label that we tell.

    A purchase whose answer was lost can land after the look-up that found nothing, and so after the next purchase.
    """
    if not isinstance(receipt, LabelReceipt):
        return
    label = session.get_one(Label, operation.subject_id, with_for_update=True)
    _complete(session, label, receipt)
    told = label.status not in {"failed", "voiding", "voided"}
    if told and receipt.live and label.external_id not in receipt.live:
        return  # what a person named is not among them: no guess of ours which of them the shopper holds
    voids = select(Operation.command).where(
        Operation.subject_type == "label", Operation.subject_id == label.id, Operation.kind == SURPLUS_KIND
    )
    known = {label.external_id, *(command["label_id"] for command in session.scalars(voids))}
    store = session.get_one(Store, label.store_id)
    nobody = Caller(store, label.livemode, key_id="", scopes=frozenset(), request_id="", automation=True)
    for external_id in receipt.live or (receipt.external_id,):
        if external_id is None or external_id in known:
            continue
        operation_id = ids.new("opr")
        operations.request(
            session,
            operation_id=operation_id,
            caller=nobody,
            kind=SURPLUS_KIND,
            provider=operation.provider,
            command=VoidLabel(key=operation_id, label_id=external_id),
            subject=("label", label.id),
            message_id=operation.message_id,
        )
        label_views.audited(session, nobody, label, "label.surplus_void_requested")


def _complete(session: Session, label: Label, receipt: LabelReceipt) -> None:
    """What a person could not tell of the label that they named: how it is followed, and what it has cost."""
    if label.status != "active" or label.tracking_number is not None or label.external_id != receipt.external_id:
        return
    label.tracking_number, label.tracking_url = receipt.tracking_number, receipt.tracking_url
    label.service, label.cost, label.currency = receipt.service, receipt.cost, receipt.currency
    label.expires_at = receipt.expires_at
    session.flush()
    events.record(session, "label.updated", label, label_views.view(session, label))
    store, return_ = session.get_one(Store, label.store_id), session.get_one(Return, label.return_id)
    label_announcements.request(session, store, label, return_)


def _settle_surplus(session: Session, operation: Operation, receipt: Receipt) -> None:
    """Nothing that we tell hangs on a label that nobody was given."""


async def _void(providers: Providers, command: VoidLabel) -> Receipt:
    return await providers.carrier.void_label(command)


async def _find_void(providers: Providers, command: VoidLabel) -> Receipt | None:
    return await providers.carrier.find_void(command)


operations.register(Effect(kind=KIND, command=VoidLabel, send=_void, find=_find_void, settle=settle, family="carrier"))
operations.register(
    Effect(kind=SURPLUS_KIND, command=VoidLabel, send=_void, find=_find_void, settle=_settle_surplus, family="carrier")
)
