"""A sandbox import or export as the public data set again, to the cent: the way back of `tests/tools/retail.py`.

The data set spells what happened to an order in its status (`pending (item modified)`, `return requested`, `exchange
requested`) and in fields that it has only then; the sandbox keeps flags, changes and a ledger.
"""

from __future__ import annotations

from typing import Any

from app.money import Money
from tests.tools.retail import COUNTRIES, CURRENCY, ENDING, KINDS, STATUSES

Json = dict[str, Any]


def restore(shop: Json) -> Json:
    """Turn an import or an export of the converted shop into the data set's shape, amounts as its floats."""
    orders = {order["number"]: _order_back(order) for order in shop["orders"]}
    users = {customer["id"]: _user_back(customer) for customer in shop["customers"]}
    for number, order in orders.items():
        users[order["user_id"]]["orders"].append(number)
    return {
        "products": {product["id"]: _product_back(product) for product in shop["products"]},
        "users": users,
        "orders": orders,
    }


def _major(amount: int) -> float:
    return float(Money(amount, CURRENCY).decimal())


def _product_back(product: Json) -> Json:
    return {
        "name": product["name"],
        "product_id": product["id"],
        "variants": {
            variant["id"]: {
                "item_id": variant["id"],
                "options": variant["options"],
                "available": variant["available"],
                "price": _major(variant["price"]),
            }
            for variant in product["variants"]
        },
    }


def _user_back(customer: Json) -> Json:
    first, _, last = customer["name"].partition(" ")
    return {
        "user_id": customer["id"],
        "name": {"first_name": first, "last_name": last},
        "address": _address_back(customer["addresses"][0]),
        "email": customer["email"],
        "payment_methods": {method["id"]: _method_back(method) for method in customer["payment_methods"]},
        "orders": [],
    }


def _address_back(address: Json) -> Json:
    countries = {code: name for name, code in COUNTRIES.items()}
    return {
        "address1": address["address1"],
        "address2": address["address2"] or "",
        "city": address["city"],
        "country": countries[address["country_code"]],
        "state": address["province"],
        "zip": address["postal_code"],
    }


def _method_back(method: Json) -> Json:
    sources = {kind: source for source, kind in KINDS.items()}
    back: Json = {"source": sources[method["kind"]], "id": method["id"]}
    if method["kind"] == "card":
        brand, _, last_four = method["label"].partition(ENDING)
        back |= {"brand": brand.lower(), "last_four": last_four}
    if method.get("balance") is not None:
        back["balance"] = _major(method["balance"])
    return back


def _order_back(order: Json) -> Json:
    items = {line["id"]: line["variant_id"] for line in order["lines"]}
    return {
        "order_id": order["number"],
        "user_id": order["customer_id"],
        "address": _address_back(order["shipping_address"]),
        "items": [
            {
                "name": line["title"],
                "product_id": line["product_id"],
                "item_id": line["variant_id"],
                "price": _major(line["unit_price"]),
                "options": line["options"],
            }
            for line in order["lines"]
        ],
        "status": _status_back(order),
        "fulfillments": [
            {
                "tracking_id": [shipment["tracking_number"]],
                "item_ids": [items[line_id] for line_id in shipment["line_ids"]],
            }
            for shipment in order["shipments"]
        ],
        "payment_history": [
            {"transaction_type": kind, "amount": _major(amount), "payment_method_id": method}
            for kind, amount, method in _history(order)
        ],
        **({"cancel_reason": order["cancel_reason"]} if order.get("cancel_reason") else {}),
        **_on_the_way_back(order, items),
    }


def _status_back(order: Json) -> str:
    """The data set's word; what was asked for after delivery or changed before it stands in the status itself."""
    if order.get("exchange_requested"):
        return "exchange requested"
    if order.get("return_requested"):
        return "return requested"
    if order.get("items_changed") and order["status"] == "pending":
        return "pending (item modified)"
    return {ours: theirs for theirs, ours in STATUSES.items()}[order["status"]]


def _history(order: Json) -> list[tuple[str, int, str]]:
    """Kind, amount and method of all money that moved, in the order in which it did."""
    methods = {payment["id"]: payment["payment_method_id"] for payment in order["payments"]}
    moves = [(_place(payment), "payment", payment, payment["payment_method_id"]) for payment in order["payments"]]
    moves += [(_place(refund), "refund", refund, methods[refund["payment_id"]]) for refund in order["refunds"]]
    moves += [(_place(payout), "refund", payout, payout["payment_method_id"]) for payout in order.get("payouts", ())]
    return [
        (kind, entry["amount"], method)
        for _, kind, entry, method in sorted(moves, key=lambda move: move[0])
        if entry.get("status", "succeeded") == "succeeded"
    ]


def _place(entry: Json) -> tuple[bool, int]:
    """Where it stands among the order's moves of money; what does not say it came last, as the sandbox has it."""
    place = entry.get("place")
    return place is None, place or 0


def _on_the_way_back(order: Json, items: dict[str, str]) -> Json:
    """What the order says of its returns and exchanges: the items by their ids, sorted, and the method."""
    back: Json = {}
    for change in order.get("changes", ()):
        swaps = [swap for swap in change["swaps"] for _ in range(swap["quantity"])]
        if change["kind"] == "open_exchange":
            back |= {
                "exchange_items": sorted(items[swap["line_id"]] for swap in swaps),
                "exchange_new_items": sorted(swap["variant_id"] for swap in swaps),
                "exchange_payment_method_id": change["payment_method_id"],
                "exchange_price_difference": _major(change["difference"]),
            }
        elif change["kind"] == "open_return":
            lines = [line for line in change["lines"] for _ in range(line["quantity"])]
            back |= {
                "return_items": sorted(items[line["line_id"]] for line in lines),
                "return_payment_method_id": change["payment_method_id"] or _original(order),
            }
    return back


def _original(order: Json) -> str:
    """The method that paid the order first."""
    return order["payments"][0]["payment_method_id"]
