"""Health, readiness and metrics."""

import hmac
import time

from fastapi import APIRouter, Request, Response
from prometheus_client import generate_latest
from pydantic import ConfigDict

from app import metrics
from app.database import ping
from app.errors import StorageUnavailable, Unauthorized, Unavailable
from app.routers.answers import Json, declare
from app.routers.calling import Means
from app.routers.schemas import Out
from app.services import gauges

router = APIRouter(tags=["System"])


class HealthOut(Out):
    """The process answers."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"status": "ok"}]})

    status: str


class ReadyOut(Out):
    """It can serve; how long the database took to answer."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"status": "ok", "database_ms": 0.21}]})

    status: str
    database_ms: float


METRICS = {
    "schema": {"type": "string"},
    "example": """# HELP aftersale_operations_dead Operations that wait for a named person.
# TYPE aftersale_operations_dead gauge
aftersale_operations_dead 0.0
""",
}


@router.get("/healthz", summary="Is the process alive?", response_model=HealthOut)
async def healthz() -> Json:
    """200 as long as the process answers."""
    return Json({"status": "ok"})


@router.get(
    "/readyz",
    summary="Can it serve?",
    response_model=ReadyOut,
    responses=declare(Unavailable, StorageUnavailable),
)
async def readyz(request: Request, means: Means) -> Json:
    """200 when start-up is over, the database answers and takes what is written, else 503.

    Full for a write means not ready for ten seconds: then writes may come again, and one shows whether there is room.
    """
    if not request.app.state.ready:
        raise Unavailable("Starting or stopping.")
    started = time.perf_counter()
    await means.db.read(ping)
    if means.db.room.lacking:
        raise StorageUnavailable
    return Json({"status": "ok", "database_ms": round((time.perf_counter() - started) * 1000, 2)})


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=Response,
    responses={
        200: {"description": "Prometheus' text format.", "content": {"text/plain; version=0.0.4": METRICS}},
        **declare(Unauthorized, StorageUnavailable),
    },
)
async def prometheus(request: Request, means: Means) -> Response:
    """Is it healthy, and is money stuck: requests, operations, refunds, caps, what waits for a person."""
    token = means.settings.metrics_token
    if token is not None:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token.get_secret_value()}".encode()):
            raise Unauthorized
    pool = means.db.pool()
    metrics.STREAMS.set(means.streams.open)
    metrics.CONNECTIONS.set(pool.in_use)
    metrics.MOST_CONNECTIONS.set(pool.most)
    metrics.WRITES_WAITING.set(pool.waiting)
    await means.db.read(gauges.measure)
    return Response(generate_latest(metrics.REGISTRY), media_type="text/plain; version=0.0.4")
