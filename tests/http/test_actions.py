"""The one door: every action of the folder has a schema, the engine's proof level, and a route that does the same."""

from __future__ import annotations

import copy
import pkgutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, meta

from app.models.stores import SCOPES
from app.services import actions
from app.services.actions import registry
from app.services.actions.registry import Action
from app.services.policy.model import PROOF
from tests.support.app import DEMO, App, Tenant

LINES = [{"line_id": "ln-1001-1", "quantity": 1}]
SWAP = {"line_id": "ln-1001-1", "variant_id": "var-jacket-navy-l", "quantity": 1}
SENT: dict[str, dict[str, Any]] = {
    "refund_order": {"order": "#1001", "lines": LINES, "reason": "damaged"},
    "cancel_order": {"order": "#1016", "reason": "no longer needed"},
    "change_address": {"order": "#1016", "address1": "Weg 1", "city": "Bonn", "country_code": "DE"},
    "swap_items": {"order": "#1003", "lines": [{"line_id": "ln-1003-1", "variant_id": "var-lamp-black"}]},
    "change_payment_method": {"order": "#1016", "payment_method_id": "pm-ines-paypal"},
    "change_customer": {"customer": "cust-anna", "name": "Anna K."},
    "goodwill_credit": {"order": "#1001", "amount": {"amount": 100, "currency": "EUR"}, "reason": "late"},
    "extend_window": {"order": "#1001", "until": "2027-03-01T00:00:00Z"},
    "request_return": {"order": "#1001", "lines": LINES},
    "request_exchange": {"order": "#1001", "lines": [SWAP], "payment_method_id": "pm-anna-visa"},
    "issue_label": {"order": "#1001", "lines": LINES},
    "open_claim": {"order": "#1001", "lines": [{**LINES[0], "kind": "damaged"}], "resolution": "refund"},
    "withdraw": {"order": "#1001", "lines": LINES},
    "confirm_withdrawal": {"withdrawal": "@withdrawal@"},
    "resend_confirmation": {"order": "#1001"},
    "change_subscription": {"customer": "cust-anna", "subscription": "sub-anna-socks", "change": "pause"},
    "answer_ticket": {"ticket": "@ticket@", "text": "It is on its way."},
    "hand_off": {"ticket": "@ticket@", "reason": "goodwill"},
}
"""What each action is called with, where not with the example of its schema. `@…@`: one that is there."""
PAYPAL = {"id": "pm-ines-paypal", "kind": "paypal", "label": "PayPal"}
"""Of the customer of #1016, in the shop in which it can be changed to."""
EVERY = sorted(registry.every())


def named(name: str) -> dict[str, Any]:
    """What the action is called with."""
    return SENT[name] if name in SENT else registry.schema(registry.find(name))["examples"][0]


def sent(store: Tenant, name: str) -> dict[str, Any]:
    """The same with what it names made first."""
    made: dict[str, Any] = dict(named(name))
    if "ticket" in made:
        made["ticket"] = store.post("/v1/tickets", {"text": "Hello", "customer": "cust-anna"}).json()["id"]
    if "withdrawal" in made:
        made["withdrawal"] = store.post("/v1/withdrawals", SENT["withdraw"]).json()["id"]
    return made


def twin(action: Action[Any], params: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Method, path and body by which the action's own route is called."""
    method, _, path = action.route.partition(" ")
    body = dict(params)
    for name in list(params):
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", body.pop(name).replace("#", "%23"))
    return method, path, body


def told(answer: Any) -> tuple[int, Any]:
    """What the two doors must agree on."""
    body = answer.json()
    if answer.status_code >= 400:
        return answer.status_code, (body["code"], body["detail"])
    decision = {name: value for name, value in (body["decision"] or {}).items() if name != "created_at"}
    return answer.status_code, (decision, body["effects"])


def test_every_action_is_in_the_file_of_its_name_and_is_called_here() -> None:
    files = {module.name for module in pkgutil.iter_modules([str(Path(actions.__path__[0]))])}
    assert set(EVERY) <= files
    assert set(SENT) <= set(EVERY)
    assert all(named(name) for name in EVERY)


@pytest.mark.parametrize("name", EVERY)
def test_an_action_tells_what_it_takes_and_needs(name: str) -> None:
    action = registry.find(name)
    schema = registry.schema(action)
    meta.validate(schema)
    Draft202012Validator(schema).validate(named(name))
    assert schema["additionalProperties"] is False
    assert action.guard is None or action.proof == PROOF.get(action.guard, 2)
    assert action.scope in SCOPES
    assert action.name == name
    assert action.description.endswith(".")


@pytest.mark.parametrize("who", [{}, {"Aftersale_Customer": "cust-anna"}], ids=["merchant", "shopper"])
@pytest.mark.parametrize("name", EVERY)
def test_an_action_and_its_route_decide_the_same(store: Tenant, name: str, who: dict[str, str]) -> None:
    action, params = registry.find(name), sent(store, name)
    by_door = store.post(f"/v1/actions/{name}", {**params, "preview": True}, **who)
    if not action.route:
        assert by_door.status_code in {200, 403}
    else:
        method, path, body = twin(action, params)
        assert told(by_door) == told(store.send(method, path, {**body, "preview": True}, **who))
        assert by_door.status_code != 404, by_door.text


DOES = {
    "refund_order": {"refund"},
    "cancel_order": {"order_cancel"},
    "change_address": {"change_address"},
    "swap_items": {"swap_items"},
    "change_payment_method": {"change_payment_method", "order_charge", "refund"},
    "change_customer": {"change_customer"},
    "goodwill_credit": {"credit"},
    "extend_window": {"window_extension"},
    "request_return": {"return"},
    "request_exchange": {"exchange"},
    "issue_label": {"return_label"},
    "open_claim": {"claim"},
    "withdraw": {"withdrawal"},
    "confirm_withdrawal": {"return", "notice"},
    "resend_confirmation": {"notice"},
    "change_subscription": {"change_subscription"},
    "answer_ticket": {"message"},
    "hand_off": {"ticket.handed_off"},
}
"""What a preview of each action tells of it, at least."""


@pytest.mark.parametrize("name", EVERY)
def test_a_preview_of_every_action_tells_what_it_would_do(app: App, name: str) -> None:
    shop = copy.deepcopy(DEMO)
    next(row for row in shop["customers"] if row["id"] == "cust-ines")["payment_methods"].append(PAYPAL)
    store = app.store(shop)
    answer = store.post(f"/v1/actions/{name}", {**sent(store, name), "preview": True})
    told = {effect["kind"] for effect in answer.json()["effects"]}
    assert told >= DOES.get(name, set()), answer.text
    assert told, answer.text


def test_the_list_shows_every_action_and_what_the_shop_has_nothing_of(app: App, store: Tenant) -> None:
    listed = store.get("/v1/actions").json()["data"]
    assert [row["name"] for row in listed] == EVERY
    assert all(row["parameters"]["type"] == "object" for row in listed)
    assert all(row["supported"] for row in listed)
    live = app.client(store.live_key).get("/v1/actions").json()["data"]
    assert [row["name"] for row in live if not row["supported"]] == ["change_subscription"]


def test_an_action_runs_once_per_key_as_by_its_route(store: Tenant) -> None:
    first = store.post("/v1/actions/refund_order", SENT["refund_order"], key="k", Prefer="wait=10")
    assert (first.status_code, first.json()["status"]) == (201, "succeeded")
    again = store.post("/v1/actions/refund_order", SENT["refund_order"], key="k")
    assert (again.headers["Idempotent-Replayed"], again.json()["id"]) == ("true", first.json()["id"])
    assert store.post("/v1/actions/refund_order", SENT["refund_order"], key=None).status_code == 400
    assert len(store.sandbox.effects("refund")) == 1


def test_a_token_of_the_door_is_good_at_the_door_alone(store: Tenant) -> None:
    shown = store.post("/v1/actions/refund_order", {**SENT["refund_order"], "preview": True}).json()
    sent = {**SENT["refund_order"], "confirmation_token": shown["confirmation_token"]}
    assert store.post("/v1/refunds", sent).json()["code"] == "confirmation_required"
    assert store.post("/v1/actions/refund_order", sent).status_code in {201, 202}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"reason": "no"}, "/order"),
        ({"order": "#1016", "reason": "no", "store_id": "sto_1"}, "/store_id"),
        ({"order": 1016, "reason": "no"}, "/order"),
        ({"order": "#1016", "reason": ""}, "/reason"),
        ({"order": "#1016", "reason": "no", "preview": "yes"}, "/preview"),
        ({"order": "#1016", "reason": "no", "confirmation_token": ""}, "/confirmation_token"),
    ],
)
def test_parameters_that_cannot_be_meant_are_refused_with_a_pointer(store: Tenant, body: Any, pointer: str) -> None:
    answer = store.post("/v1/actions/cancel_order", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert [found["pointer"] for found in answer.json()["errors"]] == [pointer]


def test_an_action_that_nobody_knows_is_not_found(store: Tenant) -> None:
    assert store.post("/v1/actions/drop_tables", {}).json()["code"] == "action_not_found"


def test_a_key_needs_the_scope_of_the_action_and_no_other(app: App, store: Tenant) -> None:
    narrow = app.client(store.issue(scopes=("orders:write",))[1])
    headers = {"Idempotency-Key": "k"}
    answer = narrow.post("/v1/actions/refund_order", json=SENT["refund_order"], headers=headers)
    assert answer.json()["code"] == "scope_missing"
    sent = {**SENT["cancel_order"], "preview": True}
    assert narrow.post("/v1/actions/cancel_order", json=sent, headers=headers).status_code == 200
