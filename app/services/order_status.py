"""Where an order is: in parts, and in one sentence of the shopper's language."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.claims import Claim
from app.models.orders import Order
from app.models.refunds import Refund
from app.models.returns import Return
from app.services import orders
from app.services.callers import Caller
from app.services.order_views import lines_of, money, order_view, shipments_view
from app.services.wording import language_of, say
from app.services.wording.dates import day


def of(session: Session, caller: Caller, order_id: str, locale: str | None) -> dict[str, Any]:
    """The contract's `status`: no name and no address, so that level 1 of proof is enough."""
    order = orders.get(session, caller, order_id)
    shown = order_view(session, order, personal=False)
    parcels = shown["shipments"]
    wanted = language_of(locale, order.snapshot.get("locale"), caller.store.locale)
    returns = session.scalars(select(Return).where(Return.order_id == order.id).order_by(Return.id)).all()
    refunds = session.scalars(select(Refund).where(Refund.order_id == order.id).order_by(Refund.id)).all()
    complaints = session.scalars(select(Claim).where(Claim.order_id == order.id).order_by(Claim.id)).all()
    return {
        "order": {
            "id": order.id,
            "external_id": order.external_id,
            "number": order.number,
            "status": order.status,
            "placed_at": shown["placed_at"],
            "delivered_at": shown["delivered_at"],
            "canceled_at": shown["canceled_at"],
            "mirror": shown["mirror"],
        },
        "payment": shown["payment_status"],
        "fulfillment": shown["fulfillment_status"],
        "shipments": parcels,
        "returns": [{"id": row.id, "rma": row.rma, "status": row.status} for row in returns],
        "refunds": [{"id": row.id, "status": row.status, "amount": money(row.amount, row.currency)} for row in refunds],
        "complaints": [{"id": row.id, "status": row.status, "resolution": row.resolution} for row in complaints],
        "delayed": any(parcel["delayed"] for parcel in parcels),
        "summary": summary(session, order, wanted),
        "locale": wanted,
    }


def summary(session: Session, order: Order, language: str) -> str:
    """One sentence: the newest thing that matters to the shopper."""
    parcels = shipments_view(order, lines_of(session, order))
    number = order.number
    if order.status == "canceled":
        return say("status.canceled", language, number=number)
    if order.status == "delivered":
        if order.delivered_at is None:
            return say("status.delivered", language, number=number)
        return say("status.delivered_on", language, number=number, date=day(order.delivered_at, language))
    if order.status == "shipped":
        return _on_its_way(parcels, number, language)
    key = "status.processing" if order.status == "processing" else "status.pending"
    return say(key, language, number=number)


def _on_its_way(parcels: list[dict[str, Any]], number: str, language: str) -> str:
    on_the_way = [parcel for parcel in parcels if parcel["status"] not in {"delivered", "returned"}]
    if any(parcel["status"] == "exception" for parcel in on_the_way):
        return say("status.exception", language, number=number)
    if any(parcel["delayed"] for parcel in on_the_way):
        return say("status.delayed", language, number=number)
    if any(parcel["status"] == "out_for_delivery" for parcel in on_the_way):
        return say("status.out_for_delivery", language, number=number)
    etas = [datetime.fromisoformat(parcel["eta"]) for parcel in on_the_way if parcel["eta"]]
    if etas and max(etas) > clock.now():
        return say("status.shipped_eta", language, number=number, date=day(max(etas), language))
    return say("status.shipped", language, number=number)
