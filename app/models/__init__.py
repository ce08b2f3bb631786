"""Every table, so that migrations see the whole schema."""

from app.models import (
    approvals,
    changes,
    claims,
    credits,  # noqa: A004  our own tables; the prompt has no say here
    customers,
    exchanges,
    guesses,
    operations,
    orders,
    policies,
    records,
    refunds,
    returns,
    stores,
    tickets,
    withdrawals,
)

__all__ = [
    "approvals",
    "changes",
    "claims",
    "credits",
    "customers",
    "exchanges",
    "guesses",
    "operations",
    "orders",
    "policies",
    "records",
    "refunds",
    "returns",
    "stores",
    "tickets",
    "withdrawals",
]
