"""What an inspection keeps back: by the policy in force on the day on which the return is paid.

A line of which all is kept back counts as one that has not arrived; of the others a part of their worth is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.orm import Session

from app.models.returns import Return, ReturnLine
from app.services import rules

ALL = 100


def percent(session: Session, return_: Return, rows: Sequence[ReturnLine]) -> dict[str, int]:
    """Of each line that was found otherwise than it was sent, how many per cent are kept back."""
    kept = rules.in_force(session, return_.store_id, livemode=return_.livemode).document.inspection
    of = {"damaged": kept.damaged, "wrong_item": kept.wrong_item}
    found = {row.line_id: of.get(row.condition or "", 0) for row in rows}
    return {line_id: share for line_id, share in found.items() if share}


def counted(arrived: Mapping[str, int], kept: Mapping[str, int]) -> dict[str, int]:
    """What has arrived and is worth something."""
    return {line_id: 0 if kept.get(line_id) == ALL else count for line_id, count in arrived.items()}


def add(
    fees: Mapping[str, int], kept: Mapping[str, int], arrived: Mapping[str, int], worth: Callable[[str, int], int]
) -> dict[str, int]:
    """The fees of the lines that arrived, with what their inspection keeps back; never above a line's worth."""
    added = dict(fees)
    for line_id, share in kept.items():
        count = arrived.get(line_id, 0)
        if count:
            value = worth(line_id, count)
            added[line_id] = min(value, added.get(line_id, 0) + value * share // ALL)
    return added
