"""Idempotency keys: one effect and one answer per key, whatever is sent again and whenever."""

from __future__ import annotations

import copy
import hashlib
import threading
import time
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest
import time_machine

from app import clock
from tests.support.app import DEMO, App, Tenant

CENT = {"amount": 1, "currency": "EUR"}
REFUND = {"order": "#1001", "amount": CENT, "reason": "damaged"}
VERBS = ("approve", "decline", "receive", "inspect", "complete", "cancel")
LINE = {"line_id": "ln-1001-1", "quantity": 1}


def replayed(answer: httpx.Response) -> bool:
    return answer.headers.get("idempotent-replayed") == "true"


def told(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


def test_the_same_key_and_body_get_the_first_answer_again(store: Tenant) -> None:
    first = store.post("/v1/refunds", REFUND, key="one")
    again = store.post("/v1/refunds", REFUND, key="one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert (replayed(first), replayed(again)) == (False, True)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert len(store.sandbox.effects("refund")) == 1


def test_the_answer_stays_the_first_whatever_becomes_of_the_thing(store: Tenant) -> None:
    first = store.post("/v1/tickets", {"subject": "Lamp"}, key="one")
    changed = store.send("PATCH", f"/v1/tickets/{first.json()['id']}", {"status": "solved"})
    assert changed.json()["status"] == "solved"
    assert store.post("/v1/tickets", {"subject": "Lamp"}, key="one").content == first.content


def test_the_order_of_keys_and_blanks_makes_no_other_body(store: Tenant) -> None:
    bodies = (
        b'{"order":"#1001","amount":{"amount":1,"currency":"EUR"}}',
        b'{ "amount": {"currency": "EUR", "amount": 1},\n "order": "\\u00231001" }',
    )
    headers = {**store.headers(Idempotency_Key="one"), "Content-Type": "application/json"}
    first, second = (store.client.post("/v1/refunds", content=body, headers=headers) for body in bodies)
    assert first.status_code == 201
    assert second.content == first.content


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/refunds", {**REFUND, "amount": {"amount": 2, "currency": "EUR"}}),
        ("/v1/refunds", {**REFUND, "shipping": False}),
        ("/v1/refunds", {**REFUND, "order": "1001"}),
        ("/v1/returns", {"order": "#1001", "lines": [LINE]}),
        ("/v1/tickets", {"subject": "Lamp"}),
    ],
)
def test_a_key_that_came_with_another_request_is_refused(store: Tenant, path: str, body: dict[str, Any]) -> None:
    assert store.post("/v1/refunds", REFUND, key="one").status_code == 201
    assert told(store.post(path, body, key="one")) == (422, "idempotency_key_reused")
    assert replayed(store.post("/v1/refunds", REFUND, key="one"))
    assert store.get("/v1/returns").json()["data"] == store.get("/v1/tickets").json()["data"] == []


def test_a_key_is_as_long_as_255_characters(store: Tenant) -> None:
    key = "k" * 254
    assert store.post("/v1/refunds", REFUND, key=key + "a").status_code == 201
    other = store.post("/v1/refunds", REFUND, key=key + "b")
    assert (other.status_code, replayed(other)) == (201, False)


def test_each_shopper_and_the_merchant_have_keys_of_their_own(store: Tenant) -> None:
    answers = [
        store.post("/v1/tickets", {"subject": "Lamp"}, key="one", **headers)
        for headers in ({}, {"Aftersale_Customer": "cust-anna"}, {"Aftersale_Customer": "cust-luc"})
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json()["id"] for answer in answers}) == 3
    anna = answers[1].json()["customer"]
    by_our_id = store.post("/v1/tickets", {"subject": "Lamp"}, key="one", Aftersale_Customer=anna)
    assert replayed(by_our_id)
    assert by_our_id.content == answers[1].content


def test_every_verb_of_a_return_takes_a_key(store: Tenant) -> None:
    made = store.post("/v1/returns", {"order": "#1001", "lines": [LINE]}, key="make")
    path = f"/v1/returns/{made.json()['id']}"
    for verb in ("receive", "inspect", "complete"):
        first = store.post(f"{path}/{verb}", key=verb)
        assert first.status_code == 200, first.text
        again = store.post(f"{path}/{verb}", key=verb)
        assert (again.status_code, replayed(again), again.content) == (200, True, first.content)
        # until it is paid, what was found may be corrected
        assert told(store.post(f"{path}/{verb}")) == (
            (200, None) if verb == "inspect" else (409, "return_not_in_state")
        )
    refund = f"/v1/refunds/{store.get(path).json()['refund']}"
    give_up = time.monotonic() + 20
    while store.get(refund).json()["status"] != "succeeded" and time.monotonic() < give_up:
        time.sleep(0.1)
    assert len(store.sandbox.effects("refund")) == 1


def test_a_label_is_bought_and_voided_once_per_key(store: Tenant) -> None:
    body = {"order": "#1001", "lines": [LINE]}
    first, again = (store.post("/v1/return-labels", body, key="buy") for _ in "ab")
    assert (first.status_code, again.content) == (201, first.content)
    path = f"/v1/return-labels/{first.json()['id']}"
    void, twice = (store.send("DELETE", path, key="void") for _ in "ab")
    assert (void.status_code, void.json()["status"]) == (200, "voided")
    assert (twice.content, replayed(twice)) == (void.content, True)
    assert (len(store.sandbox.effects("label")), len(store.sandbox.effects("label_void"))) == (1, 1)


def test_an_order_is_canceled_once_per_key(store: Tenant) -> None:
    first, again = (store.post("/v1/orders/1003/cancel", {"reason": "mistake"}, key="c") for _ in "ab")
    assert (first.status_code, first.json()["status"]) == (200, "canceled")
    assert (again.content, replayed(again)) == (first.content, True)
    assert len(store.sandbox.effects("cancel")) == 1


# ---- twins ----------------------------------------------------------------------------------------------------


def test_twins_at_the_same_moment_make_one_refund(store: Tenant) -> None:
    store.get("/v1/orders/1001")
    answers: list[httpx.Response] = []
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait()
        answers.append(store.post("/v1/refunds", REFUND, key="twin"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == 8
    made = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.json()["id"] for answer in made}) == 1
    assert {told(answer) for answer in answers if answer not in made} <= {(409, "idempotency_key_in_use")}
    assert len(store.sandbox.effects("refund")) == 1
    assert len(store.get("/v1/refunds").json()["data"]) == 1


@pytest.mark.parametrize("app", ["postgresql"], indirect=True)
def test_a_key_whose_first_request_still_runs_is_in_use(app: App, store: Tenant) -> None:
    store.get("/v1/orders/1001")
    with psycopg.connect(app.settings.database) as rival:
        rival.execute(
            "INSERT INTO answers (store_id, livemode, shopper, key, fingerprint, created_at)"
            " VALUES (%s, false, '', %s, 'x', now())",
            (store.id, hashlib.sha256(b"one").hexdigest()),
        )
        answer = store.post("/v1/refunds", REFUND, key="one")
        assert told(answer) == (409, "idempotency_key_in_use")
        rival.rollback()
    after = store.post("/v1/refunds", REFUND, key="one")
    assert (after.status_code, replayed(after)) == (201, False)


# ---- what is kept, and for how long -------------------------------------------------------------------------------


def test_a_refusal_by_state_is_kept_for_a_day(store: Tenant) -> None:
    body = {**REFUND, "order": "#2001"}
    first = store.post("/v1/refunds", body, key="one")
    assert told(first) == (404, "order_not_found")
    document = copy.deepcopy(DEMO)
    document["orders"][0]["number"] = "#2001"
    store.sandbox.post("/sandbox/v1/import", document)
    with time_machine.travel(clock.now() + timedelta(hours=23, minutes=59)):
        again = store.post("/v1/refunds", body, key="one")
        assert (again.status_code, again.content, replayed(again)) == (404, first.content, True)
        assert again.headers["content-type"] == "application/problem+json"
        assert told(store.post("/v1/refunds", {**body, "note": "x"}, key="one")) == (422, "idempotency_key_reused")
    with time_machine.travel(clock.now() + timedelta(hours=24, seconds=2)):
        later = store.post("/v1/refunds", body, key="one")
        assert (later.status_code, replayed(later)) == (201, False)


def test_a_refusal_by_policy_is_kept(store: Tenant) -> None:
    body = {**REFUND, "amount": {"amount": 900_000, "currency": "EUR"}}
    first, again = (store.post("/v1/refunds", body, key="one") for _ in "ab")
    assert told(first) == (409, "refund_exceeds_captured")
    assert (again.content, replayed(again)) == (first.content, True)


def test_a_success_is_kept_longer_than_a_day(store: Tenant) -> None:
    first = store.post("/v1/refunds", REFUND, key="one")
    with time_machine.travel(clock.now() + timedelta(days=90)):
        again = store.post("/v1/refunds", REFUND, key="one")
    assert (again.content, replayed(again)) == (first.content, True)


def test_what_cannot_be_meant_is_not_kept(store: Tenant) -> None:
    assert told(store.post("/v1/refunds", {**REFUND, "status": "x"}, key="one")) == (422, "validation_failed")
    assert told(store.post("/v1/refunds", {**REFUND, "amount": None}, key="one")) == (422, "no_items")
    assert store.post("/v1/refunds", REFUND, key="one").status_code == 201


def test_a_missing_scope_is_not_kept(app: App, store: Tenant) -> None:
    weak = app.client(store.issue(scopes=("refunds:read",))[1])
    refused = weak.post("/v1/refunds", json=REFUND, headers={"Idempotency-Key": "one"})
    assert told(refused) == (403, "scope_missing")
    assert store.post("/v1/refunds", REFUND, key="one").status_code == 201


def test_a_provider_that_is_away_is_not_kept(store: Tenant) -> None:
    store.sandbox.fault("payment", "throttle", times=20)
    away = store.post("/v1/refunds", REFUND, key="one")
    assert told(away) == (503, "provider_unavailable")
    assert int(away.headers["retry-after"]) >= 1
    store.sandbox.call("DELETE", "/sandbox/v1/faults")
    assert store.post("/v1/refunds", REFUND, key="one").status_code == 201


def test_an_ambiguous_order_is_not_kept(app: App) -> None:
    document = copy.deepcopy(DEMO)
    document["orders"][1]["id"] = "1001"
    store = app.store(document)
    refund = {**REFUND, "order": "1001"}
    assert told(store.post("/v1/refunds", refund, key="one")) == (409, "order_ambiguous")
    again = store.post("/v1/refunds", refund, key="one")
    assert (told(again), replayed(again)) == ((409, "order_ambiguous"), False)


@pytest.mark.parametrize("door", ["refund", "read"])
def test_an_order_is_ambiguous_whichever_of_the_two_the_mirror_happens_to_know(app: App, door: str) -> None:
    document = copy.deepcopy(DEMO)
    document["orders"][1]["id"] = "1001"
    store = app.store(document)
    known = store.get("/v1/orders/1002").json()
    assert known["external_id"] == "1001"
    if door == "refund":
        answer = store.post("/v1/refunds", {**REFUND, "order": "1001"})
    else:
        answer = store.get("/v1/orders/1001")
    assert told(answer) == (409, "order_ambiguous")
    assert store.sandbox.effects("refund") == []
    assert store.post("/v1/refunds", {**REFUND, "order": known["id"]}).status_code == 201, "ours names one"


def test_what_was_running_is_told_as_it_is_now(store: Tenant) -> None:
    store.sandbox.fault("refund", "slow", delay_ms=600)
    first = store.post("/v1/refunds", REFUND, key="one", Prefer="wait=0")
    running = store.post("/v1/refunds", REFUND, key="one", Prefer="wait=0")
    assert (first.status_code, running.status_code) == (202, 202)
    assert (replayed(first), replayed(running)) == (False, True)
    done = store.post("/v1/refunds", REFUND, key="one")
    assert (done.status_code, done.json()["status"], replayed(done)) == (201, "succeeded", True)
    assert len(store.sandbox.effects("refund")) == 1


def test_without_a_key_where_none_is_needed_each_request_is_its_own(store: Tenant) -> None:
    first, second = (store.post("/v1/tickets", {"subject": "Lamp"}, key=None) for _ in "ab")
    assert first.json()["id"] != second.json()["id"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/refunds", REFUND),
        ("/v1/returns", {"order": "#1001", "lines": [LINE]}),
        ("/v1/return-labels", {"order": "#1001", "lines": [LINE]}),
        ("/v1/orders/1003/cancel", {"reason": "mistake"}),
        *((f"/v1/returns/ret_1/{verb}", None) for verb in VERBS),
    ],
)
def test_what_moves_something_wants_a_key(store: Tenant, path: str, body: Any) -> None:
    assert told(store.post(path, body, key=None)) == (400, "idempotency_key_required")
