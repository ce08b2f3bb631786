"""Swapping lines of an order at Shopify: one edit session, committed at once.

A session changes nothing before `orderEditCommit`, and none can be committed twice. Before it is committed, its id and
how many of each line there were are noted under our key in a metafield of the order: after a lost answer the order's
own lines tell whether it happened, and if not, the same session is committed again.
"""

# ruff: noqa: N815  the fields have Shopify's names
from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from app.integrations.commerce import shopify_effect_documents as documents
from app.integrations.commerce.contract import SwapItems, SwapReceipt
from app.integrations.commerce.shopify_orders import NOT_BEGUN
from app.integrations.commerce.shopify_wire import (
    NAMESPACE,
    Page,
    Shop,
    Shown,
    afterwards,
    gid,
    note,
    number,
    read,
    wanted_gid,
)
from app.integrations.errors import OutcomeUnknown, Refused
from app.integrations.receipts import Receipt

PAGES = 5
"""Of a hundred lines each."""
EDIT_REFUSALS = {
    "cannot be edited": "order_not_pending",
    "fulfilled": "order_not_pending",
    "not available": "new_item_unavailable",
    "out of stock": "new_item_unavailable",
    "inventory": "new_item_unavailable",
    "variant": "new_item_not_found",
    "quantity": "item_count_mismatch",
}


class _Value(Shown):
    value: str


class _Id(Shown):
    id: str


class _Line(Shown):
    id: str
    currentQuantity: int
    variant: _Id | None = None


class _Lines(Shown):
    nodes: list[_Line]
    pageInfo: Page


class _Order(Shown):
    id: str
    cancelledAt: str | None = None
    displayFulfillmentStatus: str
    metafield: _Value | None = None
    lineItems: _Lines


class _Calculated(Shown):
    id: str
    quantity: int


class _CalculatedLines(Shown):
    nodes: list[_Calculated]
    pageInfo: Page


class _Session(Shown):
    id: str
    lineItems: _CalculatedLines


@dataclass(frozen=True, slots=True)
class _State:
    """An order before or after an edit: quantity and variant by the line's number, and our note of this key."""

    id: str
    waits: bool
    lines: dict[str, tuple[int, str | None]]
    session: str | None
    before: dict[str, int]


class Edits:
    """Lines of an order swapped for others."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    async def swap(self, command: SwapItems) -> Receipt:
        """Swap them all, or nothing."""
        state = await self._state(command)
        if state is None:
            raise Refused("order_not_found", "Shopify has no such order.")
        if (made := _swapped(state, command)) is not None:
            return made
        if not state.waits:
            raise Refused("order_not_pending", "The order has shipped or is canceled.")
        if state.session is not None:
            if await self._commit(state.session, command):
                return await afterwards(self._outcome(command))
            # It is over, or was committed a moment ago by a try that arrived late.
            state = await self._state(command) or state
            if (made := _swapped(state, command)) is not None:
                return made
        _check(state, command)
        session = await self._prepared(state, command)
        await self._note_down(state, session, command)
        if not await self._commit(session, command, refusals=True):
            raise OutcomeUnknown("the edit was not committed")
        return await afterwards(self._outcome(command))

    async def find(self, command: SwapItems) -> Receipt | None:
        """What the order's lines say of this key; None where it did not happen."""
        state = await self._state(command)
        return None if state is None else _swapped(state, command)

    async def _outcome(self, command: SwapItems) -> Receipt:
        state = await self._state(command)
        made = None if state is None else _swapped(state, command)
        return made or Receipt(status="unknown", evidence={"order_id": command.order_id, "status": "committed"})

    async def _prepared(self, state: _State, command: SwapItems) -> str:
        """A session in which all of it is set; its id."""
        begun = await self._shop.change(documents.EDIT_BEGIN, "orderEditBegin", EDIT_REFUSALS, id=state.id)
        session = read(_Session, begun.get("calculatedOrder"))
        lines = {one.id.rpartition("/")[2]: one for one in session.lineItems.nodes}
        for line_id, taken in _taken(command).items():
            line = lines.get(line_id)
            if line is None or line.quantity < taken:
                raise Refused("item_not_in_order", "The edit does not have the line.")
            await self._shop.change(
                documents.EDIT_SET,
                "orderEditSetQuantity",
                EDIT_REFUSALS,
                id=session.id,
                line=line.id,
                quantity=line.quantity - taken,
            )
        for swap in command.swaps:
            variant = wanted_gid("ProductVariant", swap.variant_id, "new_item_not_found")
            asked: dict[str, Any] = {"id": session.id, "variant": variant, "quantity": swap.quantity}
            await self._shop.change(documents.EDIT_ADD, "orderEditAddVariant", EDIT_REFUSALS, **asked)
        return session.id

    async def _note_down(self, state: _State, session: str, command: SwapItems) -> None:
        before = {line_id: quantity for line_id, (quantity, _) in state.lines.items()}
        value = json.dumps({"session": session, "before": before})
        entry = {"ownerId": state.id, "namespace": NAMESPACE, "key": command.key, "type": "json", "value": value}
        await self._shop.change(documents.NOTE_DOWN, "metafieldsSet", {}, metafields=[entry])

    async def _commit(self, session: str, command: SwapItems, *, refusals: bool = False) -> bool:
        """Whether Shopify took it; raises its refusal only where that is wanted."""
        try:
            await self._shop.change(
                documents.EDIT_COMMIT, "orderEditCommit", EDIT_REFUSALS, id=session, note=note(command.key)
            )
        except Refused:
            if refusals:
                raise
            return False
        return True

    async def _state(self, command: SwapItems) -> _State | None:
        wanted = gid("Order", command.order_id)
        if wanted is None:
            return None
        lines: dict[str, tuple[int, str | None]] = {}
        after: str | None = None
        for _ in range(PAGES):
            said = await self._shop.ask(
                documents.EDIT_STATE, id=wanted, namespace=NAMESPACE, key=command.key, after=after
            )
            if said.get("order") is None:
                return None
            order = read(_Order, said["order"])
            if order.id != wanted:
                raise OutcomeUnknown("another order came back than was asked for")
            for line in order.lineItems.nodes:
                variant = None if line.variant is None else number(line.variant.id)
                lines[number(line.id, "LineItem")] = line.currentQuantity, variant
            after = order.lineItems.pageInfo.endCursor
            if not order.lineItems.pageInfo.hasNextPage:
                waits = order.cancelledAt is None and order.displayFulfillmentStatus in NOT_BEGUN
                session, before = _noted(order.metafield)
                return _State(wanted, waits, lines, session, before)
        raise OutcomeUnknown("the order has more lines than can be read")


def _noted(metafield: _Value | None) -> tuple[str | None, dict[str, int]]:
    if metafield is None:
        return None, {}
    try:
        kept = json.loads(metafield.value)
        return str(kept["session"]), {str(line): int(quantity) for line, quantity in kept["before"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OutcomeUnknown("our note in the order cannot be read") from error


def _taken(command: SwapItems) -> Counter[str]:
    taken: Counter[str] = Counter()
    for swap in command.swaps:
        taken[swap.line_id] += swap.quantity
    return taken


def _check(state: _State, command: SwapItems) -> None:
    for line_id, taken in _taken(command).items():
        if line_id not in state.lines:
            raise Refused("item_not_in_order", "The order has no such line.")
        if state.lines[line_id][0] < taken:
            raise Refused("item_count_mismatch", "The order has fewer of the line.")


def _swapped(state: _State, command: SwapItems) -> Receipt | None:
    """Whether the lines are what our note and the command make of them; None while they are as they were.

    Raises OutcomeUnknown for anything between: somebody else has edited the order since.
    """
    if state.session is None:
        return None
    now = {line_id: quantity for line_id, (quantity, _) in state.lines.items()}
    new = {line_id: line for line_id, line in state.lines.items() if line_id not in state.before}
    if not new and now == state.before:
        return None
    made: list[str] = []
    for swap in command.swaps:
        wanted = (swap.quantity, swap.variant_id)
        line_id = next((one for one, line in new.items() if line == wanted and one not in made), None)
        if line_id is None:
            raise OutcomeUnknown("the order was edited since, and its lines do not tell")
        made.append(line_id)
    if any(now.get(line_id) != state.before[line_id] - taken for line_id, taken in _taken(command).items()):
        raise OutcomeUnknown("the order was edited since, and its lines do not tell")
    evidence = {"order_id": command.order_id, "session": state.session, "lines": made}
    return SwapReceipt(
        status="succeeded", external_id=state.session.rpartition("/")[2], evidence=evidence, line_ids=tuple(made)
    )
