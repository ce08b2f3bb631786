"""Medusa's adapter against a real Medusa, through our own API, servers and workers as processes of their own.

After each it is Medusa's own captures less refunds that tells: each refund is there once.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.live.dropping import Dropping, dropping
from tests.live.medusa import Medusa
from tests.sandbox.served import run_sandbox
from tests.services.durable_fixtures import Site, make_site, until
from tests.support.servers import Server

SETTINGS = {
    "AFTERSALE_LOOPBACK_ADDRESSES": "true",
    "AFTERSALE_ENCRYPTION_KEYS": base64.b64encode(bytes(range(32))).decode(),
    "AFTERSALE_CALL_SECONDS": "8",
    "AFTERSALE_RETRY_SECONDS": "1,3,5,5,5,5,5,5,5",
    "AFTERSALE_MIRROR_SECONDS": "0",
}
PATIENCE = 90
pytestmark = pytest.mark.usefixtures("npm")


@pytest.fixture(scope="module")
def proxy(medusa_shop: Medusa) -> Iterator[Dropping]:
    with dropping(medusa_shop.url, "/refund") as running:
        yield running


@pytest.fixture(scope="module")
def sandbox_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_sandbox(Path(tmp_path_factory.mktemp("sandbox")) / "sandbox.db") as url:
        yield url


class Connected:
    """A store whose shop is that Medusa, behind the proxy."""

    def __init__(self, site: Site, shop: Medusa, url: str) -> None:
        self.site, self.shop = site, shop
        site.environment |= SETTINGS
        self.api = site.start("serve")
        self.worker = site.start("worker")
        credentials = {"secret_key": shop.key}
        body = {"kind": "medusa", "name": "Shirts", "config": {"url": url}, "credentials": credentials}
        self.connection = self.ok("POST", "/v1/connections", body)

    def ok(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = self.site.call(self.api, method, path, body, Prefer="wait=20")
        assert answer.status_code in {200, 201, 202}, answer.text
        return answer.json()

    def seen(self, order: dict[str, Any]) -> dict[str, Any]:
        return self.ok("GET", f"/v1/orders/%23{order['display_id']}")

    def refund(self, order: dict[str, Any], amount: int, key: str | None = None, wait: int = 0) -> dict[str, Any]:
        body = {"order": order["id"], "amount": {"amount": amount, "currency": "USD"}, "reason": "goodwill"}
        headers = {"Prefer": f"wait={wait}"} | ({"Idempotency_Key": key} if key else {})
        answer = self.site.call(self.api, "POST", "/v1/refunds", body, **headers)
        return answer.json() | {"http": answer.status_code}

    def ended(self, refund: dict[str, Any]) -> dict[str, Any]:
        assert "id" in refund, refund
        return self.site.settled(self.api, f"/v1/refunds/{refund['id']}", PATIENCE)

    def moved(self, order: dict[str, Any]) -> list[Decimal]:
        """Each refund of the order's payment, as Medusa has it; never more than was captured."""
        captured, refunds = self.shop.ledger(order["payment"])
        assert sum(refunds) <= captured
        return sorted(refunds)


@pytest.fixture
def here(postgres_url, sandbox_url: str, run_server, medusa_shop: Medusa, proxy: Dropping) -> Connected:
    return Connected(make_site(postgres_url(), sandbox_url, run_server, orders=1), medusa_shop, proxy.url)


def test_an_order_goes_the_whole_way_through_our_api(here: Connected):
    shop = here.shop
    path = f"/v1/connections/{here.connection['id']}"
    assert {"orders", "cancel", "returns", "exchanges", "refunds"} <= set(here.ok("GET", path)["capabilities"])
    checked = here.ok("POST", f"{path}/check")
    assert (checked["status"], {one["ok"] for one in checked["checks"]}) == ("working", {True})

    order = shop.order(S=2, M=1)
    shown = here.seen(order)
    assert (shown["external_id"], shown["status"], shown["payment_status"]) == (order["id"], "pending", "paid")
    assert sorted((line["quantity"], line["total"]["amount"]) for line in shown["lines"]) == [(1, 3000), (2, 5100)]
    assert (shown["totals"]["total"]["amount"], shown["totals"]["shipping"]["amount"]) == (9100, 1000)
    number = shop.sent(order)
    shown = here.seen(order)
    assert (shown["status"], shown["shipments"][0]["tracking_number"]) == ("delivered", number)

    line = next(line for line in shown["lines"] if line["quantity"] == 1)
    asked = {"line_id": line["id"], "quantity": 1, "reason": "too small", "resolution": "refund"}
    returned = here.ok("POST", "/v1/returns", {"order": order["id"], "lines": [asked], "method": "label"})
    until(lambda: [one["status"] for one in shop.returns(order["id"])] == ["requested"], PATIENCE)
    [kept] = shop.returns(order["id"])
    assert [(one["item_id"], one["quantity"]) for one in kept["items"]] == [(line["external_id"], 1)]
    label = here.ok("POST", "/v1/return-labels", {"return_id": returned["id"]})
    assert here.site.settled(here.api, f"/v1/return-labels/{label['id']}", PATIENCE)["status"] == "active"
    refund = here.ok("POST", "/v1/refunds", {"order": order["id"], "lines": [{"line_id": line["id"], "quantity": 1}]})
    assert here.ended(refund)["status"] == "succeeded"
    assert here.moved(order) == [Decimal(30)]

    canceled = shop.order(S=2)
    shown = here.ok("POST", f"/v1/orders/{canceled['id']}/cancel", {"reason": "no longer needed"})
    assert here.ended({"id": shown["refund"]})["status"] == "succeeded"
    assert (here.moved(canceled), shop.seen(canceled["id"])["status"]) == ([Decimal(61)], "canceled")
    [payment] = here.seen(canceled)["payments"]
    assert (payment["refunded"]["amount"], payment["refundable"]["amount"]) == (6100, 0)


def test_what_medusa_answers_wrongly_or_not_at_all_is_refunded_once(here: Connected, proxy: Dropping):
    shop = here.shop
    drafted = shop.order(S=2)
    shop.sent(drafted)
    here.seen(drafted)
    draft = shop.ask("POST", "/admin/returns", {"order_id": drafted["id"]})["return"]["id"]
    said = shop.ask("POST", f"/admin/payments/{drafted['payment']}/refund", {"amount": 1}, wanted=400)
    assert said["type"] == "invalid_data", "Medusa does what is expected here"
    assert here.ended(here.refund(drafted, 300))["status"] == "succeeded"
    assert here.moved(drafted) == [Decimal(1), Decimal(3)]
    shop.ask("DELETE", f"/admin/returns/{draft}/request")

    lost = shop.order(S=2)
    here.seen(lost)
    proxy.lose = 1
    refund = here.refund(lost, 1050)

    many = shop.order(S=2)
    here.seen(many)
    with ThreadPoolExecutor(10) as pool:
        made = list(pool.map(lambda _: here.refund(many, 1000), range(10)))
        same = list(pool.map(lambda _: here.refund(many, 50, key="one-and-the-same"), range(10)))
    kept = [one for one in made if one["http"] in {201, 202}]
    assert (len(kept), {one["code"] for one in made if one not in kept}) == (6, {"refund_exceeds_captured"})
    assert {here.ended(one)["status"] for one in kept} == {"succeeded"}
    [only] = {one["id"] for one in same if "id" in one}
    assert here.ended({"id": only})["status"] == "succeeded"
    assert here.moved(many) == [Decimal("0.5"), *[Decimal(10)] * 6]

    assert here.ended(refund)["status"] == "succeeded"
    assert (here.moved(lost), proxy.lose < 1) == ([Decimal("10.5")], True)


def test_a_worker_that_is_killed_in_the_middle_has_refunded_once(here: Connected, proxy: Dropping):
    shop = here.shop
    order = shop.order(S=2)
    here.seen(order)
    proxy.held.clear()
    proxy.hold.set()
    refund = here.refund(order, 700)
    assert proxy.held.wait(PATIENCE)
    here.worker.kill()
    proxy.hold.clear()
    assert here.moved(order) == [Decimal(7)]
    assert here.ok("GET", f"/v1/refunds/{refund['id']}")["status"] == "pending"
    worker: Server = here.site.start("worker")
    assert here.ended(refund)["status"] == "succeeded", worker.said()[-2000:]
    assert here.moved(order) == [Decimal(7)]
