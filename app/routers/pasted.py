"""What a reader of the document would have to type to try an operation out: filled in with what the demo has."""

from __future__ import annotations

from typing import Any

from app.errors import ActorRequired
from app.routers import connection_examples, examples, policy_examples, webhook_examples

PATHS = {
    "approval_id": examples.APPROVAL["id"],
    "backtest_id": policy_examples.BACKTEST_ID,
    "claim_id": examples.CLAIM_ID,
    "connection_id": connection_examples.CONNECTION_ID,
    "delivery_id": connection_examples.DELIVERY_ID,
    "credit_id": examples.CREDIT_ID,
    "customer_id": "cust-anna",
    "decision_id": policy_examples.DECISION_ID,
    "endpoint_id": webhook_examples.ENDPOINT_ID,
    "exchange_id": examples.EXCHANGE_ID,
    "label_id": examples.LABEL_ID,
    "name": "refund_order",
    "operation_id": examples.OPERATION_ID,
    "policy_id": policy_examples.POLICY_ID,
    "product_id": "prd-rain-jacket",
    "ref": "1001",
    "refund_id": examples.REFUND_ID,
    "return_id": examples.RETURN_ID,
    "ticket_id": examples.TICKET_ID,
    "withdrawal_id": examples.WITHDRAWAL_ID,
}
"""By the parameter's name: the demo's own, or an id of the right form where a write makes it first."""
UNSHIPPED, PAID = "1003", "1016"
"""The demo's orders that wait to be packed; what only such an order allows is tried on them."""
SOMEBODY = "agent:kim"


def fill(operation: dict[str, Any], method: str, path: str) -> None:
    """Give the parameters of an operation of the document their examples."""
    paths = dict(PATHS)
    if method != "get" and path.startswith("/v1/orders/{ref}/"):
        paths["ref"] = PAID if path.endswith("/payment-method") else UNSHIPPED
    for parameter in operation.get("parameters", []):
        name = parameter["name"]
        if parameter["in"] == "path" and name in paths:
            parameter["example"] = paths[name]
        elif name == "idempotency-key" and parameter["required"]:
            parameter["example"] = f"try-{operation['operationId']}"
        elif name == "aftersale-actor" and _wants_a_person(operation):
            parameter["example"] = SOMEBODY


def _wants_a_person(operation: dict[str, Any]) -> bool:
    declared = operation["responses"].get(str(ActorRequired.status), {}).get("content", {})
    return ActorRequired.code in declared.get("application/problem+json", {}).get("examples", {})
