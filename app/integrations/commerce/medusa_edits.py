"""Swapping lines of an order at Medusa: one order edit, begun, filled and confirmed.

Our key stands in the edit's internal note, and the order's changes are read before one is begun: one of ours that is
confirmed tells which lines are new, one that is not is a try that was cut off, and is taken away. No edit of ours is
left open: what else Medusa is asked for meanwhile it does by half. What the swap makes dearer or cheaper Medusa notes
as to be paid or given back, and moves no money.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

from pydantic import Field

from app.integrations.commerce.contract import SwapItems, SwapReceipt
from app.integrations.commerce.medusa_effects import CHANGE_FIELDS, OPEN, Effects, somebody_else
from app.integrations.commerce.medusa_orders import ITEMS
from app.integrations.commerce.medusa_shown import Count
from app.integrations.commerce.medusa_wire import (
    DENIED,
    MARK,
    Shop,
    Shown,
    about,
    afterwards,
    note,
    noted,
    read,
    wanted_id,
)
from app.integrations.errors import OutcomeUnknown, ProviderError, Refused
from app.integrations.receipts import Receipt

REFUSALS = {
    "stock": "new_item_unavailable",
    "price": "new_item_unavailable",
    "variant": "new_item_not_found",
    "quantity": "item_count_mismatch",
    "canceled": "order_not_pending",
}


class _Details(Shown):
    reference_id: str | None = None


class _Action(Shown):
    action: str
    details: _Details | None = None


class _Edit(Shown):
    id: str
    status: str
    change_type: str | None = None
    internal_note: str | None = None
    actions: list[_Action | None] = Field(default_factory=list[_Action | None])

    @property
    def added(self) -> list[str]:
        """The ids of the lines that it added."""
        return [
            one.details.reference_id
            for one in self.actions
            if one is not None and one.action == "ITEM_ADD" and one.details is not None and one.details.reference_id
        ]


class _Edits(Shown):
    order_changes: list[_Edit]


class _Detail(Shown):
    quantity: Count


class _Line(Shown):
    id: str
    variant_id: str | None = None
    detail: _Detail


class _Order(Shown):
    id: str
    items: list[_Line]


class Edits:
    """Lines of an order swapped for others."""

    def __init__(self, shop: Shop, effects: Effects) -> None:
        self._shop, self._effects = shop, effects

    async def swap(self, command: SwapItems) -> Receipt:
        """Swap them all, or nothing."""
        order_id = wanted_id(command.order_id, "order_not_found")
        state = await self._effects.state(order_id)
        if state is None:
            raise Refused("order_not_found", "Medusa has no such order.")
        if (made := await self.find(command)) is not None:
            return made
        if not state.waits:
            raise Refused("order_not_pending", "The order is packed, has shipped or is canceled.")
        await self._make_way(command)
        lines = await self._lines(order_id)
        _check(lines, command)
        try:
            await self._ask(lines, command)
        except ProviderError as error:
            await self._clear(command, error)
            made = await afterwards(self.find(command))
            if made is None:
                raise _refused(error) from error
            return made
        with suppress(ProviderError):  # for whoever reads the order: nothing hangs on it
            await self._shop.post(f"/admin/orders/{order_id}", {"metadata": {MARK + command.key: ITEMS}})
        return await afterwards(self.find(command)) or Receipt(status="unknown", evidence={"order_id": order_id})

    async def find(self, command: SwapItems) -> Receipt | None:
        """What the order's changes say of this key; None where it was not confirmed."""
        for edit in await self._edits(command):
            if edit.status == "confirmed" and noted(edit.internal_note) == command.key:
                return await self._receipt(edit, command)
        return None

    async def _ask(self, lines: dict[str, _Line], command: SwapItems) -> None:
        path = f"/admin/order-edits/{command.order_id}"
        begun = {"order_id": command.order_id, "internal_note": note(command.key)}
        await self._shop.post("/admin/order-edits", begun)
        for line_id, taken in _taken(command).items():
            left = lines[line_id].detail.quantity - taken
            await self._shop.post(f"{path}/items/item/{line_id}", {"quantity": left})
        items = [{"variant_id": swap.variant_id, "quantity": swap.quantity} for swap in command.swaps]
        await self._shop.post(f"{path}/items", {"items": items})
        await self._shop.post(f"{path}/confirm", {})

    async def _make_way(self, command: SwapItems) -> None:
        """Take away an edit of ours that was cut off; NotExecuted while somebody else has a change open."""
        for edit in await self._edits(command):
            if edit.status in OPEN and noted(edit.internal_note) != command.key:
                raise somebody_else()
            if edit.status in OPEN:
                await self._take_away(command)

    async def _clear(self, command: SwapItems, error: ProviderError) -> None:
        try:
            if any(
                edit.status in OPEN and noted(edit.internal_note) == command.key for edit in await self._edits(command)
            ):
                await self._take_away(command)
        except ProviderError as failed:
            raise OutcomeUnknown("an edit may have been left open in Medusa", evidence=error.evidence) from failed

    async def _take_away(self, command: SwapItems) -> None:
        with suppress(Refused):  # it is gone, or was confirmed a moment ago: whoever looks next will see
            await self._shop.delete(f"/admin/order-edits/{command.order_id}")

    async def _edits(self, command: SwapItems) -> list[_Edit]:
        fields = f"{CHANGE_FIELDS},actions.action,actions.details"
        said = await self._shop.find(f"/admin/orders/{command.order_id}/changes", {"fields": fields})
        return [] if said is None else read(_Edits, said).order_changes

    async def _lines(self, order_id: str) -> dict[str, _Line]:
        fields = {"fields": "id,items.id,items.variant_id,items.detail.quantity"}
        said = await self._shop.get(f"/admin/orders/{order_id}", fields)
        return {line.id: line for line in read(_Order, said.get("order")).items}

    async def _receipt(self, edit: _Edit, command: SwapItems) -> Receipt:
        """The lines that are new, in the order of the swaps: Medusa tells them in any."""
        lines = await self._lines(command.order_id)
        new = [one for one in edit.added if one in lines]
        made: list[str] = []
        for swap in command.swaps:
            same = (one for one in new if lines[one].variant_id == swap.variant_id and one not in made)
            if (line_id := next(same, None)) is not None:
                made.append(line_id)
        whole = len(made) == len(command.swaps)
        return SwapReceipt(
            status="succeeded",
            external_id=edit.id,
            line_ids=tuple(made) if whole else (),
            evidence={"order_id": command.order_id, "change": edit.id, "lines": made, "whole": whole},
        )


def _taken(command: SwapItems) -> Counter[str]:
    taken: Counter[str] = Counter()
    for swap in command.swaps:
        taken[swap.line_id] += swap.quantity
    return taken


def _check(lines: dict[str, _Line], command: SwapItems) -> None:
    for line_id, taken in _taken(command).items():
        if line_id not in lines:
            raise Refused("item_not_in_order", "The order has no such line.")
        if lines[line_id].detail.quantity < taken:
            raise Refused("item_count_mismatch", "The order has fewer of the line.")


def _refused(error: ProviderError) -> ProviderError:
    """Medusa's no in our words; what is no no stays what it is."""
    if not isinstance(error, Refused) or error.code == DENIED:
        return error
    if about(error) == "open_change":
        return somebody_else()
    return Refused(REFUSALS.get(about(error) or "", "provider_refused"), "Medusa refused.", evidence=error.evidence)
