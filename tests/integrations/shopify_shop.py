"""A Shopify shop of the tests on loopback: the real schema of 2026-10, executed over orders that are kept.

`shop.mutations.ledger` is what has happened there, whatever was answered. `shop.faults.plan("POST", "refundCreate", …)`
has the next answer to that field go wrong, before or after the effect.
"""

# ruff: noqa: A001, A002, N803  fields and arguments have Shopify's names
from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from app.integrations.commerce import shopify_documents, shopify_effect_documents, shopify_return_documents
from tests.integrations.faulty import BEFORE, LONGER, MALFORMED, Faults, _hang_up
from tests.integrations.shopify_basics import ARRIVED, Customer, Money, Product, Variant, new_id
from tests.integrations.shopify_mutations import Mutations
from tests.integrations.shopify_schema import SERVED, about, run, warm
from tests.integrations.shopify_things import FulfillmentLine, Line, Order, Parcel, Return, Transaction

DOMAIN = "lamps.myshopify.com"
TOKEN = "shpat_0123456789abcdef0123456789abcdef"
SECRET = "shpss_0123456789abcdef0123456789"
SCOPES = (
    "read_all_orders", "write_orders", "write_order_edits", "write_returns", "write_customers", "read_products",
    "read_fulfillments", "write_merchant_managed_fulfillment_orders",
    "read_store_credit_accounts", "write_store_credit_account_transactions",
)  # fmt: skip
MOST = 1000.0
SENT = tuple(
    text
    for module in (shopify_documents, shopify_effect_documents, shopify_return_documents)
    for name, text in vars(module).items()
    if name.isupper() and isinstance(text, str) and ("\nquery " in text or "\nmutation " in text)
)
"""What the adapter sends; anything else is answered as well."""
_SINCE = re.compile(r"updated_at:>='([^']+)'")
_TERM = re.compile(r'(name|email|phone|customer_id):(?:"((?:[^"\\]|\\.)*)"|([^\s)]+))')


def address(**more: Any) -> dict[str, Any]:
    return {
        "id": new_id("MailingAddress"), "name": "Anna Keller", "firstName": "Anna", "lastName": "Keller",
        "company": None, "address1": "Hauptstraße 1", "address2": None, "city": "Berlin", "province": None,
        "provinceCode": None, "countryCodeV2": "DE", "zip": "10115", "phone": None, **more,
    }  # fmt: skip


def _by_id(things: dict[str, Any]) -> Callable[[str], Any]:
    return lambda id: things.get(id)  # noqa: A006, PLW0108  the schema's argument has that name


class ShopifyShop:
    """Its bucket is never empty unless `level` says how much is in it; `limits` False: it refunds any amount."""

    def __init__(self, specs: Path) -> None:
        self.specs, self.url, self.faults = specs, "", Faults()
        warm(specs, SENT)
        self.mutations = Mutations(self)
        self.limits = True
        self.level: float | None = None
        self.rate = 100.0
        self.filled_at = time.monotonic()
        self.scopes: tuple[str, ...] = SCOPES
        self.denied: set[str] = set()
        """Fields that the token may not ask for."""
        self.domain = DOMAIN
        self.development = True
        self.orders: dict[str, Order] = {}
        self.customers: dict[str, Customer] = {}
        self.products: dict[str, Product] = {}
        self.variants: dict[str, Variant] = {}
        self.reasons = {new_id("ReturnReasonDefinition"): handle for handle in ("defective", "size-too-small", "other")}
        self.asked: list[tuple[str, float]] = []
        """Each field that was asked for, and what that costs."""

    # ---- what is in it --------------------------------------------------------------------------------------------

    def customer(self, email: str | None = "anna@example.com", **more: Any) -> Customer:
        made = Customer(new_id("Customer"), "Anna", "Keller", email, defaultAddress=address(), **more)
        self.customers[made.id] = made
        return made

    def product(self, title: str = "Lamp", prices: tuple[str, ...] = ("50.00", "50.00", "60.00")) -> Product:
        made = Product(new_id("Product"), title, ["light"])
        for at, price in enumerate(prices):
            variant = Variant(new_id("ProductVariant"), made, f"{title} {at}", price, {"Color": f"c{at}"})
            made.variants.append(variant)
            self.variants[variant.id] = variant
        self.products[made.id] = made
        return made

    def order(
        self,
        name: str = "#1001",
        quantities: tuple[int, ...] = (2, 1),
        unit: int = 5000,
        *,
        customer: Customer | None = None,
        money: Money | None = None,
        id: str | None = None,
        **more: Any,
    ) -> Order:
        """An order that is paid and not yet sent; its lines are of a product's variants."""
        base = money or Money(unit)
        product = next(iter(self.products.values()), None) or self.product()
        lines = [
            Line(new_id("LineItem"), "Lamp", quantity, quantity, base, product.variants[at % len(product.variants)])
            for at, quantity in enumerate(quantities)
        ]
        buyer = customer or next(iter(self.customers.values()), None) or self.customer()
        made = Order(id or new_id("Order"), name, buyer, lines, address(), **more)
        self.orders[made.id] = made
        self.paid(made, made.totalPriceSet.minor)
        return made

    def paid(self, order: Order, minor: int, kind: str = "SALE", **more: Any) -> Transaction:
        money = order.lines[0].unit
        amount = Money(minor, money.currency, money.shop_currency, money.rate, money.decimals)
        made = Transaction(new_id("OrderTransaction"), kind, amount, order, **more)
        order.paid.append(made)
        return made

    def sent(self, order: Order, number: str = "1Z204W4R0308071865", *, delivered: bool = False) -> Parcel:
        lines = [FulfillmentLine(new_id("FulfillmentLineItem"), line, line.quantity) for line in order.lines]
        made = Parcel(new_id("Fulfillment"), lines, number)
        if delivered:
            made.displayStatus, made.deliveredAt = "DELIVERED", ARRIVED
        order.parcels.append(made)
        return made

    def moved(self, order: Order) -> int:
        return sum(told["amount"] for told in self.mutations.effects("refund") if told["order"] == order.id)

    # ---- what is read ---------------------------------------------------------------------------------------------

    def order_of(self, id: str) -> Order | None:
        return self.orders.get(id)

    def return_of(self, id: str) -> Return | None:
        return next((one for order in self.orders.values() for one in order.back if one.id == id), None)

    def _node(self, id: str) -> Any:
        payments = {one.id: one for order in self.orders.values() for one in order.paid}
        return payments.get(id) or self.orders.get(id) or self.customers.get(id)

    def _returnable(self, orderId: str, **_: Any) -> list[dict[str, Any]]:
        order = self.orders.get(orderId)
        parcels = [] if order is None or order.cancelledAt else order.parcels
        listed = []
        for parcel in parcels:
            parts = [
                {"quantity": self.mutations.left(order, part), "fulfillmentLineItem": part}
                for part in parcel.lines
                if order is not None and self.mutations.left(order, part) > 0
            ]
            listed.append({"returnableFulfillmentLineItems": parts})
        return listed

    def _search(self, things: list[Any], query: str | None) -> list[Any]:
        """As Shopify does it, roughly: part of a word is enough, and whoever asks has to look again."""
        found = list(things)
        terms = [(name, quoted or bare) for name, quoted, bare in _TERM.findall(query or "")]
        anybody = [value for name, value in terms if name == "customer_id"]
        for name, value in terms:
            if name == "customer_id":
                found = [one for one in found if one.customer.id.rpartition("/")[2] in anybody]
            else:
                found = [one for one in found if value.lower() in (getattr(one, name) or "").lower()]
        return found

    def _since(self, orders: list[Order], query: str | None) -> list[Order]:
        found = _SINCE.search(query or "")
        return [one for one in orders if one.updatedAt >= found[1]] if found else orders

    def _listed(self, newest: list[Order], query: str | None, sortKey: str = "", **_: Any) -> list[Order]:
        if sortKey != "UPDATED_AT":
            return self._search(newest, query)
        return sorted(self._since(newest, query), key=lambda order: (order.updatedAt, order.id))

    def query_root(self) -> dict[str, Any]:
        newest = sorted(self.orders.values(), key=lambda order: order.createdAt)
        return {
            "order": _by_id(self.orders),
            "return": self.return_of,
            "orders": lambda query=None, **asked: self._listed(newest, query, **asked),
            "ordersCount": lambda query=None, **_: {"count": len(self._since(newest, query)), "precision": "EXACT"},
            "customer": _by_id(self.customers),
            "customers": lambda query=None, **_: self._search(list(self.customers.values()), query),
            "product": _by_id(self.products),
            "productVariant": _by_id(self.variants),
            "node": self._node,
            "job": self.mutations.job,
            "shop": {
                "currencyCode": "EUR",
                "myshopifyDomain": self.domain,
                "plan": {"partnerDevelopment": self.development},
            },
            "currentAppInstallation": {"accessScopes": [{"handle": scope} for scope in self.scopes]},
            "returnableFulfillments": self._returnable,
            "returnReasonDefinitions": lambda **_: [
                {"id": id, "handle": handle, "deleted": False} for id, handle in self.reasons.items()
            ],
        }

    # ---- over HTTP ------------------------------------------------------------------------------------------------

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post(f"/admin/api/{SERVED}/graphql.json", self._graphql)
        app.router.add_post("/staged", self._staged)
        return app

    async def _staged(self, request: web.Request) -> web.StreamResponse:
        """Where a file is uploaded to: as a form whose last field it is, and without the shop's token."""
        assert "X-Shopify-Access-Token" not in request.headers
        if self.faults.take("POST", "staged") is not None:
            return _hang_up(request)
        form = await request.post()
        file, names = form["file"], list(form)
        assert isinstance(file, web.FileField)
        assert (names[-1], form["Content-Type"], str(form["key"]) in self.mutations.staged) == (
            "file", file.content_type, True,
        )  # fmt: skip
        self.mutations.staged[str(form["key"])] = file.file.read()
        return web.Response(status=201)

    async def _graphql(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("X-Shopify-Access-Token") != TOKEN:
            said = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            return web.json_response({"errors": said}, status=401)
        sent = json.loads(await request.read())
        name, cost = about(self.specs, sent["query"], sent.get("variables") or {})
        self.faults.heard.append(("POST", name, request.headers, await request.read()))
        fault = self.faults.take("POST", name)
        if isinstance(fault, tuple):
            status, body, headers = fault
            return web.json_response(body, status=status, headers=headers)
        if fault == "timeout_before":
            await asyncio.sleep(LONGER)
        if fault in BEFORE:
            return _hang_up(request)
        body = self._answered(sent, name, cost)
        if fault == "timeout_after":
            await asyncio.sleep(LONGER)
        if fault in {"timeout_after", "reset_after"}:
            return _hang_up(request)
        if fault == "error_after":
            return web.json_response({"errors": "Internal Server Error"}, status=500)
        if fault is not None:
            content = MALFORMED[fault](json.dumps(body).encode())
            return web.Response(body=content, content_type="application/json")
        return web.json_response(body)

    def _answered(self, sent: dict[str, Any], name: str, cost: float) -> dict[str, Any]:
        if name in self.denied:
            extensions = {"code": "ACCESS_DENIED", "requiredAccess": f"`{name}` access scope."}
            return {"data": {name: None}, "errors": [{"message": "Access denied", "extensions": extensions}]}
        if cost > MOST:
            extensions = {"code": "MAX_COST_EXCEEDED", "cost": cost, "maxCost": MOST}
            return {"errors": [{"message": "Query cost is too high", "extensions": extensions}]}
        told = self._bucket(cost)
        if told is not None:
            return told
        self.asked.append((name, cost))
        roots = {"query": self.query_root(), "mutation": self.mutations}
        body = run(self.specs, sent["query"], sent.get("variables") or {}, roots)
        return body | {"extensions": {"cost": self._cost(cost)}}

    def _bucket(self, cost: float) -> dict[str, Any] | None:
        """Take it out of the bucket; the answer where there is not enough."""
        if self.level is None:
            return None
        now = time.monotonic()
        self.level, self.filled_at = min(MOST, self.level + (now - self.filled_at) * self.rate), now
        if self.level < cost:
            errors = [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
            return {"errors": errors, "extensions": {"cost": self._cost(cost)}}
        self.level -= cost
        return None

    def _cost(self, cost: float) -> dict[str, Any]:
        left = MOST if self.level is None else self.level
        status = {"maximumAvailable": MOST, "currentlyAvailable": int(left), "restoreRate": self.rate}
        return {"requestedQueryCost": int(cost), "actualQueryCost": int(cost), "throttleStatus": status}
