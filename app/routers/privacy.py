"""What is held of a person: handed out, and erased."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import ConfigDict, Field

from app import errors
from app.routers import privacy_examples as examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.policies import only_the_store
from app.routers.schemas import Out
from app.routers.writes import OptionalKey
from app.services import file_blobs
from app.services.callers import Caller
from app.services.privacy import erasing, exports

router = APIRouter(prefix="/v1/customers", tags=["Customers"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("privacy:read"))]
Writer = Annotated[Caller, Depends(needs("privacy:write"))]
TURNS = 100


class ExportOut(Out):
    """All rows of a person, by table."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.EXPORT]})

    customer: str
    livemode: bool
    exported_at: str
    data: dict[str, list[dict[str, Any]]] = Field(description="Rows by table, as they are kept; secrets are left out.")
    files: list[str] = Field(description="Where the bytes of files and labels are had, with the same key.")
    left_out: dict[str, str] = Field(description="Tables that hold nothing of any person, and why.")


class KeptOut(Out):
    """What of a person's rows is kept without the person."""

    what: str
    rows: int
    why: str


class ErasureOut(Out):
    """What was erased, what is kept and why."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.ERASURE]})

    id: str
    livemode: bool
    erased_at: str
    erased: dict[str, int] = Field(description="Rows that were reduced or deleted, by table.")
    kept: list[KeptOut]


@router.get(
    "/{customer_id}/export",
    summary="Export a person's data",
    response_model=ExportOut,
    responses=refusals(errors.CustomerNotFound, errors.Forbidden),
)
async def export_customer(customer_id: str, means: Means, caller: Reader) -> Json:
    """Everything that is held of a customer here, as one document; by our id or the shop's own."""
    only_the_store(caller)
    document = await means.db.read(exports.export, caller, customer_id)
    await means.db.write(exports.note, caller, str(document["customer"]))
    return Json(document)


@router.delete(
    "/{customer_id}",
    summary="Erase a person's data",
    response_model=ErasureOut,
    responses=refusals(errors.CustomerNotFound, errors.ErasureTooEarly, errors.Forbidden),
)
async def erase_customer(customer_id: str, means: Means, caller: Writer, key: OptionalKey) -> Json:
    """Erase a customer everywhere here; the answer states what is kept and why. Sent again, the answer is the same.

    The shop's own copy is the shop's to erase: what it tells of this person afterwards is kept bare.
    """
    only_the_store(caller)
    del key  # the person is the key: who was erased is not erased a second time
    statement = await means.db.write(erasing.erase, caller, customer_id)
    for _ in range(TURNS):  # the bytes of files go after their rows
        if not await means.db.write(file_blobs.drop_unused):
            break
    return Json(statement)
