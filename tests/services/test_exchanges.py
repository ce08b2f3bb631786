"""Exchanges over HTTP: one return, what goes out for it, and a difference that moves once the goods are back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from app import clock
from app.integrations.receipts import Receipt
from app.models.exchanges import Exchange
from app.models.operations import Operation
from app.models.returns import Return
from app.services import operations, return_expiry
from tests.services.durable_fixtures import until
from tests.support.app import CAPS, App, Tenant

PRICES = {"mug-red": 1000, "mug-blue": 1000, "mug-gold": 1500, "mug-tin": 600, "mug-none": 1000}


def order(number: int, status: str = "delivered") -> dict[str, Any]:
    """Three mugs for 10.00 each, paid by card; the customer has a gift card with 3.00 too."""
    arrived = status == "delivered"
    return {
        "id": f"o-{number}",
        "number": f"#{number}",
        "customer_id": "cust-1",
        "status": status,
        "placed_at": "-9d",
        **({"delivered_at": "-2d"} if arrived else {}),
        "currency": "EUR",
        "prices_include_tax": True,
        "lines": [
            {
                "id": f"a-{number}",
                "product_id": "mug",
                "variant_id": "mug-red",
                "title": "Mug",
                "quantity": 3,
                "unit_price": 1000,
                "total": 3000,
                "fulfilled_quantity": 3 if arrived else 0,
            }
        ],
        "payments": [
            {"id": f"p-{number}", "kind": "card", "label": "Visa", "payment_method_id": "pm-card", "amount": 3000}
        ],
    }


def pair(number: int) -> dict[str, Any]:
    """Two red mugs for 10.00 each and a gold one for 15.00, a line each."""
    made = order(number)
    (red,) = made["lines"]
    red |= {"quantity": 2, "total": 2000, "fulfilled_quantity": 2}
    gold = red | {"id": f"b-{number}", "variant_id": "mug-gold", "quantity": 1, "unit_price": 1500, "total": 1500}
    made["lines"] = [red, gold | {"fulfilled_quantity": 1}]
    made["payments"][0]["amount"] = 3500
    return made


SHOP: dict[str, Any] = {
    "relative_to_now": True,
    "products": [
        {
            "id": "mug",
            "name": "Mug",
            "variants": [
                {"id": name, "options": {}, "price": price, "currency": "EUR", "available": name != "mug-none"}
                for name, price in PRICES.items()
            ],
        },
        {"id": "hat", "name": "Hat", "variants": [{"id": "hat-1", "options": {}, "price": 900, "currency": "EUR"}]},
    ],
    "customers": [
        {
            "id": "cust-1",
            "email": "mia@example.com",
            "payment_methods": [
                {"id": "pm-card", "kind": "card", "label": "Visa"},
                {"id": "pm-gift", "kind": "gift_card", "label": "Gift card", "balance": 300, "currency": "EUR"},
            ],
        },
        {"id": "cust-2", "email": "leo@example.com"},
    ],
    "orders": [order(1), order(2, "processing"), pair(5)],
}


SETTINGS = {"retry_seconds": (0.1,) * 4, "recheck_seconds": (0.4,) * 8}


@pytest.fixture
def store(app: App) -> Tenant:
    return app.store(SHOP)


def swap(variant: str = "mug-blue", quantity: int = 1, number: int = 1) -> dict[str, Any]:
    return {"line_id": f"a-{number}", "variant_id": variant, "quantity": quantity}


def exchange(store: Tenant, *swaps: dict[str, Any], number: int = 1, wait: int = 15, **fields: Any) -> Any:
    body = {"order": f"#{number}", "lines": list(swaps) or [swap()], "payment_method_id": "pm-card", **fields}
    return store.post("/v1/exchanges", body, Prefer=f"wait={wait}")


def arrive(store: Tenant, made: dict[str, Any], **counts: int) -> Any:
    """So many of each line arrive, and the return is completed."""
    lines = [{"line_id": name.replace("_", "-"), "quantity": count} for name, count in counts.items()]
    assert store.post(f"/v1/returns/{made['return']}/receive", {"lines": lines}).status_code == 200
    return store.post(f"/v1/returns/{made['return']}/complete", {}, Prefer="wait=15")


def charging(store: Tenant, *swaps: dict[str, Any], number: int = 1) -> dict[str, Any]:
    """An instant exchange whose charge has been asked for, and waits two seconds for its answer."""
    store.sandbox.fault("charge", "throttle", retry_after=2)
    made = exchange(store, *swaps, number=number, wait=0, instant=True).json()
    return until(lambda: (e := store.get(f"/v1/exchanges/{made['id']}").json())["operations"][1:] and e, 15)


def moved(store: Tenant) -> dict[str, list[int]]:
    """What the provider took and gave."""
    return {kind: sorted(row["amount"] for row in store.sandbox.effects(kind)) for kind in ("charge", "refund")}


def paid_back(store: Tenant, made: dict[str, Any]) -> dict[str, Any]:
    """The exchange once all that goes back for it has."""
    ended = store.get(f"/v1/exchanges/{made['id']}").json()
    for refund in ended["refunds"]:
        until(lambda at=refund: store.get(f"/v1/refunds/{at}").json()["status"] == "succeeded", 15)
    return ended


def finish(store: Tenant, made: dict[str, Any]) -> dict[str, Any]:
    """The goods arrive and the return is completed."""
    for verb in ("receive", "complete"):
        answer = store.post(f"/v1/returns/{made['return']}/{verb}", {}, Prefer="wait=15")
        assert answer.status_code == 200, answer.text
    return until(lambda: (e := store.get(f"/v1/exchanges/{made['id']}").json())["status"] != "settling" and e, 15)


def test_an_exchange_is_one_return_that_the_shop_expects(store):
    made = exchange(store, swap("mug-gold")).json()
    assert (made["status"], made["difference"]["amount"], made["operation"]["status"]) == ("approved", 500, "succeeded")
    back = store.get(f"/v1/returns/{made['return']}").json()
    assert (back["exchange"], back["status"], back["lines"][0]["resolution"]) == (made["id"], "approved", "exchange")
    assert len(store.sandbox.effects("open_exchange")) == 1
    assert store.sandbox.effects("open_return") == store.sandbox.effects("charge") == []
    kinds = [event["type"] for event in store.get(f"/v1/events?resource={made['id']}").json()["data"]]
    assert kinds == ["exchange.requested", "exchange.approved"]


def test_a_difference_is_charged_once_the_goods_are_back(store):
    made = exchange(store, swap("mug-gold", 2)).json()
    done = finish(store, made)
    assert (done["status"], done["charged"]["amount"]) == ("completed", 1000)
    assert [row["amount"] for row in store.sandbox.effects("charge")] == [1000]


def test_a_negative_difference_goes_back_to_the_payment(store):
    made = exchange(store, swap("mug-tin")).json()
    done = finish(store, made)
    refund = until(lambda: (f := store.get(f"/v1/refunds/{done['refund']}").json())["status"] == "succeeded" and f, 15)
    assert (done["status"], refund["amount"]["amount"], refund["return"]) == ("completed", 400, made["return"])
    assert [row["amount"] for row in store.sandbox.effects("refund")] == [400]


def test_an_instant_exchange_is_charged_at_once_and_never_twice(app, store):
    made = exchange(store, swap("mug-gold"), instant=True).json()
    until(lambda: store.get(f"/v1/exchanges/{made['id']}").json()["charged"]["amount"] == 500, 15)
    canceled = store.post(f"/v1/exchanges/{made['id']}/cancel", {})
    assert (canceled.status_code, canceled.json()["code"]) == (409, "return_not_in_state")

    def late(session: Any) -> None:
        session.get_one(Return, made["return"]).expires_at = clock.now() - timedelta(seconds=1)

    app.write(late)
    app.write(return_expiry.tend)
    assert store.get(f"/v1/exchanges/{made['id']}").json()["status"] == "approved", "nor does it expire"
    assert finish(store, made)["status"] == "completed"
    assert [row["amount"] for row in store.sandbox.effects("charge")] == [500]


def sent(store: Tenant, made: dict[str, Any]) -> dict[str, Any]:
    """The exchange once the shop has sent the other goods."""
    return until(lambda: (e := store.get(f"/v1/exchanges/{made['id']}").json())["sent_at"] and e, 15)


def told(store: Tenant, made: dict[str, Any]) -> list[str]:
    events = store.get(f"/v1/events?resource={made['id']}").json()["data"]
    return [event["type"].removeprefix("exchange.") for event in events]


def test_an_instant_exchange_of_equal_price_is_sent_at_once_and_is_owed_from_then_on(app, store):
    made = exchange(store, swap("mug-blue"), instant=True).json()
    assert (made["instant"], made["difference"]["amount"]) == (True, 0)
    assert sent(store, made)["status"] == "approved"
    assert store.sandbox.effects("charge") == []
    assert told(store, made) == ["requested", "approved", "sent"]
    canceled = store.post(f"/v1/exchanges/{made['id']}/cancel", {})
    assert (canceled.status_code, canceled.json()["code"]) == (409, "return_not_in_state")

    def late(session: Any) -> None:
        session.get_one(Return, made["return"]).expires_at = clock.now() - timedelta(seconds=1)

    app.write(late)
    app.write(return_expiry.tend)
    assert shown(store, made, "approved")["status"] == "approved", "nor does it expire"
    assert finish(store, made)["status"] == "completed"
    assert len(store.sandbox.effects("send_exchange")) == 1


def test_goods_that_cost_more_are_sent_once_they_are_paid_for_and_not_where_the_charge_fails(store):
    made = exchange(store, swap("mug-gold"), instant=True).json()
    assert sent(store, made)["charged"]["amount"] == 500
    assert told(store, made)[2:] == ["charged", "sent"]
    store.sandbox.fault("charge", "refuse", code="card_declined", status=409)
    poor = exchange(store, swap("mug-gold", number=5), number=5, instant=True).json()
    until(lambda: "charge_failed" in told(store, poor), 15)
    assert len(store.sandbox.effects("send_exchange")) == 1
    assert store.get(f"/v1/exchanges/{poor['id']}").json()["sent_at"] is None


@pytest.mark.parametrize("fault", ["error_after_effect", "reset"])
def test_a_lost_answer_sends_them_once(store, fault):
    store.sandbox.fault("send_exchange", fault, times=1)
    made = exchange(store, swap("mug-blue"), instant=True).json()
    sent(store, made)
    assert len(store.sandbox.effects("send_exchange")) == 1


def test_where_less_comes_than_was_sent_for_it_nothing_goes_back_and_a_person_hears_of_it(store):
    made = exchange(store, swap("mug-gold", 2), instant=True).json()
    sent(store, made)
    arrive(store, made, a_1=1)
    done = shown(store, made, "completed")
    assert (done["due"]["amount"], done["refunds"]) == (1000, [])
    assert moved(store) == {"charge": [1000], "refund": []}
    tags = [row["tags"] for row in store.get("/v1/tickets").json()["data"]]
    assert tags == [["return-paid-too-early"]]


def test_what_did_not_come_back_for_goods_that_were_sent_is_given_for_no_second_time(store):
    made = exchange(store, swap("mug-blue", 2), instant=True).json()
    sent(store, made)
    assert arrive(store, made, a_1=1).json()["status"] == "completed"
    [line] = store.get("/v1/orders/1/returnable").json()["lines"]
    assert line["returnable_quantity"] == 1, "the third mug: of the two one is back and one is owed"
    asked = {"order": "#1", "lines": [{"line_id": "a-1", "quantity": 2}]}
    assert store.post("/v1/returns", asked).json()["code"] == "already_returned"
    assert store.post("/v1/refunds", asked).json()["code"] == "refund_exceeds_captured"
    more = {"order": "#1", "amount": {"amount": 1001, "currency": "EUR"}}
    assert store.post("/v1/refunds", more).json()["code"] == "refund_exceeds_captured"
    asked["lines"][0]["quantity"] = 1
    assert store.post("/v1/refunds", asked, Prefer="wait=15").json()["status"] == "succeeded"


def test_while_nobody_knows_whether_they_were_sent_less_goods_wait(store):
    store.sandbox.fault("send_exchange", "throttle", times=1000)
    made = exchange(store, swap("mug-gold", 2), instant=True).json()
    until(lambda: "charged" in told(store, made), 15)
    waits = arrive(store, made, a_1=1)
    assert (waits.status_code, waits.json()["code"]) == (409, "return_not_in_state")
    sending = store.get(f"/v1/exchanges/{made['id']}").json()["operations"][-1]
    said = {"outcome": "failed", "note": "The shop has not sent them."}
    until(lambda: store.post(f"/v1/operations/{sending}/resolve", said, Aftersale_Actor="agent:lee").is_success, 15)
    assert store.post(f"/v1/returns/{made['return']}/complete", {}, Prefer="wait=15").json()["status"] == "completed"
    paid_back(store, made)
    assert moved(store) == {"charge": [1000], "refund": [500]}, "for the one that came nothing more is out"


def obeying(store: Tenant, **document: Any) -> None:
    policy = store.post("/v1/policies", {"document": document}).json()
    assert store.post(f"/v1/policies/{policy['id']}/activate", Aftersale_Actor="agent:boss").status_code == 200


@pytest.mark.parametrize("caller", [{"Aftersale_Customer": "cust-1"}, {}], ids=["shopper", "merchant"])
def test_what_is_sent_before_goods_are_back_is_agreed_to_by_two_persons_above_their_amount(store, caller):
    obeying(store, caps={"EUR": CAPS}, instant_refund=True, two_persons_above={"EUR": 1500})
    body = {"order": "#1", "lines": [swap()], "payment_method_id": "pm-card", "instant": True}
    assert store.post("/v1/exchanges", body, Prefer="wait=15", **caller).json()["status"] == "approved"
    waits = store.post("/v1/exchanges", body, Prefer="wait=15", **caller)
    assert (waits.status_code, waits.json()["status"]) == (202, "awaiting_approval"), "20.00 in two parts is 20.00"
    for person, status in (("kim", "pending"), ("lee", "approved")):
        path = f"/v1/approvals/{waits.json()['approval']['id']}/approve"
        said = store.post(path, {}, Aftersale_Actor=f"agent:{person}", Prefer="wait=15").json()
        assert said["status"] == status
    sent(store, waits.json())
    body["instant"] = False
    assert store.post("/v1/exchanges", body, Prefer="wait=15", **caller).json()["status"] == "approved"


def test_automation_sends_nothing_at_once_above_a_cap(store):
    obeying(store, caps={"EUR": {**CAPS, "refund": 2500, "order": 2500}}, instant_refund=True)
    body = {"order": "#1", "lines": [swap(quantity=2)], "payment_method_id": "pm-card", "instant": True}
    first = store.post("/v1/exchanges", body, Prefer="wait=15", Aftersale_Customer="cust-1").json()
    body["lines"] = [swap()]
    second = store.post("/v1/exchanges", body, Prefer="wait=15", Aftersale_Customer="cust-1").json()
    assert (first["status"], second["status"]) == ("approved", "awaiting_approval")


def test_a_shop_that_will_not_send_them_at_once_sends_them_when_the_others_are_back(store):
    store.sandbox.fault("send_exchange", "refuse", code="not_now", status=409)
    made = exchange(store, swap("mug-blue"), instant=True).json()
    until(lambda: "not_sent" in told(store, made), 15)
    canceled = store.post(f"/v1/exchanges/{made['id']}/cancel", {}, Prefer="wait=15")
    assert canceled.json()["status"] == "canceled", "nothing is out"


def test_a_sending_that_is_taken_back_later_was_none(app, store):
    made = exchange(store, swap("mug-blue", 2), instant=True).json()
    sending = sent(store, made)["operations"][-1]
    arrive(store, made, a_1=1)
    taken_back = Receipt(status="failed", failure_code="parcel_stopped")
    app.write(lambda s: operations.settle(s, s.get_one(Operation, sending), taken_back))
    assert told(store, made)[-1] == "not_sent"
    assert store.get(f"/v1/exchanges/{made['id']}").json()["sent_at"] is None
    [line] = store.get("/v1/orders/1/returnable").json()["lines"]
    assert line["returnable_quantity"] == 2, "nothing is owed for the one that did not come"
    other = exchange(store, swap("mug-blue", number=5), number=5, instant=True).json()
    sending = sent(store, other)["operations"][-1]
    app.write(lambda s: operations.settle(s, s.get_one(Operation, sending), taken_back))
    app.write(lambda s: operations.settle(s, s.get_one(Operation, sending), Receipt(status="succeeded")))
    assert told(store, other)[-3:] == ["sent", "not_sent", "sent"], "they have left after all, and a person is asked"
    canceled = store.post(f"/v1/exchanges/{other['id']}/cancel", {}, Prefer="wait=15")
    assert canceled.json()["code"] == "return_not_in_state"
    app.write(lambda s: operations.settle(s, s.get_one(Operation, sending), taken_back))
    assert told(store, other)[-1] == "not_sent", "nor had they"
    canceled = store.post(f"/v1/exchanges/{other['id']}/cancel", {}, Prefer="wait=15")
    assert canceled.json()["status"] == "canceled", "nothing is out"


def test_an_exchange_whose_goods_are_out_is_not_given_up_when_a_bank_takes_its_charge_back(store):
    made = exchange(store, swap("mug-gold"), instant=True).json()
    sent(store, made)
    finish(store, made)
    [charge] = store.sandbox.effects("charge")
    store.sandbox.post(f"/sandbox/v1/charges/{charge['subject']}/fail", {"failure_code": "dispute_lost"})
    shown(store, made, "payment_failed")
    given_up = store.post(f"/v1/exchanges/{made['id']}/cancel", {}, Aftersale_Actor="agent:lee")
    assert (given_up.status_code, given_up.json()["code"]) == (409, "return_not_in_state")


def test_what_was_paid_on_top_is_not_refunded_while_its_goods_are_out(store):
    store.sandbox.fault("send_exchange", "refuse", code="not_now", status=409)
    made = exchange(store, swap("mug-gold", 2), instant=True).json()
    until(lambda: store.get(f"/v1/exchanges/{made['id']}").json()["charged"]["amount"] == 1000, 15)
    refund = {"order": "#1", "amount": {"amount": 1001, "currency": "EUR"}}  # the third mug cost 10.00
    assert store.post("/v1/refunds", refund).json()["code"] == "refund_exceeds_captured"
    paid = store.get("/v1/orders/1").json()["payments"]
    assert [row["captured"]["amount"] for row in paid] == [3000, 1000], "the charge is a payment of the order by now"
    body = {"lines": [{"line_id": "a-1", "quantity": 1}]}
    assert store.post(f"/v1/returns/{made['return']}/receive", body).status_code == 200
    done = store.post(f"/v1/returns/{made['return']}/complete", {}, Prefer="wait=15").json()
    back = until(lambda: (f := store.get(f"/v1/refunds/{done['refund']}").json())["status"] == "succeeded" and f, 15)
    assert back["amount"]["amount"] == 500, "for the one that did not come back"
    refund["amount"]["amount"] = 2001
    assert store.post("/v1/refunds", refund).json()["code"] == "refund_exceeds_captured"
    refund["amount"]["amount"] = 2000
    assert store.post("/v1/refunds", refund, Prefer="wait=15").json()["status"] == "succeeded"


def test_only_what_came_back_is_charged(store):
    made = exchange(store, swap("mug-gold", 2)).json()
    body = {"lines": [{"line_id": "a-1", "quantity": 1}]}
    assert store.post(f"/v1/returns/{made['return']}/receive", body).status_code == 200
    store.post(f"/v1/returns/{made['return']}/complete", {}, Prefer="wait=15")
    done = until(lambda: (e := store.get(f"/v1/exchanges/{made['id']}").json())["status"] == "completed" and e, 15)
    assert (done["due"]["amount"], done["charged"]["amount"]) == (500, 500)


@pytest.mark.parametrize(("count", "due", "back"), [(1, 500, 500), (0, 0, 1000)])
def test_a_charge_that_is_on_its_way_is_waited_for_and_what_is_not_due_goes_back(store, count, due, back):
    made = charging(store, swap("mug-gold", 2))
    assert arrive(store, made, a_1=count).status_code == 200
    assert store.get(f"/v1/exchanges/{made['id']}").json()["status"] == "settling"
    shown(store, made, "completed")
    ended = paid_back(store, made)
    assert (ended["due"]["amount"], ended["charged"]["amount"], moved(store)) == (
        due,
        1000,
        {"charge": [1000], "refund": [back]},
    )
    assert store.get(f"/v1/returns/{made['return']}").json()["refund"] == ended["refund"]
    more = {"order": "#1", "amount": {"amount": 3000 - 1000 * count + 1, "currency": "EUR"}}
    assert store.post("/v1/refunds", more).json()["code"] == "refund_exceeds_captured"


MIXED = (
    {"line_id": "a-5", "variant_id": "mug-gold", "quantity": 2},
    {"line_id": "b-5", "variant_id": "mug-tin", "quantity": 1},
)
"""10.00 more for the red ones, 9.00 less for the gold one."""


@pytest.mark.parametrize(
    ("arrived", "due", "charged", "back"),
    [({"a_5": 2, "b_5": 0}, 1000, [100, 900], []), ({"a_5": 0, "b_5": 1}, -900, [100], [100, 900])],
)
def test_of_dearer_and_cheaper_items_what_came_back_is_due_whatever_was_charged(store, arrived, due, charged, back):
    made = charging(store, *MIXED, number=5)
    assert (made["difference"]["amount"], made["instant"]) == (100, True)
    arrive(store, made, **arrived)
    assert shown(store, made, "completed")["due"]["amount"] == due
    paid_back(store, made)
    assert moved(store) == {"charge": charged, "refund": back}


def test_what_one_item_saves_pays_for_another_and_is_not_refunded_besides(store):
    mixed = MIXED[0] | {"quantity": 1}
    made = exchange(store, mixed, MIXED[1], number=5).json()
    arrive(store, made, a_5=1, b_5=1)
    paid_back(store, made)
    assert moved(store) == {"charge": [], "refund": [400]}
    more = {"order": "#5", "amount": {"amount": 1001, "currency": "EUR"}}  # the red mug that stayed cost 10.00
    assert store.post("/v1/refunds", more).json()["code"] == "refund_exceeds_captured"


def test_whoever_might_owe_for_the_dearer_item_alone_names_a_method(app, store):
    mixed = [MIXED[0] | {"quantity": 1}, MIXED[1]]
    refused = exchange(store, *mixed, number=5, payment_method_id=None)
    assert (refused.status_code, refused.json()["code"]) == (422, "payment_method_not_found")
    made = exchange(store, *mixed, number=5).json()

    def forget(session: Any) -> None:  # as exchanges were taken before
        session.get_one(Exchange, made["id"]).payment_method_id = None

    app.write(forget)
    assert arrive(store, made, a_5=1, b_5=0).status_code == 200
    assert store.get(f"/v1/exchanges/{made['id']}").json()["status"] == "payment_failed"
    assert again(store, made).json()["code"] == "payment_method_not_found"
    assert again(store, made, payment_method_id="pm-card").json()["status"] == "completed"
    assert moved(store) == {"charge": [500], "refund": []}


@pytest.mark.parametrize(
    ("row", "fields", "status", "code"),
    [
        ({"variant_id": "hat-1"}, {}, 422, "different_product"),
        ({"variant_id": "mug-x"}, {}, 422, "new_item_not_found"),
        ({"variant_id": "mug-none"}, {}, 422, "new_item_unavailable"),
        ({"variant_id": "mug-red"}, {}, 422, "same_item"),
        ({"quantity": 4}, {}, 422, "item_count_mismatch"),
        ({"variant_id": "mug-gold"}, {"payment_method_id": "pm-gift"}, 422, "gift_card_insufficient"),
        ({"variant_id": "mug-gold"}, {"payment_method_id": None}, 422, "payment_method_not_found"),
        ({}, {"payment_method_id": "pm-nobody"}, 422, "payment_method_not_found"),
        ({"line_id": "a-2"}, {"order": "#2"}, 409, "order_not_delivered"),
    ],
)
def test_what_may_not_be_exchanged_is_refused_and_leaves_nothing(store, row, fields, status, code):
    answer = exchange(store, {**swap(), **row}, **fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert store.get("/v1/exchanges").json()["data"] == store.get("/v1/returns").json()["data"] == []
    assert store.sandbox.effects("open_exchange") == []


def test_what_is_exchanged_is_neither_refunded_nor_returned(store):
    made = exchange(store, swap(quantity=2)).json()
    whole = {"order": "#1", "lines": [{"line_id": "a-1", "quantity": 2}]}
    assert store.post("/v1/refunds", whole).json()["code"] == "refund_exceeds_captured"
    assert store.post("/v1/returns", whole).json()["code"] == "already_returned"
    more = {"order": "#1", "amount": {"amount": 1001, "currency": "EUR"}}
    assert store.post("/v1/refunds", more).json()["code"] == "refund_exceeds_captured"
    assert store.post(f"/v1/exchanges/{made['id']}/cancel", {}, Prefer="wait=15").json()["status"] == "canceled"
    assert store.get(f"/v1/returns/{made['return']}").json()["status"] == "canceled"
    assert len(store.sandbox.effects("close_return")) == 1
    assert exchange(store, swap(quantity=3)).status_code == 201, "what was canceled is free again"


def test_two_exchanges_at_once_take_a_line_once(store):
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: exchange(store, swap(quantity=2)), range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len(store.sandbox.effects("open_exchange")) == 1


def test_an_exchange_and_a_refund_of_the_same_line_at_once_give_it_once(store):
    refund = {"order": "#1", "lines": [{"line_id": "a-1", "quantity": 2}]}
    asks = [lambda: exchange(store, swap(quantity=2)), lambda: store.post("/v1/refunds", refund, Prefer="wait=15")]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda ask: ask(), asks * 2))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len(store.sandbox.effects("open_exchange")) + len(store.sandbox.effects("refund")) == 1


@pytest.mark.parametrize("fault", ["timeout_after_effect", "error_after_effect"])
@pytest.mark.parametrize("kind", ["return", "exchange"])
def test_a_lost_answer_of_the_shop_ends_in_one_true_state(store, fault, kind):
    store.sandbox.fault(f"open_{kind}", fault, **({"delay_ms": 2500} if fault.startswith("timeout") else {}))
    body = {"order": "#1", "lines": [{"line_id": "a-1", "quantity": 1}]}
    made = (exchange(store, wait=0) if kind == "exchange" else store.post("/v1/returns", body, Prefer="wait=0")).json()
    path = f"/v1/{kind}s/{made['id']}"
    ended = until(lambda: (m := store.get(path).json())["operation"]["status"] == "succeeded" and m, 20)
    assert ended["status"] == "approved"
    assert len(store.sandbox.effects(f"open_{kind}")) == 1


@pytest.mark.parametrize("kind", ["return", "exchange"])
def test_a_shop_that_refuses_ends_it_and_its_items_are_free_again(store, kind):
    store.sandbox.fault(f"open_{kind}", "refuse", code="already_returned", status=409)
    body = {"order": "#1", "lines": [{"line_id": "a-1", "quantity": 3}]}

    def ask(key: str) -> Any:
        asked = {**body, "lines": [swap(quantity=3)], "payment_method_id": "pm-card"} if kind == "exchange" else body
        return store.post(f"/v1/{kind}s", asked, key=key, Prefer="wait=15")

    for _ in range(2):  # the same request again is told the same
        refused = ask("k-1")
        assert (refused.status_code, refused.json()["code"]) == (409, "already_returned")
    (ended,) = store.get(f"/v1/{kind}s").json()["data"]
    assert ended["status"] == "canceled"
    assert ask("k-2").status_code == 201


def test_the_same_key_exchanges_once(store):
    body = {"order": "#1", "lines": [swap()], "payment_method_id": "pm-card"}
    first, second = (store.post("/v1/exchanges", body, key="k-1", Prefer="wait=15") for _ in range(2))
    assert (second.json()["id"], second.headers["idempotent-replayed"]) == (first.json()["id"], "true")
    assert len(store.sandbox.effects("open_exchange")) == 1


def test_another_shopper_exchanges_nothing_and_sees_nothing(store):
    body = {"order": "#1", "lines": [swap()], "payment_method_id": "pm-card"}
    refused = store.post("/v1/exchanges", body, Aftersale_Customer="cust-2")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_owner")
    made = store.post("/v1/exchanges", body, Aftersale_Customer="cust-1", Prefer="wait=15").json()
    answer = store.get(f"/v1/exchanges/{made['id']}", Aftersale_Customer="cust-2")
    assert (answer.status_code, answer.json()["code"]) == (404, "exchange_not_found")


def test_a_return_whose_lines_are_exchanged_is_an_exchange(store):
    line = {"line_id": "a-1", "quantity": 1, "resolution": "exchange", "variant_id": "mug-blue"}
    made = store.post("/v1/returns", {"order": "#1", "lines": [line]}, Prefer="wait=15").json()
    shown = store.get(f"/v1/exchanges/{made['exchange']}").json()
    assert (made["status"], shown["return"], shown["difference"]["amount"]) == ("approved", made["id"], 0)


# ---- previews -------------------------------------------------------------------------------------------------------


def preview(store: Tenant, path: str, **body: Any) -> Any:
    return store.post(path, {**body, "preview": True}, Aftersale_Actor="agent:lee").json()


def test_a_preview_of_an_exchange_tells_its_price_and_its_token_holds_for_that_price_alone(app):
    store = app.store(SHOP)
    body = {"order": "#1", "lines": [swap("mug-gold", 2)], "payment_method_id": "pm-card", "instant": True}
    seen = preview(store, "/v1/exchanges", **body)
    told = {row["kind"]: row["amount"]["amount"] for row in seen["effects"] if row["amount"]}
    assert told == {"exchange": 1000, "exchange_charge": 1000}
    assert "exchange_send" in {row["kind"] for row in seen["effects"]}
    (line,) = next(row["lines"] for row in seen["effects"] if row["kind"] == "exchange")
    assert (line["variant_id"], line["paid"]["amount"], line["price"]["amount"]) == ("mug-gold", 2000, 3000)
    dearer = store.sandbox.get("/sandbox/v1/export")
    for variant in dearer["products"][0]["variants"]:
        variant["price"] += 1
    store.sandbox.post("/sandbox/v1/import", dearer)
    sent = {**body, "confirmation_token": seen["confirmation_token"]}
    moved_on = store.post("/v1/exchanges", sent, Aftersale_Actor="agent:lee")
    assert (moved_on.status_code, moved_on.json()["code"]) == (409, "facts_changed")
    sent["confirmation_token"] = preview(store, "/v1/exchanges", **body)["confirmation_token"]
    made = store.post("/v1/exchanges", sent, Aftersale_Actor="agent:lee").json()
    assert made["difference"]["amount"] == 1002


def test_what_completes_an_exchange_and_what_charges_it_again_is_told_before_and_confirmed(store):
    made = exchange(store, swap("mug-gold", 2)).json()
    path = f"/v1/returns/{made['return']}"
    assert store.post(f"{path}/receive", {"lines": [{"line_id": "a-1", "quantity": 1}]}).status_code == 200
    seen = preview(store, f"{path}/complete")
    assert [(row["kind"], row["amount"]["amount"]) for row in seen["effects"]] == [("exchange_charge", 500)]
    assert store.get(path).json()["status"] == "received"
    store.sandbox.fault("charge", "refuse", code="card_declined", status=409)
    sent = {"confirmation_token": seen["confirmation_token"]}
    assert store.post(f"{path}/complete", sent, Aftersale_Actor="agent:lee").json()["status"] == "completed"
    shown(store, made, "payment_failed")
    seen = preview(store, f"/v1/exchanges/{made['id']}/retry")
    assert [(row["kind"], row["amount"]["amount"]) for row in seen["effects"]] == [("exchange_charge", 500)]
    assert moved(store)["charge"] == []
    assert again(store, made, confirmation_token=seen["confirmation_token"]).json()["status"] == "completed"
    assert moved(store)["charge"] == [500]


def test_a_preview_of_what_moves_no_money_tells_what_it_does(store):
    made = exchange(store).json()
    path = f"/v1/returns/{made['return']}"
    assert store.post(f"{path}/receive", {}).status_code == 200
    assert [row["kind"] for row in preview(store, f"{path}/complete")["effects"]] == ["return.completed"]


# ---- a charge that fails --------------------------------------------------------------------------------------------


def again(store: Tenant, made: dict[str, Any], **body: Any) -> Any:
    return store.post(f"/v1/exchanges/{made['id']}/retry", body, Prefer="wait=15", Aftersale_Actor="agent:lee")


def shown(store: Tenant, made: dict[str, Any], status: str) -> dict[str, Any]:
    return until(lambda: (e := store.get(f"/v1/exchanges/{made['id']}").json())["status"] == status and e, 20)


@pytest.mark.parametrize(("variant", "difference", "kind"), [("mug-gold", 600, "charge"), ("mug-tin", -300, "refund")])
def test_a_fee_is_part_of_the_difference_and_told(store, variant, difference, kind):
    fee = {"id": "handling", "percent": 10, "actions": ["exchange"]}
    policy = store.post("/v1/policies", {"document": {"fees": [fee]}}).json()
    assert store.post(f"/v1/policies/{policy['id']}/activate").status_code == 200
    made = exchange(store, swap(variant)).json()
    assert (made["fee"]["amount"], made["difference"]["amount"]) == (100, difference)
    done = finish(store, made)
    assert (done["status"], done["due"]["amount"]) == ("completed", difference)
    assert until(lambda: [row["amount"] for row in store.sandbox.effects(kind)], 15) == [abs(difference)]
    if kind == "refund":
        told = store.get(f"/v1/refunds/{done['refund']}").json()["breakdown"]
        assert (told["items"]["amount"], told["fee"]["amount"]) == (400, 100)


def test_nobody_keeps_what_is_exchanged(store):
    line = {"line_id": "a-1", "quantity": 1, "resolution": "exchange", "variant_id": "mug-blue"}
    for headers in ({}, {"Aftersale_Customer": "cust-1"}):
        refused = store.post("/v1/returns", {"order": "#1", "lines": [line], "method": "keep"}, **headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "refund_method_not_allowed")
    assert store.get("/v1/exchanges").json()["data"] == []


def test_a_charge_that_was_refused_is_tried_again_by_a_named_person(store):
    store.sandbox.fault("charge", "refuse", code="card_declined", status=409)
    made = exchange(store, swap("mug-gold")).json()
    assert finish(store, made)["status"] == "payment_failed"
    nobody = store.post(f"/v1/exchanges/{made['id']}/retry", {})
    assert (nobody.status_code, nobody.json()["code"]) == (403, "actor_required")
    poor = again(store, made, payment_method_id="pm-gift")
    assert (poor.status_code, poor.json()["code"]) == (422, "gift_card_insufficient")
    done = again(store, made).json()
    assert (done["status"], done["charged"]["amount"]) == ("completed", 500)
    assert again(store, made).json()["code"] == "return_not_in_state", "it is paid"
    assert [row["amount"] for row in store.sandbox.effects("charge")] == [500]
    words = [event["type"] for event in store.get(f"/v1/events?resource={made['id']}").json()["data"]]
    assert words[-4:] == [f"exchange.{word}" for word in ("settling", "payment_failed", "settling", "completed")]


def test_an_exchange_whose_difference_is_not_paid_is_given_up_and_its_goods_are_refunded(store):
    store.sandbox.fault("charge", "refuse", code="card_declined", status=409)
    made = exchange(store, swap("mug-gold", 2)).json()
    arrive(store, made, a_1=1)
    shown(store, made, "payment_failed")
    path = f"/v1/exchanges/{made['id']}/cancel"
    for who, code in (({"Aftersale_Customer": "cust-1"}, "forbidden"), ({}, "actor_required")):
        refused = store.post(path, {}, **who)
        assert (refused.status_code, refused.json()["code"]) == (403, code)
    shown_first = store.post(path, {"preview": True}, Aftersale_Actor="agent:lee").json()
    assert [row["amount"]["amount"] for row in shown_first["effects"] if row["kind"] == "refund"] == [1000]
    done = store.post(path, {}, Prefer="wait=15", Aftersale_Actor="agent:lee")
    assert (done.status_code, done.json()["status"]) == (200, "canceled")
    paid_back(store, made)
    assert moved(store) == {"charge": [], "refund": [1000]}
    assert len(store.sandbox.effects("close_return")) == 1
    assert again(store, made).json()["code"] == store.post(path, {}).json()["code"] == "return_not_in_state"
    more = {"order": "#1", "amount": {"amount": 2001, "currency": "EUR"}}
    assert store.post("/v1/refunds", more).json()["code"] == "refund_exceeds_captured"


def test_an_exchange_is_given_up_without_money_where_the_store_says_so(store):
    store.sandbox.fault("charge", "refuse", code="card_declined", status=409)
    made = exchange(store, swap("mug-gold")).json()
    finish(store, made)
    path = f"/v1/exchanges/{made['id']}/cancel"
    done = store.post(path, {"refund": False}, Prefer="wait=15", Aftersale_Actor="agent:lee").json()
    assert (done["status"], done["refunds"], moved(store)["refund"]) == ("canceled", [], [])


def test_what_an_exchange_gives_back_is_decided_as_an_exchange_when_persons_have_said_yes(store):
    document = {"two_persons_above": {"EUR": 300}, "reasons": {"refund": {"required": True}}}
    draft = store.post("/v1/policies", {"document": document}).json()
    store.post(f"/v1/policies/{draft['id']}/activate", Aftersale_Actor="agent:boss")
    made = exchange(store, swap("mug-tin")).json()
    waits = arrive(store, made, a_1=1)
    assert (waits.status_code, waits.json()["approval"]["status"]) == (202, "pending")
    for person in ("kim", "lee"):
        path = f"/v1/approvals/{waits.json()['approval']['id']}/approve"
        last = store.post(path, {}, Aftersale_Actor=f"agent:{person}", Prefer="wait=15").json()
    assert (last["status"], last["code"]) == ("approved", None)
    paid_back(store, made)
    assert moved(store) == {"charge": [], "refund": [400]}


@pytest.mark.parametrize("fault", ["timeout_after_effect", "error_after_effect"])
def test_a_second_try_whose_answer_is_lost_charges_once(store, fault):
    store.sandbox.fault("charge", "refuse", code="card_declined", status=409)
    made = exchange(store, swap("mug-gold")).json()
    finish(store, made)
    store.sandbox.fault("charge", fault, **({"delay_ms": 2500} if fault.startswith("timeout") else {}))
    again(store, made)
    assert shown(store, made, "completed")["charged"]["amount"] == 500
    assert [row["amount"] for row in store.sandbox.effects("charge")] == [500]


def test_a_charge_that_the_bank_takes_back_opens_the_exchange_again(store):
    made = exchange(store, swap("mug-gold")).json()
    finish(store, made)
    (charge,) = store.sandbox.effects("charge")
    store.sandbox.post(f"/sandbox/v1/charges/{charge['subject']}/fail", {"failure_code": "dispute_lost"})
    failed = shown(store, made, "payment_failed")
    assert (failed["charged"]["amount"], failed["completed_at"]) == (0, None)
    operation = store.get(f"/v1/operations/{failed['operations'][-1]}").json()
    assert (operation["status"], operation["error"]["code"]) == ("failed", "dispute_lost")
    done = again(store, made).json()
    assert (done["status"], done["charged"]["amount"]) == ("completed", 500)
    assert len(store.sandbox.effects("charge")) == 2
    assert len(store.sandbox.effects("charge_failed")) == 1


def test_an_instant_charge_that_the_bank_takes_back_is_due_with_the_goods(store):
    made = exchange(store, swap("mug-gold"), instant=True).json()
    until(lambda: store.get(f"/v1/exchanges/{made['id']}").json()["charged"]["amount"] == 500, 15)
    (charge,) = store.sandbox.effects("charge")
    store.sandbox.post(f"/sandbox/v1/charges/{charge['subject']}/fail", {})
    until(lambda: store.get(f"/v1/exchanges/{made['id']}").json()["charged"]["amount"] == 0, 15)
    done = finish(store, made)
    assert (done["status"], done["charged"]["amount"]) == ("completed", 500)


def test_a_swap_whose_charge_the_bank_takes_back_stands_and_is_told(app: App):
    store = app.store({**SHOP, "orders": [order(3, "pending")]})
    body = {"lines": [swap("mug-gold", 3, 3)], "payment_method_id": "pm-card"}
    made = store.post("/v1/orders/3/items", body, Prefer="wait=15").json()
    assert (made["change"]["status"], [row["captured"]["amount"] for row in made["payments"]]) == (
        "succeeded",
        [3000, 1500],
    )
    (charge,) = store.sandbox.effects("charge")
    store.sandbox.post(f"/sandbox/v1/charges/{charge['subject']}/fail", {"failure_code": "dispute_lost"})
    path = f"/v1/events?resource={made['change']['id']}"
    words = until(lambda: (seen := [e["type"] for e in store.get(path).json()["data"]]) and len(seen) > 2 and seen, 15)
    assert words == ["change.created", "change.succeeded", "change.payment_failed"]
    payments = store.get("/v1/orders/3").json()["payments"]
    assert [row["captured"]["amount"] for row in payments] == [3000, 0]
    more = store.post("/v1/refunds", {"order": "#3", "amount": {"amount": 3001, "currency": "EUR"}})
    assert more.json()["code"] == "refund_exceeds_captured", "what was taken back is not paid back"


def test_a_charge_that_the_bank_takes_back_while_the_shop_is_asked_is_told_too(app: App):
    store = app.store({**SHOP, "orders": [order(4, "pending")]})
    store.sandbox.fault("swap_items", "throttle", times=1000)
    body = {"lines": [swap("mug-gold", 3, 4)], "payment_method_id": "pm-card"}
    made = store.post("/v1/orders/4/items", body, Prefer="wait=0").json()
    shop = made["change"]["operations"][-1]
    until(lambda: store.get(f"/v1/operations/{shop}").json()["tries"], 15)
    (charge,) = store.sandbox.effects("charge")
    store.sandbox.post(f"/sandbox/v1/charges/{charge['subject']}/fail", {"failure_code": "dispute_lost"})
    path = f"/v1/events?resource={made['change']['id']}"
    until(lambda: "change.payment_failed" in [row["type"] for row in store.get(path).json()["data"]], 15)
    assert [row["captured"]["amount"] for row in store.get("/v1/orders/4").json()["payments"]] == [3000, 0]
