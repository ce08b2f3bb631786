"""Import, export, reset, the ledger, what happens elsewhere, and a kill in the middle."""

import copy
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.client import IncompleteRead, RemoteDisconnected
from pathlib import Path
from urllib.error import URLError

import pytest

from app.sandbox import commands
from app.sandbox.server import DEMO
from app.sandbox.store import Store, record
from tests.sandbox.served import SHOP, Served


def changed(path: str, value) -> dict:
    """The shop of the tests with one place changed; `path` as in a pointer."""
    document = copy.deepcopy(SHOP)
    at = document
    *way, last = path.strip("/").split("/")
    for part in way:
        at = at[int(part)] if isinstance(at, list) else at[part]
    if isinstance(at, list):
        at.append(value) if last == "-" else at.__setitem__(int(last), value)
    else:
        at[last] = value
    return document


def test_what_is_exported_and_imported_again_exports_the_same(shop, sandbox_url):
    shop.post("/payments/v1/refunds", {"payment_id": "pay-2", "amount": 300, "currency": "EUR"}, key="k1")
    shop.post("/shop/v1/orders/ord-2/cancel", {"reason": "no"}, key="k2")
    address = {"address1": "Hauptstr. 1", "country_code": "DE"}
    label = {"reference": "r1", "rma": "R1", "sender": address, "recipient": address, "parcel": {"weight_grams": 900}}
    shop.post("/carrier/v1/return-labels", label)
    scan = {"tracking_number": "T1", "word": "SURVEY_SENT", "at": "2026-01-14T00:00:00+02:00"}
    shop.post("/sandbox/v1/scans", scan | {"eta": "2026-01-15T00:00:00Z"})
    promised = shop.get("/sandbox/v1/export")
    promised["orders"][0] |= {"promised_by": "2026-01-12", "locale": "de-DE"}
    promised["orders"][0]["shipments"][0] |= {"promised_by": "2026-01-11", "service": "express"}
    shop.post("/sandbox/v1/import", promised)
    first = shop.get("/sandbox/v1/export")
    assert first["orders"][0]["shipments"][0]["eta"] == "2026-01-15T00:00:00Z"
    twin = Served(sandbox_url, f"{shop.shop}-twin")
    twin.post("/sandbox/v1/import", first)
    assert twin.get("/sandbox/v1/export") == first
    assert first["orders"][0]["extra"] == {"note": {"deep": [1, "two", None]}}
    assert first["customers"][0]["payment_methods"][1]["balance"] == 400
    assert twin.get("/payments/v1/refunds?key=k1")["data"][0]["amount"] == 300
    assert twin.get("/shop/v1/cancellations?key=k2")["data"][0]["order_id"] == "ord-2"
    assert twin.get("/carrier/v1/return-labels?reference=r1")["data"] == shop.get(
        "/carrier/v1/return-labels?reference=r1"
    )["data"]  # fmt: skip


def test_what_the_sandbox_ships_itself_exports_the_same_too(shop, sandbox_url):
    shop.post("/sandbox/v1/fulfill", {"order_id": "ord-2", "state": "shipped", "tracking_number": "T2"})
    first = shop.get("/sandbox/v1/export")
    assert first["orders"][1]["shipments"][0]["shipped_at"] is not None
    twin = Served(sandbox_url, f"{shop.shop}-twin")
    twin.post("/sandbox/v1/import", first)
    assert twin.get("/sandbox/v1/export") == first


@pytest.mark.parametrize("day", ["tomorrow", "2026-02-30", "2026-1-1", 20260101, "2026-01-01T00:00:00Z"])
def test_a_promised_day_that_is_none_is_refused(shop, day):
    document = shop.get("/sandbox/v1/export")
    document["orders"][0]["promised_by"] = day
    status, answer = shop.call("POST", "/sandbox/v1/import", document)
    assert (status, answer["errors"][0]["pointer"]) == (422, "/orders/0/promised_by")


def test_a_refund_that_the_merchant_makes_tells_its_lines_and_takes_them_along(shop, sandbox_url):
    body = {"payment_id": "pay-1", "amount": 300, "currency": "EUR"}
    order = shop.get("/shop/v1/orders/ord-1")
    line = order["lines"][0]
    for bad in ({"line_id": "nobody", "quantity": 1}, {"line_id": line["id"], "quantity": line["quantity"] + 1}):
        assert shop.call("POST", "/sandbox/v1/outside-refunds", body | {"lines": [bad]})[0] == 422
    made = shop.post("/sandbox/v1/outside-refunds", body | {"lines": [{"line_id": line["id"], "quantity": 1}]})
    told = {"id": made["id"], "key": None, "status": "succeeded"}
    lines = [{"line_id": line["id"], "quantity": 1, "amount": None}]
    assert shop.get("/shop/v1/orders/ord-1")["refunds"] == [told | {"lines": lines}]
    twin = Served(sandbox_url, f"{shop.shop}-twin")
    twin.post("/sandbox/v1/import", shop.get("/sandbox/v1/export"))
    assert twin.get("/shop/v1/orders/ord-1") == shop.get("/shop/v1/orders/ord-1")


BAD = [
    ("/orders/0/lines/0/total", 3001, "/orders/0/lines/0/total"),
    ("/orders/0/lines/0/total", "3000", "/orders/0/lines/0/total"),
    ("/orders/0/lines/0/quantity", True, "/orders/0/lines/0/quantity"),
    ("/orders/0/lines/0/quantity", 0, "/orders/0/lines/0/quantity"),
    ("/orders/0/lines/0/fulfilled_quantity", 4, "/orders/0/lines/0/fulfilled_quantity"),
    ("/orders/0/lines/0/variant_id", "var-none", "/orders/0/lines/0/variant_id"),
    ("/orders/0/lines/0/product_id", "prd-none", "/orders/0/lines/0/product_id"),
    ("/orders/0/lines", [], "/orders/0/lines"),
    ("/orders/0/customer_id", "cust-none", "/orders/0/customer_id"),
    ("/orders/0/currency", "EUX", "/orders/0/currency"),
    ("/orders/0/currency", "eur", "/orders/0/currency"),
    ("/orders/0/status", "paid", "/orders/0/status"),
    ("/orders/0/store_id", "x", "/orders/0/store_id"),
    ("/orders/0/placed_at", "2026-01-10T10:00:00", "/orders/0/placed_at"),
    ("/orders/0/placed_at", "-3d", "/orders/0/placed_at"),
    ("/orders/0/placed_at", "yesterday", "/orders/0/placed_at"),
    ("/orders/0/payments/0/amount", 2501, "/orders/0/payments"),
    ("/orders/0/payments/0/amount", 1, "/orders/0/payments"),
    ("/orders/0/payments/0/amount", -1, "/orders/0/payments/0/amount"),
    ("/orders/0/payments/0/amount", 25.0, "/orders/0/payments/0/amount"),
    ("/orders/0/payments/0/payment_method_id", "pm-none", "/orders/0/payments/0/payment_method_id"),
    ("/orders/1/payments/0/id", "pay-1", "/orders/1/payments/0/id"),
    ("/orders/1/id", "ord-1", "/orders/1/id"),
    ("/orders/1/id", "a/b", "/orders/1/id"),
    ("/orders/1/status", "delivered", "/orders/1/status"),
    ("/orders/0/shipments/0/line_ids", ["ln-9"], "/orders/0/shipments/0/line_ids/0"),
    ("/orders/0/refunds", [{"id": "r", "payment_id": "pay-1", "amount": 2501, "at": "2026-01-20T00:00:00Z"}],
     "/orders/0/refunds/0/amount"),
    ("/orders/0/refunds", [{"id": "r", "payment_id": "pay-9", "amount": 1, "at": "2026-01-20T00:00:00Z"}],
     "/orders/0/refunds/0/payment_id"),
    ("/customers/0/payment_methods/1/currency", None, "/customers/0/payment_methods/1/currency"),
    ("/customers/0/payment_methods/1/currency", "USD", "/orders/0/payments/1/payment_method_id"),
    ("/customers/0/addresses/0/country_code", "Germany", "/customers/0/addresses/0/country_code"),
    ("/products/-", {"id": "prd-1", "name": "Again"}, "/products/2/id"),
    ("/everything", 1, "/everything"),
    ("/subscriptions/-", SHOP["subscriptions"][0], "/subscriptions/1/id"),
    ("/subscriptions/0/customer_id", "cust-none", "/subscriptions/0/customer_id"),
    ("/subscriptions/0/lines/0/variant_id", "var-9", "/subscriptions/0/lines/0/variant_id"),
    ("/subscriptions/0/next_billing_at", None, "/subscriptions/0/next_billing_at"),
    ("/subscriptions/0/interval", {"unit": "hour"}, "/subscriptions/0/interval/unit"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "pointer"), BAD)
def test_an_import_that_cannot_be_is_refused_with_a_pointer_and_changes_nothing(shop, path, value, pointer):
    before = shop.get("/sandbox/v1/export")
    status, answer = shop.call("POST", "/sandbox/v1/import", changed(path, value))
    assert (status, answer["code"]) == (422, "validation_failed")
    assert pointer in [entry["pointer"] for entry in answer["errors"]]
    assert shop.get("/sandbox/v1/export") == before


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b'{"orders":[],"orders":[]}', b'{"a":NaN}', b'{"a":"\\u0000"}', b"\xff", b"[" * 99999]
)
def test_an_import_that_is_not_strict_json_is_refused(shop, raw):
    status, answer = shop.call("POST", "/sandbox/v1/import", raw)
    assert (status, answer["code"]) == (400, "malformed_json")


def test_a_reset_goes_back_to_the_import_and_the_old_ledger_stays_readable(shop):
    before = shop.get("/sandbox/v1/export")
    shop.post("/payments/v1/refunds", {"payment_id": "pay-1", "amount": 300, "currency": "EUR"}, key="k1")
    shop.fault("refund", "refuse")
    answer = shop.post("/sandbox/v1/reset")
    assert shop.get("/sandbox/v1/export") == before
    assert shop.ledger() == []
    assert shop.get("/sandbox/v1/faults")["data"] == []
    old = shop.get(f"/sandbox/v1/ledger?epoch={answer['epoch'] - 1}")["data"]
    assert [(row["kind"], row["amount"], row["effect"]) for row in old] == [("refund", 300, True)]
    shop.post("/payments/v1/refunds", {"payment_id": "pay-1", "amount": 300, "currency": "EUR"}, key="k1")
    assert len(shop.effects("refund")) == 1


def test_the_ledger_pages_by_sequence_and_cannot_be_changed(shop, tmp_path):
    for key in ("a", "b", "c"):
        shop.post("/payments/v1/refunds", {"payment_id": "pay-1", "amount": 100, "currency": "EUR"}, key=key)
    assert [row["reference"] for row in shop.get("/sandbox/v1/ledger?after=1&kind=refund")["data"]] == ["b", "c"]
    page = shop.get("/sandbox/v1/ledger?limit=2")
    assert page["next_after"] == 2
    store = Store(tmp_path / "x.db")
    with store.write() as db:
        record(db, "s", "refund", effect=True)
    for sql in ("UPDATE ledger SET effect = 0", "DELETE FROM ledger"):
        with pytest.raises(sqlite3.IntegrityError, match="append only"):
            store.connection.execute(sql)
    store.close()


def test_a_gift_card_s_balance_rises_with_a_refund_and_falls_when_it_fails_late(shop):
    def balance():
        return shop.get("/shop/v1/customers/cust-1")["payment_methods"][1]["balance"]

    made = shop.post("/payments/v1/refunds", {"payment_id": "pay-2", "amount": 300, "currency": "EUR"}, key="k1")
    assert balance() == 400
    shop.post(f"/sandbox/v1/refunds/{made['id']}/fail")
    assert balance() == 100
    assert shop.get("/payments/v1/payments/pay-2")["refundable"] == 1000
    assert shop.call("POST", f"/sandbox/v1/refunds/{made['id']}/fail", {})[0] == 409
    assert [(row["kind"], row["amount"]) for row in shop.effects("refund_failed")] == [("refund_failed", 300)]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"payment_id": "pay-1", "amount": 2501, "currency": "EUR"}, 409, "refund_exceeds_captured"),
        ({"payment_id": "pay-1", "amount": 1, "currency": "USD"}, 422, "currency_mismatch"),
        ({"payment_id": "pay-3", "amount": 1, "currency": "EUR"}, 409, "payment_not_captured"),
        ({"payment_id": "pay-9", "amount": 1, "currency": "EUR"}, 404, "payment_not_found"),
        ({"payment_id": "pay-1", "amount": 0, "currency": "EUR"}, 422, "validation_failed"),
        ({"payment_id": "pay-1", "amount": "1", "currency": "EUR"}, 422, "validation_failed"),
    ],
)
def test_a_refund_that_cannot_be_is_refused_and_leaves_a_row_without_effect(shop, body, status, code):
    answered, answer = shop.call("POST", "/payments/v1/refunds", body, {"Idempotency-Key": "k"})
    assert (answered, answer["code"]) == (status, code)
    assert [(row["effect"], row["status"]) for row in shop.ledger("refund")] == [(False, status)]


def test_a_key_with_another_body_is_refused(shop):
    body = {"payment_id": "pay-1", "amount": 100, "currency": "EUR"}
    first = shop.post("/payments/v1/refunds", body, key="k")
    assert shop.post("/payments/v1/refunds", body, key="k") == first
    status, answer = shop.call("POST", "/payments/v1/refunds", body | {"amount": 1}, {"Idempotency-Key": "k"})
    assert (status, answer["code"]) == (422, "idempotency_key_reused")


def test_the_warehouse_ships_and_delivers_and_then_nothing_can_be_canceled(shop):
    shop.post("/sandbox/v1/fulfill", {"order_id": "ord-2", "state": "shipped"})
    order = shop.get("/shop/v1/orders/ord-2")
    assert (order["status"], order["payment_status"], order["fulfillment_status"]) == ("shipped", "paid", "fulfilled")
    status, answer = shop.call("POST", "/shop/v1/orders/ord-2/cancel", {"reason": "late"}, {"Idempotency-Key": "k"})
    assert (status, answer["code"]) == (409, "order_not_pending")
    shop.post("/sandbox/v1/fulfill", {"order_id": "ord-2", "state": "delivered"})
    assert shop.get("/shop/v1/orders/ord-2")["delivered_at"] is not None
    number = order["shipments"][0]["tracking_number"]
    assert [scan["word"] for scan in shop.get(f"/carrier/v1/tracking/{number}")["scans"]] == ["PICKED_UP", "DELIVERED"]


def test_the_mailbox_keeps_what_was_sent(shop):
    message = {"key": "m1", "channel": "email", "to": "Mia@example.com", "subject": "Grüße", "text": "Hallo"}
    shop.post("/mail/v1/messages", message)
    shop.post("/mail/v1/messages", message)
    kept = shop.get("/mail/v1/messages?to=mia@example.com")["data"]
    assert [(entry["message_id"], entry["subject"]) for entry in kept] == [("<m1@sandbox.example>", "Grüße")]
    status, _ = shop.call("POST", "/mail/v1/messages", message | {"key": "m2", "to": "a@b.example\nBcc: c@d.example"})
    assert status == 422
    assert len(shop.get("/mail/v1/messages")["data"]) == 1


@pytest.mark.parametrize("name", ["a b", "a/b", "x" * 65, "ü"])
def test_a_shop_s_name_is_plain(sandbox_url, name):
    status, answer = Served(sandbox_url, name.encode().decode("latin-1")).call("GET", "/sandbox/v1/export")
    assert (status, answer["code"]) == (400, "shop_invalid")


def test_the_demo_shop_is_there_fresh_and_has_every_state(sandbox_url):
    demo = Served(sandbox_url, "demo")
    orders = demo.get("/shop/v1/orders?limit=200")["data"]
    by_number = {order["number"]: order for order in orders}
    assert {order["status"] for order in orders} == {"pending", "processing", "shipped", "delivered", "canceled"}
    assert {"EUR", "JPY", "KWD"} <= {order["currency"] for order in orders}
    assert (by_number["#1001"]["status"], len(by_number["#1001"]["lines"])) == ("delivered", 2)
    assert (by_number["#1002"]["status"], by_number["#1003"]["status"]) == ("shipped", "pending")
    assert any(line["quantity"] == 3 and line["total"] == 1000 for order in orders for line in order["lines"])
    delivered = by_number["#1001"]["delivered_at"]
    assert timedelta(days=2, hours=23) < datetime.now(UTC) - datetime.fromisoformat(delivered) < timedelta(days=4)
    assert json.loads(DEMO.read_text(encoding="utf-8"))["relative_to_now"] is True


def test_the_commands_import_export_and_reset_over_http(sandbox_url, tmp_path):
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(SHOP))
    assert commands.import_file(sandbox_url, "by-command", file)["imported"]["orders"] == 2
    assert len(commands.export(sandbox_url, "by-command")["orders"]) == 2
    assert commands.reset(sandbox_url, "by-command")["shop"] == "by-command"
    file.write_text(json.dumps(changed("/orders/0/lines/0/total", 1)))
    with pytest.raises(commands.SandboxError, match="/orders/0/lines/0/total"):
        commands.import_file(sandbox_url, "by-command", file)
    with pytest.raises(commands.SandboxError, match="No such file"):
        commands.import_file(sandbox_url, "by-command", tmp_path / "none.json")
    with pytest.raises(commands.SandboxError, match="no sandbox answers"):
        commands.export("http://127.0.0.1:9", "demo")


def start(database, port) -> subprocess.Popen:
    code = f"from app.sandbox.commands import serve; serve('127.0.0.1', {port}, {str(database)!r})"
    process = subprocess.Popen([sys.executable, "-c", code])
    served = Served(f"http://127.0.0.1:{port}", "demo")
    for _ in range(200):
        try:
            served.get("/healthz")
            break
        except (URLError, RemoteDisconnected, ConnectionError):
            time.sleep(0.05)
    return process


def test_effects_and_ledger_survive_a_kill_together_and_idle_memory_stays_small(tmp_path, free_port):
    port = free_port()
    demo = Served(f"http://127.0.0.1:{port}", "demo")
    process = start(tmp_path / "s.db", port)
    try:
        resident = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        for turn in range(3):
            demo.fault("refund", "timeout_after_effect")
            body = {"payment_id": "pay-1001", "amount": 100, "currency": "EUR"}
            with suppress(TimeoutError, IncompleteRead):
                demo.call("POST", "/payments/v1/refunds", body, {"Idempotency-Key": f"k{turn}"}, timeout=0.3)
            process.send_signal(signal.SIGKILL)
            process.wait(10)
            process = start(tmp_path / "s.db", port)
            assert len(demo.effects("refund")) == turn + 1
            assert len(demo.get("/payments/v1/payments/pay-1001")["refunds"]) == turn + 1
            assert demo.post("/payments/v1/refunds", body, key=f"k{turn}")["amount"] == 100
        assert len(demo.effects("refund")) == 3
    finally:
        process.kill()
        process.wait(10)
    assert resident < 60 << 20
