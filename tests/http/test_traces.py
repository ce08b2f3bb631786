"""Traces: a request, the job that it leaves behind and each call to a provider are one trace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app import clock, tracing
from app.models.operations import Operation
from tests.support.app import App, Tenant

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLERS = f"00-{TRACE}-b7ad6b7169203331-01"
REFUND = {"order": "#1001", "amount": {"amount": 100, "currency": "EUR"}, "reason": "damaged"}


@pytest.fixture
def collected() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.collect(SimpleSpanProcessor(exporter), 1.0, "test")
    yield exporter
    tracing.stop()


def spans(exporter: InMemorySpanExporter, until: str) -> dict[str, list[ReadableSpan]]:
    """The spans of the caller's trace by their names, once there is one of the name `until`."""
    give_up = clock.now() + timedelta(seconds=15)
    while True:
        mine = [span for span in exporter.get_finished_spans() if f"{span.context.trace_id:032x}" == TRACE]
        found: dict[str, list[ReadableSpan]] = {}
        for span in mine:
            found.setdefault(span.name, []).append(span)
        if until in found:
            return found
        assert clock.now() < give_up, list(found)


def test_a_request_its_job_and_its_calls_are_one_trace(
    app: App, store: Tenant, collected: InMemorySpanExporter
) -> None:
    answer = store.post("/v1/refunds", REFUND, Prefer="wait=10", traceparent=CALLERS)
    assert answer.json()["status"] == "succeeded"
    found = spans(collected, "POST /v1/refunds")
    [request], [tried] = found["POST /v1/refunds"], spans(collected, "operation refund")["operation refund"]
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == "b7ad6b7169203331"
    assert request.attributes is not None
    assert request.attributes["http.response.status_code"] == 201
    assert tried.parent is not None
    assert tried.parent.span_id == request.context.span_id, "the job hangs on the request that asked for it"
    assert tried.attributes is not None
    assert (tried.attributes["operation.outcome"], tried.attributes["operation.kind"]) == ("succeeded", "refund")
    of_job = [span for span in found.get("POST", []) if span.parent and span.parent.span_id == tried.context.span_id]
    assert len(of_job) == 1, "the provider was called once for it"
    assert of_job[0].attributes is not None
    assert of_job[0].attributes["server.address"] == "127.0.0.1"


def test_a_span_holds_no_word_of_a_shopper_s(app: App, store: Tenant, collected: InMemorySpanExporter) -> None:
    text = {"channel": "chat", "text": "Where is my order #1002?", "customer": {"email": "luc.moreau@example.com"}}
    store.post("/v1/messages", text, traceparent=CALLERS)
    store.get("/v1/orders/1002/status", traceparent=CALLERS)
    spans(collected, "GET /v1/orders/{ref}/status")
    told = " ".join(f"{span.name} {dict(span.attributes or {})}" for span in collected.get_finished_spans())
    assert "POST /v1/messages" in told
    for secret in ("luc.moreau", "1002", "Moreau", store.key, store.id):
        assert secret not in told


def test_what_goes_wrong_at_a_provider_shows(app: App, store: Tenant, collected: InMemorySpanExporter) -> None:
    store.sandbox.fault("refund", "refuse", code="charge_disputed", status=409)
    store.post("/v1/refunds", REFUND, Prefer="wait=10", traceparent=CALLERS)
    [tried] = spans(collected, "operation refund")["operation refund"]
    assert tried.attributes is not None
    assert tried.attributes["operation.outcome"] == "failed"
    assert not tried.status.is_ok


def test_without_traces_the_caller_s_context_still_reaches_the_job(app: App, store: Tenant) -> None:
    def kept(operation: str) -> str | None:
        return app.read(lambda session: session.get_one(Operation, operation).traceparent)

    made = store.post("/v1/refunds", REFUND, Prefer="wait=10", traceparent=CALLERS).json()
    assert kept(made["operation"]["id"]) == CALLERS
    for odd in ("", "00-xyz-b7ad6b7169203331-01", "00-" + "4111111111111111" * 2 + "-4111111111111111-01"):
        given: dict[str, Any] = {"traceparent": odd} if odd else {}
        made = store.post("/v1/refunds", REFUND, Prefer="wait=10", **given).json()
        assert kept(made["operation"]["id"]) is None, odd


def test_traces_that_are_wanted_and_not_installed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace.export", None)
    with pytest.raises(tracing.TracesMissingError, match=re.escape("pip install aftersale[otel]")):
        tracing.start("http://127.0.0.1:4318/v1/traces", 1.0, "test")
    tracing.start("", 1.0, "test")
