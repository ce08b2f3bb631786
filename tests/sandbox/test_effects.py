"""Each fault against each effect, and what the ledger says of it."""

import json
import time
from http.client import IncompleteRead

import pytest

from tests.sandbox.served import SHOP, Served

ADDRESS = {"address1": "Hauptstr. 1", "city": "Bonn", "country_code": "DE"}
CALLS = {
    "refund": ("/payments/v1/refunds", {"payment_id": "pay-1", "amount": 700, "currency": "EUR"}),
    "cancel": ("/shop/v1/orders/ord-2/cancel", {"reason": "changed my mind"}),
    "charge": (
        "/payments/v1/charges",
        {"order_id": "ord-2", "payment_method_id": "pm-card", "amount": 250, "currency": "EUR"},
    ),
    "payout": (
        "/payments/v1/payouts",
        {"customer_id": "cust-1", "payment_method_id": "pm-gift", "amount": 250, "currency": "EUR"},
    ),
    "change_address": ("/shop/v1/orders/ord-2/address", {"address": ADDRESS}),
    "swap_items": (
        "/shop/v1/orders/ord-2/items",
        {"swaps": [{"line_id": "ln-2", "variant_id": "var-2", "quantity": 1}]},
    ),
    "change_payment_method": ("/shop/v1/orders/ord-2/payment-method", {"payment_method_id": "pm-gift"}),
    "open_return": ("/shop/v1/orders/ord-1/returns", {"rma": "R1", "lines": [{"line_id": "ln-1", "quantity": 2}]}),
    "open_exchange": (
        "/shop/v1/orders/ord-1/exchanges",
        {
            "rma": "R1",
            "swaps": [{"line_id": "ln-1", "variant_id": "var-2", "quantity": 2}],
            "payment_method_id": "pm-card",
            "difference": -200,
            "currency": "EUR",
        },
    ),
    "change_customer": ("/shop/v1/customers/cust-1/changes", {"name": "Mia B."}),
    "change_subscription": (
        "/shop/v1/subscriptions/sub-1/changes",
        {"change": "skip", "delivery_at": "2027-01-31T10:00:00Z"},
    ),
    "label": ("/carrier/v1/return-labels", {"reference": "r1", "rma": "R1", "sender": ADDRESS, "recipient": ADDRESS}),
    "label_void": ("/carrier/v1/return-labels/{label}/void", {}),
    "mail": ("/mail/v1/messages", {"key": "m1", "channel": "email", "to": "mia@example.com", "text": "Hallo"}),
}
EFFECTS = sorted(CALLS)


def act(shop: Served, operation: str, timeout: float = 5):
    """Call the effect once; (status, answer), or (None, {}) where no whole answer came."""
    path, body = CALLS[operation]
    if operation == "label_void":
        path = path.format(label=label_to_void(shop))
    try:
        return shop.call("POST", path, body, {"Idempotency-Key": "k1"}, timeout)
    except (TimeoutError, IncompleteRead, json.JSONDecodeError):
        return None, {}


def label_to_void(shop: Served) -> str:
    label = shop.get("/carrier/v1/return-labels?reference=for-void")["data"]
    path, body = CALLS["label"]
    return label[0]["id"] if label else shop.post(path, body | {"reference": "for-void"})["id"]


def prepared(shop: Served, operation: str, fault: str, **options) -> Served:
    if operation == "label_void":
        label_to_void(shop)
    shop.fault(operation, fault, **options)
    return shop


def last(shop: Served, operation: str):
    return shop.ledger(operation)[-1]


@pytest.mark.parametrize("operation", EFFECTS)
def test_without_a_fault_there_is_one_effect_and_the_same_key_makes_no_second(shop, operation):
    assert act(shop, operation)[0] in {200, 201}
    if operation != "label":  # the carrier has no idempotency
        again = act(shop, operation)
        assert again[0] in {200, 201}
        assert last(shop, operation)["effect"] is False
    assert [row["fault"] for row in shop.effects(operation)] == [None]


@pytest.mark.parametrize("operation", EFFECTS)
def test_a_timeout_before_the_effect_has_none(shop, operation):
    prepared(shop, operation, "timeout_before_effect")
    assert act(shop, operation, timeout=0.3) == (None, {})
    row = last(shop, operation)
    assert (row["effect"], row["fault"], row["status"]) == (False, "timeout_before_effect", None)
    assert act(shop, operation)[0] in {200, 201}


@pytest.mark.parametrize("operation", EFFECTS)
def test_a_timeout_after_the_effect_has_one(shop, operation):
    prepared(shop, operation, "timeout_after_effect")
    assert act(shop, operation, timeout=0.3) == (None, {})
    row = last(shop, operation)
    assert (row["effect"], row["fault"], row["status"]) == (True, "timeout_after_effect", None)


@pytest.mark.parametrize("operation", EFFECTS)
def test_an_error_after_the_effect_is_a_500_with_an_effect(shop, operation):
    prepared(shop, operation, "error_after_effect")
    assert act(shop, operation)[0] == 500
    row = last(shop, operation)
    assert (row["effect"], row["fault"], row["status"]) == (True, "error_after_effect", 500)


@pytest.mark.parametrize("after_effect", [True, False])
@pytest.mark.parametrize("operation", EFFECTS)
def test_a_reset_tears_the_answer_and_the_ledger_knows_whether_it_happened(shop, operation, after_effect):
    prepared(shop, operation, "reset", after_effect=after_effect)
    assert act(shop, operation) == (None, {})
    assert (last(shop, operation)["effect"], last(shop, operation)["fault"]) == (after_effect, "reset")


@pytest.mark.parametrize("variant", ["truncated", "not_json", "empty"])
@pytest.mark.parametrize("operation", EFFECTS)
def test_a_malformed_answer_hides_an_effect(shop, operation, variant):
    prepared(shop, operation, "malformed", variant=variant)
    assert act(shop, operation) == (None, {})
    assert last(shop, operation)["effect"] is True


@pytest.mark.parametrize(
    ("variant", "field"),
    [
        ("wrong_amount", "amount"),
        ("wrong_currency", "currency"),
        ("wrong_id", "payment_id"),
        ("unknown_word", "status"),
    ],
)
def test_a_malformed_refund_says_something_else_than_happened(shop, variant, field):
    shop.fault("refund", "malformed", variant=variant)
    status, answer = act(shop, "refund")
    truth = shop.get("/payments/v1/refunds?key=k1")["data"][0]
    assert status == 200
    assert answer[field] != truth[field]
    assert (truth["amount"], truth["currency"], truth["status"]) == (700, "EUR", "succeeded")


@pytest.mark.parametrize("operation", EFFECTS)
def test_a_slow_answer_comes_late_and_whole(shop, operation):
    prepared(shop, operation, "slow", delay_ms=300)
    begun = time.monotonic()
    assert act(shop, operation)[0] in {200, 201}
    assert time.monotonic() - begun >= 0.3
    assert last(shop, operation)["effect"] is True


@pytest.mark.parametrize("operation", EFFECTS)
def test_a_refusal_on_order_has_no_effect(shop, operation):
    prepared(shop, operation, "refuse", code="bank_says_no", status=409)
    status, answer = act(shop, operation)
    assert (status, answer["code"]) == (409, "bank_says_no")
    assert (last(shop, operation)["effect"], last(shop, operation)["fault"]) == (False, "refuse")


@pytest.mark.parametrize("operation", EFFECTS)
def test_a_throttled_call_has_no_effect(shop, operation):
    prepared(shop, operation, "throttle", retry_after=7)
    assert act(shop, operation)[0] == 429
    assert (last(shop, operation)["effect"], last(shop, operation)["status"]) == (False, 429)


@pytest.mark.parametrize("operation", ["refund", "charge", "payout", "change_address", "change_customer", "mail"])
def test_a_forgotten_key_makes_a_second_effect(shop, operation):
    act(shop, operation)
    shop.fault(operation, "forget_keys")
    assert act(shop, operation)[0] in {200, 201}
    assert len(shop.effects(operation)) == 2
    assert last(shop, operation)["fault"] == "forget_keys"


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("cancel", "order_not_pending"),
        ("swap_items", "order_already_modified"),
        ("change_payment_method", "same_payment_method"),
        ("open_return", "already_returned"),
        ("open_exchange", "already_returned"),
        ("change_subscription", "delivery_not_next"),
    ],
)
def test_a_forgotten_key_makes_the_copy_of_what_can_be_once_a_refusal(shop, operation, code):
    act(shop, operation)
    shop.fault(operation, "forget_keys")
    _, answer = act(shop, operation)
    assert answer["code"] == code
    assert len(shop.effects(operation)) == 1


def test_a_label_has_no_keys_to_forget(shop):
    status, answer = shop.call("POST", "/sandbox/v1/faults", {"operation": "label", "fault": "forget_keys"})
    assert (status, answer["code"]) == (422, "validation_failed")


def test_every_call_buys_another_label(shop):
    first, second = act(shop, "label")[1], act(shop, "label")[1]
    assert first["id"] != second["id"]
    assert [label["id"] for label in shop.get("/carrier/v1/return-labels?reference=r1")["data"]] == [
        first["id"],
        second["id"],
    ]


def test_a_fault_strikes_as_often_as_ordered_and_then_no_more(shop):
    shop.fault("payment", "error_after_effect", times=2)
    statuses = [shop.call("GET", "/payments/v1/payments/pay-1")[0] for _ in range(4)]
    assert statuses == [500, 500, 200, 200]
    assert shop.get("/sandbox/v1/faults")["data"][0]["struck"] == 2
    assert [row["fault"] for row in shop.ledger("payment")] == ["error_after_effect"] * 2


@pytest.mark.parametrize(("seed", "struck"), [(0, [3, 6]), (1, [2, 5]), (2, [1, 4])])
def test_every_third_effect_is_struck_whatever_it_is_and_no_read(shop, seed, struck):
    shop.fault("effects", "error_after_effect", every=3, seed=seed)
    codes: list[int] = []
    for operation in ("refund", "label", "mail", "charge", "open_return", "swap_items"):
        codes.append(act(shop, operation)[0])
        assert shop.call("GET", "/shop/v1/orders/ord-1")[0] == 200
    assert [number for number, code in enumerate(codes, 1) if code == 500] == struck
    assert shop.get("/sandbox/v1/faults")["data"][0]["remaining"] is None


def test_every_n_th_and_a_rate_cannot_both_be_meant(shop):
    fault = {"operation": "effects", "fault": "reset", "every": 3, "rate": 0.5}
    assert shop.call("POST", "/sandbox/v1/faults", fault)[0] == 422


def test_a_rate_strikes_the_same_calls_again_for_the_same_seed(shop, sandbox_url):
    other = Served(sandbox_url, f"{shop.shop}-twin")
    other.post("/sandbox/v1/import", SHOP)
    runs = []
    for one in (shop, other):
        one.fault("order", "error_after_effect", rate=0.5, seed=42)
        runs.append([one.call("GET", "/shop/v1/orders/ord-1")[0] for _ in range(12)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


def test_one_shop_s_faults_and_data_are_not_another_s(shop, sandbox_url):
    other = Served(sandbox_url, f"{shop.shop}-empty")
    shop.fault("*", "error_after_effect", rate=1.0)
    assert other.call("GET", "/payments/v1/payments/pay-1")[0] == 404
    assert other.ledger() == []


def test_a_call_that_cannot_be_read_is_in_the_ledger_without_effect(shop):
    for body in (b'{"amount": 1, "amount": 2}', b"[]", b'{"amount": NaN}', b'{"payment_id": "pay-1"}'):
        status, _ = shop.call("POST", "/payments/v1/refunds", body)
        assert status in {400, 422}
    assert [row["effect"] for row in shop.ledger("refund")] == [False] * 4
