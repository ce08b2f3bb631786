"""Subscriptions: what the shop tells of them, and what the one door does to one: once, for its owner, in its state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from app.errors import NotSupported
from app.services.actions import change_subscription, registry
from app.services.providers import Connections, Providers
from tests.http.test_action_runs import ANNA, run, told
from tests.http.test_approvals import obey, word
from tests.services.durable_fixtures import until
from tests.support.app import App, Tenant

SOCKS = {"customer": "cust-anna", "subscription": "sub-anna-socks"}
ONCE = "change_subscription"


def change(store: Tenant, kind: str, *, key: str = "", who: dict[str, str] | None = None, **more: Any) -> Any:
    return run(store, ONCE, {**SOCKS, "change": kind, **more}, key=key, **(who or {}))


def shown(store: Tenant) -> dict[str, Any]:
    (found,) = store.get("/v1/customers/cust-anna").json()["subscriptions"]
    return found


def test_a_subscription_is_paused_goes_on_becomes_another_and_ends(store: Tenant) -> None:
    before = shown(store)
    assert (before["status"], before["interval"]) == ("active", {"unit": "month", "count": 3})
    paused = change(store, "pause", until="2099-01-01T00:00:00Z", who=ANNA)
    assert (paused.status_code, paused.json()["status"]) == (200, "paused"), paused.text
    assert paused.json()["paused_until"] == "2099-01-01T00:00:00Z"
    assert told(change(store, "skip")) == (409, "subscription_not_active")
    assert change(store, "resume", who=ANNA).json()["change"]["status"] == "succeeded"
    assert shown(store) == before
    swapped = change(store, "swap", variant_id="var-socks-grey-43", who=ANNA).json()
    assert [line["variant_id"] for line in swapped["lines"]] == ["var-socks-grey-43"]
    ending = change(store, "cancel", who=ANNA).json()
    assert (ending["status"], ending["cancel_at"]) == ("active", before["next_billing_at"])
    assert told(change(store, "cancel")) == (409, "subscription_not_active")
    assert change(store, "resume").json()["cancel_at"] is None
    ended = change(store, "cancel", when="now").json()
    assert (ended["status"], ended["next_billing_at"]) == ("canceled", None)
    assert {told(change(store, kind))[1] for kind in ("pause", "skip", "cancel")} == {"subscription_not_active"}
    assert told(change(store, "resume")) == (409, "subscription_not_paused")
    assert len(store.sandbox.effects(ONCE)) == 6


def test_a_delivery_is_skipped_once_whatever_becomes_of_the_answers(store: Tenant) -> None:
    due = shown(store)["next_billing_at"]
    store.sandbox.fault(ONCE, "error_after_effect")
    store.sandbox.fault("lookup", "malformed", variant="not_json", times=2)
    first = change(store, "skip", key="skip", who={**ANNA, "Prefer": "wait=0"})
    assert (first.status_code, first.json()["next_billing_at"]) == (202, due), "nobody knows yet"
    assert told(change(store, "pause")) == (409, "change_in_progress")
    made = until(lambda: (again := change(store, "skip", key="skip", who=ANNA)).status_code == 200 and again)
    assert made.json()["next_billing_at"] == shown(store)["next_billing_at"] > due
    assert made.json()["change"]["id"] == first.json()["change"]["id"]
    assert len(store.sandbox.effects(ONCE)) == 1
    seen = store.get(f"/v1/events?resource={made.json()['change']['id']}").json()["data"]
    assert [event["type"] for event in seen] == ["change.created", "change.unknown", "change.succeeded"]
    assert seen[-1]["data"]["object"]["subscription"] == {"id": "sub-anna-socks", "change": "skip"}


REFUSED: list[tuple[dict[str, Any], dict[str, str], tuple[int, str]]] = [
    ({"customer": "cust-luc", "subscription": "sub-luc-soap"}, ANNA, (403, "not_owner")),
    ({"subscription": "sub-luc-soap"}, ANNA, (403, "not_owner")),
    ({"subscription": "sub-luc-soap"}, {}, (404, "subscription_not_found")),
    ({"subscription": "sub-nobody"}, ANNA, (404, "subscription_not_found")),
    ({"customer": "cust-nobody"}, {}, (404, "customer_not_found")),
    ({"change": "resume"}, ANNA, (409, "subscription_not_paused")),
    ({"change": "pause", "until": "2020-01-01T00:00:00Z"}, ANNA, (422, "validation_failed")),
    ({"change": "skip", "until": "2099-01-01T00:00:00Z"}, ANNA, (422, "validation_failed")),
    ({"change": "swap"}, ANNA, (422, "validation_failed")),
    ({"change": "burn"}, ANNA, (422, "validation_failed")),
    ({"change": "swap", "variant_id": "var-socks-grey-39"}, ANNA, (422, "same_item")),
    ({"change": "swap", "variant_id": "var-jacket-navy-m"}, ANNA, (422, "different_product")),
    ({"change": "swap", "variant_id": "var-nobody"}, ANNA, (422, "new_item_not_found")),
    ({"change": "swap", "variant_id": "var-socks-grey-43", "line_id": "x"}, ANNA, (422, "item_not_in_order")),
]


def test_what_may_not_be_is_refused_and_changes_nothing(store: Tenant) -> None:
    for body, who, expected in REFUSED:
        answer = run(store, ONCE, {**SOCKS, "change": "skip", **body}, **who)
        assert told(answer) == expected, (body, answer.text)
        if expected[0] in {403, 409}:
            kept = store.get(f"/v1/decisions/{answer.json()['decision_id']}").json()
            assert (kept["action"], kept["code"]) == ("subscription", expected[1])
    assert store.sandbox.ledger(ONCE) == []
    assert store.get("/v1/operations").json()["data"] == []


def test_the_shop_has_the_last_word(app: App, store: Tenant) -> None:
    store.sandbox.fault(ONCE, "refuse", code="subscription_not_active", status=409)
    assert told(change(store, "pause", key="no")) == (409, "subscription_not_active")
    assert told(change(store, "pause", key="no")) == (409, "subscription_not_active")
    due = store.sandbox.get("/shop/v1/subscriptions/sub-anna-socks")["next_billing_at"]
    store.sandbox.fault(ONCE, "throttle", retry_after=1)
    assert change(store, "skip", key="skip", who={"Prefer": "wait=0"}).status_code == 202
    until(lambda: len(store.sandbox.ledger(ONCE)) == 2)
    skip = {"change": "skip", "delivery_at": due}  # meanwhile the merchant does the same in the shop
    store.sandbox.post("/shop/v1/subscriptions/sub-anna-socks/changes", skip, key="theirs")
    assert told(change(store, "skip", key="skip")) == (409, "facts_changed")
    assert len(store.sandbox.effects(ONCE)) == 1, "one delivery was to be skipped, and one is"


def test_what_another_shop_has_is_not_there_and_what_a_shop_does_not_tell_is_not_known(app: App, store: Tenant) -> None:
    other = app.store({"customers": [{"id": "cust-anna", "email": "anna.keller@example.com"}]})
    assert told(change(other, "pause", who=ANNA)) == (404, "subscription_not_found")
    assert other.get("/v1/customers/cust-anna").json()["subscriptions"] == []
    assert shown(store)["status"] == "active"
    store.sandbox.fault("order", "error_after_effect")
    assert store.get("/v1/customers/cust-anna").json()["subscriptions"] is None


def test_a_preview_shows_the_effect_and_its_token_is_good_while_the_subscription_stays(store: Tenant) -> None:
    preview = change(store, "cancel", preview=True, who=ANNA).json()
    assert ([part["kind"] for part in preview["effects"]], preview["decision"]["outcome"]) == ([ONCE], "allow")
    assert change(store, "skip").status_code == 200
    stale = change(store, "cancel", confirmation_token=preview["confirmation_token"], who=ANNA)
    assert told(stale) == (409, "facts_changed")
    token = change(store, "cancel", preview=True, who=ANNA).json()["confirmation_token"]
    assert change(store, "cancel", confirmation_token=token, who=ANNA).status_code == 200
    assert len(store.sandbox.effects(ONCE)) == 2


def test_the_policy_may_have_a_person_asked_before_a_subscription_ends(store: Tenant) -> None:
    ends = {"fact": "subscription_change", "op": "eq", "value": "cancel"}
    obey(store, {"rules": [{"id": "keep-them", "actions": ["subscription"], "when": ends, "outcome": "ask"}]})
    assert change(store, "skip", who=ANNA).status_code == 200
    asked = change(store, "cancel", key="end", who=ANNA)
    assert (asked.status_code, asked.json()["status"]) == (202, "awaiting_approval")
    assert shown(store)["cancel_at"] is None
    done = word(store, asked.json()["approval"]["id"]).json()
    assert (done["status"], done["result"]["type"]) == ("approved", "subscription")
    store.rest()
    assert change(store, "cancel", key="end", who=ANNA).json()["cancel_at"] == shown(store)["cancel_at"] is not None


@dataclass
class WithoutSubscriptions:
    """Connections to a shop that keeps none, and says so."""

    inner: Connections

    def of(self, shop: str, *, livemode: bool) -> Providers:
        """The same counterparts, but for the shop's word on what it has."""
        found = self.inner.of(shop, livemode=livemode)
        return replace(found, commerce=NoSubscriptions(found.commerce))

    async def close(self) -> None:
        """Nothing of its own is open."""


class NoSubscriptions:
    """A shop without subscriptions."""

    capabilities: frozenset[str] = frozenset()

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_with_a_shop_that_keeps_none_the_action_is_told_as_not_supported_and_refused(app: App, store: Tenant) -> None:
    bare = replace(app.runtime, connections=WithoutSubscriptions(app.runtime.connections))
    action, caller = change_subscription.ACTION, store.merchant()
    assert registry.supported(bare, caller, action) is False
    with pytest.raises(NotSupported):
        app.wait(registry.run(bare, caller, action, registry.given(action, {**SOCKS, "change": "pause"}), None))
    assert store.sandbox.ledger(ONCE) == []
