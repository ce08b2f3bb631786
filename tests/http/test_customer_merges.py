"""Merged customers: what was the one's is the other's, whichever id is asked for, and two accounts have one cap."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from app.models.customers import Customer
from app.models.orders import Order
from app.services import customer_merges
from tests.http.storefront import vouched
from tests.http.test_guard_facts import put_in_force
from tests.support.app import CAPS, App, Tenant

ANNA, EMMA = {"Aftersale_Customer": "cust-anna"}, {"Aftersale_Customer": "cust-emma"}
SOAP = {"order": "#1005", "lines": [{"line_id": "ln-1005-1", "quantity": 1}]}
Json = dict[str, Any]


def merge(store: Tenant, source: str, into: str, **headers: str) -> Any:
    return store.post(f"/v1/customers/{source}/merge", {"into": into}, **headers)


def customer(store: Tenant, ref: str) -> Json:
    answer = store.get(f"/v1/customers/{ref}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def numbers(store: Tenant, path: str, **headers: str) -> set[str]:
    found: set[str] = set()
    while True:
        page = store.get(path, **headers).json()
        found |= {row["number"] for row in page["data"]}
        if page["next_cursor"] is None:
            return found
        path = f"{path.partition('&cursor')[0]}&cursor={page['next_cursor']}"


def test_what_was_the_one_s_is_the_other_s_by_whichever_id(store: Tenant) -> None:
    read = store.get("/v1/orders/1004").json()
    order, lines = read["id"], [{"line_id": read["lines"][0]["id"], "quantity": 1, "reason": "too_small"}]
    returned = store.post("/v1/returns", {"order": order, "lines": lines}).json()
    ticket = store.post("/v1/tickets", {"text": "About my order", "customer": "cust-emma"}).json()["id"]
    emma, anna = customer(store, "cust-emma")["id"], customer(store, "cust-anna")["id"]
    answer = merge(store, "cust-emma", "cust-anna")
    assert (answer.status_code, answer.json()["id"], answer.json()["merged_into"]) == (200, anna, None)
    for ref in (emma, "cust-emma", anna, "cust-anna"):
        assert customer(store, ref)["id"] == anna
    assert store.get(f"/v1/orders/{order}").json()["customer"]["id"] == anna
    assert store.get(f"/v1/tickets/{ticket}").json()["customer"] == anna
    for ref in (emma, "cust-emma", anna):
        assert ticket in [row["id"] for row in store.get(f"/v1/tickets?customer={ref}").json()["data"]]
        assert returned["id"] in [row["id"] for row in store.get(f"/v1/returns?customer={ref}").json()["data"]]
    shown = {row["id"]: row["merged_into"] for row in store.get("/v1/customers?limit=200").json()["data"]}
    assert (shown[emma], shown[anna]) == (anna, None)
    types = [row["type"] for row in store.get(f"/v1/customers/{anna}/timeline").json()["data"]]
    assert "customer.absorbed" in types
    events = store.get(f"/v1/events?resource={emma}").json()["data"]
    assert "customer.merged" in [row["type"] for row in events]


def test_the_shop_s_word_of_the_absorbed_account_goes_to_who_goes_on(store: Tenant) -> None:
    """Emma's newest order is not known here before the merge: it is read from the shop afterwards."""
    store.get("/v1/orders/1004")
    anna = customer(store, "cust-anna")["id"]
    assert merge(store, "cust-emma", anna).status_code == 200
    assert store.get("/v1/orders/1014?fresh=true").json()["customer"]["id"] == anna
    for headers in (ANNA, EMMA):
        assert store.get("/v1/orders/1003", **headers).status_code == 200
    wanted = {"#1001", "#1005", "#1015", "#1003", "#1004", "#1014"}
    assert numbers(store, "/v1/orders?customer=cust-emma&limit=2") == wanted
    assert numbers(store, "/v1/orders?limit=50", **ANNA) == wanted
    assert store.get("/v1/orders/1003", Aftersale_Customer="cust-luc").status_code == 403
    token = vouched(store, "cust-anna")
    by_token = store.client.get("/v1/orders/1014", headers={"Authorization": f"Bearer {token}"})
    assert by_token.status_code == 200


@pytest.mark.parametrize("merged", [False, True])
def test_two_accounts_of_one_person_have_one_cap(store: Tenant, merged: bool) -> None:
    put_in_force(store, {"caps": {"EUR": CAPS}, "instant_refund": True})
    line = store.get("/v1/orders/1004").json()["lines"][0]["id"]
    first = store.post("/v1/refunds", {"order": "#1004", "lines": [{"line_id": line, "quantity": 1}]}, **EMMA)
    assert first.status_code == 201, first.text
    store.rest()
    paid = len(store.sandbox.effects("refund"))
    caps = {**CAPS, **dict.fromkeys(("refund", "order", "customer"), first.json()["amount"]["amount"])}
    put_in_force(store, {"caps": {"EUR": caps}, "instant_refund": True})
    if merged:
        assert merge(store, "cust-emma", "cust-anna").status_code == 200
    second = store.post("/v1/refunds", SOAP, **ANNA)
    assert second.status_code == (409 if merged else 201), second.text
    if merged:
        assert second.json()["code"] == "limit_reached"
        store.rest()
        assert len(store.sandbox.effects("refund")) == paid


def test_whoever_is_signed_in_as_the_absorbed_proves_themselves_anew(store: Tenant) -> None:
    hers, others = vouched(store, "cust-emma"), vouched(store, "cust-anna")
    assert merge(store, "cust-emma", "cust-anna").status_code == 200
    asked = [
        store.client.get("/v1/orders/1005", headers={"Authorization": f"Bearer {token}"}).status_code
        for token in (hers, others)
    ]
    assert asked == [401, 200]


def test_nobody_is_merged_in_a_circle_twice_or_into_themselves(store: Tenant) -> None:
    itself = merge(store, "cust-emma", customer(store, "cust-emma")["id"])
    assert (itself.status_code, itself.json()["errors"][0]["pointer"]) == (422, "/into")
    assert merge(store, "cust-emma", "cust-anna").status_code == 200
    for source, into in (("cust-anna", "cust-emma"), ("cust-emma", "cust-luc")):
        again = merge(store, source, into)
        assert (again.status_code, again.json()["code"]) == (409, "customer_merged")
    assert merge(store, "cust-anna", "cust-luc").status_code == 200, "who absorbed one may be absorbed"
    luc = customer(store, "cust-luc")["id"]
    assert {customer(store, ref)["id"] for ref in ("cust-emma", "cust-anna")} == {luc}
    assert numbers(store, "/v1/orders?customer=cust-emma&limit=50") >= {"#1001", "#1002", "#1004"}


def test_only_the_store_merges_and_only_its_own(store: Tenant, other: Tenant) -> None:
    foreign = customer(other, "cust-emma")["id"]
    for source, into in ((foreign, "cust-anna"), ("cust-anna", foreign), ("cust-nobody", "cust-anna")):
        answer = merge(store, source, into)
        assert (answer.status_code, answer.json()["code"]) == (404, "customer_not_found")
    assert customer(other, foreign)["merged_into"] is None
    by_shopper = merge(store, "cust-anna", "cust-emma", **ANNA)
    assert (by_shopper.status_code, by_shopper.json()["code"]) == (403, "forbidden")


def test_a_merge_that_is_sent_again_with_its_key_is_answered_as_before(store: Tenant) -> None:
    first = store.post("/v1/customers/cust-emma/merge", {"into": "cust-anna"}, key="merge-1")
    again = store.post("/v1/customers/cust-emma/merge", {"into": "cust-anna"}, key="merge-1")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content


def test_of_two_merges_of_one_pair_at_the_same_time_one_is_done(store: Tenant) -> None:
    for ref in ("cust-emma", "cust-anna"):
        customer(store, ref)
    answers: list[int] = []

    def run(source: str, into: str) -> None:
        answers.append(merge(store, source, into).status_code)

    pairs = (("cust-emma", "cust-anna"), ("cust-anna", "cust-emma"))
    threads = [threading.Thread(target=run, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 409]


def test_what_was_written_for_the_absorbed_meanwhile_is_brought_along(app: App, store: Tenant) -> None:
    order = store.get("/v1/orders/1004").json()["id"]
    emma, anna = customer(store, "cust-emma")["id"], customer(store, "cust-anna")["id"]
    assert merge(store, emma, anna).status_code == 200

    def write_late(session: Any) -> None:
        session.get_one(Order, order).customer_id = emma

    app.write(write_late)
    app.write(customer_merges.tend)
    assert app.read(lambda session: session.get_one(Order, order).customer_id) == anna
    assert app.read(lambda session: session.get_one(Customer, emma).merged_into) == anna
