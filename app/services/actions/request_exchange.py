"""Exchange delivered items for other variants: one return, what goes out for it, and the difference."""

import asyncio
from typing import Annotated

from pydantic import Field
from sqlalchemy.orm import Session

from app.errors import ProviderUnavailable
from app.integrations.errors import ProviderError
from app.models.exchanges import Exchange
from app.services import exchange_ends, exchanges, orders
from app.services.actions.registry import Action, Ready
from app.services.callers import Caller
from app.services.exchange_quotes import Catalog
from app.services.exchanges import ExchangeSpec
from app.services.idempotency import Keyed, once
from app.services.params import In, Line, Quantity, Ref, Text
from app.services.return_specs import LineSpec
from app.services.runtime import Runtime

MOST_LOOK_UPS = 20
"""Variants that no line's product has and that the shop is asked about; what is beyond is told as not found."""


class ExchangeLineIn(In):
    """So many of one line for as many of another variant of its product."""

    line_id: Ref
    variant_id: Ref
    quantity: Quantity
    reason: Annotated[Line, Field(max_length=100)] | None = None
    note: Annotated[Text, Field(max_length=2000)] | None = None
    files: Annotated[list[Ref], Field(max_length=20)] = []

    def spec(self) -> LineSpec:
        """In the words of the service."""
        return LineSpec(
            self.line_id,
            self.quantity,
            self.reason,
            self.note,
            "exchange",
            files=tuple(self.files),
            variant_id=self.variant_id,
        )


class ExchangeParams(In):
    """What comes back, and what goes out for it."""

    order: Ref
    lines: Annotated[list[ExchangeLineIn], Field(max_length=500)]
    payment_method_id: Ref | None = Field(
        None, description="Pays the difference, or gets it back; needed where something is to be paid."
    )
    instant: bool = Field(
        False, description="Charge the difference and send the other goods at once, where the policy allows it."
    )

    def spec(self) -> ExchangeSpec:
        """In the words of the service."""
        return ExchangeSpec(
            lines=tuple(line.spec() for line in self.lines),
            payment_method_id=self.payment_method_id,
            instant=self.instant,
        )


async def read(runtime: Runtime, caller: Caller, params: ExchangeParams) -> Ready:
    """The order, what the shop can send, and the ledgers of its payments."""
    return await asked(runtime, caller, params.order, params.spec())


async def asked(runtime: Runtime, caller: Caller, order: str, spec: ExchangeSpec) -> Ready:
    """What shop and payment provider say of an exchange now."""
    order_id = await orders.load(runtime, caller, order, fresh=True)
    catalog = await catalog_for(runtime, caller, order_id, spec)
    return Ready(order_id, (catalog, await orders.ledgers(runtime, caller, order_id)))


def write(session: Session, caller: Caller, params: ExchangeParams, ready: Ready) -> Exchange:
    """Decide, price, and write exchange and return."""
    return written(session, caller, params.spec(), ready)


def written(session: Session, caller: Caller, spec: ExchangeSpec, ready: Ready) -> Exchange:
    """The exchange on what was `asked`."""
    assert ready.order_id is not None
    catalog, said = ready.said
    return exchanges.request(session, caller, ready.order_id, spec, catalog, said)


ACTION = Action(
    name="request_exchange",
    description="Exchange delivered items for other variants; the difference is charged or paid when they are back.",
    params=ExchangeParams,
    guard="exchange",
    proof=2,
    cost="money",
    scope="returns:write",
    route="POST /v1/exchanges",
    resource="exchange",
    status=201,
    read=read,
    write=write,
    free_text=("lines[].reason", "lines[].note"),
)


async def catalog_for(runtime: Runtime, caller: Caller, order_id: str, spec: ExchangeSpec) -> Catalog:
    """What the shop can send of the lines' products, and which wanted variants are of another product."""
    products = await runtime.db.read(exchanges.products, caller, order_id, spec)
    commerce = runtime.providers(caller).commerce
    try:
        said = await asyncio.gather(*(commerce.get_variants(product) for product in products))
        found = {product: listed for product, listed in zip(products, said, strict=True) if listed is not None}
        sold = {variant.external_id for listed in found.values() for variant in listed}
        missing = sorted({line.variant_id for line in spec.lines if line.variant_id} - sold)
        others = await asyncio.gather(*(commerce.find_variant(variant) for variant in missing[:MOST_LOOK_UPS]))
    except ProviderError as error:
        raise ProviderUnavailable from error
    return Catalog(found, frozenset(variant.external_id for variant in others if variant is not None))


async def retry(
    runtime: Runtime, caller: Caller, exchange_id: str, payment_method_id: str | None, keyed: Keyed | None
) -> str:
    """Charge the difference again after its charge has failed."""

    def write(session: Session) -> Exchange:
        return once(session, keyed, "exchange", exchanges.retry, caller, exchange_id, payment_method_id)

    return (await runtime.db.write(write)).id


async def cancel(runtime: Runtime, caller: Caller, exchange_id: str, *, pay: bool, keyed: Keyed | None) -> str:
    """End an exchange without its other goods; the ledgers are read where goods that are back may be refunded."""
    order_id = await runtime.db.read(_unpaid, caller, exchange_id)
    said = None
    if order_id is not None:
        if pay:
            caller.need("refunds:write")
        await orders.load(runtime, caller, order_id, fresh=True)
        said = await orders.ledgers(runtime, caller, order_id)

    def write(session: Session) -> Exchange:
        return once(session, keyed, "exchange", exchange_ends.cancel, caller, exchange_id, said, pay=pay)

    return (await runtime.db.write(write)).id


def _unpaid(session: Session, caller: Caller, exchange_id: str) -> str | None:
    """The order of an exchange whose difference was not paid; None of any other."""
    exchange = exchanges.get(session, caller, exchange_id)
    return exchange.order_id if exchange.status == exchange_ends.UNPAID else None
