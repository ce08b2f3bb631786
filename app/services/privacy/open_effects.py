"""What of a person's has not ended, and would want their data to end: an erasure waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.errors import ErasureTooEarly
from app.services.privacy.person import Person

UNSETTLED = frozenset({"pending", "unknown"})
OPEN: Mapping[str, frozenset[str]] = {
    "operations": UNSETTLED,
    "refunds": UNSETTLED | {"awaiting_approval"},
    "credits": UNSETTLED,
    "changes": UNSETTLED,
    "cancellations": UNSETTLED,
    "approvals": frozenset({"pending"}),
    "return_labels": UNSETTLED | {"voiding"},
    "returns": frozenset(
        {"requested", "awaiting_approval", "approved", "label_issued", "in_transit", "received", "inspected"}
    ),
    "exchanges": frozenset({"requested", "awaiting_approval", "approved", "settling", "payment_failed"}),
    "claims": frozenset({"requested", "awaiting_approval", "accepted"}),
    "withdrawals": frozenset({"confirmed"}),
    "inbound_deliveries": frozenset({"pending"}),
}
"""By table: the statuses in which a provider, a carrier or a person has the last word still."""
TOLD = 20


def refuse(person: Person) -> None:
    """Raise `erasure_too_early` with what is open, by its id; nothing has been changed then."""
    found = list(_open(person))
    if found:
        raise ErasureTooEarly(errors=found[:TOLD])


def _open(person: Person) -> Iterable[dict[str, str]]:
    for table, statuses in OPEN.items():
        for row in person.rows[table]:
            if row["status"] in statuses:
                yield {"pointer": f"/{table}/{row['id']}", "code": "not_ended", "detail": f"It is {row['status']}."}
