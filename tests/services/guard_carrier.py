"""A carrier that sells, finds and voids return labels as it is told to; it never looks whether it sold one before."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.integrations.carriers.contract import BuyLabel, LabelReceipt, Tracking, TrackingEvent, VoidLabel
from app.integrations.errors import OutcomeUnknown, Refused
from app.integrations.receipts import Receipt
from tests.services.guard_fixtures import after, before

COST = 490


@dataclass
class Sold:
    """A label as the carrier has it."""

    key: str
    id: str
    rma: str
    used: bool = False
    voided: bool = False


@dataclass
class Carrier:
    """A carrier without idempotency; what was used it does not take back."""

    sold: list[Sold] = field(default_factory=list[Sold])
    plans: deque[str] = field(default_factory=deque[str])
    blind: bool = False
    """Look-ups get no answer."""
    name: str = "sandbox"

    async def buy_return_label(self, command: BuyLabel) -> LabelReceipt:
        plan = self.plans.popleft() if self.plans else "succeed"
        before(plan, any(one.key == command.key for one in self.sold))
        one = Sold(command.key, f"lab-{len(self.sold) + 1}-{command.key}", command.rma)
        self.sold.append(one)
        after(plan)
        return self._receipt(one)

    async def find_label(self, command: BuyLabel) -> LabelReceipt | None:
        self._look()
        found = sorted((one for one in self.sold if one.key == command.key), key=lambda one: one.voided)
        return self._receipt(found[0]) if found else None

    async def void_label(self, command: VoidLabel) -> Receipt:
        plan = self.plans.popleft() if self.plans else "succeed"
        one = self._named(command.label_id)
        before(plan, one.voided)
        if one.used:
            raise Refused("label_used", "The parcel is on its way.", evidence={"status": 409})
        one.voided = True
        after(plan)
        return Receipt(status="succeeded", external_id=one.id, amount=COST, currency="EUR")

    async def find_void(self, command: VoidLabel) -> Receipt | None:
        self._look()
        one = self._named(command.label_id)
        return Receipt(status="succeeded", external_id=one.id, amount=COST, currency="EUR") if one.voided else None

    async def track(self, tracking_number: str) -> Tracking | None:
        one = self._named(tracking_number)
        scan = TrackingEvent(at=datetime.now(UTC), status="in_transit", description="scanned")
        return Tracking(
            tracking_number=one.id,
            carrier=self.name,
            status="in_transit" if one.used else "label_created",
            events=(scan,) if one.used else (),
        )

    def live(self, rma: str) -> list[Sold]:
        """The labels under a return's number that somebody can use, or has."""
        return [one for one in self.sold if one.rma == rma and not one.voided]

    def _named(self, label_id: str) -> Sold:
        return next(one for one in self.sold if one.id == label_id)

    def _look(self) -> None:
        if self.blind:
            raise OutcomeUnknown("no answer to a look-up", evidence={"error": "reset"})

    def _receipt(self, one: Sold) -> LabelReceipt:
        return LabelReceipt(
            status="succeeded",
            external_id=one.id,
            tracking_number=one.id,
            service="return_standard",
            cost=COST,
            currency="EUR",
            voided=one.voided,
            live=tuple(two.id for two in self.sold if two.key == one.key and not two.voided),
        )
