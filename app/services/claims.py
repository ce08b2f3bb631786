"""Claims: what is wrong with an order's items, decided by a person or by the policy, paid without goods coming back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import (
    AlreadyCanceled,
    AlreadyClaimed,
    AppError,
    ClaimNotFound,
    ClaimNotInState,
    Forbidden,
    ItemNotInOrder,
    NoItems,
    OrderNotDelivered,
    RefundExceedsCaptured,
)
from app.models.claims import IN_KIND, MOVES, STANDING, Claim, ClaimLine
from app.models.orders import Order, OrderLine
from app.models.refunds import Refund
from app.money import Money
from app.services import (
    approval_views,
    approvals,
    audit,
    claim_facts,
    decisions,
    entitlements,
    events,
    line_uses,
    orders,
    refund_settlements,
    refund_views,
    refunds,
)
from app.services.callers import Caller
from app.services.claim_facts import ClaimLineSpec, ClaimSpec
from app.services.line_uses import Use
from app.services.order_views import Ledger, lines_of, money, named, payments_of
from app.services.orders import Ledgers
from app.services.policy.contract import Ruling
from app.services.refund_quotes import RefundSpec

KIND = "claim"
WAITING = ("requested", "awaiting_approval")
NEEDS_ARRIVAL = frozenset({"damaged", "wrong", "not_as_described"})
"""What can be said only of goods that somebody has seen."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person grants: how, and where it is less than what was paid, how much per line (minor units)."""

    resolution: str
    amounts: Mapping[str, int | None]


def request(session: Session, caller: Caller, order_id: str, said: Ledgers, spec: ClaimSpec) -> Claim:
    """Check, ask the guard and write the claim: awaiting a person, or accepted where the policy says so by itself."""
    order = orders.get(session, caller, order_id, lock=True)
    if not spec.lines:
        raise NoItems("Name at least one line.")
    known = {line.id: line for line in lines_of(session, order)}
    ours = named(known.values(), [line.line_id for line in spec.lines])
    lines = [replace(line, line_id=line_id) for line, line_id in zip(spec.lines, ours, strict=True)]
    _check(session, order, known, lines)
    claim_id = ids.new("clm")
    facts = claim_facts.of(session, caller, order, known, lines, spec.resolution)
    decision = decisions.decide(session, caller, facts, subject=("claim", claim_id))
    asks = decisions.waits(decision)
    if not asks:
        decisions.enforce(decision)
    claim = Claim(
        id=claim_id,
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=clock.now(),
        order_id=order.id,
        customer_id=order.customer_id,
        status="requested",
        wished=spec.resolution,
        actor=caller.actor(),
    )
    session.add(claim)
    session.flush()
    for line in lines:
        session.add(
            ClaimLine(
                claim_id=claim.id,
                line_id=line.line_id,
                quantity=line.quantity,
                kind=line.kind,
                note=line.note,
                files=list(line.files),
            )
        )
    session.flush()
    events.record(session, "claim.requested", claim, view(session, claim))
    note(session, caller, claim, "claim.requested", {"outcome": decision.outcome, "wished": spec.resolution})
    by_itself = not asks and not caller.is_merchant and not claim_facts.early(order, lines)
    if not (by_itself and _granted(session, caller, claim, said)):
        approvals.open_for(
            session,
            caller,
            action="open_claim",
            ruling=Ruling.model_validate(decision.ruling),
            subject=(KIND, claim.id),
            order_id=order.id,
            parameters={
                "order": order.id,
                "lines": [{**asdict(line), "files": list(line.files)} for line in lines],
                "resolution": spec.resolution,
            },
            decision_id=decision.id,
        )
        move(session, claim, "awaiting_approval")
    return claim


def decide_again(session: Session, caller: Caller, claim: Claim) -> None:
    """Today's word on a claim that waits, as if it were made now; raises the refusal, and `Asked`."""
    order = orders.get(session, caller, claim.order_id)
    known = {line.id: line for line in lines_of(session, order)}
    lines = [
        ClaimLineSpec(row.line_id, row.quantity, row.kind, row.note, tuple(row.files or ()))
        for row in lines_in(session, claim.id)
    ]
    _check(session, order, known, lines, without=claim.id)
    facts = claim_facts.of(session, caller, order, known, lines, claim.wished, without=claim.id)
    decisions.enforce(decisions.decide(session, caller, facts, subject=(KIND, claim.id), order_id=order.id))


def _granted(session: Session, caller: Caller, claim: Claim, said: Ledgers) -> bool:
    """Whether the policy's yes could be carried out; what a cap or the ledger stops waits for a person instead."""
    if claim.wished is None or claim.wished in IN_KIND:
        return False
    try:
        with session.begin_nested():
            grant(session, caller, claim, said, Verdict(claim.wished, {}))
    except AppError:
        session.refresh(claim)
        return False
    return True


def _check(
    session: Session,
    order: Order,
    known: dict[str, OrderLine],
    lines: list[ClaimLineSpec],
    *,
    without: str | None = None,
) -> None:
    """Raise where this cannot be claimed: not of the order, not arrived, or in another claim than `without`."""
    if order.status == "canceled":
        raise AlreadyCanceled
    if order.status in {"pending", "processing"}:
        raise OrderNotDelivered("Nothing of this order has been sent yet: it can be canceled.")
    ledger, standing = Ledger.of(session, order), _standing(session, order, without)
    for spec in lines:
        line = known.get(spec.line_id)
        if line is None:
            raise ItemNotInOrder
        if spec.quantity > line.quantity:
            raise ItemNotInOrder("The order has fewer of this line.")
        if order.status != "delivered" and spec.kind in NEEDS_ARRIVAL:
            raise OrderNotDelivered
        if standing.get(line.id, 0) + spec.quantity > line.quantity:
            raise AlreadyClaimed
        if without is None and spec.quantity > line.quantity - ledger.gone(line):  # else it is seen when it is granted
            raise RefundExceedsCaptured("These items were refunded or replaced already.")


def _standing(session: Session, order: Order, without: str | None = None) -> dict[str, int]:
    """How many of each line stand in a claim; what a claim has paid counts in the ledger and here alike."""
    rows = session.execute(
        select(ClaimLine.line_id, func.sum(ClaimLine.quantity))
        .join(Claim, Claim.id == ClaimLine.claim_id)
        .where(Claim.order_id == order.id, Claim.status.in_(STANDING), Claim.id != (without or ""))
        .group_by(ClaimLine.line_id)
    )
    return {line_id: int(quantity) for line_id, quantity in rows}


# ---- what a person decides --------------------------------------------------------------------------------------


def grant(session: Session, caller: Caller, claim: Claim, said: Ledgers, verdict: Verdict) -> None:
    """Accept it, and have the money paid or the goods set aside; raises what stands in the way of that."""
    rows = lines_in(session, claim.id)
    order = orders.get(session, caller, claim.order_id, lock=True)
    ours = dict(
        zip(
            named(lines_of(session, order), list(verdict.amounts)),
            verdict.amounts.values(),
            strict=True,
        )
    )
    if set(ours) - {row.line_id for row in rows}:
        raise ItemNotInOrder("A line is not in this claim.")
    for row in rows:
        row.amount = ours.get(row.line_id)
    claim.decided_by, claim.decided_at = caller.actor(), clock.now()
    session.flush()
    if verdict.resolution in IN_KIND:
        claim.refund_id = None
        _reserve_goods(session, order, rows)
    else:
        claim.refund_id = _pay(session, caller, order, rows, said, verdict.resolution).id
    claim.resolution, claim.failure_code = verdict.resolution, None
    move(session, claim, "accepted", force=True)
    evidence = {"resolution": verdict.resolution, "refund": claim.refund_id, "amounts": ours}
    note(session, caller, claim, "claim.accepted", evidence)


def _pay(
    session: Session, caller: Caller, order: Order, rows: list[ClaimLine], said: Ledgers, resolution: str
) -> Refund:
    """The refund of the claimed lines: to the original payment, or as store credit."""
    destination = "original" if resolution == "refund" else resolution
    spec = RefundSpec(lines=tuple((row.line_id, row.quantity) for row in rows), destination=destination)
    if any(row.amount is not None for row in rows):
        order, payments = refunds.hold(session, caller, order.id, said)
        whole = {line_id: value for line_id, _, value in refunds.price(session, order, payments, spec).lines}
        for row in rows:
            if row.amount is not None and row.amount > whole[row.line_id]:
                raise RefundExceedsCaptured("An amount is more than what is left of its line.")
        total = sum(whole[row.line_id] if row.amount is None else row.amount for row in rows)
        spec = replace(spec, amount=Money(total, order.currency))
    return refunds.request(session, caller, order.id, said, spec)


def _reserve_goods(session: Session, order: Order, rows: list[ClaimLine]) -> None:
    """Goods are sent for it: what they stand for may not be paid as well. Raises where it is gone."""
    known = {line.id: line for line in lines_of(session, order)}
    wanted = [(known[row.line_id], row.quantity) for row in rows]
    values = entitlements.take(
        wanted, payments_of(session, order, lock=True), Ledger.of(session, order), order.currency
    )
    for row, value in zip(rows, values, strict=True):
        row.amount = value


def complete(session: Session, caller: Caller, claim_id: str) -> Claim:
    """The goods that were granted for the claim are on their way. The store only."""
    only_the_store(caller)
    claim = locked(session, caller, claim_id)
    if claim.status != "accepted" or claim.resolution not in IN_KIND:
        raise ClaimNotInState("Only an accepted exchange or reship is completed by hand.")
    claim.completed_at = clock.now()
    move(session, claim, "completed")
    note(session, caller, claim, "claim.completed", {})
    return claim


def end(session: Session, claim: Claim, status: str, reason: str | None, by: dict[str, Any] | None) -> None:
    """Nobody has said yes to it: declined, or canceled where nobody has answered in time."""
    claim.reason, claim.decided_by, claim.decided_at = reason, by, clock.now()
    move(session, claim, status)


def cancel(session: Session, caller: Caller, claim_id: str) -> Claim:
    """The claim is taken back while nobody has decided it; a shopper may do it with their own."""
    approvals.drop(session, KIND, get(session, caller, claim_id).id, caller.actor())  # first, as whoever decides it
    claim = locked(session, caller, claim_id)
    move(session, claim, "canceled")
    note(session, caller, claim, "claim.canceled", {})
    return claim


def only_the_store(caller: Caller) -> None:
    """Raise `forbidden` where a shopper or automation would decide."""
    if not caller.is_merchant:
        raise Forbidden("Only the store may do that.")


def locked(session: Session, caller: Caller, claim_id: str) -> Claim:
    """The claim with its order's row locked first, as `request` takes them."""
    claim = get(session, caller, claim_id)
    orders.get(session, caller, claim.order_id, lock=True)
    session.refresh(claim, with_for_update=True)
    return claim


def move(session: Session, claim: Claim, status: str, *, force: bool = False) -> None:
    """Take a claim to `status`, with its event; raises `claim_not_in_state` where no move leads there."""
    before = claim.status
    if status not in MOVES[before] and not (force and status == before):
        raise ClaimNotInState(f"A claim that is {before} cannot become {status}.")
    claim.move(status)
    session.flush()
    events.record(session, f"claim.{status}", claim, view(session, claim), previous={"status": before})


def note(session: Session, caller: Caller, claim: Claim, action: str, evidence: dict[str, Any]) -> None:
    """Write it into the audit trail."""
    audit.write(
        session,
        action=action,
        subject_type="claim",
        subject_id=claim.id,
        actor=caller.actor(),
        store_id=caller.store_id,
        livemode=caller.livemode,
        evidence=evidence,
        request_id=caller.request_id,
    )


# ---- what follows -----------------------------------------------------------------------------------------------


def follow(session: Session, refund: Refund) -> None:
    """The claim that the refund pays: completed with it, or told that it failed."""
    claim = session.scalar(select(Claim).where(Claim.refund_id == refund.id).with_for_update())
    if claim is None:
        return
    if refund.status == "succeeded" and claim.status == "accepted":
        claim.completed_at, claim.failure_code = clock.now(), None
        move(session, claim, "completed")
    elif refund.status in {"failed", "canceled"} and claim.status in {"accepted", "completed"}:
        before = claim.status
        claim.move("accepted")
        claim.completed_at, claim.failure_code = None, refund.failure_code or refund.status
        session.flush()
        events.record(session, "claim.payment_failed", claim, view(session, claim), previous={"status": before})


def sent_instead(session: Session, order: Order) -> list[Use]:
    """What accepted claims have goods sent for: it may not be paid as well."""
    rows = session.execute(
        select(ClaimLine)
        .join(Claim, Claim.id == ClaimLine.claim_id)
        .where(Claim.order_id == order.id, Claim.status.in_(("accepted", "completed")), Claim.resolution.in_(IN_KIND))
    ).scalars()
    return [Use(row.line_id, row.quantity, row.amount or 0) for row in rows]


refund_settlements.FOLLOWERS.append(follow)
line_uses.SOURCES.append(sent_instead)


# ---- reading ----------------------------------------------------------------------------------------------------


def get(session: Session, caller: Caller, claim_id: str) -> Claim:
    """The claim, or `claim_not_found` where this caller has none such."""
    found = session.scalar(
        select(Claim).where(Claim.id == claim_id, Claim.store_id == caller.store_id, Claim.livemode == caller.livemode)
    )
    if found is None or (caller.shopper is not None and found.customer_id != caller.shopper):
        raise ClaimNotFound
    return found


def lines_in(session: Session, claim_id: str) -> list[ClaimLine]:
    """The claim's lines."""
    return list(session.scalars(select(ClaimLine).where(ClaimLine.claim_id == claim_id).order_by(ClaimLine.line_id)))


def view(session: Session, claim: Claim) -> dict[str, Any]:
    """The claim as the contract shows it."""
    order = session.get_one(Order, claim.order_id)
    refund = None if claim.refund_id is None else session.get(Refund, claim.refund_id)

    def stamp(moment: Any) -> str | None:
        return None if moment is None else clock.rfc3339(moment)

    return {
        "id": claim.id,
        "livemode": claim.livemode,
        "order": claim.order_id,
        "customer": claim.customer_id,
        "status": claim.status,
        "wished": claim.wished,
        "resolution": claim.resolution,
        "currency": order.currency,
        "lines": [
            {
                "line_id": row.line_id,
                "quantity": row.quantity,
                "kind": row.kind,
                "note": row.note,
                "files": row.files or [],
                "amount": None if row.amount is None else money(row.amount, order.currency),
            }
            for row in lines_in(session, claim.id)
        ],
        "refund": claim.refund_id,
        "payment_status": None if refund is None else refund.status,
        "operations": [] if refund is None else refund_views.view(session, refund)["operations"],
        "failure_code": claim.failure_code,
        "reason": claim.reason,
        "approval": approval_views.brief_of(session, KIND, claim.id),
        "created_at": clock.rfc3339(claim.created_at),
        "decided_at": stamp(claim.decided_at),
        "completed_at": stamp(claim.completed_at),
    }
