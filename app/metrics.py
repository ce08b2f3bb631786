"""What operations watch: is it healthy, and is money stuck.

Labels are what we name ourselves (routes, kinds, states, currencies, test or live): never an id, a store or a text, so
that the number of series is bounded whoever calls. Amounts are minor units of their currency. What is read from the
database (all but requests, connections and the process) is the same in every process: take one of them, not the sum.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from app import __version__

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
BUILD = Gauge("aftersale_build_info", "1, with the version that runs.", ("version",), registry=REGISTRY)
BUILD.labels(__version__).set(1)

# ---- this process ---------------------------------------------------------------------------------------------------

REQUESTS = Counter(
    "aftersale_http_requests_total",
    "Requests by route and status.",
    ("method", "route", "status"),
    registry=REGISTRY,
)
SECONDS = Histogram(
    "aftersale_http_request_seconds",
    "Time to the answer.",
    ("method", "route"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
CONNECTIONS = Gauge("aftersale_database_connections", "Database connections in use.", registry=REGISTRY)
MOST_CONNECTIONS = Gauge("aftersale_database_connections_max", "Database connections at most.", registry=REGISTRY)
WRITES_WAITING = Gauge(
    "aftersale_database_writes_waiting",
    "Writes that wait for the one writing connection of SQLite.",
    registry=REGISTRY,
)

# ---- the database, read at each scrape ------------------------------------------------------------------------------

OPERATIONS = Gauge(
    "aftersale_operations",
    "Operations that have not ended, by kind and status.",
    ("kind", "status", "mode"),
    registry=REGISTRY,
)
RECENT = Gauge(
    "aftersale_operations_last_hour",
    "Operations that were asked for within the last hour, by kind and the status that they have now.",
    ("kind", "status", "mode"),
    registry=REGISTRY,
)
DEAD = Gauge("aftersale_operations_dead", "Operations that wait for a named person.", registry=REGISTRY)
OLDEST = Gauge(
    "aftersale_operation_oldest_seconds",
    "Age of the oldest operation that has not ended.",
    registry=REGISTRY,
)
OLDEST_UNKNOWN = Gauge(
    "aftersale_operation_unknown_oldest_seconds",
    "Age of the oldest operation whose outcome is unknown.",
    registry=REGISTRY,
)
QUEUE = Gauge("aftersale_queue_due", "Operations whose next try is due and that no worker holds.", registry=REGISTRY)
QUEUE_LATE = Gauge(
    "aftersale_queue_late_seconds",
    "By how much the most delayed of them is late; near 0 while workers work.",
    registry=REGISTRY,
)
REFUNDS = Gauge(
    "aftersale_refunds_open",
    "Refunds that have neither been paid nor failed.",
    ("status", "currency", "mode"),
    registry=REGISTRY,
)
REFUNDS_AMOUNT = Gauge(
    "aftersale_refunds_open_amount",
    "What they amount to, minor units.",
    ("status", "currency", "mode"),
    registry=REGISTRY,
)
REFUND_OLDEST = Gauge(
    "aftersale_refund_open_oldest_seconds",
    "Age of the oldest of them.",
    ("status", "mode"),
    registry=REGISTRY,
)
CAP_SPENT = Gauge(
    "aftersale_cap_day_spent_amount",
    "What automation has spent of today's caps, all stores together, minor units.",
    ("currency", "mode"),
    registry=REGISTRY,
)
CAP_USED = Gauge(
    "aftersale_cap_day_used_ratio",
    "How much of its cap of today the store has used that has used most of it; 1 is all.",
    ("currency", "mode"),
    registry=REGISTRY,
)
APPROVALS = Gauge("aftersale_approvals_waiting", "Questions that wait for a person.", ("mode",), registry=REGISTRY)
APPROVAL_OLDEST = Gauge("aftersale_approval_oldest_seconds", "Age of the oldest of them.", ("mode",), registry=REGISTRY)
RETURNS_OVERDUE = Gauge(
    "aftersale_returns_overdue",
    "Returns whose goods should be here and are not.",
    ("reason", "mode"),
    registry=REGISTRY,
)
WEBHOOKS = Gauge(
    "aftersale_webhooks_open",
    "Webhooks that have not been taken: pending, dead.",
    ("status", "mode"),
    registry=REGISTRY,
)
WEBHOOKS_LATE = Gauge(
    "aftersale_webhook_late_seconds", "By how much the most delayed webhook is late that is due.", registry=REGISTRY
)
WEBHOOKS_OFF = Gauge(
    "aftersale_webhook_endpoints_disabled", "Endpoints that are not told any more.", ("mode",), registry=REGISTRY
)
INBOUND = Gauge(
    "aftersale_inbound_open",
    "What connected systems sent and is not done: pending, dead.",
    ("status", "mode"),
    registry=REGISTRY,
)
INBOUND_LATE = Gauge(
    "aftersale_inbound_late_seconds", "By how much the most delayed of it is late that is due.", registry=REGISTRY
)
MIRROR_DIFFERED = Gauge(
    "aftersale_mirror_differences",
    "Orders of which the nightly passes of the last day found our copy missing, changed, or unreadable.",
    ("reason", "mode"),
    registry=REGISTRY,
)
MIRROR_OLDEST = Gauge(
    "aftersale_mirror_pass_oldest_seconds",
    "Age of the oldest nightly pass that has not come to its end.",
    ("mode",),
    registry=REGISTRY,
)
STREAMS = Gauge("aftersale_streams", "Listeners to events at this process.", registry=REGISTRY)
UNSEALED = Gauge("aftersale_audit_unsealed", "Audit rows that are not in the hash chain yet.", registry=REGISTRY)
