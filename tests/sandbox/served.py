"""A sandbox over real HTTP: uvicorn on a port of its own, and a shop in it."""

import json
import logging
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from app.sandbox.commands import not_a_torn_answer
from app.sandbox.server import create_sandbox


class Served:
    """A running sandbox and one shop in it."""

    def __init__(self, url: str, shop: str) -> None:
        self.url, self.shop = url, shop

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, timeout: float = 5
    ) -> tuple[int, dict[str, Any]]:
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, raw, {"X-Sandbox-Shop": self.shop, **(headers or {})}, method=method
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=timeout) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def get(self, path: str) -> dict[str, Any]:
        status, answer = self.call("GET", path)
        assert status == 200, answer
        return answer

    def post(self, path: str, body: Any = None, key: str | None = None) -> dict[str, Any]:
        status, answer = self.call("POST", path, body or {}, {"Idempotency-Key": key} if key else None)
        assert status in {200, 201}, answer
        return answer

    def ledger(self, kind: str | None = None) -> list[dict[str, Any]]:
        return self.get("/sandbox/v1/ledger" + (f"?kind={kind}" if kind else ""))["data"]

    def effects(self, kind: str) -> list[dict[str, Any]]:
        return [row for row in self.ledger(kind) if row["effect"]]

    def fault(self, operation: str, fault: str, **options: Any) -> None:
        self.post("/sandbox/v1/faults", {"operation": operation, "fault": fault, **options})


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """A thread may not."""


@contextmanager
def run_sandbox(database: Path):
    """Start a sandbox in a thread; yields its address and stops it afterwards."""
    logging.getLogger("uvicorn.error").addFilter(not_a_torn_answer)
    server = _Server(
        uvicorn.Config(create_sandbox(database), port=0, log_level="warning", timeout_graceful_shutdown=1, ws="none")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


SHOP: dict[str, Any] = {
    "products": [
        {
            "id": "prd-1",
            "name": "Mug",
            "variants": [
                {"id": "var-1", "options": {"color": "white"}, "price": 1000, "currency": "EUR"},
                {"id": "var-2", "options": {"color": "blue"}, "price": 900, "currency": "EUR"},
                {"id": "var-3", "options": {"color": "red"}, "price": 1100, "currency": "EUR", "available": False},
            ],
        },
        {"id": "prd-2", "name": "Bowl", "variants": [{"id": "var-9", "price": 2000}]},
    ],
    "customers": [
        {
            "id": "cust-1",
            "email": "Mia@example.com",
            "phone": "+49 170 0000001",
            "name": "Mia Brandt",
            "locale": "de-DE",
            "addresses": [{"address1": "Hauptstr. 1", "city": "Bonn", "country_code": "DE"}],
            "payment_methods": [
                {"id": "pm-card", "kind": "card", "label": "Visa"},
                {"id": "pm-gift", "kind": "gift_card", "label": "Gift card", "balance": 100, "currency": "EUR"},
            ],
        }
    ],
    "orders": [
        {
            "id": "ord-1",
            "number": "#1",
            "customer_id": "cust-1",
            "status": "delivered",
            "placed_at": "2026-01-10T10:00:00Z",
            "delivered_at": "2026-01-12T10:00:00Z",
            "currency": "EUR",
            "prices_include_tax": True,
            "lines": [
                {
                    "id": "ln-1",
                    "product_id": "prd-1",
                    "variant_id": "var-1",
                    "title": "Mug",
                    "quantity": 3,
                    "unit_price": 1000,
                    "total": 3000,
                    "fulfilled_quantity": 3,
                }
            ],
            "shipping": 500,
            "payments": [
                {"id": "pay-1", "kind": "card", "label": "Visa", "payment_method_id": "pm-card", "amount": 2500},
                {"id": "pay-2", "kind": "gift_card", "label": "Gift", "payment_method_id": "pm-gift", "amount": 1000},
            ],
            "shipments": [
                {
                    "id": "shp-1",
                    "carrier": "NordPost",
                    "tracking_number": "T1",
                    "line_ids": ["ln-1"],
                    "scans": [{"at": "2026-01-12T10:00:00Z", "word": "DELIVERED"}],
                }
            ],
            "extra": {"note": {"deep": [1, "two", None]}},
        },
        {
            "id": "ord-2",
            "number": "#2",
            "customer_id": "cust-1",
            "status": "pending",
            "placed_at": "2026-01-20T10:00:00.5Z",
            "currency": "EUR",
            "lines": [
                {
                    "id": "ln-2",
                    "product_id": "prd-1",
                    "variant_id": "var-1",
                    "title": "Mug",
                    "options": {"color": "white"},
                    "quantity": 1,
                    "unit_price": 1000,
                    "tax": 190,
                    "total": 1190,
                }
            ],
            "payments": [
                {
                    "id": "pay-3",
                    "kind": "card",
                    "label": "Visa",
                    "payment_method_id": "pm-card",
                    "amount": 1190,
                    "state": "authorized",
                }
            ],
        },
    ],
    "subscriptions": [
        {
            "id": "sub-1",
            "customer_id": "cust-1",
            "currency": "EUR",
            "interval": {"unit": "month"},
            "next_billing_at": "2027-01-31T10:00:00Z",
            "lines": [
                {
                    "id": "sl-1",
                    "product_id": "prd-1",
                    "variant_id": "var-1",
                    "title": "Mug",
                    "quantity": 1,
                    "unit_price": 1000,
                }
            ],
        }
    ],
}
