"""A small Medusa of the tests: its answers have the recorded shapes (`specs/medusa`), and its traps.

Refunds have no idempotency; while an order change is open a refund is made and answered with 400, and so is canceling,
which then gives the money back and leaves the order as it is. Filters that it does not know it passes over.
"""

from __future__ import annotations

import base64
import copy
import itertools
import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from tests.integrations.faulty import Faults

KEY = "sk_" + "0" * 32
VARIANTS = {"variant_S": Decimal("25.5"), "variant_M": Decimal(30)}
OPEN_CHANGE = "Order ({}) already has an existing active order change"
AT = "2026-11-21T17:19:44.339Z"


@cache
def _recording(specs: Path, name: str) -> list[dict[str, Any]]:
    text = (specs / "specs" / "medusa" / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text, parse_float=Decimal)


def recorded(specs: Path, name: str, method: str, path: str, end: str = "") -> dict[str, Any]:
    """The first answer of that recording to a request whose path begins and ends so; read once, and not changed."""
    return next(
        one["response"]
        for one in _recording(specs, name)
        if one.get("method") == method
        and one["status"] == 200
        and one["path"].startswith(path)
        and one["path"].endswith(end)
    )


class MedusaServer:
    """One shop; `refunds(order)` is its ledger."""

    def __init__(self, specs: Path) -> None:
        self.url = ""
        self.faults = Faults()
        name = "order-capture-fulfil-return-refund"
        self._order = recorded(specs, name, "GET", "/admin/orders/order_")["order"]
        self._returned = recorded(specs, name, "POST", "/admin/returns")["return"]
        self._refund = recorded(specs, name, "POST", "/admin/payments/", "/refund")
        self.orders: dict[str, dict[str, Any]] = {}
        self.changes: dict[str, list[dict[str, Any]]] = {}
        self.returns: dict[str, dict[str, Any]] = {}
        self.customers: dict[str, dict[str, Any]] = {}
        self.prices = {name: [price(amount)] for name, amount in VARIANTS.items()}
        self.forbidden: set[str] = set()
        self._ids = itertools.count(1)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self.faults.middleware, self._authorized])
        for method, path, handler in (
            ("GET", "/admin/orders", self._list), ("GET", "/admin/orders/{id}", self._get),
            ("POST", "/admin/orders/{id}", self._update), ("POST", "/admin/orders/{id}/cancel", self._cancel),
            ("GET", "/admin/orders/{id}/changes", self._changes), ("GET", "/admin/payments", self._none),
            ("GET", "/admin/payments/{id}", self._payment), ("POST", "/admin/payments/{id}/refund", self._give),
            ("GET", "/admin/returns", self._returns), ("POST", "/admin/returns", self._begin),
            ("POST", "/admin/returns/{id}/request-items", self._fill),
            ("POST", "/admin/returns/{id}/request", self._confirm),
            ("DELETE", "/admin/returns/{id}/request", self._abort),
            ("POST", "/admin/returns/{id}/cancel", self._cancel_return), ("GET", "/admin/exchanges", self._none),
            ("GET", "/admin/customers", self._find_customers), ("GET", "/admin/customers/{id}", self._customer),
            ("POST", "/admin/customers/{id}", self._customer), ("POST", "/admin/customers/{id}/addresses", self._home),
            ("POST", "/admin/customers/{id}/addresses/{address}", self._home),
            ("GET", "/admin/products", self._none), ("GET", "/admin/products/{id}", self._product),
            ("GET", "/admin/product-variants", self._variants), ("GET", "/admin/stores", self._store),
        ):  # fmt: skip
            app.router.add_route(method, path, handler)
        return app

    # ---- what there is --------------------------------------------------------------------------------------------

    def order(self, number: int = 1, *, sent: bool = False, captured: bool = True, **more: Any) -> dict[str, Any]:
        """An order of the recorded one's shape: two of S and one of M, 91.00 with shipping."""
        order = copy.deepcopy(self._order)
        order_id = f"order_{number}"
        address = {"id": "adr_1", "first_name": "Jane", "last_name": "Doe", "address_1": "2 Oak", "city": "Rome",
                   "country_code": "us", "province": "us-ny", "postal_code": "10002",
                   "phone": "+12125550100"}  # fmt: skip
        customer = {"id": "cus_1", "email": "jane@example.com", "first_name": "Jane", "last_name": "Doe"}
        order |= {
            "id": order_id, "display_id": number, "email": "jane@example.com", "currency_code": "usd", "metadata": None,
            "is_draft_order": False, "shipping_address": address, "customer": customer, "returns": [],
            "updated_at": f"2026-11-21T17:20:{number:02}.000Z",
        }  # fmt: skip
        for item in order["items"]:
            item["variant_id"] = f"variant_{item['variant_title']}"
            if sent:
                item["detail"] |= {"fulfilled_quantity": item["quantity"], "shipped_quantity": item["quantity"]}
        [payment] = order["payment_collections"][0]["payments"]
        captures = [{"id": "capt_1", "amount": payment["amount"]}] if captured else []
        payment |= {"id": f"pay_{number}", "captures": captures, "refunds": []}
        label = {"tracking_number": "1Z999AA10123456784", "tracking_url": "https://example.com/t"}
        parcel = {"id": "ful_1", "created_at": AT, "shipped_at": AT, "delivered_at": AT, "canceled_at": None,
                  "labels": [label], "items": []}  # fmt: skip
        order |= {"fulfillments": [parcel], "fulfillment_status": "delivered"} if sent else {}
        order |= {"payment_status": "captured" if captured else "authorized"} | more
        self.orders[order_id], self.changes[order_id] = order, []
        return order

    def payment_of(self, order: dict[str, Any]) -> dict[str, Any]:
        return order["payment_collections"][0]["payments"][0]

    def refunds(self, order: dict[str, Any]) -> list[Decimal]:
        return [refund["amount"] for refund in self.payment_of(order)["refunds"]]

    def refunded(self, order: dict[str, Any], amount: Decimal, note: str | None = None) -> dict[str, Any]:
        """A refund, also one that was made elsewhere."""
        [shape, *_] = self._refund["payment"]["refunds"]
        made = shape | {"id": f"ref_{next(self._ids)}", "amount": amount, "note": note, "created_at": AT}
        self.payment_of(order)["refunds"].append(made)
        return made

    def open_change(self, order: dict[str, Any], note: str | None = None, **more: Any) -> dict[str, Any]:
        """Somebody begins to change the order."""
        change = {"id": f"ordch_{next(self._ids)}", "status": "pending", "change_type": "edit", "internal_note": note}
        self.changes[order["id"]].append(change | more)
        return self.changes[order["id"]][-1]

    def busy(self, order: dict[str, Any]) -> bool:
        return any(one["status"] in {"pending", "requested"} for one in self.changes[order["id"]])

    # ---- its API --------------------------------------------------------------------------------------------------

    @web.middleware
    async def _authorized(self, request: web.Request, handler: Any) -> web.StreamResponse:
        wanted = base64.b64encode(f"{KEY}:".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {wanted}":
            return told({"message": "Unauthorized"}, 401)
        if request.path in self.forbidden:
            return no("forbidden", "Forbidden", 403)
        found = request.match_info.get("id")
        if "/orders/" in request.path and found not in self.orders:
            return no("not_found", f"Order id not found: {found}", 404)
        return await handler(request)

    async def _none(self, request: web.Request) -> web.Response:
        return told({request.path.rpartition("/")[2]: [], "count": 0, "offset": 0, "limit": 1})

    async def _get(self, request: web.Request) -> web.Response:
        assert len(str(request.url)) < 2048
        order = self.orders[request.match_info["id"]]
        own = [one for one in self.returns.values() if one["order_id"] == order["id"]]
        return told({"order": order | {"items": order["items"][::-1], "returns": own}})  # in another order each time

    async def _list(self, request: web.Request) -> web.Response:
        query, found = request.query, list(self.orders.values())
        words = query.get("q", "").lower()
        found = [
            one for one in found if words in f"{one['display_id']} {one['email']} {one['shipping_address']}".lower()
        ]
        if since := query.get("updated_at[$gte]"):
            found = [one for one in found if one["updated_at"] >= since]
        by = query.get("order", "display_id")
        found.sort(key=lambda one: one[by.lstrip("-")], reverse=by.startswith("-"))
        at, limit = int(query.get("offset", "0")), int(query.get("limit", "15"))
        return told({"orders": found[at : at + limit], "count": len(found), "offset": at, "limit": limit})

    async def _update(self, request: web.Request) -> web.Response:
        order, body = self.orders[request.match_info["id"]], await given(request)
        if order["status"] == "canceled":
            return no("invalid_data", f"Order with id {order['id']} has been canceled.")
        address = body.get("shipping_address", {})
        if address.get("country_code", "us") != "us":
            return no("invalid_data", "Country code cannot be changed")
        order["shipping_address"] |= address
        order["metadata"] = (order["metadata"] or {}) | body.get("metadata", {})
        return told({"order": order})

    async def _cancel(self, request: web.Request) -> web.Response:
        order = self.orders[request.match_info["id"]]
        if any(one["canceled_at"] is None for one in order["fulfillments"]):
            return no("not_allowed", "All fulfillments must be canceled before canceling an order")
        payment = self.payment_of(order)
        left = sum(one["amount"] for one in payment["captures"]) - sum(self.refunds(order))
        if left:
            self.refunded(order, left)
        if self.busy(order):
            return no("invalid_data", OPEN_CHANGE.format(order["id"]))
        order |= {"status": "canceled", "canceled_at": AT}
        return told({"order": order})

    async def _changes(self, request: web.Request) -> web.Response:
        wanted = request.query.getall("status[]", [])
        found = self.changes[request.match_info["id"]]
        return told({"order_changes": [one for one in found if not wanted or one["status"] in wanted]})

    async def _payment(self, request: web.Request) -> web.Response:
        for order in self.orders.values():
            payment = self.payment_of(order)
            if payment["id"] == request.match_info["id"]:
                own = {name: order[name] for name in ("id", "status", "metadata")}
                return told({"payment": payment | {"payment_collection": {"order": own}}})
        return told({})

    async def _give(self, request: web.Request) -> web.Response:
        body = await given(request)
        assert set(body) <= {"amount", "note", "refund_reason_id"}, "Medusa refuses fields that it does not know"
        found = (one for one in self.orders.values() if self.payment_of(one)["id"] == request.match_info["id"])
        order = next(found, None)
        if order is None:
            return no("not_found", f"Payment id not found: {request.match_info['id']}", 404)
        payment = self.payment_of(order)
        captured = sum((one["amount"] for one in payment["captures"]), Decimal())
        amount = body.get("amount", captured)
        if amount + sum(self.refunds(order)) > captured:
            return no("invalid_data", "You are not allowed to refund more than the captured amount")
        self.refunded(order, amount, body.get("note"))
        if self.busy(order):
            return no("invalid_data", OPEN_CHANGE.format(order["id"]))
        return told({"payment": payment})

    async def _returns(self, request: web.Request) -> web.Response:
        found = [one for one in self.returns.values() if one["order_id"] == request.query.get("order_id")]
        return told({"returns": found, "count": len(found), "offset": 0, "limit": 100})

    async def _begin(self, request: web.Request) -> web.Response:
        body = await given(request)
        order = self.orders[body["order_id"]]
        if self.busy(order):
            return no("invalid_data", OPEN_CHANGE.format(order["id"]))
        made = self._returned | {
            "id": f"return_{next(self._ids)}", "order_id": order["id"], "metadata": body.get("metadata"),
            "status": "open", "items": [], "exchange_id": None,
        }  # fmt: skip
        self.returns[made["id"]] = made
        self.open_change(order, body.get("internal_note"), return_id=made["id"], change_type="return_request")
        return told({"order": order, "return": made})

    async def _fill(self, request: web.Request) -> web.Response:
        made, body = self.returns[request.match_info["id"]], await given(request)
        lines = {item["id"]: item for item in self.orders[made["order_id"]]["items"]}
        for item in body["items"]:
            if item["quantity"] > lines[item["id"]]["detail"]["fulfilled_quantity"]:
                said = f"Cannot request to return more items than what was fulfilled for item {item['id']}."
                return no("invalid_data", said)
        made["items"] = [{"item_id": item["id"], "quantity": item["quantity"]} for item in body["items"]]
        return told({"return": made})

    async def _confirm(self, request: web.Request) -> web.Response:
        made = self.returns[request.match_info["id"]]
        made["status"] = "requested"
        self._end(made, "confirmed")
        return told({"return": made})

    async def _abort(self, request: web.Request) -> web.Response:
        made = self.returns.pop(request.match_info["id"])
        self._end(made, "canceled")
        return told({"id": made["id"], "object": "return", "deleted": True})

    async def _cancel_return(self, request: web.Request) -> web.Response:
        made = self.returns[request.match_info["id"]]
        made["status"] = "canceled"
        return told({"return": made})

    def _end(self, made: dict[str, Any], status: str) -> None:
        for change in self.changes[made["order_id"]]:
            if change.get("return_id") == made["id"]:
                change["status"] = status

    async def _find_customers(self, request: web.Request) -> web.Response:
        words = request.query.get("q", "").lower()
        found = [one for one in self.customers.values() if words in f"{one['email']} {one['phone']}".lower()]
        return told({"customers": found, "count": len(found), "offset": 0, "limit": 50})

    async def _customer(self, request: web.Request) -> web.Response:
        found = self.customers.get(request.match_info["id"])
        if found is None:
            return no("not_found", "Customer with id: cus_x was not found", 404)
        if request.method == "POST":
            body = await given(request)
            if "@" not in body.get("email", "@"):
                return no("invalid_data", "Invalid request: Invalid email")
            found |= body | {"metadata": (found.get("metadata") or {}) | body.get("metadata", {})}
        return told({"customer": found})

    async def _home(self, request: web.Request) -> web.Response:
        self.customers[request.match_info["id"]]["addresses"] = [{"id": "cuaddr_1", **await given(request)}]
        return told({"customer": {}})

    def variant(self, name: str) -> dict[str, Any]:
        return {
            "id": name, "title": name[-1], "manage_inventory": False, "prices": self.prices[name],
            "options": [{"value": name[-1], "option": {"title": "Size"}}],
        }  # fmt: skip

    async def _product(self, request: web.Request) -> web.Response:
        if request.match_info["id"] != "prod_1":
            return no("not_found", "Product with id: prod_x was not found", 404)
        product = {"id": "prod_1", "title": "Shirt", "status": "published"}
        return told({"product": product | {"variants": [self.variant(name) for name in self.prices]}})

    async def _variants(self, request: web.Request) -> web.Response:
        product = {"product": {"id": "prod_1", "title": "Shirt", "status": "published"}}
        found = [self.variant(name) | product for name in self.prices if name == request.query.get("id")]
        return told({"variants": found, "count": len(found)})

    async def _store(self, request: web.Request) -> web.Response:
        return told(
            {"stores": [{"id": "store_1", "supported_currencies": [{"currency_code": "usd", "is_default": True}]}]}
        )


def price(amount: Decimal, currency: str = "usd", **more: Any) -> dict[str, Any]:
    return {"id": "price_1", "amount": amount, "currency_code": currency, "rules": {}, **more}


async def given(request: web.Request) -> dict[str, Any]:
    return json.loads(await request.read(), parse_float=Decimal)


def told(document: dict[str, Any], status: int = 200) -> web.Response:
    """JSON with decimals as they are: what JavaScript would write."""
    body = orjson.dumps(document, default=lambda number: orjson.Fragment(f"{number:f}"))
    return web.Response(body=body, status=status, content_type="application/json")


def no(kind: str, message: str, status: int = 400) -> web.Response:
    return told({"type": kind, "message": message}, status)
