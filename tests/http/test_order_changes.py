"""Changes of an order before it ships: address, items and payment method, and what the shop and the money say of it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.app import App, Tenant

Json = dict[str, Any]
ADDRESS = {"address1": "Neue Straße 7", "city": "Köln", "postal_code": "50667", "country_code": "DE"}
CARD, PAYPAL, GIFT, POOR = "pm-card", "pm-paypal", "pm-gift", "pm-poor"


def shop(**order: Any) -> Json:
    """One customer with four ways to pay, two products, and a pending order of both that the card paid."""
    lamp = [
        {"id": f"lamp-{name}", "options": {"finish": name}, "price": price, "currency": "EUR", "available": there}
        for name, price, there in (
            ("brass", 6000, True),
            ("black", 5000, True),
            ("gold", 8000, True),
            ("red", 6000, False),
            ("white", 6000, True),
        )
    ]
    mug = [{"id": "mug-big", "options": {}, "price": 1000, "currency": "EUR", "available": True}]
    vase = [{"id": "vase-tall", "options": {}, "price": 1000, "currency": "EUR", "available": True}]
    return {
        "relative_to_now": True,
        "products": [
            {"id": "prd-lamp", "name": "Lamp", "variants": lamp},
            {"id": "prd-mug", "name": "Mug", "variants": mug},
            {"id": "prd-vase", "name": "Vase", "variants": vase},
        ],
        "customers": [
            {
                "id": "cust-1",
                "email": "mia@example.com",
                "name": "Mia Brandt",
                "addresses": [{**ADDRESS, "name": "Mia Brandt", "address1": "Alte Straße 1"}],
                "payment_methods": [
                    {"id": CARD, "kind": "card", "label": "Visa"},
                    {"id": PAYPAL, "kind": "paypal", "label": "PayPal"},
                    {"id": GIFT, "kind": "gift_card", "label": "Gift", "balance": 20000, "currency": "EUR"},
                    {"id": POOR, "kind": "gift_card", "label": "Gift", "balance": 100, "currency": "EUR"},
                ],
            },
            {"id": "cust-2", "email": "leo@example.com", "name": "Leo Kern"},
        ],
        "orders": [
            {
                "id": "o-1",
                "number": "#1",
                "customer_id": "cust-1",
                "status": "pending",
                "placed_at": "-1d",
                "currency": "EUR",
                "prices_include_tax": True,
                "shipping_address": {**ADDRESS, "name": "Mia Brandt", "address1": "Alte Straße 1"},
                "lines": [
                    {
                        "id": "ln-1",
                        "product_id": "prd-lamp",
                        "variant_id": "lamp-brass",
                        "title": "Lamp",
                        "options": {"finish": "brass"},
                        "quantity": 1,
                        "unit_price": 6000,
                        "total": 6000,
                    },
                    {
                        "id": "ln-2",
                        "product_id": "prd-mug",
                        "variant_id": "mug-big",
                        "title": "Mug",
                        "quantity": 2,
                        "unit_price": 1000,
                        "total": 2000,
                    },
                ],
                "payments": [
                    {"id": "pay-1", "kind": "card", "label": "Visa", "payment_method_id": CARD, "amount": 8000}
                ],
                **order,
            }
        ],
    }


@pytest.fixture
def store(app: App) -> Tenant:
    return app.store(shop())


def swap(variant: str = "lamp-gold", method: str | None = CARD, **line: Any) -> Json:
    return {"lines": [{"line_id": "ln-1", "variant_id": variant, **line}], "payment_method_id": method}


def exported(store: Tenant) -> Json:
    return store.sandbox.get("/sandbox/v1/export")


def order_of(store: Tenant) -> Json:
    return next(order for order in exported(store)["orders"] if order["id"] == "o-1")


def moved(store: Tenant) -> list[tuple[str, str, int]]:
    """What the provider moved, by method: charges beyond the first payment, refunds and payouts."""
    order = order_of(store)
    paid_with = {payment["id"]: payment["payment_method_id"] for payment in order["payments"]}
    charged = [("charge", row["payment_method_id"], row["amount"]) for row in order["payments"] if row["id"] != "pay-1"]
    back = [("refund", paid_with[row["payment_id"]], row["amount"]) for row in order["refunds"]]
    out = [("payout", row["payment_method_id"], row["amount"]) for row in order["payouts"]]
    return [*charged, *back, *out]


def settled(app: App, store: Tenant) -> None:
    """Wait until no operation of the store is open."""
    for _ in range(600):
        if not any(store.get(f"/v1/operations?status={status}").json()["data"] for status in ("pending", "unknown")):
            return
        time.sleep(0.02)
    raise AssertionError("an operation has not ended")


def ok(answer: Any, status: int = 200) -> Json:
    assert answer.status_code == status, answer.text
    return answer.json()


def no(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


# ---- what is allowed --------------------------------------------------------------------------------------------


def test_an_address_is_changed_in_the_shop_and_in_the_mirror(store: Tenant) -> None:
    shown = ok(store.send("PUT", "/v1/orders/1/shipping-address", ADDRESS))
    assert shown["shipping_address"] == {
        **ADDRESS,
        "name": "Mia Brandt",
        "address2": None,
        "province": None,
        "phone": None,
    }
    assert (shown["operation"]["kind"], shown["operation"]["status"]) == ("change_address", "succeeded")
    assert (shown["change"]["kind"], shown["change"]["status"], shown["refund"]) == ("address", "succeeded", None)
    assert order_of(store)["shipping_address"]["address1"] == "Neue Straße 7"
    assert store.get("/v1/orders/1").json()["shipping_address"]["address1"] == "Neue Straße 7"


def test_a_dearer_item_is_charged_before_it_is_swapped(app: App, store: Tenant) -> None:
    shown = ok(store.post("/v1/orders/1/items", swap("lamp-gold", PAYPAL)))
    line = shown["lines"][0]
    assert (line["variant_id"], line["options"], line["total"]["amount"]) == ("lamp-gold", {"finish": "gold"}, 8000)
    assert shown["totals"]["total"]["amount"] == 10000
    assert shown["change"]["difference"] == {"amount": 2000, "currency": "EUR"}
    assert moved(store) == [("charge", PAYPAL, 2000)]
    assert [row["captured"]["amount"] for row in shown["payments"]] == [8000, 2000]
    again = store.get("/v1/orders/1").json()
    assert [row["variant_id"] for row in again["lines"]] == ["lamp-gold", "mug-big"]
    assert len(again["payments"]) == 2


def test_what_a_cheaper_item_saves_goes_back_to_the_method_that_paid(app: App, store: Tenant) -> None:
    shown = ok(store.post("/v1/orders/1/items", swap("lamp-black", CARD)))
    settled(app, store)
    assert moved(store) == [("refund", CARD, 1000)]
    refund = store.get(f"/v1/refunds/{shown['refund']}").json()
    assert (refund["status"], refund["amount"]["amount"]) == ("succeeded", 1000)


def test_what_a_cheaper_item_saves_is_paid_out_to_a_method_that_did_not_pay(app: App, store: Tenant) -> None:
    ok(store.post("/v1/orders/1/items", swap("lamp-black", POOR)))
    settled(app, store)
    assert moved(store) == [("payout", POOR, 1000)]
    methods = exported(store)["customers"][0]["payment_methods"]
    assert next(row["balance"] for row in methods if row["id"] == POOR) == 1100
    rest = store.post("/v1/refunds", {"order": "#1", "amount": {"amount": 7001, "currency": "EUR"}})
    no(rest, 409, "refund_exceeds_captured")


def test_an_item_of_the_same_price_moves_no_money(app: App, store: Tenant) -> None:
    ok(store.post("/v1/orders/1/items", swap("lamp-white")))
    settled(app, store)
    assert moved(store) == []
    assert order_of(store)["items_changed"] is True


@pytest.mark.parametrize(
    ("variant", "tax", "charged"), [("lamp-white", 1140, []), ("lamp-gold", 1520, [("charge", CARD, 2380)])]
)
def test_where_prices_are_without_tax_a_swap_costs_it_too(app: App, variant: str, tax: int, charged: Any) -> None:
    line = {"id": "ln-1", "product_id": "prd-lamp", "variant_id": "lamp-brass", "title": "Lamp", "quantity": 1}
    line |= {"unit_price": 6000, "tax": 1140, "total": 7140}
    paid = {"id": "pay-1", "kind": "card", "label": "Visa", "payment_method_id": CARD, "amount": 7140}
    store = app.store(shop(prices_include_tax=False, lines=[line], payments=[paid]))
    shown = ok(store.post("/v1/orders/1/items", swap(variant)))
    settled(app, store)
    assert moved(store) == charged
    (ours,), (theirs,) = shown["lines"], order_of(store)["lines"]
    assert (ours["tax"]["amount"], ours["total"]["amount"]) == (theirs["tax"], theirs["total"])
    assert theirs["tax"] == tax


def test_a_line_that_was_swapped_is_refunded_at_what_was_paid_for_the_new_item(app: App, store: Tenant) -> None:
    shown = ok(store.post("/v1/orders/1/items", swap("lamp-gold")))
    line = {"line_id": shown["lines"][0]["id"], "quantity": 1}
    refund = ok(store.post("/v1/refunds", {"order": "#1", "lines": [line]}), 201)
    assert refund["amount"]["amount"] == 8000
    no(store.post("/v1/refunds", {"order": "#1", "lines": [line]}), 409, "refund_exceeds_captured")


def test_a_part_of_a_line_can_be_swapped(app: App) -> None:
    document = shop()
    line = document["orders"][0]["lines"][0]
    line |= {"quantity": 3, "discount": 100, "total": 17900}
    document["orders"][0]["payments"][0]["amount"] = 19900
    store = app.store(document)
    shown = ok(store.post("/v1/orders/1/items", swap("lamp-gold", CARD, quantity=2)))
    order = order_of(store)
    total = sum(row["total"] for row in order["lines"])
    assert moved(store) == [("charge", CARD, total - 19900)]
    assert shown["totals"]["total"]["amount"] == total
    again = store.get("/v1/orders/1").json()
    assert [(row["variant_id"], row["quantity"]) for row in again["lines"]] == [
        ("lamp-brass", 1), ("lamp-gold", 2), ("mug-big", 2)
    ]  # fmt: skip
    told = ("id", "external_id", "variant_id", "quantity", "unit_price", "total", "title", "options")
    assert [[row[name] for name in told] for row in shown["lines"]] == [
        [row[name] for name in told] for row in again["lines"]
    ], "the write's own answer has them already, under the ids that stay"


def test_another_method_pays_the_whole_order_and_the_first_gets_all_back(app: App, store: Tenant) -> None:
    shown = ok(store.send("PUT", "/v1/orders/1/payment-method", {"payment_method_id": GIFT}))
    settled(app, store)
    assert moved(store) == [("charge", GIFT, 8000), ("refund", CARD, 8000)]
    assert order_of(store)["payment_changed"] is True
    refund = store.get(f"/v1/refunds/{shown['refund']}").json()
    assert (refund["status"], refund["amount"]["amount"]) == ("succeeded", 8000)
    again = store.get("/v1/orders/1").json()
    assert sum(row["refundable"]["amount"] for row in again["payments"]) == 8000


def test_a_payment_of_two_methods_is_gathered_on_one_of_them(app: App) -> None:
    payments = [
        {"id": "pay-1", "kind": "card", "label": "Visa", "payment_method_id": CARD, "amount": 5000},
        {"id": "pay-2", "kind": "gift_card", "label": "Gift", "payment_method_id": POOR, "amount": 3000},
    ]
    store = app.store(shop(payments=payments))
    ok(store.send("PUT", "/v1/orders/1/payment-method", {"payment_method_id": CARD}))
    settled(app, store)
    assert sorted(moved(store)) == [
        ("charge", CARD, 8000), ("charge", POOR, 3000), ("refund", CARD, 5000), ("refund", POOR, 3000)
    ]  # fmt: skip


def test_a_customer_moves_and_the_orders_stay_where_they_are(store: Tenant) -> None:
    shown = ok(store.send("PUT", "/v1/customers/cust-1/address", ADDRESS))
    assert (shown["addresses"][0]["address1"], shown["addresses"][0]["name"]) == ("Neue Straße 7", "Mia Brandt")
    assert shown["operation"]["kind"] == "change_customer"
    after = exported(store)
    assert after["customers"][0]["addresses"][0]["address1"] == "Neue Straße 7"
    assert order_of(store)["shipping_address"]["address1"] == "Alte Straße 1"


def test_a_customer_is_found_by_a_new_e_mail_address(store: Tenant) -> None:
    ok(store.send("PATCH", "/v1/customers/cust-1", {"email": "mia.neu@example.com", "phone": "+49 170 1234567"}))
    found = store.get("/v1/customers?email=mia.neu@example.com").json()["data"]
    assert [(row["external_id"], row["name"]) for row in found] == [("cust-1", "Mia Brandt")]
    assert exported(store)["customers"][0]["email"] == "mia.neu@example.com"


def test_the_variants_of_a_product_are_listed_with_their_prices(store: Tenant) -> None:
    page = ok(store.get("/v1/products/prd-lamp/variants"))
    assert page["next_cursor"] is None
    gold = next(row for row in page["data"] if row["id"] == "lamp-gold")
    assert (gold["price"], gold["available"]) == ({"amount": 8000, "currency": "EUR"}, True)
    assert [row["id"] for row in page["data"] if not row["available"]] == ["lamp-red"]


# ---- what is not ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"lines": []}, "no_items"),
        (swap("lamp-brass"), "same_item"),
        (swap("lamp-red"), "new_item_unavailable"),
        (swap("mug-big"), "different_product"),
        (swap("vase-tall"), "different_product"),
        (swap("lamp-of-nobody"), "new_item_not_found"),
        (swap("lamp-gold", CARD, quantity=2), "item_count_mismatch"),
        (swap("lamp-gold", "pm-nobody"), "payment_method_not_found"),
        (swap("lamp-white", "pm-nobody"), "payment_method_not_found"),
        (swap("lamp-gold", None), "payment_method_not_found"),
        (swap("lamp-gold", POOR), "gift_card_insufficient"),
        ({"lines": [{"line_id": "ln-9", "variant_id": "lamp-gold"}], "payment_method_id": CARD}, "item_not_in_order"),
    ],
)
def test_a_swap_that_cannot_be_meant_is_refused_and_nothing_is_sent(
    app: App, store: Tenant, body: Json, code: str
) -> None:
    before = exported(store)
    no(store.post("/v1/orders/1/items", body), 422, code)
    assert exported(store) == before
    assert store.get("/v1/operations").json()["data"] == []


@pytest.mark.parametrize(
    ("method", "code"),
    [(CARD, "same_payment_method"), (POOR, "gift_card_insufficient"), ("pm-nobody", "payment_method_not_found")],
)
def test_a_payment_method_that_cannot_pay_is_refused(store: Tenant, method: str, code: str) -> None:
    before = exported(store)
    no(store.send("PUT", "/v1/orders/1/payment-method", {"payment_method_id": method}), 422, code)
    assert exported(store) == before


@pytest.mark.parametrize("status", ["processing", "canceled"])
def test_an_order_that_is_not_pending_is_not_changed(app: App, status: str) -> None:
    store = app.store(shop(status=status))
    for method, path, body in WRITES:
        no(store.send(method, path, body), 409, "order_not_pending")
    assert moved(store) == []


WRITES: list[tuple[str, str, Json]] = [
    ("PUT", "/v1/orders/1/shipping-address", ADDRESS),
    ("POST", "/v1/orders/1/items", swap()),
    ("PUT", "/v1/orders/1/payment-method", {"payment_method_id": GIFT}),
]


def test_items_are_swapped_once(app: App, store: Tenant) -> None:
    ok(store.post("/v1/orders/1/items", swap()))
    no(store.post("/v1/orders/1/items", swap("lamp-black")), 409, "order_already_modified")
    no(store.send("PUT", "/v1/orders/1/shipping-address", ADDRESS), 409, "order_already_modified")
    no(store.post("/v1/orders/1/cancel", {"reason": "late"}), 409, "order_already_modified")
    settled(app, store)
    assert moved(store) == [("charge", CARD, 2000)]


def test_the_payment_method_is_changed_once(app: App, store: Tenant) -> None:
    ok(store.send("PUT", "/v1/orders/1/payment-method", {"payment_method_id": GIFT}))
    settled(app, store)
    again = store.send("PUT", "/v1/orders/1/payment-method", {"payment_method_id": PAYPAL})
    no(again, 409, "payment_already_changed")
    assert moved(store) == [("charge", GIFT, 8000), ("refund", CARD, 8000)]


def test_another_shopper_changes_neither_order_nor_customer(store: Tenant) -> None:
    before = exported(store)
    assert store.get("/v1/orders/1").status_code == 200
    for method, path, body in [*WRITES, ("PUT", "/v1/customers/cust-1/address", ADDRESS)]:
        no(store.send(method, path, body, Aftersale_Customer="cust-2"), 403, "not_owner")
    assert exported(store) == before
    ok(store.send("PUT", "/v1/customers/cust-2/address", ADDRESS, Aftersale_Customer="cust-2"))


def test_the_same_key_changes_once(app: App, store: Tenant) -> None:
    for method, path, body in (WRITES[0], WRITES[2]):
        answers = [store.send(method, path, body, key=f"twice {path}") for _ in "ab"]
        assert answers[0].content == answers[1].content
        assert answers[1].headers["Idempotent-Replayed"] == "true"
        settled(app, store)
    assert moved(store) == [("charge", GIFT, 8000), ("refund", CARD, 8000)]


def test_a_preview_of_a_swap_tells_the_charge_and_moves_nothing(store: Tenant) -> None:
    before = exported(store)
    shown = ok(store.post("/v1/orders/1/items", {**swap(), "preview": True}))
    kinds = {effect["kind"]: effect["amount"] for effect in shown["effects"]}
    assert kinds == {"order_charge": {"amount": 2000, "currency": "EUR"}, "swap_items": None}
    (line,) = next(effect["lines"] for effect in shown["effects"] if effect["kind"] == "swap_items")
    assert (line["variant_id"], line["quantity"], line["difference"]["amount"]) == ("lamp-gold", 1, 2000)
    assert exported(store) == before
    ok(store.post("/v1/orders/1/items", {**swap(), "confirmation_token": shown["confirmation_token"]}))
    assert moved(store) == [("charge", CARD, 2000)]


# ---- the last word ----------------------------------------------------------------------------------------------


def test_what_was_charged_goes_back_where_the_shop_refuses_the_swap(app: App, store: Tenant) -> None:
    store.sandbox.fault("swap_items", "refuse", code="order_not_pending", status=409)
    no(store.post("/v1/orders/1/items", swap("lamp-gold", GIFT)), 409, "order_not_pending")
    assert sorted(moved(store)) == [("charge", GIFT, 2000), ("refund", GIFT, 2000)]
    settled(app, store)
    methods = exported(store)["customers"][0]["payment_methods"]
    assert next(row["balance"] for row in methods if row["id"] == GIFT) == 20000
    assert store.get("/v1/orders/1").json()["lines"][0]["variant_id"] == "lamp-brass"
    ok(store.post("/v1/orders/1/items", swap("lamp-gold", GIFT)))


def test_what_waited_to_go_back_stays_where_the_shop_refuses_the_swap(app: App, store: Tenant) -> None:
    store.sandbox.fault("swap_items", "refuse", code="new_item_unavailable", status=422)
    no(store.post("/v1/orders/1/items", swap("lamp-black")), 422, "new_item_unavailable")
    settled(app, store)
    assert moved(store) == []
    assert store.get("/v1/orders/1").json()["payments"][0]["refundable"]["amount"] == 8000


def test_a_charge_that_is_declined_changes_nothing(app: App, store: Tenant) -> None:
    store.sandbox.fault("charge", "refuse", code="insufficient_funds", status=409, times=2)
    no(store.post("/v1/orders/1/items", swap("lamp-gold", GIFT)), 422, "gift_card_insufficient")
    no(store.send("PUT", "/v1/orders/1/payment-method", {"payment_method_id": PAYPAL}), 409, "payment_declined")
    settled(app, store)
    assert moved(store) == []
    assert order_of(store)["lines"][0]["variant_id"] == "lamp-brass"
    row = store.get("/v1/orders/1").json()["payments"]
    assert [(part["refundable"]["amount"], part["reserved"]["amount"]) for part in row] == [(8000, 0)]


def test_the_new_method_gets_all_back_where_the_shop_refuses_the_change(app: App, store: Tenant) -> None:
    store.sandbox.fault("change_payment_method", "refuse", code="order_not_pending", status=409)
    body = {"payment_method_id": PAYPAL}
    no(store.send("PUT", "/v1/orders/1/payment-method", body), 409, "order_not_pending")
    settled(app, store)
    assert moved(store) == [("charge", PAYPAL, 8000), ("refund", PAYPAL, 8000)]
    assert order_of(store)["payment_changed"] is False


FAULTS = ["timeout_after_effect", "error_after_effect", "timeout_before_effect", "reset"]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("struck", ["charge", "swap_items"])
def test_a_swap_ends_in_one_true_state_whatever_is_lost(app: App, store: Tenant, struck: str, fault: str) -> None:
    store.sandbox.fault(struck, fault)
    ok(store.post("/v1/orders/1/items", swap(), Prefer="wait=20"))
    settled(app, store)
    assert moved(store) == [("charge", CARD, 2000)]
    assert order_of(store)["lines"][0]["variant_id"] == "lamp-gold"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("struck", ["charge", "change_payment_method", "refund"])
def test_a_change_of_payment_moves_each_amount_once(app: App, store: Tenant, struck: str, fault: str) -> None:
    store.sandbox.fault(struck, fault)
    ok(store.send("PUT", "/v1/orders/1/payment-method", {"payment_method_id": GIFT}, Prefer="wait=20"))
    settled(app, store)
    assert moved(store) == [("charge", GIFT, 8000), ("refund", CARD, 8000)]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("struck", ["swap_items", "payout"])
def test_a_payout_is_made_once(app: App, store: Tenant, struck: str, fault: str) -> None:
    store.sandbox.fault(struck, fault)
    ok(store.post("/v1/orders/1/items", swap("lamp-black", POOR), Prefer="wait=20"))
    settled(app, store)
    assert moved(store) == [("payout", POOR, 1000)]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_charge_goes_back_once_although_the_answer_is_lost(app: App, store: Tenant, fault: str) -> None:
    store.sandbox.fault("swap_items", "refuse", code="order_not_pending", status=409)
    store.sandbox.fault("refund", fault)
    no(store.post("/v1/orders/1/items", swap(), Prefer="wait=20"), 409, "order_not_pending")
    settled(app, store)
    assert moved(store) == [("charge", CARD, 2000), ("refund", CARD, 2000)]


# ---- two at once ------------------------------------------------------------------------------------------------


CANCEL = ("POST", "/v1/orders/1/cancel", {"reason": "late"})
REFUND = ("POST", "/v1/refunds", {"order": "#1", "amount": {"amount": 8000, "currency": "EUR"}})
BUSY = {(409, "change_in_progress"), (409, "order_not_pending"), (409, "order_already_modified"),
        (409, "payment_already_changed"), (409, "already_canceled"), (409, "refund_exceeds_captured"),
        (422, "same_payment_method")}  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (WRITES[1], WRITES[1]),
        (WRITES[2], WRITES[2]),
        (WRITES[1], WRITES[2]),
        (WRITES[1], CANCEL),
        (WRITES[2], CANCEL),
        (WRITES[2], REFUND),
        (WRITES[0], CANCEL),
    ],
    ids=["swap-swap", "pay-pay", "swap-pay", "swap-cancel", "pay-cancel", "pay-refund", "address-cancel"],
)
def test_of_two_at_once_the_books_stay_straight(app: App, store: Tenant, one: Any, other: Any) -> None:
    assert store.get("/v1/orders/1").status_code == 200
    store.sandbox.fault("swap_items", "slow", delay_ms=150)
    store.sandbox.fault("charge", "slow", delay_ms=150)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda write: store.send(*write, Prefer="wait=20"), (one, other)))
    settled(app, store)
    for answer in answers:
        if answer.status_code >= 400:
            assert (answer.status_code, answer.json()["code"]) in BUSY, answer.text
    assert any(answer.status_code < 300 for answer in answers)
    order = order_of(store)
    kept = sum(row["amount"] for row in order["payments"]) - sum(row["amount"] for row in order["refunds"])
    due = sum(line["total"] for line in order["lines"])
    if order["status"] == "canceled":
        due = 0
    if any(answer.status_code == 201 for answer in answers):  # the refund, of all that was paid
        due = 0
    assert kept == due, moved(store)
    shown = store.get("/v1/orders/1").json()
    assert sum(row["refundable"]["amount"] for row in shown["payments"]) == due


def test_while_a_change_is_open_the_order_waits(app: App, store: Tenant) -> None:
    store.sandbox.fault("charge", "timeout_before_effect", times=2)
    ok(store.post("/v1/orders/1/items", swap(), Prefer="wait=0"), 202)
    for method, path, body in [*WRITES, CANCEL, REFUND]:
        no(store.send(method, path, body, key=f"busy {method} {path}"), 409, "change_in_progress")
    settled(app, store)
    assert moved(store) == [("charge", CARD, 2000)]


def test_an_order_with_swapped_items_is_not_canceled_and_the_guard_says_so(store: Tenant) -> None:
    draft = ok(store.post("/v1/policies", {"document": {"changes": {"items_lock": True}}}), 201)
    ok(store.post(f"/v1/policies/{draft['id']}/activate"))
    ok(store.post("/v1/orders/1/items", swap("lamp-gold")))
    answers = [store.post("/v1/orders/1/cancel", {"reason": "late"}, key="once") for _ in range(2)]
    for answer in answers:
        no(answer, 409, "order_already_modified")
    assert answers[0].content == answers[1].content
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert store.get("/v1/operations").json()["data"][0]["kind"] != "order_cancel"


def test_a_no_that_the_shop_says_after_ours_was_yes_is_kept_for_its_key(store: Tenant) -> None:
    store.get("/v1/orders/1")
    store.sandbox.fault("cancel", "refuse", status=409, code="order_not_pending")
    answers = [store.post("/v1/orders/1/cancel", {"reason": "late"}, key="once") for _ in range(2)]
    for answer in answers:
        no(answer, 409, "order_not_pending")
    assert answers[0].content == answers[1].content
    assert "idempotent-replayed" not in answers[0].headers
    assert answers[1].headers["idempotent-replayed"] == "true"
    # The shop said no once: another key may ask again.
    assert ok(store.post("/v1/orders/1/cancel", {"reason": "late"}))["status"] == "canceled"
