"""Withdraw from a contract, step one: declared, with what would follow and how to confirm it."""

from typing import Annotated

from pydantic import Field
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models.withdrawals import Withdrawal
from app.services import orders, withdrawals
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.params import In, Quantity, Ref
from app.services.runtime import Runtime


class WithdrawalLineIn(In):
    """So many of one line."""

    line_id: Ref
    quantity: Quantity


class WithdrawParams(In):
    """From what is withdrawn; without lines from all that is left of the order. There is no field for a reason."""

    order: Ref
    lines: Annotated[list[WithdrawalLineIn], Field(min_length=1, max_length=500)] | None = None


async def read(runtime: Runtime, caller: Caller, params: WithdrawParams) -> Ready:
    """The order as the shop holds it now, and the lines by name."""
    lines: dict[str, int] | None = None
    if params.lines is not None:
        lines = {line.line_id: line.quantity for line in params.lines}
        if len(lines) != len(params.lines):
            raise Invalid("A line is named twice.")
    return Ready(await orders.load(runtime, caller, params.order, fresh=True), lines)


def write(session: Session, caller: Caller, params: WithdrawParams, ready: Ready) -> Withdrawal:
    """Check the right and write it down; nothing is binding yet."""
    del params
    assert ready.order_id is not None
    return withdrawals.request(session, caller, ready.order_id, ready.said)


ACTION = Action(
    name="withdraw",
    description="Declare a withdrawal from the contract (step one of two); no reason is asked, nothing is binding yet.",
    params=WithdrawParams,
    guard="withdrawal",
    proof=1,
    cost="none",
    scope="withdrawals:write",
    route="POST /v1/withdrawals",
    resource="withdrawal",
    status=201,
    read=read,
    write=write,
)
