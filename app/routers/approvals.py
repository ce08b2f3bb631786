"""Approvals: what waits for a named person's yes; it is decided again, on today's facts, when they say it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import errors
from app.models.approvals import Approval
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.pages import Cursor, Limit, page, unseal
from app.routers.schemas import In, Out, Page, Text
from app.routers.writes import RequiredKey, perform
from app.services import approval_views, approval_votes, claim_approvals, orders
from app.services.actions import registry
from app.services.callers import Caller
from app.services.idempotency import Keyed
from app.services.scrubbing import scrub

router = APIRouter(prefix="/v1/approvals", tags=["Approvals"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("approvals:read"))]
Writer = Annotated[Caller, Depends(needs("approvals:write"))]


class ApprovalOut(Out):
    """A write that waits, or how it ended; `reasons` say why a person was asked, or why today's facts said no."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.APPROVAL]})

    id: str
    livemode: bool
    status: str = Field(description="pending approved rejected refused expired canceled")
    action: str = Field(description="By its name in `/v1/actions`.")
    order: str | None
    subject: dict[str, Any] | None = Field(description="What stands in `awaiting_approval`; null where nothing does.")
    parameters: dict[str, Any]
    requested_by: dict[str, Any]
    approvers: int = Field(description="How many different persons must say yes.")
    votes: list[dict[str, Any]] = Field(description="Who said what, oldest first.")
    code: str | None = Field(description="The refusal's code, where today's facts said no.")
    reasons: list[str]
    rules: list[str]
    policy_version: str
    decision_id: str | None
    result: dict[str, Any] | None = Field(description="What was made once it was approved.")
    created_at: str
    expires_at: str
    settled_at: str | None


class WordIn(In):
    """A note for the audit trail."""

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"examples": [{"note": "seen the photos"}]}
    )

    note: Annotated[Text, Field(max_length=2000)] | None = None


@router.get(
    "/{approval_id}",
    summary="Get an approval",
    response_model=ApprovalOut,
    responses=refusals(errors.ApprovalNotFound, errors.Forbidden),
)
async def get_approval(approval_id: str, means: Means, caller: Reader) -> Json:
    """The approval as it is now."""
    return Json(await means.db.read(_view, caller, approval_id))


def _view(session: Session, caller: Caller, approval_id: str) -> dict[str, Any]:
    return approval_views.view(approval_views.get(session, caller, approval_id))


@router.get(
    "",
    summary="List approvals",
    response_model=Page[ApprovalOut],
    responses=refusals(errors.InvalidCursor, errors.Forbidden, errors.OrderNotFound),
)
async def list_approvals(
    means: Means,
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[str | None, Query(max_length=40)] = None,
    action: Annotated[str | None, Query(max_length=40)] = None,
    order: Annotated[str | None, Query(max_length=255)] = None,
) -> Json:
    """Approvals of this store, newest first."""
    if not caller.is_merchant:
        raise errors.Forbidden("Only the store may do that.")
    filters = {"status": status, "action": action, "order": order}
    place = unseal(caller, "approvals", filters, cursor)
    order_id = None if order is None else await orders.load(means, caller, order)
    rows = await means.db.read(_listed, caller, order_id, filters, place, limit + 1)
    return Json(page(caller, "approvals", filters, rows, limit))


def _listed(
    session: Session, caller: Caller, order_id: str | None, filters: dict[str, Any], place: str | None, limit: int
) -> list[dict[str, Any]]:
    query = select(Approval).where(Approval.store_id == caller.store_id, Approval.livemode == caller.livemode)
    if order_id is not None:
        query = query.where(Approval.order_id == order_id)
    if filters["status"] is not None:
        query = query.where(Approval.status == filters["status"])
    if filters["action"] is not None:
        query = query.where(Approval.action == filters["action"])
    if place is not None:
        query = query.where(Approval.id < place)
    return [approval_views.view(row) for row in session.scalars(query.order_by(Approval.id.desc()).limit(limit))]


WORDS = refusals(
    errors.ApprovalNotFound,
    errors.ApprovalNotPending,
    errors.ActorRequired,
    errors.AlreadyApproved,
    errors.Forbidden,
    errors.SelfApproval,
    errors.ProviderUnavailable,
    errors.ResolutionRequired,
    errors.IdempotencyKeyRequired,
    errors.IdempotencyKeyReused,
    errors.IdempotencyKeyInUse,
)


async def _say(
    request: Request, means: Means, caller: Caller, key: str, approval_id: str, body: WordIn | None, *, yes: bool
) -> Json:
    note = await scrub(means, caller, body.note if body is not None else None)

    async def run(keyed: Keyed | None) -> str:
        return await approval_votes.decide(means, caller, approval_id, yes=yes, note=note, keyed=keyed)

    return await perform(request, means, caller, "approval", run, key=key, status=200)


GRANTS = {"refund": "refunds:write", "store_credit": "credits:write"}
"""What settles a claim with money, and the scope that its own route asks for."""


def _made_with(session: Session, caller: Caller, approval_id: str) -> list[str]:
    """The scopes of what a yes to it makes."""
    approval = approval_views.get(session, caller, approval_id)
    action = registry.every().get(approval.action)
    scopes = [] if action is None else [action.scope]
    if approval.subject_type == "claim":
        verdict: dict[str, Any] = approval.parameters.get(claim_approvals.VERDICT) or {}
        granted = GRANTS.get(str(verdict.get("resolution") or approval.parameters.get("resolution")))
        scopes += [] if granted is None else [granted]
    return scopes


@router.post("/{approval_id}/approve", summary="Approve", response_model=ApprovalOut, responses=WORDS)
async def approve(
    approval_id: str, request: Request, means: Means, caller: Writer, key: RequiredKey, body: WordIn | None = None
) -> Json:
    """Say yes, by a named person who has not asked for it; today's facts may still say no (`refused`).

    The key needs the scope of what is made by it, too: a refund's for a claim that is paid.
    """
    approval_votes.person(caller)
    for scope in await means.db.read(_made_with, caller, approval_id):
        caller.need(scope)
    return await _say(request, means, caller, key, approval_id, body, yes=True)


@router.post("/{approval_id}/reject", summary="Reject", response_model=ApprovalOut, responses=WORDS)
async def reject(
    approval_id: str, request: Request, means: Means, caller: Writer, key: RequiredKey, body: WordIn | None = None
) -> Json:
    """Say no; what waited is canceled or declined."""
    return await _say(request, means, caller, key, approval_id, body, yes=False)
