"""Which lines of an order a message wants to send back, and how many of each; or what to ask."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.models.orders import Order
from app.services.actions.request_return import ReturnLineIn
from app.services.conversation.inbound import Inbound
from app.services.conversation.plans import lines_meant
from app.services.conversation.quantities import quantities
from app.services.ledgers import Ledger
from app.services.order_views import lines_of

Choices = list[tuple[str, str]]
"""What the shopper may press: its label, and what the button says behind the order."""


def meant(session: Session, inbound: Inbound, language: str, order: Order) -> tuple[list[ReturnLineIn], Choices]:
    """The lines, or what to ask: by button, by the only one left, by words of their title and the numbers beside."""
    ledger = Ledger.of(session, order)
    every = lines_of(session, order)
    left = {line.id: ledger.returnable(line) for line in every if ledger.returnable(line) > 0}
    titles = {line.id: line.title for line in every}
    if not left:  # the guard says why: not delivered, returned already, final sale
        return [ReturnLineIn(line_id=line.id, quantity=1) for line in every[:1]], []
    counted = _pressed(inbound.button, left)
    if counted is None:
        named = list(left) if len(left) == 1 else lines_meant(inbound.text, {line: titles[line] for line in left})
        if not named:
            return [], [(titles[line], line) for line in left]
        counted = quantities(inbound.text, language, {line: titles[line] for line in named}, left)
        if counted is None:
            return [], [(f"{n} × {titles[line]}", f"{line}:{n}") for line in named for n in range(1, left[line] + 1)]
    return [ReturnLineIn(line_id=line, quantity=number) for line, number in counted.items()], []


def _pressed(button: str | None, left: dict[str, int]) -> dict[str, int] | None:
    """What `return:<order>:<line or all>:<how many>` says; None where it names nothing that is left."""
    line, many, *_ = [*(button or "").split(":")[2:4], "", ""]
    if line == "all":
        return dict(left)
    if line not in left:
        return None
    known = many.isascii() and many.isdigit() and 0 < int(many[:6]) <= left[line]
    return {line: int(many[:6]) if known else left[line]}
