"""What the tests' Shopify shop does with returns that stand: labels for what comes back, goods that go out early."""

# ruff: noqa: A002, N802, N803  fields and arguments have Shopify's names
from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.integrations.shopify_basics import DAY, like, new_id
from tests.integrations.shopify_things import Deliverable, Line, Order, Return, ReverseDelivery, ReverseOrder, Work


def no(message: str, code: str | None = None, *field: str) -> list[dict[str, Any]]:
    return [{"message": message, "field": list(field) or None, "code": code}]


class Handled:
    """The part of the shop's mutations that is about these."""

    shop: Any
    holds: tuple[str, ...]
    staged: dict[str, bytes | None]
    """Addresses given for uploads, and what came there."""

    def _note(self, kind: str, **told: Any) -> None:
        raise NotImplementedError

    def _returns(self) -> list[Return]:
        return [one for order in self.shop.orders.values() for one in order.back]

    # ---- labels ---------------------------------------------------------------------------------------------------

    def stagedUploadsCreate(self, input: list[dict[str, Any]]) -> dict[str, Any]:
        targets: list[dict[str, Any]] = []
        for one in input:
            assert (one["resource"], one["httpMethod"]) == ("RETURN_LABEL", "POST")
            key = new_id("Staged").rpartition("/")[2]
            self.staged[key] = None
            fields = [{"name": "key", "value": key}, {"name": "Content-Type", "value": one["mimeType"]}]
            address = f"{self.shop.url}/staged"
            targets.append({"url": address, "resourceUrl": f"{address}/{key}", "parameters": fields})
        return {"stagedTargets": targets, "userErrors": []}

    def reverseDeliveryCreateWithShipping(
        self,
        reverseFulfillmentOrderId: str,
        reverseDeliveryLineItems: list[dict[str, Any]],
        notifyCustomer: bool,
        trackingInput: dict[str, Any] | None = None,
        labelInput: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        assert not notifyCustomer, "the store tells its shoppers"
        assert reverseDeliveryLineItems == [], "all of them"
        groups = [group for one in self._returns() for group in one.groups]
        group = next((one for one in groups if one.id == reverseFulfillmentOrderId), None)
        if group is None:
            return {"reverseDelivery": None, "userErrors": no("Reverse fulfillment order not found", "NOT_FOUND")}
        if group.status != "OPEN":
            return {"reverseDelivery": None, "userErrors": no("It is not open", "INVALID_STATE")}
        if trackingInput is None and labelInput is None:
            return {"reverseDelivery": None, "userErrors": no("must have a label or tracking", "INVALID")}
        made = ReverseDelivery(new_id("ReverseDelivery"), self._deliverable(trackingInput, labelInput))
        group.deliveries.append(made)
        self._told("delivery", group, made)
        return {"reverseDelivery": made, "userErrors": []}

    def reverseDeliveryShippingUpdate(
        self,
        reverseDeliveryId: str,
        notifyCustomer: bool,
        trackingInput: dict[str, Any] | None = None,
        labelInput: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        assert not notifyCustomer, "the store tells its shoppers"
        for group in (group for one in self._returns() for group in one.groups):
            for delivery in group.deliveries:
                if delivery.id == reverseDeliveryId:
                    delivery.deliverable = self._deliverable(trackingInput, labelInput)
                    self._told("delivery_update", group, delivery)
                    return {"reverseDelivery": delivery, "userErrors": []}
        return {"reverseDelivery": None, "userErrors": no("Reverse delivery not found", "NOT_FOUND")}

    def _deliverable(self, tracking: dict[str, Any] | None, label: dict[str, Any] | None) -> Deliverable:
        """The file that was staged is taken over; its address is of no use afterwards."""
        if label is None:
            return Deliverable(tracking, None)
        content = self.staged.get(label["fileUrl"].rpartition("/")[2])
        assert content, "nothing was uploaded there"
        return Deliverable(tracking, {"content": content, "createdAt": DAY, "updatedAt": DAY})

    def _told(self, kind: str, group: ReverseOrder, delivery: ReverseDelivery) -> None:
        tracking, label = delivery.deliverable.tracking or {}, delivery.deliverable.label or {}
        self._note(kind, name=group.of.name, number=tracking.get("number"), label=label.get("content"))

    # ---- what goes out early --------------------------------------------------------------------------------------

    def returnProcess(self, input: dict[str, Any]) -> dict[str, Any]:
        assert not input.get("financialTransfer"), "money is moved by refunds alone"
        assert not input.get("notifyCustomer")
        assert not input.get("returnLineItems"), "whoever has them in their hands says that they are back"
        found = self.shop.return_of(input["returnId"])
        if found is None or found.status != "OPEN":
            code = "NOT_FOUND" if found is None else "INVALID_STATE"
            return {"return": None, "userErrors": no("The return cannot be processed", code)}
        swaps = {one["id"]: one for one in found.swaps}
        asked = [(swaps.get(one["id"]), one["quantity"]) for one in input["exchangeLineItems"]]
        if any(swap is None or not 0 < quantity <= swap["unprocessedQuantity"] for swap, quantity in asked):
            return {"return": None, "userErrors": no("Quantity cannot be processed", "GREATER_THAN")}
        lines = [self._added(found.order, swap, quantity) for swap, quantity in asked if swap is not None]
        holds = [{"id": new_id("FulfillmentHold"), "reason": reason} for reason in self.holds]
        found.order.works.append(Work(new_id("FulfillmentOrder"), [{"lineItem": line} for line in lines], holds))
        found.begun = True
        self._note("send", name=found.name, items=[(line.title, line.quantity) for line in lines])
        return {"return": found, "userErrors": []}

    def _added(self, order: Order, swap: dict[str, Any], quantity: int) -> Line:
        variant = self.shop.variants[swap["variantId"]]
        unit = like(order.lines[0].unit, int(Decimal(variant.price).scaleb(2)))
        line = Line(new_id("LineItem"), variant.product.title, quantity, quantity, unit, variant)
        order.lines.append(line)
        swap["lineItems"].append(line)
        swap["processedQuantity"] += quantity
        swap["unprocessedQuantity"] -= quantity
        return line

    def fulfillmentOrderReleaseHold(self, id: str, holdIds: list[str]) -> dict[str, Any]:
        works = [one for order in self.shop.orders.values() for one in order.works]
        work = next((one for one in works if one.id == id), None)
        if work is None:
            return {"fulfillmentOrder": None, "userErrors": no("Fulfillment order not found")}
        kept = [hold for hold in work.fulfillmentHolds if hold["id"] not in holdIds]
        let_go = [hold["reason"] for hold in work.fulfillmentHolds if hold["id"] in holdIds]
        work.fulfillmentHolds = kept
        self._note("release", reasons=let_go)
        return {"fulfillmentOrder": work, "userErrors": []}
