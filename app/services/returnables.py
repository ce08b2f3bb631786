"""What of an order could come back: told per line before anyone asks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.models.orders import Order, OrderLine
from app.models.returns import HOLDING, Return
from app.services import decisions, entitlements, orders, windows
from app.services.callers import Caller
from app.services.customer_facts import customer_facts
from app.services.order_facts import arrived_at, order_facts
from app.services.order_views import Ledger, lines_of, money, payments_of
from app.services.policy.contract import Facts, LineFacts, LineRuling
from app.services.wording import language_of


def of(session: Session, caller: Caller, order_id: str, locale: str | None) -> dict[str, Any]:
    """Per line: how many, until when, as what, for which fee; or why not, in the shopper's language."""
    order = orders.get(session, caller, order_id)
    language = language_of(locale, order.snapshot.get("locale"), caller.store.locale)
    lines = lines_of(session, order)
    ruling = decisions.guard_of(session, caller).returnable(facts_of(session, caller, order, lines, language))
    said = {line.line_id: line for line in ruling.lines}
    return {
        "order": order.id,
        "outcome": ruling.outcome,
        "code": ruling.code,
        "label_payer": ruling.label_payer,
        "policy_version": ruling.policy_version,
        "locale": language,
        "lines": [_line(line, said[line.id], order.currency) for line in lines],
    }


def _line(line: OrderLine, said: LineRuling, currency: str) -> dict[str, Any]:
    until = said.returnable_until
    return {
        "line_id": line.id,
        "external_id": line.external_id,
        "title": line.title,
        "quantity": line.quantity,
        "returnable_quantity": 0 if said.outcome == "refuse" else said.quantity,
        "outcome": said.outcome,
        "code": said.code,
        "reasons": list(said.reasons),
        "rules": list(said.rules),
        "returnable_until": None if until is None else clock.rfc3339(until),
        "resolutions": list(said.resolutions),
        "fee": money(said.fee, currency),
    }


def facts_of(session: Session, caller: Caller, order: Order, lines: list[OrderLine], language: str) -> Facts:
    """The order as a return of everything that is left of it would be judged."""
    ledger, extended = Ledger.of(session, order), windows.extended(session, order.id)
    rest = entitlements.rest(payments_of(session, order), ledger, order.currency)
    held = select(func.count()).select_from(Return).where(Return.order_id == order.id, Return.status.in_(HOLDING))
    standing = (session.scalar(held) or 0) if ledger.returns else 0
    told = [bool(order.snapshot.get(flag)) for flag in ("return_requested", "exchange_requested")]
    now = clock.now()
    return Facts(
        action="return",
        actor=decisions.actor_kind(caller),
        proof=caller.proof,
        now=now,
        language=language,
        items_changed=bool(order.snapshot.get("items_changed")),
        payment_changed=bool(order.snapshot.get("payment_changed")),
        standing_returns=max(standing, sum(told)),
        lines=tuple(_facts(order, line, ledger, extended, rest) for line in lines),
        customer=customer_facts(session, order, now),
        **order_facts(order),
    )


def _facts(
    order: Order, line: OrderLine, ledger: Ledger, extended: dict[str | None, datetime], rest: int | None
) -> LineFacts:
    """`rest`: what is left of the order's money, where some has gone back."""
    free = ledger.returnable(line)
    worth = entitlements.worth(line, ledger, min(free, entitlements.left(line, ledger).quantity))
    return LineFacts(
        line_id=line.id,
        product_id=line.data.get("product_id"),
        variant_id=line.data.get("variant_id"),
        title=line.title,
        tags=tuple(line.data.get("tags") or ()),
        quantity=max(1, free),
        free=free,
        value=worth if rest is None else min(worth, rest),
        paid_back=worth > 0 and rest == 0,
        final_sale=line.final_sale,
        delivered_at=arrived_at(order, line),
        extended_until=windows.until(extended, line.id),
    )
