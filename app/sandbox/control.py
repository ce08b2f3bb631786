"""How a test or a person moves the sandbox: import, export, reset, the ledger, faults, and what happens elsewhere."""

import json
import sqlite3
from typing import Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.sandbox import baselines, documents, exports, faults
from app.sandbox.checks import problem_of
from app.sandbox.effects import store_of
from app.sandbox.happenings import ROUTES as HAPPENINGS
from app.sandbox.imports import parse
from app.sandbox.store import Store, dumps, ensure_shop, epoch, one, record, rows, settings
from app.sandbox.wire import MAX_IMPORT, Json, Problem, Strict, body, check, decode, shop_of

MAX_LEDGER = 1_000


class SettingsPatch(Strict):
    """What is not given stays as it is."""

    ceiling: bool | None = None
    refund_mode: str | None = Field(default=None, pattern="^(instant|pending)$")


def take_in(store: Store, shop: str, document: dict[str, Any]) -> dict[str, int]:
    """Replace the shop with `document`: all of it or nothing; how many of each there are now."""
    parsed = parse(document)
    problem = problem_of(parsed)
    if problem is not None:
        raise problem
    with store.write() as db:
        baselines.forget(db, shop)
        documents.replace(db, shop, parsed, dumps(document))
    return {
        "products": len(parsed.products),
        "customers": len(parsed.customers),
        "orders": len(parsed.orders),
        "labels": len(parsed.labels),
        "subscriptions": len(parsed.subscriptions),
    }


async def post_import(request: Request) -> Response:
    """POST /sandbox/v1/import."""
    shop = shop_of(request)
    document = decode(await body(request, MAX_IMPORT))
    return Json({"shop": shop, "imported": take_in(store_of(request), shop, document)})


async def get_export(request: Request) -> Response:
    """GET /sandbox/v1/export: the shop as it is now, in the import format."""
    return Json(exports.export(store_of(request).connection, shop_of(request)))


async def post_reset(request: Request) -> Response:
    """POST /sandbox/v1/reset: back to the last import; relative times are counted anew."""
    shop, store = shop_of(request), store_of(request)
    with store.write() as db:
        if not baselines.bring_back(db, shop):
            _take_in_again(db, shop)
        run = epoch(db, shop)
    note = f"Faults are gone, settings are as imported. The ledger starts anew; ?epoch={run - 1} shows what was before."
    return Json({"shop": shop, "epoch": run, "note": note})


def _take_in_again(db: sqlite3.Connection, shop: str) -> None:
    kept = documents.last_import(db, shop)
    document: dict[str, Any] = json.loads(kept) if kept is not None else {}
    parsed = parse(document)
    documents.replace(db, shop, parsed, dumps(document))
    if not parsed.relative_to_now:
        baselines.keep(db, shop)


async def get_ledger(request: Request) -> Response:
    """GET /sandbox/v1/ledger?kind=&after=&epoch=&limit= : append-only rows, oldest first."""
    db, shop, query = store_of(request).connection, shop_of(request), request.query_params
    run = _whole(query.get("epoch"), epoch(db, shop), "epoch")
    after = _whole(query.get("after"), 0, "after")
    limit = min(_whole(query.get("limit"), MAX_LEDGER, "limit"), MAX_LEDGER)
    kind = query.get("kind")
    found = rows(
        db,
        "SELECT * FROM ledger WHERE shop = ? AND epoch = ? AND sequence > ? AND (? IS NULL OR kind = ?)"
        " ORDER BY sequence LIMIT ?",
        shop,
        run,
        after,
        kind,
        kind,
        limit + 1,
    )
    told = (
        "sequence",
        "at",
        "kind",
        "reference",
        "subject",
        "amount",
        "currency",
        "effect",
        "fault",
        "status",
        "detail",
    )
    page = [{name: row[name] for name in told} | {"effect": bool(row["effect"])} for row in found[:limit]]
    more = len(found) > limit
    return Json({"epoch": run, "data": page, "next_after": page[-1]["sequence"] if more else None})


def _whole(text: str | None, default: int, name: str) -> int:
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise Problem(400, f"{name}_invalid", f"{name} is a whole number.")
    return int(text)


async def post_faults(request: Request) -> Response:
    """POST /sandbox/v1/faults."""
    shop = shop_of(request)
    fault = check(faults.Fault, decode(await body(request)))
    with store_of(request).write() as db:
        ensure_shop(db, shop)
        fault_id = faults.add(db, shop, fault)
        told = [entry for entry in faults.listed(db, shop) if entry["id"] == fault_id]
    return Json(told[0], 201)


async def get_faults(request: Request) -> Response:
    """GET /sandbox/v1/faults: with what is left of each and how often it struck."""
    return Json({"data": faults.listed(store_of(request).connection, shop_of(request))})


async def delete_faults(request: Request) -> Response:
    """DELETE /sandbox/v1/faults: all of the shop, or one with ?id=."""
    shop = shop_of(request)
    chosen = request.query_params.get("id")
    with store_of(request).write() as db:
        gone = db.execute(
            "DELETE FROM faults WHERE shop = ? AND (? IS NULL OR id = ?)",
            (shop, chosen, _whole(chosen, 0, "id")),
        ).rowcount
    return Json({"deleted": gone})


async def get_settings(request: Request) -> Response:
    """GET /sandbox/v1/settings."""
    return Json(settings(store_of(request).connection, shop_of(request)))


async def put_settings(request: Request) -> Response:
    """PUT /sandbox/v1/settings: ceiling true or false, refund_mode instant or pending."""
    shop = shop_of(request)
    wanted = check(SettingsPatch, decode(await body(request))).model_dump(exclude_none=True)
    with store_of(request).write() as db:
        ensure_shop(db, shop)
        merged = settings(db, shop) | wanted
        db.execute("UPDATE shops SET settings = ? WHERE name = ?", (dumps(merged), shop))
        record(db, shop, "settings", effect=True, status=200, detail=dumps(merged))
    return Json(merged)


async def healthz(request: Request) -> Response:
    """GET /healthz: 200 while the database answers."""
    one(store_of(request).connection, "SELECT 1")
    return Json({"status": "ok"})


ROUTES = [
    Route("/sandbox/v1/import", post_import, methods=["POST"]),
    Route("/sandbox/v1/export", get_export),
    Route("/sandbox/v1/reset", post_reset, methods=["POST"]),
    Route("/sandbox/v1/ledger", get_ledger),
    Route("/sandbox/v1/faults", post_faults, methods=["POST"]),
    Route("/sandbox/v1/faults", get_faults),
    Route("/sandbox/v1/faults", delete_faults, methods=["DELETE"]),
    Route("/sandbox/v1/settings", get_settings),
    Route("/sandbox/v1/settings", put_settings, methods=["PUT"]),
    Route("/healthz", healthz),
    *HAPPENINGS,
]
