"""A backtest counts what a document would have decided, once per case, wherever its job was stopped."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import insert

from app import ids
from app.models.policies import Backtest
from app.models.records import Decision
from app.services import backtest_runs, decisions
from tests.support.app import App, Tenant

ANNA = {"Aftersale_Customer": "cust-anna"}
SHUT: dict[str, Any] = {"windows": {"default_days": 0}}
LINE = {"line_id": "ln-1001-1", "quantity": 1}
WORTH = 8900
"""What was paid for it."""
MANY = 1_200


def ended(store: Tenant, answer: Any) -> dict[str, Any]:
    """The backtest once it has ended."""
    assert answer.status_code in {201, 202}, answer.text
    give_up = time.monotonic() + 60
    shown = answer.json()
    while shown["status"] in {"pending", "running"} and time.monotonic() < give_up:
        time.sleep(0.1)
        shown = store.get(f"/v1/policies/backtests/{shown['id']}").json()
    assert shown["status"] == "completed", shown
    return shown


def copy_decision(app: App, store: Tenant, times: int) -> None:
    """The store's one decision so many times more."""

    def work(session: Any) -> None:
        row = decisions.row_of(session.query(Decision).filter_by(store_id=store.id).one())
        session.execute(insert(Decision), [{**row, "id": ids.new("dec")} for _ in range(times)])

    app.write(work)


def test_a_stricter_draft_shows_what_it_would_have_refused(store: Tenant) -> None:
    assert store.post("/v1/returns", {"order": "#1001", "lines": [LINE]}, **ANNA).status_code == 201
    assert (
        store.post("/v1/refunds", {"order": "#1004", "amount": {"amount": 700, "currency": "EUR"}}).status_code == 201
    )
    draft = store.post("/v1/policies", {"document": SHUT}).json()
    done = ended(store, store.post("/v1/policies/backtest", {"policy": draft["id"], "orders": False}))
    result = done["result"]
    assert (result["decisions"], result["requests"], result["changed"]) == (2, 0, 1)
    assert (result["before"], result["after"]) == (
        {"allow": 2, "refuse": 0, "ask": 0}, {"allow": 1, "refuse": 1, "ask": 0},
    )  # fmt: skip
    [example] = result["examples"]
    assert (example["before"]["outcome"], example["after"]["code"]) == ("allow", "return_window_closed")
    stored = store.get(f"/v1/decisions/{example['decision']}").json()
    assert (stored["action"], stored["outcome"]) == ("return", "allow"), "nothing was changed by it"
    assert result["cost"]["after"]["unspecified"] == {"EUR": 700}
    assert done["baseline"] == {"policy": None, "version": "plain-1"}
    assert done["progress"] == {"done": 2, "total": 2}


def test_past_orders_are_tried_line_by_line_and_cost_is_summed(store: Tenant) -> None:
    order = store.get("/v1/orders/1001").json()
    body = {"document": {"windows": {"default_days": 13}}, "after_days": 14}
    result = ended(store, store.post("/v1/policies/backtest", body))["result"]
    assert result["decisions"] == 0
    assert result["requests"] == sum(line["fulfilled_quantity"] > 0 for line in order["lines"])
    assert (result["before"]["allow"], result["after"]["refuse"]) == (result["requests"], result["requests"])
    assert result["cost"]["before"] == {"unspecified": {"EUR": sum(line["total"]["amount"] for line in order["lines"])}}
    assert result["cost"]["after"] == {}
    assert {row["order"] for row in result["examples"]} == {order["id"]}
    longer = ended(store, store.post("/v1/policies/backtest", {**body, "after_days": 13}))["result"]
    assert longer["changed"] == 0


def test_a_past_order_is_tried_as_its_customer_had_behaved_by_then(store: Tenant) -> None:
    store.get("/v1/orders/1001")
    known = {"fact": "customer.orders", "op": "gte", "value": 1}
    rule = {"id": "known", "actions": ["return"], "outcome": "ask", "when": known}
    result = ended(store, store.post("/v1/policies/backtest", {"document": {"rules": [rule]}}))["result"]
    assert result["requests"] > 0
    assert result["after"]["ask"] == result["requests"]
    assert store.post("/v1/returns", {"order": "#1001", "lines": [LINE]}, **ANNA).status_code == 201
    signal = {"abuse": {"return_rate": {"above": 0, "orders_at_least": 0, "outcome": "refuse"}}}

    def refused(after_days: int) -> int:
        body = {"document": {**signal, "windows": {"default_days": None}}, "after_days": after_days}
        return ended(store, store.post("/v1/policies/backtest", body))["result"]["after"]["refuse"]

    assert refused(0) == 0, "on the day of its delivery there was no return yet"
    assert refused(300) > 0


def test_actions_and_dates_choose_what_is_looked_at(store: Tenant) -> None:
    assert store.post("/v1/returns", {"order": "#1001", "lines": [LINE]}, **ANNA).status_code == 201
    assert (
        store.post("/v1/refunds", {"order": "#1004", "amount": {"amount": 700, "currency": "EUR"}}).status_code == 201
    )

    def looked_at(**choice: Any) -> int:
        body: dict[str, Any] = {"document": {}, "orders": False, **choice}
        return ended(store, store.post("/v1/policies/backtest", body))["result"]["decisions"]

    assert looked_at(actions=["refund"]) == 1
    assert looked_at(limit=1) == 1
    assert looked_at(since="2099-01-01T00:00:00Z") == 0
    assert looked_at(until="2000-01-01T00:00:00Z") == 0


def test_an_action_that_there_is_not_is_refused_with_a_pointer(store: Tenant) -> None:
    answer = store.post("/v1/policies/backtest", {"document": {}, "actions": ["return", "dance"]})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/actions/1", "literal_error")]


def test_money_is_counted_where_it_was_decided_and_not_again_with_its_refund(store: Tenant) -> None:
    line = {**LINE, "reason": "too small"}
    made = store.post("/v1/returns", {"order": "#1001", "lines": [line]}, **ANNA).json()
    for verb, body in (("receive", {}), ("complete", {"refund": True})):
        done = store.post(f"/v1/returns/{made['id']}/{verb}", body, Prefer="wait=20")
        assert done.status_code == 200, done.text
    result = ended(store, store.post("/v1/policies/backtest", {"document": {}, "orders": False}))["result"]
    assert result["decisions"] == 2, "the return's, and its refund's"
    once = {"too small": {"EUR": WORTH}}
    assert result["cost"] == {"before": once, "after": once}


@pytest.mark.parametrize("what", ["refunds", "claims", "returns"])
def test_what_waited_for_two_persons_is_counted_once_and_not_at_each_yes(store: Tenant, what: str) -> None:
    asks = {"two_persons_above": {"EUR": 1}, "auto_approve": {"return": False}}
    policy = store.post("/v1/policies", {"document": asks}).json()["id"]
    assert store.post(f"/v1/policies/{policy}/activate").status_code == 200
    wish: dict[str, Any] = {"order": "#1001", "lines": [{**LINE, "reason": "too small"}]}
    if what == "refunds":
        wish = {"order": "#1001", "lines": [LINE], "reason": "too small"}
    elif what == "claims":
        wish = {"order": "#1001", "lines": [{**LINE, "kind": "damaged"}], "resolution": "refund"}
    asked = store.post(f"/v1/{what}", wish, **({} if what == "refunds" else ANNA)).json()
    for by in ("kim",) if what == "returns" else ("kim", "lee"):
        done = store.post(f"/v1/approvals/{asked['approval']['id']}/approve", {}, Aftersale_Actor=f"agent:{by}")
        assert done.status_code == 200, done.text
    free: dict[str, Any] = {
        "instant_refund": True,
        "caps": {"EUR": dict.fromkeys(("refund", "order", "customer", "day"), 10**6)},
        "auto_approve": {"claim": True},
    }
    body: dict[str, Any] = {"document": free, "orders": False, "actions": [what[:-1]]}
    result = ended(store, store.post("/v1/policies/backtest", body))["result"]
    assert (result["decisions"], result["after"]["allow"]) == (2, 2), "the question, and the last yes"
    assert [sum(sums.values()) for sums in result["cost"]["after"].values()] == [WORTH]


def test_a_case_is_counted_once_though_two_workers_run_the_job(app: App, store: Tenant) -> None:
    assert store.post("/v1/returns", {"order": "#1001", "lines": [LINE]}, **ANNA).status_code == 201
    copy_decision(app, store, MANY - 1)
    answer = store.post("/v1/policies/backtest", {"document": SHUT, "orders": False}, Prefer="wait=0")
    app.wait(backtest_runs.run(app.runtime, answer.json()["id"], 1))
    done = ended(store, answer)
    assert (done["result"]["decisions"], done["result"]["after"]["refuse"]) == (MANY, MANY)
    assert (len(done["result"]["examples"]), done["progress"]) == (50, {"done": MANY, "total": MANY})
    kinds = [row["type"] for row in store.get(f"/v1/events?resource={done['id']}").json()["data"]]
    assert kinds == ["backtest.created", "backtest.completed"]


def test_a_job_that_was_killed_goes_on_from_its_last_commit(app: App, store: Tenant) -> None:
    assert store.post("/v1/returns", {"order": "#1001", "lines": [LINE]}, **ANNA).status_code == 201
    copy_decision(app, store, MANY - 1)
    done = ended(store, store.post("/v1/policies/backtest", {"document": SHUT, "orders": False}))

    def as_left_by_a_kill(session: Any) -> None:
        row = session.get_one(Backtest, done["id"])
        newest = session.query(Decision.id).filter_by(store_id=store.id).order_by(Decision.id.desc())
        row.status, row.ended_at, row.chunks, row.done = "running", None, 1, 500
        row.place = newest.offset(499).first()[0]
        row.tally = {**row.tally, "decisions": 500, "before": {"allow": 500}, "after": {"refuse": 500},
                     "changed": 500, "looked_decisions": 500}  # fmt: skip

    app.write(as_left_by_a_kill)
    app.wait(backtest_runs.run(app.runtime, done["id"], 1))
    again = store.get(f"/v1/policies/backtests/{done['id']}").json()
    assert (again["status"], again["result"]["decisions"]) == ("completed", MANY)
    assert (again["result"]["before"]["allow"], again["result"]["after"]["refuse"]) == (MANY, MANY)


def test_the_same_key_counts_once(store: Tenant) -> None:
    first, again = (store.post("/v1/policies/backtest", {"document": {}}, key="one") for _ in "ab")
    assert first.json()["id"] == again.json()["id"]
