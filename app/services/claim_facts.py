"""What is claimed, and what the guard is told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import clock
from app.models.orders import Order
from app.services import guard_facts
from app.services.callers import Caller
from app.services.policy.contract import Facts
from app.services.return_specs import LineSpec
from app.services.shipments import readings

OVERDUE = timedelta(days=7)
"""A parcel that is so much later than announced may be taken as lost without a person."""


@dataclass(frozen=True, slots=True)
class ClaimLineSpec:
    """So many of one line, and what is wrong with them."""

    line_id: str
    quantity: int
    kind: str
    note: str | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimSpec:
    """What is claimed, and what the shopper would like for it."""

    lines: tuple[ClaimLineSpec, ...]
    resolution: str | None = None

    @property
    def files(self) -> list[str]:
        """Ids of the photos of all lines."""
        return [file for line in self.lines for file in line.files]


def of(
    session: Session,
    caller: Caller,
    order: Order,
    lines: Sequence[ClaimLineSpec],
    resolution: str | None,
    *,
    without: str | None = None,
) -> Facts:
    """The claim as the guard sees it; photos are counted, what they show a person sees.

    `lines` by our ids; `without`: the claim itself, where it is written down already.
    """
    wished = resolution if resolution in {"refund", "store_credit", "exchange"} else "refund"
    facts = guard_facts.of_order(
        session,
        caller,
        order,
        "claim",
        lines=[LineSpec(line.line_id, line.quantity, line.kind, resolution=wished, files=line.files) for line in lines],
        without=without,
        destination="store_credit" if resolution == "store_credit" else "original",
    )
    return facts.model_copy(update={"amount": sum(line.value for line in facts.lines)})


def early(order: Order, lines: Sequence[ClaimLineSpec]) -> bool:
    """Whether something is claimed as lost or missing whose parcel is not long overdue: a person looks first."""
    if order.status == "delivered" or not any(line.kind in {"lost", "missing"} for line in lines):
        return False
    due = [read.get("eta") for read in readings(order) if read.get("status") not in {"delivered", "returned"}]
    late = clock.now() - OVERDUE
    return not due or any(eta is None or datetime.fromisoformat(eta) > late for eta in due)
