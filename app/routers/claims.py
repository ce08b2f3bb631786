"""Claims: damaged, wrong, missing, lost or not as described; what is claimed need not come back."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.models.claims import Claim
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.pages import OfOrders, of_orders
from app.routers.schemas import Confirmable, In, MoneyIn, MoneyOut, Out, Page, PreviewOut, Ref, Text
from app.routers.writes import CONFIRMED, RequiredKey, Wait, act, perform
from app.services import claim_approvals, claim_grants, claim_states, claims
from app.services.actions import open_claim
from app.services.actions.open_claim import ClaimParams, Resolution
from app.services.callers import Caller
from app.services.claim_grants import Verdict
from app.services.idempotency import Keyed, once
from app.services.scrubbing import scrub

router = APIRouter(prefix="/v1/claims", tags=["Claims"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("claims:read"))]
Writer = Annotated[Caller, Depends(needs("claims:write"))]
KEYED = (errors.IdempotencyKeyRequired, errors.IdempotencyKeyReused, errors.IdempotencyKeyInUse)


class ClaimIn(ClaimParams, Confirmable):
    """What is claimed, and what the shopper would like for it."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.CLAIM_IN]})


class GrantedLineIn(In):
    """How much is granted for a line; without an amount, all that was paid for what is claimed of it."""

    line_id: Ref
    amount: MoneyIn | None = None


class AcceptIn(Confirmable):
    """How the claim is settled."""

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"examples": [{"resolution": "refund", "lines": []}]}
    )

    resolution: Resolution
    lines: Annotated[list[GrantedLineIn], Field(max_length=500)] = []


class DeclineClaimIn(In):
    """Why not."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"reason": "worn"}]})

    reason: Annotated[Text, Field(max_length=2000)]


class ClaimNothingIn(In):
    """No fields."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{}]})


class ClaimLineOut(Out):
    """So many of one line, what is wrong with them, and what was granted where it is not all that was paid."""

    line_id: str
    quantity: int
    kind: str
    note: str | None
    files: list[str]
    amount: MoneyOut | None


class ClaimOut(Out):
    """A claim. `refund` pays it, as store credit too; `failure_code` says why that has failed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.CLAIM]})

    id: str
    livemode: bool
    order: str
    customer: str | None
    status: str = Field(description="requested awaiting_approval accepted declined completed canceled")
    wished: str | None
    resolution: str | None = Field(description="refund store_credit exchange reship")
    currency: str
    lines: list[ClaimLineOut]
    refund: str | None
    payment_status: str | None = Field(description="The refund's status.")
    operations: list[str]
    failure_code: str | None
    reason: str | None
    approval: dict[str, Any] | None
    created_at: str
    decided_at: str | None
    completed_at: str | None


@router.post(
    "",
    summary="Open a claim",
    status_code=201,
    response_model=ClaimOut,
    responses={
        200: {"model": PreviewOut, "description": "With `preview`: what would happen; nothing has."},
        202: {"model": ClaimOut, "description": "Waits for a person (`approval`), or for its money."},
        **refusals(
            errors.OrderNotFound,
            errors.FileNotFound,
            errors.NotOwner,
            errors.OrderAmbiguous,
            errors.NotConnected,
            errors.NoItems,
            errors.ItemNotInOrder,
            errors.AlreadyCanceled,
            errors.AlreadyClaimed,
            errors.OrderNotDelivered,
            errors.RefundExceedsCaptured,
            errors.ProofRequired,
            errors.ProviderUnavailable,
            *KEYED,
            *CONFIRMED,
        ),
    },
)
async def create_claim(
    request: Request, body: ClaimIn, means: Means, caller: Writer, key: RequiredKey, wait: Wait
) -> Json:
    """Say what is wrong with an order's items; a person decides, unless the policy does it by itself."""
    return await act(request, means, caller, open_claim.ACTION, body, key=key, wait=wait)


@router.get("/{claim_id}", summary="Get a claim", response_model=ClaimOut, responses=refusals(errors.ClaimNotFound))
async def get_claim(claim_id: str, means: Means, caller: Reader) -> Json:
    """The claim as it is now."""
    return Json(await means.db.read(_view, caller, claim_id))


def _view(session: Session, caller: Caller, claim_id: str) -> dict[str, Any]:
    return claim_states.view(session, claim_states.get(session, caller, claim_id))


@router.get(
    "",
    summary="List claims",
    response_model=Page[ClaimOut],
    responses=refusals(errors.InvalidCursor, errors.OrderNotFound, errors.NotOwner),
)
async def list_claims(means: Means, caller: Reader, asked: OfOrders) -> Json:
    """Claims of this store, newest first."""
    return await of_orders(means, caller, "claims", Claim, claim_states.view, asked)


ANSWERED = (errors.SelfApproval, errors.ActorRequired, errors.AlreadyApproved, errors.ApprovalNotPending)
VERBS = (errors.ClaimNotFound, errors.ClaimNotInState, errors.Forbidden, *KEYED)


@router.post(
    "/{claim_id}/accept",
    summary="Accept a claim",
    response_model=ClaimOut | PreviewOut,
    responses={
        202: {"model": ClaimOut, "description": "Its money has not arrived yet, or another person must say yes."},
        **refusals(
            *VERBS,
            *ANSWERED,
            errors.OrderNotDelivered,
            errors.AlreadyCanceled,
            errors.AlreadyClaimed,
            errors.OrderNotFound,
            errors.ReasonNotAllowed,
            errors.ItemNotInOrder,
            errors.CurrencyMismatch,
            errors.RefundExceedsCaptured,
            errors.AlreadyReturned,
            errors.PaymentMethodNotFound,
            errors.RefundMethodNotAllowed,
            errors.LimitReached,
            errors.ApprovalRequired,
            errors.ProviderUnavailable,
            *CONFIRMED,
        ),
    },
)
async def accept(
    claim_id: str, request: Request, body: AcceptIn, means: Means, caller: Writer, key: RequiredKey, wait: Wait
) -> Json:
    """Say yes and have it paid; again where the payment has failed. Goods need not come back."""
    claim_states.only_the_store(caller)
    if body.resolution == "refund":
        caller.need("refunds:write")
    if body.resolution == "store_credit":
        caller.need("credits:write")
    shown = await means.db.read(_view, caller, claim_id)
    amounts: dict[str, int | None] = {}
    for line in body.lines:
        if line.amount is not None and body.resolution in {"exchange", "reship"}:
            raise errors.Invalid("Goods are granted whole: leave the amounts out.")
        if line.amount is not None and line.amount.currency != shown["currency"]:
            raise errors.CurrencyMismatch
        if line.line_id in amounts:
            raise errors.Invalid("A line is named twice.")
        amounts[line.line_id] = None if line.amount is None else line.amount.amount
    verdict = Verdict(body.resolution, amounts)

    async def run(keyed: Keyed | None) -> str:
        return await open_claim.accept(means, caller, claim_id, verdict, keyed)

    return await perform(request, means, caller, "claim_payment", run, key=key, wait=wait, status=200)


async def _change(
    request: Request,
    means: Means,
    caller: Caller,
    key: str,
    claim_id: str,
    work: Callable[..., Claim],
    *said: str,
) -> Json:
    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> Claim:
            return once(session, keyed, "claim_payment", work, caller, claim_id, *said)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "claim_payment", run, key=key, status=200)


@router.post(
    "/{claim_id}/decline",
    summary="Decline a claim",
    response_model=ClaimOut,
    responses=refusals(*VERBS, errors.ApprovalNotPending),
)
async def decline(
    claim_id: str, request: Request, body: DeclineClaimIn, means: Means, caller: Writer, key: RequiredKey
) -> Json:
    """Say no to a claim that waits, and why."""
    reason = await scrub(means, caller, body.reason)
    return await _change(request, means, caller, key, claim_id, claim_approvals.decline, reason)


@router.post("/{claim_id}/cancel", summary="Cancel a claim", response_model=ClaimOut, responses=refusals(*VERBS))
async def cancel(
    claim_id: str, request: Request, means: Means, caller: Writer, key: RequiredKey, body: ClaimNothingIn | None = None
) -> Json:
    """Take back a claim that nobody has decided; a shopper may do it too."""
    del body
    return await _change(request, means, caller, key, claim_id, claims.cancel)


@router.post("/{claim_id}/complete", summary="Complete a claim", response_model=ClaimOut, responses=refusals(*VERBS))
async def complete(
    claim_id: str, request: Request, means: Means, caller: Writer, key: RequiredKey, body: ClaimNothingIn | None = None
) -> Json:
    """The goods that were granted are on their way; what is paid in money completes by itself."""
    del body
    return await _change(request, means, caller, key, claim_id, claim_grants.complete)
