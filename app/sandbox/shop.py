"""The shop's own API: orders, customers, products and cancellation. Money is read from the payment ledger."""

import base64
import binascii
import json
import re
import sqlite3
from datetime import datetime
from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.clock import now, rfc3339
from app.sandbox.effects import Call, Done, effect, read
from app.sandbox.payments import payment_view
from app.sandbox.store import dumps, loads, one, rows
from app.sandbox.wire import Problem, Strict

MAX_PAGE = 200
FLAGS = ("items_changed", "payment_changed", "return_requested", "exchange_requested")
"""What the shop tells of changes that it made to an order."""


class CancelIn(Strict):
    """Cancel a whole order; `notify` is kept and does nothing here."""

    reason: str = Field(min_length=1, max_length=500)
    notify: bool = False


def number_form(text: str) -> str:
    """How a number is compared: without `#`, in lower case."""
    return text.strip().lstrip("#").casefold()


def email_form(text: str | None) -> str | None:
    """How an address is compared: case ignored."""
    return text.strip().casefold() if text else None


def phone_form(text: str | None) -> str | None:
    """How a phone number is compared: its digits, and a leading plus."""
    return re.sub(r"[^0-9+]", "", text) if text else None


def customer_view(db: sqlite3.Connection, shop: str, customer_id: str) -> dict[str, Any]:
    """The customer; Problem 404 where there is none."""
    row = one(db, "SELECT body FROM customers WHERE shop = ? AND id = ?", shop, customer_id)
    if row is None:
        raise Problem(404, "customer_not_found", "There is no such customer.")
    return loads(row["body"])


def order_row(db: sqlite3.Connection, shop: str, order_id: str) -> sqlite3.Row:
    """The order; Problem 404 where there is none."""
    row = one(db, "SELECT * FROM orders WHERE shop = ? AND id = ?", shop, order_id)
    if row is None:
        raise Problem(404, "order_not_found", "There is no such order.")
    return row


def must_be_open(order: dict[str, Any]) -> None:
    """Refuse what may only be done before anything ships, and nothing of it after its items were swapped."""
    if order["status"] != "pending" or any(line["fulfilled_quantity"] for line in order["lines"]):
        raise Problem(409, "order_not_pending", f"The order is {order['status']}.", subject=order["id"])
    if order.get("items_changed", False):
        raise Problem(409, "order_already_modified", "The order's items were swapped.", subject=order["id"])


def order_view(db: sqlite3.Connection, shop: str, row: sqlite3.Row) -> dict[str, Any]:
    """An order as the shop shows it; refunded amounts and payment status follow from the payment ledger."""
    order = loads(row["body"])
    customer = customer_view(db, shop, order["customer_id"]) if order["customer_id"] is not None else None
    payments = [
        payment_view(db, shop, payment)
        for payment in rows(
            db, "SELECT * FROM payments WHERE shop = ? AND order_id = ? ORDER BY position", shop, row["id"]
        )
    ]
    lines = order["lines"]
    refunded = sum(payment["refunded"] for payment in payments)
    shown = ("id", "kind", "label", "payment_method_id", "currency", "amount", "state", "captured", "refunded")
    return {
        "id": order["id"],
        "number": order["number"],
        "status": order["status"],
        "payment_status": _payment_status(payments),
        "fulfillment_status": _fulfillment_status(lines),
        "placed_at": order["placed_at"],
        "delivered_at": order["delivered_at"],
        "canceled_at": order["canceled_at"],
        "customer": customer,
        "email": order["email"] or (customer["email"] if customer else None),
        "phone": order["phone"] or (customer["phone"] if customer else None),
        "shipping_address": order["shipping_address"],
        "lines": _tagged(db, shop, lines),
        "payments": [{name: payment[name] for name in shown} for payment in payments],
        "refunds": [
            {name: refund[name] for name in ("id", "key", "status", "lines")}
            for payment in payments
            for refund in payment["refunds"]
        ],
        "shipments": order["shipments"],
        "totals": {
            "items": sum(line["quantity"] * line["unit_price"] for line in lines),
            "discount": sum(line["discount"] for line in lines),
            "tax": sum(line["tax"] for line in lines),
            "shipping": order["shipping"],
            "duties": order["duties"],
            "total": sum(line["total"] for line in lines) + order["shipping"] + order["duties"],
            "refunded": refunded,
        },
        "currency": order["currency"],
        "presentment_currency": order["presentment_currency"] or order["currency"],
        "promised_by": order.get("promised_by"),
        "locale": order.get("locale"),
        "prices_include_tax": order["prices_include_tax"],
        **{flag: order.get(flag, False) for flag in FLAGS},
        "tags": order["tags"],
        "extra": order["extra"],
    }


def _tagged(db: sqlite3.Connection, shop: str, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines with the tags that their products have now."""
    wanted = json.dumps(sorted({line["product_id"] for line in lines if line["product_id"]}))
    sql = "SELECT id, body -> '$.tags' AS tags FROM products WHERE shop = ? AND id IN (SELECT value FROM json_each(?))"
    tags = {row["id"]: loads(row["tags"]) for row in rows(db, sql, shop, wanted) if row["tags"]}
    return [{**line, "tags": tags.get(line["product_id"], [])} for line in lines]


def _payment_status(payments: list[dict[str, Any]]) -> str:
    captured = sum(payment["captured"] for payment in payments)
    refunded = sum(payment["refunded"] for payment in payments)
    states = {payment["state"] for payment in payments}
    if captured:
        if refunded >= captured:
            return "refunded"
        return "partially_refunded" if refunded else "paid"
    if "authorized" in states:
        return "authorized"
    return "voided" if states == {"voided"} else "pending"


def _fulfillment_status(lines: list[dict[str, Any]]) -> str:
    done = sum(line["fulfilled_quantity"] for line in lines)
    if not done:
        return "unfulfilled"
    return "fulfilled" if done >= sum(line["quantity"] for line in lines) else "partial"


async def get_orders(request: Request) -> Response:
    """GET /shop/v1/orders?number&email&phone&customer_id&limit&cursor, newest first."""

    def answer(db: sqlite3.Connection, shop: str) -> dict[str, Any]:
        query = request.query_params
        limit = page_limit(query.get("limit"))
        filters = {
            "number": number_form(query["number"]) if query.get("number") else None,
            "email": email_form(query.get("email")),
            "phone": phone_form(query.get("phone")),
            "customer_id": query.get("customer_id"),
        }
        given = {name: value for name, value in filters.items() if value}
        # The names are the four above, never the caller's.
        sql = "SELECT * FROM orders WHERE shop = ?" + "".join(f" AND {name} = ?" for name in given)  # noqa: S608
        values: list[Any] = [shop, *given.values()]
        if query.get("cursor"):
            placed, order_id = _open_cursor(query["cursor"])
            sql += " AND (placed_us, id) < (?, ?)"
            values += [placed, order_id]
        found = rows(db, f"{sql} ORDER BY placed_us DESC, id DESC LIMIT ?", *values, limit + 1)
        page = found[:limit]
        more = len(found) > limit
        return {
            "data": [order_view(db, shop, row) for row in page],
            "next_cursor": _cursor(page[-1]["placed_us"], page[-1]["id"]) if more else None,
        }

    return read(request, "order", answer)


def page_limit(text: str | None) -> int:
    """How many are wanted at once; Problem 400 where it is no such number."""
    if text is None:
        return 50
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MAX_PAGE:
        raise Problem(400, "limit_invalid", f"limit is 1 to {MAX_PAGE}.")
    return int(text)


def _cursor(placed: int, order_id: str) -> str:
    return base64.urlsafe_b64encode(dumps([placed, order_id]).encode()).decode()


def _open_cursor(text: str) -> tuple[int, str]:
    try:
        placed, order_id = json.loads(base64.b64decode(text, altchars=b"-_", validate=True))
        return int(placed), str(order_id)
    except (ValueError, TypeError, binascii.Error) as error:
        raise Problem(400, "cursor_invalid", "That is not a cursor of ours.") from error


async def get_order(request: Request) -> Response:
    """GET /shop/v1/orders/{id}."""
    return read(request, "order", lambda db, shop: order_view(db, shop, order_row(db, shop, request.path_params["id"])))


async def get_customers(request: Request) -> Response:
    """GET /shop/v1/customers?email&phone: all that match both, at most 200."""

    def answer(db: sqlite3.Connection, shop: str) -> dict[str, Any]:
        email, phone = email_form(request.query_params.get("email")), phone_form(request.query_params.get("phone"))
        found = rows(
            db,
            "SELECT body FROM customers WHERE shop = ? AND (? IS NULL OR email = ?) AND (? IS NULL OR phone = ?)"
            " ORDER BY position LIMIT 200",
            shop,
            email,
            email,
            phone,
            phone,
        )
        return {"data": [loads(row["body"]) for row in found]}

    return read(request, "order", answer)


async def get_customer(request: Request) -> Response:
    """GET /shop/v1/customers/{id}."""
    return read(request, "order", lambda db, shop: customer_view(db, shop, request.path_params["id"]))


async def get_product(request: Request) -> Response:
    """GET /shop/v1/products/{id}."""

    def answer(db: sqlite3.Connection, shop: str) -> dict[str, Any]:
        row = one(db, "SELECT body FROM products WHERE shop = ? AND id = ?", shop, request.path_params["id"])
        if row is None:
            raise Problem(404, "product_not_found", "There is no such product.")
        return _priced(db, shop, loads(row["body"]))

    return read(request, "order", answer)


def _priced(db: sqlite3.Connection, shop: str, product: dict[str, Any]) -> dict[str, Any]:
    """The product with a currency on every price, where the shop has just one."""
    unpriced = [variant for variant in product["variants"] if variant["currency"] is None]
    if unpriced:  # a shop that sells in one currency need not write it on each price
        sql = "SELECT DISTINCT body ->> '$.currency' AS currency FROM orders WHERE shop = ? LIMIT 2"
        usual = rows(db, sql, shop)
        for variant in unpriced:
            variant["currency"] = usual[0]["currency"] if len(usual) == 1 else None
    return product


async def get_variant(request: Request) -> Response:
    """GET /shop/v1/variants/{id}: the variant with the `product_id` and `title` of its product."""

    def answer(db: sqlite3.Connection, shop: str) -> dict[str, Any]:
        sql = (
            "SELECT p.body FROM products p, json_each(p.body, '$.variants') v"
            " WHERE p.shop = ? AND v.value ->> '$.id' = ? LIMIT 1"
        )
        row = one(db, sql, shop, request.path_params["id"])
        if row is None:
            raise Problem(404, "variant_not_found", "There is no such variant.")
        product = _priced(db, shop, loads(row["body"]))
        found = next(each for each in product["variants"] if each["id"] == request.path_params["id"])
        return {**found, "product_id": product["id"], "title": product["name"]}

    return read(request, "order", answer)


def _cancellation(order: dict[str, Any]) -> dict[str, Any]:
    return {
        "order_id": order["id"],
        "key": order["cancel_key"],
        "status": order["status"],
        "reason": order["cancel_reason"],
        "canceled_at": order["canceled_at"],
    }


def _cancel(call: Call, wanted: CancelIn) -> Done:
    row = order_row(call.db, call.shop, call.path["id"])
    order = loads(row["body"])
    must_be_open(order)
    order |= {
        "status": "canceled",
        "canceled_at": rfc3339(now()),
        "cancel_key": call.key,
        "cancel_reason": wanted.reason,
    }
    call.db.execute(
        "UPDATE orders SET body = ?, cancel_key = ? WHERE shop = ? AND id = ?",
        (dumps(order), call.key, call.shop, order["id"]),
    )
    call.db.execute(
        "UPDATE payments SET state = 'voided' WHERE shop = ? AND order_id = ? AND state IN ('authorized', 'pending')",
        (call.shop, order["id"]),
    )
    return Done(_cancellation(order), order["id"])


async def post_cancel(request: Request) -> Response:
    """POST /shop/v1/orders/{id}/cancel: never moves money, voids what was only authorized."""
    return await effect(request, "cancel", CancelIn, _cancel)


async def get_cancellations(request: Request) -> Response:
    """GET /shop/v1/cancellations?key=."""

    def answer(db: sqlite3.Connection, shop: str) -> dict[str, Any]:
        key = request.query_params.get("key")
        if not key:
            raise Problem(400, "key_required", "Ask with ?key=.")
        found = rows(db, "SELECT body FROM orders WHERE shop = ? AND cancel_key = ? ORDER BY position", shop, key)
        return {"data": [_cancellation(loads(row["body"])) for row in found]}

    return read(request, "lookup", answer)


def microseconds(moment: str) -> int:
    """A time as microseconds since 1970, to sort by."""
    at = datetime.fromisoformat(moment)
    return int(at.timestamp()) * 1_000_000 + at.microsecond


ROUTES = [
    Route("/shop/v1/orders", get_orders),
    Route("/shop/v1/orders/{id}", get_order),
    Route("/shop/v1/orders/{id}/cancel", post_cancel, methods=["POST"]),
    Route("/shop/v1/customers", get_customers),
    Route("/shop/v1/customers/{id}", get_customer),
    Route("/shop/v1/products/{id}", get_product),
    Route("/shop/v1/variants/{id}", get_variant),
    Route("/shop/v1/cancellations", get_cancellations),
]
