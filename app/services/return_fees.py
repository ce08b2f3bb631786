"""What is kept back of what a return pays: the policy's fees by what arrived, and the label where the shopper pays it.

A fee in per cent goes by how many of a line came back; a fixed one is due once anything of the line has. A label is
kept back of what is paid back and never charged. Neither takes more than the goods are paid with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from app.models.returns import Return, ReturnLine
from app.services import return_states
from app.services.policy.contract import Ruling

SHOPPER = "shopper"


def note(return_: Return, rows: Iterable[ReturnLine], ruling: Ruling) -> None:
    """Keep what the guard has said: what each line keeps back, and who pays the label."""
    said = {line.line_id: (line.fee, line.fee_fixed) for line in ruling.lines}
    for row in rows:
        row.fee, row.fee_fixed = said.get(row.line_id, (0, 0))
    return_.fee, return_.label_payer = ruling.fee or None, ruling.label_payer


def due(rows: Sequence[ReturnLine], arrived: Mapping[str, int]) -> dict[str, int]:
    """The fee of each line that has `arrived`, minor units: its share in per cent rounded down, and what is fixed."""
    counts = [(row, min(row.quantity, arrived.get(row.line_id, 0))) for row in rows]
    return {
        row.line_id: (row.fee - row.fee_fixed) * count // row.quantity + row.fee_fixed for row, count in counts if count
    }


def label(session: Session, return_: Return, currency: str) -> int:
    """What its labels have cost, minor units, where that is the shopper's.

    Nothing for one in a foreign currency, nor for one that is being voided: the carrier gives back what it has cost.
    """
    if return_.label_payer != SHOPPER:
        return 0
    bought = return_states.live_labels(session, return_.id)
    return sum(label.cost or 0 for label in bought if label.currency == currency and label.status != "voiding")
