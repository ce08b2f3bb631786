"""Shops to order trouble in: one shopper, orders in the state that a case needs, and the store's policy."""

from __future__ import annotations

from typing import Any

CUSTOMER = "cust-1"
ADDRESS = {
    "name": "Mia Brandt",
    "address1": "Hauptstr. 1",
    "city": "Bonn",
    "postal_code": "53111",
    "country_code": "DE",
}
RETURN_ADDRESS = {
    "name": "Returns",
    "address1": "Lagerstr. 12",
    "city": "Berlin",
    "postal_code": "10115",
    "country_code": "DE",
}
CARD, PAYPAL = "pm-card", "pm-paypal"
METHODS = [{"id": CARD, "kind": "card", "label": "Visa"}, {"id": PAYPAL, "kind": "paypal", "label": "PayPal"}]
MUGS = {"mug-plain": 5000, "mug-gold": 6000, "mug-tin": 4000}
PLENTY = {"refund": 10**9, "order": 10**9, "customer": 10**9, "day": 10**12}


def policy(**caps: int) -> dict[str, Any]:
    """A store's rules; the caps are given in EUR."""
    return {"caps": {"EUR": {**PLENTY, **caps}}, "instant_refund": True}


def order(
    name: str, amounts: tuple[int, ...] = (5000,), *, status: str = "delivered", customer: str = CUSTOMER
) -> dict[str, Any]:
    """An order of one line, paid by a card and, where there is a second amount, by a gift card."""
    total = sum(amounts)
    arrived = status == "delivered"
    kinds = ("card", "gift_card", "bank")
    return {
        "id": name,
        "number": f"#{name}",
        "customer_id": customer,
        "status": status,
        "placed_at": "-3d",
        **({"delivered_at": "-1d"} if arrived else {}),
        "currency": "EUR",
        "prices_include_tax": True,
        "lines": [
            {
                "id": f"{name}-line",
                "title": "Mug",
                "quantity": 1,
                "unit_price": total,
                "total": total,
                "fulfilled_quantity": 1 if arrived else 0,
            }
        ],
        "shipping_address": ADDRESS,
        "payments": [
            {"id": f"{name}-pay-{at}", "kind": kinds[at], "label": kinds[at], "amount": amount}
            for at, amount in enumerate(amounts)
        ],
    }


def mugs(name: str, status: str = "delivered") -> dict[str, Any]:
    """An order of a mug that comes in other, dearer and cheaper ones, paid with a card that is on file."""
    made = order(name, status=status)
    made["lines"][0] |= {"product_id": "mug", "variant_id": "mug-plain"}
    made["payments"][0]["payment_method_id"] = CARD
    return made


def document(orders: list[dict[str, Any]], *, ceiling: bool) -> dict[str, Any]:
    """A whole shop to import."""
    customers = sorted({entry["customer_id"] for entry in orders})
    return {
        "relative_to_now": True,
        "settings": {"ceiling": ceiling},
        "products": [
            {
                "id": "mug",
                "name": "Mug",
                "variants": [
                    {"id": name, "options": {}, "price": price, "currency": "EUR"} for name, price in MUGS.items()
                ],
            }
        ],
        "customers": [
            {"id": name, "name": "Mia Brandt", "email": f"{name}@example.com", "payment_methods": METHODS}
            for name in customers
        ],
        "orders": orders,
        "subscriptions": [_subscription(name) for name in customers],
    }


def _subscription(customer: str) -> dict[str, Any]:
    """A mug each month."""
    return {
        "id": f"{customer}-mugs",
        "customer_id": customer,
        "currency": "EUR",
        "interval": {"unit": "month"},
        "next_billing_at": "+9d",
        "lines": [
            {
                "id": "mugs",
                "product_id": "mug",
                "variant_id": "mug-plain",
                "title": "Mug",
                "quantity": 1,
                "unit_price": MUGS["mug-plain"],
            }
        ],
    }
