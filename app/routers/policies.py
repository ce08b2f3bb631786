"""Policies: what shoppers, agents and automation may do; one version is active."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from app import errors
from app.models.policies import Policy
from app.routers import policy_examples as examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.pages import Cursor, Limit, page, unseal
from app.routers.schemas import In, Line, Out, Page
from app.routers.versions import Version, version_in
from app.routers.writes import OptionalKey, perform
from app.services import policies
from app.services.callers import Caller
from app.services.idempotency import Keyed, once
from app.services.scrubbing import scrub

router = APIRouter(prefix="/v1/policies", tags=["Policies"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("policies:read"))]
Writer = Annotated[Caller, Depends(needs("policies:write"))]
KEYED = (errors.IdempotencyKeyReused, errors.IdempotencyKeyInUse)


class PolicyIn(In):
    """A new draft: the whole document, as docs/policies.md explains it; what is not named has its sound default."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.POLICY_IN]})

    document: dict[str, Any]
    name: Annotated[Line, Field(max_length=200)] | None = None


class PolicyPatchIn(In):
    """What of a draft becomes another; a document is replaced as a whole."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"name": "Christmas"}]})

    document: dict[str, Any] | None = None
    name: Annotated[Line, Field(max_length=200)] | None = None


class PolicyOut(Out):
    """One version; `number` counts the versions of the store, `version` the changes of this one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.POLICY]})

    id: str
    livemode: bool
    number: int
    status: str = Field(description="draft active retired")
    version: int
    name: str | None
    document: dict[str, Any]
    created_by: dict[str, Any]
    activated_by: dict[str, Any] | None
    created_at: str
    updated_at: str
    activated_at: str | None
    retired_at: str | None


@router.post(
    "",
    summary="Draft a policy",
    status_code=201,
    response_model=PolicyOut,
    responses=refusals(errors.Forbidden, *KEYED),
)
async def create_policy(request: Request, body: PolicyIn, means: Means, caller: Writer, key: OptionalKey) -> Json:
    """Check a document and keep it as a draft; a fault is refused with its pointer and the active version stays."""
    only_the_store(caller)
    document = policies.checked(caller, await scrub(means, caller, body.document))
    name = await scrub(means, caller, body.name)

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> Policy:
            return once(session, keyed, "policy", policies.create, caller, document, name)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "policy", run, key=key)


@router.get(
    "",
    summary="List policies",
    response_model=Page[PolicyOut],
    responses=refusals(errors.InvalidCursor, errors.Forbidden),
)
async def list_policies(
    means: Means,
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[Literal["draft", "active", "retired"] | None, Query()] = None,
) -> Json:
    """The store's versions in this mode, newest first."""
    only_the_store(caller)
    filters = {"status": status}
    place = unseal(caller, "policies", filters, cursor)
    rows = await means.db.read(_listed, caller, status, place, limit + 1)
    return Json(page(caller, "policies", filters, rows, limit))


def _listed(
    session: Session, caller: Caller, status: str | None, place: str | None, limit: int
) -> list[dict[str, Any]]:
    return [policies.view(row) for row in policies.listed(session, caller, status, before=place, limit=limit)]


@router.get(
    "/{policy_id}",
    summary="Get a policy",
    response_model=PolicyOut,
    responses=refusals(errors.PolicyNotFound, errors.Forbidden),
)
async def get_policy(policy_id: str, means: Means, caller: Reader) -> Json:
    """One version with its whole document."""
    only_the_store(caller)
    return Json(await means.db.read(_view, caller, policy_id))


def _view(session: Session, caller: Caller, policy_id: str) -> dict[str, Any]:
    return policies.view(policies.get(session, caller, policy_id))


@router.patch(
    "/{policy_id}",
    summary="Change a draft",
    response_model=PolicyOut,
    responses=refusals(
        errors.PolicyNotFound, errors.PolicyNotDraft, errors.PreconditionFailed, errors.Forbidden, *KEYED
    ),
)
async def patch_policy(
    policy_id: str,
    request: Request,
    body: PolicyPatchIn,
    means: Means,
    caller: Writer,
    key: OptionalKey,
    if_match: Version = None,
) -> Json:
    """Only drafts change; with `If-Match` only if the version is still that one."""
    only_the_store(caller)
    version = version_in(if_match, "policy")
    fields = await scrub(means, caller, body.model_dump(exclude_unset=True))
    if "document" in fields:
        if fields["document"] is None:
            raise errors.Invalid(errors=[{"pointer": "/document", "code": "null", "detail": "must not be null"}])
        fields["document"] = policies.checked(caller, fields["document"]).dumped()

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> Policy:
            return once(session, keyed, "policy", policies.change, caller, policy_id, fields, version)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "policy", run, key=key, status=200)


@router.post(
    "/{policy_id}/activate",
    summary="Activate a policy",
    response_model=PolicyOut,
    responses=refusals(errors.PolicyNotFound, errors.PreconditionFailed, errors.Forbidden, *KEYED),
)
async def activate(
    policy_id: str, request: Request, means: Means, caller: Writer, key: OptionalKey, if_match: Version = None
) -> Json:
    """Decide by this version from now on; a retired one can be activated again."""
    only_the_store(caller)
    version = version_in(if_match, "policy")

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> Policy:
            return once(session, keyed, "policy", policies.activate, caller, policy_id, version)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "policy", run, key=key, status=200)


def only_the_store(caller: Caller) -> None:
    """Raise `forbidden` where a shopper acts."""
    if not caller.is_merchant:
        raise errors.Forbidden("Only the store may do that.")
