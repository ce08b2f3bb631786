"""What the shop may be told to do to an order or a customer besides canceling; each is kept as a document by key."""

import sqlite3
from typing import Any

from pydantic import Field, model_validator
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.clock import now, rfc3339
from app.ids import new
from app.money import MAX_AMOUNT
from app.sandbox.effects import Call, Done, effect, read
from app.sandbox.imports import AddressIn, BackIn, Id, SwapIn, Text
from app.sandbox.shop import customer_view, email_form, must_be_open, order_row, phone_form
from app.sandbox.store import dumps, loads, next_position, one, rows
from app.sandbox.swaps import choice, line_of, swapped
from app.sandbox.wire import Problem, Strict

MAX_LINES = 500
FLAGS = {"open_return": "return_requested", "open_exchange": "exchange_requested"}
"""What an order shows while one of that kind stands."""


class AddressChangeIn(Strict):
    """Where the order goes instead; the whole address is replaced."""

    address: AddressIn


class ItemsIn(Strict):
    """Swap lines before anything ships; money is not moved."""

    swaps: list[SwapIn] = Field(min_length=1, max_length=MAX_LINES)


class PaymentMethodChangeIn(Strict):
    """Note that another method pays; money is not moved."""

    payment_method_id: Id


class ReturnIn(Strict):
    """Expect goods back; `payment_method_id` is where the money will go, null: where it came from."""

    rma: Text
    lines: list[BackIn] = Field(min_length=1, max_length=MAX_LINES)
    payment_method_id: Id | None = None


class ExchangeIn(Strict):
    """Expect goods back and send others; `difference` is noted, not moved."""

    rma: Text
    swaps: list[SwapIn] = Field(min_length=1, max_length=MAX_LINES)
    payment_method_id: Id | None = None
    difference: int = Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT)
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class CloseIn(Strict):
    """No longer expect what was to come back under this number."""

    rma: Text


class CustomerChangeIn(Strict):
    """What is not given stays; `address` replaces the default (first) one."""

    address: AddressIn | None = None
    email: Text | None = None
    phone: Text | None = None
    name: Text | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "CustomerChangeIn":
        if not self.model_dump(exclude_none=True):
            raise ValueError("nothing to change")
        return self


def change_view(row: sqlite3.Row) -> dict[str, Any]:
    """A change as the shop shows it: what was asked, and under which key."""
    return {
        "id": row["id"],
        "kind": row["kind"],
        "key": row["key"],
        "order_id": row["order_id"],
        "customer_id": row["customer_id"],
        "status": "applied",
        "created_at": row["at"],
        **loads(row["body"]),
    }


def noted(
    call: Call,
    kind: str,
    document: dict[str, Any],
    *,
    order_id: str | None = None,
    customer_id: str | None = None,
    subject: str | None = None,
) -> Done:
    """Keep the change's document, without what was not said; `subject` is the ledger's, where it is neither."""
    change_id = new("sbxchg")
    call.db.execute(
        "INSERT INTO changes (shop, id, position, order_id, customer_id, key, kind, at, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            call.shop,
            change_id,
            next_position(call.db, "changes", call.shop),
            order_id,
            customer_id,
            call.key,
            kind,
            rfc3339(now()),
            dumps({name: value for name, value in document.items() if value is not None}),
        ),
    )
    row = one(call.db, "SELECT * FROM changes WHERE shop = ? AND id = ?", call.shop, change_id)
    if row is None:
        raise LookupError(change_id)
    return Done(change_view(row), subject or order_id or customer_id or change_id)


def _order(call: Call) -> dict[str, Any]:
    return loads(order_row(call.db, call.shop, call.path["id"])["body"])


def _save(call: Call, order: dict[str, Any]) -> None:
    call.db.execute("UPDATE orders SET body = ? WHERE shop = ? AND id = ?", (dumps(order), call.shop, order["id"]))


def _check_method(call: Call, order: dict[str, Any], method_id: str) -> None:
    owner = order["customer_id"]
    customer = customer_view(call.db, call.shop, owner) if owner is not None else None
    if customer is None or method_id not in {method["id"] for method in customer["payment_methods"]}:
        raise Problem(404, "payment_method_not_found", "The customer has no such method.", subject=order["id"])


def _address(call: Call, wanted: AddressChangeIn) -> Done:
    order = _order(call)
    must_be_open(order)
    document = wanted.model_dump()
    _save(call, order | {"shipping_address": document["address"]})
    return noted(call, "change_address", document, order_id=order["id"])


def _items(call: Call, wanted: ItemsIn) -> Done:
    order = _order(call)
    must_be_open(order)
    lines, made = swapped(order, [(swap, choice(call.db, call.shop, order, swap)) for swap in wanted.swaps])
    difference = sum(line["total"] for line in lines) - sum(line["total"] for line in order["lines"])
    _save(call, order | {"lines": lines, "items_changed": True})
    document = wanted.model_dump() | {"line_ids": made, "difference": difference, "currency": order["currency"]}
    return noted(call, "swap_items", document, order_id=order["id"])


def _payment_method(call: Call, wanted: PaymentMethodChangeIn) -> Done:
    order = _order(call)
    must_be_open(order)
    _check_method(call, order, wanted.payment_method_id)
    if {wanted.payment_method_id} == _pays_now(call, order):
        raise Problem(422, "same_payment_method", "That method pays already.", subject=order["id"])
    _save(call, order | {"payment_changed": True, "payment_method_id": wanted.payment_method_id})
    return noted(call, "change_payment_method", wanted.model_dump(), order_id=order["id"])


def _pays_now(call: Call, order: dict[str, Any]) -> set[str | None]:
    """The noted method, else what the order was placed with: a charge made for the change is not yet that."""
    if order.get("payment_method_id") is not None:
        return {order["payment_method_id"]}
    placed = rows(
        call.db,
        "SELECT payment_method_id FROM payments WHERE shop = ? AND order_id = ? AND origin = 'import'",
        call.shop,
        order["id"],
    )
    return {row["payment_method_id"] for row in placed}


def _must_be_delivered(order: dict[str, Any]) -> None:
    if order["status"] != "delivered":
        raise Problem(409, "order_not_delivered", f"The order is {order['status']}.", subject=order["id"])


def _take_back(call: Call, order: dict[str, Any], wanted: list[BackIn] | list[SwapIn]) -> None:
    """Refuse more of a line than came and is not on its way back already."""
    gone: dict[str, int] = {}
    for _, document in _expected(call, order):
        for back in document.get("lines", document.get("swaps", [])):
            gone[back["line_id"]] = gone.get(back["line_id"], 0) + back["quantity"]
    asked: dict[str, int] = {}
    for back in wanted:
        line = line_of(order, back.line_id)
        asked[back.line_id] = asked.get(back.line_id, 0) + back.quantity
        if asked[back.line_id] > line["fulfilled_quantity"]:
            raise Problem(422, "quantity_exceeded", "Fewer of that line were delivered.", subject=order["id"])
        if asked[back.line_id] + gone.get(back.line_id, 0) > line["fulfilled_quantity"]:
            raise Problem(409, "already_returned", "That is on its way back already.", subject=order["id"])


def _return(call: Call, wanted: ReturnIn) -> Done:
    order = _order(call)
    _must_be_delivered(order)
    _take_back(call, order, wanted.lines)
    if wanted.payment_method_id is not None:
        _check_method(call, order, wanted.payment_method_id)
    _save(call, order | {"return_requested": True})
    return noted(call, "open_return", wanted.model_dump(), order_id=order["id"])


def _exchange(call: Call, wanted: ExchangeIn) -> Done:
    order = _order(call)
    _must_be_delivered(order)
    if wanted.currency != order["currency"]:
        raise Problem(422, "currency_mismatch", f"The order is in {order['currency']}.", subject=order["id"])
    for swap in wanted.swaps:
        choice(call.db, call.shop, order, swap)
    _take_back(call, order, wanted.swaps)
    if wanted.payment_method_id is not None:
        _check_method(call, order, wanted.payment_method_id)
    _save(call, order | {"exchange_requested": True})
    return noted(call, "open_exchange", wanted.model_dump(), order_id=order["id"])


def _expected(call: Call, order: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Returns and exchanges of the order that were not closed, with their kinds."""
    found = rows(call.db, "SELECT kind, body FROM changes WHERE shop = ? AND order_id = ?", call.shop, order["id"])
    known = [(row["kind"], loads(row["body"])) for row in found]
    closed = {document["rma"] for kind, document in known if kind == "close_return"}
    return [(kind, document) for kind, document in known if kind in FLAGS and document["rma"] not in closed]


def _close(call: Call, wanted: CloseIn) -> Done:
    order = _order(call)
    left = [kind for kind, document in _expected(call, order) if document["rma"] != wanted.rma]
    if len(left) == len(_expected(call, order)):
        raise Problem(404, "return_not_found", "Nothing is expected under that number.", subject=order["id"])
    if wanted.rma in _sent(call, order):
        raise Problem(409, "already_sent", "What goes out for it has been sent.", subject=order["id"])
    _save(call, order | {flag: kind in left for kind, flag in FLAGS.items() if flag in order})
    return noted(call, "close_return", wanted.model_dump(), order_id=order["id"])


def _send(call: Call, wanted: CloseIn) -> Done:
    order = _order(call)
    exchanges = {document["rma"] for kind, document in _expected(call, order) if kind == "open_exchange"}
    if wanted.rma not in exchanges:
        raise Problem(404, "return_not_found", "No exchange is expected under that number.", subject=order["id"])
    if wanted.rma in _sent(call, order):
        raise Problem(409, "already_sent", "What goes out for it has been sent.", subject=order["id"])
    return noted(call, "send_exchange", wanted.model_dump(), order_id=order["id"])


def _sent(call: Call, order: dict[str, Any]) -> set[str]:
    """The numbers of the exchanges of the order whose other goods were sent at once."""
    found = rows(call.db, "SELECT kind, body FROM changes WHERE shop = ? AND order_id = ?", call.shop, order["id"])
    return {loads(row["body"])["rma"] for row in found if row["kind"] == "send_exchange"}


def _customer(call: Call, wanted: CustomerChangeIn) -> Done:
    customer = customer_view(call.db, call.shop, call.path["id"])
    document = wanted.model_dump(exclude_none=True, exclude={"address"})
    customer |= document
    if wanted.address is not None:
        document["address"] = wanted.address.model_dump()
        customer["addresses"] = [document["address"], *customer["addresses"][1:]]
    email, phone = email_form(customer["email"]), phone_form(customer["phone"])
    call.db.execute(
        "UPDATE customers SET email = ?, phone = ?, body = ? WHERE shop = ? AND id = ?",
        (email, phone, dumps(customer), call.shop, customer["id"]),
    )
    # An order that names no contact of its own is found by its customer's.
    for name, value in (("email", email), ("phone", phone)):
        call.db.execute(
            f"UPDATE orders SET {name} = ? WHERE shop = ? AND customer_id = ?"  # noqa: S608 - one of two names
            f" AND coalesce(body ->> '$.{name}', '') = ''",
            (value, call.shop, customer["id"]),
        )
    return noted(call, "change_customer", document, customer_id=customer["id"])


async def post_address(request: Request) -> Response:
    """POST /shop/v1/orders/{id}/address."""
    return await effect(request, "change_address", AddressChangeIn, _address)


async def post_items(request: Request) -> Response:
    """POST /shop/v1/orders/{id}/items: afterwards nothing of the order may be changed or canceled."""
    return await effect(request, "swap_items", ItemsIn, _items)


async def post_payment_method(request: Request) -> Response:
    """POST /shop/v1/orders/{id}/payment-method."""
    return await effect(request, "change_payment_method", PaymentMethodChangeIn, _payment_method)


async def post_return(request: Request) -> Response:
    """POST /shop/v1/orders/{id}/returns."""
    return await effect(request, "open_return", ReturnIn, _return)


async def post_exchange(request: Request) -> Response:
    """POST /shop/v1/orders/{id}/exchanges."""
    return await effect(request, "open_exchange", ExchangeIn, _exchange)


async def post_close(request: Request) -> Response:
    """POST /shop/v1/orders/{id}/closed-returns: what was to come back may be asked for again."""
    return await effect(request, "close_return", CloseIn, _close)


async def post_send(request: Request) -> Response:
    """POST /shop/v1/orders/{id}/sent-exchanges: what goes out for an exchange is sent before the rest comes back."""
    return await effect(request, "send_exchange", CloseIn, _send)


async def post_customer(request: Request) -> Response:
    """POST /shop/v1/customers/{id}/changes."""
    return await effect(request, "change_customer", CustomerChangeIn, _customer)


async def get_changes(request: Request) -> Response:
    """GET /shop/v1/changes?key= : all that was changed under this key, oldest first."""

    def answer(db: sqlite3.Connection, shop: str) -> dict[str, Any]:
        key = request.query_params.get("key")
        if not key:
            raise Problem(400, "key_required", "Ask with ?key=.")
        found = rows(db, "SELECT * FROM changes WHERE shop = ? AND key = ? ORDER BY position", shop, key)
        return {"data": [change_view(row) for row in found]}

    return read(request, "lookup", answer)


ROUTES = [
    Route("/shop/v1/orders/{id}/address", post_address, methods=["POST"]),
    Route("/shop/v1/orders/{id}/items", post_items, methods=["POST"]),
    Route("/shop/v1/orders/{id}/payment-method", post_payment_method, methods=["POST"]),
    Route("/shop/v1/orders/{id}/returns", post_return, methods=["POST"]),
    Route("/shop/v1/orders/{id}/exchanges", post_exchange, methods=["POST"]),
    Route("/shop/v1/orders/{id}/closed-returns", post_close, methods=["POST"]),
    Route("/shop/v1/orders/{id}/sent-exchanges", post_send, methods=["POST"]),
    Route("/shop/v1/customers/{id}/changes", post_customer, methods=["POST"]),
    Route("/shop/v1/changes", get_changes),
]
