"""Claims over HTTP: who decides, what is paid, and that nothing is paid twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.services.durable_fixtures import until
from tests.services.test_returns_and_labels import SHOP
from tests.support.app import App, Tenant
from tests.support.files import sent

CLOSED = {"completed", "declined", "canceled"}


SETTINGS = {"retry_seconds": (0.1,) * 4}


@pytest.fixture
def store(app: App) -> Tenant:
    return app.store(SHOP)


def claim(
    store: Tenant, number: int = 1, quantity: int = 1, line: str = "a", kind: str = "damaged", **more: Any
) -> Any:
    headers = {name: more.pop(name) for name in list(more) if name[0].isupper() or name == "key"}
    lines = [{"line_id": f"{line}-{number}", "quantity": quantity, "kind": kind, **more.pop("says", {})}]
    return store.post("/v1/claims", {"order": f"#{number}", "lines": lines, **more}, **headers)


def do(store: Tenant, made: dict[str, Any], verb: str, body: Any = None, **headers: str) -> Any:
    return store.post(f"/v1/claims/{made['id']}/{verb}", body or {}, **{"Prefer": "wait=10", **headers})


def events(store: Tenant, made: dict[str, Any]) -> list[str]:
    return [event["type"] for event in store.get(f"/v1/events?resource={made['id']}").json()["data"]]


def ended(store: Tenant, made: dict[str, Any]) -> dict[str, Any]:
    return until(lambda: (found := store.get(f"/v1/claims/{made['id']}").json())["status"] == "completed" and found)


def test_a_claim_waits_for_a_person_and_is_completed_with_its_money(store):
    says = {"note": "in pieces", "files": [sent(store)]}
    answer = claim(store, quantity=2, says=says, resolution="refund")
    made = answer.json()
    assert (answer.status_code, made["status"], made["wished"]) == (202, "awaiting_approval", "refund")
    assert made["approval"]["status"] == "pending"
    done = do(store, made, "accept", {"resolution": "refund"})
    assert (done.status_code, done.json()["status"]) == (200, "completed")
    assert [row["amount"] for row in store.sandbox.effects("refund")] == [666]
    assert events(store, made) == [
        f"claim.{word}" for word in ("requested", "awaiting_approval", "accepted", "completed")
    ]
    refund = store.get(f"/v1/refunds/{done.json()['refund']}").json()
    assert (refund["status"], refund["lines"][0]["quantity"]) == ("succeeded", 2)
    back = store.post("/v1/returns", {"order": "#1", "lines": [{"line_id": "a-1", "quantity": 2}]})
    assert back.json()["code"] == "already_returned", "what was paid for without coming back does not come back"


def test_a_person_may_grant_less_than_was_paid(store):
    made = claim(store, quantity=3).json()
    too_much = {"resolution": "refund", "lines": [{"line_id": "a-1", "amount": {"amount": 1001, "currency": "EUR"}}]}
    assert do(store, made, "accept", too_much).json()["code"] == "refund_exceeds_captured"
    wrong = {"resolution": "refund", "lines": [{"line_id": "a-1", "amount": {"amount": 100, "currency": "USD"}}]}
    assert do(store, made, "accept", wrong).json()["code"] == "currency_mismatch"
    other = {"resolution": "refund", "lines": [{"line_id": "b-1", "amount": {"amount": 100, "currency": "EUR"}}]}
    assert do(store, made, "accept", other).json()["code"] == "item_not_in_order"
    some = {"resolution": "refund", "lines": [{"line_id": "a-1", "amount": {"amount": 400, "currency": "EUR"}}]}
    done = do(store, made, "accept", some).json()
    assert (done["status"], done["lines"][0]["amount"]["amount"]) == ("completed", 400)
    assert [row["amount"] for row in store.sandbox.effects("refund")] == [400]


def test_no_and_taking_it_back_leave_the_items_free_for_another_claim(store):
    first = claim(store, quantity=3).json()
    assert claim(store).json()["code"] == "already_claimed"
    declined = do(store, first, "decline", {"reason": "It was worn."}).json()
    assert (declined["status"], declined["reason"]) == ("declined", "It was worn.")
    second = claim(store, quantity=3).json()
    assert do(store, second, "cancel").json()["status"] == "canceled"
    assert claim(store, quantity=3).status_code == 202
    assert store.sandbox.effects("refund") == []


@pytest.mark.parametrize("verb", ["accept", "decline", "cancel", "complete"])
def test_what_is_decided_is_not_decided_again(store, verb):
    made = claim(store).json()
    do(store, made, "decline", {"reason": "no"})
    bodies = {"accept": {"resolution": "refund"}, "decline": {"reason": "no"}}
    answer = do(store, made, verb, bodies.get(verb))
    assert (answer.status_code, answer.json()["code"]) == (409, "claim_not_in_state")


def test_one_key_opens_one_claim_and_pays_it_once(store):
    first, again = (claim(store, key="one-claim", resolution="refund") for _ in "ab")
    assert (first.status_code, again.status_code, again.headers["Idempotent-Replayed"]) == (202, 202, "true")
    assert first.json()["id"] == again.json()["id"]
    paid = [do(store, first.json(), "accept", {"resolution": "refund"}, key="pay") for _ in "ab"]
    assert paid[0].json()["refund"] == paid[1].json()["refund"]
    assert len(store.sandbox.effects("refund")) == 1
    changed = claim(store, key="one-claim", quantity=2)
    assert (changed.status_code, changed.json()["code"]) == (422, "idempotency_key_reused")


def test_a_yes_and_a_no_at_once_have_one_winner(store):
    made = claim(store, resolution="refund").json()
    said = [("accept", {"resolution": "refund"}), ("decline", {"reason": "no"})] * 3
    with ThreadPoolExecutor(6) as pool:
        codes = sorted(answer.status_code for answer in pool.map(lambda pair: do(store, made, *pair), said))
    assert codes == [200] + [409] * 5
    found = until(lambda: (c := store.get(f"/v1/claims/{made['id']}").json())["status"] in CLOSED and c)
    assert len(store.sandbox.effects("refund")) == (1 if found["status"] == "completed" else 0)


def test_two_claims_of_the_last_item_at_once_leave_one(store):
    with ThreadPoolExecutor(4) as pool:
        codes = sorted(answer.status_code for answer in pool.map(lambda _: claim(store, quantity=2), range(4)))
    assert codes == [202] + [409] * 3


@pytest.mark.parametrize("fault", ["timeout_after_effect", "error_after_effect"])
def test_a_lost_answer_of_the_payment_provider_pays_once(store, fault):
    made = claim(store).json()
    store.sandbox.fault("refund", fault, **({"delay_ms": 2500} if fault.startswith("timeout") else {}))
    do(store, made, "accept", {"resolution": "refund"}, Prefer="wait=0")
    assert ended(store, made)["payment_status"] == "succeeded"
    assert len(store.sandbox.effects("refund")) == 1


def test_a_claim_whose_money_failed_says_so_and_can_be_paid_again(store):
    made = claim(store).json()
    store.sandbox.fault("refund", "refuse", code="card_expired", status=422)
    failed = do(store, made, "accept", {"resolution": "refund"}).json()
    assert (failed["status"], failed["failure_code"], failed["payment_status"]) == (
        "accepted",
        "card_expired",
        "failed",
    )
    assert events(store, made)[-1] == "claim.payment_failed"
    done = do(store, made, "accept", {"resolution": "refund"}).json()
    assert (done["status"], done["failure_code"]) == ("completed", None)
    assert len(store.sandbox.effects("refund")) == 1


def test_goods_that_are_sent_again_are_not_paid_as_well(store):
    made = claim(store, quantity=3, kind="lost", resolution="reship").json()
    accepted = do(store, made, "accept", {"resolution": "reship"})
    assert (accepted.status_code, accepted.json()["status"]) == (200, "accepted")
    body = {"order": "#1", "lines": [{"line_id": "a-1", "quantity": 1}]}
    assert store.post("/v1/refunds", body).json()["code"] == "refund_exceeds_captured"
    assert store.post("/v1/refunds", {"order": "#1", "amount": {"amount": 501, "currency": "EUR"}}).status_code == 409
    assert do(store, made, "complete").json()["status"] == "completed"


def test_what_was_paid_another_way_meanwhile_cannot_be_accepted(store):
    made = claim(store, quantity=2).json()
    assert store.post("/v1/refunds", {"order": "#1", "lines": [{"line_id": "a-1", "quantity": 2}]}).status_code == 201
    for resolution, code in (("refund", "refund_exceeds_captured"), ("reship", "already_returned")):
        answer = do(store, made, "accept", {"resolution": resolution})
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert store.get(f"/v1/claims/{made['id']}").json()["status"] == "awaiting_approval"


@pytest.mark.parametrize(
    ("number", "kind", "status", "code"),
    [
        (3, "lost", 202, None),
        (3, "missing", 202, None),
        (3, "damaged", 409, "order_not_delivered"),
        (4, "lost", 409, "order_not_delivered"),
        (5, "damaged", 202, None),
        (2, "damaged", 202, None),
    ],
)
def test_what_never_came_is_claimed_before_delivery_and_the_rest_after(store, number, kind, status, code):
    answer = claim(store, number, kind=kind)
    assert (answer.status_code, answer.json().get("code")) == (status, code)


def test_a_shopper_claims_their_own_and_decides_nothing(store):
    made = claim(store, Aftersale_Customer="cust-1", resolution="refund")
    assert (made.status_code, made.json()["status"]) == (202, "awaiting_approval")
    for verb, body in (("accept", {"resolution": "refund"}), ("decline", {"reason": "x"}), ("complete", {})):
        answer = do(store, made.json(), verb, body, Aftersale_Customer="cust-1")
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert do(store, made.json(), "cancel", Aftersale_Customer="cust-1").json()["status"] == "canceled"
    assert store.sandbox.effects("refund") == []


def test_a_preview_of_a_claim_leaves_nothing(store):
    lines = [{"line_id": "a-1", "quantity": 1, "kind": "damaged"}]
    body = {"order": "#1", "lines": lines, "resolution": "refund"}
    shown = store.post("/v1/claims", {**body, "preview": True}).json()
    assert (shown["preview"], shown["decision"]["action"]) == (True, "claim")
    assert store.get("/v1/claims").json()["data"] == []
    made = store.post("/v1/claims", {**body, "confirmation_token": shown["confirmation_token"]})
    assert made.status_code == 202


def test_a_card_number_in_a_note_is_not_kept(store):
    made = claim(store, says={"note": "I paid with 4111 1111 1111 1111"}).json()
    assert "4111" not in made["lines"][0]["note"]
