"""Cursor pages: opaque, bound to store, mode, shopper and filters; a changed cursor is refused."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import Depends, Query
from sqlalchemy.orm import Session

from app.errors import InvalidCursor
from app.routers.answers import Json
from app.services import order_lists, orders
from app.services.callers import Caller
from app.services.runtime import Runtime

Limit = Annotated[int, Query(ge=1, le=200, description="How many, 1 to 200.")]
Cursor = Annotated[str | None, Query(max_length=1000, description="The `next_cursor` of the page before.")]
MARK = 16


def seal(caller: Caller, where: str, filters: dict[str, Any], place: Any) -> str:
    """A cursor for `place` in the list `where` under `filters`."""
    body = orjson.dumps(place)
    return base64.urlsafe_b64encode(_mark(caller, where, filters, body) + body).decode().rstrip("=")


def unseal(caller: Caller, where: str, filters: dict[str, Any], cursor: str | None) -> Any:
    """The place that `cursor` stands for, None where there is no cursor; raises `invalid_cursor`."""
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        canonical = base64.urlsafe_b64encode(raw).decode().rstrip("=") == cursor
        mark, body = raw[:MARK], raw[MARK:]
        if not canonical or not hmac.compare_digest(mark, _mark(caller, where, filters, body)):
            raise InvalidCursor
        return orjson.loads(body)
    except ValueError as error:
        raise InvalidCursor from error


def _mark(caller: Caller, where: str, filters: dict[str, Any], body: bytes) -> bytes:
    bound = orjson.dumps(
        [caller.store_id, caller.livemode, caller.shopper, where, filters], option=orjson.OPT_SORT_KEYS
    )
    return hmac.new(caller.store.cursor_secret.encode(), bound + b"\x00" + body, hashlib.sha256).digest()[:MARK]


def page(
    caller: Caller, where: str, filters: dict[str, Any], shown: list[dict[str, Any]], limit: int
) -> dict[str, Any]:
    """`shown` has been read one row beyond `limit`; that row only says that there is more."""
    more = len(shown) > limit
    data = shown[:limit]
    return {"data": data, "next_cursor": seal(caller, where, filters, data[-1]["id"]) if more else None}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A page of what hangs on orders (returns, refunds, labels …), by order, customer and status."""

    limit: Limit = 50
    cursor: Cursor = None
    order: Annotated[str | None, Query(max_length=255)] = None
    customer: Annotated[str | None, Query(max_length=255)] = None
    status: Annotated[str | None, Query(max_length=40)] = None


OfOrders = Annotated[_Asked, Depends()]


async def of_orders(
    means: Runtime,
    caller: Caller,
    where: str,
    model: Any,
    view: Callable[[Session, Any], dict[str, Any]],
    asked: _Asked,
) -> Json:
    """The page of `model`'s rows that was asked for, newest first, each as `view` shows it."""
    filters = {"order": asked.order, "customer": asked.customer, "status": asked.status}
    place = unseal(caller, where, filters, asked.cursor)
    order_id = None if asked.order is None else await orders.load(means, caller, asked.order)

    def work(session: Session) -> list[dict[str, Any]]:
        rows = order_lists.hanging_on(session, model, caller, order_id, filters, place, asked.limit + 1)
        return [view(session, row) for row in rows]

    return Json(page(caller, where, filters, await means.db.read(work), asked.limit))
