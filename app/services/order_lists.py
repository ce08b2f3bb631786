"""Lists: orders of the shop by what is asked for, and what hangs on orders by order, customer and status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.errors import CustomerNotFound, NotOwner, OrderAmbiguous, OrderNotFound, ProviderUnavailable
from app.integrations.commerce.contract import OrderQuery
from app.integrations.errors import OutcomeUnknown, Refused
from app.models.orders import Order
from app.services import customers
from app.services.callers import Caller
from app.services.order_flights import keep
from app.services.orders import get, load
from app.services.proofs import email_key, order_number_key, phone_key
from app.services.runtime import Runtime


async def search(runtime: Runtime, caller: Caller, query: OrderQuery) -> tuple[list[str], str | None]:
    """Orders of the shop that match, newest first, mirrored; our ids and the shop's cursor."""
    try:
        page = await runtime.providers(caller).commerce.find_orders(query)
    except OutcomeUnknown as error:
        raise ProviderUnavailable from error
    except Refused:
        return [], None
    known = await runtime.db.read(_young, caller, [found.external_id for found in page.orders], runtime)
    missing = [found for found in page.orders if found.external_id not in known]
    kept = dict(zip((m.external_id for m in missing), await keep(runtime, caller, missing), strict=True))
    return [known.get(found.external_id) or kept[found.external_id] for found in page.orders], page.next_cursor


def _young(session: Session, caller: Caller, external_ids: list[str], runtime: Runtime) -> dict[str, str]:
    rows = session.scalars(
        select(Order).where(
            Order.store_id == caller.store_id,
            Order.livemode == caller.livemode,
            Order.external_id.in_(external_ids),
        )
    )
    limit = runtime.settings.mirror_seconds
    return {row.external_id: row.id for row in rows if (clock.now() - row.fetched_at).total_seconds() <= limit}


def hanging_on(
    session: Session,
    model: Any,
    caller: Caller,
    order_id: str | None,
    filters: dict[str, Any],
    before: str | None,
    limit: int,
) -> list[Any]:
    """Refunds, returns or labels of this caller by `order`, `customer` and `status`, newest first, behind `before`."""
    query = select(model).where(model.store_id == caller.store_id, model.livemode == caller.livemode)
    if caller.shopper is not None:
        query = query.where(model.customer_id == caller.shopper)
    if order_id is not None:
        query = query.where(model.order_id == order_id)
    if filters.get("customer") is not None:
        query = query.where(model.customer_id.in_(customers.meant(caller, filters["customer"])))
    if filters.get("status") is not None:
        query = query.where(model.status == filters["status"])
    if before is not None:
        query = query.where(model.id < before)
    return list(session.scalars(query.order_by(model.id.desc()).limit(limit)))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders a list is asked for."""

    number: str | None = None
    email: str | None = None
    phone: str | None = None
    customer: str | None = None
    external_id: str | None = None
    status: str | None = None

    def as_filters(self) -> dict[str, str | None]:
        """What a cursor is bound to."""
        return {
            "number": self.number,
            "email": self.email,
            "phone": self.phone,
            "customer": self.customer,
            "external_id": self.external_id,
            "status": self.status,
        }


SEARCHED_PAGES = 5
"""Pages of the shop that one list reads to find orders of a status, before it answers with what it has."""


async def listed(
    runtime: Runtime, caller: Caller, wanted: Wanted, place: str | None, limit: int
) -> tuple[list[str], str | None]:
    """Our ids of the shop's orders that match, and the shop's cursor for the next page."""
    accounts = await runtime.db.read(_accounts, caller, wanted.customer)
    if not accounts:
        return [], None
    if wanted.external_id is not None:
        return await _only(runtime, caller, wanted)
    found: list[str] = []
    at, following = _unfold(place)
    for _ in range(SEARCHED_PAGES):
        query = OrderQuery(
            number=wanted.number,
            email=wanted.email,
            phone=wanted.phone,
            customer_id=accounts[min(at, len(accounts) - 1)],
            limit=limit - len(found),
            cursor=following,
        )
        page, following = await search(runtime, caller, query)
        found += page if wanted.status is None else await runtime.db.read(_of_status, page, wanted.status)
        more = following is not None or at + 1 < len(accounts)
        whole = wanted.status is None and following is not None
        if following is None:
            at += 1  # the next of the customer's accounts
        if not more or len(found) >= limit or whole:
            break
    return found, f"{at}~{following or ''}" if at < len(accounts) else None


def _unfold(place: str | None) -> tuple[int, str | None]:
    """Which of the customer's accounts a cursor stands in, and the shop's own cursor there."""
    at, _, following = (place or "0~").partition("~")
    return int(at), following or None


async def _only(runtime: Runtime, caller: Caller, wanted: Wanted) -> tuple[list[str], str | None]:
    """The one order with the shop's own id, where everything else that was asked for matches it too."""
    assert wanted.external_id is not None
    try:
        order_id = await load(runtime, caller, wanted.external_id)
    except (OrderNotFound, NotOwner, OrderAmbiguous):
        return [], None
    return ([order_id] if await runtime.db.read(_fits, caller, order_id, wanted) else []), None


def _fits(session: Session, caller: Caller, order_id: str, wanted: Wanted) -> bool:
    order = get(session, caller, order_id)
    country = caller.store.country_code
    return all(
        (
            order.external_id == wanted.external_id,
            wanted.status in (None, order.status),
            wanted.number is None or order.number_key == order_number_key(wanted.number),
            wanted.email is None or order.email_key == email_key(wanted.email),
            wanted.phone is None or order.phone_key == phone_key(wanted.phone, country),
            wanted.customer is None or bool(_accounts(session, caller, wanted.customer)),
        )
    )


def _of_status(session: Session, order_ids: list[str], status: str) -> list[str]:
    matching = set(session.scalars(select(Order.id).where(Order.id.in_(order_ids), Order.status == status)))
    return [order_id for order_id in order_ids if order_id in matching]


def _accounts(session: Session, caller: Caller, asked: str | None) -> list[str | None]:
    """The shop's ids of the customer asked for; a shopper gets their own whatever was asked.

    One None: nobody was asked for. Empty: there is no such customer.
    """
    ref = caller.shopper or asked
    if ref is None:
        return [None]
    try:
        known = customers.row(session, caller, ref)
    except CustomerNotFound:
        return [] if ref.startswith("cus_") else [ref]
    theirs = customers.accounts(session, known.merged_into or known.id)
    if caller.shopper is not None and asked is not None and asked not in (caller.shopper, *theirs):
        return []
    return [*theirs]
