"""Free text on its way to a table: card numbers, security codes and keys go; numbers that the store knows stay."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from pydantic import BaseModel
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.models.customers import Customer
from app.models.orders import Order, TrackingNumber
from app.models.returns import Label
from app.services.callers import Caller
from app.services.proofs import order_number_key
from app.services.redaction import candidates, redact_tree
from app.services.runtime import Runtime

T = TypeVar("T")
Body = TypeVar("Body", bound=BaseModel)


async def scrub(runtime: Runtime, caller: Caller, value: T) -> T:
    """`value` (strings, lists, mappings) redacted; an order, tracking or external id of the store stays.

    Who writes from a browser reads what became of their text, and must not learn which numbers are known here: of
    theirs only their own orders' stay, of an anonymous one's none.
    """
    suspects = set[str]()
    if not caller.anonymous:
        suspects = {suspect for text in _strings(value) for suspect in candidates(text)}
    known = await runtime.db.read(_known, caller, suspects) if suspects else set[str]()
    return cast("T", redact_tree(value, known))


async def scrub_body(runtime: Runtime, caller: Caller, body: Body, *fields: str) -> Body:
    """A request body with these fields redacted."""
    given = {name: value for name in fields if (value := getattr(body, name)) is not None}
    return body.model_copy(update=await scrub(runtime, caller, given))


def _known(session: Session, caller: Caller, suspects: set[str]) -> set[str]:
    keys = {order_number_key(suspect) or suspect: suspect for suspect in suspects}
    mine = [Order.store_id == caller.store_id, Order.livemode == caller.livemode]
    if caller.by_token:
        mine.append(Order.customer_id == caller.shopper)
    found: set[str] = set()
    for number, external_id in session.execute(
        select(Order.number_key, Order.external_id).where(
            *mine, or_(Order.number_key.in_(keys), Order.external_id.in_(suspects))
        )
    ):
        found |= {keys.get(number, number), external_id} & suspects
    if caller.by_token:
        return found
    for model, column in (
        (TrackingNumber, TrackingNumber.number),
        (Label, Label.tracking_number),
        (Customer, Customer.external_id),
    ):
        rows = session.scalars(
            select(column).where(
                model.store_id == caller.store_id, model.livemode == caller.livemode, column.in_(suspects)
            )
        )
        found |= {value for value in rows if value is not None}
    return found


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        mapping = cast("dict[Any, Any]", value)
        return [text for pair in mapping.items() for part in pair for text in _strings(part)]
    if isinstance(value, list | tuple):
        return [text for item in cast("list[Any]", value) for text in _strings(item)]
    return []
