"""What the shop does to its orders and customers when told to, what it refuses, and that an export tells all of it."""

import pytest

from tests.sandbox.served import SHOP, Served

HOME = {"name": "Mia Brandt", "address1": "Ring 9", "city": "Köln", "country_code": "DE", "postal_code": "50667"}
SWAP = {"line_id": "ln-2", "variant_id": "var-2", "quantity": 1}
BACK = {"rma": "R1", "lines": [{"line_id": "ln-1", "quantity": 2, "reason": "too small"}]}
EXCHANGE = {
    "rma": "X1",
    "swaps": [{"line_id": "ln-1", "variant_id": "var-2", "quantity": 1}],
    "payment_method_id": "pm-card",
    "difference": -100,
    "currency": "EUR",
}


def order(shop: Served, order_id: str = "ord-2") -> dict:
    return shop.get(f"/shop/v1/orders/{order_id}")


def exported(shop: Served, order_id: str) -> dict:
    return next(entry for entry in shop.get("/sandbox/v1/export")["orders"] if entry["id"] == order_id)


def refused(shop: Served, path: str, body: dict, key: str = "refused") -> tuple[int, str]:
    """Status and code of a refusal, after which the shop is as it was."""
    before = shop.get("/sandbox/v1/export")
    status, answer = shop.call("POST", path, body, {"Idempotency-Key": key})
    assert shop.get("/sandbox/v1/export") == before
    return status, answer["code"]


def with_three_mugs(shop: Served, **changed) -> None:
    document = {**SHOP, "orders": [dict(entry) for entry in SHOP["orders"]]}
    line = document["orders"][1]["lines"][0] | {"quantity": 3, "discount": 100, "tax": 551, "total": 3451} | changed
    document["orders"][1] |= {"lines": [line], "payments": []}
    shop.post("/sandbox/v1/import", document)


def test_an_address_is_replaced_whole_and_the_change_is_found_by_its_key(shop):
    made = shop.post("/shop/v1/orders/ord-2/address", {"address": HOME}, key="a1")
    assert order(shop)["shipping_address"] == HOME | {"address2": None, "province": None, "phone": None}
    assert shop.get("/shop/v1/changes?key=a1")["data"] == [made]
    assert (made["kind"], made["order_id"], made["status"]) == ("change_address", "ord-2", "applied")
    assert shop.get("/shop/v1/changes?key=other")["data"] == []
    assert shop.call("GET", "/shop/v1/changes")[1]["code"] == "key_required"


def test_swapped_items_cost_the_variant_s_price_with_its_tax_and_the_order_stays_pending(shop):
    made = shop.post("/shop/v1/orders/ord-2/items", {"swaps": [SWAP]}, key="s1")
    after = order(shop)
    (line,) = after["lines"]
    assert (line["id"], line["variant_id"], line["options"]) == ("ln-2", "var-2", {"color": "blue"})
    assert (line["unit_price"], line["tax"], line["total"]) == (900, 171, 1071)
    assert (after["status"], after["items_changed"], made["difference"]) == ("pending", True, -119)


def test_a_part_of_a_line_s_quantity_becomes_a_line_of_its_own(shop):
    with_three_mugs(shop)
    shop.post("/shop/v1/orders/ord-2/items", {"swaps": [SWAP]}, key="s1")
    assert [
        (line["id"], line["variant_id"], line["quantity"], line["discount"], line["tax"], line["total"])
        for line in order(shop)["lines"]
    ] == [("ln-2", "var-1", 2, 66, 367, 2301), ("ln-2.2", "var-2", 1, 0, 171, 1071)]
    first = shop.get("/sandbox/v1/export")
    shop.post("/sandbox/v1/import", first)
    assert shop.get("/sandbox/v1/export") == first


def test_swaps_of_one_line_add_up_and_may_take_all_of_it(shop):
    with_three_mugs(shop)
    assert refused(shop, "/shop/v1/orders/ord-2/items", {"swaps": [SWAP | {"quantity": 2}] * 2}) == (
        422,
        "quantity_exceeded",
    )
    shop.post("/shop/v1/orders/ord-2/items", {"swaps": [SWAP, SWAP | {"quantity": 2}]}, key="s1")
    assert [(line["id"], line["quantity"]) for line in order(shop)["lines"]] == [("ln-2", 1), ("ln-2.2", 2)]


def test_tax_within_the_price_stays_in_proportion(shop):
    document = {**SHOP, "orders": [SHOP["orders"][0] | {"status": "pending", "shipments": [], "delivered_at": None}]}
    line = document["orders"][0]["lines"][0] | {"fulfilled_quantity": 0, "tax": 479}
    document["orders"][0]["lines"] = [line]
    shop.post("/sandbox/v1/import", document)
    swap = {"line_id": "ln-1", "variant_id": "var-2", "quantity": 3}
    shop.post("/shop/v1/orders/ord-1/items", {"swaps": [swap]}, key="s1")
    assert [(line["tax"], line["total"]) for line in order(shop, "ord-1")["lines"]] == [(431, 2700)]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"line_id": "ln-9"}, "line_not_found"),
        ({"variant_id": "var-none"}, "new_item_not_found"),
        ({"variant_id": "var-3"}, "new_item_unavailable"),
        ({"variant_id": "var-9"}, "different_product"),
        ({"variant_id": "var-1"}, "same_item"),
        ({"quantity": 2}, "quantity_exceeded"),
        ({"quantity": 0}, "validation_failed"),
        ({"quantity": True}, "validation_failed"),
    ],
)
def test_a_swap_that_cannot_be_is_refused_and_none_of_its_fellows_is_made(shop, changed, code):
    assert refused(shop, "/shop/v1/orders/ord-2/items", {"swaps": [SWAP, SWAP | changed]})[1] == code
    swaps = [{"line_id": "ln-1", "variant_id": "var-2", "quantity": 1} | changed]
    if code in {"new_item_not_found", "new_item_unavailable", "different_product", "same_item"}:
        assert refused(shop, "/shop/v1/orders/ord-1/exchanges", EXCHANGE | {"swaps": swaps}) == (422, code)


ON_PENDING = [
    ("address", {"address": HOME}),
    ("items", {"swaps": [SWAP]}),
    ("payment-method", {"payment_method_id": "pm-gift"}),
    ("cancel", {"reason": "no"}),
]


@pytest.mark.parametrize(("path", "body"), ON_PENDING)
def test_after_a_swap_nothing_of_the_order_is_changed_or_canceled_any_more(shop, path, body):
    shop.post("/shop/v1/orders/ord-2/items", {"swaps": [SWAP | {"variant_id": "var-2"}]}, key="s1")
    assert refused(shop, f"/shop/v1/orders/ord-2/{path}", body) == (409, "order_already_modified")


@pytest.mark.parametrize(("path", "body"), ON_PENDING)
def test_what_has_shipped_or_is_canceled_is_not_changed(shop, path, body):
    assert refused(shop, f"/shop/v1/orders/ord-1/{path}", body) == (409, "order_not_pending")
    shop.post("/shop/v1/orders/ord-2/cancel", {"reason": "no"}, key="c1")
    assert refused(shop, f"/shop/v1/orders/ord-2/{path}", body) == (409, "order_not_pending")
    assert refused(shop, f"/shop/v1/orders/none/{path}", body) == (404, "order_not_found")


def test_another_method_of_the_customer_s_is_noted_once(shop):
    path = "/shop/v1/orders/ord-2/payment-method"
    assert refused(shop, path, {"payment_method_id": "pm-card"}) == (422, "same_payment_method")
    assert refused(shop, path, {"payment_method_id": "pm-none"}) == (404, "payment_method_not_found")
    # The new method may have been charged before the shop is told.
    charge = {"order_id": "ord-2", "payment_method_id": "pm-gift", "amount": 100, "currency": "EUR"}
    shop.post("/payments/v1/charges", charge, key="c1")
    shop.post(path, {"payment_method_id": "pm-gift"}, key="m1")
    assert (order(shop)["payment_changed"], exported(shop, "ord-2")["payment_method_id"]) == (True, "pm-gift")
    assert refused(shop, path, {"payment_method_id": "pm-gift"}) == (422, "same_payment_method")


def test_a_return_is_noted_as_asked_and_the_order_stays_delivered(shop):
    shop.post("/shop/v1/orders/ord-1/returns", BACK | {"payment_method_id": "pm-gift"}, key="r1")
    after = order(shop, "ord-1")
    assert (after["status"], after["return_requested"], after["exchange_requested"]) == ("delivered", True, False)
    (change,) = exported(shop, "ord-1")["changes"]
    assert (change["kind"], change["key"], change["rma"], change["payment_method_id"]) == (
        "open_return",
        "r1",
        "R1",
        "pm-gift",
    )
    assert (change["lines"], change["swaps"], change["difference"]) == (BACK["lines"], [], None)


def test_an_exchange_is_noted_as_asked_and_moves_no_money(shop):
    shop.post("/shop/v1/orders/ord-1/exchanges", EXCHANGE, key="x1")
    after = order(shop, "ord-1")
    assert (after["status"], after["return_requested"], after["exchange_requested"]) == ("delivered", False, True)
    (change,) = exported(shop, "ord-1")["changes"]
    assert {name: change[name] for name in EXCHANGE} == EXCHANGE
    assert after["lines"] == [{**line, "tags": []} for line in SHOP_LINES]
    assert after["totals"]["refunded"] == 0


SHOP_LINES = [
    {
        "id": "ln-1",
        "product_id": "prd-1",
        "variant_id": "var-1",
        "title": "Mug",
        "options": {},
        "quantity": 3,
        "unit_price": 1000,
        "discount": 0,
        "tax": 0,
        "total": 3000,
        "fulfilled_quantity": 3,
        "final_sale": False,
    }
]


def test_what_is_on_its_way_back_cannot_come_back_again(shop):
    returns, exchanges = "/shop/v1/orders/ord-1/returns", "/shop/v1/orders/ord-1/exchanges"
    many = {"rma": "R", "lines": [{"line_id": "ln-1", "quantity": 4}]}
    assert refused(shop, returns, many) == (422, "quantity_exceeded")
    shop.post(returns, BACK, key="r1")
    assert refused(shop, returns, BACK) == (409, "already_returned")
    twice = EXCHANGE | {"swaps": EXCHANGE["swaps"] * 2}
    assert refused(shop, exchanges, twice) == (409, "already_returned")
    shop.post(exchanges, EXCHANGE, key="x1")
    assert refused(shop, exchanges, EXCHANGE) == (409, "already_returned")


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("ord-2/returns", BACK, "order_not_delivered"),
        ("ord-2/exchanges", EXCHANGE, "order_not_delivered"),
        ("ord-1/returns", BACK | {"payment_method_id": "pm-none"}, "payment_method_not_found"),
        ("ord-1/returns", BACK | {"lines": []}, "validation_failed"),
        ("ord-1/returns", BACK | {"lines": [{"line_id": "ln-2", "quantity": 1}]}, "line_not_found"),
        ("ord-1/exchanges", EXCHANGE | {"payment_method_id": "pm-none"}, "payment_method_not_found"),
        ("ord-1/exchanges", EXCHANGE | {"currency": "USD"}, "currency_mismatch"),
        ("ord-1/exchanges", EXCHANGE | {"difference": 1.5}, "validation_failed"),
    ],
)
def test_a_return_or_exchange_that_cannot_be_is_refused(shop, path, body, code):
    assert refused(shop, f"/shop/v1/orders/{path}", body)[1] == code


def test_a_customer_changes_what_is_given_and_is_found_by_it(shop):
    twin = {"address1": "Second home", "country_code": "DE"}
    document = {**SHOP, "customers": [SHOP["customers"][0] | {"addresses": [twin, twin]}]}
    shop.post("/sandbox/v1/import", document)
    shop.post("/shop/v1/customers/cust-1/changes", {"email": "new@example.com", "address": HOME}, key="c1")
    after = shop.get("/shop/v1/customers/cust-1")
    assert (after["email"], after["phone"], after["name"]) == ("new@example.com", "+49 170 0000001", "Mia Brandt")
    assert [address["address1"] for address in after["addresses"]] == ["Ring 9", "Second home"]
    assert [found["id"] for found in shop.get("/shop/v1/customers?email=NEW@example.com")["data"]] == ["cust-1"]
    assert len(shop.get("/shop/v1/orders?email=new@example.com")["data"]) == 2
    assert shop.get("/shop/v1/orders?email=mia@example.com")["data"] == []
    assert refused(shop, "/shop/v1/customers/none/changes", {"name": "x"}) == (404, "customer_not_found")
    assert refused(shop, "/shop/v1/customers/cust-1/changes", {}) == (422, "validation_failed")
    bad = {"address": HOME | {"country_code": "Germany"}}
    assert refused(shop, "/shop/v1/customers/cust-1/changes", bad) == (422, "validation_failed")


def test_every_change_goes_out_and_in_again_and_is_still_found(shop, sandbox_url):
    shop.post("/shop/v1/orders/ord-2/address", {"address": HOME}, key="k1")
    shop.post("/shop/v1/orders/ord-2/payment-method", {"payment_method_id": "pm-gift"}, key="k2")
    shop.post("/shop/v1/orders/ord-2/items", {"swaps": [SWAP]}, key="k3")
    shop.post("/shop/v1/orders/ord-1/returns", BACK, key="k4")
    shop.post("/shop/v1/orders/ord-1/exchanges", EXCHANGE, key="k5")
    shop.post("/shop/v1/customers/cust-1/changes", {"phone": "+4930"}, key="k6")
    first = shop.get("/sandbox/v1/export")
    twin = Served(sandbox_url, f"{shop.shop}-twin")
    twin.post("/sandbox/v1/import", first)
    assert twin.get("/sandbox/v1/export") == first
    for key in ("k1", "k2", "k3", "k4", "k5", "k6"):
        here, there = (at.get(f"/shop/v1/changes?key={key}")["data"] for at in (shop, twin))
        assert len(here) == 1
        assert there == here
    assert refused(twin, "/shop/v1/orders/ord-2/cancel", {"reason": "no"}) == (409, "order_already_modified")
    assert refused(twin, "/shop/v1/orders/ord-1/returns", BACK) == (409, "already_returned")


def test_a_product_without_a_currency_of_its_own_is_priced_in_the_shop_s_only_one(shop):
    assert [variant["currency"] for variant in shop.get("/shop/v1/products/prd-2")["variants"]] == ["EUR"]
    mixed = {**SHOP, "orders": [*SHOP["orders"], SHOP["orders"][1] | {"id": "o3", "currency": "USD", "payments": []}]}
    shop.post("/sandbox/v1/import", mixed)
    assert [variant["currency"] for variant in shop.get("/shop/v1/products/prd-2")["variants"]] == [None]


def test_the_other_goods_of_an_exchange_are_sent_once_and_what_is_out_is_not_forgotten(shop):
    closed, sent = "/shop/v1/orders/ord-1/closed-returns", "/shop/v1/orders/ord-1/sent-exchanges"
    about = {"rma": EXCHANGE["rma"]}
    assert refused(shop, sent, about) == (404, "return_not_found")
    shop.post("/shop/v1/orders/ord-1/exchanges", EXCHANGE, key="x1")
    first = shop.post(sent, about, key="s1")
    assert shop.post(sent, about, key="s1")["id"] == first["id"]
    assert refused(shop, sent, about) == (409, "already_sent")
    assert refused(shop, closed, about) == (409, "already_sent")
    assert len(shop.effects("send_exchange")) == 1
    assert shop.get("/shop/v1/changes?key=s1")["data"][0]["kind"] == "send_exchange"
