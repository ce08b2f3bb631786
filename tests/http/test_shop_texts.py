"""What a shop tells of orders and customers holds no card number and no key here, whatever shoppers wrote there."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.http.test_privacy import rows
from tests.support.app import DEMO, App

CARDS = {
    "name": "4111111111111111",
    "address1": "5555 5555 5555 4444",
    "address2": "3782-822463-10005",
    "city": "４２４２４２４２４２４２４２４２",
    "province": "6011.1111.1111.1117",
}
ENGRAVING, TAG, TITLE = "4000 0025 0000 3155", "card 30569309025904", "Lamp 6200 0000 0000 0005"
KEY = "sk_live_" + "Zq3Vd0nWl8mTqR5hXbY2pVsxMCwiZXZ0"


def shop() -> dict[str, Any]:
    """The demo shop, whose Anna types where she likes."""
    document = copy.deepcopy(DEMO)
    anna = next(row for row in document["customers"] if row["id"] == "cust-anna")
    anna |= {"name": f"Anna {CARDS['name']}", "addresses": [{**anna["addresses"][0], **CARDS}]}
    order = next(row for row in document["orders"] if row["id"] == "ord-1001")
    order |= {"tags": [TAG, f"key {KEY}", "vip"], "shipping_address": {**order["shipping_address"], **CARDS}}
    order["lines"][0] |= {"title": TITLE, "options": {"engraving": ENGRAVING, "size": "M"}}
    order["payments"][0]["label"] = f"Visa {CARDS['name']}"
    return document


def test_no_card_number_and_no_key_of_a_shop_s_texts_is_kept(app: App) -> None:
    store = app.store(shop())
    order = store.get("/v1/orders/1001").json()
    customer = store.get("/v1/customers/cust-anna").json()
    assert order["shipping_address"]["city"] == customer["addresses"][0]["city"] == "[card]"
    assert customer["name"] == "Anna [card]"
    assert order["tags"] == ["card [card]", "key [secret]", "vip"]
    assert (order["lines"][0]["title"], order["lines"][0]["options"]) == (
        "Lamp [card]",
        {"engraving": "[card]", "size": "M"},
    )
    assert order["payments"][0]["label"] == "Visa [card]"
    assert store.get("/v1/orders/1001").json()["tags"] == order["tags"], "read again it is the same"
    about = (store.id, order["id"], customer["id"])  # other tests' orders may have such a number, which is no card's
    kept = [(name, row) for name, row in rows(app.settings.database) if any(known in row for known in about)]
    assert {"orders", "order_lines", "order_payments", "customers", "events"} <= {name for name, _ in kept}
    for planted in (*CARDS.values(), ENGRAVING, TAG, TITLE, KEY):
        for form in (planted, json.dumps(planted)[1:-1]):
            assert [name for name, row in kept if form in row] == [], planted


def test_what_the_shop_means_as_a_number_stays(app: App) -> None:
    document = copy.deepcopy(DEMO)
    order = next(row for row in document["orders"] if row["id"] == "ord-1001")
    number = "4111111111111111"
    order |= {"number": number, "tags": [f"order {number}"]}
    store = app.store(document)
    found = store.get(f"/v1/orders/{number}").json()
    assert (found["number"], found["tags"]) == (number, [f"order {number}"])
    assert found["shipping_address"]["postal_code"] == order["shipping_address"]["postal_code"]
