"""The look-up by how a path begins finds what a search through all routes would find."""

from __future__ import annotations

import asyncio

import pytest
from fastapi.routing import APIRoute
from limits import parse
from starlette.routing import Match

from app.main import create_app
from app.rates import Here
from app.routes import Routes
from app.settings import Settings
from app.wires import Wires


def test_every_route_is_found_where_the_router_finds_it() -> None:
    app = create_app(Settings())._app
    routes, seen = Routes(app), 0
    for route in app.router.routes:
        if not isinstance(route, APIRoute):
            continue
        path = route.path.replace("{", "").replace("}", "")
        for method in route.methods:
            scope = {"type": "http", "path": path, "method": method, "root_path": "", "headers": []}
            first = next(one for one in app.router.routes if one.matches(dict(scope))[0] is Match.FULL)
            found = routes.find(scope)
            assert found is None or found[0] is first, path
            seen += found is not None
    assert seen > 100
    assert routes.find({"type": "http", "path": "/v1/nothing/here", "method": "GET"}) is None


def test_a_window_counts_each_caller_and_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    counts, limit, now = Here(), parse("2/minute"), [1000.0]
    monkeypatch.setattr("app.rates.time.time", lambda: now[0])
    assert [counts.hit(limit, "a").hits for _ in range(3)] == [1, 2, 3]
    assert counts.hit(limit, "b").hits == 1
    now[0] += 59
    assert counts.hit(limit, "a").hits == 4
    now[0] += 1
    assert (counts.hit(limit, "a").hits, counts.hit(limit, "a").until) == (1, now[0] + 60)


@pytest.mark.anyio
async def test_connections_are_handed_over_in_order_and_a_wait_that_is_given_up_takes_none(
    postgres_url: object,
) -> None:
    wires = Wires(str(postgres_url(empty=True)), 1, {"application_name": "wires"})  # type: ignore[operator]
    try:
        slow = asyncio.create_task(wires.fetch("SELECT pg_sleep(0.3)", ()))
        await asyncio.sleep(0.05)
        given_up, next_one = (asyncio.create_task(wires.fetch("SELECT 1 AS one", ())) for _ in range(2))
        await asyncio.sleep(0.05)
        assert wires.in_use == 1
        given_up.cancel()
        await slow
        assert [dict(row) for row in await next_one] == [{"one": 1}]
        assert wires.in_use == 0
        broken = asyncio.create_task(wires.fetch("SELECT pg_sleep(5)", ()))
        await asyncio.sleep(0.1)
        broken.cancel()
        assert [dict(row) for row in await wires.fetch("SELECT 2 AS two", ())] == [{"two": 2}], "on another one"
    finally:
        await wires.close()
