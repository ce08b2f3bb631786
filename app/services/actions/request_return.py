"""Send delivered items back: the return, decided at once or left to a person."""

from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy.orm import Session

from app.errors import Forbidden
from app.models.approvals import Approval
from app.models.returns import Return
from app.services import (
    approval_views,
    approval_votes,
    orders,
    return_approvals,
    return_arrivals,
    return_states,
    returns,
)
from app.services.actions import request_exchange
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.exchanges import ExchangeSpec
from app.services.idempotency import Keyed, once
from app.services.orders import Ledgers
from app.services.params import In, Line, Quantity, Ref, Text
from app.services.return_specs import LineSpec, ReturnSpec
from app.services.runtime import Runtime


class ReturnLineIn(In):
    """So many of one line, and why."""

    line_id: Ref
    quantity: Quantity
    reason: Annotated[Line, Field(max_length=100)] | None = None
    note: Annotated[Text, Field(max_length=2000)] | None = None
    resolution: Literal["refund", "store_credit", "exchange"] = "refund"
    files: Annotated[list[Ref], Field(max_length=20)] = []
    variant_id: Ref | None = None

    def spec(self) -> LineSpec:
        """In the words of the service."""
        return LineSpec(
            self.line_id,
            self.quantity,
            self.reason,
            self.note,
            self.resolution,
            files=tuple(self.files),
            variant_id=self.variant_id,
        )


class ReturnDestinationIn(In):
    """Where the money goes after inspection."""

    type: Literal["original", "store_credit", "payment_method"] = "original"
    payment_method_id: Ref | None = None


class ReturnParams(In):
    """What comes back, and how."""

    order: Ref
    lines: Annotated[list[ReturnLineIn], Field(max_length=500)]
    destination: ReturnDestinationIn = ReturnDestinationIn()
    method: Literal["label", "drop_off", "keep"] = "label"

    def spec(self) -> ReturnSpec:
        """In the words of the service."""
        return ReturnSpec(
            lines=tuple(line.spec() for line in self.lines),
            destination=self.destination.type,
            payment_method_id=self.destination.payment_method_id,
            method=self.method,
        )

    def exchanged(self) -> ExchangeSpec | None:
        """The exchange that it is where every line is exchanged."""
        spec = self.spec()
        if not spec.lines or any(line.resolution != "exchange" for line in spec.lines):
            return None
        return ExchangeSpec(spec.lines, spec.payment_method_id, method=spec.method)


async def read(runtime: Runtime, caller: Caller, params: ReturnParams) -> Ready:
    """The order as the shop holds it now; for an exchange its catalog and ledgers, too."""
    exchanged = params.exchanged()
    if exchanged is not None:
        return await request_exchange.asked(runtime, caller, params.order, exchanged)
    return Ready(await orders.load(runtime, caller, params.order, fresh=True))


def write(session: Session, caller: Caller, params: ReturnParams, ready: Ready) -> Return:
    """Decide on all lines at once; where they are exchanged, the return is the exchange's."""
    assert ready.order_id is not None
    exchanged = params.exchanged()
    if exchanged is None:
        return returns.request(session, caller, ready.order_id, params.spec())
    exchange = request_exchange.written(session, caller, exchanged, ready)
    return return_states.get(session, caller, exchange.return_id)


ACTION = Action(
    name="request_return",
    description="Send delivered items back; what is paid for them moves once they are here, by the store's policy.",
    params=ReturnParams,
    guard="return",
    proof=1,
    cost="money",
    scope="returns:write",
    route="POST /v1/returns",
    resource="return",
    status=201,
    read=read,
    write=write,
    free_text=("lines[].reason", "lines[].note"),
)


async def answer(
    runtime: Runtime, caller: Caller, return_id: str, *, yes: bool, note: str | None, keyed: Keyed | None
) -> str:
    """A person's yes or no to a return that waits: the vote on its approval, by the return's own route."""
    approval = await runtime.db.read(_question, caller, return_id)
    ready = await approval_votes.prepared(runtime, caller, approval) if yes and approval is not None else None

    def write(session: Session) -> Return:
        return once(session, keyed, "return", return_approvals.answer, caller, return_id, yes, note, ready)

    return (await runtime.db.write(write)).id


def _question(session: Session, caller: Caller, return_id: str) -> Approval | None:
    """The newest question about it; whether it is still open is seen under the key."""
    if not caller.is_merchant:  # before anything of the return is told
        raise Forbidden("Only the store may do that.")
    return approval_views.of_subject(session, return_states.KIND, return_states.get(session, caller, return_id).id)


async def complete(runtime: Runtime, caller: Caller, return_id: str, *, pay: bool, keyed: Keyed | None) -> str:
    """End a return; with `pay` what arrived is refunded."""
    order_id = await runtime.db.read(_order_of, caller, return_id)
    await orders.load(runtime, caller, order_id, fresh=True)
    said = await orders.ledgers(runtime, caller, order_id)

    def write(session: Session) -> Return:
        return once(session, keyed, "return", _complete, caller, return_id, said, pay)

    return (await runtime.db.write(write)).id


def _order_of(session: Session, caller: Caller, return_id: str) -> str:
    return return_states.get(session, caller, return_id).order_id


def _complete(session: Session, caller: Caller, return_id: str, said: Ledgers, pay: bool) -> Return:  # noqa: FBT001
    return return_arrivals.complete(session, caller, return_id, said, pay=pay)
