"""The app: means, error handlers, every router found by folder."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import pkgutil
import threading
from collections.abc import AsyncGenerator
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.routing import Route

from app import __version__, errors, routers, tracing
from app.database import Database, connect
from app.draining import told_first
from app.edge import Edge
from app.errors import AppError
from app.integrations import http
from app.offline import close_the_way_out
from app.openapi import describe
from app.routers import uploads
from app.services import durable, file_blobs, jobs, keyrings, webhook_sender
from app.services.event_streams import Streams
from app.services.providers import Connections, StoreConnections
from app.services.runtime import Runtime
from app.settings import Settings

log = structlog.get_logger()


def create_app(settings: Settings, *, connections: Connections | None = None) -> Edge:
    """The whole service behind its one ASGI layer."""
    app: FastAPI = FastAPIOffline(
        title="Aftersale",
        version=__version__,
        lifespan=_lifespan,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        favicon_url="/static-offline-docs/favicon.png",
    )
    app.state.settings = settings
    app.state.connections = connections
    app.state.ready = False
    app.state.uploads = asyncio.Semaphore(uploads.AT_ONCE)
    for name in sorted(module.name for module in pkgutil.iter_modules(routers.__path__)):
        router = getattr(importlib.import_module(f"app.routers.{name}"), "router", None)
        if router is not None:
            # As they are: to include them would analyse each a second time, at the first request.
            app.router.routes.extend(router.routes)
    app.add_exception_handler(AppError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _broken)
    describe(app)
    close_the_way_out(app)
    return Edge(app, settings)


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    settings: Settings = app.state.settings
    async with running(settings, app.state.connections, work=settings.embedded) as runtime:
        app.state.runtime = runtime
        app.state.ready = True
        keep_what_is()
        load = threading.Thread(target=http.load, daemon=True, name="load")
        soon = asyncio.get_running_loop().call_later(0.3, load.start)  # behind the first answers

        loop = asyncio.get_running_loop()

        def leave() -> None:
            app.state.ready = False
            loop.call_soon_threadsafe(runtime.streams.stop)  # else the server would wait for every one of them

        with told_first(leave, settings.drain_seconds):
            try:
                yield
            finally:
                soon.cancel()
                leave()


def keep_what_is() -> None:
    """Have the collector leave alone what start-up made, and come less often.

    A unit of work makes thousands of objects that go with it; to look among them for circles took a tenth of its time.
    """
    gc.freeze()
    gc.set_threshold(10_000, 10, 20)
    gc.enable()  # the command line turned it off: a third of the time that imports take


@contextlib.asynccontextmanager
async def running(settings: Settings, connections: Connections | None, *, work: bool) -> AsyncGenerator[Runtime]:
    """A process's means, opened and closed in order; with `work` the engine runs here."""
    tracing.start(settings.traces_url, settings.traces_ratio, __version__)
    db: Database = connect(settings.database, pool_size=settings.pool_size)
    db.info["jobs"] = durable.client(settings)
    db.info["blobs"] = file_blobs.place(settings.files)
    db.info["inbound_days"] = settings.inbound_days
    db.info["event_days"] = settings.event_days
    db.info["ticket_days"] = settings.ticket_days
    db.info["recheck_seconds"] = settings.recheck_seconds
    db.info["keyring"] = keyring = keyrings.of(settings)
    found = connections or StoreConnections(settings, keyring)
    runtime = Runtime(settings=settings, db=db, connections=found, executor=jobs.executor_name(), streams=Streams(db))
    await db.start()
    engine = durable.Engine(settings, jobs.table(runtime)) if work else None
    chores: list[asyncio.Task[None]] = []
    try:
        if engine is not None:
            await engine.launch()
            chores.append(asyncio.create_task(jobs.housekeeping(runtime), name="housekeeping"))
            chores.append(asyncio.create_task(jobs.watching(runtime), name="watching"))
            chores.append(asyncio.create_task(webhook_sender.run(runtime), name="webhooks"))
        yield runtime
    finally:
        for chore in chores:
            chore.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await chore
        if engine is not None:
            await engine.close()
        await found.close()
        await db.close()
        tracing.stop()


def _problem(request: Request, error: AppError) -> Response:
    body = orjson.dumps(error.problem(request.state.request_id))
    return Response(body, status_code=error.status, headers=error.headers, media_type="application/problem+json")


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    return _problem(request, error)


async def _broken(request: Request, error: Exception) -> Response:
    del error  # the edge writes it to the log; none of it is for the caller
    return _problem(request, AppError())


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, AppError):  # FastAPI wraps whatever the reading of a body raises
        return _problem(request, error.__cause__)
    known: dict[int, type[AppError]] = {404: errors.NotFound, 405: errors.MethodNotAllowed, 400: errors.BadRequest}
    kind = known.get(error.status_code, errors.BadRequest)
    headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
    return _problem(request, kind(headers=headers or {}))


def _allowed(request: Request) -> str:
    """What is taken at this path (RFC 9110, 10.2.1): a route has some of its methods, and the router names one's.

    A path that is written out (`/v1/refunds/quote`) is no other's variable.
    """
    path: str = request.scope["path"]
    here = [route for route in request.app.routes if isinstance(route, Route) and route.path_regex.match(path)]
    fewest = min((route.path_format.count("{") for route in here), default=0)
    nearest = [route for route in here if route.path_format.count("{") == fewest]
    return ", ".join(sorted({method for route in nearest for method in route.methods or ()}))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [_field(dict(item)) for item in error.errors()[:50]]
    return _problem(request, errors.Invalid(errors=found))


def _field(item: dict[str, Any]) -> dict[str, str]:
    """One finding of pydantic as a pointer, a code and a sentence, without the value itself."""
    where, *path = item["loc"]
    steps = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
    pointer = steps if where == "body" else f"{where}:{'.'.join(str(step) for step in path)}"
    return {"pointer": pointer, "code": str(item["type"]), "detail": str(item["msg"])}
