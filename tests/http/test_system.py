"""Health, metrics, and servers of their own: a stop in the middle of a refund, a process that dies, a token."""

from __future__ import annotations

import json
import re
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.support.app import App, Tenant, seeded
from tests.support.servers import Server

REFUND = {"order": "#1001", "amount": {"amount": 100, "currency": "EUR"}, "reason": "damaged"}
Run = Callable[..., Server]


# ---- in this process --------------------------------------------------------------------------------------------


def test_health_is_told_to_everybody(app: App) -> None:
    assert app.client().get("/healthz").json() == {"status": "ok"}


def test_readiness_asks_the_database(app: App) -> None:
    ready = app.client().get("/readyz").json()
    assert ready["status"] == "ok"
    assert 0 <= ready["database_ms"] < 5000


def metric(text: str, name: str, **labels: str) -> float:
    for line in text.splitlines():
        found = re.fullmatch(rf"{name}(?:\{{(.*)\}})? ([0-9.e+-]+)", line)
        if found and all(f'{label}="{value}"' in (found.group(1) or "") for label, value in labels.items()):
            return float(found.group(2))
    return 0.0


def test_metrics_count_by_route_and_never_by_what_was_asked_for(app: App, store: Tenant) -> None:
    def counted(route: str, status: str) -> float:
        text = app.client().get("/metrics").text
        return metric(text, "aftersale_http_requests_total", method="GET", route=route, status=status)

    before = counted("/v1/orders/{ref}", "200"), counted("/v1/orders/{ref}", "404"), counted("unmatched", "404")
    order = store.get("/v1/orders/1001").json()["id"]
    store.get(f"/v1/orders/{order}")
    store.get("/v1/orders/4111111111111111")
    store.get("/v1/wherever/4111111111111111")
    after = counted("/v1/orders/{ref}", "200"), counted("/v1/orders/{ref}", "404"), counted("unmatched", "404")
    assert [now - then for now, then in zip(after, before, strict=True)] == [2, 1, 1]
    text = app.client().get("/metrics").text
    for secret in (order, store.id, store.key, "4111111111111111", store.sandbox.shop):
        assert secret not in text


def test_metrics_tell_what_has_not_ended(app: App, store: Tenant) -> None:
    def pending() -> float:
        return metric(app.client().get("/metrics").text, "aftersale_operations", kind="refund", status="pending")

    before = pending()  # the database is shared with other tests, some of whose refunds wait for good
    store.sandbox.fault("refund", "slow", delay_ms=700)
    refund = store.post("/v1/refunds", REFUND, Prefer="wait=0").json()
    assert pending() == before + 1
    assert metric(app.client().get("/metrics").text, "aftersale_operation_oldest_seconds") > 0
    deadline = time.monotonic() + 10
    while store.get(f"/v1/refunds/{refund['id']}").json()["status"] != "succeeded" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert pending() == before


def test_the_document_s_pages_are_counted_by_their_names(app: App) -> None:
    pages = ("/docs", "/openapi.json", "/static-offline-docs/favicon.png", "/static-offline-docs/4111111111111111.js")
    for page in pages:
        app.client(checked=False).get(page)
    told = set(re.findall(r'route="([^"]*)"', app.client().get("/metrics").text))
    assert {"/docs", "/openapi.json", "/static-offline-docs"} <= told
    assert not any("favicon" in route or "4111" in route for route in told)


# ---- processes of their own -------------------------------------------------------------------------------------


def serve(run_server: Run, url: str, sandbox_url: str, **settings: str) -> list[Server]:
    """The server, and on PostgreSQL a worker."""
    environment = {"AFTERSALE_SANDBOX_URL": sandbox_url, "AFTERSALE_WORKERS_POLL_SECONDS": "0.05", **settings}
    found = [run_server("serve", database_url=url, environment=environment)]
    if url.startswith("postgresql"):
        found.append(run_server("worker", database_url=url, environment=environment, ready=None))
    return found


def asking(server: Server, key: str, seconds: float = 30) -> httpx.Client:
    return httpx.Client(
        base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=seconds, verify=False, trust_env=False
    )


def settled(client: httpx.Client, path: str, seconds: float = 20) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while True:
        found = client.get(path).json()
        if found["status"] not in {"pending", "unknown"} or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def test_a_stop_in_the_middle_of_a_refund_ends_clean_and_the_refund_once(
    run_server: Run, database_url: str, sandbox_url: str
) -> None:
    shop, key = seeded(database_url, sandbox_url)
    servers = serve(run_server, database_url, sandbox_url)
    shop.fault("refund", "slow", delay_ms=1500)
    answers: list[httpx.Response | httpx.HTTPError] = []

    def ask() -> None:
        with asking(servers[0], key) as client:
            try:
                headers = {"Idempotency-Key": "one", "Prefer": "wait=20"}
                answers.append(client.post("/v1/refunds", json=REFUND, headers=headers))
            except httpx.HTTPError as error:
                answers.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    deadline = time.monotonic() + 20
    while not shop.ledger("refund") and time.monotonic() < deadline:
        time.sleep(0.02)  # the provider has it, and has not answered
    for server in servers:
        server.process.send_signal(signal.SIGTERM)
    codes = [server.process.wait(20) for server in servers]
    thread.join(20)
    assert codes == [0] * len(servers), servers[0].said()[-3000:]
    for server in servers:
        assert "Traceback" not in server.said(), server.said()[-3000:]
    answered = isinstance(answers[0], httpx.Response)
    if answered:
        assert answers[0].status_code in {201, 202}, answers[0].text

    again = serve(run_server, database_url, sandbox_url)
    with asking(again[0], key) as client:
        answer = client.post("/v1/refunds", json=REFUND, headers={"Idempotency-Key": "one", "Prefer": "wait=20"})
        assert answer.headers["idempotent-replayed"] == "true"
        refund = settled(client, f"/v1/refunds/{answer.json()['id']}")
        assert refund["status"] == "succeeded"
        if answered:
            assert refund["id"] == answers[0].json()["id"]
    assert len(shop.effects("refund")) == 1


def test_a_process_that_stops_says_so_first_and_serves_until_it_has_been_heard(
    run_server: Run, sqlite_url: str, sandbox_url: str
) -> None:
    shop, key = seeded(sqlite_url, sandbox_url)
    server = serve(run_server, sqlite_url, sandbox_url, AFTERSALE_DRAIN_SECONDS="3")[0]
    shop.fault("refund", "slow", delay_ms=4500)
    answers: list[httpx.Response] = []
    headers = {"Idempotency-Key": "one", "Prefer": "wait=20"}
    with asking(server, key) as client, asking(server, key) as other:
        thread = threading.Thread(
            target=lambda: answers.append(other.post("/v1/refunds", json=REFUND, headers=headers))
        )
        thread.start()
        deadline = time.monotonic() + 20
        while not shop.ledger("refund") and time.monotonic() < deadline:
            time.sleep(0.02)
        server.process.send_signal(signal.SIGTERM)
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["code"]) == (503, "unavailable")
        assert int(ready.headers["retry-after"]) >= 1
        with asking(server, key) as late:  # a connection that begins now
            assert late.get("/healthz").status_code == 200
            assert late.get("/v1/orders/1001/status").status_code == 200
        assert server.process.poll() is None
        thread.join(20)
    assert [answer.status_code for answer in answers] == [201], "what was under way is answered"
    assert server.process.wait(20) == 0
    assert "Traceback" not in server.said()


def test_a_stop_while_nothing_runs_is_quick(run_server: Run, sqlite_url: str, sandbox_url: str) -> None:
    server = serve(run_server, sqlite_url, sandbox_url)[0]
    started = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(20) == 0
    assert time.monotonic() - started < 8
    assert "Traceback" not in server.said()


def test_metrics_want_their_token_where_there_is_one(run_server: Run, sqlite_url: str, sandbox_url: str) -> None:
    server = serve(run_server, sqlite_url, sandbox_url, AFTERSALE_METRICS_TOKEN="let-me-measure")[0]
    with asking(server, "let-me-measure") as client:
        assert client.get("/metrics").status_code == 200
        for wrong in ("", "Bearer wrong", "Bearer let-me-measur", "let-me-measure", "Bearer let-me-measure\u00e9"):
            refused = client.get("/metrics", headers={b"Authorization": wrong.encode("latin-1")})
            assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
        assert client.get("/healthz").status_code == 200


def test_the_log_is_one_json_object_a_line(run_server: Run, sqlite_url: str, sandbox_url: str, tmp_path: Path) -> None:
    _, key = seeded(sqlite_url, sandbox_url)
    server = serve(run_server, sqlite_url, sandbox_url)[0]
    with asking(server, key) as client:
        client.get("/v1/orders/1001", headers={"X-Request-Id": "find-me"})
    server.stop()
    lines = [json.loads(line) for line in server.said().splitlines() if line.startswith("{")]
    mine = [line for line in lines if line.get("request_id") == "find-me"]
    assert [(line["event"], line["route"], line["status"]) for line in mine] == [("request", "/v1/orders/{ref}", 200)]
