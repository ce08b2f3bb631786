"""Traces, where `AFTERSALE_TRACES_URL` names a collector and `pip install aftersale[otel]` has brought the SDK.

Off, a span costs one comparison, and the caller's own `traceparent` is passed on as it came: to the providers, and
through the job that a request leaves behind. On, the same header names our spans. A span holds names, numbers and
kinds of errors; no text, no address and no id of a shopper's, for whoever collects traces is not who keeps orders.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:  # comes with the workflow engine; loaded only where traces are on
    from opentelemetry.trace import Span, Tracer

Kind = Literal["server", "client", "consumer", "internal"]
traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""The W3C trace context that what happens now belongs to; it is sent along where it is set."""

LEAVE = 3.0


class TracesMissingError(RuntimeError):
    """Traces are wanted and the SDK is not installed."""


class _On:
    tracer: Tracer | None = None
    provider: Any = None


def start(url: str, ratio: float, version: str) -> None:
    """Send `ratio` (0 to 1) of the traces to the collector at `url` (OTLP over HTTP); nothing where it is empty.

    Raises `TracesMissingError` where the extra is not installed.
    """
    if not url or _On.provider is not None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise TracesMissingError("AFTERSALE_TRACES_URL wants `pip install aftersale[otel]`") from error
    collect(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)), ratio, version)


def collect(processor: Any, ratio: float, version: str) -> None:
    """Turn traces on and hand every span that ends to `processor` (a `SpanProcessor`)."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    resource = Resource.create({"service.name": "aftersale", "service.version": version})
    _On.provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(ratio)), resource=resource)
    _On.provider.add_span_processor(processor)
    _On.tracer = _On.provider.get_tracer("aftersale", version)


def stop() -> None:
    """Send what is left, for `LEAVE` seconds at most, and turn traces off."""
    provider, _On.provider, _On.tracer = _On.provider, None, None
    if provider is not None:  # a collector that is away must not keep a process from ending
        last = threading.Thread(target=provider.shutdown, daemon=True, name="traces")
        last.start()
        last.join(LEAVE)


class Traced:
    """What may be told of a span; nothing happens where traces are off."""

    __slots__ = ("_span",)

    def __init__(self, span: Span | None = None) -> None:
        self._span = span

    def note(self, **attributes: str | float | bool) -> None:
        """Attributes by their names, `__` for a dot."""
        if self._span is not None:
            for name, value in attributes.items():
                self._span.set_attribute(name.replace("__", "."), value)

    def name(self, name: str) -> None:
        """Call it otherwise than when it began."""
        if self._span is not None:
            self._span.update_name(name)

    def failed(self, kind: str) -> None:
        """It went wrong; the kind of the error alone."""
        if self._span is not None:
            from opentelemetry.trace import StatusCode

            self._span.set_attribute("error.type", kind)
            self._span.set_status(StatusCode.ERROR)


_NOTHING = Traced()


@contextlib.contextmanager
def span(name: str, kind: Kind, parent: str | None) -> Generator[Traced]:
    """What happens inside belongs to this span, a child of `parent` (a `traceparent`); off: to the parent itself."""
    if _On.tracer is None:
        token = traceparent.set(parent)
        try:
            yield _NOTHING
        finally:
            traceparent.reset(token)
        return
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier = TraceContextTextMapPropagator()
    context = carrier.extract({"traceparent": parent} if parent else {})
    made = _On.tracer.start_span(name, context=context, kind=SpanKind[kind.upper()])
    traced = Traced(made)
    header = made.get_span_context()
    written = f"00-{header.trace_id:032x}-{header.span_id:016x}-{int(header.trace_flags):02x}"
    token = traceparent.set(written)
    try:
        yield traced
    except BaseException as error:
        traced.failed(type(error).__name__)
        raise
    finally:
        traceparent.reset(token)
        made.end()
