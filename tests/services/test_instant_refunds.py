"""A return that is paid before its goods are here: by the policy, less its fees, once, and held against what comes."""

from __future__ import annotations

import time
from typing import Any

import pytest

from app import clock
from app.models.returns import Return
from app.services import return_expiry, return_overdue
from tests.services.test_return_inspections import arrive, inspect
from tests.services.test_returns_and_labels import SHOP, change, label_for, of_two, put_in_force, send_back, settled
from tests.support.app import CAPS, App, Tenant

SETTINGS = {"retry_seconds": (0.1,) * 4}
FEE = {"fees": [{"id": "restocking", "percent": 10, "fixed": {"EUR": 50}}]}
FREELY = {"caps": {"EUR": CAPS}, "instant_refund": True, "return_window_days": 30}
SHOPPER = {"Aftersale_Customer": "cust-1"}


@pytest.fixture
def store(app: App) -> Tenant:
    return app.store(SHOP)


@pytest.fixture
def mixed(app: App) -> Tenant:
    gift = {"id": "pm-gift", "kind": "gift_card", "label": "Gift", "balance": 0, "currency": "EUR"}
    customer = {**SHOP["customers"][0], "payment_methods": [gift]}
    return app.store({**SHOP, "customers": [customer], "orders": [of_two(6)]})


def approved(store: Tenant, quantity: int = 3, **headers: str) -> dict[str, Any]:
    made = send_back(store, quantity=quantity, Prefer="wait=10", **headers).json()
    assert (made["status"], made["operation"]["status"]) == ("approved", "succeeded")
    return made


def pay(store: Tenant, made: dict[str, Any], *, by: dict[str, str] | None = None, **body: Any) -> Any:
    asked = {"order": made["order"], "return_id": made["id"], **body}
    return store.post("/v1/refunds", asked, Prefer="wait=10", **(by or {}))


def now(store: Tenant, made: dict[str, Any]) -> dict[str, Any]:
    return store.get(f"/v1/returns/{made['id']}").json()


def given(store: Tenant) -> list[int]:
    store.rest()
    return [row["amount"] for row in store.sandbox.effects("refund")]


def handed_over(store: Tenant) -> list[str]:
    return [row["tags"][0] for row in store.get("/v1/tickets").json()["data"] if row["tags"]]


def test_it_is_paid_less_its_fees_and_not_again_when_its_goods_are_here(store: Tenant) -> None:
    put_in_force(store, FEE)
    made = approved(store)
    quoted = store.post("/v1/refunds/quote", {"order": "#1", "return_id": made["id"]}).json()
    paid = pay(store, made)
    assert (paid.status_code, paid.json()["status"]) == (201, "succeeded"), paid.text
    refund = paid.json()
    assert (refund["amount"]["amount"], refund["breakdown"]["fee"]["amount"]) == (850, 150)
    assert (quoted["amount"], quoted["breakdown"]) == (refund["amount"], refund["breakdown"])
    assert (now(store, made)["refund"], now(store, made)["refunds"]) == (refund["id"], [refund["id"]])
    again = pay(store, made)
    assert (again.status_code, again.json()["code"]) == (409, "return_not_in_state")
    change(store, made, "receive")
    done = change(store, made, "complete").json()
    assert (done["status"], done["refunds"]) == ("completed", [refund["id"]])
    assert given(store) == [850]
    assert handed_over(store) == []


def test_of_what_was_paid_in_part_the_rest_is_paid_when_it_comes(store: Tenant) -> None:
    put_in_force(store, FEE)
    made = approved(store)
    assert pay(store, made, lines=[{"line_id": "a-1", "quantity": 1}]).json()["amount"]["amount"] == 333 - 33 - 50
    change(store, made, "receive")
    done = change(store, made, "complete").json()
    assert len(done["refunds"]) == 2
    assert given(store) == [250, 600], "the fixed fee is kept back once"
    assert handed_over(store) == []


def test_where_less_comes_than_was_paid_a_person_is_told_and_nothing_is_charged(store: Tenant) -> None:
    made = approved(store)
    assert pay(store, made).json()["amount"]["amount"] == 1000
    arrive(store, made, a_1=1)
    assert change(store, made, "complete").json()["status"] == "completed"
    assert given(store) == [1000]
    assert handed_over(store) == ["return-paid-too-early"]
    line = store.get("/v1/orders/1").json()["lines"][0]
    assert line["refunded_quantity"] == 3
    refused = store.post("/v1/refunds", {"order": "#1", "lines": [{"line_id": "a-1", "quantity": 1}]})
    assert refused.json()["code"] == "refund_exceeds_captured", "what was paid is paid"


def test_what_is_found_to_be_another_item_after_it_was_paid_goes_to_a_person(store: Tenant) -> None:
    made = approved(store)
    pay(store, made)
    change(store, made, "receive")
    inspect(store, made, a_1="wrong_item")
    assert change(store, made, "complete").json()["status"] == "completed"
    assert (given(store), handed_over(store)) == ([1000], ["return-paid-too-early"])


def test_a_return_that_was_paid_neither_ends_by_the_clock_nor_is_canceled(app: App, store: Tenant) -> None:
    made = approved(store)
    pay(store, made)
    refused = change(store, made, "cancel")
    assert (refused.status_code, refused.json()["code"]) == (409, "return_not_in_state")

    def late(session: Any) -> None:
        session.get_one(Return, made["id"]).expires_at = clock.now()

    app.write(late)
    app.write(return_expiry.tend)
    assert (now(store, made)["status"], now(store, made)["expires_at"]) == ("approved", None)
    assert now(store, made)["due_at"] is not None, "when it is late a person is told"

    def overdue(session: Any) -> None:
        session.get_one(Return, made["id"]).due_at = clock.now()

    app.write(overdue)
    app.write(return_overdue.tend)
    give_up = time.monotonic() + 10
    while now(store, made)["ticket"] is None:  # the app's own round was faster, and has not committed yet
        assert time.monotonic() < give_up
        time.sleep(0.05)
    ticket = store.get(f"/v1/tickets/{now(store, made)['ticket']}").json()
    assert ticket["handoff"]["summary"].endswith("Money of it has gone back already.")


def test_a_shopper_is_paid_before_the_goods_only_where_the_policy_says_so(app: App) -> None:
    careful = app.store(SHOP)
    made = approved(careful, **SHOPPER)
    asked = pay(careful, made, by=SHOPPER)
    assert (asked.status_code, asked.json()["status"]) == (202, "awaiting_approval"), asked.text
    assert pay(careful, made, by=SHOPPER).json()["code"] == "return_not_in_state", "asked once"
    change(careful, made, "receive")
    assert careful.get(f"/v1/refunds/{asked.json()['id']}").json()["status"] == "canceled", "nobody need decide now"
    assert careful.get(f"/v1/approvals/{asked.json()['approval']['id']}").json()["status"] == "canceled"
    change(careful, made, "complete")
    assert given(careful) == [1000]

    generous = app.store(SHOP, policy=FREELY)
    made = approved(generous, **SHOPPER)
    paid = pay(generous, made, by=SHOPPER)
    assert (paid.status_code, paid.json()["status"]) == (201, "succeeded"), paid.text
    change(generous, made, "receive")
    change(generous, made, "complete")
    assert given(generous) == [1000]


def test_two_persons_are_not_evaded_by_paying_it_line_by_line(app: App) -> None:
    store = app.store(SHOP)
    put_in_force(store, {"two_persons_above": {"EUR": 600}})
    made = approved(store)
    one = {"lines": [{"line_id": made["lines"][0]["line_id"], "quantity": 1}]}
    asked = [pay(store, made, **one).json()["status"] for _ in range(2)]
    assert asked == ["succeeded", "awaiting_approval"]
    assert len(given(store)) == 1


def test_a_person_s_yes_pays_it(app: App, store: Tenant) -> None:
    made = approved(store, **SHOPPER)
    asked = pay(store, made, by=SHOPPER).json()
    path = f"/v1/approvals/{asked['approval']['id']}/approve"
    assert store.post(path, {}, Aftersale_Actor="agent:kim").status_code == 200
    assert given(store) == [1000]
    change(store, made, "receive")
    change(store, made, "complete")
    assert given(store) == [1000]


def test_lines_that_become_store_credit_are_named_apart(mixed: Tenant) -> None:
    lines = [{"line_id": "a-6", "quantity": 3, "resolution": "store_credit"}, {"line_id": "c-6", "quantity": 1}]
    made = mixed.post("/v1/returns", {"order": "#6", "lines": lines}, Prefer="wait=10").json()
    both = pay(mixed, made)
    assert (both.status_code, both.json()["errors"][0]["pointer"]) == (422, "/lines")
    credit = pay(mixed, made, lines=[{"line_id": "a-6", "quantity": 3}]).json()
    assert (credit["status"], credit["destination"]["type"], credit["amount"]["amount"]) == (
        "succeeded",
        "store_credit",
        1000,
    )
    change(mixed, made, "receive")
    done = change(mixed, made, "complete").json()
    assert (len(done["refunds"]), sum(given(mixed))) == (2, 100)
    assert sum(row["amount"] for row in mixed.sandbox.effects("payout")) == 1000


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"amount": {"amount": 100, "currency": "EUR"}}, 422, "validation_failed"),
        ({"shipping": True}, 422, "validation_failed"),
        ({"destination": {"type": "store_credit"}}, 422, "validation_failed"),
        ({"lines": [{"line_id": "a-1", "quantity": 3}]}, 422, "item_not_in_order"),
        ({"lines": [{"line_id": "b-1", "quantity": 1}]}, 422, "item_not_in_order"),
        ({"order": "#3"}, 404, "return_not_found"),
        ({"return_id": "ret_01m7zxygbsejxtq4s42fwrf2ge"}, 404, "return_not_found"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_pays_nothing(store: Tenant, body: Any, status: int, code: str) -> None:
    made = approved(store, quantity=2)
    answer = pay(store, made, **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert given(store) == []


def test_a_return_whose_goods_are_here_is_completed_instead(store: Tenant) -> None:
    made = approved(store)
    change(store, made, "receive")
    answer = pay(store, made)
    assert (answer.status_code, answer.json()["code"]) == (409, "return_not_in_state")


# ---- a label that the shopper pays ----------------------------------------------------------------------------------

AT_ONCE: dict[str, Any] = {"caps": {"EUR": CAPS}, "instant_refund": True}
OWN_LABEL = {**AT_ONCE, "label": {"payer": "shopper"}}


@pytest.mark.parametrize("who", [{}, SHOPPER], ids=["store", "shopper"])
@pytest.mark.parametrize("quantity", [1, 3])
def test_who_pays_their_label_gets_none_out_of_money_that_has_gone(
    store: Tenant, who: dict[str, str], quantity: int
) -> None:
    put_in_force(store, OWN_LABEL)
    made = approved(store)
    assert pay(store, made, by=who, lines=[{"line_id": "a-1", "quantity": quantity}]).status_code == 201
    refused = label_for(store, made)
    assert (refused.status_code, refused.json()["code"]) == (409, "return_not_in_state")
    store.rest()
    assert store.sandbox.effects("label") == []
    enclosed = {"return_id": made["id"], "enclosed": {"carrier": "UPS", "tracking_number": "1Z999AA10123456784"}}
    assert store.post("/v1/return-labels", enclosed, Prefer="wait=10").status_code in {200, 201}


def test_a_label_before_the_money_is_kept_back_and_bought_again_once_it_is_void(store: Tenant) -> None:
    put_in_force(store, OWN_LABEL)
    made = approved(store)
    label = label_for(store, made).json()
    cost = label["cost"]["amount"]
    refund = pay(store, made).json()
    assert (refund["amount"]["amount"], refund["breakdown"]["fee"]["amount"]) == (1000 - cost, cost)
    second = store.post("/v1/return-labels", {"return_id": made["id"], "parcel_number": 2})
    assert (second.status_code, second.json()["code"]) == (409, "return_not_in_state")
    assert store.send("DELETE", f"/v1/return-labels/{label['id']}", Prefer="wait=10").json()["status"] == "voided"
    assert label_for(store, made).json()["cost"]["amount"] == cost, "it was paid for already"


def test_while_its_label_is_being_bought_the_money_waits(store: Tenant) -> None:
    put_in_force(store, OWN_LABEL)
    made = approved(store)
    store.sandbox.fault("label", "slow", delay_ms=2000)
    label = label_for(store, made, wait=0)
    assert label.status_code == 202
    early = pay(store, made)
    assert (early.status_code, early.json()["code"]) == (409, "return_not_in_state")
    cost = settled(store, label.json())["cost"]["amount"]
    assert pay(store, made).json()["breakdown"]["fee"]["amount"] == cost > 0


def test_while_a_person_is_asked_for_the_money_its_label_waits(store: Tenant) -> None:
    put_in_force(store, {**OWN_LABEL, "instant_refund": False})
    made = approved(store, **SHOPPER)
    asked = pay(store, made, by=SHOPPER)
    assert asked.json()["status"] == "awaiting_approval"
    assert label_for(store, made).json()["code"] == "return_not_in_state"
    answer = store.post(f"/v1/approvals/{asked.json()['approval']['id']}/reject", {}, Aftersale_Actor="agent:kim")
    assert answer.status_code == 200, answer.text
    assert label_for(store, made).json()["cost"]["amount"] > 0


def test_a_label_that_the_store_pays_comes_after_the_money_too(store: Tenant) -> None:
    put_in_force(store, AT_ONCE)
    made = approved(store)
    assert pay(store, made).status_code == 201
    assert label_for(store, made).json()["cost"]["amount"] > 0
