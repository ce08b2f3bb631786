"""Webhook endpoints: who is told of events, what each was sent, and sending it again."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from app import errors
from app.models.webhooks import WebhookDelivery, WebhookEndpoint, WebhookReplay
from app.routers import webhook_examples as examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.events import EventOut
from app.routers.pages import Cursor, Limit, page, unseal
from app.routers.policies import KEYED, only_the_store
from app.routers.schemas import In, Line, Moment, NothingIn, Out, Page
from app.routers.writes import OptionalKey, Wait, perform
from app.services import webhook_endpoints as endpoints
from app.services import webhook_replays as replays
from app.services import webhook_views as deliveries
from app.services.callers import Caller
from app.services.idempotency import Keyed, once
from app.services.scrubbing import scrub

router = APIRouter(prefix="/v1/webhook-endpoints", tags=["Webhooks"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("webhooks:read"))]
Writer = Annotated[Caller, Depends(needs("webhooks:write"))]
Url = Annotated[Line, Field(max_length=2048)]
Types = Annotated[list[Annotated[str, Field(max_length=81)]], Field(max_length=100)]
About = Annotated[str, Field(max_length=500)]
MISSING = (errors.WebhookEndpointNotFound, errors.Forbidden)


class WebhookEndpointIn(In):
    """An address that is told of events from now on."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.ENDPOINT_IN]})

    url: Url = Field(description="https, a public host; no redirect is followed.")
    description: About = ""
    types: Types = Field([], description="`ticket.created`, `ticket.*` for all of a resource; empty: every event.")
    connection: Annotated[str, Field(max_length=40)] | None = Field(
        None, description="The connection that it belongs to: what came from there is not told to it again."
    )


class WebhookEndpointPatchIn(In):
    """What becomes another."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"status": "disabled"}]})

    url: Url | None = None
    description: About | None = None
    types: Types | None = None
    connection: Annotated[str, Field(max_length=40)] | None = None
    status: Literal["enabled", "disabled"] | None = None


class SecretRotationIn(In):
    """A new secret."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"overlap_seconds": 86400}]})

    overlap_seconds: Annotated[int, Field(ge=0, le=604_800)] = Field(
        86_400, description="How long the former secret signs beside the new one."
    )


class WebhookReplayIn(In):
    """Which events are sent again: those named, those of a time, those that were given up; together they narrow."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [examples.REPLAY_IN]})

    events: Annotated[list[Annotated[str, Field(max_length=40)]], Field(min_length=1, max_length=100)] | None = None
    since: Moment | None = None
    until: Moment | None = None
    failed: bool = Field(False, description="Only what is dead.")

    @model_validator(mode="after")
    def _says_something(self) -> "WebhookReplayIn":
        if self.events is None and self.since is None and not self.failed:
            raise ValueError("name events, since or failed")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError("since comes before until")
        return self


class WebhookEndpointOut(Out):
    """A webhook endpoint."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.ENDPOINT]})

    id: str
    livemode: bool
    url: str
    description: str
    types: list[str]
    connection: str | None
    status: str = Field(description="enabled disabled deleted")
    disabled_reason: str | None = Field(description="by_request; failing: for five days; gone: it answered 410")
    failing_since: str | None = Field(description="The first failure since the last success.")
    former_secret_until: str | None = Field(description="Until then two secrets sign.")
    version: int
    created_at: str
    updated_at: str


class WebhookEndpointWithSecretOut(WebhookEndpointOut):
    """With the secret, which is told when it is made and never again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.MADE]})

    secret: str = Field(description="Standard Webhooks: whsec_ and the key in base64.")


class WebhookAttemptOut(Out):
    """One request."""

    number: int
    at: str
    url: str
    status: int | None = Field(description="Of the answer; null: there was none.")
    error: str | None
    response: str | None = Field(description="The beginning of the answer, redacted.")
    milliseconds: int


class WebhookDeliveryOut(Out):
    """An event for an endpoint."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.DELIVERY]})

    id: str
    livemode: bool
    endpoint: str
    event: str = Field(description="Sent as `webhook-id`.")
    type: str
    resource: str
    sequence: int
    status: str = Field(description="pending succeeded dead")
    next_attempt_at: str | None
    delivered_at: str | None
    request: EventOut | None = Field(description="The body; null: the log has forgotten the event.")
    attempts: list[WebhookAttemptOut]
    created_at: str


class WebhookReplayOut(Out):
    """How far a replay is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.REPLAY]})

    id: str
    livemode: bool
    endpoint: str
    status: str = Field(description="pending done")
    replayed: int
    created_at: str
    ended_at: str | None


@router.post(
    "",
    summary="Create a webhook endpoint",
    status_code=201,
    response_model=WebhookEndpointWithSecretOut,
    responses=refusals(errors.EncryptionKeyMissing, errors.Forbidden, *KEYED),
)
async def create_endpoint(
    request: Request, body: WebhookEndpointIn, means: Means, caller: Writer, key: OptionalKey
) -> Json:
    """It is told of every event from now on, signed by the `secret` of this answer (Standard Webhooks)."""
    only_the_store(caller)
    given = await _given(means, caller, body.model_dump())

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> WebhookEndpoint:
            return once(session, keyed, "webhook_secret", endpoints.create, caller, given)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "webhook_secret", run, key=key, kept=False)


async def _given(means: Means, caller: Caller, fields: dict[str, Any]) -> dict[str, Any]:
    """What was given, checked and redacted."""
    if "url" in fields:
        fields["url"] = endpoints.checked_url(means.addresses, fields["url"])
    if "types" in fields:
        fields["types"] = endpoints.checked_types(fields["types"])
    return fields | await scrub(
        means, caller, {name: fields[name] for name in ("url", "description") if name in fields}
    )


@router.get(
    "", summary="List webhook endpoints", response_model=Page[WebhookEndpointOut], responses=refusals(errors.Forbidden)
)
async def list_endpoints(means: Means, caller: Reader, limit: Limit = 50, cursor: Cursor = None) -> Json:
    """Newest first."""
    only_the_store(caller)
    place = unseal(caller, "webhook_endpoints", {}, cursor)

    def work(session: Session) -> list[dict[str, Any]]:
        return [endpoints.view(row) for row in endpoints.listed(session, caller, place, limit + 1)]

    return Json(page(caller, "webhook_endpoints", {}, await means.db.read(work), limit))


@router.get(
    "/{endpoint_id}", summary="Get a webhook endpoint", response_model=WebhookEndpointOut, responses=refusals(*MISSING)
)
async def get_endpoint(endpoint_id: str, means: Means, caller: Reader) -> Json:
    """Its address, types and state; never its secret."""
    only_the_store(caller)

    def work(session: Session) -> dict[str, Any]:
        return endpoints.view(endpoints.get(session, caller, endpoint_id))

    return Json(await means.db.read(work))


@router.patch(
    "/{endpoint_id}",
    summary="Change a webhook endpoint",
    response_model=WebhookEndpointOut,
    responses=refusals(*MISSING, *KEYED),
)
async def change_endpoint(
    endpoint_id: str, request: Request, body: WebhookEndpointPatchIn, means: Means, caller: Writer, key: OptionalKey
) -> Json:
    """Change what is named. Enabled again it goes on behind what it was told last."""
    only_the_store(caller)
    fields = body.model_dump(exclude_unset=True)
    empty = sorted(name for name in fields if fields[name] is None and name != "connection")
    if empty:
        raise errors.Invalid(
            errors=[{"pointer": f"/{name}", "code": "not_null", "detail": "must not be null"} for name in empty]
        )
    given = await _given(means, caller, fields)

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> WebhookEndpoint:
            return once(session, keyed, "webhook_endpoint", endpoints.change, caller, endpoint_id, given)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "webhook_endpoint", run, key=key, status=200)


@router.delete(
    "/{endpoint_id}",
    summary="Delete a webhook endpoint",
    response_model=WebhookEndpointOut,
    responses={
        200: {
            "description": "Nothing is sent to it any more.",
            "content": {"application/json": {"example": examples.DELETED}},
        },
        **refusals(*MISSING, *KEYED),
    },
)
async def delete_endpoint(endpoint_id: str, request: Request, means: Means, caller: Writer, key: OptionalKey) -> Json:
    """Forget its secrets; what waits to be sent is not sent."""
    only_the_store(caller)

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> WebhookEndpoint:
            return once(session, keyed, "webhook_endpoint", endpoints.remove, caller, endpoint_id)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "webhook_endpoint", run, key=key, status=200)


@router.post(
    "/{endpoint_id}/rotate-secret",
    summary="Rotate a webhook endpoint's secret",
    response_model=WebhookEndpointWithSecretOut,
    responses={
        200: {"description": "The new secret.", "content": {"application/json": {"example": examples.ROTATED}}},
        **refusals(errors.EncryptionKeyMissing, *MISSING, *KEYED),
    },
)
async def rotate_secret(
    endpoint_id: str, request: Request, body: SecretRotationIn, means: Means, caller: Writer, key: OptionalKey
) -> Json:
    """A new secret signs at once; while they overlap, each request carries both signatures."""
    only_the_store(caller)
    overlap = timedelta(seconds=body.overlap_seconds)

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> WebhookEndpoint:
            return once(session, keyed, "webhook_secret", endpoints.rotate, caller, endpoint_id, overlap)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "webhook_secret", run, key=key, status=200, kept=False)


@router.post(
    "/{endpoint_id}/test",
    summary="Send a test event",
    status_code=201,
    response_model=WebhookDeliveryOut,
    responses={
        202: {
            "description": "It was not tried yet.",
            "model": WebhookDeliveryOut,
            "content": {"application/json": {"example": examples.WAITING}},
        },
        **refusals(*MISSING, *KEYED),
    },
)
async def test_endpoint(
    endpoint_id: str, request: Request, body: NothingIn, means: Means, caller: Writer, key: OptionalKey, wait: Wait
) -> Json:
    """Send `webhook_endpoint.tested`, whatever its types are; answered with what came of the first attempt."""
    only_the_store(caller)
    del body

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> WebhookDelivery:
            return once(session, keyed, "webhook_delivery", deliveries.test, caller, endpoint_id)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "webhook_delivery", run, key=key, wait=wait)


@router.get(
    "/{endpoint_id}/deliveries",
    summary="List what a webhook endpoint was sent",
    response_model=Page[WebhookDeliveryOut],
    responses=refusals(*MISSING),
)
async def list_deliveries(
    endpoint_id: str,
    means: Means,
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[Literal["pending", "succeeded", "dead"] | None, Query()] = None,
    kind: Annotated[str | None, Query(alias="type", max_length=100)] = None,
    event: Annotated[str | None, Query(max_length=40)] = None,
) -> Json:
    """Newest first, each with the request, every attempt, its answer and its time."""
    only_the_store(caller)
    filters = {"status": status, "type": kind, "event": event}
    where = f"webhook_deliveries {endpoint_id}"
    place = unseal(caller, where, filters, cursor)
    found = await means.db.read(deliveries.listed, caller, endpoint_id, filters, place, limit + 1)
    return Json(page(caller, where, filters, found, limit))


@router.post(
    "/{endpoint_id}/replay",
    summary="Send events again",
    status_code=202,
    response_model=WebhookReplayOut,
    responses=refusals(errors.EventNotFound, *MISSING, *KEYED),
)
async def replay(
    endpoint_id: str, request: Request, body: WebhookReplayIn, means: Means, caller: Writer, key: OptionalKey
) -> Json:
    """Events of the last thirty days once more, under the same `webhook-id`, in their order per resource."""
    only_the_store(caller)
    given = body.model_dump()

    async def run(keyed: Keyed | None) -> str:
        def write(session: Session) -> WebhookReplay:
            return once(session, keyed, "webhook_replay", replays.ask, caller, endpoint_id, given)

        return (await means.db.write(write)).id

    return await perform(request, means, caller, "webhook_replay", run, key=key, status=202)
