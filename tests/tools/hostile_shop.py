"""The shop that a hostile caller besieges: her orders, and a few of another's."""

from __future__ import annotations

from typing import Any

HER, OTHER = "cust-anna", "cust-luc"
METHODS = {HER: ("pm-anna-visa", "pm-anna-gift", "pm-anna-paypal"), OTHER: ("pm-luc-visa",)}
MUGS = {"mug-red": 1000, "mug-gold": 1300, "mug-tin": 700}


def shop(orders: int) -> tuple[dict[str, Any], list[int], list[int]]:
    """A shop with so many orders of hers and a tenth of others'; the numbers of both."""
    hers, others = list(range(1, orders + 1)), list(range(orders + 1, orders + 2 + orders // 10))
    numbers = [(number, HER) for number in hers] + [(number, OTHER) for number in others]
    customers = [
        {
            "id": name,
            "email": f"{name}@example.com",
            "name": "Anna Keller" if name == HER else "Luc Moreau",
            "addresses": [address(1)],
            "payment_methods": [_method(method) for method in methods],
        }
        for name, methods in METHODS.items()
    ]
    variants = [{"id": name, "options": {}, "price": price, "currency": "EUR"} for name, price in MUGS.items()]
    document = {
        "relative_to_now": True,
        "products": [
            {"id": "mug", "name": "Mug", "variants": variants},
            {"id": "hat", "name": "Hat", "variants": [{"id": "hat-1", "options": {}, "price": 900, "currency": "EUR"}]},
        ],
        "customers": customers,
        "orders": [_order(number, customer) for number, customer in numbers],
        "subscriptions": [_subscription(customer) for customer in METHODS],
    }
    return document, hers, others


def _method(name: str) -> dict[str, Any]:
    kind = name.rpartition("-")[2]
    if kind == "gift":
        return {"id": name, "kind": "gift_card", "label": "Gift", "balance": 10**6, "currency": "EUR"}
    return {"id": name, "kind": "card" if kind == "visa" else kind, "label": kind}


def address(number: int) -> dict[str, str]:
    return {"address1": f"Mein Weg {number}", "city": "Bonn", "postal_code": "53111", "country_code": "DE"}


def _subscription(customer: str) -> dict[str, Any]:
    mug = {"product_id": "mug", "variant_id": "mug-red", "title": "Mug", "quantity": 1, "unit_price": 1000}
    return {
        "id": f"sub-{customer}",
        "customer_id": customer,
        "currency": "EUR",
        "interval": {"unit": "month"},
        "next_billing_at": "+9d",
        "lines": [{"id": "mugs", **mug}],
    }


def _order(number: int, customer: str) -> dict[str, Any]:
    """Nine mugs on two lines; of five orders two have not shipped, one is on its way and two were delivered."""
    status = ("delivered", "pending", "delivered", "pending", "shipped")[number % 5]
    sent = status != "pending"
    lines = [("a", 6, 6000), ("b", 3, 2998)]
    return {
        "id": f"ord-{number}",
        "number": f"#{number}",
        "customer_id": customer,
        "status": status,
        "placed_at": "-9d",
        **({"delivered_at": "-2d"} if status == "delivered" else {}),
        "currency": "EUR",
        "prices_include_tax": True,
        "shipping_address": address(1),
        "lines": [
            {
                "id": f"ln-{number}-{name}",
                "product_id": "mug",
                "variant_id": "mug-red",
                "title": "Mug",
                "quantity": quantity,
                "unit_price": 1000,
                "discount": quantity * 1000 - total,
                "total": total,
                "fulfilled_quantity": quantity if sent else 0,
            }
            for name, quantity, total in lines
        ],
        "payments": [
            {
                "id": f"pay-{number}",
                "kind": "card",
                "label": "Visa",
                "payment_method_id": METHODS[customer][0],
                "amount": 8998,
            }
        ],
    }
