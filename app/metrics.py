"""What operations watch: requests, operations and what waits for a person."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "aftersale_http_requests_total", "Requests by route and status.", ("method", "route", "status"), registry=REGISTRY
)
SECONDS = Histogram(
    "aftersale_http_request_seconds",
    "Time to the answer.",
    ("method", "route"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
OPERATIONS = Gauge(
    "aftersale_operations", "Operations that have not ended, by kind and status.", ("kind", "status"), registry=REGISTRY
)
DEAD = Gauge("aftersale_operations_dead", "Operations that wait for a named person.", registry=REGISTRY)
OLDEST = Gauge(
    "aftersale_operation_oldest_seconds", "Age of the oldest operation that has not ended.", registry=REGISTRY
)
UNSEALED = Gauge("aftersale_audit_unsealed", "Audit rows that are not in the hash chain yet.", registry=REGISTRY)
