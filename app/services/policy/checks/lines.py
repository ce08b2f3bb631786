"""What speaks against one line: final sale, hygiene, quantity, window, reason, photos, resolution."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.services.policy.checks.findings import BACK, Case, Finding, free
from app.services.policy.names import LATEST, Scene, utc
from app.services.policy.parts import PhotoDuty

RESOLVED = frozenset({"return", "exchange", "claim"})
ENTITLED = frozenset({"return", "exchange"})
"""Actions that give for goods what was paid for them, so that there must be something left of it."""
REASONED = frozenset({"cancel", "return", "exchange", "claim", "refund", "goodwill"})
"""What can be asked for with a reason; nobody is bound to give one for anything else."""


def of(case: Case, scene: Scene) -> Iterator[Finding]:
    """Every finding on the scene's line; without a line, on what the caller said of it in the facts themselves."""
    if case.facts.follows is not None:  # its goods and its reason were judged with what it follows from
        return
    yield from _excluded(case, scene)
    yield from _quantity(case, scene)
    yield from _window(case, scene)
    if not case.choosing or case.facts.reason is not None:
        yield from _reason(case, scene)
    if not case.choosing:
        yield from _photos(case, scene)
        yield from _resolution(case, scene)


def _excluded(case: Case, scene: Scene) -> Iterator[Finding]:
    facts, line, plan = case.facts, scene.line, case.plan
    if facts.action in BACK or case.kept:
        marked = facts.line_final_sale or (line is not None and line.final_sale)
        if marked or (plan.final_sale is not None and plan.final_sale(scene)):
            yield Finding("refuse", "final_sale", "final_sale", "item_not_returnable")
    # The law takes sealed goods out of the right to withdraw only once they are in the shopper's hands.
    if _handed_over(case) and plan.hygiene is not None and plan.hygiene(scene):
        yield Finding("refuse", "hygiene", "hygiene", "item_not_returnable")


def _quantity(case: Case, scene: Scene) -> Iterator[Finding]:
    line = scene.line
    # What a label is for is in its return already: that is no reason to refuse the label.
    taken = line is not None and case.facts.action != "return_label" and not free(case, line)
    if _handed_over(case) and (taken or not case.facts.quantity_free):
        yield Finding("refuse", "once", "once", "already_returned")
    elif line is not None and line.paid_back and case.facts.action in ENTITLED:
        yield Finding("refuse", "paid_back", "paid_back", "refund_exceeds_captured")


def _handed_over(case: Case) -> bool:
    """Whether this is of goods that the shopper has, to send back or to keep."""
    action = case.facts.action
    return action in BACK or ((action == "withdrawal" or case.kept) and case.facts.order_status == "delivered")


# ---- windows -----------------------------------------------------------------------------------------------------


def _window(case: Case, scene: Scene) -> Iterator[Finding]:
    if case.facts.action == "withdrawal":
        yield from _withdrawal(case, scene)
    if not _bound(case):
        return
    rule, until, unknown = closes(case, scene)
    if until is not None and case.now > until:
        yield Finding("refuse", rule, "window", "return_window_closed", {"date": until})
    elif unknown and not case.merchant:
        yield Finding("ask", "window.unknown", "window_unknown")


def _bound(case: Case) -> bool:
    """Whether the return windows bind this action: goods that stay with the shopper as if they came back."""
    return ("return" if case.kept else case.facts.action) in case.plan.window_actions


def closes(case: Case, scene: Scene) -> tuple[str, datetime | None, bool]:
    """The rule that says when the line's window closes, that moment, and whether it cannot be known.

    None and False: it never closes. An extension can only make it later.
    """
    if scene.closing is None:
        scene.closing = _closes(case, scene)
    return scene.closing


def _closes(case: Case, scene: Scene) -> tuple[str, datetime | None, bool]:
    facts = case.facts
    placed_at = None if facts.placed_at is None else utc(facts.placed_at)
    window = case.first(case.plan.windows_of(placed_at), scene)
    assert window is not None  # the last of them asks for nothing
    if window.days is None:
        return window.rule, None, False
    longer = _extended(case, scene, placed_at)
    arrived = scene.arrived()
    if arrived is None:
        # Open at least until then; whether it is open after that nobody can know.
        return window.rule, None, longer is None or case.now > longer
    until = min(arrived + window.days, LATEST)
    return window.rule, until if longer is None else max(until, longer), False


def _extended(case: Case, scene: Scene, placed_at: datetime | None) -> datetime | None:
    own = None if scene.line is None else scene.line.extended_until
    if own is None and not case.plan.extensions:
        return None
    found = [] if own is None else [utc(own)]
    if placed_at is not None:
        found += case.plan.extended(placed_at)
    return max(found, default=None)


def _withdrawal(case: Case, scene: Scene) -> Iterator[Finding]:
    if case.facts.order_status != "delivered":
        return
    until = withdrawable_until(case, scene)
    if until is None:
        if not case.merchant:
            yield Finding("ask", "window.unknown", "window_unknown")
    elif case.now > until:
        yield Finding("refuse", "withdrawal", "withdrawal", "return_window_closed", {"date": until})


def withdrawable_until(case: Case, scene: Scene) -> datetime | None:
    """The end of the statutory period; None where the day of delivery is not known."""
    arrived = scene.arrived()
    if arrived is None:
        return None
    until = arrived + timedelta(days=case.document.withdrawal.days)
    extended = None if scene.line is None else scene.line.extended_until
    return until if extended is None else max(until, utc(extended))


def until(case: Case, scene: Scene) -> datetime | None:
    """When the line's window closes for this action; None where it does not or cannot be known."""
    if case.facts.action == "withdrawal":
        return withdrawable_until(case, scene)
    return closes(case, scene)[1] if _bound(case) else None


# ---- choices -----------------------------------------------------------------------------------------------------


def _reason(case: Case, scene: Scene) -> Iterator[Finding]:
    listed = case.plan.reasons.get(case.facts.action)
    if listed is None or case.facts.action == "withdrawal":  # the law asks no reason of who withdraws
        return
    own = None if scene.line is None else scene.line.reason
    given = [reason for reason in (own, case.facts.reason) if reason is not None]
    if listed.accepted is not None and any(reason not in listed.accepted for reason in given):
        yield Finding("refuse", "reasons", "reasons", "reason_not_allowed")
    elif listed.required and not given and case.facts.action in REASONED:
        yield Finding("refuse", "reasons.required", "reason_missing", "reason_not_allowed")


def _photos(case: Case, scene: Scene) -> Iterator[Finding]:
    line = scene.line
    if line is None or case.merchant:
        return
    for ready in case.plan.photos.get(case.facts.action, ()):
        duty: PhotoDuty = ready.part
        meant = duty.reasons is None or (line.reason or case.facts.reason) in duty.reasons
        if meant and line.photos < duty.count and ready.test(scene):
            code = "item_not_returnable" if duty.outcome == "refuse" else None
            yield Finding(duty.outcome, f"photos.{duty.id}", "photos", code)


def _resolution(case: Case, scene: Scene) -> Iterator[Finding]:
    line, action = scene.line, case.facts.action
    if line is None or (action not in RESOLVED and not case.kept):
        return
    wanted = "exchange" if action == "exchange" else line.resolution
    if case.kept and case.facts.destination == "store_credit":
        wanted = "store_credit"
    if wanted not in offered(case, scene):
        yield Finding("refuse", "resolutions", "resolutions", "refund_method_not_allowed")


def offered(case: Case, scene: Scene) -> tuple[str, ...]:
    """What the line may be turned into."""
    for ready in case.plan.resolution_rules:
        if ready.test(scene):
            return tuple(ready.part.allowed)
    return tuple(case.document.resolutions)


def fee(case: Case, scene: Scene) -> tuple[int, int]:
    """What is kept back of the line, and the fixed part of it, minor units: never more than its value in all.

    Per cent is rounded down, and counts before what is fixed.
    """
    facts = case.facts
    value = scene.line.value if scene.line is not None else facts.amount or 0
    shares = fixed = 0
    for ready in case.plan.fees.get(facts.action, ()):
        if ready.test(scene):
            shares += value * ready.part.percent // 100
            fixed += ready.part.fixed.get(facts.currency, 0)
    shares = max(0, min(shares, value))
    fixed = max(0, min(fixed, value - shares))
    return shares + fixed, fixed
