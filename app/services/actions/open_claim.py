"""Claim items that arrived damaged, wrong or not at all; and what a person then decides."""

from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy.orm import Session

from app.models.approvals import Approval
from app.models.claims import Claim
from app.services import approval_views, approval_votes, claim_approvals, claim_states, claims, orders
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.claim_facts import ClaimLineSpec, ClaimSpec
from app.services.claim_grants import Verdict
from app.services.idempotency import Keyed, once
from app.services.params import In, Quantity, Ref, Text
from app.services.runtime import Runtime

Kind = Literal["damaged", "wrong", "missing", "lost", "not_as_described"]
Resolution = Literal["refund", "store_credit", "exchange", "reship"]


class ClaimLineIn(In):
    """So many of one line, and what is wrong with them."""

    line_id: Ref
    quantity: Quantity
    kind: Kind
    note: Annotated[Text, Field(max_length=2000)] | None = None
    files: Annotated[list[Ref], Field(max_length=20)] = []


class ClaimParams(In):
    """What is claimed, and what the shopper would like for it."""

    order: Ref
    lines: Annotated[list[ClaimLineIn], Field(max_length=500)]
    resolution: Resolution | None = None

    def spec(self) -> ClaimSpec:
        """In the words of the service."""
        lines = tuple(
            ClaimLineSpec(line.line_id, line.quantity, line.kind, line.note, tuple(line.files)) for line in self.lines
        )
        return ClaimSpec(lines, self.resolution)


async def read(runtime: Runtime, caller: Caller, params: ClaimParams) -> Ready:
    """The order and its payments as shop and provider hold them now."""
    order_id = await orders.load(runtime, caller, params.order, fresh=True)
    return Ready(order_id, await orders.ledgers(runtime, caller, order_id))


def write(session: Session, caller: Caller, params: ClaimParams, ready: Ready) -> Claim:
    """Check and decide: a person's matter, or accepted where the policy says so by itself."""
    assert ready.order_id is not None
    return claims.request(session, caller, ready.order_id, ready.said, params.spec())


ACTION = Action(
    name="open_claim",
    description="Claim items that arrived damaged, wrong or not at all; what is claimed need not come back.",
    params=ClaimParams,
    guard="claim",
    proof=1,
    cost="money",
    scope="claims:write",
    route="POST /v1/claims",
    resource="claim",
    status=201,
    read=read,
    write=write,
    free_text=("lines[].note", "lines[].files"),
)


async def accept(runtime: Runtime, caller: Caller, claim_id: str, verdict: Verdict, keyed: Keyed | None) -> str:
    """A person's yes to a claim, with how it is settled: the vote on its approval, by the claim's own route."""
    approval, order_id = await runtime.db.read(_asked, caller, claim_id)
    if approval is not None:
        ready = await approval_votes.prepared(runtime, caller, approval)
    else:
        await orders.load(runtime, caller, order_id, fresh=True)
        ready = await orders.ledgers(runtime, caller, order_id)

    def write(session: Session) -> Claim:
        return once(session, keyed, "claim_payment", claim_approvals.accept, caller, claim_id, verdict, ready)

    return (await runtime.db.write(write)).id


def _asked(session: Session, caller: Caller, claim_id: str) -> tuple[Approval | None, str]:
    """The newest question about it, and its order; whether it is still open is seen under the key."""
    claim = claim_states.get(session, caller, claim_id)
    approval = approval_views.of_subject(session, claim_states.KIND, claim.id)
    return approval if approval is not None and approval.status == "pending" else None, claim.order_id
