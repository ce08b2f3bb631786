"""Every action tells the guard the same of order, lines, customer and market, and the answer is in their language."""

from __future__ import annotations

from typing import Any

import pytest

from app.services.actions import registry
from app.services.policy.contract import Facts
from app.services.policy.names import ACTIONS, NAMES, Scene
from app.services.wording.guard import reason
from tests.http.test_returnable import put_in_force
from tests.support.app import CAPS, DEMO, App, Tenant
from tests.support.files import document, photo, sent

ANNA, INES, EMMA = ({"Aftersale_Customer": f"cust-{name}"} for name in ("anna", "ines", "emma"))
STORE: dict[str, str] = {}
SOCKS = {"line_id": "ln-1001-2", "quantity": 1}
SHOP = {**DEMO, "products": [{**product, "tags": ["sealed", product["id"]]} for product in DEMO["products"]]}
EUR = {"amount": 100, "currency": "EUR"}
CALLS: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "cancel_order": ("1016", INES, {"reason": "late"}),
    "change_address": ("1016", INES, {"address1": "Calle Mayor 1", "city": "Madrid", "country_code": "ES"}),
    "change_payment_method": ("1016", INES, {"payment_method_id": "pm-ines"}),
    "swap_items": ("1016", INES, {"lines": [{"line_id": "ln-1016-1", "variant_id": "var-none"}]}),
    "request_return": ("1001", ANNA, {"lines": [SOCKS]}),
    "request_exchange": ("1001", ANNA, {"lines": [{**SOCKS, "variant_id": "var-socks-grey-43"}]}),
    "issue_label": ("1001", ANNA, {"lines": [SOCKS]}),
    "open_claim": ("1001", ANNA, {"lines": [{**SOCKS, "kind": "damaged"}]}),
    "withdraw": ("1001", ANNA, {"lines": [SOCKS]}),
    "refund_order": ("1001", ANNA, {"lines": [SOCKS]}),
    "goodwill_credit": ("1001", STORE, {"amount": EUR}),
    "extend_window": ("1001", STORE, {"line": "ln-1001-2", "until": "2027-03-01T00:00:00Z"}),
    "resend_confirmation": ("1001", ANNA, {}),
}
"""Of each action that is about an order: which, by whom, and what it takes besides."""
OF_SUBSCRIPTIONS = {"subscription_change", "subscription_status"}
ASKED = {
    "amount",
    "reason",
    "destination_kind",
    "line.reason",
    "line.extended_until",
    "delivered_at",
    *OF_SUBSCRIPTIONS,
}
"""Facts that who asks names, that time brings, or that no order has."""


def refusing(*but: str) -> dict[str, Any]:
    """Whatever is asked for, a rule of the store's own says no at the end."""
    actions = [action for action in ACTIONS if action not in but]
    every = {"fact": "proof", "op": "gte", "value": 0}  # without a condition it would deny the right to withdraw
    return {"caps": {"EUR": CAPS}, "rules": [{"id": "no", "actions": actions, "outcome": "refuse", "when": every}]}


@pytest.fixture
def tagged(app: App) -> Tenant:
    store = app.store(SHOP)
    put_in_force(store, refusing())
    return store


def asked(store: Tenant, name: str, action: str) -> dict[str, Any]:
    """The facts of the newest decision that refused."""
    number, who, body = CALLS[name]
    answer = store.post(f"/v1/actions/{name}", {"order": f"#{number}", **body}, **who)
    assert answer.status_code == 409, (name, answer.text)
    found = store.get(f"/v1/decisions/{answer.json()['decision_id']}").json()
    assert (found["action"], "no" in found["rules"]) == (action, True), (name, found)
    return found["facts"]


def test_whatever_is_asked_for_no_fact_is_missing_that_the_order_knows(tagged: Tenant) -> None:
    of_orders = {action.guard for action in registry.every().values()} - {None, "subscription", "change_customer"}
    assert {registry.find(name).guard for name in CALLS} == of_orders, "an action is not walked here"
    for name, (number, _, _) in CALLS.items():
        action = registry.find(name).guard or ""
        if name == "issue_label":  # its return comes first
            put_in_force(tagged, refusing("return"))
        order = tagged.get(f"/v1/orders/{number}").json()
        facts = Facts.model_validate(asked(tagged, name, action))
        scenes = [Scene(facts, line) for line in facts.lines]
        assert scenes, name
        late = (
            {"line.delivered_at", "line.days_since_delivery", "days_since_delivery"} if number == "1016" else set[str]()
        )
        for fact, how in NAMES.items():
            missing = [scene for scene in scenes if how.read(scene) in {None, ()}]
            assert not missing or fact in ASKED | late or (fact == "order_tags" and number == "1016"), (name, fact)
        told = (facts.market, list(facts.order_tags), facts.order_total, facts.currency)
        address, total = order["shipping_address"], order["totals"]["total"]
        assert told == (address["country_code"], order["tags"], total["amount"], total["currency"]), name
        assert facts.customer.orders == {"1001": 3, "1016": 2}[number] or facts.customer.orders >= 1, name
        assert {tag for line in facts.lines for tag in line.tags} >= {"sealed"}, name
        assert facts.language == {"1001": "de", "1016": "es"}[number], name
        assert facts.bought_under is not None, name


def test_the_reasons_are_told_in_the_language_of_the_order_s_customer(tagged: Tenant) -> None:
    for name, language in (("cancel_order", "es"), ("refund_order", "de"), ("goodwill_credit", "de")):
        number, who, body = CALLS[name]
        answer = tagged.post(f"/v1/actions/{name}", {"order": f"#{number}", **body}, **who).json()
        assert answer["detail"] == reason("rule_refuse", language) != reason("rule_refuse", "en")


def test_signs_of_abuse_are_seen_before_money_goes_out_too(store: Tenant) -> None:
    """The demo's Anna has one order of three in a return once the first of these is through."""
    signal = {"above": 0, "outcome": "refuse"}
    put_in_force(store, {"caps": {"EUR": CAPS}, "instant_refund": True, "abuse": {"return_rate": signal}})
    soap = {"order": "#1005", "lines": [{"line_id": "ln-1005-1", "quantity": 1}]}
    assert store.post("/v1/refunds", soap, **ANNA).status_code == 201
    back = {"order": "#1001", "lines": [SOCKS]}
    assert store.post("/v1/returns", back, Prefer="wait=15", **ANNA).status_code == 201
    refused = store.post("/v1/refunds", soap, **ANNA)
    assert (refused.status_code, refused.json()["code"]) == (409, "limit_reached")
    found = store.get(f"/v1/decisions/{refused.json()['decision_id']}").json()
    assert found["rules"] == ["abuse.return_rate"]
    assert store.post("/v1/refunds", soap).status_code == 201, "the merchant is not bound"


@pytest.mark.parametrize(
    ("document", "rule"),
    [({"hygiene": {"tags": ["sealed"]}}, "hygiene"), ({"final_sale": {"tags": ["prd-wool-socks"]}}, "final_sale")],
)
def test_the_tags_of_a_product_say_what_does_not_come_back(app: App, document: dict[str, Any], rule: str) -> None:
    store = app.store(SHOP)
    put_in_force(store, {**document, "caps": {"EUR": CAPS}, "instant_refund": True})
    for path in ("returns", "refunds"):
        refused = store.post(f"/v1/{path}", {"order": "#1001", "lines": [SOCKS]}, **ANNA)
        assert (refused.status_code, refused.json()["code"]) == (409, "item_not_returnable"), refused.text
        assert store.get(f"/v1/decisions/{refused.json()['decision_id']}").json()["rules"] == [rule]
    told = store.get("/v1/orders/1001/returnable", **ANNA).json()["lines"]
    jacket = next(line for line in told if line["external_id"] == "ln-1001-1")
    assert jacket["outcome"] == ("refuse" if rule == "hygiene" else "allow")


# ---- money while the goods stay ----------------------------------------------------------------------------------


@pytest.mark.parametrize("what", [{"lines": [SOCKS]}, {"amount": EUR}, {"shipping": True}], ids=str)
def test_no_door_pays_a_shopper_before_the_goods_are_back_unless_the_policy_says_so(
    store: Tenant, other: Tenant, what: dict[str, Any]
) -> None:
    put_in_force(store, {"caps": {"EUR": CAPS}})
    put_in_force(other, {"caps": {"EUR": CAPS}, "instant_refund": True})
    for path in ("refunds", "actions/refund_order"):
        waits = store.post(f"/v1/{path}", {"order": "#1001", **what}, **ANNA)
        assert (waits.status_code, waits.json()["status"]) == (202, "awaiting_approval"), waits.text
    assert store.sandbox.effects("refund") == []
    [first, *_] = store.get("/v1/decisions?action=refund").json()["data"]
    assert (first["outcome"], first["rules"]) == ("ask", ["instant_refund"])
    assert store.post("/v1/refunds", {"order": "#1001", **what}).status_code == 201, "the merchant is not bound"
    assert other.post("/v1/refunds", {"order": "#1001", **what}, **ANNA).status_code == 201


@pytest.mark.parametrize(
    ("order", "lines", "document", "code"),
    [
        ("1010", [{"line_id": "ln-1010-2", "quantity": 1}], {}, "return_window_closed"),
        ("1010", [{"line_id": "ln-1010-1", "quantity": 1}], {"windows": {"default_days": 90}}, "item_not_returnable"),
        ("1001", [SOCKS], {"resolutions": ["store_credit", "exchange"]}, "refund_method_not_allowed"),
    ],
)
def test_what_may_not_come_back_is_not_paid_without_coming_back(
    store: Tenant, order: str, lines: list[dict[str, Any]], document: dict[str, Any], code: str
) -> None:
    put_in_force(store, {"caps": {"EUR": CAPS}, "instant_refund": True, **document})
    body = {"order": f"#{order}", "lines": lines}
    who = {"1010": INES, "1001": ANNA}[order]
    refused = store.post("/v1/refunds", body, **who)
    assert (refused.status_code in {409, 422}, refused.json()["code"]) == (True, code), refused.text
    assert store.sandbox.effects("refund") == []
    assert store.post("/v1/refunds", body).status_code == 201, "the merchant is bound by what is left alone"


def test_what_has_not_arrived_or_is_coming_back_already_is_not_paid_at_once(store: Tenant) -> None:
    put_in_force(store, {"caps": {"EUR": CAPS}, "instant_refund": True})
    for number, who in (("1016", INES), ("1015", ANNA)):
        waits = store.post("/v1/refunds", {"order": f"#{number}", "amount": EUR}, **who)
        assert (waits.status_code, waits.json()["status"]) == (202, "awaiting_approval"), waits.text
    assert store.post("/v1/returns", {"order": "#1001", "lines": [{**SOCKS, "quantity": 2}]}, **ANNA).status_code == 201
    refused = store.post("/v1/refunds", {"order": "#1001", "lines": [SOCKS]}, **ANNA)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_returned")
    assert store.sandbox.effects("refund") == []


# ---- reasons and photos ------------------------------------------------------------------------------------------


def test_a_reason_is_demanded_of_who_asks_and_not_of_what_follows(store: Tenant) -> None:
    put_in_force(store, {"caps": {"EUR": CAPS}, "reasons": {"*": {"required": True}}, "auto_approve": {"claim": True}})
    bare = {"order": "#1001", "lines": [SOCKS]}
    for path in ("returns", "refunds"):
        assert store.post(f"/v1/{path}", bare, **ANNA).json()["code"] == "reason_not_allowed"
    assert store.post("/v1/actions/goodwill_credit", {"order": "#1001", "amount": EUR}).json()["code"] == (
        "reason_not_allowed"
    )
    for name in ("change_address", "resend_confirmation"):
        number, who, body = CALLS[name]
        done = store.post(f"/v1/actions/{name}", {"order": f"#{number}", **body}, Prefer="wait=10", **who)
        assert done.status_code in {200, 201}, done.text
    back = store.post("/v1/returns", {"order": "#1001", "lines": [{**SOCKS, "reason": "too small"}]}, **ANNA).json()
    for verb, body in (("receive", {}), ("inspect", {}), ("complete", {"refund": True})):
        done = store.post(f"/v1/returns/{back['id']}/{verb}", body, Prefer="wait=10")
        assert done.status_code == 200, done.text
    broken = {"order": "#1005", "lines": [{"line_id": "ln-1005-1", "quantity": 1, "kind": "damaged"}]}
    claim = store.post("/v1/claims", {**broken, "resolution": "refund"}, Prefer="wait=10", **ANNA).json()
    assert (claim["status"], claim["refund"] is None) == ("completed", False), claim
    withdrawn = store.post("/v1/withdrawals", {"order": "#1016"}, **INES).json()
    done = store.post(f"/v1/withdrawals/{withdrawn['id']}/confirm", {}, Prefer="wait=10", **INES).json()
    assert (done["status"] in {"confirmed", "completed"}, done["refund"] is None) == (True, False), done
    assert len(store.sandbox.effects("refund")) == 3


def test_the_same_photo_twice_is_one_and_a_document_is_none(store: Tenant) -> None:
    duty = {"id": "proof", "count": 2, "outcome": "refuse", "actions": ["return"]}
    put_in_force(store, {"photos": [duty]})
    one, again, two = (sent(store, photo(seed=seed), **ANNA) for seed in (1, 1, 2))
    bill = sent(store, document(), **ANNA)
    for files, status in (([one, one], 409), ([one, again], 409), ([one, bill], 409), ([one, two], 201)):
        made = store.post("/v1/returns", {"order": "#1001", "lines": [{**SOCKS, "files": files}]}, **ANNA)
        assert made.status_code == status, made.text
