"""Subscriptions: what a customer gets again and again, and what the shop may be told to do to one."""

import calendar
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.clock import now, rfc3339
from app.sandbox.changes import noted
from app.sandbox.effects import Call, Done, effect, read
from app.sandbox.shop import customer_view
from app.sandbox.store import dumps, loads, one, rows
from app.sandbox.subscription_records import SubscriptionChangeIn
from app.sandbox.swaps import variant_for
from app.sandbox.wire import Problem

Document = dict[str, Any]
MONTHS = {"month": 1, "year": 12}
OPEN_TO: dict[str, frozenset[str]] = {
    "pause": frozenset({"active"}),
    "skip": frozenset({"active"}),
    "swap": frozenset({"active", "paused"}),
    "resume": frozenset({"paused", "ending"}),
    "cancel": frozenset({"active", "paused", "ending"}),
}
"""The states in which each may be asked for; `ending`: its end is set and has not come."""


def after(moment: str, interval: Document) -> str:
    """One interval later; a month that is too short for the day gives its last one."""
    at = datetime.fromisoformat(moment)
    if interval["unit"] in MONTHS:
        months = at.year * 12 + at.month - 1 + MONTHS[interval["unit"]] * interval["count"]
        year, month = divmod(months, 12)
        return rfc3339(at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1])))
    return rfc3339(at + timedelta(**{f"{interval['unit']}s": interval["count"]}))


def _get(db: sqlite3.Connection, shop: str, subscription_id: str) -> Document:
    row = one(db, "SELECT body FROM subscriptions WHERE shop = ? AND id = ?", shop, subscription_id)
    if row is None:
        raise Problem(404, "subscription_not_found", "There is no such subscription.")
    return loads(row["body"])


def _state(subscription: Document) -> str:
    ending = subscription["cancel_at"] is not None and subscription["status"] != "canceled"
    return "ending" if ending else str(subscription["status"])


def _must_be_open(subscription: Document, wanted: SubscriptionChangeIn) -> None:
    state = _state(subscription)
    ends_already = wanted.change == "cancel" and state == "ending" and wanted.when != "now"
    if state not in OPEN_TO[wanted.change] or ends_already:
        code = "subscription_not_paused" if wanted.change == "resume" else "subscription_not_active"
        raise Problem(409, code, f"The subscription is {state}.", subject=subscription["id"])


def _pause(call: Call, subscription: Document, wanted: SubscriptionChangeIn) -> Document:
    del call, subscription
    return {"status": "paused", "paused_until": wanted.until}


def _resume(call: Call, subscription: Document, wanted: SubscriptionChangeIn) -> Document:
    """It goes on with the first delivery that is still to come; an end that was set is taken back."""
    del call, wanted
    coming = subscription["next_billing_at"] or rfc3339(now())
    while datetime.fromisoformat(coming) < now():
        coming = after(coming, subscription["interval"])
    return {"status": "active", "paused_until": None, "cancel_at": None, "next_billing_at": coming}


def _skip(call: Call, subscription: Document, wanted: SubscriptionChangeIn) -> Document:
    del call
    if wanted.delivery_at != subscription["next_billing_at"]:
        raise Problem(409, "delivery_not_next", "Another delivery comes next.", subject=subscription["id"])
    return {"next_billing_at": after(subscription["next_billing_at"], subscription["interval"])}


def _swap(call: Call, subscription: Document, wanted: SubscriptionChangeIn) -> Document:
    lines: list[Document] = subscription["lines"]
    line = next((line for line in lines if line["id"] == wanted.line_id), None)
    if line is None:
        raise Problem(422, "line_not_found", "The subscription has no such line.", subject=subscription["id"])
    variant = variant_for(
        call.db, call.shop, line, wanted.variant_id or "", subscription["currency"], subscription["id"]
    )
    new = line | {"variant_id": variant["id"], "options": variant["options"], "unit_price": variant["price"]}
    return {"lines": [new if each is line else each for each in lines]}


def _cancel(call: Call, subscription: Document, wanted: SubscriptionChangeIn) -> Document:
    """At the end of what is paid for; at once where that is asked for, or nothing runs."""
    del call
    if wanted.when != "now" and subscription["status"] == "active":
        return {"cancel_at": subscription["next_billing_at"]}
    ended = {"status": "canceled", "canceled_at": rfc3339(now())}
    return ended | {"next_billing_at": None, "paused_until": None, "cancel_at": None}


CHANGES: dict[str, Callable[[Call, Document, SubscriptionChangeIn], Document]] = {
    "pause": _pause,
    "resume": _resume,
    "skip": _skip,
    "swap": _swap,
    "cancel": _cancel,
}


def _change(call: Call, wanted: SubscriptionChangeIn) -> Done:
    subscription = _get(call.db, call.shop, call.path["id"])
    _must_be_open(subscription, wanted)
    subscription |= CHANGES[wanted.change](call, subscription, wanted)
    call.db.execute(
        "UPDATE subscriptions SET body = ? WHERE shop = ? AND id = ?",
        (dumps(subscription), call.shop, subscription["id"]),
    )
    document = {"asked": wanted.model_dump(), "subscription": subscription}
    owner = subscription["customer_id"]
    return noted(call, "change_subscription", document, customer_id=owner, subject=subscription["id"])


async def post_change(request: Request) -> Response:
    """POST /shop/v1/subscriptions/{id}/changes."""
    return await effect(request, "change_subscription", SubscriptionChangeIn, _change)


async def get_subscription(request: Request) -> Response:
    """GET /shop/v1/subscriptions/{id}."""
    return read(request, "order", lambda db, shop: _get(db, shop, request.path_params["id"]))


async def get_subscriptions(request: Request) -> Response:
    """GET /shop/v1/subscriptions?customer_id= : all of a customer's, oldest first."""

    def answer(db: sqlite3.Connection, shop: str) -> Document:
        customer = customer_view(db, shop, request.query_params.get("customer_id", ""))
        sql = "SELECT body FROM subscriptions WHERE shop = ? AND customer_id = ? ORDER BY position LIMIT 200"
        return {"data": [loads(row["body"]) for row in rows(db, sql, shop, customer["id"])]}

    return read(request, "order", answer)


ROUTES = [
    Route("/shop/v1/subscriptions", get_subscriptions),
    Route("/shop/v1/subscriptions/{id}", get_subscription),
    Route("/shop/v1/subscriptions/{id}/changes", post_change, methods=["POST"]),
]
