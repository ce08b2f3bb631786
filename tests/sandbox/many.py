"""A shop of the sandbox with as many orders as wanted, each of a customer, with a parcel and two lines."""

from __future__ import annotations

from typing import Any

PER_CUSTOMER = 3


def many(count: int) -> dict[str, Any]:
    """The document to import; the ids sort as the numbers do."""
    customers = range((count + PER_CUSTOMER - 1) // PER_CUSTOMER)
    return {
        "products": [
            {"id": "prd-1", "name": "Mug", "variants": [{"id": "var-1", "price": 1000, "currency": "EUR"}]},
            {"id": "prd-2", "name": "Bowl", "variants": [{"id": "var-2", "price": 2500, "currency": "EUR"}]},
        ],
        "customers": [
            {
                "id": f"cust-{at:06}",
                "email": f"shopper{at}@example.com",
                "name": f"Shopper {at}",
                "locale": "de-DE",
                "addresses": [{"address1": "Hauptstr. 1", "city": "Bonn", "country_code": "DE"}],
                "payment_methods": [{"id": f"pm-{at}", "kind": "card", "label": "Visa"}],
            }
            for at in customers
        ],
        "orders": [_order(at) for at in range(count)],
    }


def _order(at: int) -> dict[str, Any]:
    return {
        "id": f"ord-{at:06}",
        "number": f"#{at + 1}",
        "customer_id": f"cust-{at // PER_CUSTOMER:06}",
        "status": "delivered",
        "placed_at": "2026-10-01T10:00:00Z",
        "delivered_at": "2026-10-04T10:00:00Z",
        "currency": "EUR",
        "lines": [
            {
                "id": f"ln-{at}-{line}", "product_id": f"prd-{line}", "variant_id": f"var-{line}", "title": title,
                "quantity": 2, "unit_price": price, "total": 2 * price, "fulfilled_quantity": 2,
            }
            for line, title, price in ((1, "Mug", 1000), (2, "Bowl", 2500))
        ],
        "shipping_address": {"name": "A", "address1": "Hauptstr. 1", "city": "Bonn", "country_code": "DE"},
        "payments": [{"id": f"pay-{at}", "kind": "card", "label": "Visa", "amount": 7000}],
        "shipments": [{"id": f"shp-{at}", "carrier": "sandbox", "tracking_number": f"TRK{at:08}"}],
    }  # fmt: skip
