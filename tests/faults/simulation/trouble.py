"""What goes wrong at a virtual provider, by the seed, and the append-only ledger that tells what it really did."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from app.integrations.errors import NotExecuted, OutcomeUnknown, Refused
from app.integrations.receipts import Receipt
from app.sandbox.faults import LANDED_LATE
from tests.faults.history import Row
from tests.faults.simulation.scheduler import Scheduler

SECONDS = 1.0
"""Virtual seconds after which a call of ours is given up."""
R = TypeVar("R", bound=Receipt)
BEFORE, AFTER = ("throttle", "timeout_before_effect", "refuse"), ("timeout_after_effect", "error_after_effect", "deny")
LOST = ("timeout_before_effect", "timeout_after_effect", "error_after_effect")
READINGS = frozenset({"payment", "order", "orders"})
"""What is read before anything is asked for; the other look-ups are of effects."""
LATE, GARBLED = "lands_late", "malformed"


@dataclass
class Trouble:
    """One provider's manners in one history."""

    scheduler: Scheduler
    rng: random.Random
    rate: float
    """How many calls are struck."""
    refuses: bool = True
    late: bool = False
    """Whether an effect may come after its caller has given up waiting."""
    forgets: bool = False
    """Whether a key is forgotten, so that a second sending is a second effect."""
    dark: tuple[float, float] = (0.0, 0.0)
    """From when to when (virtual seconds) most effects lose their answer, and no look-up has one."""
    ledger: list[Row] = field(default_factory=list[Row])
    struck: int = 0

    def plan(self) -> str | None:
        """What strikes this call; None: nothing does."""
        if self._is_dark() and self.rng.random() < 0.8:
            return self.rng.choice(LOST)
        if self.scheduler.calm or self.rng.random() >= self.rate:
            return None
        plans = [*BEFORE, *AFTER, GARBLED, *([LATE, LATE] if self.late else [])]
        return self.rng.choice([plan for plan in plans if plan != "refuse" or self.refuses])

    def _is_dark(self) -> bool:
        return not self.scheduler.calm and self.dark[0] <= self.scheduler.now() < self.dark[1]

    def note(
        self,
        kind: str,
        reference: str | None,
        subject: str | None,
        amount: int | None = None,
        *,
        effect: bool = True,
        fault: str | None = None,
        detail: str | None = None,
    ) -> None:
        """A row of the ledger."""
        row: Row = {"sequence": len(self.ledger) + 1, "kind": kind, "reference": reference, "subject": subject}
        row |= {"amount": amount, "currency": "EUR", "effect": effect, "fault": fault, "detail": detail}
        self.ledger.append(row)
        self.struck += fault is not None
        self.scheduler.note(f"ledger {kind} {reference} {'effect' if effect else '-'} {fault or ''} {detail or ''}")

    async def caused(self, kind: str, reference: str, do: Callable[[str | None, str | None], R]) -> R:
        """One call that has an effect. `do(fault, detail)` makes it and writes it down; it may raise `Refused`."""
        await self.scheduler.step(f"send {kind}")
        plan = self.plan()
        await asyncio.sleep(self.rng.uniform(0.01, 0.2))
        if plan == LATE:
            self._later(kind, reference, do)
        if plan in {LATE, *BEFORE}:
            self.note(kind, reference, None, effect=False, fault=plan)
        if plan == "throttle":
            waits = self.rng.choice([None, 0.4])
            raise NotExecuted("too many requests", evidence={"status": 429}, retry_after=waits)
        if plan == "refuse":
            raise Refused("refused_by_fault", "No.", evidence={"status": 422})
        if plan in {LATE, "timeout_before_effect"}:
            await asyncio.sleep(SECONDS)
            raise OutcomeUnknown("no answer", evidence={"error": "timeout"})
        receipt = do(plan, None)
        if plan == "timeout_after_effect":
            await asyncio.sleep(SECONDS)
            raise OutcomeUnknown("no answer", evidence={"error": "timeout"})
        if plan == "error_after_effect":
            raise OutcomeUnknown("broken", evidence={"status": 500})
        await self.scheduler.step(f"hear of {kind}")
        if plan == "deny":
            raise Refused("refused_by_fault", "No.", evidence={"status": 422})
        return receipt.model_copy(update={"status": "unknown"}) if plan == GARBLED else receipt

    def _later(self, kind: str, reference: str, do: Callable[[str | None, str | None], R]) -> None:
        def land() -> None:
            try:
                do(None, LANDED_LATE)
            except Refused:
                self.note(kind, reference, None, effect=False)

        self.scheduler.loop.call_later(SECONDS + self.rng.uniform(0.05, 2.0), land)

    async def asked(self, kind: str, *, part: float = 0.5) -> None:
        """One look-up; raises where it has no answer: of as many as are struck of other calls a `part`."""
        await self.scheduler.step(f"look up {kind}")
        dark = self._is_dark() and kind not in READINGS
        if dark or (not self.scheduler.calm and self.rng.random() < self.rate * part):
            self.note("lookup", None, None, effect=False, fault="timeout_before_effect")
            await asyncio.sleep(SECONDS)
            raise OutcomeUnknown("no answer", evidence={"error": "timeout"})
        await asyncio.sleep(self.rng.uniform(0.005, 0.1))
