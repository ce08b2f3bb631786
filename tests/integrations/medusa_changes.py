"""Order edits and exchanges of the tests' Medusa: begun as a change of the order, filled, confirmed or taken away."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from aiohttp import web

from tests.integrations.medusa_server import OPEN_CHANGE, VARIANTS, MedusaServer, given, no, told


class MedusaChanges(MedusaServer):
    """A Medusa that also knows these."""

    def app(self) -> web.Application:
        self.exchanges: dict[str, dict[str, Any]] = {}
        app = super().app()
        for method, path, handler in (
            ("POST", "/admin/order-edits", self._edit), ("DELETE", "/admin/order-edits/{order}", self._drop_edit),
            ("POST", "/admin/order-edits/{order}/items/item/{line}", self._lessen),
            ("POST", "/admin/order-edits/{order}/items", self._add),
            ("POST", "/admin/order-edits/{order}/confirm", self._confirm_edit),
            ("POST", "/admin/exchanges", self._exchange), ("POST", "/admin/exchanges/{id}/inbound/items", self._in),
            ("POST", "/admin/exchanges/{id}/outbound/items", self._out),
            ("POST", "/admin/exchanges/{id}/request", self._confirm_exchange),
            ("DELETE", "/admin/exchanges/{id}/request", self._drop_exchange),
            ("POST", "/admin/exchanges/{id}/cancel", self._cancel_exchange),
        ):  # fmt: skip
            app.router.add_route(method, path, handler)
        return app

    def _open(self, order_id: str) -> dict[str, Any]:
        return next(one for one in self.changes[order_id] if one["status"] == "pending")

    # ---- edits ----------------------------------------------------------------------------------------------------

    async def _edit(self, request: web.Request) -> web.Response:
        body = await given(request)
        order = self.orders[body["order_id"]]
        if self.busy(order):
            return no("invalid_data", OPEN_CHANGE.format(order["id"]))
        return told({"order_change": self.open_change(order, body["internal_note"], actions=[], less={})})

    async def _lessen(self, request: web.Request) -> web.Response:
        change = self._open(request.match_info["order"])
        change["less"][request.match_info["line"]] = (await given(request))["quantity"]
        change["actions"].append({"action": "ITEM_UPDATE", "details": {"reference_id": request.match_info["line"]}})
        return told({"order_preview": {}})

    async def _add(self, request: web.Request) -> web.Response:
        change, body = self._open(request.match_info["order"]), await given(request)
        for item in body["items"]:
            if item["variant_id"] not in VARIANTS:
                return no("invalid_data", f"Variants with IDs {item['variant_id']} do not exist")
            action = {"action": "ITEM_ADD", "details": {"reference_id": f"ordli_new_{next(self._ids)}", **item}}
            change["actions"].insert(0, action)  # in another order than it was asked
        return told({"order_preview": {}})

    async def _confirm_edit(self, request: web.Request) -> web.Response:
        order = self.orders[request.match_info["order"]]
        change = self._open(order["id"])
        for item in order["items"]:
            quantity = change["less"].get(item["id"], item["detail"]["quantity"])
            item["detail"] = item["detail"] | {"quantity": quantity}
        for details in (one["details"] for one in change["actions"] if one["action"] == "ITEM_ADD"):
            variant = details["variant_id"]
            made = {"id": details["reference_id"], "variant_id": variant, "unit_price": VARIANTS[variant]}
            detail = {"quantity": details["quantity"], "fulfilled_quantity": 0, "shipped_quantity": 0}
            order["items"].append(order["items"][0] | made | {"detail": detail})
        order["items"] = [item for item in order["items"] if item["detail"]["quantity"]]
        change["status"] = "confirmed"
        return told({"order_preview": {}})

    async def _drop_edit(self, request: web.Request) -> web.Response:
        self.changes[request.match_info["order"]].remove(self._open(request.match_info["order"]))
        return told({"id": request.match_info["order"], "object": "order-edit", "deleted": True})

    # ---- exchanges ------------------------------------------------------------------------------------------------

    async def _none(self, request: web.Request) -> web.Response:
        if request.path != "/admin/exchanges":
            return await super()._none(request)
        found = [one for one in self.exchanges.values() if one["order_id"] == request.query.get("order_id")]
        return told({"exchanges": found, "count": len(found), "offset": 0, "limit": 100})

    async def _exchange(self, request: web.Request) -> web.Response:
        body = await given(request)
        order = self.orders[body["order_id"]]
        if self.busy(order):
            return no("invalid_data", OPEN_CHANGE.format(order["id"]))
        made = {
            "id": f"oexc_{next(self._ids)}", "order_id": order["id"], "metadata": body.get("metadata"),
            "canceled_at": None, "additional_items": [],
        }  # fmt: skip
        self.exchanges[made["id"]] = made
        self.open_change(order, body["internal_note"], exchange_id=made["id"], return_id=f"return_of_{made['id']}")
        return told({"order": order, "exchange": made})

    async def _in(self, request: web.Request) -> web.Response:
        made, body = self.exchanges[request.match_info["id"]], await given(request)
        items = [{"item_id": one["id"], "quantity": one["quantity"]} for one in body["items"]]
        returned = {"id": f"return_of_{made['id']}", "order_id": made["order_id"], "status": "open", "metadata": None}
        self.returns[returned["id"]] = returned | {"exchange_id": made["id"], "items": items}
        return told({"order_preview": {}, "return": returned})

    async def _out(self, request: web.Request) -> web.Response:
        made, body = self.exchanges[request.match_info["id"]], await given(request)
        for item in body["items"]:
            if item["variant_id"] not in VARIANTS:
                return no("invalid_data", f"Variants with IDs {item['variant_id']} do not exist")
            out = {"quantity": Decimal(item["quantity"]), "item": {"variant_id": item["variant_id"]}}
            made["additional_items"].append(out)
        return told({"order_preview": {}})

    async def _confirm_exchange(self, request: web.Request) -> web.Response:
        returned = self.returns[f"return_of_{request.match_info['id']}"]
        returned["status"] = "requested"
        self._end(returned, "confirmed")
        return told({"exchange": self.exchanges[request.match_info["id"]]})

    async def _drop_exchange(self, request: web.Request) -> web.Response:
        made = self.exchanges.pop(request.match_info["id"])
        self.returns.pop(f"return_of_{made['id']}", None)
        self._end({"id": f"return_of_{made['id']}", "order_id": made["order_id"]}, "canceled")
        return told({"id": made["id"], "object": "exchange", "deleted": True})

    async def _cancel_exchange(self, request: web.Request) -> web.Response:
        made = self.exchanges[request.match_info["id"]]
        made["canceled_at"] = "2026-11-21T17:30:00.000Z"
        self.returns[f"return_of_{made['id']}"]["status"] = "canceled"
        return told({"exchange": made})
