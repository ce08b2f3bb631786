"""Orders in the order in which they changed, for whoever keeps a copy of them all."""

import base64
import binascii
import json
import sqlite3
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.sandbox.effects import read
from app.sandbox.shop import microseconds, order_view, page_limit
from app.sandbox.store import dumps, one, rows
from app.sandbox.wire import Problem

START = (-1, "")
_SINCE = "FROM orders WHERE shop = ? AND changed_us >= ?"


async def get_changed_orders(request: Request) -> Response:
    """GET /shop/v1/changed-orders?since&limit&cursor: what changed since then, longest ago first; `total` of it.

    One that changes meanwhile comes once more at the end.
    """

    def answer(db: sqlite3.Connection, shop: str) -> dict[str, Any]:
        query = request.query_params
        limit, since = page_limit(query.get("limit")), _since(query.get("since"))
        place = _open_cursor(query["cursor"]) if query.get("cursor") else START
        # S608: the words are this file's own.
        sql = f"SELECT * {_SINCE} AND (changed_us, id) > (?, ?) ORDER BY changed_us, id LIMIT ?"
        found = rows(db, sql, shop, since, *place, limit + 1)
        total = one(db, f"SELECT count(*) AS total {_SINCE}", shop, since)
        page, more = found[:limit], len(found) > limit
        return {
            "data": [order_view(db, shop, row) for row in page],
            "next_cursor": _cursor(page[-1]["changed_us"], page[-1]["id"]) if more else None,
            "total": total["total"] if total is not None else 0,
        }

    return read(request, "changed_orders", answer)


def _since(text: str | None) -> int:
    if text is None:
        return 0
    try:
        return microseconds(text)
    except ValueError as error:
        raise Problem(400, "since_invalid", "since is a time, RFC 3339.") from error


def _cursor(changed: int, order_id: str) -> str:
    return base64.urlsafe_b64encode(dumps([changed, order_id, "changed"]).encode()).decode()


def _open_cursor(text: str) -> tuple[int, str]:
    try:
        changed, order_id, _ = json.loads(base64.b64decode(text, altchars=b"-_", validate=True))
        return int(changed), str(order_id)
    except (ValueError, TypeError, binascii.Error) as error:
        raise Problem(400, "cursor_invalid", "That is not a cursor of ours.") from error


ROUTES = [Route("/shop/v1/changed-orders", get_changed_orders)]
