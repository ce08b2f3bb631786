"""Waiting: an answer comes when the effect has settled, or after the seconds that the caller grants."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.support.app import Tenant

REFUND = {"order": "#1001", "amount": {"amount": 100, "currency": "EUR"}, "reason": "damaged"}
LABEL = {"order": "#1001", "lines": [{"line_id": "ln-1001-1", "quantity": 1}]}


def until(store: Tenant, path: str, *statuses: str, seconds: float = 10) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while True:
        found = store.get(path).json()
        if found["status"] in statuses or time.monotonic() > deadline:
            assert found["status"] in statuses, found
            return found
        time.sleep(0.05)


def test_who_waits_for_nothing_gets_202_and_finds_it_settled_later(store: Tenant) -> None:
    store.sandbox.fault("refund", "slow", delay_ms=400)
    answer = store.post("/v1/refunds", REFUND, Prefer="wait=0")
    assert answer.status_code == 202
    refund = answer.json()
    assert (refund["status"], refund["settled_at"]) == ("pending", None)
    assert refund["operation"]["status"] == "pending"
    assert refund["operation"]["kind"] == "refund"
    done = until(store, f"/v1/refunds/{refund['id']}", "succeeded")
    assert done["operation"]["status"] == "succeeded"
    assert done["settled_at"] is not None
    operation = store.get(f"/v1/operations/{refund['operation']['id']}").json()
    assert (operation["status"], operation["tries"], len(operation["attempts"])) == ("succeeded", 1, 1)
    assert len(store.sandbox.effects("refund")) == 1


def test_who_waits_gets_it_settled(store: Tenant) -> None:
    store.sandbox.fault("refund", "slow", delay_ms=700)
    started = time.monotonic()
    answer = store.post("/v1/refunds", REFUND, Prefer="wait=10")
    assert (answer.status_code, answer.json()["status"]) == (201, "succeeded")
    assert 0.7 <= time.monotonic() - started < 8


def test_a_wait_that_is_too_short_ends_in_202(store: Tenant) -> None:
    store.sandbox.fault("refund", "slow", delay_ms=1800)
    started = time.monotonic()
    answer = store.post("/v1/refunds", REFUND, Prefer="respond-async, wait=1")
    assert answer.status_code == 202
    assert 1 <= time.monotonic() - started < 5  # a slow machine may take its time: who waits for the effect gets 201


@pytest.mark.parametrize("prefer", ["return=minimal", "wait", "wait=", "wait=x", "wait=-1", "wait=1.5", ""])
def test_a_preference_that_means_nothing_here_is_passed_over(store: Tenant, prefer: str) -> None:
    answer = store.post("/v1/refunds", REFUND, Prefer=prefer)
    assert (answer.status_code, answer.json()["status"]) == (201, "succeeded")


def test_a_label_is_202_until_the_carrier_has_answered(store: Tenant) -> None:
    store.sandbox.fault("label", "slow", delay_ms=400)
    answer = store.post("/v1/return-labels", LABEL, Prefer="wait=0")
    label = answer.json()
    assert (answer.status_code, label["status"], label["file"]) == (202, "pending", None)
    refused = store.get(f"/v1/return-labels/{label['id']}/file")
    assert (refused.status_code, refused.json()["code"]) == (409, "label_not_active")
    done = until(store, f"/v1/return-labels/{label['id']}", "active")
    file = store.get(done["file"])
    assert (file.status_code, file.headers["content-type"]) == (200, "application/pdf")
    assert file.content.startswith(b"%PDF-")
    store.sandbox.fault("label_void", "slow", delay_ms=400)
    voiding = store.send("DELETE", f"/v1/return-labels/{label['id']}", Prefer="wait=0")
    assert (voiding.status_code, voiding.json()["status"]) == (202, "voiding")
    until(store, f"/v1/return-labels/{label['id']}", "voided")


def test_a_cancellation_is_202_until_the_shop_has_answered(store: Tenant) -> None:
    store.sandbox.fault("cancel", "slow", delay_ms=400)
    answer = store.post("/v1/orders/1016/cancel", {"reason": "mistake"}, Prefer="wait=0")
    assert (answer.status_code, answer.json()["operation"]["status"]) == (202, "pending")
    assert answer.json()["status"] == "pending"
    until(store, "/v1/orders/1016", "canceled")
    until(store, f"/v1/refunds/{answer.json()['refund']}", "succeeded")


def test_what_nobody_knows_yet_is_never_shown_as_failed(store: Tenant) -> None:
    store.sandbox.fault("refund", "timeout_after_effect", times=1)
    store.sandbox.fault("lookup", "throttle", times=1)
    answer = store.post("/v1/refunds", REFUND, Prefer="wait=0")
    seen = {answer.json()["status"]}
    deadline = time.monotonic() + 20
    while "succeeded" not in seen and time.monotonic() < deadline:
        seen.add(store.get(f"/v1/refunds/{answer.json()['id']}").json()["status"])
        time.sleep(0.03)
    assert seen == {"pending", "unknown", "succeeded"}
    assert len(store.sandbox.effects("refund")) == 1
