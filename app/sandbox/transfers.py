"""The payment provider's other movements: charges of a method on file, and payouts to one or as store credit."""

import sqlite3
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
from app.sandbox.imports import Id
from app.sandbox.payments import credit_card, payment_row
from app.sandbox.shop import customer_view, order_row
from app.sandbox.store import dumps, loads, next_position, one, rows
from app.sandbox.wire import Problem, Strict

HOLDS_MONEY = frozenset({"gift_card", "store_credit"})
Document = dict[str, Any]


class ChargeIn(Strict):
    """Take `amount` minor units from a method that the order's customer has on file."""

    order_id: Id
    payment_method_id: Id
    amount: int = Field(gt=0, le=MAX_AMOUNT)
    currency: str = Field(pattern=r"^[A-Z]{3}$")


class PayoutIn(Strict):
    """Give `amount` minor units to a method on file, or as store credit where none is named."""

    order_id: Id | None = None
    customer_id: Id
    payment_method_id: Id | None = None
    amount: int = Field(gt=0, le=MAX_AMOUNT)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    reason: str | None = Field(default=None, max_length=500)


def charge_view(row: sqlite3.Row) -> Document:
    """A charge as the provider shows it; its id is the payment's."""
    shown = ("id", "order_id", "key", "kind", "label", "payment_method_id", "amount", "currency")
    return {name: row[name] for name in shown} | {
        "status": "succeeded" if row["state"] == "captured" else "failed",
        "failure_code": row["failure_code"],
        "created_at": row["at"],
    }


def payout_view(row: sqlite3.Row) -> Document:
    """A payout as the provider shows it; `payment_method_id` is what it went to in the end."""
    shown = (
        "id",
        "order_id",
        "customer_id",
        "payment_method_id",
        "key",
        "amount",
        "currency",
        "status",
        "failure_code",
        "reason",
    )
    return {name: row[name] for name in shown} | {"created_at": row["at"]}


def _method(customer: Document, method_id: str, currency: str, subject: str) -> Document:
    method = next((method for method in customer["payment_methods"] if method["id"] == method_id), None)
    if method is None:
        raise Problem(404, "payment_method_not_found", "The customer has no such method.", subject=subject)
    if method["currency"] not in {None, currency}:
        raise Problem(422, "currency_mismatch", f"The method holds {method['currency']}.", subject=subject)
    return method


def _save(call: Call, customer: Document) -> None:
    call.db.execute(
        "UPDATE customers SET body = ? WHERE shop = ? AND id = ?", (dumps(customer), call.shop, customer["id"])
    )


def _order(call: Call, order_id: str, currency: str) -> Document:
    order = loads(order_row(call.db, call.shop, order_id)["body"])
    if order["currency"] != currency:
        raise Problem(422, "currency_mismatch", f"The order is in {order['currency']}.", subject=order_id)
    return order


def _charge(call: Call, wanted: ChargeIn) -> Done:
    order = _order(call, wanted.order_id, wanted.currency)
    if order["customer_id"] is None:
        raise Problem(404, "payment_method_not_found", "The order has no customer.", subject=order["id"])
    customer = customer_view(call.db, call.shop, order["customer_id"])
    method = _method(customer, wanted.payment_method_id, wanted.currency, order["id"])
    if method["kind"] in HOLDS_MONEY:
        if (method["balance"] or 0) < wanted.amount:
            raise Problem(409, "insufficient_funds", "The method does not have as much.", subject=order["id"])
        method["balance"] -= wanted.amount
        _save(call, customer)
    payment_id = new("sbxpay")
    call.db.execute(
        "INSERT INTO payments (shop, id, order_id, position, kind, label, payment_method_id, amount, currency, state,"
        " place, key, origin, at) SELECT ?, ?, ?, coalesce(max(position), -1) + 1, ?, ?, ?, ?, ?, 'captured', ?, ?,"
        " 'api', ? FROM payments WHERE shop = ? AND order_id = ?",
        (
            call.shop,
            payment_id,
            order["id"],
            method["kind"],
            method["label"],
            method["id"],
            wanted.amount,
            wanted.currency,
            next_place(call.db, call.shop, order["id"]),
            call.key,
            rfc3339(now()),
            call.shop,
            order["id"],
        ),
    )
    made = charge_view(payment_row(call.db, call.shop, payment_id))
    return Done(made, payment_id, 201, amount=wanted.amount, currency=wanted.currency)


def _credit(customer: Document, currency: str) -> Document:
    """The customer's store credit in this currency, made where there is none."""
    for method in customer["payment_methods"]:
        if method["kind"] == "store_credit" and method["currency"] in {None, currency}:
            return method
    made = {"id": new("sbxcrd"), "kind": "store_credit", "label": "Store credit", "balance": 0, "currency": currency}
    customer["payment_methods"].append(made)
    return made


def _pay_out(call: Call, wanted: PayoutIn) -> Done:
    customer = customer_view(call.db, call.shop, wanted.customer_id)
    if wanted.order_id is not None:
        owner = _order(call, wanted.order_id, wanted.currency)["customer_id"]
        if owner is not None and owner != customer["id"]:
            raise Problem(409, "customer_mismatch", "The order is another customer's.", subject=wanted.order_id)
    if wanted.payment_method_id is None:
        method = _credit(customer, wanted.currency)
    else:
        method = _method(customer, wanted.payment_method_id, wanted.currency, wanted.order_id or customer["id"])
    if method["kind"] in HOLDS_MONEY:
        method |= {"balance": (method["balance"] or 0) + wanted.amount, "currency": wanted.currency}
        _save(call, customer)
    payout_id = new("sbxpyo")
    call.db.execute(
        "INSERT INTO payouts (shop, id, position, order_id, customer_id, payment_method_id, key, amount, currency,"
        " status, reason, at, place) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'succeeded', ?, ?, ?)",
        (
            call.shop,
            payout_id,
            next_position(call.db, "payouts", call.shop),
            wanted.order_id,
            customer["id"],
            method["id"],
            call.key,
            wanted.amount,
            wanted.currency,
            wanted.reason,
            rfc3339(now()),
            next_place(call.db, call.shop, wanted.order_id) if wanted.order_id is not None else 0,
        ),
    )
    row = one(call.db, "SELECT * FROM payouts WHERE shop = ? AND id = ?", call.shop, payout_id)
    if row is None:
        raise LookupError(payout_id)
    return Done(payout_view(row), payout_id, 201, amount=wanted.amount, currency=wanted.currency)


def fail_charge(call: Call, failure_code: str) -> Done:
    """A charge that was taken is gone again, and what a card gave is on it once more; 409 where some went back."""
    payment = payment_row(call.db, call.shop, call.path["id"])
    if payment["origin"] != "api" or payment["state"] != "captured":
        raise Problem(409, "charge_final", "Only a charge that was taken can fail.")
    refunded = "SELECT 1 FROM refunds WHERE shop = ? AND payment_id = ? AND status <> 'failed'"
    if one(call.db, refunded, call.shop, payment["id"]) is not None:
        raise Problem(409, "charge_final", "Some of the charge was given back.")
    call.db.execute(
        "UPDATE payments SET state = 'voided', failure_code = ? WHERE shop = ? AND id = ?",
        (failure_code, call.shop, payment["id"]),
    )
    credit_card(call.db, call.shop, payment, payment["amount"])
    failed = charge_view(payment_row(call.db, call.shop, payment["id"]))
    return Done(failed, failed["id"], reference=failed["key"], amount=payment["amount"], currency=payment["currency"])


def fail_payout(call: Call, failure_code: str) -> Done:
    """A payout that was made is back with the provider, and what a card or a credit held of it is not there now."""
    payout = _payout_row(call)
    if payout["status"] != "succeeded":
        raise Problem(409, "payout_final", f"The payout is {payout['status']}.")
    call.db.execute(
        "UPDATE payouts SET status = 'failed', failure_code = ? WHERE shop = ? AND id = ?",
        (failure_code, call.shop, payout["id"]),
    )
    customer = customer_view(call.db, call.shop, payout["customer_id"])
    for method in customer["payment_methods"]:
        if method["id"] == payout["payment_method_id"] and method["kind"] in HOLDS_MONEY:
            method["balance"] = (method["balance"] or 0) - payout["amount"]
    _save(call, customer)
    failed = payout_view(_payout_row(call))
    return Done(failed, failed["id"], reference=failed["key"], amount=failed["amount"], currency=failed["currency"])


def _payout_row(call: Call) -> sqlite3.Row:
    row = one(call.db, "SELECT * FROM payouts WHERE shop = ? AND id = ?", call.shop, call.path["id"])
    if row is None:
        raise Problem(404, "payout_not_found", "There is no such payout.")
    return row


async def post_charge(request: Request) -> Response:
    """POST /payments/v1/charges: a captured payment more on the order."""
    return await effect(request, "charge", ChargeIn, _charge)


async def post_payout(request: Request) -> Response:
    """POST /payments/v1/payouts."""
    return await effect(request, "payout", PayoutIn, _pay_out)


def _key(request: Request) -> str:
    key = request.query_params.get("key")
    if not key:
        raise Problem(400, "key_required", "Ask with ?key=.")
    return key


async def get_charges(request: Request) -> Response:
    """GET /payments/v1/charges?key= : all under the key, oldest first."""

    def answer(db: sqlite3.Connection, shop: str) -> Document:
        sql = "SELECT * FROM payments WHERE shop = ? AND key = ? ORDER BY at, position"
        return {"data": [charge_view(row) for row in rows(db, sql, shop, _key(request))]}

    return read(request, "lookup", answer)


async def get_payouts(request: Request) -> Response:
    """GET /payments/v1/payouts?key= : all under the key, oldest first."""

    def answer(db: sqlite3.Connection, shop: str) -> Document:
        sql = "SELECT * FROM payouts WHERE shop = ? AND key = ? ORDER BY position"
        return {"data": [payout_view(row) for row in rows(db, sql, shop, _key(request))]}

    return read(request, "lookup", answer)


ROUTES = [
    Route("/payments/v1/charges", post_charge, methods=["POST"]),
    Route("/payments/v1/charges", get_charges),
    Route("/payments/v1/payouts", post_payout, methods=["POST"]),
    Route("/payments/v1/payouts", get_payouts),
]
