"""What of an order could come back: told per line before anyone asks."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.models.orders import Order, OrderLine
from app.services import decisions, guard_facts, orders, spending
from app.services.callers import Caller
from app.services.order_views import lines_of, money
from app.services.policy.contract import Facts, LineRuling
from app.services.wording import language_of


def of(session: Session, caller: Caller, order_id: str, locale: str | None, reason: str | None) -> dict[str, Any]:
    """Per line: how many, until when, as what, for which fee; or why not, in the shopper's language.

    `reason`: the one that would be given; None: it is not known yet, and what asks for one is not met.
    """
    order = orders.get(session, caller, order_id)
    language = language_of(locale, order.snapshot.get("locale"), caller.store.locale)
    lines = lines_of(session, order)
    facts = facts_of(session, caller, order, lines, language, reason)
    guard = decisions.guard_of(session, caller, facts)
    if guard.plan.spent_asked:
        scopes = spending.scopes(caller.store, order, facts.now)
        facts = facts.model_copy(update={"spent": spending.spent(session, order, order.currency, scopes)})
    ruling = guard.returnable(facts)
    said = {line.line_id: line for line in ruling.lines}
    return {
        "order": order.id,
        "outcome": ruling.outcome,
        "code": ruling.code,
        "label_payer": ruling.label_payer,
        "policy_version": ruling.policy_version,
        "locale": language,
        "reason": reason,
        "depends_on_reason": guard.plan.reason_asked,
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


def facts_of(
    session: Session, caller: Caller, order: Order, lines: list[OrderLine], language: str, reason: str | None = None
) -> Facts:
    """The order as a return of everything that is left of it would be judged; what was spent is not read yet."""
    facts = guard_facts.of_order(
        session, caller, order, "return", read=lines, apart=True, language=language, spent={}, reason=reason
    )
    if reason is None:
        return facts
    return facts.model_copy(update={"lines": tuple(line.model_copy(update={"reason": reason}) for line in facts.lines)})
