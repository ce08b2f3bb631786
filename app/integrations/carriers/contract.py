"""What a carrier must do for us: return labels and tracking. Weights in grams, lengths in millimetres."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

from app.integrations.commerce.contract import Address
from app.integrations.receipts import Receipt
from app.integrations.values import Frozen

ShipmentStatus = Literal[
    "label_created", "in_transit", "out_for_delivery", "delivered", "exception", "returned", "unknown"
]
LabelFormat = Literal["pdf", "png"]


class Parcel(Frozen):
    """What is sent; None where nobody measured."""

    weight_grams: int | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None


class BuyLabel(Frozen):
    """Buy one return label. `key` is our reference, printed and searchable at the carrier."""

    key: str
    rma: str
    sender: Address
    recipient: Address
    parcel: Parcel = Parcel()
    service: str = "return_standard"
    qr: bool = False


class LabelReceipt(Receipt):
    """A receipt for a label; when `succeeded` the tracking number and the carrier's label id are there."""

    tracking_number: str | None = None
    tracking_url: str | None = None
    service: str | None = None
    cost: int | None = None
    """Minor units of `currency`."""
    expires_at: datetime | None = None
    voided: bool = False
    """The carrier has this label but it was voided."""
    live: tuple[str, ...] = ()
    """The carrier's ids of every label that lives under our reference, where it was looked up."""


class VoidLabel(Frozen):
    """Void a label that was not used."""

    key: str
    label_id: str


class TrackingEvent(Frozen):
    """One scan, as the carrier told it."""

    at: datetime
    """Its own time; one without a zone is read in the store's."""
    status: ShipmentStatus
    """Our word for it; `unknown` where the adapter does not know the carrier's."""
    description: str
    location: str | None = None
    word: str = ""
    """The carrier's own word: with time and place it tells one scan from another."""
    lost: bool = False
    """The carrier itself counts the parcel as lost."""


class Tracking(Frozen):
    """A parcel as the carrier knows it, or what it pushes of one: a part of the scans is enough.

    Scans that repeat, come late or in no order do no harm: they are kept and sorted by us.
    """

    tracking_number: str
    carrier: str
    status: ShipmentStatus
    eta: datetime | None = None
    delivered_at: datetime | None = None
    events: tuple[TrackingEvent, ...] = ()


class Subscribed(Frozen):
    """What a carrier took of the numbers that it was asked to push the scans of."""

    taken: tuple[str, ...]
    refused: tuple[str, ...]
    until: datetime
    """When it lapses; before that, subscribe again."""


class Carrier(Protocol):
    """A carrier. Every method raises only `Refused` or `OutcomeUnknown`.

    Buying has no idempotency at most carriers: after a lost answer `find_label` is asked before anything is bought
    again.
    """

    name: str

    async def buy_return_label(self, command: BuyLabel) -> LabelReceipt:
        """Buy the label."""
        ...

    async def find_label(self, command: BuyLabel) -> LabelReceipt | None:
        """The label that the carrier has under our reference, a live one before a voided one; None where none."""
        ...

    async def label_file(self, label_id: str, file_format: LabelFormat) -> bytes:
        """The label's bytes."""
        ...

    async def void_label(self, command: VoidLabel) -> Receipt:
        """Void; a label already voided is a success."""
        ...

    async def find_void(self, command: VoidLabel) -> Receipt | None:
        """Whether the label is voided at the carrier; None where it is still live."""
        ...

    async def track(self, tracking_number: str) -> Tracking | None:
        """Where the parcel is; None where the carrier does not know the number."""
        ...

    def pushed(self, document: dict[str, Any]) -> Tracking:
        """What a document that the carrier pushes to us says; its sender has been verified before.

        Raises only `OutcomeUnknown`: it cannot be read.
        """
        ...


@runtime_checkable
class PushingCarrier(Protocol):
    """A carrier that pushes the scans of those parcels that it was asked to."""

    async def subscribe(self, tracking_numbers: Sequence[str]) -> Subscribed:
        """Have it push what happens to these parcels; again before that lapses renews it, and does no harm.

        Raises as `Carrier` does; Refused("unsupported") where the connection takes no pushes.
        """
        ...
