"""What a preview shows, what it leaves behind (nothing), and what its token lets happen (that, once)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from app import clock
from app.models.approvals import Confirmation
from app.routers import calling
from tests.http.test_returnable import put_in_force
from tests.support.app import App, Tenant
from tests.support.tables import differing, still

ALONE = True
"""Every table is looked at, as it was and as it is."""

LINES = [{"line_id": "ln-1001-1", "quantity": 1}]
WRITES = {
    "refund": ("/v1/refunds", {"order": "#1001", "lines": LINES}, "refund"),
    "return": ("/v1/returns", {"order": "#1001", "lines": LINES}, "return"),
    "label": ("/v1/return-labels", {"order": "#1001", "lines": LINES}, "return_label"),
    "cancel": ("/v1/orders/1016/cancel", {"reason": "no longer needed"}, "order_cancel"),
}


@pytest.fixture
def store(app: App) -> Tenant:
    return app.store()


def preview(store: Tenant, name: str, **headers: str) -> Any:
    path, body, _ = WRITES[name]
    return store.post(path, {**body, "preview": True}, **headers)


def confirm(store: Tenant, name: str, token: str, **headers: Any) -> Any:
    path, body, _ = WRITES[name]
    return store.post(path, {**body, "confirmation_token": token}, **headers)


@pytest.mark.parametrize("name", sorted(WRITES))
def test_a_preview_tells_the_effects_and_leaves_nothing_but_its_token(app, store, name):
    store.get("/v1/orders")
    preview(store, name)  # the mirror is fresh from here on
    before = still(app.settings.database)
    answer = preview(store, name)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown["decision"]["outcome"] == "allow"
    assert WRITES[name][2] in [effect["kind"] for effect in shown["effects"]]
    assert shown["confirmation_token"].startswith("cft_")
    assert set(differing(before, still(app.settings.database))) <= {"confirmations", "orders"}
    assert [store.sandbox.effects(kind) for kind in ("refund", "label", "cancel")] == [[], [], []]


def test_a_preview_of_a_refund_shows_money_quantities_and_where_it_goes(store):
    (effect,) = preview(store, "refund").json()["effects"]
    assert effect["amount"]["amount"] > 0
    assert [line["quantity"] for line in effect["lines"]] == [1]
    assert effect["destination"] == {"type": "original", "payment_method_id": None}
    assert sum(part["amount"]["amount"] for part in effect["allocations"]) == effect["amount"]["amount"]


def test_a_preview_of_a_return_shows_its_fee_who_pays_the_label_and_how_it_comes_back(store):
    put_in_force(store, {"fees": [{"id": "restocking", "percent": 10}], "label": {"payer": "shopper"}})
    (effect,) = (row for row in preview(store, "return").json()["effects"] if row["kind"] == "return")
    token = preview(store, "return").json()["confirmation_token"]
    made = confirm(store, "return", token).json()
    assert effect["fee"] == made["fee"]
    assert made["fee"]["amount"] > 0
    assert (effect["label_payer"], effect["method"]) == (made["label_payer"], made["method"]) == ("shopper", "label")


def test_a_preview_of_a_return_tells_that_the_goods_stay(store):
    put_in_force(store, {"keep_items": {"below": {"EUR": 100_000}}})
    (effect,) = (row for row in preview(store, "return").json()["effects"] if row["kind"] == "return")
    assert (effect["method"], effect["fee"]["amount"], effect["label_payer"]) == ("keep", 0, "store")


def test_a_preview_of_what_is_refused_is_the_refusal_and_is_not_kept_for_the_key(store):
    body = {"order": "#1001", "amount": {"amount": 10**9, "currency": "EUR"}}
    answer = store.post("/v1/refunds", {**body, "preview": True}, key="same")
    assert (answer.status_code, answer.json()["code"]) == (409, "refund_exceeds_captured")
    done = store.post("/v1/refunds", {"order": "#1001", "lines": LINES}, key="same")
    assert done.status_code in {201, 202}


@pytest.mark.parametrize("name", sorted(WRITES))
def test_a_token_lets_the_previewed_write_happen_once(store, name):
    token = preview(store, name).json()["confirmation_token"]
    done = confirm(store, name, token, key="first", Prefer="wait=10")
    assert done.status_code in {200, 201}, done.text
    again = confirm(store, name, token, key="first")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["id"] == done.json()["id"]
    other = confirm(store, name, token, key="second")
    assert (other.status_code, other.json()["code"]) == (409, "confirmation_required")


def test_a_token_and_none_come_to_the_same_answer_for_one_key(store):
    token = preview(store, "refund").json()["confirmation_token"]
    done = confirm(store, "refund", token, key="k")
    path, body, _ = WRITES["refund"]
    plain = store.post(path, body, key="k")
    assert plain.json()["id"] == done.json()["id"]
    assert len(store.sandbox.effects("refund")) <= 1


@pytest.mark.parametrize("name", ["refund", "return", "cancel"])
def test_what_has_moved_since_the_preview_refuses_the_token(store, name):
    token = preview(store, name).json()["confirmation_token"]
    number = "#1016" if name == "cancel" else "#1001"
    moved = store.post("/v1/refunds", {"order": number, "amount": {"amount": 1, "currency": "EUR"}}, Prefer="wait=10")
    assert moved.status_code == 201, moved.text
    answer = confirm(store, name, token, key="k")
    assert (answer.status_code, answer.json()["code"]) == (409, "facts_changed")
    fresh = preview(store, name).json()["confirmation_token"]
    assert confirm(store, name, fresh, key="k").status_code in {200, 201, 202}, "the key was not spoiled"


def test_what_is_refused_by_now_has_moved(store):
    token = preview(store, "cancel").json()["confirmation_token"]
    path, body, _ = WRITES["cancel"]
    assert store.post(path, body, Prefer="wait=10").status_code == 200
    assert confirm(store, "cancel", token).json()["code"] == "facts_changed"


def test_a_token_is_good_for_its_own_request_alone(app, store):
    token = preview(store, "refund").json()["confirmation_token"]
    path, body, _ = WRITES["refund"]
    wrong = [
        store.post(path, {**body, "note": "more", "confirmation_token": token}),
        store.post(path, {**body, "confirmation_token": token}, Aftersale_Customer="cust-anna"),
        store.post("/v1/returns", {**WRITES["return"][1], "confirmation_token": token}),
        store.post(path, {**body, "confirmation_token": "cft_nobody"}),
    ]
    other_key = app.client(store.issue()[1])
    wrong.append(other_key.post(path, json={**body, "confirmation_token": token}, headers={"Idempotency-Key": "other"}))
    assert [(answer.status_code, answer.json()["code"]) for answer in wrong] == [(409, "confirmation_required")] * 5
    assert confirm(store, "refund", token).status_code in {201, 202}


def test_a_token_ends_after_fifteen_minutes(app, store):
    token = preview(store, "refund").json()["confirmation_token"]

    def age(session: Any) -> None:
        row = session.query(Confirmation).filter_by(store_id=store.id).one()
        assert row.expires_at - row.created_at == timedelta(minutes=15)
        assert token not in (row.hash, row.bound_to, row.facts)
        row.expires_at = clock.now()

    app.write(age)
    assert confirm(store, "refund", token).json()["code"] == "confirmation_required"


def test_one_token_in_six_hands_makes_one_refund(store):
    token = preview(store, "refund").json()["confirmation_token"]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: confirm(store, "refund", token, key=f"k-{n}", Prefer="wait=10"), range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert len(store.sandbox.effects("refund")) == 1


@pytest.fixture
def confirming(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever calls must bring a token, as a shopper's token, a flow or an AI tool will have to."""
    monkeypatch.setattr(calling, "Caller", partial(calling.Caller, must_confirm=True))


@pytest.mark.usefixtures("confirming")
@pytest.mark.parametrize(("name", "effect"), [("refund_order", "refund"), ("issue_label", "label")])
def test_who_must_confirm_what_costs_brings_a_token(store, name, effect):
    body = {"order": "#1001", "lines": LINES}
    refused = store.post(f"/v1/actions/{name}", body, key="k")
    assert (refused.status_code, refused.json()["code"]) == (409, "confirmation_required")
    assert store.sandbox.effects(effect) == []
    shown = store.post(f"/v1/actions/{name}", {**body, "preview": True}).json()
    sent = {**body, "confirmation_token": shown["confirmation_token"]}
    assert store.post(f"/v1/actions/{name}", sent, key="k", Prefer="wait=10").status_code == 201
    assert len(store.sandbox.effects(effect)) == 1
    again = store.post(f"/v1/actions/{name}", body, key="k")
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.usefixtures("confirming")
def test_what_costs_nothing_needs_no_token(store):
    assert store.post("/v1/actions/withdraw", {"order": "#1001"}).status_code == 201
