"""A real Medusa of the tests: a project of its own, migrated, with a region, a product and a key, on the loopback.

What is bought is bought as a shopper would, through Medusa's store API; what is packed and shipped, as its staff would.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.live import packages

EMAIL, PASSWORD = "staff@example.com", "a-password-of-the-tests"
SHOPPER = "jane@example.com"
LISTENS = 120.0
CONFIG = """
const { defineConfig } = require("@medusajs/framework/utils");
module.exports = defineConfig({
  admin: { disable: true },
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    databaseDriverOptions: { connection: { ssl: false } },
    http: {
      storeCors: "http://127.0.0.1", adminCors: "http://127.0.0.1", authCors: "http://127.0.0.1",
      jwtSecret: "of-the-tests", cookieSecret: "of-the-tests",
    },
  },
});
"""


class Medusa:
    """The shop, once `stock` has filled it; `key` is its secret key."""

    def __init__(self, url: str) -> None:
        self.url, self.key = url, ""
        self._token: str | None = None
        self._publishable = self._region = self._location = self._shipping = ""
        self.variants: dict[str, str] = {}
        """By size."""
        self.product = ""

    # ---- calls ----------------------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: Any = None, *, wanted: int = 200) -> dict[str, Any]:
        """The answer's object; AssertionError where its status is another than `wanted`."""
        headers = {"Content-Type": "application/json", **self._who(path)}
        content = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self.url + path, content, headers, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                status, said = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, said = error.code, error.read()
        assert status == wanted, f"{method} {path}: {status} {said[:2000]!r}"
        return json.loads(said, parse_float=Decimal, parse_int=Decimal)

    def _who(self, path: str) -> Mapping[str, str]:
        if path.startswith("/store"):
            return {"x-publishable-api-key": self._publishable}
        if self.key:
            return {"Authorization": f"Basic {base64.b64encode(f'{self.key}:'.encode()).decode()}"}
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    # ---- what is there before the first order ---------------------------------------------------------------------

    def stock(self) -> None:
        """A key, a region, a place with shipping options, and a shirt in two sizes."""
        self._token = self.ask("POST", "/auth/user/emailpass", {"email": EMAIL, "password": PASSWORD})["token"]
        self.key = self.ask("POST", "/admin/api-keys", {"title": "aftersale", "type": "secret"})["api_key"]["token"]
        [store] = self.ask("GET", "/admin/stores")["stores"]
        currencies = {"supported_currencies": [{"currency_code": "usd", "is_default": True}]}
        self.ask("POST", f"/admin/stores/{store['id']}", currencies)
        channel = self.ask("GET", "/admin/sales-channels")["sales_channels"][0]["id"]
        region = {"name": "US", "currency_code": "usd", "countries": ["us"], "payment_providers": ["pp_system_default"]}
        self._region = self.ask("POST", "/admin/regions", region)["region"]["id"]
        self._place(channel)
        publishable = self.ask("POST", "/admin/api-keys", {"title": "shop", "type": "publishable"})["api_key"]
        self._publishable = publishable["token"]
        self.ask("POST", f"/admin/api-keys/{publishable['id']}/sales-channels", {"add": [channel]})

    def _place(self, channel: str) -> None:
        address = {"address_1": "1 Main", "country_code": "us", "city": "X", "postal_code": "10001"}
        place = self.ask("POST", "/admin/stock-locations", {"name": "WH", "address": address})["stock_location"]["id"]
        self._location, path = place, f"/admin/stock-locations/{place}"
        self.ask("POST", f"{path}/sales-channels", {"add": [channel]})
        self.ask("POST", f"{path}/fulfillment-providers", {"add": ["manual_manual"]})
        sets = f"{path}/fulfillment-sets?fields=*fulfillment_sets"
        [made] = self.ask("POST", sets, {"name": "ship", "type": "shipping"})["stock_location"]["fulfillment_sets"]
        zones = f"/admin/fulfillment-sets/{made['id']}/service-zones?fields=*service_zones"
        zone = {"name": "US", "geo_zones": [{"type": "country", "country_code": "us"}]}
        [zone] = self.ask("POST", zones, zone)["fulfillment_set"]["service_zones"]
        profile = self.ask("GET", "/admin/shipping-profiles")["shipping_profiles"][0]["id"]
        self._shipping = self._option(zone["id"], profile, "std", 10, [])
        back = {"attribute": "is_return", "operator": "eq", "value": "true"}
        self._option(zone["id"], profile, "ret", 0, [back])
        sizes = ("S", "M")
        prices = {"S": 25.5, "M": 30}
        product = self.ask("POST", "/admin/products", {
            "title": "Shirt", "status": "published", "shipping_profile_id": profile,
            "options": [{"title": "Size", "values": sizes}], "sales_channels": [{"id": channel}],
            "variants": [{"title": size, "sku": f"SH-{size}", "manage_inventory": False, "options": {"Size": size},
                          "prices": [{"currency_code": "usd", "amount": prices[size]}]} for size in sizes],
        })["product"]  # fmt: skip
        self.product = product["id"]
        self.variants = {variant["title"]: variant["id"] for variant in product["variants"]}

    def _option(self, zone: str, profile: str, code: str, amount: int, rules: list[dict[str, str]]) -> str:
        body = {
            "name": code, "service_zone_id": zone, "shipping_profile_id": profile, "provider_id": "manual_manual",
            "price_type": "flat", "type": {"label": code, "description": code, "code": code},
            "prices": [{"currency_code": "usd", "amount": amount}], "rules": rules,
        }  # fmt: skip
        return self.ask("POST", "/admin/shipping-options", body)["shipping_option"]["id"]

    # ---- what shoppers and staff do -------------------------------------------------------------------------------

    def order(self, captured: bool = True, email: str = SHOPPER, **quantities: int) -> dict[str, Any]:
        """An order of so many of each size; `payment` is its payment's id."""
        address = {
            "first_name": "Jane", "last_name": "Doe", "address_1": "2 Oak", "city": "New York", "country_code": "us",
            "postal_code": "10002", "province": "us-ny", "phone": "+12125550100",
        }  # fmt: skip
        items = [{"variant_id": self.variants[size], "quantity": count} for size, count in quantities.items()]
        cart = self.ask("POST", "/store/carts", {
            "region_id": self._region, "email": email, "items": items, "shipping_address": address,
        })["cart"]["id"]  # fmt: skip
        self.ask("POST", f"/store/carts/{cart}/shipping-methods", {"option_id": self._shipping})
        collection = self.ask("POST", "/store/payment-collections", {"cart_id": cart})["payment_collection"]["id"]
        session = {"provider_id": "pp_system_default"}
        self.ask("POST", f"/store/payment-collections/{collection}/payment-sessions", session)
        order = self.seen(self.ask("POST", f"/store/carts/{cart}/complete")["order"]["id"])
        order["payment"] = order["payment_collections"][0]["payments"][0]["id"]
        if captured:
            self.ask("POST", f"/admin/payments/{order['payment']}/capture", {})
        return order

    def seen(self, order_id: str) -> dict[str, Any]:
        """The order as Medusa has it now."""
        return self.ask("GET", f"/admin/orders/{order_id}?fields=*fulfillments,+payment_status,+fulfillment_status")[
            "order"
        ]

    def sent(self, order: Mapping[str, Any], *, delivered: bool = True) -> str:
        """Pack, ship and deliver all of it; the parcel's tracking number."""
        items = [{"id": item["id"], "quantity": int(item["quantity"])} for item in order["items"]]
        path = f"/admin/orders/{order['id']}/fulfillments"
        self.ask("POST", path, {"items": items, "location_id": self._location})
        [parcel] = self.seen(order["id"])["fulfillments"]
        number = "1Z999AA10123456784"
        label = {
            "tracking_number": number,
            "tracking_url": "https://example.com/t",
            "label_url": "https://example.com/l",
        }
        self.ask("POST", f"{path}/{parcel['id']}/shipments", {"items": items, "labels": [label]})
        if delivered:
            self.ask("POST", f"{path}/{parcel['id']}/mark-as-delivered", {})
        return number

    # ---- its ledger -----------------------------------------------------------------------------------------------

    def ledger(self, payment_id: str) -> tuple[Decimal, list[Decimal]]:
        """What was captured of a payment, and each refund of it."""
        payment = self.ask("GET", f"/admin/payments/{payment_id}?fields=*captures,*refunds")["payment"]
        captured = sum((capture["amount"] for capture in payment["captures"]), Decimal())
        return captured, [refund["amount"] for refund in payment["refunds"]]

    def returns(self, order_id: str) -> list[dict[str, Any]]:
        """The order's returns."""
        asked = urllib.parse.urlencode({"order_id": order_id, "fields": "*items,+metadata"})
        return self.ask("GET", f"/admin/returns?{asked}")["returns"]


@contextmanager
def running(folder: Path, database: str) -> Iterator[Medusa]:
    """Medusa in `folder`, over an empty PostgreSQL database."""
    folder.mkdir()
    (folder / "medusa-config.js").write_text(CONFIG, encoding="utf-8")
    (folder / "package.json").write_text(
        '{"name": "shop", "private": true, "dependencies": {"@medusajs/medusa": "*"}}', encoding="utf-8"
    )
    (folder / "node_modules").symlink_to(packages.MODULES)
    environment = {
        "DATABASE_URL": database,
        "MEDUSA_DISABLE_TELEMETRY": "true",
        "NODE_ENV": "production",
        "HOME": str(folder),
    }
    command = [str(packages.NODE), str(packages.MODULES / "@medusajs" / "cli" / "cli.js")]
    for arguments in (["db:migrate"], ["user", "-e", EMAIL, "-p", PASSWORD]):
        done = subprocess.run(
            [*command, *arguments],
            check=False,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LISTENS,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    start = (command[1], "start", "--host", "127.0.0.1", "--port", "{port}")
    with packages.running(*start, log=folder / "log", seconds=LISTENS, cwd=folder, environment=environment) as server:
        shop = Medusa(server.url)
        shop.stock()
        yield shop
