"""Issue a return label: for a return that stands, or for lines of an order in one step."""

from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models.returns import Label
from app.services import label_voids, labels, orders, returns
from app.services.actions.registry import Action, Ready
from app.services.actions.request_return import ReturnLineIn
from app.services.callers import Caller
from app.services.idempotency import Keyed, once
from app.services.labels import Enclosed, LabelSpec
from app.services.params import In, Ref
from app.services.return_specs import ReturnSpec
from app.services.runtime import Runtime


class ParcelIn(In):
    """What is sent: grams and millimetres."""

    weight_grams: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    length_mm: Annotated[int, Field(ge=1, le=10_000)] | None = None
    width_mm: Annotated[int, Field(ge=1, le=10_000)] | None = None
    height_mm: Annotated[int, Field(ge=1, le=10_000)] | None = None


class EnclosedIn(In):
    """The label that lay in the parcel of the order."""

    carrier: Annotated[Ref, Field(max_length=40)]
    tracking_number: Annotated[Ref, Field(min_length=4, max_length=60)]


class LabelParams(In):
    """For a return that stands (`return_id`), or for lines of an order, whose return is made with it."""

    return_id: Ref | None = None
    order: Ref | None = None
    lines: Annotated[list[ReturnLineIn], Field(max_length=500)] = []
    parcel: ParcelIn = ParcelIn()
    parcel_number: Annotated[
        int, Field(ge=1, le=50, description="Which parcel of the return it is for: each may have a label.")
    ] = 1
    enclosed: EnclosedIn | None = Field(
        default=None, description="It was sent along with the order: nothing is bought, and its parcel is followed."
    )
    format: Literal["pdf", "png"] = "pdf"
    qr: bool = False

    def check(self) -> None:
        """Exactly one of the two ways."""
        if (self.return_id is None) == (self.order is None):
            raise Invalid(
                "Name a return_id, or an order with lines.",
                errors=[{"pointer": "/return_id", "code": "one_of", "detail": "return_id, or order and lines"}],
            )
        if self.return_id is not None and self.lines:
            raise Invalid(
                "Lines go with an order, not with a return.",
                errors=[{"pointer": "/lines", "code": "one_of", "detail": "lines go with an order"}],
            )

    def spec(self) -> LabelSpec:
        """In the words of the service."""
        parcel = labels.parcel(self.parcel.model_dump())
        lay = None if self.enclosed is None else Enclosed(self.enclosed.carrier, self.enclosed.tracking_number)
        return LabelSpec(format=self.format, qr=self.qr, parcel=parcel, parcel_number=self.parcel_number, enclosed=lay)


async def read(runtime: Runtime, caller: Caller, params: LabelParams) -> Ready:
    """The order whose lines are named; of a return everything is known here."""
    params.check()
    if params.order is None:
        return Ready()
    return Ready(await orders.load(runtime, caller, params.order, fresh=True))


def write(session: Session, caller: Caller, params: LabelParams, ready: Ready) -> Label:
    """Decide, and write the intent to buy; a return that is made with it in the same transaction."""
    return_id = params.return_id
    if return_id is None:
        assert ready.order_id is not None
        wanted = ReturnSpec(lines=tuple(line.spec() for line in params.lines))
        return_id = returns.request(session, caller, ready.order_id, wanted, approved=True).id
    return labels.request(session, caller, return_id, params.spec())


ACTION = Action(
    name="issue_label",
    description="Buy a prepaid return label: for an approved return, or for lines of an order with their return.",
    params=LabelParams,
    guard="return_label",
    proof=1,
    cost="label",
    scope="labels:write",
    route="POST /v1/return-labels",
    resource="label",
    status=201,
    read=read,
    write=write,
    free_text=("lines[].reason", "lines[].note"),
)


async def void(runtime: Runtime, caller: Caller, label_id: str, keyed: Keyed | None) -> str:
    """Void a label that was not used."""

    def write(session: Session) -> Label:
        return once(session, keyed, "label_void", label_voids.void, caller, label_id)

    return (await runtime.db.write(write)).id
