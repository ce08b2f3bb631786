"""The shop as it stands once a task's objects are what the task expects, made without any server."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from tests.replay.comparison import Shop
from tests.tools import retail

Json = dict[str, Any]
FLAGS = {"return requested": "return_requested", "exchange requested": "exchange_requested"}
MODIFIED = "pending (item modified)"


def reached(shop: Json, before: Shop, expected: dict[str, dict[str, Json]]) -> Shop:
    """`before`, which is `shop` converted, with the expected objects in the place of theirs."""
    exact: dict[str, dict[str, Json]] = json.loads(json.dumps(expected), parse_float=Decimal)
    people = shop["users"] | exact.get("users", {})
    orders = {number: _order(order, people) for number, order in exact.get("orders", {}).items()}
    customers = {name: _customer(user) for name, user in exact.get("users", {}).items()}
    return Shop(
        {
            **before.export,
            "orders": [orders.get(row["number"], row) for row in before.export["orders"]],
            "customers": [customers.get(row["id"], row) for row in before.export["customers"]],
        }
    )


def _customer(user: Json) -> Json:
    return retail.convert({"users": {user["user_id"]: user}, "products": {}, "orders": {}})["customers"][0]


def _order(order: Json, people: Json) -> Json:
    """The order as an export tells it: flags, changes and places where the data set has words and lists."""
    status = {MODIFIED: "pending", **dict.fromkeys(FLAGS, "delivered")}.get(order["status"], order["status"])
    plain = {**order, "status": status, "payment_history": [], "fulfillments": []}
    owner = people[order["user_id"]]
    made = retail.convert({"users": {order["user_id"]: owner}, "products": {}, "orders": {"": plain}})["orders"][0]
    lines = made["lines"]
    made["shipments"] = [
        {"tracking_number": parcel["tracking_id"][0], "line_ids": _lines(parcel["item_ids"], lines)}
        for parcel in order["fulfillments"]
    ]
    flag = FLAGS.get(order["status"])
    changes = [] if flag is None else [_back(order, lines, flag)]
    told = {"items_changed": order["status"] == MODIFIED, "changes": changes, **_money(order["payment_history"])}
    return {**made, **told, **({} if flag is None else {flag: True})}


def _lines(item_ids: list[str], lines: list[Json]) -> list[str]:
    """The line of each item; the same item may stand in the order twice."""
    left = list(lines)
    found: list[str] = []
    for item_id in item_ids:
        line = next((line for line in left if line["variant_id"] == item_id), left[0])
        left.remove(line)
        found.append(line["id"])
    return found


def _back(order: Json, lines: list[Json], flag: str) -> Json:
    kind = flag.removesuffix("_requested")
    backs = [{"line_id": line_id, "quantity": 1} for line_id in _lines(order[f"{kind}_items"], lines)]
    change: Json = {
        "kind": f"open_{kind}",
        "lines": backs,
        "swaps": [],
        "payment_method_id": order[f"{kind}_payment_method_id"],
    }
    if kind == "exchange":
        news = order["exchange_new_items"]
        swaps = [{**back, "variant_id": new} for back, new in zip(backs, news, strict=True)]
        change |= {"swaps": swaps, "difference": retail.cents(order["exchange_price_difference"])}
    return change


def _money(history: list[Json]) -> Json:
    """Payments, and what went back as payouts, which may go to any method; each has its place."""
    moves: dict[str, list[Json]] = {"payment": [], "refund": []}
    for place, entry in enumerate(history):
        moves[entry["transaction_type"]].append(
            {
                "id": str(place),
                "payment_method_id": entry["payment_method_id"],
                "amount": retail.cents(entry["amount"]),
                "place": place,
            }
        )
    return {"payments": moves["payment"], "refunds": [], "payouts": moves["refund"]}
