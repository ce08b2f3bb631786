"""Return labels told to the shop that expects their goods, where it wants to know: one operation for each label.

The label is ours and the shopper's whatever the shop says to it: a no stands on the operation, for a person to read.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import ids
from app.integrations.commerce.contract import RETURN_LABELS, AnnounceLabel
from app.integrations.errors import NotExecuted, ProviderError, Refused
from app.integrations.receipts import Receipt
from app.models.operations import Operation
from app.models.orders import Order
from app.models.returns import Label, Return
from app.models.stores import Store
from app.services import operation_views, operations, return_registrations, return_states
from app.services.callers import Caller
from app.services.operations import Effect
from app.services.providers import Providers, can

KIND = "label_announce"
UNUSED = ("voided", "expired")


def request(session: Session, store: Store, label: Label, return_: Return) -> None:
    """Write the intent to tell the shop of an active label, once; nothing where the shop does not expect its goods."""
    if label.status != "active" or label.tracking_number is None or _asked(session, label):
        return
    if not can(store, "commerce", RETURN_LABELS, livemode=label.livemode):
        return
    expected = return_states.registration(session, return_)
    if expected is None or expected.status != "succeeded" or return_registrations.UNSUPPORTED in expected.evidence:
        return  # a yes that comes later asks again
    operation_id = ids.new("opr")
    operations.request(
        session,
        operation_id=operation_id,
        caller=Caller(store, label.livemode, key_id="", scopes=frozenset(), request_id="", automation=True),
        kind=KIND,
        provider="sandbox",
        command=AnnounceLabel(
            key=operation_id,
            order_id=session.get_one(Order, label.order_id).external_id,
            rma=return_.rma,
            tracking_number=label.tracking_number,
            tracking_url=label.tracking_url,
            replaces=_former(session, label),
            label_id=label.external_id,
            file_format="png" if label.format == "png" else "pdf",
        ),
        subject=("label", label.id),
    )


def withdraw(session: Session, label: Label) -> None:
    """A label that nobody can use any more and that the shop was not told of yet need not be told."""
    for row in _asked(session, label):
        if operations.untouched(session, row):
            operations.cancel(session, row)


def _asked(session: Session, label: Label) -> list[Operation]:
    return [row for row in operation_views.of_subject(session, "label", label.id) if row.kind == KIND]


def _former(session: Session, label: Label) -> tuple[str, ...]:
    """The numbers of the labels in whose place it is."""
    query = (
        select(Label.tracking_number)
        .where(
            Label.return_id == label.return_id,
            Label.parcel_number == label.parcel_number,
            Label.status.in_(UNUSED),
            Label.tracking_number.is_not(None),
        )
        .order_by(Label.id.desc())
    )
    return tuple(found for found in session.scalars(query) if found is not None and found != label.tracking_number)


def settle(session: Session, operation: Operation, receipt: Receipt) -> None:
    """Nothing of the label hangs on what the shop says."""
    del session, operation, receipt


async def _send(providers: Providers, command: AnnounceLabel) -> Receipt:
    file = await _file(providers, command)
    return await return_registrations.send(providers, command.model_copy(update={"file": file}))


async def _file(providers: Providers, command: AnnounceLabel) -> bytes | None:
    """The label from its carrier; None where that keeps none. Until it can be had nothing is told."""
    if command.label_id is None:
        return None
    try:
        return await providers.carrier.label_file(command.label_id, command.file_format)
    except Refused:
        return None
    except ProviderError as error:
        raise NotExecuted("the carrier has not given the label", evidence=error.evidence) from error


async def _find(providers: Providers, command: AnnounceLabel) -> Receipt | None:
    return await return_registrations.find(providers, command)


operations.register(Effect(kind=KIND, command=AnnounceLabel, send=_send, find=_find, settle=settle))
