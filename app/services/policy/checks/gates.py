"""What must hold before anything else is looked at: whose order it is, what was proved, and the order's state."""

from __future__ import annotations

from collections.abc import Iterator

from app.services.policy.checks.findings import BACK, Case, Finding


def identity(case: Case) -> Finding | None:
    """Ownership, then proof; neither binds the merchant."""
    if case.merchant:
        return None
    if not case.facts.owner:
        return Finding("refuse", "ownership", "not_owner", "not_owner")
    needed = proof_needed(case)
    if case.facts.proof < needed:
        return Finding("refuse", "proof", "proof", "proof_required", {"level": str(needed)})
    return None


def proof_needed(case: Case) -> int:
    """The level for the action; store credit, another method and an exchange need theirs in any action."""
    facts, levels = case.facts, case.plan.proof
    if case.choosing:
        return levels["order_status"]
    needed = levels.get(facts.action, 2)
    if facts.action in {"return", "claim", "withdrawal"}:
        resolutions = {line.resolution for line in facts.lines}
        if facts.destination != "original" or "store_credit" in resolutions:
            needed = max(needed, levels["refund"])
        if "exchange" in resolutions:
            needed = max(needed, levels["exchange"])
    return needed


def state(case: Case) -> Finding | None:
    """Whether the order is in a state in which the action makes sense."""
    facts = case.facts
    action, status = facts.action, facts.order_status
    if action == "cancel":
        return _cancel(case)
    if action in CHANGES:
        return _change(case)
    if action in BACK and status != "delivered":
        return _not_delivered()
    if action == "claim" and status not in {"shipped", "delivered"}:
        return _not_delivered()
    if action == "withdrawal":
        if status == "canceled":
            return Finding("refuse", "state", "already_canceled", "already_canceled")
        if status != "delivered" and not case.document.withdrawal.before_delivery:
            return _not_delivered()
    return None


CHANGES = {"change_address": "address", "swap_items": "items", "change_payment_method": "payment_method"}
"""Actions that change an order before it ships, and what the document calls them."""


def _not_delivered() -> Finding:
    return Finding("refuse", "state", "not_delivered", "order_not_delivered")


def _cancel(case: Case) -> Finding | None:
    if case.facts.order_status == "canceled":
        return Finding("refuse", "state", "already_canceled", "already_canceled")
    if case.facts.order_status != "pending":
        return Finding("refuse", "state", "not_pending", "order_not_pending")
    return _locked(case)


def _change(case: Case) -> Finding | None:
    if case.facts.order_status not in case.document.changes.statuses:
        return Finding("refuse", "state", "not_pending", "order_not_pending")
    return _locked(case)


def _locked(case: Case) -> Finding | None:
    if case.facts.items_changed and case.document.changes.items_lock:
        return Finding("refuse", "changes.items_lock", "items_lock", "order_already_modified")
    return None


def changes(case: Case) -> Iterator[Finding]:
    """What the policy says of changes before shipping."""
    facts, policy = case.facts, case.document.changes
    what = CHANGES.get(facts.action)
    if what is None or facts.follows is not None:
        return
    if what == "items" and policy.items_once and facts.items_changed:
        yield Finding("refuse", "changes.items_once", "items_once", "order_already_modified")
    if what == "payment_method" and policy.payment_method_once and facts.payment_changed:
        yield Finding("refuse", "changes.payment_method_once", "payment_once", "payment_already_changed")
    said = getattr(policy, what)
    if said == "refuse":
        yield Finding("refuse", f"changes.{what}", "changes_refused", "order_not_pending")
    elif said == "ask" and not case.merchant:
        yield Finding("ask", f"changes.{what}", "changes_ask")


def once(case: Case) -> Iterator[Finding]:
    """One return per order, one exchange per order, where the policy says so."""
    facts, document = case.facts, case.document
    if facts.follows is not None or (facts.action not in {"return", "exchange"} and not case.kept):
        return
    if document.one_return_per_order and facts.standing_returns > 0:
        yield Finding("refuse", "one_return_per_order", "one_return", "already_returned")
    exchanges = facts.standing_returns if facts.standing_exchanges is None else facts.standing_exchanges
    if document.exchange_once and case.swaps and exchanges > 0:
        yield Finding("refuse", "exchange_once", "exchange_once", "already_returned")
