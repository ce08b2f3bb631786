"""Stripe and UPS connected to a store, and calling us: what Stripe's ledger says is true, and parcels are pushed."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.integrations.faulty import served
from tests.integrations.stripe_server import KEY, StripeServer
from tests.integrations.ups_server import ACCOUNT, CLIENT, SECRET, UpsServer
from tests.services.durable_fixtures import until
from tests.support.app import DEMO, App, Tenant

SETTINGS: dict[str, Any] = {"loopback_addresses": True, "retry_seconds": (1, 2)}
WEBHOOK_SECRET = "whsec_" + "w" * 32
PUSH_SECRET = "a-secret-for-the-pushes"
_events = itertools.count(1)


class Connected:
    """A store with a connection, and what it sends us."""

    def __init__(self, store: Tenant, body: dict[str, Any]) -> None:
        self.store = store
        answer = store.post("/v1/connections", body)
        assert answer.status_code == 201, answer.text
        self.connection = answer.json()
        self.client = store.app.client(url=store.app.url)

    def post(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        path = f"/v1/inbound/{self.connection['id']}"
        return self.client.post(path, content=body, headers={"Content-Type": "application/json", **headers})

    def came_of(self, answer: httpx.Response) -> tuple[str, dict[str, Any]]:
        assert answer.status_code == 200, answer.text

        def ended() -> dict[str, Any] | None:
            rows = self.store.get(f"/v1/connections/{self.connection['id']}/deliveries?limit=200").json()["data"]
            row = next(row for row in rows if row["id"] == answer.json()["id"])
            return row if row["status"] != "pending" else None

        row = until(ended)
        return row["status"], row["outcome"]

    def event(self, topic: str, thing: dict[str, Any], *, at: float | None = None, **more: Any) -> httpx.Response:
        """An event of Stripe's, signed."""
        told = {"id": f"evt_{next(_events)}", "livemode": False, "type": topic, "data": {"object": thing}, **more}
        body, stamp = json.dumps(told).encode(), int(time.time() if at is None else at)
        mac = hmac.new(WEBHOOK_SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        return self.post(body, {"Stripe-Signature": f"t={stamp},v1={mac}"})


@contextmanager
def running(app: App, provider: StripeServer | UpsServer) -> Iterator[None]:
    """The provider, on the server's own loop."""
    server = served(provider.app())
    provider.url = app.wait(server.__aenter__())
    yield
    app.wait(server.__aexit__(None, None, None))


@pytest.fixture
def server(app: App) -> Iterator[StripeServer]:
    """A Stripe that has the payments of the demo's orders."""
    made = StripeServer()
    for payment_id, amount in (("pi_1001", 12_000), ("pi_1002", 12_590)):
        made.intent(payment_id, amount=amount)
    with running(app, made):
        yield made


@pytest.fixture
def stripe(app: App, server: StripeServer) -> Connected:
    shop = json.loads(json.dumps(DEMO).replace('"pay-', '"pi_'))
    return Connected(app.store(shop), {
        "kind": "stripe", "name": "Stripe", "config": {"api_base": server.url},
        "credentials": {"secret_key": KEY, "webhook_secret": WEBHOOK_SECRET},
    })  # fmt: skip


def refunded(stripe: Connected, amount: int = 2000, wait: int = 10) -> dict[str, Any]:
    body = {"order": "#1001", "amount": {"amount": amount, "currency": "EUR"}, "reason": "damaged"}
    answer = stripe.store.post("/v1/refunds", body, Prefer=f"wait={wait}")
    assert answer.status_code in {201, 202}, answer.text
    return answer.json()


def status(stripe: Connected, refund: dict[str, Any]) -> str:
    return stripe.store.get(f"/v1/refunds/{refund['id']}").json()["status"]


def test_a_refund_goes_through_stripe_and_fails_later(stripe: Connected, server: StripeServer):
    refund = refunded(stripe)
    assert (refund["status"], server.moved("pi_1001")) == ("succeeded", 2000)
    [thing] = server.refunds
    assert stripe.came_of(stripe.event("refund.created", thing)) == (
        "done", {"operation": thing["metadata"]["aftersale_key"], "status": "succeeded"},
    )  # fmt: skip
    thing |= {"status": "failed", "failure_reason": "lost_or_stolen_card"}
    for topic in ("refund.failed", "charge.refund.updated"):  # both are sent, and the second changes nothing
        assert stripe.came_of(stripe.event(topic, thing))[0] == "done"
        found = stripe.store.get(f"/v1/refunds/{refund['id']}").json()
        assert found["status"] == "failed"
    assert (refunded(stripe, 12_000)["status"], server.moved("pi_1001")) == ("succeeded", 12_000)


def test_an_event_says_when_to_ask_and_stripe_s_ledger_says_what_is_true(stripe: Connected, server: StripeServer):
    refund = refunded(stripe)
    lie = server.refunds[0] | {"status": "failed"}
    assert stripe.came_of(stripe.event("refund.failed", lie))[0] == "done"
    assert status(stripe, refund) == "succeeded"


def test_a_refund_that_was_pending_is_settled_by_an_event(stripe: Connected, server: StripeServer):
    server.status = "pending"
    refund = refunded(stripe, wait=1)
    assert refund["status"] == "pending"
    server.refunds[0]["status"] = "succeeded"
    assert stripe.came_of(stripe.event("refund.updated", server.refunds[0]))[0] == "done"
    assert status(stripe, refund) == "succeeded"


def test_a_refund_made_elsewhere_counts_at_once(stripe: Connected, server: StripeServer):
    order = stripe.store.get("/v1/orders/%231001").json()
    made = server.made("pi_1001", 11_000)
    outcome = stripe.came_of(stripe.event("refund.created", made))
    assert outcome == ("done", {"orders": [order["id"]]})
    [payment] = stripe.store.get(f"/v1/orders/{order['id']}").json()["payments"]
    assert payment["refundable"]["amount"] == 1000
    body = {"order": "#1001", "amount": {"amount": 1001, "currency": "EUR"}, "reason": "damaged"}
    answer = stripe.store.post("/v1/refunds", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "refund_exceeds_captured")
    charge = {"id": "ch_9", "payment_intent": "pi_9"}
    assert stripe.came_of(stripe.event("charge.refunded", charge)) == ("ignored", {"ignored": "unknown_payment"})
    assert stripe.came_of(stripe.event("invoice.paid", {})) == ("ignored", {"ignored": "topic"})


def test_what_is_not_stripe_s_leaves_nothing_behind(stripe: Connected, server: StripeServer):
    refund = refunded(stripe)
    failed = server.refunds[0] | {"status": "failed"}
    server.refunds[0]["status"] = "failed"  # only a call that is taken would have us see it
    forged = [
        stripe.event("refund.failed", failed, at=time.time() - 400),
        stripe.event("refund.failed", failed, at=time.time() + 400),
        stripe.event("refund.failed", failed, livemode=True),
        stripe.event("refund.failed", failed, account="acct_other"),
        stripe.post(b"{}", {}),
        stripe.post(b"{}", {"Stripe-Signature": f"t={int(time.time())},v1={'0' * 64}"}),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in forged} == {(401, "signature_invalid")}
    assert stripe.store.get(f"/v1/connections/{stripe.connection['id']}/deliveries").json()["data"] == []
    assert status(stripe, refund) == "succeeded"
    event = {"id": "evt_same", "livemode": False, "type": "refund.failed", "data": {"object": failed}}
    first, second = (stripe.event("refund.failed", failed, **event) for _ in range(2))
    assert (first.json()["status"], second.json()["status"]) == ("accepted", "duplicate")


def test_without_a_secret_there_is_no_address(app: App, server: StripeServer):
    bare = Connected(app.store(), {
        "kind": "stripe", "name": "Stripe", "config": {"api_base": server.url}, "credentials": {"secret_key": KEY},
    })  # fmt: skip
    answer = bare.event("refund.failed", {})
    assert (answer.status_code, answer.json()["code"]) == (404, "connection_not_found")


def test_a_check_tells_what_works_and_the_key_is_not_shown(stripe: Connected, server: StripeServer):
    server.permissions = {"rak_charge_read", "rak_refund_read", "rak_refund_write"}
    told = stripe.store.post(f"/v1/connections/{stripe.connection['id']}/check").json()
    assert told["status"] == "failing"
    missing = {one["name"]: one["missing_permission"] for one in told["checks"] if not one["ok"]}
    assert missing == {"payment intents": "rak_payment_intent_read"}
    assert KEY not in json.dumps(told)
    assert "refunds" in told["capabilities"]


PUSH = {
    "localActivityDate": "20261120", "localActivityTime": "091519", "gmtActivityDate": "20261120",
    "gmtActivityTime": "131519", "activityLocation": {"city": "Bonn", "country": "DE"},
    "activityStatus": {"type": "D", "code": "FS", "description": "Delivered", "descriptionCode": "011"},
    "receivedBy": "John", "deliveryPhoto": "aGVsbG8=",
}  # fmt: skip


@pytest.fixture
def carrier(app: App) -> Iterator[UpsServer]:
    made = UpsServer()
    with running(app, made):
        yield made


@pytest.fixture
def ups(app: App, carrier: UpsServer) -> Connected:
    return Connected(app.store(), {
        "kind": "ups", "name": "UPS", "config": {"account_number": ACCOUNT, "api_base": carrier.url},
        "credentials": {"client_id": CLIENT, "client_secret": SECRET, "push_secret": PUSH_SECRET},
    })  # fmt: skip


def labelled(ups: Connected, wait: int = 10) -> dict[str, Any]:
    body = {"order": "#1001", "lines": [{"line_id": "ln-1001-1", "quantity": 1}], "format": "png"}
    answer = ups.store.post("/v1/return-labels", body, Prefer=f"wait={wait}")
    assert answer.status_code in {201, 202}, answer.text
    return answer.json()


def test_a_return_label_is_bought_at_ups_printed_and_voided(ups: Connected, carrier: UpsServer):
    label = labelled(ups)
    assert (label["status"], label["carrier"], label["tracking_number"]) == ("active", "ups", carrier.live[0])
    file = ups.store.get(f"/v1/return-labels/{label['id']}/file")
    assert (file.status_code, file.content[:4]) == (200, b"\x89PNG")
    [asked] = [bought["asked"] for bought in carrier.labels.values()]
    assert asked["Shipment"]["ShipTo"]["Address"]["City"] == "Berlin"
    voided = ups.store.send("DELETE", f"/v1/return-labels/{label['id']}", Prefer="wait=10")
    assert (voided.json()["status"], carrier.live) == ("voided", [])


@pytest.mark.parametrize("fault", ["reset_after", "error_after", "truncated"])
def test_a_label_whose_answer_is_lost_is_found_and_not_bought_again(ups: Connected, carrier: UpsServer, fault: str):
    carrier.faults.plan("POST", "/api/shipments", fault)
    label = labelled(ups)
    assert (label["status"], list(carrier.labels)) == ("active", [label["tracking_number"]])


def test_a_purchase_that_never_arrived_waits_and_buys_nothing_in_the_dark(ups: Connected, carrier: UpsServer):
    carrier.faults.plan("POST", "/api/shipments", "reset_before")
    label = labelled(ups, wait=0)
    path = f"/v1/return-labels/{label['id']}"
    until(lambda: ups.store.get(path).json()["status"] == "unknown")
    until(lambda: len(carrier.faults.asked("POST", "/api/labels")) >= 3)  # it is looked for, again and again
    assert (ups.store.get(path).json()["status"], carrier.labels) == ("unknown", {})
    assert len(carrier.faults.asked("POST", "/api/shipments")) == 1


def test_a_label_that_is_no_image_is_not_given_out(ups: Connected, carrier: UpsServer):
    carrier.image = "PGh0bWw+"
    label = labelled(ups, wait=1)
    until(lambda: ups.store.get(f"/v1/return-labels/{label['id']}").json()["status"] == "unknown")
    assert ups.store.get(f"/v1/return-labels/{label['id']}/file").status_code == 409
    assert len(carrier.labels) == 1


def test_a_push_moves_the_order_s_parcel(ups: Connected):
    order = ups.store.get("/v1/orders/%231001").json()
    number = order["shipments"][0]["tracking_number"]
    body = json.dumps({"trackingNumber": number, **PUSH}).encode()
    known = {"x-api-key": PUSH_SECRET}
    assert ups.came_of(ups.post(body, known)) == ("done", {"parcel": number})
    assert ups.post(body, known).json()["status"] == "duplicate"
    shipment = ups.store.get(f"/v1/orders/{order['id']}").json()["shipments"][0]
    assert {"at": "2026-11-20T13:15:19Z", "description": "Delivered"}.items() <= shipment["events"][-1].items()
    kept = ups.store.get(f"/v1/connections/{ups.connection['id']}/deliveries").text
    assert "John" not in kept
    assert "aGVsbG8" not in kept


def test_a_push_that_is_not_ups_s_or_cannot_be_read_is_refused(ups: Connected):
    body = json.dumps({"trackingNumber": "1Z204W4R0308071865", **PUSH}).encode()
    for headers in ({}, {"x-api-key": CLIENT}, {"Authorization": "Bearer wrong"}):
        assert ups.post(body, headers).status_code == 401
    known = {"Authorization": f"Bearer {PUSH_SECRET}"}
    assert ups.post(b'{"activityStatus": {}}', known).status_code == 422
    assert ups.post(b"{", known).status_code == 400
    odd = json.dumps({"trackingNumber": "1Z204W4R0308071865"}).encode()
    assert ups.came_of(ups.post(odd, known)) == ("ignored", {"ignored": "unreadable"})
