"""Withdraw from a contract, step two: binding, acknowledged on a durable medium, and carried out."""

from sqlalchemy.orm import Session

from app.models.withdrawals import Withdrawal
from app.services import orders, withdrawal_approvals, withdrawal_states
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.params import In, PathRef
from app.services.runtime import Runtime


class ConfirmWithdrawalParams(In):
    """Which withdrawal."""

    withdrawal: PathRef


async def read(runtime: Runtime, caller: Caller, params: ConfirmWithdrawalParams) -> Ready:
    """Its order and the payments as shop and provider hold them now."""
    order_id = await runtime.db.read(_order_of, caller, params.withdrawal)
    await orders.load(runtime, caller, order_id, fresh=True)
    return Ready(order_id, await orders.ledgers(runtime, caller, order_id))


def _order_of(session: Session, caller: Caller, withdrawal_id: str) -> str:
    return withdrawal_states.get(session, caller, withdrawal_id).order_id


def write(session: Session, caller: Caller, params: ConfirmWithdrawalParams, ready: Ready) -> Withdrawal:
    """Bind it, and do what follows from it."""
    return withdrawal_approvals.confirm(session, caller, params.withdrawal, ready.said)


ACTION = Action(
    name="confirm_withdrawal",
    description="Confirm a declared withdrawal (step two of two): binding from now, acknowledged and carried out.",
    params=ConfirmWithdrawalParams,
    guard="withdrawal",
    proof=1,
    cost="none",  # it is itself the confirmation: the law puts no third step between a shopper and their right
    scope="withdrawals:write",
    route="POST /v1/withdrawals/{withdrawal}/confirm",
    resource="withdrawal_confirmed",
    status=200,
    read=read,
    write=write,
)
