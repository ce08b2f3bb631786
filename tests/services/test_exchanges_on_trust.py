"""What automation sends at once in exchange is counted per order, customer and day, until its goods are back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from app.integrations.receipts import Receipt
from app.models.operations import Operation
from app.models.refunds import SpendCounter
from app.services import operations
from tests.services.durable_fixtures import until
from tests.services.test_exchanges import SETTINGS, SHOP, arrive, exchange, finish, obeying, order, sent, swap, told
from tests.support.app import CAPS, App, Tenant

__all__ = ["SETTINGS"]
ORDERS = (1, 3, 4, 6, 7, 8)


@pytest.fixture
def store(app: App) -> Tenant:
    """A shopper with six orders of three mugs each, whom automation trusts with two mugs per order and five in all."""
    made = app.store({**SHOP, "orders": [order(number) for number in ORDERS]})
    caps = {**CAPS, "refund": 2000, "order": 2000, "customer": 5000, "day": 9000}
    obeying(made, caps={"EUR": caps}, instant_refund=True)
    return made


def ask(store: Tenant, number: int, quantity: int = 2, **headers: Any) -> dict[str, Any]:
    """The shopper asks for so many of an order's mugs to be exchanged at once."""
    body = {"order": f"#{number}", "lines": [swap(quantity=quantity, number=number)], "payment_method_id": "pm-card"}
    headers = headers or {"Aftersale_Customer": "cust-1"}
    return store.post("/v1/exchanges", {**body, "instant": True}, Prefer="wait=15", **headers).json()


def counted(app: App, store: Tenant) -> dict[str, int]:
    """Minor units per scope; an order's are of all the orders."""

    def read(session: Any) -> dict[str, int]:
        found: dict[str, int] = {}
        for row in session.scalars(select(SpendCounter).where(SpendCounter.store_id == store.id)):
            found[row.scope] = found.get(row.scope, 0) + row.spent
        return found

    return app.read(read)


def test_orders_that_are_each_under_their_cap_are_together_under_the_customers(app, store):
    assert [ask(store, number)["status"] for number in (1, 3)] == ["approved", "approved"]
    assert counted(app, store) == dict.fromkeys(("order", "customer", "day"), 4000)
    waits = ask(store, 4)
    assert waits["status"] == "awaiting_approval"
    assert counted(app, store)["customer"] == 4000, "what waits for a person is not given yet"
    assert ask(store, 6, 1)["status"] == "approved"
    path = f"/v1/approvals/{waits['approval']['id']}/approve"
    assert store.post(path, {}, Aftersale_Actor="agent:kim", Prefer="wait=15").json()["status"] == "approved"
    sent(store, store.get(f"/v1/exchanges/{waits['id']}").json())
    assert counted(app, store)["customer"] == 5000, "persons have decided that one, no cap counts"


def test_the_store_itself_is_held_by_no_cap(app, store):
    assert ask(store, 1, 3, Aftersale_Actor="agent:kim")["status"] == "approved"
    assert counted(app, store) == {}


def test_what_has_come_back_counts_no_longer_and_what_has_not_stays_counted(app, store):
    made = ask(store, 1)
    sent(store, made)
    arrive(store, made, a_1=1)
    assert until(lambda: counted(app, store)["customer"] == 1000, 15)
    other = ask(store, 3)
    sent(store, other)
    assert counted(app, store)["customer"] == 3000
    finish(store, other)
    assert counted(app, store) == dict.fromkeys(("order", "customer", "day"), 1000)


def test_what_was_canceled_or_is_not_sent_counts_no_longer(app, store):
    store.sandbox.fault("send_exchange", "refuse", code="not_now", status=409)
    made = ask(store, 1)
    until(lambda: "not_sent" in told(store, made), 15)
    assert counted(app, store)["customer"] == 0
    canceled = store.post(f"/v1/exchanges/{made['id']}/cancel", {}, Prefer="wait=15").json()
    assert (canceled["status"], counted(app, store)["customer"]) == ("canceled", 0), "once"
    store.sandbox.fault("open_exchange", "refuse", code="not_now", status=409)
    assert ask(store, 3)["code"] == "item_not_returnable"
    assert {row["status"] for row in store.get("/v1/exchanges").json()["data"]} == {"canceled"}
    assert counted(app, store) == dict.fromkeys(("order", "customer", "day"), 0)


def test_a_sending_that_is_taken_back_and_happened_after_all_is_counted_as_it_is(app, store):
    made = ask(store, 1)
    sending = sent(store, made)["operations"][-1]

    def hear(status: str) -> int:
        app.write(lambda s: operations.settle(s, s.get_one(Operation, sending), Receipt(status=status)))
        return counted(app, store)["customer"]

    assert [hear(status) for status in ("failed", "succeeded", "succeeded", "failed")] == [0, 2000, 2000, 0]


def test_ten_at_once_pass_no_cap(app, store):
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda number: ask(store, number, 1), ORDERS + ORDERS[:4]))
    approved = [row for row in answers if row.get("status") == "approved"]
    refused = [row for row in answers if row.get("status") not in {"approved", "awaiting_approval"}]
    assert {row["code"] for row in refused} <= {"limit_reached"}, refused
    assert len(approved) == 5
    assert counted(app, store) == dict.fromkeys(("order", "customer", "day"), 5000)


def test_a_refund_sees_what_is_out_on_trust(app, store):
    assert [ask(store, number)["status"] for number in (1, 3)] == ["approved", "approved"]
    body = {"order": "#4", "lines": [{"line_id": "a-4", "quantity": 2}]}
    asked = store.post("/v1/refunds", body, Aftersale_Customer="cust-1", Prefer="wait=15")
    assert asked.json()["code"] == "limit_reached", asked.text
    made = exchange(store, swap(number=4), number=4).json()
    assert (made["status"], counted(app, store)["customer"]) == ("approved", 4000), (
        "what waits for goods is not counted"
    )


def test_goods_that_come_back_while_the_order_is_refunded_hold_up_nobody(app, store):
    """Whoever gives back and whoever spends take the order's lock before the counters'."""
    made = [ask(store, number, 1) for number in ORDERS[:5]]
    for row in made:
        sent(store, row)
        assert store.post(f"/v1/returns/{row['return']}/receive", {}).status_code == 200

    def complete(row: dict[str, Any]) -> int:
        return store.post(f"/v1/returns/{row['return']}/complete", {}).status_code

    def refund(number: int) -> int:
        body = {"order": f"#{number}", "lines": [{"line_id": f"a-{number}", "quantity": 1}]}
        return store.post("/v1/refunds", body, Aftersale_Customer="cust-1").status_code

    with ThreadPoolExecutor(10) as pool:
        completed = [pool.submit(complete, row) for row in made]
        refunded = [pool.submit(refund, number) for number in ORDERS[:5]]
        assert {one.result() for one in completed} == {200}
        accepted = [one.result() for one in refunded]
    assert set(accepted) <= {201, 202, 409, 422}, accepted
    paid = 1000 * sum(status in {201, 202} for status in accepted)
    assert counted(app, store) == dict.fromkeys(("order", "customer", "day"), paid)
