"""What every adapter answers about an effect, in our words."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

ReceiptStatus = Literal["succeeded", "pending", "failed", "unknown"]


class Receipt(BaseModel):
    """The provider's word on one effect. `pending`: accepted, not final. A word we do not know is `unknown`."""

    model_config = ConfigDict(frozen=True)

    status: ReceiptStatus
    external_id: str | None = None
    amount: int | None = None
    """Minor units that moved, where money moved."""
    currency: str | None = None
    failure_code: str | None = None
    failure_detail: str | None = None
    evidence: dict[str, Any] = {}
    """What the provider said, cut to what may be stored: ids, status words, times."""


_RANK: dict[ReceiptStatus, int] = {"succeeded": 0, "pending": 1, "unknown": 2, "failed": 3}


def surest(found: Sequence[Receipt]) -> Receipt | None:
    """The receipt that says most of what a provider holds under one key; None where it holds nothing.

    One that moved something says more than one that did not; among equals the first is ours. Where there are several,
    the evidence tells how many (`effects`).
    """
    if not found:
        return None
    first = min(found, key=lambda receipt: _RANK[receipt.status])
    if len(found) == 1:
        return first
    return first.model_copy(update={"evidence": first.evidence | {"effects": len(found)}})
