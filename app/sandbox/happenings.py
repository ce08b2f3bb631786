"""What happens without us: the merchant refunds elsewhere, a bank sends money back, parcels move."""

from collections.abc import Callable
from typing import Literal, TypeVar

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.clock import now, rfc3339
from app.sandbox.carrier import add_scan, open_parcel, pushed
from app.sandbox.effects import Call, Done, store_of
from app.sandbox.imports import Id, Moment, RefundedIn, Text
from app.sandbox.payments import RefundIn, credit_card, give_back, payment_row, refund_row, refund_view
from app.sandbox.shop import order_row, order_view
from app.sandbox.store import dumps, ensure_shop, loads, one, record
from app.sandbox.transfers import fail_charge, fail_payout
from app.sandbox.wire import Json, Problem, Strict, body, check, decode, shop_of

Body = TypeVar("Body", bound=BaseModel)
NOT_YET_MOVING = "LABEL_CREATED"


class FailIn(Strict):
    """Why a refund, a charge or a payout failed."""

    failure_code: str = Field(default="account_closed", min_length=1, max_length=100)


class OutsideIn(RefundIn):
    """The merchant gives money back; `lines` where the shop is told what for."""

    lines: list[RefundedIn] = Field(default_factory=list[RefundedIn], max_length=500)


class NothingIn(Strict):
    """Nothing needs saying."""


class ScanHappensIn(Strict):
    """One scan of a known parcel; `at` is now unless given. `eta`: what the carrier expects from now on."""

    tracking_number: Id
    word: str = Field(min_length=1, max_length=100)
    at: Moment | None = None
    description: Text = ""
    location: Text | None = None
    eta: Moment | None = None


class FulfillIn(Strict):
    """Ship or deliver an order; a shipment is made where there is none."""

    order_id: Id
    state: Literal["shipped", "delivered"]
    carrier: str = Field(default="sandbox", min_length=1, max_length=100)
    tracking_number: Id | None = None


async def _happen(request: Request, kind: str, model: type[Body], happen: Callable[[Call, Body], Done]) -> Response:
    """Do it and write it to the ledger in one transaction; faults never strike here."""
    shop = shop_of(request)
    raw = await body(request)
    wanted = check(model, decode(raw) if raw else {})
    with store_of(request).write() as db:
        ensure_shop(db, shop)
        done = happen(Call(db, shop, None, dict(request.path_params)), wanted)
        record(
            db,
            shop,
            kind,
            effect=done.effect,
            reference=done.reference,
            subject=done.subject,
            amount=done.amount,
            currency=done.currency,
            status=done.status,
        )
    return Json(done.answer, done.status)


def _outside(call: Call, wanted: OutsideIn) -> Done:
    payment = payment_row(call.db, call.shop, wanted.payment_id)
    order = loads(order_row(call.db, call.shop, payment["order_id"])["body"])
    ordered = {line["id"]: line["quantity"] for line in order["lines"]}
    for back in wanted.lines:
        if back.line_id not in ordered:
            raise Problem(422, "line_not_found", "The order has no such line.", subject=order["id"])
        if back.quantity > ordered[back.line_id]:
            raise Problem(422, "quantity_exceeded", "More than was ordered.", subject=order["id"])
    lines = [back.model_dump() for back in wanted.lines]
    made = give_back(call, wanted, origin="outside", status="succeeded", lines=lines)
    return Done(refund_view(made), made["id"], 201, amount=made["amount"], currency=made["currency"])


def _move(call: Call, status: str, failure_code: str | None) -> Done:
    refund = refund_row(call.db, call.shop, call.path["id"])
    allowed = {"failed": ("pending", "succeeded"), "succeeded": ("pending",)}[status]
    if refund["status"] not in allowed:
        raise Problem(409, "refund_final", f"The refund is {refund['status']}.")
    call.db.execute(
        "UPDATE refunds SET status = ?, failure_code = ? WHERE shop = ? AND id = ?",
        (status, failure_code, call.shop, refund["id"]),
    )
    payment = payment_row(call.db, call.shop, refund["payment_id"])
    if status == "succeeded":
        credit_card(call.db, call.shop, payment, refund["amount"])
    elif refund["status"] == "succeeded":
        credit_card(call.db, call.shop, payment, -refund["amount"])
    moved = refund_row(call.db, call.shop, refund["id"])
    return Done(
        refund_view(moved), moved["id"], reference=moved["key"], amount=moved["amount"], currency=moved["currency"]
    )


def _scan(call: Call, wanted: ScanHappensIn) -> Done:
    number = wanted.tracking_number
    if one(call.db, "SELECT 1 FROM parcels WHERE shop = ? AND tracking_number = ?", call.shop, number) is None:
        raise Problem(404, "tracking_not_found", "There is no such parcel.")
    scan = wanted.model_dump(include={"word", "description", "location"}) | {"at": wanted.at or rfc3339(now())}
    add_scan(call.db, call.shop, number, scan)
    if wanted.word != NOT_YET_MOVING:
        call.db.execute("UPDATE labels SET scanned = 1 WHERE shop = ? AND tracking_number = ?", (call.shop, number))
    if wanted.eta is not None:
        call.db.execute(
            "UPDATE parcels SET eta = ? WHERE shop = ? AND tracking_number = ?", (wanted.eta, call.shop, number)
        )
    return Done(pushed(call.db, call.shop, number, scan), number, 201, reference=wanted.word)


def _fulfill(call: Call, wanted: FulfillIn) -> Done:
    order = loads(order_row(call.db, call.shop, wanted.order_id)["body"])
    if order["status"] in {"canceled", "delivered"} or order["status"] == wanted.state:
        raise Problem(409, "order_final", f"The order is {order['status']}.")
    at = rfc3339(now())
    for line in order["lines"]:
        line["fulfilled_quantity"] = line["quantity"]
    if not order["shipments"]:
        number = wanted.tracking_number or f"SHP-{order['id']}"
        if one(call.db, "SELECT 1 FROM parcels WHERE shop = ? AND tracking_number = ?", call.shop, number) is not None:
            raise Problem(409, "tracking_number_taken", "Another parcel has this number.")
        order["shipments"].append(
            {
                "id": f"shp-{order['id']}",
                "carrier": wanted.carrier,
                "tracking_number": number,
                "tracking_url": None,
                "line_ids": [line["id"] for line in order["lines"]],
                "eta": None,
                "service": None,
                "shipped_at": at,
                "promised_by": None,
            }
        )
        open_parcel(call.db, call.shop, number, wanted.carrier, None)
        _tell(call, number, at, "PICKED_UP", "Picked up")
    if wanted.state == "delivered":
        order["delivered_at"] = at
        for shipment in order["shipments"]:
            _tell(call, shipment["tracking_number"], at, "DELIVERED", "Delivered")
    order["status"] = wanted.state
    call.db.execute("UPDATE orders SET body = ? WHERE shop = ? AND id = ?", (dumps(order), call.shop, order["id"]))
    # Shops take the money that was only authorized when the goods leave.
    call.db.execute(
        "UPDATE payments SET state = 'captured' WHERE shop = ? AND order_id = ? AND state = 'authorized'",
        (call.shop, order["id"]),
    )
    view = order_view(call.db, call.shop, order_row(call.db, call.shop, order["id"]))
    return Done(view, order["id"], reference=wanted.state)


def _tell(call: Call, number: str, at: str, word: str, description: str) -> None:
    add_scan(call.db, call.shop, number, {"at": at, "word": word, "description": description, "location": None})


async def post_outside_refund(request: Request) -> Response:
    """POST /sandbox/v1/outside-refunds: the merchant gives money back without us."""
    return await _happen(request, "outside_refund", OutsideIn, _outside)


async def post_refund_fail(request: Request) -> Response:
    """POST /sandbox/v1/refunds/{id}/fail: pending or already succeeded, the money is back."""
    return await _happen(
        request, "refund_failed", FailIn, lambda call, wanted: _move(call, "failed", wanted.failure_code)
    )


async def post_charge_fail(request: Request) -> Response:
    """POST /sandbox/v1/charges/{id}/fail: it was taken, and is gone again."""
    return await _happen(request, "charge_failed", FailIn, lambda call, wanted: fail_charge(call, wanted.failure_code))


async def post_payout_fail(request: Request) -> Response:
    """POST /sandbox/v1/payouts/{id}/fail: it was made, and did not arrive."""
    return await _happen(request, "payout_failed", FailIn, lambda call, wanted: fail_payout(call, wanted.failure_code))


async def post_refund_succeed(request: Request) -> Response:
    """POST /sandbox/v1/refunds/{id}/succeed: what was pending is done."""
    return await _happen(request, "refund_succeeded", NothingIn, lambda call, _: _move(call, "succeeded", None))


async def post_scan(request: Request) -> Response:
    """POST /sandbox/v1/scans: the carrier scans a parcel, a return label's too."""
    return await _happen(request, "scan", ScanHappensIn, _scan)


async def post_fulfill(request: Request) -> Response:
    """POST /sandbox/v1/fulfill: the warehouse ships an order, or it arrives."""
    return await _happen(request, "fulfill", FulfillIn, _fulfill)


ROUTES = [
    Route("/sandbox/v1/outside-refunds", post_outside_refund, methods=["POST"]),
    Route("/sandbox/v1/refunds/{id}/fail", post_refund_fail, methods=["POST"]),
    Route("/sandbox/v1/refunds/{id}/succeed", post_refund_succeed, methods=["POST"]),
    Route("/sandbox/v1/charges/{id}/fail", post_charge_fail, methods=["POST"]),
    Route("/sandbox/v1/payouts/{id}/fail", post_payout_fail, methods=["POST"]),
    Route("/sandbox/v1/scans", post_scan, methods=["POST"]),
    Route("/sandbox/v1/fulfill", post_fulfill, methods=["POST"]),
]
