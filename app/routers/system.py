"""Health, readiness and metrics."""

import hmac
import time

from fastapi import APIRouter, Request, Response
from prometheus_client import generate_latest
from pydantic import ConfigDict
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock, metrics
from app.database import ping
from app.errors import StorageUnavailable, Unauthorized, Unavailable
from app.models.operations import Operation
from app.routers.answers import Json, declare
from app.routers.calling import Means
from app.routers.schemas import Out
from app.services import audit

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
    """200 when the database answers and start-up is over, else 503."""
    if not request.app.state.ready:
        raise Unavailable("Starting or stopping.")
    started = time.perf_counter()
    await means.db.read(ping)
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
    """Requests, operations that have not ended, what waits for a person."""
    token = means.settings.metrics_token
    if token is not None:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token.get_secret_value()}".encode()):
            raise Unauthorized
    await means.db.read(_measure)
    return Response(generate_latest(metrics.REGISTRY), media_type="text/plain; version=0.0.4")


def _measure(session: Session) -> None:
    metrics.OPERATIONS.clear()
    rows = session.execute(
        select(Operation.kind, Operation.status, func.count())
        .where(Operation.status.in_(("pending", "unknown")))
        .group_by(Operation.kind, Operation.status)
    )
    for kind, status, count in rows:
        metrics.OPERATIONS.labels(kind, status).set(count)
    dead = select(func.count()).select_from(Operation).where(Operation.dead_at.is_not(None))
    metrics.DEAD.set(session.scalar(dead) or 0)
    oldest = session.scalar(select(func.min(Operation.created_at)).where(Operation.status.in_(("pending", "unknown"))))
    metrics.OLDEST.set(0 if oldest is None else (clock.now() - oldest).total_seconds())
    metrics.UNSEALED.set(audit.unsealed(session))
