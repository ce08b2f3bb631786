"""What a claim is granted: money paid as a refund, or goods set aside and sent in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app import clock
from app.errors import ClaimNotInState, ItemNotInOrder, RefundExceedsCaptured
from app.models.claims import IN_KIND, Claim, ClaimLine
from app.models.orders import Order
from app.models.refunds import Refund
from app.money import Money
from app.services import claim_states, entitlements, events, line_uses, orders, refund_settlements, refunds
from app.services.callers import Caller
from app.services.ledgers import Ledger
from app.services.line_uses import Use
from app.services.order_views import lines_of, named, payments_of
from app.services.orders import Ledgers
from app.services.refund_quotes import RefundSpec


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person grants: how, and where it is less than what was paid, how much per line (minor units)."""

    resolution: str
    amounts: Mapping[str, int | None]


def grant(session: Session, caller: Caller, claim: Claim, said: Ledgers, verdict: Verdict) -> None:
    """Accept it, and have the money paid or the goods set aside; raises what stands in the way of that."""
    rows = claim_states.lines_in(session, claim.id)
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
    claim_states.move(session, claim, "accepted", force=True)
    evidence = {"resolution": verdict.resolution, "refund": claim.refund_id, "amounts": ours}
    claim_states.note(session, caller, claim, "claim.accepted", evidence)


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
    return refunds.request(session, caller, order.id, said, spec, follows="claim")


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
    claim_states.only_the_store(caller)
    claim = claim_states.locked(session, caller, claim_id)
    if claim.status != "accepted" or claim.resolution not in IN_KIND:
        raise ClaimNotInState("Only an accepted exchange or reship is completed by hand.")
    claim.completed_at = clock.now()
    claim_states.move(session, claim, "completed")
    claim_states.note(session, caller, claim, "claim.completed", {})
    return claim


def follow(session: Session, refund: Refund) -> None:
    """The claim that the refund pays: completed with it, or told that it failed."""
    claim = session.scalar(select(Claim).where(Claim.refund_id == refund.id).with_for_update())
    if claim is None:
        return
    if refund.status == "succeeded" and claim.status == "accepted":
        claim.completed_at, claim.failure_code = clock.now(), None
        claim_states.move(session, claim, "completed")
    elif refund.status in {"failed", "canceled"} and claim.status in {"accepted", "completed"}:
        before = claim.status
        claim.move("accepted")
        claim.completed_at, claim.failure_code = None, refund.failure_code or refund.status
        session.flush()
        events.record(
            session, "claim.payment_failed", claim, claim_states.view(session, claim), previous={"status": before}
        )


_SENT = (
    select(ClaimLine)
    .join(Claim, Claim.id == ClaimLine.claim_id)
    .where(
        Claim.order_id == bindparam("order"),
        Claim.status.in_(("accepted", "completed")),
        Claim.resolution.in_(IN_KIND),
    )
)
"""Built once, as it is asked of every order whose ledger is read."""


def sent_instead(session: Session, order: Order) -> list[Use]:
    """What accepted claims have goods sent for: it may not be paid as well."""
    rows = session.scalars(_SENT, {"order": order.id})
    return [Use(row.line_id, row.quantity, row.amount or 0) for row in rows]


refund_settlements.FOLLOWERS.append(follow)
line_uses.SOURCES.append(sent_instead)
