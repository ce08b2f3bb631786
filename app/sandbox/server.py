"""The sandbox as one ASGI application: many shops, chosen by the header `X-Sandbox-Shop`."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from app.sandbox import carrier, changed, changes, control, mail, payments, shop, subscriptions, transfers
from app.sandbox.store import Store
from app.sandbox.wire import Problem

DEMO = Path(__file__).with_name("demo.json")


def create_sandbox(database: str | Path) -> Starlette:
    """The sandbox on this database file; an empty one gets the demo shop `demo` first."""
    store = Store(database)
    if store.is_empty():
        control.take_in(store, "demo", json.loads(DEMO.read_text(encoding="utf-8")))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        yield
        store.close()

    app = Starlette(
        routes=[
            *shop.ROUTES,
            *changed.ROUTES,
            *changes.ROUTES,
            *subscriptions.ROUTES,
            *payments.ROUTES,
            *transfers.ROUTES,
            *carrier.ROUTES,
            *mail.ROUTES,
            *control.ROUTES,
        ],
        exception_handlers={Problem: _problem, 404: _no_route, 405: _no_method},
        lifespan=lifespan,
    )
    app.state.store = store
    return app


async def _problem(_: Request, error: Exception) -> Response:
    return error.response() if isinstance(error, Problem) else _gone(500, "internal_error")


async def _no_route(_: Request, __: Exception) -> Response:
    return _gone(404, "route_not_found")


async def _no_method(_: Request, __: Exception) -> Response:
    return _gone(405, "method_not_allowed")


def _gone(status: int, code: str) -> Response:
    return Problem(status, code, "The sandbox has no such route.").response()
