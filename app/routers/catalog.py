"""What the shop sells: which variants an exchange or a swap may choose."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import ConfigDict

from app import errors
from app.routers import examples
from app.routers.answers import Json, StrictRoute, refusals
from app.routers.calling import Means, needs
from app.routers.schemas import MoneyOut, Out, Page
from app.services import catalogs
from app.services.callers import Caller

router = APIRouter(prefix="/v1/products", tags=["Catalog"], route_class=StrictRoute)
Reader = Annotated[Caller, Depends(needs("orders:read"))]


class VariantOut(Out):
    """A variant of a product at its price now; the ids are the shop's own."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [examples.VARIANT]})

    id: str
    product_id: str
    title: str
    options: dict[str, str]
    price: MoneyOut
    available: bool


@router.get(
    "/{product_id}/variants",
    summary="List a product's variants",
    response_model=Page[VariantOut],
    responses=refusals(errors.ProductNotFound, errors.NotConnected, errors.ProviderUnavailable),
)
async def list_variants(product_id: str, means: Means, caller: Reader) -> Json:
    """Every variant of the product, available or not, as the shop has it now; in one page."""
    return Json({"data": await catalogs.shown(means, caller, product_id), "next_cursor": None})
