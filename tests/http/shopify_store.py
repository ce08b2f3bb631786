"""A store whose shop is the tests' Shopify, on the server's own loop."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.integrations.faulty import served
from tests.integrations.shopify_shop import DOMAIN, SECRET, TOKEN, ShopifyShop
from tests.services.durable_fixtures import until
from tests.support.app import App, Tenant

SETTINGS: dict[str, Any] = {"loopback_addresses": True, "retry_seconds": (1, 2), "mirror_seconds": 0}
_deliveries = itertools.count(1)


@contextmanager
def running(app: App, specs: Path) -> Iterator[ShopifyShop]:
    """A shop that is served as long as this lasts."""
    shop = ShopifyShop(specs)
    server = served(shop.app())
    shop.url = app.wait(server.__aenter__())
    yield shop
    app.wait(server.__aexit__(None, None, None))


class Connected:
    """A store with that shop, and what the shop sends us."""

    def __init__(self, app: App, shop: ShopifyShop, *, secret: str | None = SECRET) -> None:
        self.store: Tenant = app.store()
        self.shop = shop
        credentials = {"access_token": TOKEN} | ({"webhook_secret": secret} if secret else {})
        answer = self.store.post("/v1/connections", {
            "kind": "shopify", "name": "Lamps", "config": {"shop": DOMAIN, "api_base": shop.url},
            "credentials": credentials,
        })  # fmt: skip
        assert answer.status_code == 201, answer.text
        self.connection = answer.json()
        self.client = app.client(url=app.url)

    def order(self, name: str = "%231001") -> dict[str, Any]:
        answer = self.store.get(f"/v1/orders/{name}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ok(self, path: str, body: Any = None) -> dict[str, Any]:
        answer = self.store.post(path, body, Prefer="wait=10")
        assert answer.status_code in {200, 201, 202}, answer.text
        return answer.json()

    # ---- calls to us ----------------------------------------------------------------------------------------------

    def sends(
        self,
        topic: str,
        body: Any,
        *,
        secret: str = SECRET,
        prefix: str = "X-Shopify-",
        external_id: str | None = None,
        **headers: str | None,
    ) -> httpx.Response:
        """A delivery of Shopify's, signed; a header that is None is left out."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signature = base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()
        named: dict[str, str | None] = {
            "Hmac-SHA256": signature, "Topic": topic, "Shop-Domain": DOMAIN, "API-Version": "2026-10",
            "Webhook-Id": external_id or f"b54557e4-{next(_deliveries)}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }  # fmt: skip
        given = {f"{prefix}{name}": value for name, value in named.items() if value is not None}
        path = f"/v1/inbound/{self.connection['id']}"
        return self.client.post(path, content=raw, headers={"Content-Type": "application/json", **given})

    def came_of(self, answer: httpx.Response) -> tuple[str, dict[str, Any]]:
        assert answer.status_code == 200, answer.text

        def ended() -> dict[str, Any] | None:
            row = next(row for row in self.deliveries() if row["id"] == answer.json()["id"])
            return row if row["status"] != "pending" else None

        row = until(ended)
        return row["status"], row["outcome"]

    def deliveries(self) -> list[dict[str, Any]]:
        return self.store.get(f"/v1/connections/{self.connection['id']}/deliveries?limit=200").json()["data"]
