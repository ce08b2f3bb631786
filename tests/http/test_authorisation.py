"""The authorisation matrix: every operation of the document × every kind of caller × own, foreign and no resource.

Generated: operations and their refusals from the OpenAPI document, what each caller gets from the table of
`test_isolation.py`. An operation without a row fails, and so does a row without an operation. What the table tests one
caller at a time, byte for byte, is here held as a whole: one cell each, with its status and code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app import clock, ids
from app.models.storefronts import ShopperSession
from app.models.stores import SCOPES, SHOPPERS_SCOPES
from app.services.stores import digest
from tests.http.storefront import Page, rest, vouched
from tests.http.test_isolation import (
    BY_LINK,
    BY_PAGE,
    CONFIRM,
    COSTS,
    FORBIDDEN,
    HOOK,
    NOT_OWNER,
    OPEN,
    PREFIX,
    ROUTES,
    SCOPE_MISSING,
    Answer,
    Route,
    World,
    ask,
    from_page,
    told,
    world,
)
from tests.support.app import App
from tests.support.promised import Promised

ALONE = True
__all__ = ["world"]
OWN, FOREIGN, NONE = "own", "foreign", "none"
UNAUTHORIZED: Answer = (401, "unauthorized")
Send = Callable[[Route, str], httpx.Response]
Expected = Callable[[Route, str], tuple[Answer, ...]]


@dataclass(frozen=True)
class Caller:
    """A kind of caller: how it calls a route with a resource, and what it is to get."""

    name: str
    send: Send
    expected: Expected
    whose: tuple[str, ...] = (OWN, NONE)
    """`own`: what the first store has; `foreign`: another shopper's, or what lies in the other mode."""


def missing(route: Route) -> tuple[Answer, ...]:
    return ((404, route.missing),)


def refuse(*answers: Answer) -> Expected:
    return lambda route, whose: answers


ONE_SCOPE: dict[str, Answer] = {
    "POST /v1/shopper-sessions/{}/verify": (404, "session_not_found"),  # it is the key's that opened it
    "POST /v1/connections": (403, "scopes_exceeded"),  # nobody gives a connection more than they have
    "POST /v1/returns/{}/complete": SCOPE_MISSING,  # money goes back: refunds:write, too
    "POST /v1/claims/{}/accept": SCOPE_MISSING,
    "POST /v1/events/stream-tickets": SCOPE_MISSING,  # without a ticket to watch it is every event: events:read
}
"""Where the route's scope alone is not enough."""


def merchant(route: Route, whose: str) -> tuple[Answer, ...]:
    if route.name in ONE_SCOPE:
        return (ONE_SCOPE[route.name],)
    return route.own if whose == OWN else missing(route)


def elsewhere(route: Route, whose: str) -> tuple[Answer, ...]:
    """A key that sees another store, or another mode: nothing of ours is there."""
    if route.resource:
        return missing(route)
    return (route.live, *route.own)


def acting(route: Route, whose: str) -> tuple[Answer, ...]:
    """The store's key for a shopper: their own as they may, another's as the table says."""
    if whose == OWN:
        return route.shopper or route.own
    if whose == FOREIGN:
        return (route.stranger,)
    hidden = route.stranger != NOT_OWNER or route.told_nothing
    return (route.stranger,) if hidden else missing(route)


def by_token(route: Route, whose: str) -> tuple[Answer, ...]:
    """A shopper's own token: what costs by preview alone, what is the store's not at all."""
    ours = route.scope in SHOPPERS_SCOPES and route.stranger != FORBIDDEN
    if not route.resource:
        ours = route.scope in SHOPPERS_SCOPES
    if ours and route.name in COSTS:
        return (CONFIRM,)
    if whose == OWN:
        return (route.shopper or route.own) if ours else (FORBIDDEN,)
    return missing(route) if ours else (FORBIDDEN,)


def by_page(route: Route, whose: str) -> tuple[Answer, ...]:
    del whose
    return (BY_PAGE.get((route.name, route.resource), SCOPE_MISSING),)


def with_key(world: World, route: Route, ref: str, credential: str, **headers: str) -> httpx.Response:
    named = {"Authorization": f"Bearer {credential}"} if credential else {}
    return ask(world, "keyless", route, ref, **named, **headers)


@pytest.fixture(scope="module")
def callers(app: App, world: World) -> list[Caller]:
    """Every kind that the contract knows, with good and with bad credentials."""
    mine, theirs = world.mine, world.theirs
    by_scope = {scope: mine.issue(scopes=(scope,))[1] for scope in SCOPES}
    without = {scope: mine.issue(scopes=tuple(name for name in SCOPES if name != scope))[1] for scope in SCOPES}
    pending = mine.post("/v1/shopper-sessions", {"order_number": "#1001", "postal_code": "1"}).json()["id"]
    ended = vouched(mine, "cust-anna")

    def end(session: Any) -> None:
        row = session.query(ShopperSession).filter_by(token_hash=digest(ended)).one()
        row.expires_at = clock.now() - timedelta(seconds=1)

    app.write(end)
    rest(mine)
    other_page = Page.of(theirs)
    bad = {
        "no key": "",
        "wrong key": "sk_test_" + "x" * 43,
        "wrong token": "st_" + "x" * 43,
        "token of an ended session": ended,
        "id of a session": f"st_{pending}",
    }
    nobody = [Caller(name, _with(world, credential), refuse(UNAUTHORIZED)) for name, credential in bad.items()]
    keys = [
        Caller("key without the scope", lambda route, ref: with_key(world, route, ref, without[route.scope]),
               refuse(SCOPE_MISSING)),
        Caller("another store's key", lambda route, ref: ask(world, "theirs", route, ref), elsewhere),
        Caller("live key", lambda route, ref: ask(world, "live", route, ref), elsewhere),
        Caller("another store's page", lambda route, ref: _from(world, other_page, route, ref), by_page),
        Caller("publishable key", lambda route, ref: from_page(world, route, ref), by_page),
        Caller("key with the scope", lambda route, ref: with_key(world, route, ref, by_scope[route.scope]), merchant),
    ]  # fmt: skip
    shoppers = [
        Caller("another shopper's token", lambda route, ref: from_page(world, route, ref, "luc"), by_token,
               (FOREIGN, NONE)),
        Caller("shopper's token", lambda route, ref: from_page(world, route, ref, "anna"), by_token),
        Caller("key for another customer", lambda route, ref: ask(world, "mine", route, ref, **_for("luc")), acting,
               (FOREIGN, NONE)),
        Caller("key for the customer", lambda route, ref: ask(world, "mine", route, ref, **_for("anna")), acting,
               (OWN,)),
    ]  # fmt: skip
    return nobody + keys + shoppers


def _with(world: World, credential: str) -> Send:
    return lambda route, ref: with_key(world, route, ref, credential)


def _for(who: str) -> dict[str, str]:
    return {"Aftersale-Customer": f"cust-{who}"}


def _from(world: World, page: Page, route: Route, ref: str) -> httpx.Response:
    mine, world.page = world.page, page
    try:
        return from_page(world, route, ref)
    finally:
        world.page = mine


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for method, path, operation in Promised(document).operations():
        yield f"{method} {re.sub('{[^}]+}', '{}', path)}", operation


def cells(caller: Caller, world: World) -> Iterator[tuple[Route, str, str]]:
    for route in ROUTES:
        for whose in caller.whose if route.resource else (OWN,):  # what names nothing is everybody's own
            absent = ids.new(PREFIX[route.resource]) if route.resource else ""
            yield route, whose, absent if whose == NONE else world.has.get(route.resource, "")


def test_document_and_table_have_the_same_operations_and_each_says_whom_it_refuses(app: App) -> None:
    documented = dict(operations(app.inner.openapi()))
    assert set(documented) == {route.name for route in ROUTES} | {name for name in OPEN | BY_LINK if "/" in name}
    for route in ROUTES:
        declared = {
            (int(status), code)
            for status, answer in documented[route.name]["responses"].items()
            for content in answer.get("content", {}).values()
            for code in content.get("examples", {})
            if int(status) >= 400
        }
        refusals = {UNAUTHORIZED, SCOPE_MISSING, FORBIDDEN, *missing(route)} - {(404, "")}
        assert refusals <= declared, (route.name, refusals - declared)
        assert documented[route.name].get("security"), route.name


@pytest.mark.parametrize("at", range(15))
def test_every_caller_gets_what_the_matrix_says(world: World, callers: list[Caller], at: int) -> None:
    caller = callers[at]
    wrong: list[str] = []
    count = 0
    for route, whose, ref in cells(caller, world):
        count += 1
        expected, got = caller.expected(route, whose), told(caller.send(route, ref))
        if got not in expected:
            wrong.append(f"{route.name} {route.resource} {whose}: {got}, not {expected}")
    assert not wrong, f"{caller.name}:\n" + "\n".join(wrong)
    assert count >= len(ROUTES)


def test_every_kind_of_caller_has_its_turn(callers: list[Caller]) -> None:
    assert len(callers) == 15
    assert len({caller.name for caller in callers}) == 15


def test_a_test_key_does_not_see_live_data(app: App, world: World) -> None:
    live = world.clients["live"]
    made = {
        "ticket": live.post("/v1/tickets", json={"subject": "Live"}),
        "agent": live.post("/v1/agents", json={"id": "live-agent"}),
        "team": live.post("/v1/teams", json={"id": "live-team"}),
        "policy": live.post("/v1/policies", json={"document": {}}),
        "endpoint": live.post("/v1/webhook-endpoints", json={"url": HOOK}),
        "connection": live.post("/v1/connections", json={"kind": "crm", "name": "Desk"}),
        "ticket_update": live.post("/v1/tickets/bulk", json={"tickets": ["tkt_1"], "changes": {"tags": []}}),
    }
    refs: dict[str, str] = {}
    for name, answer in made.items():
        assert answer.status_code == 201, (name, answer.text)
        refs[name] = answer.json()["id"]
    looked_at = [route for route in ROUTES if route.resource in refs]
    assert len(looked_at) > 20
    for route in looked_at:
        assert told(ask(world, "mine", route, refs[route.resource])) in missing(route), route.name
