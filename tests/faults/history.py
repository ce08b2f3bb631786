"""What a run did and what it left behind: the checker reads this and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Violation:
    """A promise that did not hold."""

    invariant: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.subject}: {self.detail}"


@dataclass
class Ask:
    """One request of a client, sent again under its key until it had an answer."""

    kind: str
    """refund, label, void, cancel, change, exchange, return, received, completed or credit."""
    shop: str
    key: str
    expected: frozenset[str] = frozenset()
    """Codes one of which it has to be refused with; empty: it may go either way."""
    invariant: str = "I1"
    """What is broken where it is not refused although it has to be."""
    answers: list[tuple[int, str | None, str | None]] = field(default_factory=list)
    """Status, code of the refusal, id of the resource; one per answer that arrived."""
    shown: list[str] = field(default_factory=list)
    """The resource's status, each time that it changed."""
    lost: int = 0
    """Answers that never arrived."""

    @property
    def id(self) -> str | None:
        """The resource that it made."""
        return next((made for _, _, made in self.answers if made is not None), None)

    @property
    def code(self) -> str | None:
        """The last refusal."""
        return self.answers[-1][1] if self.answers else None

    def show(self, status: str) -> None:
        """Note a status that the API has shown."""
        if not self.shown or self.shown[-1] != status:
            self.shown.append(status)


@dataclass
class Ordered:
    """A fault that was ordered at the sandbox; `bait` is one that no call of ours may ever run into."""

    shop: str
    operation: str
    fault: str
    bait: bool = False


@dataclass
class Shop:
    """One shop of the sandbox after the dust has settled: its own truth, and its append-only ledger."""

    export: Row
    ledger: list[Row]

    def payments(self) -> dict[str, Row]:
        """Every payment with what was captured of it and the refunds on it, by its id."""
        found: dict[str, Row] = {}
        for order in self.export["orders"]:
            for payment in order["payments"]:
                captured = payment["amount"] if payment["state"] == "captured" else 0
                found[payment["id"]] = {"captured": captured, "currency": order["currency"], "refunds": []}
            for refund in order["refunds"]:
                found[refund["payment_id"]]["refunds"].append(refund)
        return found

    def effects(self, kind: str) -> list[Row]:
        """The ledger's rows in which something happened."""
        return [row for row in self.ledger if row["kind"] == kind and row["effect"]]


@dataclass
class History:
    """All of one world: what was asked, what the sandbox holds, what our tables hold."""

    database: str
    asks: list[Ask] = field(default_factory=list)
    ordered: list[Ordered] = field(default_factory=list)
    shops: dict[str, Shop] = field(default_factory=dict)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    found: list[Violation] = field(default_factory=list)
    """What was seen to be broken on the way."""
