"""Policies over HTTP: drafted, checked, activated; what is active decides from then on, and nothing else does."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from app import clock
from app.models.records import AuditRow
from app.models.stores import Store
from app.services import stores
from tests.support.app import CAPS, App, Tenant

CAP = {"refund": 100, "order": 200, "customer": 300, "day": 400}
OPEN: dict[str, Any] = {"windows": {"default_days": 3650}, "caps": {"EUR": CAPS}}
SHUT: dict[str, Any] = {"windows": {"default_days": 0}}
LINE = {"line_id": "ln-1001-1", "quantity": 1}
RETURN = {"order": "#1001", "lines": [LINE]}


def draft(store: Tenant, document: dict[str, Any], name: str | None = None) -> dict[str, Any]:
    answer = store.post("/v1/policies", {"document": document, "name": name})
    assert answer.status_code == 201, answer.text
    return answer.json()


def activate(store: Tenant, policy: dict[str, Any], **headers: str) -> httpx.Response:
    return store.post(f"/v1/policies/{policy['id']}/activate", **headers)


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def test_versions_are_numbered_and_one_is_active(store: Tenant, other: Tenant) -> None:
    first, second = draft(store, OPEN, "open"), draft(store, SHUT)
    assert [first["number"], second["number"], draft(other, {})["number"]] == [1, 2, 1]
    assert (first["status"], first["name"], first["version"]) == ("draft", "open", 1)
    assert activate(store, first).json()["status"] == "active"
    done = activate(store, second, Aftersale_Actor="agent:kim").json()
    assert (done["status"], done["activated_by"]["id"]) == ("active", "kim")
    listed = store.get("/v1/policies").json()["data"]
    assert [(row["number"], row["status"]) for row in listed] == [(2, "active"), (1, "retired")]
    assert [row["number"] for row in store.get("/v1/policies?status=active").json()["data"]] == [2]
    assert activate(store, first).json()["status"] == "active", "the way back"


def test_the_active_version_decides_from_its_activation_on(store: Tenant) -> None:
    none = {**OPEN, "hygiene": {"when": {"fact": "line.quantity", "op": "gte", "value": 1}}}
    shut, opened = draft(store, none), draft(store, OPEN)
    assert store.post("/v1/refunds/quote", {"order": "#1001", "shipping": True}).status_code in {200, 409, 422}
    activate(store, shut)
    refused = store.post("/v1/returns", RETURN, Aftersale_Customer="cust-anna")
    assert told(refused) == (409, "item_not_returnable")
    decided = store.get(f"/v1/decisions/{refused.json()['decision_id']}").json()
    assert (decided["policy_version"], decided["policy"]) == ("1", shut["id"])
    activate(store, opened)
    assert store.post("/v1/returns", RETURN, Aftersale_Customer="cust-anna").status_code == 201
    [allowed] = store.get(f"/v1/decisions?policy={opened['id']}").json()["data"]
    assert (allowed["policy_version"], allowed["outcome"]) == ("2", "allow")
    for row in (decided, allowed):
        again = store.post(f"/v1/decisions/{row['id']}/replay").json()
        assert again["agrees"] is True, again


def test_an_order_keeps_the_windows_under_which_it_was_bought(store: Tenant) -> None:
    """The first version's where it is older than every version; what is bought later goes by what is in force then."""
    first, second = draft(store, OPEN), draft(store, SHUT)
    assert activate(store, first).status_code == activate(store, second).status_code == 200
    shop = store.sandbox.get("/sandbox/v1/export")
    [new] = [dict(order) for order in shop["orders"] if order["id"] == "ord-1005"]
    moment = clock.rfc3339(clock.now())
    new |= {"id": "ord-2001", "number": "#2001", "placed_at": moment, "delivered_at": moment, "shipments": []}
    new["payments"] = [{**new["payments"][0], "id": "pay-2001", "at": moment, "key": None}]
    store.sandbox.post("/sandbox/v1/import", {**shop, "orders": [*shop["orders"], new]})

    made = store.post("/v1/returns", RETURN, Aftersale_Customer="cust-anna")
    assert made.status_code == 201, "bought before there was a policy: the oldest that is known counts"
    late = {"order": "#2001", "lines": [{"line_id": "ln-1005-1", "quantity": 1}]}
    for _ in range(2):
        assert told(store.post("/v1/returns", late, Aftersale_Customer="cust-anna")) == (409, "return_window_closed")
        activate(store, first)
    rows = store.get("/v1/decisions").json()["data"]
    assert [row["facts"]["bought_under"] for row in rows] == [second["id"], second["id"], first["id"]]
    for row in rows:
        assert store.post(f"/v1/decisions/{row['id']}/replay").json()["agrees"] is True


def test_caps_come_from_the_active_version(store: Tenant) -> None:
    document = {**OPEN, "instant_refund": True, "caps": {"EUR": CAP}}
    activate(store, draft(store, document))
    body = {"order": "#1001", "amount": {"amount": 101, "currency": "EUR"}}
    refused = store.post("/v1/refunds", body, Aftersale_Customer="cust-anna")
    assert told(refused) == (409, "limit_reached")
    small = {"order": "#1001", "amount": {"amount": 100, "currency": "EUR"}}
    assert store.post("/v1/refunds", small, Aftersale_Customer="cust-anna").status_code == 201
    assert store.post("/v1/refunds", body).status_code == 201, "the merchant is not bound"


def test_live_and_test_have_versions_of_their_own(app: App, store: Tenant) -> None:
    activate(store, draft(store, SHUT))
    live = app.client(store.live_key)
    assert live.get("/v1/policies").json()["data"] == []
    made = live.post("/v1/policies", json={"document": {}}).json()
    assert (made["number"], made["livemode"]) == (1, True)


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"windows": {"default_days": -1}}, "/document/windows/default_days"),
        ({"windows": {"rules": [{"id": "a", "days": 5, "when": {"fact": "weather", "op": "eq", "value": "x"}}]}},
         "/document/windows/rules/0/when/fact"),
        ({"currencies": ["EUR"], "caps": {"USD": CAP}}, "/document/caps/USD"),
        ({"caps": {"EUR": {**CAP, "refund": 500}}}, "/document/caps/EUR/refund"),
        ({"instant_refund": {"any": [{"fact": "order_tags", "op": "contains", "value": "x"}] * 10_000}},
         "/document/instant_refund"),
        ({"surprise": 1}, "/document/surprise"),
    ],
)  # fmt: skip
def test_a_faulty_document_is_refused_with_a_pointer_and_the_active_one_stays(
    store: Tenant, document: dict[str, Any], pointer: str
) -> None:
    active = draft(store, OPEN)
    activate(store, active)
    waiting = draft(store, {})
    for refused in (
        store.post("/v1/policies", {"document": document}),
        store.send("PATCH", f"/v1/policies/{waiting['id']}", {"document": document}),
    ):
        assert told(refused) == (422, "validation_failed")
        assert any(error["pointer"].startswith(pointer) for error in refused.json()["errors"]), refused.text
    [kept] = store.get("/v1/policies?status=active").json()["data"]
    assert (kept["id"], kept["version"]) == (active["id"], 2)
    assert store.get(f"/v1/policies/{waiting['id']}").json() == waiting


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"caps": {"USD": CAP}}, "/document/caps/USD"),
        ({"currencies": ["EUR", "USD"], "caps": {"EUR": CAP}}, "/document/currencies/1"),
        ({"fees": [{"id": "a", "fixed": {"EUR": 1, "USD": 1}}]}, "/document/fees/0/fixed/USD"),
        ({"rules": [{"id": "a", "actions": ["refund"], "outcome": "ask",
                     "when": {"not": {"fact": "amount", "op": "gt", "value": {"amount": 1, "currency": "USD"}}}}]},
         "/document/rules/0/when/not/value/currency"),
    ],
)  # fmt: skip
def test_money_in_a_currency_that_the_store_does_not_sell_in_is_refused(
    app: App, store: Tenant, document: dict[str, Any], pointer: str
) -> None:
    earlier = draft(store, {"caps": {"USD": CAP}})

    def sells_in_euros(session: Any) -> None:
        stores.change(session, session.get_one(Store, store.id), currencies=["EUR"])

    app.write(sells_in_euros)
    refused = store.post("/v1/policies", {"document": document})
    assert told(refused) == (422, "validation_failed")
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [(pointer, "currency_foreign")]
    assert told(store.post("/v1/policies/backtest", {"document": document})) == (422, "validation_failed")
    assert store.post("/v1/policies", {"document": {"caps": {"EUR": CAP}}}).status_code == 201
    late = store.post(f"/v1/policies/{earlier['id']}/activate")
    assert told(late) == (422, "validation_failed"), "drafted before the store had said in what it sells"


def test_only_a_draft_changes_and_only_the_version_that_was_seen(store: Tenant) -> None:
    policy = draft(store, {})
    path = f"/v1/policies/{policy['id']}"
    changed = store.send("PATCH", path, {"name": "Winter", "document": SHUT}, If_Match='"1"').json()
    assert (changed["version"], changed["name"], changed["document"]["windows"]["default_days"]) == (2, "Winter", 0)
    assert told(store.send("PATCH", path, {"name": "Spring"}, If_Match="1")) == (412, "version_stale")
    assert told(activate(store, policy, If_Match="1")) == (412, "version_stale")
    assert activate(store, policy, If_Match="2").status_code == 200
    assert told(store.send("PATCH", path, {"name": "Spring"})) == (409, "policy_not_draft")
    assert store.get(path).json()["name"] == "Winter"


def test_each_change_is_an_event_and_an_audit_row(app: App, store: Tenant) -> None:
    first, second = draft(store, OPEN), draft(store, {})
    activate(store, first)
    assert store.send("PATCH", f"/v1/policies/{second['id']}", {"document": SHUT}).status_code == 200
    activate(store, second, Aftersale_Actor="agent:kim")
    events = [row for row in store.get("/v1/events").json()["data"] if row["type"].startswith("policy.")]
    assert [row["type"] for row in events] == [
        "policy.created", "policy.created", "policy.activated", "policy.updated", "policy.retired", "policy.activated",
    ]  # fmt: skip
    last = events[-1]["data"]["previous"]
    assert (last["active"], last["status"]) == (first["id"], "draft")
    assert last["document"]["windows"]["default_days"] == 3650
    assert set(last["document"]) == {"windows", "caps"}, "what differs, as it was"

    def audited(session: Any) -> list[tuple[str, Any]]:
        rows = session.query(AuditRow).filter_by(store_id=store.id, subject_type="policy").order_by(AuditRow.id)
        return [(row.action, row.actor["id"]) for row in rows]

    assert app.read(audited) == [
        ("policy.created", None), ("policy.created", None), ("policy.activated", None), ("policy.changed", None),
        ("policy.retired", "kim"), ("policy.activated", "kim"),
    ]  # fmt: skip


def test_twins_get_numbers_of_their_own_and_leave_one_active(store: Tenant) -> None:
    made: list[dict[str, Any]] = []
    start = threading.Barrier(6)

    def work() -> None:
        start.wait()
        policy = draft(store, {})
        made.append(policy)
        assert activate(store, policy).status_code == 200

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(row["number"] for row in made) == [1, 2, 3, 4, 5, 6]
    assert len(store.get("/v1/policies?status=active").json()["data"]) == 1


def test_the_same_key_drafts_once(store: Tenant) -> None:
    first, again = (store.post("/v1/policies", {"document": OPEN}, key="one") for _ in "ab")
    assert (first.status_code, again.content) == (201, first.content)
    assert len(store.get("/v1/policies").json()["data"]) == 1


def test_a_shopper_reads_and_writes_no_policy(store: Tenant) -> None:
    policy = draft(store, {})
    for answer in (
        store.get("/v1/policies", Aftersale_Customer="cust-anna"),
        store.post("/v1/policies", {"document": {}}, Aftersale_Customer="cust-anna"),
        activate(store, policy, Aftersale_Customer="cust-anna"),
        store.get("/v1/decisions", Aftersale_Customer="cust-anna"),
    ):
        assert told(answer) == (403, "forbidden")
