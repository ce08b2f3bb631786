"""Reads a shop's orders page by page into the mirror: the page outside of any transaction, then all of it in one."""

from __future__ import annotations

from datetime import datetime

import structlog

from app import clock
from app.errors import NotConnected, StorageUnavailable
from app.integrations.commerce.contract import ChangedPage, ChangedQuery
from app.integrations.errors import Refused
from app.models.mirror_passes import MirrorPass
from app.services import mirror_passes
from app.services.mirror_passes import Overtaken
from app.services.runtime import Runtime

log = structlog.get_logger()
PAGE = 25
"""Orders that are in memory, and in one transaction: on SQLite other writers wait for it."""


async def advance(runtime: Runtime, passing: MirrorPass, limit: int = PAGE) -> MirrorPass:
    """Read the next page of so many orders and store it; the pass as it stands then.

    Raises `ProviderError` where the shop does not answer or refuses, `NotConnected` where it is the store's no
    longer, `Overtaken` where another process goes on with it: whatever it is, what was stored is stored.
    """
    source = await runtime.db.read(mirror_passes.source_of, passing)
    asked_at = clock.now()
    query = ChangedQuery(since=passing.since, limit=limit, cursor=passing.cursor)
    try:
        page = await runtime.providers(source.caller).commerce.changed_orders(query)
    except Refused as refusal:
        if refusal.code == "cursor_invalid" and passing.cursor is not None:
            return await runtime.db.write(mirror_passes.rewind, passing)
        raise
    try:
        return await runtime.db.write(mirror_passes.keep_page, passing, page, asked_at)
    except (StorageUnavailable, NotConnected, Overtaken):
        raise
    except Exception:  # one order that cannot be stored must not keep out all that come after it
        log.exception("mirror_page_failed", store=passing.store_id)
        return await _one_by_one(runtime, passing, page, asked_at)


async def _one_by_one(runtime: Runtime, passing: MirrorPass, page: ChangedPage, asked_at: datetime) -> MirrorPass:
    """The same page, an order at a time; what cannot be stored is named."""
    lost: list[str] = []
    for snapshot in page.orders:
        try:
            await runtime.db.write(mirror_passes.keep_orders, passing, [snapshot], asked_at)
        except (StorageUnavailable, NotConnected, Overtaken):
            raise
        except Exception as error:
            log.warning("mirror_order_failed", store=passing.store_id, error=type(error).__name__)
            lost.append(snapshot.external_id)
    return await runtime.db.write(mirror_passes.turn, passing, page, lost)
