"""A public shop data set as a sandbox import: `python -m tests.tools.retail [db.json] > import.json`.

The data set (tau2-bench, MIT) is `data/retail/db.json` in the folder `shared` beside the project or in
`AFTERSALE_SPECS`: 500 customers, 50 products, 1,000 orders. It holds no times, so each order gets some, counted
from the moment of the import and the same at every run: a delivered parcel arrived 2 to 12 days ago. The way back is
`tests/tools/retail_back.py`.
"""

from __future__ import annotations

import json
import os
import sys
import zlib
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.money import Money

CURRENCY = "USD"
COUNTRIES = {"USA": "US"}
STATUSES = {"pending": "pending", "processed": "processing", "delivered": "delivered", "cancelled": "canceled"}
KINDS = {"credit_card": "card", "paypal": "paypal", "gift_card": "gift_card"}
ENDING = " ending in "

Json = dict[str, Any]


def load(path: Path | None = None) -> Json:
    """Read the data set, its amounts as exact decimals."""
    path = path or _shared() / "data" / "retail" / "db.json"
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def _shared() -> Path:
    return Path(os.environ.get("AFTERSALE_SPECS") or Path(__file__).resolve().parents[3] / "shared")


def convert(shop: Json) -> Json:
    """Turn the data set into a sandbox import. Raises ValueError where an amount is not in whole cents."""
    methods = {user["user_id"]: user["payment_methods"] for user in shop["users"].values()}
    return {
        "relative_to_now": True,
        "products": [_product(product) for product in shop["products"].values()],
        "customers": [_customer(user) for user in shop["users"].values()],
        "orders": [
            _order(order, shop["users"][order["user_id"]], methods[order["user_id"]])
            for order in shop["orders"].values()
        ],
    }


def cents(amount: Decimal | int) -> int:
    """Minor units. Raises ValueError where the amount is finer."""
    return Money.of(Decimal(amount), CURRENCY).amount


def _product(product: Json) -> Json:
    return {
        "id": product["product_id"],
        "name": product["name"],
        "variants": [
            {
                "id": variant["item_id"],
                "options": variant["options"],
                "price": cents(variant["price"]),
                "currency": CURRENCY,
                "available": variant["available"],
            }
            for variant in product["variants"].values()
        ],
    }


def _customer(user: Json) -> Json:
    name = f"{user['name']['first_name']} {user['name']['last_name']}"
    return {
        "id": user["user_id"],
        "email": user["email"],
        "name": name,
        "locale": "en-US",
        "addresses": [_address(user["address"], name)],
        "payment_methods": [_method(method) for method in user["payment_methods"].values()],
    }


def _address(address: Json, name: str) -> Json:
    return {
        "name": name,
        "address1": address["address1"],
        "address2": address["address2"],
        "city": address["city"],
        "province": address["state"],
        "country_code": COUNTRIES[address["country"]],
        "postal_code": address["zip"],
    }


def _method(method: Json) -> Json:
    balance = {"balance": cents(method["balance"]), "currency": CURRENCY} if "balance" in method else {}
    return {"id": method["id"], "kind": KINDS[method["source"]], "label": _label(method), **balance}


def _label(method: Json) -> str:
    if method["source"] == "credit_card":
        return f"{method['brand'].capitalize()}{ENDING}{method['last_four']}"
    return {"paypal": "PayPal", "gift_card": "Gift card"}[method["source"]]


def _order(order: Json, user: Json, methods: Json) -> Json:
    ref = order["order_id"].removeprefix("#")
    status = STATUSES[order["status"]]
    age = 2 + zlib.crc32(ref.encode()) % 11  # days since it came to its last state
    lines = [_line(f"{ref}-{number}", item, status) for number, item in enumerate(order["items"], 1)]
    payments, refunds = _ledger(ref, order["payment_history"], methods, age)
    return {
        "id": ref,
        "number": order["order_id"],
        "customer_id": order["user_id"],
        "status": status,
        "placed_at": f"-{age + 6}d" if status == "delivered" else f"-{age}d",
        **({"delivered_at": f"-{age}d"} if status == "delivered" else {}),
        **({"canceled_at": f"-{age * 24 - 5}h"} if status == "canceled" else {}),
        **({"cancel_reason": order["cancel_reason"]} if "cancel_reason" in order else {}),
        "currency": CURRENCY,
        "presentment_currency": CURRENCY,
        "prices_include_tax": False,
        "lines": lines,
        "shipping_address": _address(order["address"], f"{user['name']['first_name']} {user['name']['last_name']}"),
        "email": user["email"],
        "payments": payments,
        "shipments": [
            _shipment(f"{ref}-parcel-{number}", parcel, order["items"], lines, status, age)
            for number, parcel in enumerate(order["fulfillments"], 1)
        ],
        "refunds": refunds,
    }


def _line(line_id: str, item: Json, status: str) -> Json:
    price = cents(item["price"])
    return {
        "id": line_id,
        "product_id": item["product_id"],
        "variant_id": item["item_id"],
        "title": item["name"],
        "options": item["options"],
        "quantity": 1,
        "unit_price": price,
        "total": price,
        "fulfilled_quantity": 1 if status == "delivered" else 0,
    }


def _ledger(ref: str, history: list[Json], methods: Json, age: int) -> tuple[list[Json], list[Json]]:
    payments: list[Json] = []
    refunds: list[Json] = []
    for number, entry in enumerate(history, 1):
        method = methods[entry["payment_method_id"]]
        if entry["transaction_type"] == "payment":
            payments.append(
                {
                    "id": f"{ref}-payment-{number}",
                    "kind": KINDS[method["source"]],
                    "label": _label(method),
                    "payment_method_id": method["id"],
                    "amount": cents(entry["amount"]),
                    "state": "captured",
                }
            )
            continue
        paid = next(payment for payment in payments if payment["payment_method_id"] == method["id"])
        refunds.append(
            {
                "id": f"{ref}-refund-{number}",
                "payment_id": paid["id"],
                "amount": cents(entry["amount"]),
                "at": f"-{age * 24 - 5}h",
            }
        )
    return payments, refunds


def _shipment(parcel_id: str, parcel: Json, items: list[Json], lines: list[Json], status: str, age: int) -> Json:
    (number,) = parcel["tracking_id"]
    words = {"LABEL_CREATED": 4, "PICKED_UP": 3, "IN_TRANSIT": 2, "OUT_FOR_DELIVERY": 0, "DELIVERED": 0}
    if status != "delivered":
        words = {"LABEL_CREATED": 0}
    left, line_ids = list(zip(items, lines, strict=True)), list[str]()
    for item_id in parcel["item_ids"]:  # the same item may stand in the order twice
        match = next(pair for pair in left if pair[0]["item_id"] == item_id)
        left.remove(match)
        line_ids.append(match[1]["id"])
    return {
        "id": parcel_id,
        "carrier": "sandbox",
        "tracking_number": number,
        "line_ids": line_ids,
        "scans": [
            {
                "at": f"-{(age + days) * 24 + (6 if word == 'OUT_FOR_DELIVERY' else 0)}h",
                "word": word,
                "description": word.replace("_", " ").capitalize(),
            }
            for word, days in words.items()
        ],
        **({"eta": f"+{age}d"} if status == "processing" else {}),
    }


def main(arguments: list[str]) -> int:
    """Write the import to standard output."""
    json.dump(convert(load(Path(arguments[0]) if arguments else None)), sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
