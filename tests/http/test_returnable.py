"""What could come back is told per line before anyone asks, and a return then gets the same answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app import clock, ids
from app.models.credits import WindowExtension
from tests.support.app import App, Tenant

ANNA = {"Aftersale_Customer": "cust-anna"}


def returnable(store: Tenant, ref: str, query: str = "", **headers: str) -> dict[str, Any]:
    answer = store.get(f"/v1/orders/{ref}/returnable{query}", **headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def put_in_force(store: Tenant, document: dict[str, Any]) -> None:
    made = store.post("/v1/policies", {"document": document})
    assert made.status_code == 201, made.text
    assert store.post(f"/v1/policies/{made.json()['id']}/activate").status_code == 200


def extend(app: App, store: Tenant, order: dict[str, Any], until: dict[str | None, datetime]) -> None:
    """A person lets windows stay open, per line id; None is the whole order."""
    fields = {"store_id": store.id, "livemode": False, "order_id": order["id"], "actor": {"type": "agent"}}

    def work(session: Any) -> None:
        session.add_all(
            WindowExtension(id=ids.new("ext"), line_id=line_id, until=moment, **fields)
            for line_id, moment in until.items()
        )

    app.write(work)


def test_a_delivered_line_tells_how_many_until_when_and_as_what(store: Tenant) -> None:
    order = store.get("/v1/orders/1001").json()
    found = returnable(store, "1001", **ANNA)
    assert (found["order"], found["outcome"], found["policy_version"]) == (order["id"], "allow", "plain-1")
    line = found["lines"][0]
    assert (line["line_id"], line["returnable_quantity"], line["outcome"]) == (order["lines"][0]["id"], 1, "allow")
    assert "refund" in line["resolutions"]
    until = datetime.fromisoformat(line["returnable_until"]) - datetime.fromisoformat(order["delivered_at"])
    assert timedelta(days=29) <= until <= timedelta(days=31)
    assert line["fee"] == {"amount": 0, "currency": "EUR"}


def test_what_cannot_come_back_says_why_in_the_shopper_s_language(store: Tenant) -> None:
    for number, code in (("1002", "order_not_delivered"), ("1010", "item_not_returnable")):
        english, german = (returnable(store, number, f"?locale={locale}") for locale in ("en", "de-AT"))
        for found in (english, german):
            assert found["lines"][0]["code"] == code
            assert all(line["returnable_quantity"] == 0 and line["reasons"] for line in found["lines"])
        assert (english["locale"], german["locale"]) == ("en", "de")
        assert english["lines"][0]["reasons"] != german["lines"][0]["reasons"]


def test_what_is_in_a_return_is_not_told_as_returnable(store: Tenant) -> None:
    line = {"line_id": "ln-1001-1", "quantity": 1}
    assert store.post("/v1/returns", {"order": "#1001", "lines": [line]}, **ANNA).status_code == 201
    [told] = [row for row in returnable(store, "1001", **ANNA)["lines"] if row["external_id"] == "ln-1001-1"]
    assert (told["returnable_quantity"], told["outcome"], told["code"]) == (0, "refuse", "already_returned")


def test_the_active_policy_tells_windows_fees_and_resolutions(store: Tenant, other: Tenant) -> None:
    fee = {"id": "restocking", "percent": 10}
    put_in_force(store, {"windows": {"default_days": 3650}, "fees": [fee], "resolutions": ["store_credit"]})
    line = returnable(store, "1001", **ANNA)["lines"][0]
    paid = store.get("/v1/orders/1001").json()["lines"][0]["total"]["amount"]
    assert line["resolutions"] == ["store_credit"]
    assert abs(line["fee"]["amount"] - paid / 10) <= 1
    put_in_force(other, {"windows": {"default_days": 0}})
    assert other.get("/v1/orders/1001").status_code == 200
    found = returnable(other, "1001", **ANNA)
    assert (found["outcome"], found["code"], found["lines"][0]["code"]) == (
        "refuse", "return_window_closed", "return_window_closed",
    )  # fmt: skip
    asked = {"order": "#1001", "lines": [{"line_id": "ln-1001-1", "quantity": 1}]}
    assert other.post("/v1/returns", asked, **ANNA).json()["code"] == "return_window_closed"


def test_a_window_that_a_person_let_stay_open_is_told(app: App, store: Tenant) -> None:
    put_in_force(store, {"windows": {"default_days": 0}})
    order = store.get("/v1/orders/1001").json()
    assert returnable(store, "1001", **ANNA)["outcome"] == "refuse"
    until = clock.now() + timedelta(days=3)

    extend(app, store, order, {order["lines"][0]["id"]: until})
    line = returnable(store, "1001", **ANNA)["lines"][0]
    assert (line["outcome"], datetime.fromisoformat(line["returnable_until"])) == ("allow", until)


def test_the_longest_of_what_a_person_let_stay_open_counts(app: App, store: Tenant) -> None:
    """A line's own, shorter one takes nothing away from the whole order's: not when told, not when asked for."""
    order = store.get("/v1/orders/1001").json()
    put_in_force(store, {"windows": {"default_days": 1}})
    line, long, short = order["lines"][0], clock.now() + timedelta(days=90), clock.now() - timedelta(hours=1)

    extend(app, store, order, {None: long, line["id"]: short})
    found = returnable(store, "1001", **ANNA)["lines"][0]
    assert (found["outcome"], datetime.fromisoformat(found["returnable_until"]).date()) == ("allow", long.date())
    back = {"order": "#1001", "lines": [{"line_id": line["external_id"], "quantity": 1}]}
    assert store.post("/v1/returns", back, **ANNA).status_code == 201


def test_one_return_per_order_is_told_for_the_other_lines(store: Tenant) -> None:
    put_in_force(store, {"windows": {"default_days": 3650}, "one_return_per_order": True})
    first = store.get("/v1/orders/1001").json()["lines"][0]
    assert returnable(store, "1001", **ANNA)["outcome"] == "allow"
    asked = {"order": "#1001", "lines": [{"line_id": first["id"], "quantity": 1}]}
    assert store.post("/v1/returns", asked, **ANNA).status_code == 201
    assert {line["outcome"] for line in returnable(store, "1001", **ANNA)["lines"]} == {"refuse"}


def test_another_shopper_s_order_is_not_told(store: Tenant) -> None:
    assert store.get("/v1/customers?external_id=cust-luc").status_code == 200
    refused = store.get("/v1/orders/1001/returnable", Aftersale_Customer="cust-luc")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_owner")


def test_what_is_known_of_the_customer_is_told_before_anyone_asks_too(store: Tenant) -> None:
    put_in_force(store, {"abuse": {"claims": {"above": 0, "outcome": "refuse"}}})
    assert returnable(store, "1001", **ANNA)["outcome"] == "allow"
    wrong = {"line_id": "ln-1001-2", "quantity": 1, "kind": "damaged"}
    assert store.post("/v1/claims", {"order": "#1001", "lines": [wrong]}).status_code in {201, 202}
    told = returnable(store, "1001", **ANNA)
    assert (told["outcome"], told["lines"][0]["rules"]) == ("refuse", ["abuse.claims"])
    body = {"order": "#1001", "lines": [{"line_id": "ln-1001-1", "quantity": 1}]}
    asked = store.post("/v1/returns", body, **ANNA)
    assert (asked.status_code, asked.json()["code"]) == (409, told["lines"][0]["code"])


# ---- what the merchant has paid back elsewhere -----------------------------------------------------------------------


def elsewhere(store: Tenant, amount: int, **lines: int) -> None:
    """The merchant pays back without us, for so many of each line (`line_1`: `ln-1001-1`), or only an amount."""
    named = [{"line_id": f"ln-1001-{name[-1]}", "quantity": quantity} for name, quantity in lines.items()]
    body = {"payment_id": "pay-1001", "amount": amount, "currency": "EUR", "lines": named}
    store.sandbox.post("/sandbox/v1/outside-refunds", body)


def back(*numbers: int) -> dict[str, Any]:
    return {"order": "#1001", "lines": [{"line_id": f"ln-1001-{number}", "quantity": 1} for number in numbers]}


def test_a_line_that_was_paid_back_elsewhere_does_not_come_back_and_is_not_paid_out_of_another_s_money(
    store: Tenant,
) -> None:
    order = store.get("/v1/orders/1001").json()
    first, second = order["lines"][:2]
    elsewhere(store, first["total"]["amount"], line_1=first["quantity"])
    for path, body in (("returns", back(1)), ("refunds", back(1))):
        refused = store.post(f"/v1/{path}", body)
        code = {"returns": "already_returned", "refunds": "refund_exceeds_captured"}[path]
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    one, two = returnable(store, "1001", **ANNA)["lines"][:2]
    assert (one["outcome"], one["code"], two["outcome"]) == ("refuse", "already_returned", "allow")
    shown = store.get("/v1/orders/1001").json()["lines"]
    assert [row["refunded_quantity"] for row in shown[:2]] == [first["quantity"], 0]
    paid = store.post("/v1/refunds", back(2), Prefer="wait=15").json()
    assert (paid["status"], paid["amount"]["amount"]) == ("succeeded", second["total"]["amount"] // second["quantity"])


def test_what_was_paid_back_without_lines_bounds_the_whole_order(store: Tenant) -> None:
    order = store.get("/v1/orders/1001").json()
    captured = order["payments"][0]["captured"]["amount"]
    elsewhere(store, captured - 100)
    made = store.post("/v1/returns", back(1)).json()
    assert made["status"] == "approved", "something is left of its money"
    assert store.post(f"/v1/returns/{made['id']}/receive", {}).status_code == 200
    done = store.post(f"/v1/returns/{made['id']}/complete", {}, Prefer="wait=15").json()
    paid = store.get(f"/v1/refunds/{done['refund']}").json()
    assert (paid["amount"]["amount"], paid["breakdown"]["fee"]["amount"]) == (100, 0)
    store.rest()
    refused = store.post("/v1/returns", back(2), **ANNA)
    assert (refused.status_code, refused.json()["code"]) == (409, "refund_exceeds_captured")
    told = returnable(store, "1001", **ANNA)["lines"][1]
    assert (told["outcome"], told["code"], told["rules"]) == ("refuse", "refund_exceeds_captured", ["paid_back"])
    assert sum(row["amount"] for row in store.sandbox.effects("refund")) == 100


def test_a_policy_that_looks_at_the_reason_is_asked_with_it(store: Tenant) -> None:
    damaged = {"fact": "line.reason", "op": "eq", "value": "damaged"}
    put_in_force(
        store,
        {
            "windows": {"default_days": 0, "rules": [{"id": "damaged", "when": damaged, "days": 3650}]},
            "fees": [{"id": "restocking", "percent": 10, "when": {"fact": "reason", "op": "ne", "value": "damaged"}}],
            "reasons": {"return": {"accepted": ["damaged", "unwanted"]}},
        },
    )
    told = {
        reason: returnable(store, "1001", f"?reason={reason}" if reason else "", **ANNA)
        for reason in ("", "damaged", "unwanted", "bored")
    }
    assert {found["depends_on_reason"] for found in told.values()} == {True}
    assert [told[reason]["reason"] for reason in told] == [None, "damaged", "unwanted", "bored"]
    assert [told[reason]["lines"][0]["outcome"] for reason in told] == ["refuse", "allow", "refuse", "refuse"]
    assert told["damaged"]["lines"][0]["fee"]["amount"] == 0
    assert "reasons" in told["bored"]["lines"][0]["rules"]
    line = {"line_id": "ln-1001-1", "quantity": 1}
    for reason, status in (("unwanted", 409), ("damaged", 201)):  # a return then gets the same answer
        body = {"order": "#1001", "lines": [{**line, "reason": reason}]}
        assert store.post("/v1/returns", body, **ANNA).status_code == status
    assert store.get("/v1/orders/1001/returnable?reason=").status_code == 422


def test_a_policy_that_looks_at_no_reason_says_so(store: Tenant) -> None:
    found = returnable(store, "1001", **ANNA)
    assert (found["reason"], found["depends_on_reason"]) == (None, False)
