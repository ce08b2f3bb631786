"""Claims: what is wrong with an order's items, decided by a person or by the policy, paid without goods coming back."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock, ids
from app.errors import (
    AlreadyCanceled,
    AlreadyClaimed,
    AppError,
    ItemNotInOrder,
    NoItems,
    OrderNotDelivered,
    RefundExceedsCaptured,
)
from app.models.claims import IN_KIND, STANDING, Claim, ClaimLine
from app.models.orders import Order, OrderLine
from app.services import approvals, claim_facts, claim_grants, claim_states, decisions, events, file_links, orders
from app.services.callers import Caller
from app.services.claim_facts import ClaimLineSpec, ClaimSpec
from app.services.claim_grants import Verdict
from app.services.claim_states import KIND
from app.services.ledgers import Ledger
from app.services.order_views import lines_of, named
from app.services.orders import Ledgers
from app.services.policy.contract import Ruling

NEEDS_ARRIVAL = frozenset({"damaged", "wrong", "not_as_described"})
"""What can be said only of goods that somebody has seen."""


def request(session: Session, caller: Caller, order_id: str, said: Ledgers, spec: ClaimSpec) -> Claim:
    """Check, ask the guard and write the claim: awaiting a person, or accepted where the policy says so by itself."""
    order = orders.get(session, caller, order_id, lock=True)
    if not spec.lines:
        raise NoItems("Name at least one line.")
    known = {line.id: line for line in lines_of(session, order)}
    ours = named(known.values(), [line.line_id for line in spec.lines])
    lines = [replace(line, line_id=line_id) for line, line_id in zip(spec.lines, ours, strict=True)]
    _check(session, order, known, lines)
    file_links.check(session, caller, order.customer_id, spec.files)
    claim_id = ids.new("clm")
    facts = claim_facts.of(session, caller, order, lines, spec.resolution)
    decision = decisions.decide(session, caller, facts, subject=("claim", claim_id), order_id=order.id)
    asks = decisions.waits(decision)
    if not asks:
        decisions.enforce(decision)
    claim = _write(session, caller, order, claim_id, spec.resolution, lines)
    file_links.attach(session, caller, order.customer_id, spec.files, (KIND, claim.id))
    events.record(session, "claim.requested", claim, claim_states.view(session, claim))
    claim_states.note(
        session, caller, claim, "claim.requested", {"outcome": decision.outcome, "wished": spec.resolution}
    )
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
        claim_states.move(session, claim, "awaiting_approval")
    return claim


def _write(
    session: Session, caller: Caller, order: Order, claim_id: str, wished: str | None, lines: list[ClaimLineSpec]
) -> Claim:
    """The claim's row and its lines."""
    claim = Claim(
        id=claim_id,
        store_id=caller.store_id,
        livemode=caller.livemode,
        created_at=clock.now(),
        order_id=order.id,
        customer_id=order.customer_id,
        status="requested",
        wished=wished,
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
    return claim


def decide_again(session: Session, caller: Caller, claim: Claim) -> None:
    """Today's word on a claim that waits, as if it were made now; raises the refusal, and `Asked`."""
    order = orders.get(session, caller, claim.order_id)
    known = {line.id: line for line in lines_of(session, order)}
    lines = [
        ClaimLineSpec(row.line_id, row.quantity, row.kind, row.note, tuple(row.files or ()))
        for row in claim_states.lines_in(session, claim.id)
    ]
    _check(session, order, known, lines, without=claim.id)
    facts = claim_facts.of(session, caller, order, lines, claim.wished, without=claim.id)
    decisions.enforce(decisions.decide(session, caller, facts, subject=(KIND, claim.id), order_id=order.id))


def _granted(session: Session, caller: Caller, claim: Claim, said: Ledgers) -> bool:
    """Whether the policy's yes could be carried out; what a cap or the ledger stops waits for a person instead."""
    if claim.wished is None or claim.wished in IN_KIND:
        return False
    try:
        with session.begin_nested():
            claim_grants.grant(session, caller, claim, said, Verdict(claim.wished, {}))
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


def end(session: Session, claim: Claim, status: str, reason: str | None, by: dict[str, Any] | None) -> None:
    """Nobody has said yes to it: declined, or canceled where nobody has answered in time."""
    claim.reason, claim.decided_by, claim.decided_at = reason, by, clock.now()
    claim_states.move(session, claim, status)


def cancel(session: Session, caller: Caller, claim_id: str) -> Claim:
    """The claim is taken back while nobody has decided it; a shopper may do it with their own."""
    asked = claim_states.get(session, caller, claim_id)
    approvals.drop(session, KIND, asked.id, caller.actor())  # first, as whoever decides it
    claim = claim_states.locked(session, caller, claim_id)
    claim_states.move(session, claim, "canceled")
    claim_states.note(session, caller, claim, "claim.canceled", {})
    return claim
