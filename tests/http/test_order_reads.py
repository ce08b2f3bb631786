"""Orders are read through the mirror: one flight however many ask, an age that is told, a shop that may be away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.app import Tenant

SETTINGS = {"call_seconds": 10.0}
"""Twenty at once on a busy machine: none of them is to be told that the shop is away."""
ASKERS = 20


def flights(store: Tenant) -> list[dict[str, Any]]:
    """Every read of an order that the shop has answered since it was made slow."""
    return [row for row in store.sandbox.ledger() if row["fault"] == "slow"]


def test_twenty_who_ask_for_the_same_cold_order_make_one_flight(store: Tenant) -> None:
    store.sandbox.fault("order", "slow", delay_ms=400, times=100)
    with ThreadPoolExecutor(ASKERS) as pool:
        answers = list(pool.map(lambda _: store.get("/v1/orders/1001/status"), range(ASKERS)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["order"]["id"] for answer in answers}) == 1
    # A reference may be the shop's own id or a number: it is asked once for each, at the same time.
    assert len(flights(store)) == 2


def test_a_warm_order_asks_nobody(store: Tenant) -> None:
    first = store.get("/v1/orders/1001/status").json()
    store.sandbox.fault("*", "error_after_effect", times=100)
    again = store.get("/v1/orders/1001/status")
    assert again.status_code == 200
    assert again.json()["summary"] == first["summary"]
    assert [row for row in store.sandbox.ledger() if row["fault"]] == []
    assert again.json()["order"]["mirror"]["age_seconds"] >= 0


def test_a_shop_that_is_away_is_told_apart_from_an_order_that_is_not_there(store: Tenant) -> None:
    assert store.get("/v1/orders/nothing-like-it").json()["code"] == "order_not_found"
    store.sandbox.fault("order", "error_after_effect", times=100)
    answer = store.get("/v1/orders/1002")
    assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_status_tells_of_the_claims(store: Tenant) -> None:
    order = store.get("/v1/orders/1001").json()
    assert store.get("/v1/orders/1001/status").json()["complaints"] == []
    lines = [{"line_id": order["lines"][0]["id"], "quantity": 1, "kind": "damaged"}]
    claim = store.post("/v1/claims", {"order": "1001", "lines": lines}).json()
    told = store.get("/v1/orders/1001/status").json()["complaints"]
    assert told == [{"id": claim["id"], "status": claim["status"], "resolution": claim["resolution"]}]
