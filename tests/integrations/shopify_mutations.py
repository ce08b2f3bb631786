"""What the tests' Shopify shop does when it is told to: each effect is one row of an append-only ledger."""

# ruff: noqa: A002, N802, N803  fields and arguments have Shopify's names
from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from graphql import GraphQLError

from tests.integrations.shopify_basics import DAY, Account, Credit, like, new_id
from tests.integrations.shopify_handled import Handled, no
from tests.integrations.shopify_schema import idempotency_key, wants_info
from tests.integrations.shopify_things import (
    CANCELED,
    FulfillmentLine,
    Line,
    Order,
    Refund,
    Return,
    ReturnLine,
    ReverseOrder,
    Transaction,
)


def swap_of(variant: str, quantity: int) -> dict[str, Any]:
    """An exchange line of which nothing is processed."""
    counts = {"quantity": quantity, "processedQuantity": 0, "unprocessedQuantity": quantity}
    return {"id": new_id("ExchangeLineItem"), "variantId": variant, "lineItems": [], **counts}


class Mutations(Handled):
    """Of one shop; `ledger` has a row for each effect, whoever asked for it and whatever was answered."""

    def __init__(self, shop: Any) -> None:
        self.shop = shop
        self.ledger: list[tuple[str, dict[str, Any]]] = []
        self.keys: dict[str, tuple[str, dict[str, Any]]] = {}
        self.keeps_keys = True
        self.refund_status = "SUCCESS"
        self.job_looks = 0
        """How often a cancellation's job is looked at before it is done; negative: it ends without canceling."""
        self.jobs: dict[str, dict[str, Any]] = {}
        self.sessions: dict[str, dict[str, Any]] = {}
        self.locations = 1
        """To how many locations the goods of a return go."""
        self.holds: tuple[str, ...] = ("AWAITING_PAYMENT",)
        """Why what goes out for an exchange is held at first."""
        self.staged: dict[str, bytes | None] = {}

    def effects(self, kind: str) -> list[dict[str, Any]]:
        return [told for name, told in self.ledger if name == kind]

    def _note(self, kind: str, **told: Any) -> None:
        self.ledger.append((kind, told))

    # ---- money ----------------------------------------------------------------------------------------------------

    @wants_info
    def refundCreate(self, info: Any, input: dict[str, Any]) -> dict[str, Any]:
        key = idempotency_key(info)
        if key is None:
            raise GraphQLError("refundCreate requires @idempotent", extensions={"code": "IDEMPOTENCY_KEY_REQUIRED"})
        assert not input.get("allowOverRefunding"), "never asked for"
        asked = json.dumps(input, sort_keys=True, default=str)
        if key in self.keys and self.keeps_keys:
            before, answer = self.keys[key]
            if before != asked:
                return {"refund": None, "userErrors": no("The idempotency key was used with other parameters")}
            return answer
        answer = self._refunded(self.shop.order_of(input["orderId"]), input)
        if not answer["userErrors"]:
            self.keys[key] = asked, answer
        return answer

    def _refunded(self, order: Order | None, input: dict[str, Any]) -> dict[str, Any]:
        if order is None:
            return {"refund": None, "userErrors": no("Order does not exist", None, "orderId")}
        if input.get("currency") != order.presentmentCurrencyCode:
            return {"refund": None, "userErrors": no("Currency must be the presentment currency", None, "currency")}
        made: list[Transaction] = []
        for one in input.get("transactions") or []:
            parent = next((paid for paid in order.paid if paid.id == one.get("parentId")), None)
            if parent is None or (parent.gateway, one["kind"]) != (one["gateway"], "REFUND"):
                return {"refund": None, "userErrors": no("Transaction not found", None, "transactions")}
            minor = int(Decimal(str(one["amount"])).scaleb(parent.amountSet.decimals))
            gone = sum(
                paid.amountSet.minor
                for paid in order.paid
                if paid.parentTransaction is parent and paid.kind == "REFUND" and paid.status != "FAILURE"
            )
            if self.shop.limits and minor + gone > parent.amountSet.minor:
                return {"refund": None, "userErrors": no("Refund amount cannot exceed the amount paid")}
            made.append(
                Transaction(
                    new_id("OrderTransaction"),
                    "REFUND",
                    like(parent.amountSet, minor),
                    order,
                    self.refund_status,
                    parent.gateway,
                    parent,
                )
            )
        refund = Refund(new_id("Refund"), input.get("note"), order, made)
        order.paid += made
        order.given.append(refund)
        self._note("refund", order=order.id, note=refund.note, amount=sum(one.amountSet.minor for one in made))
        return {"refund": refund, "userErrors": []}

    def storeCreditAccountCredit(self, id: str, creditInput: dict[str, Any]) -> dict[str, Any]:
        customer = self.shop.customers.get(id)
        if customer is None:
            errors = no("Owner does not exist", "OWNER_NOT_FOUND", "id")
            return {"storeCreditAccountTransaction": None, "userErrors": errors}
        money = {name: str(value) for name, value in creditInput["creditAmount"].items()}
        accounts = [one for one in customer.accounts if one.currency == money["currencyCode"]]
        if not accounts:
            accounts = [Account(new_id("StoreCreditAccount"), money["currencyCode"])]
            customer.accounts += accounts
        credit = Credit(new_id("StoreCreditAccountCreditTransaction"), money, accounts[0])
        accounts[0].credits.append(credit)
        self._note("store_credit", customer=id, **money)
        return {"storeCreditAccountTransaction": credit, "userErrors": []}

    # ---- orders ---------------------------------------------------------------------------------------------------

    def orderCancel(self, orderId: str, restock: bool, reason: str, **more: Any) -> dict[str, Any]:
        assert more["refundMethod"] == {"originalPaymentMethodsRefund": False}, "money is moved by refunds alone"
        order = self.shop.order_of(orderId)
        if order is None or order.cancelledAt or order.displayFulfillmentStatus == "FULFILLED":
            code = "NOT_FOUND" if order is None else "INVALID"
            return {"job": None, "orderCancelUserErrors": no("Order cannot be cancelled", code)}
        job = {
            "id": new_id("Job"),
            "order": order,
            "note": more.get("staffNote"),
            "reason": reason,
            "left": self.job_looks,
        }
        self.jobs[job["id"]] = job
        if self.job_looks == 0:
            self._canceled(job)
        return {"job": {"id": job["id"], "done": self.job_looks == 0}, "orderCancelUserErrors": []}

    def job(self, id: str) -> dict[str, Any] | None:
        job = self.jobs.get(id)
        if job is None:
            return None
        if job["left"] > 0:
            job["left"] -= 1
            if job["left"] == 0:
                self._canceled(job)
        return {"id": id, "done": job["left"] <= 0}

    def _canceled(self, job: dict[str, Any]) -> None:
        order = job["order"]
        if order.cancelledAt is None:
            order.cancelledAt, order.cancellation = DAY, {"staffNote": job["note"]}
            for line in order.lines:
                line.currentQuantity = 0
            self._note("cancel", order=order.id, reason=job["reason"], note=job["note"])

    def orderUpdate(self, input: dict[str, Any]) -> dict[str, Any]:
        order = self.shop.order_of(input["id"])
        if order is None:
            return {"order": None, "userErrors": no("Order does not exist", None, "id")}
        if "shippingAddress" in input:
            if not (input["shippingAddress"].get("zip") or "").strip():
                return {"order": None, "userErrors": no("Zip can't be blank", None, "shippingAddress", "zip")}
            order.shippingAddress = shown(input["shippingAddress"])
            self._note("address", order=order.id, zip=order.shippingAddress["zip"])
        self._keep(order, input.get("metafields") or [])
        return {"order": order, "userErrors": []}

    def metafieldsSet(self, metafields: list[dict[str, Any]]) -> dict[str, Any]:
        for one in metafields:
            owner = self.shop.order_of(one["ownerId"]) or self.shop.customers.get(one["ownerId"])
            self._keep(owner, [one])
        return {"metafields": [{"key": one["key"], "value": one["value"]} for one in metafields], "userErrors": []}

    @staticmethod
    def _keep(owner: Any, metafields: list[dict[str, Any]]) -> None:
        for one in metafields:
            owner.notes[one["namespace"], one["key"]] = one["value"]

    def orderEditBegin(self, id: str) -> dict[str, Any]:
        order = self.shop.order_of(id)
        if order is None or order.cancelledAt or order.parcels:
            return {"calculatedOrder": None, "userErrors": no("The order cannot be edited", None, "id")}
        lines = [
            {"id": f"gid://shopify/CalculatedLineItem/{line.id.rpartition('/')[2]}", "quantity": line.currentQuantity,
             "line": line} for line in order.lines
        ]  # fmt: skip
        session = {"id": new_id("CalculatedOrder"), "order": order, "lineItems": lines, "added": [], "over": False}
        self.sessions[session["id"]] = session
        return {"calculatedOrder": session, "userErrors": []}

    def orderEditSetQuantity(self, id: str, lineItemId: str, quantity: int, **_: Any) -> dict[str, Any]:
        session = self.sessions[id]
        line = next((one for one in session["lineItems"] if one["id"] == lineItemId), None)
        if line is None:
            return {"calculatedOrder": None, "userErrors": no("Line item not found", None, "lineItemId")}
        line["quantity"] = quantity
        return {"calculatedOrder": session, "userErrors": []}

    def orderEditAddVariant(self, id: str, variantId: str, quantity: int, **_: Any) -> dict[str, Any]:
        session, variant = self.sessions[id], self.shop.variants.get(variantId)
        if variant is None:
            return {"calculatedOrder": None, "userErrors": no("Variant does not exist", None, "variantId")}
        if not variant.availableForSale:
            return {"calculatedOrder": None, "userErrors": no("Item is not available", None, "variantId")}
        added = {"id": new_id("CalculatedLineItem"), "variant": variant, "quantity": quantity}
        session["added"].append(added)
        return {"calculatedLineItem": added, "calculatedOrder": session, "userErrors": []}

    def orderEditCommit(self, id: str, **_: Any) -> dict[str, Any]:
        session = self.sessions.get(id)
        if session is None or session["over"] or session["order"].cancelledAt:
            return {"order": None, "userErrors": no("The edit session is not open", None, "id")}
        session["over"], order = True, session["order"]
        for one in session["lineItems"]:
            one["line"].currentQuantity = one["quantity"]
        for one in session["added"]:
            unit = like(order.lines[0].unit, int(Decimal(one["variant"].price).scaleb(2)))
            line = Line(new_id("LineItem"), one["variant"].product.title, one["quantity"], one["quantity"], unit)
            line.variant = one["variant"]
            order.lines.append(line)
        order.edited = True
        self._note("edit", order=order.id, session=id)
        return {"order": order, "userErrors": []}

    # ---- returns --------------------------------------------------------------------------------------------------

    def returnCreate(self, returnInput: dict[str, Any]) -> dict[str, Any]:
        order = self.shop.order_of(returnInput["orderId"])
        if order is None:
            return {"return": None, "userErrors": no("Order does not exist", "NOT_FOUND")}
        parts = {part.id: part for parcel in order.parcels for part in parcel.lines}
        lines: list[ReturnLine] = []
        for one in returnInput["returnLineItems"]:
            assert one.get("returnReasonDefinitionId") in self.shop.reasons, "a definition, since 2026-01"
            part = parts.get(one["fulfillmentLineItemId"])
            if part is None or one["quantity"] > self.left(order, part):
                return {"return": None, "userErrors": no("Quantity is not returnable", "GREATER_THAN")}
            note = one.get("returnReasonNote") or ""
            assert len(note) <= 255
            reason = self.shop.reasons[one["returnReasonDefinitionId"]]
            lines.append(ReturnLine(new_id("ReturnLineItem"), part, one["quantity"], note, reason))
        swaps = []
        for one in returnInput.get("exchangeLineItems") or []:
            if one["variantId"] not in self.shop.variants:
                return {"return": None, "userErrors": no("Variant does not exist", "NOT_FOUND")}
            swaps.append(swap_of(one["variantId"], one["quantity"]))
        made = Return(new_id("Return"), f"{order.name}-R{len(order.back) + 1}", order, lines, swaps)
        made.groups = [ReverseOrder(new_id("ReverseFulfillmentOrder"), made) for _ in range(self.locations)]
        order.back.append(made)
        self._note("exchange" if swaps else "return", order=order.id, name=made.name)
        return {"return": made, "userErrors": []}

    @staticmethod
    def left(order: Order, part: FulfillmentLine) -> int:
        """What of a parcel's line is in no return that stands."""
        held = sum(
            line.quantity
            for one in order.back
            if one.status not in {CANCELED, "DECLINED"}
            for line in one.lines
            if line.fulfillmentLineItem is part
        )
        return part.quantity - held

    def returnCancel(self, id: str, **_: Any) -> dict[str, Any]:
        return self._ended(id, "CANCELED")

    def returnClose(self, id: str) -> dict[str, Any]:
        return self._ended(id, "CLOSED")

    def _ended(self, id: str, status: str) -> dict[str, Any]:
        found = self.shop.return_of(id)
        if found is None or found.status != "OPEN" or (found.begun and status == "CANCELED"):
            return {"return": None, "userErrors": no("The return cannot be canceled", "INVALID_STATE")}
        found.status = status
        self._note("return_ended", name=found.name, status=status)
        return {"return": found, "userErrors": []}

    # ---- customers ------------------------------------------------------------------------------------------------

    def customerUpdate(self, input: dict[str, Any]) -> dict[str, Any]:
        customer = self.shop.customers[input["id"]]
        others = [one for one in self.shop.customers.values() if one is not customer]
        if input.get("email") and any(one.email == input["email"] for one in others):
            return {"customer": None, "userErrors": no("Email has already been taken", None, "email")}
        for name in ("email", "phone", "firstName", "lastName"):
            if name in input:
                setattr(customer, name, input[name])
        self._keep(customer, input.get("metafields") or [])
        self._note("customer", customer=customer.id, fields=sorted(input))
        return {"customer": customer, "userErrors": []}

    def customerAddressCreate(self, customerId: str, address: dict[str, Any], **_: Any) -> dict[str, Any]:
        return self.customerAddressUpdate(customerId, new_id("MailingAddress"), address)

    def customerAddressUpdate(self, customerId: str, addressId: str, address: dict, **_: Any) -> dict[str, Any]:
        customer = self.shop.customers[customerId]
        customer.defaultAddress = {**shown(address), "id": addressId}
        self._note("customer_address", customer=customerId, zip=address.get("zip"))
        return {"address": customer.defaultAddress, "userErrors": []}


def shown(address: dict[str, Any]) -> dict[str, Any]:
    """An address as it is read again."""
    told = {name: value for name, value in address.items() if name != "countryCode"}
    name = f"{address.get('firstName') or ''} {address.get('lastName') or ''}".strip()
    return {**told, "name": name, "countryCodeV2": address.get("countryCode"), "company": None}
