"""Triage over HTTP: one text or up to a hundred, in order; nothing is stored."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.app import Tenant

INTENTS = {"order.status", "order.cancel", "return.request", "refund.request", "human.request", "praise", "other"}


def test_one_text_is_understood(store: Tenant) -> None:
    text = "Please cancel order #1003, my e-mail is emma.clarke@example.com, you owe me 12.99 EUR since 2026-11-02"
    found = store.post("/v1/triage", {"text": text}, key=None).json()
    assert (found["language"]["code"], found["intent"]["name"]) == ("en", "order.cancel")
    assert found["intents"][0] == found["intent"]
    assert found["entities"]["order_numbers"] == ["1003"]
    assert found["entities"]["emails"] == ["emma.clarke@example.com"]
    assert found["entities"]["amounts"] == [{"amount": 1299, "currency": "EUR"}]
    assert found["entities"]["dates"] == ["2026-11-02"]
    assert set(found["sentiment"]) == {"label", "score", "anger"}


def test_a_hundred_texts_are_understood_in_order(store: Tenant) -> None:
    texts = [
        "Wo ist meine Bestellung?",
        "I want to return this",
        "Je veux annuler ma commande",
        "Thank you so much!",
    ] * 25
    found = store.post("/v1/triage", {"texts": texts}, key=None).json()["data"]
    assert len(found) == 100
    assert [row["language"]["code"] for row in found[:3]] == ["de", "en", "fr"]
    assert [row["intent"]["name"] for row in found[:4]] == ["order.status", "return.request", "order.cancel", "praise"]
    assert found[:4] == found[96:]
    one = store.post("/v1/triage", {"text": texts[0]}, key=None).json()
    assert one == found[0]


def test_the_hint_decides_where_the_text_does_not(store: Tenant) -> None:
    found = store.post("/v1/triage", {"text": "#1003", "locale_hint": "ja-JP"}, key=None)
    assert found.status_code == 200
    assert found.json()["entities"]["order_numbers"] == ["1003"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "a", "texts": ["b"]},
        {"texts": []},
        {"texts": ["a"] * 101},
        {"text": ""},
        {"text": 5},
        {"texts": ["a", None]},
        {"text": "a" * 50_001},
        {"text": "a", "language": "en"},
    ],
)
def test_what_cannot_be_meant_is_refused(store: Tenant, body: dict[str, Any]) -> None:
    answer = store.post("/v1/triage", body, key=None)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


def test_nothing_of_it_is_stored(store: Tenant) -> None:
    store.post("/v1/triage", {"text": "I want to talk to a person, my lawyer will sue you"}, key=None)
    assert store.get("/v1/tickets").json()["data"] == []


def test_a_key_without_the_scope_may_not(store: Tenant) -> None:
    _, key = store.issue(scopes=("orders:read",))
    answer = store.app.client(key).post("/v1/triage", json={"text": "Hello"})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
