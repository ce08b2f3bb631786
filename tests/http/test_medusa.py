"""A store whose shop is a Medusa: what works on the sandbox works there, and each refund is there once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.integrations.faulty import served
from tests.integrations.medusa_server import KEY, MedusaServer
from tests.services.durable_fixtures import until
from tests.support.app import App, Tenant

SETTINGS: dict[str, Any] = {"loopback_addresses": True, "retry_seconds": (1, 2), "mirror_seconds": 0}


@pytest.fixture
def shop(app: App, specs: Path) -> Iterator[MedusaServer]:
    made = MedusaServer(specs)
    server = served(made.app())
    made.url = app.wait(server.__aenter__())
    yield made
    app.wait(server.__aexit__(None, None, None))


@pytest.fixture
def connected(store: Tenant, shop: MedusaServer) -> dict[str, Any]:
    body = {"kind": "medusa", "name": "Shirts", "config": {"url": shop.url}, "credentials": {"secret_key": KEY}}
    answer = store.post("/v1/connections", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def ended(store: Tenant, refund_id: str) -> dict[str, Any]:
    def found() -> dict[str, Any] | None:
        refund = store.get(f"/v1/refunds/{refund_id}").json()
        return refund if refund["status"] not in {"pending", "unknown"} else None

    return until(found)


@pytest.mark.usefixtures("shop")
def test_a_connection_shows_what_it_can_and_a_check_what_it_may(store: Tenant, connected, shop: MedusaServer):
    path = f"/v1/connections/{connected['id']}"
    shown = store.get(path).json()
    assert {"orders", "cancel", "returns", "exchanges", "refunds"} <= set(shown["capabilities"])
    assert "store_credit" not in shown["capabilities"]
    assert KEY not in store.get(path).text
    assert store.post(f"{path}/check").json()["status"] == "working"
    wrong = {"secret_key": "sk_" + "1" * 32}
    assert store.send("PATCH", path, {"credentials": wrong}).status_code == 200
    told = store.post(f"{path}/check").json()
    assert (told["status"], told["checks"][0]["name"]) == ("failing", "credentials")


@pytest.mark.usefixtures("connected")
def test_a_canceled_orders_money_goes_back_once_and_is_shown_once(store: Tenant, shop: MedusaServer):
    order = shop.order()
    canceled = store.post("/v1/orders/%231/cancel", {"reason": "no longer needed"}, Prefer="wait=10").json()
    assert ended(store, canceled["refund"])["status"] == "succeeded"
    assert (shop.refunds(order), order["status"]) == ([Decimal(91)], "canceled")
    again = store.get("/v1/orders/%231").json()
    [payment] = again["payments"]
    assert (payment["refunded"]["amount"], payment["refundable"]["amount"]) == (9100, 0)
    body = {"order": "#1", "amount": {"amount": 1, "currency": "USD"}, "reason": "goodwill"}
    answer = store.post("/v1/refunds", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "refund_exceeds_captured")
    [payment] = store.get("/v1/orders/%231").json()["payments"]
    assert payment["refunded"]["amount"] == 9100, "the ledger has been read since"


@pytest.mark.usefixtures("connected")
def test_a_400_after_the_money_has_moved_ends_as_succeeded_and_is_made_once(store: Tenant, shop: MedusaServer):
    order = shop.order(sent=True)
    shop.open_change(order)
    body = {"order": "#1", "amount": {"amount": 2000, "currency": "USD"}, "reason": "damaged"}

    def asked(number: int) -> dict[str, Any]:
        """What comes of it; whoever waited too long for the order's lock asks again, under the same key."""
        for _ in range(20):
            answer = store.post("/v1/refunds", body, key=f"refund-{number}", Prefer="wait=0")
            if answer.status_code != 503:
                return answer.json()
        raise AssertionError("it is never let in")

    with ThreadPoolExecutor(10) as pool:
        made = list(pool.map(asked, range(10)))
    kept = [one["id"] for one in made if "id" in one]
    assert {one["code"] for one in made if "id" not in one} == {"refund_exceeds_captured"}
    assert [ended(store, refund)["status"] for refund in kept] == ["succeeded"] * 4
    assert shop.refunds(order) == [Decimal(20)] * 4


@pytest.mark.usefixtures("connected")
def test_what_medusa_cannot_do_has_a_clear_code(store: Tenant, shop: MedusaServer):
    shop.order(sent=True)
    credit = {"order": "#1", "amount": {"amount": 500, "currency": "USD"}, "reason": "goodwill",
              "destination": {"type": "store_credit"}}  # fmt: skip
    refund = store.post("/v1/refunds", credit, Prefer="wait=10").json()
    assert ended(store, refund["id"])["status"] == "failed"
    operation = store.get(f"/v1/operations/{refund['operation']['id']}").json()
    assert operation["error"]["code"] == "unsupported"
