"""A payment provider with its own ledger: idempotent refunds, late failures, refunds made elsewhere."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.clock import now, rfc3339
from app.ids import new
from app.money import MAX_AMOUNT
from app.sandbox.effects import Call, Done, effect, read
from app.sandbox.history import next_place
from app.sandbox.store import dumps, loads, next_position, one, rows, settings
from app.sandbox.wire import Problem, Strict


class RefundIn(Strict):
    """Give `amount` minor units of one payment back."""

    payment_id: str = Field(min_length=1, max_length=255)
    amount: int = Field(gt=0, le=MAX_AMOUNT)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    reason: str | None = Field(default=None, max_length=500)


def refund_view(row: sqlite3.Row) -> dict[str, Any]:
    """A refund as the provider shows it."""
    return {
        "id": row["id"],
        "payment_id": row["payment_id"],
        "key": row["key"],
        "amount": row["amount"],
        "currency": row["currency"],
        "status": row["status"],
        "reason": row["reason"],
        "failure_code": row["failure_code"],
        "origin": row["origin"],
        "lines": loads(row["lines"]),
        "created_at": row["at"],
    }


def payment_view(db: sqlite3.Connection, shop: str, row: sqlite3.Row) -> dict[str, Any]:
    """A payment with every refund on it, oldest first; failed ones stay listed and count for nothing."""
    refunds = rows(db, "SELECT * FROM refunds WHERE shop = ? AND payment_id = ? ORDER BY position", shop, row["id"])
    captured = row["amount"] if row["state"] == "captured" else 0
    given = sum(refund["amount"] for refund in refunds if refund["status"] != "failed")
    return {
        "id": row["id"],
        "order_id": row["order_id"],
        "kind": row["kind"],
        "label": row["label"],
        "payment_method_id": row["payment_method_id"],
        "state": row["state"],
        "amount": row["amount"],
        "currency": row["currency"],
        "captured": captured,
        "refunded": sum(refund["amount"] for refund in refunds if refund["status"] == "succeeded"),
        "refundable": max(0, captured - given),
        "refunds": [refund_view(refund) for refund in refunds],
    }


def payment_row(db: sqlite3.Connection, shop: str, payment_id: str) -> sqlite3.Row:
    """The payment; Problem 404 where there is none."""
    row = one(db, "SELECT * FROM payments WHERE shop = ? AND id = ?", shop, payment_id)
    if row is None:
        raise Problem(404, "payment_not_found", "There is no such payment.")
    return row


def refund_row(db: sqlite3.Connection, shop: str, refund_id: str) -> sqlite3.Row:
    """The refund; Problem 404 where there is none."""
    row = one(db, "SELECT * FROM refunds WHERE shop = ? AND id = ?", shop, refund_id)
    if row is None:
        raise Problem(404, "refund_not_found", "There is no such refund.")
    return row


def give_back(
    call: Call, wanted: RefundIn, *, origin: str, status: str, lines: Sequence[dict[str, Any]] = ()
) -> sqlite3.Row:
    """Make the refund; refuses another currency, what was not captured and, with the ceiling on, too much.

    `lines`: what it is for, where that is told.
    """
    payment = payment_row(call.db, call.shop, wanted.payment_id)
    if payment["currency"] != wanted.currency:
        raise Problem(422, "currency_mismatch", f"The payment is in {payment['currency']}.", subject=payment["id"])
    view = payment_view(call.db, call.shop, payment)
    if payment["state"] != "captured":
        raise Problem(409, "payment_not_captured", "Nothing of this payment was captured.", subject=payment["id"])
    if settings(call.db, call.shop)["ceiling"] and wanted.amount > view["refundable"]:
        raise Problem(
            409, "refund_exceeds_captured", f"At most {view['refundable']} can be given back.", subject=payment["id"]
        )
    refund_id = new("sbxrfd")
    call.db.execute(
        "INSERT INTO refunds (shop, id, payment_id, position, key, amount, currency, status, reason, origin, at, place,"
        " lines) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            call.shop,
            refund_id,
            payment["id"],
            next_position(call.db, "refunds", call.shop),
            call.key,
            wanted.amount,
            wanted.currency,
            status,
            wanted.reason,
            origin,
            rfc3339(now()),
            next_place(call.db, call.shop, payment["order_id"]),
            dumps(list(lines)),
        ),
    )
    if status == "succeeded":
        credit_card(call.db, call.shop, payment, wanted.amount)
    return refund_row(call.db, call.shop, refund_id)


def credit_card(db: sqlite3.Connection, shop: str, payment: sqlite3.Row, amount: int) -> None:
    """Raise (or with a negative amount lower) the balance of the gift card or credit that paid."""
    if payment["kind"] not in {"gift_card", "store_credit"} or payment["payment_method_id"] is None:
        return
    owner = one(
        db,
        "SELECT c.id, c.body FROM orders o JOIN customers c ON c.shop = o.shop AND c.id = o.customer_id"
        " WHERE o.shop = ? AND o.id = ?",
        shop,
        payment["order_id"],
    )
    if owner is None:
        return
    customer = loads(owner["body"])
    for method in customer["payment_methods"]:
        if method["id"] == payment["payment_method_id"] and method["balance"] is not None:
            method["balance"] += amount
    db.execute("UPDATE customers SET body = ? WHERE shop = ? AND id = ?", (dumps(customer), shop, owner["id"]))


def _refund(call: Call, wanted: RefundIn) -> Done:
    status = "succeeded" if settings(call.db, call.shop)["refund_mode"] == "instant" else "pending"
    made = give_back(call, wanted, origin="api", status=status)
    return Done(refund_view(made), made["id"], 201, amount=made["amount"], currency=made["currency"])


async def post_refund(request: Request) -> Response:
    """POST /payments/v1/refunds."""
    return await effect(request, "refund", RefundIn, _refund)


async def get_refunds(request: Request) -> Response:
    """GET /payments/v1/refunds?key= : all that the ledger holds under this key, oldest first."""

    def answer(db: sqlite3.Connection, shop: str) -> dict[str, Any]:
        key = request.query_params.get("key")
        if not key:
            raise Problem(400, "key_required", "Ask with ?key=.")
        found = rows(db, "SELECT * FROM refunds WHERE shop = ? AND key = ? ORDER BY position", shop, key)
        return {"data": [refund_view(row) for row in found]}

    return read(request, "lookup", answer)


async def get_refund(request: Request) -> Response:
    """GET /payments/v1/refunds/{id}."""
    return read(request, "lookup", lambda db, shop: refund_view(refund_row(db, shop, request.path_params["id"])))


async def get_payment(request: Request) -> Response:
    """GET /payments/v1/payments/{id}."""
    return read(
        request,
        "payment",
        lambda db, shop: payment_view(db, shop, payment_row(db, shop, request.path_params["id"])),
    )


ROUTES = [
    Route("/payments/v1/payments/{id}", get_payment),
    Route("/payments/v1/refunds", post_refund, methods=["POST"]),
    Route("/payments/v1/refunds", get_refunds),
    Route("/payments/v1/refunds/{id}", get_refund),
]
