"""Waiting: a write is answered once its effect has settled, or as it stands when the wait is over."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy.orm import Session

from app import ids
from app.models.approvals import Approval
from app.routers import resources
from app.routers.answers import Json
from app.routers.resources import ON_ORDER, RESOURCES, View
from app.services import approval_views, operation_views, orders
from app.services.callers import Caller
from app.services.order_views import order_view
from app.services.runtime import Runtime

EMBEDDED_PAUSE = 0.5
"""Where operations are tried in this process the bell tells; what a person decides rings none."""


async def show(means: Runtime, caller: Caller, kind: str, resource_id: str, wait: float, status: int) -> Json:
    """The resource once its effect is over, or as it is after `wait` seconds; at once where a person must say yes."""
    shown = RESOURCES[kind]
    if kind != "approval" and ids.is_id(resource_id, "apr"):
        made, waiting, view = await means.db.read(_question, caller, kind, resource_id)
        if made is None:
            return Json(view, status_code=202 if waiting else status)
        resource_id = made
    give_up = time.monotonic() + wait
    pause = 0.02
    view = await means.db.read(shown.read, caller, resource_id)
    moved = None
    while shown.open(view) and not resources.for_person(view) and (left := give_up - time.monotonic()) > 0:
        behind = _behind(view)
        heard = behind and not means.db.shared
        await means.bell.wait(behind, min(EMBEDDED_PAUSE if heard else pause, left))
        pause = min(pause * 1.5, 0.25)
        before, moved = moved, await means.db.read(operation_views.progress, behind)
        if moved != before or not behind:  # the whole view only when something has changed
            view = await means.db.read(shown.read, caller, resource_id)
    refused = shown.failed(view)
    if refused is not None:
        raise refused
    return Json(view, status_code=(shown.accepted or status) if shown.open(view) else status)


def _question(session: Session, caller: Caller, kind: str, approval_id: str) -> tuple[str | None, bool, View]:
    """What an approved write has made, or the question as it stands, on the order where it is about one."""
    approval = session.get_one(Approval, approval_id)
    if approval.result_id is not None:
        return approval.result_id, False, {}
    empty: View = {"operation": None, "approval": approval_views.brief(approval)}
    if kind in ON_ORDER and approval.order_id is not None:
        order = orders.get(session, caller, approval.order_id)
        return None, approval.status == "pending", {**order_view(session, order), **ON_ORDER[kind], **empty}
    word = "awaiting_approval" if approval.status == "pending" else approval.status
    return None, approval.status == "pending", {"status": word, **empty}


def _behind(view: View) -> list[str]:
    """Ids of the operations that the view waits for."""
    rows: list[Any] = view.get("operations") or [view.get("operation")]
    return [row if isinstance(row, str) else row["id"] for row in rows if row]
